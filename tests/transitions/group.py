"""Sync groups brought into each state by inputs alone, for the tables of this directory."""

from typing import Any

from keepalived_py.vrrp.effects import Effects
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.state import State, Transition
from keepalived_py.vrrp.sync_group import Settlement, SyncGroup, concerns_group
from tests.transitions.machine import DOWN_INTERVAL, HIGHER, LOWER, NOW, OURS, STARTED_AT, parameters

FAULT = "interface eth1 is down"
GOOD_NEWS = "interface eth1 came up"
Done = list[tuple[str, Effects]]


class Group:
    """A sync group with the manners of the roster: it is asked after every input that concerns it.

    Attributes:
        done: effects of the last input, own ones first, then those of the other members.
        settlement: what the group made of it.
    """

    def __init__(self, *names: str, **changes: Any) -> None:
        self.group = SyncGroup("G1")
        self.routers = {
            name: VirtualRouter(parameters(name=name, vrid=51 + number, **changes))
            for number, name in enumerate(names or ("A", "B", "C"))
        }
        self.group.regrouped(self.routers)
        self.done: Done = []
        self.settlement: Settlement | None = None

    @property
    def states(self) -> str:
        """One letter per member, e.g. `BBB`."""
        return "".join(router.state.name[0] for router in self.routers.values())

    @property
    def state(self) -> State:
        return self.group.state

    def tell(self, name: str, what: str, *arguments: Any, now: float = NOW) -> Done:
        """Give one member an input; return everything that is done because of it."""
        router = self.routers[name]
        if what == "advert_received":
            effects = router.instance.advert_received(now, *arguments)
        else:
            effects = getattr(router, what)(now, *arguments)
        self.done = [(name, effects)] if effects else []
        self.settlement = self.group.settle(now, name) if concerns_group(effects) else None
        if self.settlement is not None:
            self.done += self.settlement.moves
        for other in self.routers.values():
            other.instance.notes.clear()
        return self.done

    def reported(self) -> Transition | None:
        """Return the transition of the group that the last input caused."""
        return self.settlement.transition if self.settlement else None

    def start(self, now: float = STARTED_AT) -> None:
        self.group.settle(now)
        for name in self.routers:
            self.tell(name, "started", now=now)

    def time_out(self, name: str, now: float = NOW) -> Done:
        """Let a member's deadline come."""
        self.routers[name].instance.deadline_at = min(self.routers[name].instance.deadline_at, now)
        return self.tell(name, "deadline_reached", now=now)

    def hear(self, name: str, priority: int, *, now: float = NOW) -> Done:
        source = HIGHER if priority > self.routers[name].instance.priority else LOWER
        return self.tell(name, "advert_received", source, priority, 1.0, now=now)


def backups(*names: str, **changes: Any) -> Group:
    group = Group(*names, **changes)
    group.start()
    assert set(group.states) == {"B"}
    assert group.state is State.BACKUP
    return group


def masters(*names: str, **changes: Any) -> Group:
    """All members master since NOW - 0.5."""
    group = Group(*names, **changes)
    group.start(NOW - 0.5 - DOWN_INTERVAL)
    for name in group.routers:
        group.time_out(name, NOW - 0.5)
    assert set(group.states) == {"M"}
    assert group.state is State.MASTER
    return group


def faulty(*names: str, **changes: Any) -> Group:
    """A has a fault, the others are held by the group."""
    group = backups(*names, **changes)
    group.tell("A", "fault_found", FAULT, now=STARTED_AT)
    assert set(group.states) == {"F"}
    assert group.state is State.FAULT
    return group


__all__ = ["FAULT", "GOOD_NEWS", "HIGHER", "LOWER", "NOW", "OURS", "Group", "backups", "faulty", "masters"]
