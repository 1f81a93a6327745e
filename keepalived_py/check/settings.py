"""How often and how patiently a server is checked: what a check says itself, or takes from its surroundings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keepalived_py.check.target import Target
from keepalived_py.structure import structure

if TYPE_CHECKING:
    from keepalived_py.config.model.check import RealServer, VirtualServer
    from keepalived_py.config.model.globals import GlobalDefs

_RETRY: Final = {"DnsCheck": 3, "MiscCheck": 0, "AgentCheck": 0}
"""Where the number of retries is not 1."""
_WITHOUT_TRIES: Final = frozenset({"FileCheck", "BfdCheck"})
"""Checks that are told of changes: there is nothing to try again."""
_PAUSE: Final = {"HttpGet": 3.0, "SslGet": 3.0}
"""Where the seconds before a retry are not 1; DNS_CHECK waits for its delay_loop."""


@structure(kw_only=True)
class Settings:
    """Everything that one check was told, with nothing left open. Times are float seconds.

    Attributes:
        retry: failures in a row that are forgiven; with the next one the server counts as down.
        rise: successes in a row that bring a failed check back.
        delay_before_retry: between a forgiven failure and the next try.
        delay_loop: between two checks.
        warmup: the first check comes at a random moment within this time.
        alpha: counts as failed until the first success.
        log_all_failures: whether forgiven failures are logged too.
        timeout: longest wait for the connection, and for each answer.
    """

    retry: int = 1
    rise: int = 1
    delay_before_retry: float = 1.0
    delay_loop: float = 60.0
    warmup: float = 60.0
    alpha: bool = False
    log_all_failures: bool = False
    timeout: float = 5.0


def settings_of(check: Any, real_server: RealServer, virtual_server: VirtualServer, defaults: GlobalDefs) -> Settings:
    """Return the settings of a check.

    Args:
        check: a record of `config.model.checkers`; one that has no such keyword (FILE_CHECK no `retry`) inherits.
        real_server: whose check it is.
        virtual_server: what the server is behind.
        defaults: the global definitions.
    """
    kind = type(check).__name__
    levels = (check, real_server, virtual_server)
    delay_loop = _first("delay_loop", levels, 60.0)
    log_all = getattr(check, "log_all_failures", None)
    return Settings(
        retry=0 if kind in _WITHOUT_TRIES else _first("retry", levels, _RETRY.get(kind, 1)),
        rise=getattr(check, "rise", 1),
        delay_before_retry=_first(
            "delay_before_retry", levels, delay_loop if kind == "DnsCheck" else _PAUSE.get(kind, 1.0)
        ),
        delay_loop=delay_loop,
        warmup=_first("warmup", levels, delay_loop),
        # What a file says is known from the start.
        alpha=kind != "FileCheck" and _first("alpha", levels, False),
        log_all_failures=defaults.checker_log_all_failures if log_all is None else log_all,
        timeout=_first("connect_timeout", levels, 5.0),
    )


def _first(name: str, levels: tuple[Any, ...], default: Any) -> Any:
    """Return the value of the innermost level that has one."""
    for level in levels:
        value = getattr(level, name, None)
        if value is not None:
            return value
    return default


def target_of(check: Any, real_server: RealServer, virtual_server: VirtualServer, settings: Settings) -> Target:
    """Return where a check that opens a connection goes.

    Args:
        check: a `ConnectionCheck`.
        real_server: whose check it is; its address and port are taken unless the check names others.
        virtual_server: its port is that of a real server without one.
        settings: of the check.
    """
    address = check.connect_ip or real_server.address
    return Target(
        family=address.version,
        address=str(address),
        port=check.connect_port or real_server.port or virtual_server.port,
        bind_address=str(check.bindto) if check.bindto is not None else "",
        bind_port=check.bind_port or 0,
        interface=check.bind_if or "",
        mark=check.fwmark,
        timeout=settings.timeout,
    )
