"""A farm with real connections and tables in memory, and what it is configured with."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any, cast

from keepalived_py.check.checks import Maker
from keepalived_py.check.farm import Farm
from keepalived_py.check.herald import Herald
from keepalived_py.check.plan import Command, Table, carried_out, changes
from keepalived_py.config.model.check import RealServer, VirtualServer
from keepalived_py.config.model.checkers import TcpCheck
from keepalived_py.observability.log import Log
from keepalived_py.program import Programs
from keepalived_py.reactor import Reactor
from tests.unit.looping import run_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable

    from keepalived_py.check.ipvs_sync import IpvsSync
    from keepalived_py.kernel.ipvs import ServiceKey

LOOPBACK = IPv4Address("127.0.0.1")
VIP = IPv4Address("192.0.2.1")
FAST = TcpCheck(delay_loop=0.02, delay_before_retry=0.01, warmup=0.0, retry=1)


class MemoryTables:
    """IPVS tables that accept everything, and remember the commands."""

    def __init__(self) -> None:
        self.applied: Table = {}
        self.commands: list[Command] = []

    def adopt(self, keys: Iterable[ServiceKey]) -> None:
        """Nothing was there before."""

    def bring(self, desired: Table, keys: Iterable[ServiceKey]) -> None:
        applied = {key: self.applied[key] for key in keys if key in self.applied}
        for command in list(changes(desired, applied)):
            self.commands.append(command)
            carried_out(self.applied, command)

    def weights(self) -> dict[int, dict[int, int]]:
        """Port of the service -> port of the destination -> weight."""
        return {
            entry.service.port: {one.port: one.weight for one in entry.destinations.values()}
            for entry in self.applied.values()
        }


class Told(Log):
    """A log that remembers its lines."""

    def __init__(self) -> None:
        super().__init__("x", syslog=False)
        self.lines: list[str] = []

    def info(self, text: str) -> None:
        self.lines.append(text)


class Stage:
    """A farm with what is around it."""

    def __init__(self) -> None:
        self.reactor = Reactor(0.05)
        self.tables = MemoryTables()
        self.log = Told()
        self.farm = Farm(
            self.reactor, cast("IpvsSync", self.tables), Herald(self.log), Maker(Programs(self.reactor, self.log))
        )

    def wait(self, condition: Callable[[], bool]) -> None:
        run_until(self.reactor, condition, self.log.lines)


def port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def real(number: int, **changes: Any) -> RealServer:
    values: dict[str, Any] = {"address": LOOPBACK, "port": number, "tcp_check": (FAST,)}
    return RealServer(**(values | changes))


def virtual(*reals: RealServer, **changes: Any) -> VirtualServer:
    values: dict[str, Any] = {"address": VIP, "port": 80, "protocol": "TCP", "real_server": reals}
    return VirtualServer(**(values | changes))
