"""From a configured HTTP_GET or SSL_GET to what asks the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.check.http_get import HttpCheck, Tls
from keepalived_py.check.http_request import SUCCESS, Expectation, Request
from keepalived_py.check.pattern import HEAP_LIMIT, Pattern, PatternError
from keepalived_py.check.probe import Probe, ProbeResult, failed
from keepalived_py.config.model.check import Ssl
from keepalived_py.config.model.checkers import SslGet

if TYPE_CHECKING:
    import ssl

    from keepalived_py.check.settings import Settings
    from keepalived_py.check.target import Target
    from keepalived_py.check.tls import TlsSettings
    from keepalived_py.config.model.checkers import HttpGet, Url


class Contexts:
    """The TLS contexts of one configuration: checks that are alike share one, made when it is first needed."""

    def __init__(self) -> None:
        self._made: dict[TlsSettings, ssl.SSLContext] = {}

    def forget(self) -> None:
        """A reload: read the files of certificates and keys again."""
        self._made.clear()

    def of(self, settings: TlsSettings) -> ssl.SSLContext:
        """Return the context. Raises OSError."""
        from keepalived_py.check.tls import context_of  # noqa: PLC0415 - ssl is large

        found = self._made.get(settings)
        if found is None:
            found = self._made[settings] = context_of(settings)
        return found


class Unusable:
    """A check that cannot be made as it is configured: it fails, and says why."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def probe(self) -> ProbeResult:
        """Fail."""
        return failed(self._reason)


def probe_of(
    record: HttpGet, target: Target, host: str, settings: Settings, certificates: Ssl | None, contexts: Contexts
) -> Probe:
    """Return the probe of a check.

    Args:
        record: HTTP_GET or SSL_GET.
        target: where.
        host: virtualhost of the check, inherited; empty for none.
        settings: of the check.
        certificates: the block SSL; None for none.
        contexts: of the configuration.
    """
    secret = record if isinstance(record, SslGet) else None
    compliant = secret is not None and secret.tls_compliant
    try:
        requests = [_request(url, host, compliant=compliant) for url in record.url if url.path is not None]
    except PatternError as problem:
        return Unusable(f"expression: {problem}")
    if not requests:
        return Unusable("no url")
    return HttpCheck(
        target,
        requests,
        version=record.http_protocol,
        delay_loop=settings.delay_loop,
        fast_recovery=record.fast_recovery,
        retry=settings.retry,
        tls=_tls(secret, certificates, contexts) if secret is not None else None,
    )


def _request(url: Url, host: str, *, compliant: bool) -> Request:
    pattern = None
    if url.regex is not None:
        memory = max(1, url.regex_stack[1] // 1024) if url.regex_stack else HEAP_LIMIT
        last = url.regex_max_offset
        is_range = last is None or url.regex_min_offset <= last
        first, last = (url.regex_min_offset, last) if is_range else (0, None)  # as keepalived: both are ignored
        pattern = Pattern(url.regex, url.regex_options, first, last, memory)
    return Request(
        path=url.path or "/",
        host=url.virtualhost or host,
        statuses=url.status_code or SUCCESS,
        digest=url.digest or "",
        pattern=pattern,
        absent=url.regex_no_match,
        compliant=compliant or bool(getattr(url, "tls_compliant", False)),
        method=url.method,
        headers=url.header,
        body=url.body or "",
        expectations=tuple(Expectation(path, value) for path, value in url.json_path),
    )


def _tls(record: SslGet, certificates: Ssl | None, contexts: Contexts) -> Tls:
    from keepalived_py.check.tls import TlsSettings  # noqa: PLC0415 - ssl is large

    common = certificates or Ssl()
    own = record.tls_certificate is not None
    settings = TlsSettings(
        ca=record.tls_ca or common.ca or "",
        certificate=record.tls_certificate or common.certificate or "",
        key=(record.tls_key if own else common.key) or "",
        password=common.password or "",
        verify=record.tls_verify,
    )
    name = record.tls_server_name or record.sni_name or ""
    sends = record.enable_sni or record.sni_name is not None
    return Tls(context=lambda: contexts.of(settings), name=name, sends_host=sends, verifies=record.tls_verify)
