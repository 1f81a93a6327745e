"""When a child is started again, when it counts as hung, and when a reload may begin: decisions, no processes.

Time is float seconds, monotonic, passed in as `now`.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from keepalived_py.errors import ExitCode
from keepalived_py.structure import field, structure

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_RESTART_DELAY = 60.0
STABLE_AFTER = 60.0
"""A child that lived this long was no failed start: its successor starts at once."""

PERMANENT = frozenset({ExitCode.FATAL, ExitCode.CONFIG, ExitCode.PERMISSION})
"""Exit codes that another attempt would only repeat."""

ABORT_GRACE = 2.0
"""Between SIGABRT, which asks for the stack, and SIGKILL."""

START_ALLOWANCE = 6.0
"""A child that has not said yet that its configuration is in effect may be silent this many times longer."""

OVERSLEPT = 1.0
"""If the watcher itself is this late, the machine stood still and nobody can be blamed for silence."""

RELOAD_RETRY = 2.0
"""A child that has not acknowledged a reload after this long is told again."""

RELOAD_LIMIT = 30.0
"""A reload not acknowledged after this long is no longer waited for."""


@structure(frozen=False)
class Restart:
    """How long to wait before each new attempt at one child: 0, 1, 2, 4 ... 60 seconds."""

    delay: float = 0.0

    def died(self, lived: float) -> float:
        """Return the delay before the next attempt, after a child that lived `lived` seconds."""
        if lived >= STABLE_AFTER:
            self.delay = 0.0
        delay = self.delay
        self.delay = min(max(1.0, delay * 2), MAX_RESTART_DELAY)
        return delay


def permanent(exit_code: int | None) -> bool:
    """Return whether a child with this exit code (None: killed by a signal) must not be started again."""
    return exit_code in PERMANENT


class Verdict(Enum):
    """What to do about a child's silence."""

    ALIVE = 0
    ABORT = 1
    KILL = 2


@structure(frozen=False)
class Hang:
    """Judges the silence of one child.

    Args:
        interval: seconds without a stamp that a running child may take.
    """

    interval: float
    forgiven_at: float = float("-inf")
    aborted_at: float | None = None

    def started(self) -> None:
        """Forget everything: another process has taken this place."""
        self.aborted_at = None
        self.forgiven_at = float("-inf")

    def forgive(self, now: float) -> None:
        """Count silence from `now` only."""
        self.forgiven_at = now

    def allowed(self, *, running: bool) -> float:
        """Return the silence allowed to a child that is `running` or still starting."""
        return self.interval if running else self.interval * START_ALLOWANCE

    def look_at(self, stamp: float, *, running: bool) -> float:
        """Return when `judge` may say something else than ALIVE."""
        if self.aborted_at is not None:
            return self.aborted_at + ABORT_GRACE
        return max(stamp, self.forgiven_at) + self.allowed(running=running)

    def judge(self, stamp: float, now: float, *, running: bool) -> Verdict:
        """Judge at `now` a child whose last stamp is `stamp`."""
        if self.aborted_at is not None:
            if now < self.look_at(stamp, running=running):
                return Verdict.ALIVE
            self.aborted_at = now  # one that the kernel cannot end now is not to be killed without pause
            return Verdict.KILL
        if now < self.look_at(stamp, running=running):
            return Verdict.ALIVE
        self.aborted_at = now
        return Verdict.ABORT


@structure(frozen=False)
class Reload:
    """One reload at a time; whatever is asked for meanwhile becomes one more afterwards.

    Attributes:
        reading: the configuration is being read.
        waiting: the children that have not acknowledged yet.
        queued: another reload was asked for meanwhile.
    """

    reading: bool = False
    waiting: set[str] = field(default_factory=set)
    queued: bool = False
    started_at: float = 0.0
    told_at: float = 0.0

    @property
    def running(self) -> bool:
        """Whether children are being waited for."""
        return bool(self.waiting)

    def requested(self) -> bool:
        """A reload is asked for; return whether it can begin now (otherwise it is queued)."""
        self.queued = self.reading or self.running
        return not self.queued

    def begun(self) -> None:
        """The configuration is being read from now on."""
        self.reading = True

    def refused(self) -> None:
        """What was read cannot be used: this reload is over."""
        self.reading = False

    def told(self, children: Iterable[str], now: float) -> None:
        """The new configuration is in place and these children have been told."""
        self.reading = False
        self.waiting = set(children)
        self.started_at = self.told_at = now

    def settled(self, child: str) -> None:
        """A child has acknowledged, or has died: its successor starts with the new configuration anyway."""
        self.waiting.discard(child)

    def overdue(self, now: float) -> set[str]:
        """Return the children to be told again."""
        if not self.waiting or now - self.told_at < RELOAD_RETRY:
            return set()
        self.told_at = now
        return set(self.waiting)

    def given_up(self, now: float) -> set[str]:
        """Return the children that will no longer be waited for."""
        if not self.waiting or now - self.started_at < RELOAD_LIMIT:
            return set()
        silent, self.waiting = self.waiting, set()
        return silent

    def next(self) -> bool:
        """Return whether a queued reload must begin now, and take it from the queue."""
        if self.reading or self.running or not self.queued:
            return False
        self.queued = False
        return True
