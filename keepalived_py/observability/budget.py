"""How many log lines one source may cause: a token bucket that counts what it held back."""

from __future__ import annotations


class LineBudget:
    """Lines that strangers can cause, for example by sending adverts.

    Args:
        burst: lines that may come at once.
        interval: seconds after which one more is allowed.
    """

    __slots__ = ("_burst", "_interval", "_tokens", "_updated_at", "held_back")

    def __init__(self, burst: int, interval: float) -> None:
        self._burst = burst
        self._interval = interval
        self._tokens = float(burst)
        self._updated_at = 0.0
        self.held_back = 0

    def allows(self, now: float) -> bool:
        """Return whether a line may be logged at `now` (seconds, monotonic); count it as held back otherwise."""
        earned = (now - self._updated_at) / self._interval
        self._tokens = min(float(self._burst), self._tokens + earned)
        self._updated_at = now
        if self._tokens < 1.0:
            self.held_back += 1
            return False
        self._tokens -= 1.0
        return True

    def take_held_back(self) -> int:
        """Return how many lines were held back since the last call."""
        held_back, self.held_back = self.held_back, 0
        return held_back
