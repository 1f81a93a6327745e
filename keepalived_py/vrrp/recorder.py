"""Writes the history of the instances: each transition with its cause and the circumstances of that moment."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from keepalived_py.observability.history import Record
from keepalived_py.vrrp.cause import Event
from keepalived_py.vrrp.follower import Follower
from keepalived_py.vrrp.reception import address_text

if TYPE_CHECKING:
    from keepalived_py.observability.history import History
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.running import RunningInstance
    from keepalived_py.vrrp.state import Rival, Transition

PAUSE = 60.0
"""Seconds in which a master that goes on hearing lower priorities is recorded once."""


class Recorder(Follower):
    """Transitions it stores when they are made; all else it hears as a follower.

    Args:
        reactor: clock, and how late it serves deadlines.
        history: where records go.
    """

    def __init__(self, reactor: Reactor, history: History) -> None:
        self._reactor = reactor
        self._history = history
        self._priorities: dict[str, int] = {}
        self._lower_heard_at: dict[str, float] = {}

    def witnessed(self, running: RunningInstance, transition: Transition) -> None:
        """An instance is changing its state: store it at once, while the circumstances are those of that moment."""
        lateness = self._reactor.lateness
        self._append(running, "transition", transition.cause, transition, lateness=lateness)

    def group_transition_made(self, name: str, transition: Transition) -> None:
        """A sync group changed its state."""
        old, new = transition.old.name, transition.new.name
        texts = ("group", name, old, new, transition.event.value, transition.source, "", transition.cause)
        self._history.append(Record(*texts, at=transition.at, wall=time.time()))

    def priority_changed(self, running: RunningInstance, old: int, new: int) -> None:
        """Tracking or a reload changed the effective priority of an instance."""
        self._priorities[running.name] = old
        self._append(running, "priority", f"effective priority {old} -> {new}", event=Event.PRIORITY)

    def lower_priority_heard(self, running: RunningInstance) -> None:
        """A master heard an advert with a lower priority."""
        now = self._reactor.time()
        if now - self._lower_heard_at.get(running.name, -PAUSE) >= PAUSE:
            self._lower_heard_at[running.name] = now
            self._append(running, "lower priority", "advert with a lower priority heard", event=Event.LOWER_PRIORITY)

    def dual_master_found(self, running: RunningInstance, rival: Rival) -> None:
        """An instance is MASTER and heard another one."""
        source = address_text(rival.source)
        text = f"{source} adverts too: {rival.reason}"
        self._append(running, "dual master", text, event=Event.DUAL_MASTER, source=source)

    def adopted(self, running: RunningInstance) -> None:
        """An instance goes on as MASTER where a crashed process stopped: no transition, but worth knowing."""
        self._append(running, "adoption", "goes on as MASTER after a crash", event=Event.ADOPTED)

    def process(self, kind: str, cause: str) -> None:
        """The whole process started or took another configuration."""
        texts = (kind, "", "", "", "", "", "", cause)
        self._history.append(Record(*texts, at=self._reactor.time(), wall=time.time()))

    def _append(
        self,
        running: RunningInstance,
        kind: str,
        cause: str,
        transition: Transition | None = None,
        *,
        event: Event = Event.OTHER,
        source: str = "",
        lateness: float = 0.0,
    ) -> None:
        instance = running.router.instance
        state = instance.state.name
        made = transition
        self._history.append(
            Record(
                kind=kind,
                instance=running.name,
                old=made.old.name if made else state,
                new=made.new.name if made else state,
                event=(made.event if made else event).value,
                source=made.source if made else source,
                master=address_text(instance.master_address) if instance.master_address else "",
                cause=cause,
                at=made.at if made else self._reactor.time(),
                wall=time.time(),
                old_priority=self._priorities.get(running.name, 0),
                priority=instance.priority,
                advertisement_interval=instance.master_interval,
                master_down_interval=instance.master_down_interval,
                lateness=lateness,
            )
        )
        self._priorities[running.name] = instance.priority
