"""Virtual servers from the start over reloads to the end, with real connections on loopback and tables in memory."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any, cast

import pytest

from keepalived_py.check.checks import Maker
from keepalived_py.check.farm import Farm
from keepalived_py.check.herald import Herald
from keepalived_py.check.plan import Command, Table, carried_out, changes
from keepalived_py.config.check_values import Endpoint
from keepalived_py.config.model import Config
from keepalived_py.config.model.check import RealServer, VirtualServer
from keepalived_py.config.model.checkers import TcpCheck
from keepalived_py.observability.log import Log
from keepalived_py.program import Programs
from keepalived_py.reactor import Reactor
from tests.unit.looping import run_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.farm.stop(keep=True)
    made.reactor.close()


@pytest.fixture
def listeners() -> Iterator[list[socket.socket]]:
    made = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    yield made
    for each in made:
        each.close()


def port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def real(number: int, **changes: Any) -> RealServer:
    values: dict[str, Any] = {"address": LOOPBACK, "port": number, "tcp_check": (FAST,)}
    return RealServer(**(values | changes))


def virtual(*reals: RealServer, **changes: Any) -> VirtualServer:
    values: dict[str, Any] = {"address": VIP, "port": 80, "protocol": "TCP", "real_server": reals}
    return VirtualServer(**(values | changes))


def test_server_that_dies_leaves_and_the_sorry_server_stands_in(stage: Stage, listeners: list[socket.socket]) -> None:
    first, second = map(port, listeners)
    sorry = Endpoint(address=LOOPBACK, port=9)
    config = Config(virtual_servers=(virtual(real(first), real(second, weight=4), quorum=4, sorry_server=sorry),))
    stage.farm.start(config)
    assert stage.tables.weights() == {80: {first: 1, second: 4}}
    listeners[1].close()
    stage.wait(lambda: stage.tables.weights() == {80: {9: 1}})
    decided = [line for line in stage.log.lines if "connection" not in line]
    assert decided == [
        f"Removing service [127.0.0.1]:{second} from VS [192.0.2.1]:80, 1 of quorum 4 left",
        "Lost quorum 4-0=4 > 1 for VS [192.0.2.1]:80",
        "Adding sorry server [127.0.0.1]:9 to VS [192.0.2.1]:80",
        "Removing alive servers from the pool for VS [192.0.2.1]:80",
    ]
    assert f"TCP connection to [127.0.0.1]:{second} failed: refused (2 of 2)" in stage.log.lines


def test_reload_of_the_same_touches_nothing_and_a_changed_weight_is_one_edit(
    stage: Stage, listeners: list[socket.socket]
) -> None:
    first, second = map(port, listeners)
    before = Config(virtual_servers=(virtual(real(first)), virtual(real(second), port=81)))
    stage.farm.start(before)
    stage.tables.commands.clear()
    again = Config(virtual_servers=(virtual(real(first)), virtual(real(second), port=81)))
    stage.farm.reload(again, before)
    assert stage.tables.commands == []
    heavier = Config(virtual_servers=(virtual(real(first)), virtual(real(second, weight=7), port=81)))
    stage.farm.reload(heavier, again)
    assert [(one.action.name, one.destination and one.destination.weight) for one in stage.tables.commands] == [
        ("CHANGE_DESTINATION", 7)
    ]
    changed = [line for line in stage.log.lines if line.startswith("Changing")]
    assert changed == [f"Changing weight from 1 to 7 for active service [127.0.0.1]:{second} of VS [192.0.2.1]:81"]


def test_dead_server_stays_dead_over_a_reload_and_its_check_goes_on(
    stage: Stage, listeners: list[socket.socket]
) -> None:
    first, second = map(port, listeners)
    before = Config(virtual_servers=(virtual(real(first), real(second)),))
    stage.farm.start(before)
    listeners[1].close()
    stage.wait(lambda: stage.tables.weights() == {80: {first: 1}})
    after = Config(virtual_servers=(virtual(real(first), real(second), lvs_sched="rr"),))
    stage.farm.reload(after, before)
    assert stage.tables.weights() == {80: {first: 1}}
    with socket.create_server(("127.0.0.1", second)):
        stage.wait(lambda: stage.tables.weights() == {80: {first: 1, second: 1}})


def test_server_and_check_that_a_reload_takes_away_are_gone(stage: Stage, listeners: list[socket.socket]) -> None:
    first, second = map(port, listeners)
    before = Config(virtual_servers=(virtual(real(first), real(second)), virtual(real(second), port=81)))
    stage.farm.start(before)
    after = Config(virtual_servers=(virtual(real(first)),))
    stage.farm.reload(after, before)
    assert stage.tables.weights() == {80: {first: 1}}
    listeners[1].close()
    lines = len(stage.log.lines)
    stage.reactor.call_later(0.2, stage.reactor.stop)
    stage.reactor.run_forever()
    assert all(str(second) not in line for line in stage.log.lines[lines:])


def test_alpha_keeps_servers_out_until_their_first_success(stage: Stage, listeners: list[socket.socket]) -> None:
    first = port(listeners[0])
    config = Config(virtual_servers=(virtual(real(first), real(9), alpha=True),))
    stage.farm.start(config)
    assert stage.tables.weights() == {80: {}}
    stage.wait(lambda: stage.tables.weights() == {80: {first: 1}})


@pytest.mark.parametrize(("keep", "left"), [(False, {}), (True, {80: {7: 1}})])
def test_end_empties_the_tables_unless_they_are_to_be_kept(keep: bool, left: dict[int, Any]) -> None:
    stage = Stage()
    stage.farm.start(Config(virtual_servers=(virtual(real(7, tcp_check=())),)))
    stage.farm.stop(keep=keep)
    assert stage.tables.weights() == left
    stage.reactor.close()
