"""The checks in `keepalived_check.data`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from keepalived_py import script_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keepalived_py.check.running import RunningReal, RunningVirtual, Watch
    from keepalived_py.config.model.checkers import Url

_SUCCESS: Final = ((200, 299),)
_DEFAULT_PAUSE: Final = {"HTTP_GET": 3.0, "SSL_GET": 3.0, "DNS_CHECK": 0.0}
"""Seconds where they are not 1; DNS_CHECK waits for its delay_loop, which keepalived shows as 0."""


def check_lines(virtual: RunningVirtual, epoch: float) -> Iterator[str]:
    """Return all checks of a virtual server.

    Args:
        virtual: whose.
        epoch: seconds since 1970 when the monotonic clock was zero.
    """
    for real in virtual.reals.values():
        for watch in real.watches:
            yield from _lines_of(virtual, real, watch, epoch)


def _lines_of(virtual: RunningVirtual, real: RunningReal, watch: Watch, epoch: float) -> Iterator[str]:
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
        default = _DEFAULT_PAUSE.get(watch.keyword, 1.0)
        yield f"   Default delay before retry = {_microseconds(default)} us"
    yield f"   Log all failures = {_yes(bool(getattr(watch.record, 'log_all_failures', False)))}"
    yield from _connection(watch)
    yield from _METHODS.get(watch.keyword, _plain)(watch)
    if watch.keyword == "MISC_CHECK":
        yield f"   Last ran = {_moment(watch, epoch)}"
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
        yield f"     tls_compliant {_set(bool(getattr(url, 'tls_compliant', False)))}"
        yield "     HTTP Status Code(s)"
        for first, last in url.status_code or _SUCCESS:
            yield f"       {first}" if first == last else f"       {first}-{last}"
        if url.virtualhost is not None:
            yield f"     Virtual host = {url.virtualhost}"
        yield from _expression(url)


def _expression(url: Url) -> Iterator[str]:
    if url.regex is None:
        return
    yield f'     Regex = "{url.regex}"'
    if url.regex_no_match:
        yield "     Regex no match"
    if url.regex_max_offset is not None:
        yield f"     Regex min offset = {url.regex_min_offset}, max_offset = {url.regex_max_offset}"
    elif url.regex_min_offset:
        yield f"     Regex min offset = {url.regex_min_offset}"
    yield " ".join(("     Regex options:", *url.regex_options))


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
        yield f"   path = {record.misc_path.path or record.misc_path.words[0]}"
        yield f"   script = {script_text.command(record.misc_path.words)}"
    yield f"   timeout = {record.misc_timeout or 0}"
    yield f"   dynamic = {'YES' if record.misc_dynamic else 'NO'}"
    user = record.user
    yield f"   uid:gid = {script_text.owner(user.user if user else None, user.group if user else None)}"


def _moment(watch: Watch, epoch: float) -> str:
    """Return when the last run began, as seconds since 1970 and as local time; 1970 before the first."""
    schedule, began_at = watch.schedule, 0.0
    if schedule is not None and schedule.runs:
        began_at = epoch + schedule.last_ended_at - schedule.last_duration
    seconds, microseconds = divmod(round(began_at * 1_000_000), 1_000_000)
    return f"{seconds}.{microseconds:06} ({time.ctime(seconds)}.{microseconds:06})"


def _datagram(watch: Watch) -> Iterator[str]:
    record = watch.record
    yield "   Keepalive method = UDP_CHECK"
    if record.payload is None:
        yield "   Payload specified = no"
    else:
        yield f"   Payload len = {len(record.payload) // 2}"
    yield f"   Require reply = {_yes(record.require_reply is not None)}"
    if record.require_reply is None:
        return
    yield f"     Min reply length = {record.min_reply_length}"
    yield f"     Max reply length = {record.max_reply_length}"
    yield f"     Reply data len = {len(record.require_reply) // 2}"
    if record.require_reply:
        yield f"     Reply data mask = {_yes('x' in record.require_reply.lower())}"


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
    "UDP_CHECK": _datagram,
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
