"""The checks in `keepalived_check.data`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keepalived_py import script_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keepalived_py.check.running import RunningReal, RunningVirtual, Watch

_SUCCESS: Final = ((200, 299),)


def check_lines(virtual: RunningVirtual) -> Iterator[str]:
    """Return all checks of a virtual server."""
    for real in virtual.reals.values():
        for watch in real.watches:
            yield from _lines_of(virtual, real, watch)


def _lines_of(virtual: RunningVirtual, real: RunningReal, watch: Watch) -> Iterator[str]:
    """Return one check: `Up` stands two lines behind the server, where scripts look for it."""
    checker, settings = watch.checker, watch.settings
    yield f" {virtual.full_name} -> {real.full_name}"
    yield f"   Enabled = {_yes(not virtual.suspended)}"
    yield f"   Up = {_yes(checker.is_up)}"
    yield f"   Has run = {_yes(checker.has_run)}"
    yield f"   Current weight = {checker.added_weight}"
    if watch.keyword != "FILE_CHECK":
        yield f"   Alpha = {_yes(settings.alpha)}"
        yield f"   Delay loop = {_microseconds(settings.delay_loop)} us"
        yield f"   Warmup = {_microseconds(settings.warmup)} us"
        yield f"   Retries = {settings.retry}"
        if settings.retry:
            yield f"   Delay before retry = {_microseconds(settings.delay_before_retry)} us"
            yield f"   Retries iterations = {0 if not checker.is_up else checker.streak}"
    yield f"   Log all failures = {_yes(settings.log_all_failures)}"
    yield from _connection(watch)
    yield from _METHODS.get(watch.keyword, _plain)(watch)
    yield from _runs(watch)


def _connection(watch: Watch) -> Iterator[str]:
    record = watch.record
    if not hasattr(record, "connect_ip"):
        return
    yield "   Connection"
    yield f"     Dest = {watch.where}"
    if record.bindto is not None:
        yield f"     Bind to = [{record.bindto}]:{record.bind_port or 0}"
    if record.bind_if is not None:
        yield f"     Bind i/f = {record.bind_if}"
    if record.fwmark:
        yield f"     Mark = {record.fwmark}"
    yield f"     Timeout = {watch.settings.timeout:.6f}"


def _plain(watch: Watch) -> Iterator[str]:
    yield f"   Keepalive method = {watch.keyword}"


def _web(watch: Watch) -> Iterator[str]:
    record = watch.record
    yield f"   Keepalive method = {watch.keyword}, http protocol {record.http_protocol}"
    if record.virtualhost is not None:
        yield f"   Virtualhost = {record.virtualhost}"
    yield f"   Enable SNI {_set(record.enable_sni)}"
    if record.sni_name:
        yield f"     SNI name = {record.sni_name}"
    yield f"   Fast recovery {_set(record.fast_recovery)}"
    if watch.keyword == "SSL_GET":
        yield f"   tls_compliant {_set(record.tls_compliant)}"
    for url in record.url:
        yield f"   Checked url = {url.path}"
        if url.digest is not None:
            yield f"     digest = {url.digest}"
        yield "     HTTP Status Code(s)"
        for first, last in url.status_code or _SUCCESS:
            yield f"       {first}" if first == last else f"       {first}-{last}"
        if url.virtualhost is not None:
            yield f"     Virtual host = {url.virtualhost}"
        if url.regex is not None:
            yield f'     Regex = "{url.regex}"'


def _dns(watch: Watch) -> Iterator[str]:
    yield "   Keepalive method = DNS_CHECK"
    yield f"   Type = {watch.record.type}"
    yield f"   Name = {watch.record.name}"


def _smtp(watch: Watch) -> Iterator[str]:
    yield "   Keepalive method = SMTP_CHECK"
    yield f"   helo = {watch.record.helo_name or 'smtpchecker.keepalived.org'}"


def _script(watch: Watch) -> Iterator[str]:
    record = watch.record
    yield "   Keepalive method = MISC_CHECK"
    if record.misc_path is not None:
        yield f"   script = {script_text.command(record.misc_path.words)}"
    yield f"   timeout = {record.misc_timeout or int(watch.settings.delay_loop)}"
    yield f"   dynamic = {'YES' if record.misc_dynamic else 'NO'}"


def _file(watch: Watch) -> Iterator[str]:
    yield "   Keepalive method = FILE_CHECK"
    yield f"     Tracked file = {watch.record.track_file}"


def _session(watch: Watch) -> Iterator[str]:
    yield "   Keepalive method = BFD_CHECK"
    yield f"   Name = {watch.record.name}"
    yield f"   Alpha is {'ON' if watch.settings.alpha else 'OFF'}"


_METHODS: Final[dict[str, Any]] = {
    "HTTP_GET": _web,
    "SSL_GET": _web,
    "DNS_CHECK": _dns,
    "SMTP_CHECK": _smtp,
    "MISC_CHECK": _script,
    "FILE_CHECK": _file,
    "BFD_CHECK": _session,
}


def _runs(watch: Watch) -> Iterator[str]:
    """Return what keepalived does not tell; at the end, where no reader counts lines."""
    schedule, last = watch.schedule, watch.checker.last
    if schedule is not None:
        yield f"   Runs = {schedule.runs}, without success = {schedule.failures}"
    if schedule is not None and schedule.runs:
        yield f"   Last duration = {schedule.last_duration:.6f}"
    if last is not None:
        yield f"   Last result = {'success' if last.ok else last.detail or 'failure'}"


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _set(value: bool) -> str:
    return "set" if value else "unset"
