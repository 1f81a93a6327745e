"""When checks run, on a loop whose time the test makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from keepalived_py.check.health import Verdict
from keepalived_py.check.probe import UP, ProbeResult, failed
from keepalived_py.check.schedule import Schedule
from keepalived_py.check.settings import Settings
from keepalived_py.check.task import pause

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.reactor import Reactor

SETTINGS = Settings(delay_loop=10.0, delay_before_retry=2.0, warmup=10.0)


class FakeTimer:
    """A timer of `FakeReactor`."""

    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback = callback
        self.when: float | None = None
        self.slack = 0.0

    def move(self, when: float) -> None:
        self.when = when

    def cancel(self) -> None:
        self.when = None


class FakeReactor:
    """The part of a loop that schedules use; `advance` lets time pass."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[FakeTimer] = []

    def time(self) -> float:
        return self.now

    def timer(self, callback: Callable[[], object]) -> FakeTimer:
        self.timers.append(FakeTimer(callback))
        return self.timers[-1]

    def advance(self, until: float) -> None:
        while True:
            due = [timer for timer in self.timers if timer.when is not None and timer.when <= until]
            if not due:
                self.now = until
                return
            first = min(due, key=lambda timer: timer.when or 0.0)
            self.now, first.when = first.when or 0.0, None
            first.callback()

    def fire_early(self, timer: FakeTimer, by: float) -> None:
        """Fire a timer before its deadline, as a loop does that has woken for another one."""
        assert timer.when is not None
        assert by <= timer.slack
        self.now, timer.when = timer.when - by, None
        timer.callback()


class Scripted:
    """A probe that takes its time and answers what it was told."""

    def __init__(self, reactor: FakeReactor, results: list[ProbeResult], duration: float) -> None:
        self.reactor = reactor
        self.results = results
        self.duration = duration
        self.began: list[float] = []

    async def probe(self) -> ProbeResult:
        self.began.append(self.reactor.now - 100.0)
        if self.duration:
            await pause(self.duration)
        return self.results.pop(0) if self.results else UP


def scheduled(
    results: list[ProbeResult], duration: float = 0.0, verdicts: list[Verdict] | None = None, **changes: Any
) -> tuple[FakeReactor, Scripted, Schedule]:
    reactor = FakeReactor()
    probe = Scripted(reactor, results, duration)
    told = verdicts or []

    def observed(result: ProbeResult) -> Verdict:
        return told.pop(0) if told else Verdict.SAME

    schedule = Schedule(cast("Reactor", reactor), changes.get("settings", SETTINGS), probe, observed, lambda: 0.3)
    schedule.start()
    return reactor, probe, schedule


def test_first_run_comes_within_the_warmup_and_the_others_keep_the_cadence() -> None:
    reactor, probe, schedule = scheduled([], duration=4.0)
    reactor.advance(140.0)
    assert probe.began == pytest.approx([3.0, 13.0, 23.0, 33.0])
    assert (schedule.runs, schedule.failures) == (4, 0)
    assert schedule.last_duration == pytest.approx(4.0)


def test_run_that_comes_early_brings_the_next_one_forward_by_as_much() -> None:
    reactor, probe, _ = scheduled([])
    reactor.fire_early(reactor.timers[0], by=0.04)
    reactor.advance(115.0)
    assert probe.began == pytest.approx([2.96, 12.96])


def test_check_comes_early_by_a_twentieth_of_its_pause_at_most_and_never_by_more_than_fifty_milliseconds() -> None:
    reactor, _, schedule = scheduled([])
    assert reactor.timers[0].slack == pytest.approx(0.05)
    reactor.advance(104.0)
    schedule.reconfigured(Settings(delay_loop=0.2, warmup=1.0), Scripted(reactor, [], 0.0))
    assert reactor.timers[0].slack == pytest.approx(0.01)


def test_check_that_takes_longer_than_its_pause_runs_once_at_a_time() -> None:
    reactor, probe, schedule = scheduled([], duration=12.0)
    reactor.advance(160.0)
    assert probe.began == pytest.approx([3.0, 25.0, 47.0])
    assert schedule.runs == 3


def test_forgiven_failure_is_tried_again_soon() -> None:
    reactor, probe, schedule = scheduled(
        [failed("x"), failed("x")], verdicts=[Verdict.FORGIVEN, Verdict.WENT_DOWN, Verdict.WENT_UP]
    )
    reactor.advance(126.0)
    assert probe.began == pytest.approx([3.0, 5.0, 15.0, 25.0])
    assert schedule.failures == 2


def test_suspended_check_gives_up_its_run_and_begins_anew() -> None:
    reactor, probe, schedule = scheduled([], duration=4.0)
    reactor.advance(105.0)
    schedule.suspend()
    reactor.advance(150.0)
    assert schedule.runs == 0
    assert probe.began == pytest.approx([3.0])
    schedule.start()
    reactor.advance(160.0)
    assert schedule.runs == 1
    assert probe.began == pytest.approx([3.0, 53.0])


def test_shorter_pause_after_a_reload_does_not_wait_for_the_longer_one() -> None:
    reactor, probe, schedule = scheduled([])
    reactor.advance(104.0)
    schedule.reconfigured(Settings(delay_loop=1.0, warmup=1.0), probe)
    reactor.advance(107.5)
    assert probe.began == pytest.approx([3.0, 5.0, 6.0, 7.0])


def test_longer_pause_after_a_reload_leaves_the_next_run_where_it_is() -> None:
    reactor, probe, schedule = scheduled([])
    reactor.advance(104.0)
    schedule.reconfigured(Settings(delay_loop=50.0, warmup=50.0), probe)
    reactor.advance(170.0)
    assert probe.began == pytest.approx([3.0, 13.0, 63.0])
