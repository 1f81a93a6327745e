"""A forked child never returns into the code of its parent."""

import os
from typing import NoReturn

import pytest

from keepalived_py.config.snapshot import Snapshot
from keepalived_py.errors import ExitCode
from keepalived_py.options import Options
from keepalived_py.watchdog import offspring
from keepalived_py.watchdog.heartbeat import SharedMemory
from keepalived_py.watchdog.offspring import Birthright, Kind, Offspring
from keepalived_py.watchdog.pidfile import PidFile

ESCAPED = 99


def refuse(*_arguments: object, **_settings: object) -> NoReturn:
    raise OSError(24, "Too many open files")


def test_child_that_fails_before_it_can_say_so_ends_as_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offspring, "Log", refuse)
    kind = Kind("VRRP", "vrrp", "x", lambda _child: 0, PidFile("unused"), 5.0, True, frozenset(), lambda: None)
    child = Offspring(kind, SharedMemory(1).slot(0))
    tester = os.getpid()
    try:
        pid = child.start(Birthright(Options(), Snapshot.create(), lambda: None))
    finally:
        if os.getpid() != tester:
            os._exit(ESCAPED)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == ExitCode.BUG
