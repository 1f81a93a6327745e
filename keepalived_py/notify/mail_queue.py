"""Which alerts are sent when: those of a moment together, failures again after longer and longer pauses."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keepalived_py.notify.mail import Alert

GATHERING = 1.0
"""Seconds in which further alerts join the first one's mail."""
FIRST_PAUSE = 10.0
LONGEST_PAUSE = 600.0
"""Seconds between attempts: the first pause, doubled after each failure up to the longest."""
MOST_WAITING = 200
"""Alerts that wait; beyond that the oldest goes."""
LONGEST_WAIT = 4 * 3600.0
"""Seconds after which an alert is no news."""


class MailQueue:
    """The alerts of one process.

    Attributes:
        due_at: when `take` has something to give; infinite for never.
        given_up: alerts that were too old or too many since a mail last told their number.
    """

    __slots__ = ("_failures", "_in_flight", "_waiting", "due_at", "given_up")

    def __init__(self) -> None:
        self.due_at = inf
        self.given_up = 0
        self._waiting: deque[tuple[float, Alert]] = deque()
        self._in_flight: tuple[tuple[float, Alert], ...] = ()
        self._failures = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._in_flight)

    def add(self, alert: Alert, now: float) -> None:
        """Something is to be told."""
        self._waiting.append((now, alert))
        self._limit()
        if not self._in_flight and self.due_at == inf:
            self.due_at = now + GATHERING

    def take(self, now: float) -> list[Alert]:
        """Return the alerts for one mail, oldest first; then `sent` or `failed` must say what became of it."""
        while self._waiting and now - self._waiting[0][0] > LONGEST_WAIT:
            self._waiting.popleft()
            self.given_up += 1
        self._in_flight = tuple(self._waiting)
        self._waiting.clear()
        self.due_at = inf
        return [alert for _, alert in self._in_flight]

    def take_given_up(self) -> int:
        """Return how many alerts were given up, and forget it."""
        count, self.given_up = self.given_up, 0
        return count

    def sent(self, now: float) -> None:
        """The mail has been sent, or never can be."""
        self._in_flight = ()
        self._failures = 0
        self.due_at = now + GATHERING if self._waiting else inf

    def failed(self, now: float) -> float:
        """The mail could not be sent now; return the seconds until the next attempt."""
        self._waiting.extendleft(reversed(self._in_flight))
        self._in_flight = ()
        self._limit()
        pause = min(FIRST_PAUSE * 2.0**self._failures, LONGEST_PAUSE)
        self._failures = min(self._failures + 1, 10)
        self.due_at = now + pause
        return pause

    def _limit(self) -> None:
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self.given_up += 1
