"""When the number of processes counts: at once, or after the patience that was configured."""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keepalived_py.config.model.tracking import TrackProcess


@unique
class Cause(Enum):
    """Why a number changed."""

    FORK = "fork"
    END = "end"
    OTHER = "other"


class ProcessQuorum:
    """One vrrp_track_process: what is known of its number, and what has been told.

    Args:
        definition: quorum and delays.

    Attributes:
        told: the number that was told last; None before the first.
        due_at: when a change that waits must be told; None when none waits.
    """

    def __init__(self, definition: TrackProcess) -> None:
        self.definition = definition
        self.told: int | None = None
        self.due_at: float | None = None

    def holds(self, count: int) -> bool:
        """Return whether a number is within the quorum."""
        most = self.definition.quorum_max
        return self.definition.quorum <= count and (most is None or count <= most)

    def counted(self, now: float, count: int, cause: Cause) -> bool:
        """The number is another; return whether it must be told now.

        A fork and an end that change whether there is a quorum wait for their delay, and come to nothing when the
        quorum is as before by then. Renaming and executing a program count at once, unless a delay runs already.
        """
        if self.told is not None and self.holds(count) != self.holds(self.told):
            if self.due_at is None:
                delay = self._delay(cause)
                self.due_at = now + delay if delay else None
            if self.due_at is not None:
                return False
        return self._tell(count)

    def deadline_reached(self, count: int) -> bool:
        """The patience is over; return whether the number must be told now."""
        return self.due_at is not None and self._tell(count)

    def _delay(self, cause: Cause) -> float:
        if cause is Cause.OTHER:
            return 0.0
        return self.definition.fork_delay if cause is Cause.FORK else self.definition.terminate_delay

    def _tell(self, count: int) -> bool:
        self.due_at = None
        changed = count != self.told
        self.told = count
        return changed
