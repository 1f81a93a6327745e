"""Which class probes for which keyword: the one place that knows all kinds of checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keepalived_py.check.settings import target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keepalived_py.check.probe import Probe
    from keepalived_py.check.settings import Settings
    from keepalived_py.config.model.check import RealServer, VirtualServer

KEYWORDS: Final = {
    "tcp_check": "TCP_CHECK",
    "http_get": "HTTP_GET",
    "ssl_get": "SSL_GET",
    "smtp_check": "SMTP_CHECK",
    "dns_check": "DNS_CHECK",
    "udp_check": "UDP_CHECK",
    "ping_check": "PING_CHECK",
    "misc_check": "MISC_CHECK",
    "file_check": "FILE_CHECK",
    "bfd_check": "BFD_CHECK",
}
"""Attributes of a real server, and what its configuration calls them."""


def records_of(server: RealServer) -> Iterator[tuple[str, Any]]:
    """Yield the checks of a real server as (keyword, record)."""
    for name, keyword in KEYWORDS.items():
        for record in getattr(server, name):
            yield keyword, record


def probe_of(
    keyword: str, record: Any, server: RealServer, virtual: VirtualServer, settings: Settings
) -> tuple[Probe, str] | None:
    """Return what asks the server, and what it asks as the log names it; None for a kind that asks nothing.

    Args:
        keyword: one of KEYWORDS.
        record: the check.
        server: whose check it is.
        virtual: what the server is behind.
        settings: of the check.
    """
    make = _MAKERS.get(keyword)
    return make(record, server, virtual, settings) if make is not None else None


def _tcp(record: Any, server: RealServer, virtual: VirtualServer, settings: Settings) -> tuple[Probe, str]:
    from keepalived_py.check.tcp_check import TcpCheck  # noqa: PLC0415 - each kind is imported when it is configured

    target = target_of(record, server, virtual, settings)
    return TcpCheck(target), str(target)


_MAKERS: Final[dict[str, Callable[[Any, RealServer, VirtualServer, Settings], tuple[Probe, str]]]] = {
    "TCP_CHECK": _tcp,
}
