"""Who hears what became of an instance: notify scripts, pipes, mails, the history, other processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keepalived_py.vrrp.running import RunningInstance
    from keepalived_py.vrrp.state import Rival, Transition


class Follower:
    """Is told in the order of events, after the frames of a takeover have left; must not block.

    Hears what it overrides, and of the rest nothing. Nothing that happened is left out, however soon the next event
    comes; at the end of an instance everything has been told before it is gone.
    """

    def transition_made(self, running: RunningInstance, transition: Transition) -> None:
        """An instance changed its state."""

    def lower_priority_heard(self, running: RunningInstance) -> None:
        """A master heard an advert with a lower priority."""

    def dual_master_found(self, running: RunningInstance, rival: Rival) -> None:
        """An instance is MASTER and heard another one; told once until that has been quiet for a minute."""

    def priority_changed(self, running: RunningInstance, old: int, new: int) -> None:
        """Tracking or a reload changed the effective priority of an instance."""

    def group_transition_made(self, name: str, transition: Transition) -> None:
        """A sync group changed its state; told after what became of its members, at the start before it."""
