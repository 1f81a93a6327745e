"""When to put back a virtual address that another program removed: a decision, without the doing."""

from __future__ import annotations

DELAYS = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each attempt in a row."""
CALM = 60.0
"""Seconds without a removal after which the count starts again; also how long we stay away after giving up."""


class Restoration:
    """The history of one address: how often in a row it was taken away from us."""

    __slots__ = ("_last_removed_at", "attempts")

    def __init__(self) -> None:
        self.attempts = 0
        self._last_removed_at = float("-inf")

    def removed(self, now: float) -> float | None:
        """Another program removed the address.

        Returns:
            Seconds to wait before it is put back, or None when the fight is lost: another router should have it.
        """
        if now - self._last_removed_at > CALM:
            self.attempts = 0
        self._last_removed_at = now
        if self.attempts >= len(DELAYS):
            self.attempts = 0
            return None
        delay = DELAYS[self.attempts]
        self.attempts += 1
        return delay

    def forgive(self) -> None:
        """It was nobody's doing: the last removal does not count."""
        self.attempts = max(0, self.attempts - 1)
