"""From a configured HTTP_GET or SSL_GET to what asks the server; checks that are alike share a TLS context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.check.http_get import FROM_HOST, SUCCESS, HttpCheck, Request, Tls
from keepalived_py.check.pattern import HEAP_LIMIT, Pattern, PatternError
from keepalived_py.check.probe import Probe, ProbeResult, failed

if TYPE_CHECKING:
    import ssl

    from keepalived_py.check.settings import Settings
    from keepalived_py.check.target import Target
    from keepalived_py.check.tls import TlsSettings
    from keepalived_py.config.model.check import Ssl
    from keepalived_py.config.model.checkers import HttpGet, Url

_contexts: dict[TlsSettings, ssl.SSLContext] = {}


class Unusable:
    """A check that cannot be made as it is configured: it fails, and says why."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def probe(self) -> ProbeResult:
        """Fail."""
        return failed(self._reason)


def probe_of(record: HttpGet, target: Target, host: str, settings: Settings, certificates: Ssl | None) -> Probe:
    """Return the probe of a check.

    Args:
        record: HTTP_GET or SSL_GET.
        target: where.
        host: virtualhost of the check, inherited; empty for none.
        settings: of the check.
        certificates: the block SSL; None for none.
    """
    is_tls = hasattr(record, "tls_compliant")
    try:
        requests = [_request(url, host) for url in record.url]
        tls = _tls(record, certificates) if is_tls else None
    except PatternError as problem:
        return Unusable(f"expression: {problem}")
    except OSError as problem:
        return Unusable(f"TLS: {problem}")
    return HttpCheck(
        target,
        requests,
        version=record.http_protocol,
        delay_loop=settings.delay_loop,
        fast_recovery=record.fast_recovery,
        retry=settings.retry,
        tls=tls,
    )


def _request(url: Url, host: str) -> Request:
    pattern = None
    if url.regex is not None:
        memory = max(1, url.regex_stack[1] // 1024) if url.regex_stack else HEAP_LIMIT
        pattern = Pattern(url.regex, url.regex_options, url.regex_min_offset, url.regex_max_offset, memory)
    return Request(
        path=url.path or "/",
        host=url.virtualhost or host,
        statuses=url.status_code or SUCCESS,
        digest=url.digest or "",
        pattern=pattern,
        absent=url.regex_no_match,
    )


def _tls(record: HttpGet, certificates: Ssl | None) -> Tls:
    from keepalived_py.check.tls import TlsSettings, context_of  # noqa: PLC0415 - ssl is large

    settings = TlsSettings(
        ca=(certificates.ca if certificates else None) or "",
        certificate=(certificates.certificate if certificates else None) or "",
        key=(certificates.key if certificates else None) or "",
        password=(certificates.password if certificates else None) or "",
    )
    context = _contexts.get(settings)
    if context is None:
        context = _contexts[settings] = context_of(settings)
    wanted = record.enable_sni or record.sni_name is not None
    name = (record.sni_name or FROM_HOST) if wanted else ""
    return Tls(context=context, name=name, compliant=bool(getattr(record, "tls_compliant", False)))
