"""One run of a check for all virtual servers that ask the same server the same thing (`share_checks`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.check.health import Verdict
from keepalived_py.check.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from keepalived_py.check.probe import Probe, ProbeResult
    from keepalived_py.check.settings import Settings
    from keepalived_py.reactor import Reactor


class Share:
    """One checker's part in a shared schedule; used like a schedule of its own.

    Args:
        schedule: whose results it gets.
        partners: everybody who takes part in it at the moment.
        observed: told each result.

    Attributes:
        suspended: whether it takes no part at the moment.
    """

    def __init__(self, schedule: Schedule, partners: list[Share], observed: Callable[[ProbeResult], Verdict]) -> None:
        self.suspended = True
        self.observed = observed
        self._schedule = schedule
        self._partners = partners

    def start(self) -> None:
        """Take part."""
        if self.suspended:
            self.suspended = False
            self._partners.append(self)
            self._schedule.start()

    def suspend(self) -> None:
        """Take no part; when nobody does the schedule rests."""
        if not self.suspended:
            self.suspended = True
            self._partners.remove(self)
            if not self._partners:
                self._schedule.suspend()

    @property
    def runs(self) -> int:
        """How often the check has ended."""
        return self._schedule.runs

    @property
    def failures(self) -> int:
        """How often without success."""
        return self._schedule.failures

    @property
    def last_duration(self) -> float:
        """Seconds that the last run took."""
        return self._schedule.last_duration

    @property
    def last_ended_at(self) -> float:
        """Monotonic seconds of its end; 0.0 before the first."""
        return self._schedule.last_ended_at


class Sharing:
    """The schedules that can be shared.

    Args:
        reactor: the loop.
    """

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self._shared: dict[Hashable, tuple[Schedule, list[Share]]] = {}

    def share(
        self, key: Hashable, settings: Settings, probe: Probe, observed: Callable[[ProbeResult], Verdict]
    ) -> Share:
        """Return a part in the schedule with this key, which is made if need be."""
        if key not in self._shared:
            partners: list[Share] = []
            schedule = Schedule(self._reactor, settings, probe, lambda result: _told(partners, result))
            self._shared[key] = schedule, partners
        return Share(*self._shared[key], observed)

    def prune(self) -> None:
        """Forget schedules in which nobody takes part."""
        self._shared = {key: shared for key, shared in self._shared.items() if shared[1]}


def _told(partners: list[Share], result: ProbeResult) -> Verdict:
    """Tell everybody; try again soon when anybody forgives a failure."""
    verdicts: list[Any] = [partner.observed(result) for partner in tuple(partners)]
    return Verdict.FORGIVEN if Verdict.FORGIVEN in verdicts else Verdict.SAME
