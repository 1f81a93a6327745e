"""When a check runs: first at a random moment of its warmup, then at intervals, sooner after a forgiven failure."""

from __future__ import annotations

from random import random
from typing import TYPE_CHECKING

from keepalived_py.check.health import Verdict
from keepalived_py.check.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.check.probe import Probe, ProbeResult
    from keepalived_py.check.settings import Settings
    from keepalived_py.reactor import Reactor

SLACK = 0.05
"""Share of its pause that a check may come early, together with others that are due: fewer wake-ups."""
MOST_SLACK = 0.05
"""Seconds that it may come early at most."""


class Schedule:
    """The runs of one check.

    Args:
        reactor: the loop.
        settings: of the check.
        probe: what is run.
        observed: told the result of each run; what it answers decides about the next one.
        chance: returns a number from 0 up to 1, for the first moment.

    Attributes:
        runs: how often the check has ended.
        failures: how often without success.
        last_duration: seconds that the last run took.
        last_ended_at: monotonic seconds of its end; 0.0 before the first.
        suspended: whether the check rests (ha_suspend).
    """

    def __init__(
        self,
        reactor: Reactor,
        settings: Settings,
        probe: Probe,
        observed: Callable[[ProbeResult], Verdict],
        chance: Callable[[], float] = random,
    ) -> None:
        self.runs = self.failures = 0
        self.last_duration = self.last_ended_at = 0.0
        self.suspended = True
        self._reactor = reactor
        self._settings = settings
        self._probe = probe
        self._observed = observed
        self._chance = chance
        self._timer = reactor.timer(self._begin)
        self._task = Task(reactor, self._ended)
        self._due_at = self._began_at = 0.0

    def start(self) -> None:
        """Begin, or go on after `suspend`."""
        if self.suspended:
            self.suspended = False
            self._wait_until(self._reactor.time() + self._chance() * self._settings.warmup, self._settings.warmup)

    def suspend(self) -> None:
        """Rest: a run that lasts is given up without a result."""
        self.suspended = True
        self._timer.cancel()
        self._task.cancel()

    def tell(self, observed: Callable[[ProbeResult], Verdict]) -> None:
        """Tell somebody else the results from now on."""
        self._observed = observed

    def reconfigured(self, settings: Settings, probe: Probe) -> None:
        """A reload changed how often the check runs, or what it is run with.

        The next run stays where it is unless that is too late now.
        """
        inherit = getattr(probe, "inherit", None)
        if inherit is not None:
            inherit(self._probe)
        self._settings, self._probe = settings, probe
        latest = self._reactor.time() + settings.delay_loop
        if self._timer.when is not None and self._timer.when > latest:
            self._wait_until(latest, settings.delay_loop)

    def _wait_until(self, when: float, pause: float) -> None:
        self._due_at = when
        self._timer.slack = min(SLACK * pause, MOST_SLACK)
        self._timer.move(when)

    def _begin(self) -> None:
        self._began_at = self._reactor.time()
        self._task.begin(self._probe.probe())

    def _ended(self, result: ProbeResult) -> None:
        now = self._reactor.time()
        self.runs += 1
        self.failures += not result.ok
        self.last_duration, self.last_ended_at = now - self._began_at, now
        verdict = self._observed(result)
        if self.suspended:
            return
        if verdict is Verdict.FORGIVEN:
            self._wait_until(now + self._settings.delay_before_retry, self._settings.delay_before_retry)
            return
        # The cadence is kept, however late or long a run was, unless the next one is due already. A run that came early
        # brings the next one forward: no two are further apart than configured, and those that met stay together.
        pause = self._settings.delay_loop
        next_at = min(self._due_at, self._began_at) + pause
        self._wait_until(next_at if next_at > now else now + pause, pause)
