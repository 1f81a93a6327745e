"""Which class probes for which keyword: the one place that knows all kinds of checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keepalived_py.check.settings import target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keepalived_py.check.dialogue import Step
    from keepalived_py.check.probe import Probe
    from keepalived_py.check.settings import Settings
    from keepalived_py.check.target import Target
    from keepalived_py.check.web import Contexts
    from keepalived_py.config.model.check import RealServer, Ssl, VirtualServer
    from keepalived_py.config.model.checkers import AgentCheck, HttpGet, MiscCheck, TcpCheck
    from keepalived_py.program import Programs

KEYWORDS: Final = {
    "tcp_check": "TCP_CHECK",
    "http_get": "HTTP_GET",
    "ssl_get": "SSL_GET",
    "smtp_check": "SMTP_CHECK",
    "dns_check": "DNS_CHECK",
    "udp_check": "UDP_CHECK",
    "ping_check": "PING_CHECK",
    "misc_check": "MISC_CHECK",
    "agent_check": "AGENT_CHECK",
    "file_check": "FILE_CHECK",
    "bfd_check": "BFD_CHECK",
}
"""Attributes of a real server, and what its configuration calls them."""


def records_of(server: RealServer) -> Iterator[tuple[str, Any]]:
    """Yield the checks of a real server as (keyword, record)."""
    for name, keyword in KEYWORDS.items():
        for record in getattr(server, name):
            yield keyword, record


Made = tuple["Probe", str]
"""What asks the server, and what it asks as the log names it."""


class Maker:
    """Makes probes from configured checks; each kind's module is imported when the first one is made.

    Args:
        programs: runs scripts.
        certificates: the block SSL of the configuration; None for none.
    """

    def __init__(self, programs: Programs, certificates: Ssl | None = None) -> None:
        self._programs = programs
        self._certificates = certificates
        self._contexts: Contexts | None = None

    def configure(self, certificates: Ssl | None) -> None:
        """Take the block SSL of another configuration; certificates and keys are read again."""
        self._certificates = certificates
        if self._contexts is not None:
            self._contexts.forget()

    def probe_of(
        self, keyword: str, record: Any, server: RealServer, virtual: VirtualServer, settings: Settings
    ) -> Made | None:
        """Return the probe of a check; None for a kind that is told of changes and asks nothing.

        Args:
            keyword: one of KEYWORDS.
            record: the check.
            server: whose check it is.
            virtual: what the server is behind.
            settings: of the check.
        """
        if keyword == "MISC_CHECK":
            return self._script(record, virtual, settings)
        if keyword in {"HTTP_GET", "SSL_GET"}:
            return self._web(record, server, virtual, settings)
        make = _MAKERS.get(keyword)
        if make is None and keyword != "AGENT_CHECK":
            return None
        target = target_of(record, server, virtual, settings)
        if make is None:
            weight = virtual.weight if server.weight is None else server.weight
            return _agent(record, target, weight, alpha=settings.alpha), str(target)
        return make(record, target), str(target)

    def _web(self, record: HttpGet, server: RealServer, virtual: VirtualServer, settings: Settings) -> Made:
        from keepalived_py.check import web  # noqa: PLC0415 - httptools and perhaps ssl

        target = target_of(record, server, virtual, settings)
        host = record.virtualhost or server.virtualhost or virtual.virtualhost or ""
        if self._contexts is None:
            self._contexts = web.Contexts()
        made = web.probe_of(record, target, host, settings, self._certificates, self._contexts)
        return made, str(target)

    def _script(self, record: MiscCheck, virtual: VirtualServer, settings: Settings) -> Made | None:
        from keepalived_py.check.misc_check import MiscCheck as Probing  # noqa: PLC0415
        from keepalived_py.script_command import command_of  # noqa: PLC0415

        script = record.misc_path
        if script is None:
            return None
        timeout = float(record.misc_timeout) if record.misc_timeout else virtual.delay_loop or settings.delay_loop
        command = command_of(script, timeout=timeout)
        return Probing(self._programs, command, dynamic=record.misc_dynamic), f"[{script.words[0]}]"


def _tcp(record: TcpCheck, target: Target) -> Probe:
    from keepalived_py.check.tcp_check import TcpCheck as Probing  # noqa: PLC0415

    return Probing(target, _steps(record) if record.step else (), graceful=record.tcp_close == "graceful")


def _steps(record: TcpCheck) -> tuple[Step, ...]:
    from keepalived_py.check.dialogue import Step  # noqa: PLC0415 - most checks only connect
    from keepalived_py.config.escapes import octets_of  # noqa: PLC0415

    return tuple(
        Step(bytes(octets_of(step.send or "")), tuple(octets_of(text) for text in step.expect)) for step in record.step
    )


def _agent(record: AgentCheck, target: Target, weight: int, *, alpha: bool) -> Probe:
    from keepalived_py.check.agent_check import AgentCheck as Probing  # noqa: PLC0415
    from keepalived_py.config.escapes import octets_of  # noqa: PLC0415

    return Probing(target, weight, bytes(octets_of(record.send or "")), alpha=alpha)


def _smtp(record: Any, target: Target) -> Probe:
    from keepalived_py.check.smtp_check import DEFAULT_NAME, SmtpCheck  # noqa: PLC0415

    return SmtpCheck(target, record.helo_name or DEFAULT_NAME)


def _udp(record: Any, target: Target) -> Probe:
    from keepalived_py.check.udp_check import UdpCheck  # noqa: PLC0415

    payload = bytes.fromhex(record.payload) if record.payload is not None else None
    return UdpCheck(target, payload, record.require_reply, record.min_reply_length, record.max_reply_length)


def _ping(_record: Any, target: Target) -> Probe:
    from keepalived_py.check.ping_check import PingCheck  # noqa: PLC0415

    return PingCheck(target)


def _dns(record: Any, target: Target) -> Probe:
    from keepalived_py.check.dns_check import DnsCheck  # noqa: PLC0415 - dnspython takes 65 ms and 12 MB

    return DnsCheck(target, record.name, record.type)


_MAKERS: Final[dict[str, Callable[[Any, Target], Probe]]] = {
    "TCP_CHECK": _tcp,
    "SMTP_CHECK": _smtp,
    "UDP_CHECK": _udp,
    "PING_CHECK": _ping,
    "DNS_CHECK": _dns,
}
