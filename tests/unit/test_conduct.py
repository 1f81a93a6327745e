"""What a process asks of the kernel when its settings change or its timers are late."""

import errno
import os
import signal
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from keepalived_py import conduct as module
from keepalived_py.conduct import Conduct
from keepalived_py.kernel import scheduling
from keepalived_py.process_settings import ProcessSettings

Calls = list[tuple[Any, ...]]
ASKED = ("set_nice", "set_realtime", "set_ordinary", "set_time_limit", "set_affinity", "lock_memory", "unlock_memory")


class Loop:
    def __init__(self) -> None:
        self.handlers: dict[int, Callable[[], object]] = {}
        self.late_after = 0.0

    def add_signal_handler(self, number: int, callback: Callable[[], object]) -> None:
        self.handlers[number] = callback

    def report_lateness(self, after: float, _callback: Callable[[float], object]) -> None:
        self.late_after = after


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    made: Calls = []

    def record(name: str) -> Callable[..., None]:
        return lambda *arguments: made.append((name, *arguments))

    for name in ASKED:
        monkeypatch.setattr(scheduling, name, record(name))
    monkeypatch.setattr(module, "set_name", record("set_name"))
    monkeypatch.setattr(os, "getpriority", lambda *_: 3)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    return made


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def conduct(loop: Loop, lines: list[str]) -> Conduct:
    log: Any = SimpleNamespace(info=lines.append, warning=lines.append)
    return Conduct("vrrp", loop, log)


def test_process_without_settings_asks_for_nothing_but_hears_of_lateness(
    conduct: Conduct, loop: Loop, calls: Calls
) -> None:
    conduct.apply(ProcessSettings())
    assert calls == []
    assert loop.late_after == 1.0


def test_settings_are_asked_for_once_and_taken_back(conduct: Conduct, calls: Calls) -> None:
    settings = ProcessSettings(name="v", nice=-5, realtime=7, time_limit=0.02, processors=(1,), locked=True)
    for _ in range(2):
        conduct.apply(settings)
        asked = [
            ("set_name", "v"),
            ("set_affinity", (1,)),
            ("set_nice", -5),
            ("set_realtime", 7),
            ("set_time_limit", 0.02),
            ("lock_memory",),
        ]
        assert calls == asked
    calls.clear()
    conduct.apply(ProcessSettings())
    assert calls == [
        ("set_name", "keepalived"),
        ("set_affinity", {0, 1}),
        ("set_nice", 3),
        ("set_ordinary",),
        ("set_time_limit", None),
        ("unlock_memory",),
    ]


def test_late_process_goes_up_one_step_at_a_time_to_its_limit(conduct: Conduct, calls: Calls, lines: list[str]) -> None:
    conduct.apply(ProcessSettings(highest_realtime=2))
    for _ in range(3):
        conduct.was_late(1.25)
    late = "A thread timer expired 1.250000 seconds ago"
    assert lines == [late, "Set realtime priority 1", late, "Set realtime priority 2", late]
    assert [call for call in calls if call[0] == "set_realtime"] == [("set_realtime", 1), ("set_realtime", 2)]
    assert conduct.realtime == 2


def test_process_that_may_not_rise_only_says_that_it_is_late(conduct: Conduct, calls: Calls, lines: list[str]) -> None:
    conduct.apply(ProcessSettings())
    conduct.was_late(2.0)
    assert (calls, lines) == ([], ["A thread timer expired 2.000000 seconds ago"])


def test_lines_about_lateness_are_limited_and_counted(
    conduct: Conduct, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    conduct.apply(ProcessSettings())
    for _ in range(100):
        conduct.was_late(2.0)
    assert len(lines) == module.LINES_AT_ONCE
    now += module.LINE_INTERVAL
    conduct.was_late(2.0)
    assert lines[-1] == "A thread timer expired 2.000000 seconds ago (90 such lines were not logged)"


def test_refusals_are_logged_and_the_rest_goes_on(
    conduct: Conduct, calls: Calls, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(errno.EPERM, "no")

    for name in ("set_nice", "set_realtime", "set_affinity", "lock_memory"):
        monkeypatch.setattr(scheduling, name, refuse)
    conduct.apply(ProcessSettings(name="v", nice=-5, realtime=7, processors=(1,), locked=True))
    assert lines == [
        "unable to set cpu affinity to vrrp process (Operation not permitted)",
        "Unable to set process priority to -5 - Operation not permitted",
        "vrrp process: cannot change to real time priority 7 - Operation not permitted",
        "Unable to lock process in memory - Operation not permitted",
    ]
    assert (calls, conduct.realtime) == ([("set_name", "v")], 0)


def test_process_that_used_too_much_time_says_so_once_a_minute_and_is_bound_again(
    conduct: Conduct, loop: Loop, calls: Calls, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    conduct.apply(ProcessSettings(realtime=7))
    calls.clear()
    for _ in range(3):
        loop.handlers[signal.SIGXCPU]()
    assert lines == ["VRRP process has used too much CPU time, vrrp_rlimit_rttime may need to be increased"]
    assert calls == [("set_time_limit", 0.01)] * 3
