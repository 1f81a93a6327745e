"""What scripts and pipes are told of servers, in which order."""

from __future__ import annotations

import os
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any, cast

import pytest

from keepalived_py.check.checks import Maker
from keepalived_py.check.farm import Farm
from keepalived_py.check.herald import Herald
from keepalived_py.check.messenger import Messenger
from keepalived_py.check.probe import UP, ProbeResult, failed
from keepalived_py.check.schedule import Schedule
from keepalived_py.config.arguments import Fifo, Script
from keepalived_py.config.model import Config
from keepalived_py.config.model.check import RealServer, VirtualServer
from keepalived_py.config.model.checkers import TcpCheck
from keepalived_py.config.model.globals import GlobalDefs
from keepalived_py.observability.log import Log
from keepalived_py.program import Programs
from keepalived_py.reactor import Reactor
from tests.unit.check.stage import MemoryTables
from tests.unit.looping import run_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from keepalived_py.check.ipvs_sync import IpvsSync

NEVER = TcpCheck(warmup=3600.0, retry=0)
KEY = (IPv4Address("192.0.2.1"), 80, None, None, "TCP", None)


class Stage:
    """A farm with its messenger; the test says what checks find."""

    def __init__(self, config: Config) -> None:
        self.reactor = Reactor(0.05)
        self.log = Log("x", syslog=False)
        self.programs = Programs(self.reactor, self.log)
        herald = Herald(self.log)
        self.messenger = Messenger(self.reactor, self.log, self.programs)
        self.messenger.configure(config.global_defs)
        herald.listeners.append(self.messenger)
        self.farm = Farm(self.reactor, cast("IpvsSync", MemoryTables()), herald, Maker(self.programs))
        self.farm.start(config)

    def observe(self, server: str, result: ProbeResult) -> None:
        virtual = self.farm.virtuals[KEY]
        schedule = virtual.reals[server].watches[0].schedule
        assert isinstance(schedule, Schedule)
        schedule._observed(result)

    def wait(self, condition: Callable[[], bool]) -> None:
        run_until(self.reactor, condition, "it did not come true")

    def close(self) -> None:
        self.farm.stop(keep=True)
        self.messenger.finish()
        self.programs.close()
        self.reactor.close()


@pytest.fixture
def stages() -> Iterator[list[Stage]]:
    made: list[Stage] = []
    yield made
    for stage in made:
        stage.close()


def note(path: Path, text: str, before: str = "") -> Script:
    return Script(words=("/bin/sh", "-c", f"{before}echo {text} >>{path}"))


def real(number: int, path: Path, **changes: Any) -> RealServer:
    values: dict[str, Any] = {
        "address": IPv4Address(f"10.0.0.{number}"),
        "port": 80,
        "tcp_check": (NEVER,),
        "notify_up": note(path, f"up{number}"),
        "notify_down": note(path, f"down{number}"),
    }
    return RealServer(**(values | changes))


def virtual(path: Path, *reals: RealServer, **changes: Any) -> VirtualServer:
    values: dict[str, Any] = {
        "address": KEY[0],
        "port": 80,
        "protocol": "TCP",
        "real_server": reals,
        "quorum_up": note(path, "quorum-up"),
        "quorum_down": note(path, "quorum-down"),
    }
    return VirtualServer(**(values | changes))


def told(path: Path) -> list[str]:
    return sorted(path.read_text(encoding="ascii").split()) if path.exists() else []


def test_scripts_hear_of_servers_and_of_the_quorum(tmp_path: Path, stages: list[Stage]) -> None:
    path = tmp_path / "told"
    stages.append(Stage(Config(virtual_servers=(virtual(path, real(1, path), real(2, path), quorum=2),))))
    stage = stages[0]
    stage.wait(lambda: told(path) == ["quorum-up"])
    stage.observe("[10.0.0.1]:80", failed("refused"))
    stage.wait(lambda: told(path) == ["down1", "quorum-down", "quorum-up"])
    stage.observe("[10.0.0.1]:80", UP)
    stage.wait(lambda: told(path) == ["down1", "quorum-down", "quorum-up", "quorum-up", "up1"])


def test_first_state_of_servers_is_told_with_rs_init_notifies(tmp_path: Path, stages: list[Stage]) -> None:
    path = tmp_path / "told"
    config = Config(global_defs=GlobalDefs(rs_init_notifies=True), virtual_servers=(virtual(path, real(1, path)),))
    stages.append(Stage(config))
    stages[0].wait(lambda: told(path) == ["quorum-up", "up1"])


def test_scripts_of_one_server_run_one_after_the_other_and_only_the_newest_waits(
    tmp_path: Path, stages: list[Stage]
) -> None:
    path, gate = tmp_path / "told", tmp_path / "gate"
    slow = note(path, "down1", before=f"while ! test -e {gate}; do sleep 0.02; done; ")
    server = real(1, path, notify_down=slow)
    stages.append(Stage(Config(virtual_servers=(virtual(path, server, quorum_up=None, quorum_down=None),))))
    stage = stages[0]
    for result in (failed("x"), UP, failed("x"), UP):
        stage.observe("[10.0.0.1]:80", result)
    assert told(path) == []
    gate.touch()
    stage.wait(lambda: told(path) == ["down1", "up1"])


@pytest.mark.parametrize(("omega", "expected"), [(True, ["down1", "quorum-down", "quorum-up"]), (False, ["quorum-up"])])
def test_end_of_the_daemon_is_told_with_omega_only(
    tmp_path: Path, stages: list[Stage], omega: bool, expected: list[str]
) -> None:
    path = tmp_path / "told"
    stages.append(Stage(Config(virtual_servers=(virtual(path, real(1, path), omega=omega),))))
    stage = stages[0]
    stage.wait(lambda: told(path) == ["quorum-up"])
    stage.farm.stop(keep=False)
    stage.wait(lambda: told(path) == expected and not stage.programs.running)


def test_pipe_gets_a_line_for_each_server_and_each_quorum(tmp_path: Path, stages: list[Stage]) -> None:
    fifo = tmp_path / "fifo"
    config = Config(
        global_defs=GlobalDefs(lvs_notify_fifo=Fifo(path=str(fifo))),
        virtual_servers=(virtual(tmp_path / "told", real(1, tmp_path / "told")),),
    )
    stages.append(Stage(config))
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    stages[0].observe("[10.0.0.1]:80", failed("refused"))
    lines = os.read(reader, 4096)
    os.close(reader)
    assert lines == (
        b"VS [192.0.2.1]:tcp:80 UP\nRS [10.0.0.1]:tcp:80 [192.0.2.1]:tcp:80 DOWN\nVS [192.0.2.1]:tcp:80 DOWN\n"
    )
