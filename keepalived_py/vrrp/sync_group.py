"""A sync group: virtual routers that are master together, BACKUP together, in FAULT together.

What follows from the states of the members is decided after each input of one of them (`settle`), in the order of the
configuration; nothing depends on what happened before, apart from the group's own state.
"""

from collections.abc import Mapping
from typing import NamedTuple

from keepalived_py.vrrp import cause as causes
from keepalived_py.vrrp.cause import Cause
from keepalived_py.vrrp.effects import Effect, Effects
from keepalived_py.vrrp.member import Member
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.state import State, Transition

_CONCERNS = frozenset({Effect.REPORT_TRANSITION, Effect.CONSULT_GROUP})


class Move(NamedTuple):
    """What one member does because of another.

    Attributes:
        name: of the member.
        effects: to be performed for it, in this order.
    """

    name: str
    effects: Effects


class Settlement(NamedTuple):
    """What a group does.

    Attributes:
        transition: of the group; None when its state stays.
        moves: of its members, in order.
    """

    transition: Transition | None
    moves: tuple[Move, ...]


SETTLED = Settlement(None, ())
"""Nothing is to be done."""


def concerns_group(effects: Effects) -> bool:
    """Return whether a group must be asked after its member answered an input with these effects."""
    return not _CONCERNS.isdisjoint(effects)


class SyncGroup:
    """The routers that change state together.

    Attributes:
        name: of the group.
        members: by name, in the order of the configuration.
        state: of the group; INIT until every member has started.
        transition: the last change of it; None before the first.
    """

    __slots__ = ("_culprit", "members", "name", "state", "transition")

    def __init__(self, name: str) -> None:
        self.name = name
        self.members: dict[str, VirtualRouter] = {}
        self.state = State.INIT
        self.transition: Transition | None = None
        self._culprit = ""

    def regrouped(self, members: Mapping[str, VirtualRouter]) -> None:
        """Take other members; those who left must have been told so (`left_group`)."""
        for name, router in members.items():
            router.instance.entered_group(self.name)
            if self.state is State.MASTER and name not in self.members:
                router.instance.joins_masters()
        self.members = dict(members)

    def rename(self, names: Mapping[str, str]) -> None:
        """Know the members by other names."""
        self.members = {names[name]: router for name, router in self.members.items()}
        self._culprit = names.get(self._culprit, "")

    def settle(self, now: float, name: str = "") -> Settlement:
        """Bring all members into one state.

        Args:
            now: monotonic seconds.
            name: of the member that has just been told something; empty when the group itself changed.
        """
        if self._find_culprit(name):
            return self._hold(now)
        if self.state is State.FAULT:
            return self._release(now, name)
        states = {router.state for router in self.members.values()}
        if not states or State.INIT in states:
            return SETTLED
        if states == {State.MASTER} and self.state is State.MASTER:
            return self._tell_of_rival(now, name)
        if all(_would_be_master(router.instance) for router in self.members.values()):
            return self._become_master(now, name)
        if State.MASTER not in states:
            return self._enter(now, State.BACKUP, Cause("every member listens"), [])
        if self.state is not State.MASTER:
            return self._wait_for_late_members(now)
        return self._leave_master(now, name)

    # FAULT

    def _find_culprit(self, name: str) -> str:
        """Return the member whose fault keeps the others out: as long as it has one always the same."""
        for candidate in (self._culprit, name, *self.members):
            router = self.members.get(candidate)
            if router is not None and router.instance.own_faults:
                self._culprit = candidate
                return candidate
        self._culprit = ""
        return ""

    def _hold(self, now: float) -> Settlement:
        moves = [Move(name, router.held_in_fault(now, self._reason_for(name))) for name, router in self.members.items()]
        return self._enter(now, State.FAULT, self._cause(self._culprit, self._fault_of(self._culprit)), moves)

    def _reason_for(self, name: str) -> Cause:
        """Return why the group keeps a member in FAULT, apart from the member's own reasons."""
        faulty = (other for other, router in self.members.items() if other != name and router.instance.own_faults)
        other = self._culprit if self._culprit != name else next(faulty, "")
        return self._cause(other, self._fault_of(other)) if other else causes.group_fault(self.name)

    def _fault_of(self, name: str) -> str:
        return self.members[name].instance.own_faults[0]

    def _release(self, now: float, name: str) -> Settlement:
        relieved = self.members.get(name)
        relief = relieved.instance.relief if relieved is not None else Cause("no member with a fault is left")
        cause = self._cause(name, relief)
        moves = [
            Move(other, router.released(now, relief if other == name else cause))
            for other, router in self.members.items()
        ]
        return self._enter(now, State.BACKUP, cause, moves)

    # MASTER

    def _become_master(self, now: float, name: str) -> Settlement:
        last = name if name in self.members and self.members[name].instance.wish else self._last_wish()
        wish = self.members[last].instance.wish if last else None
        cause = self._cause(last, wish) if wish is not None else Cause("every member is master")
        moves = [
            Move(other, router.joined_master(now, wish if other == last and wish is not None else cause))
            for other, router in self.members.items()
        ]
        return self._enter(now, State.MASTER, cause, moves)

    def _tell_of_rival(self, now: float, name: str) -> Settlement:
        """A rival of one member was master with its whole group: clients of the others may still believe in it."""
        router = self.members.get(name)
        if router is None or not router.instance.met_rival:
            return SETTLED
        moves = (Move(other, one.rival_met_by_member(now)) for other, one in self.members.items() if other != name)
        return Settlement(None, tuple(move for move in moves if move.effects))

    def _last_wish(self) -> str:
        return next((name for name, router in self.members.items() if router.instance.wish is not None), "")

    def _wait_for_late_members(self, now: float) -> Settlement:
        """Some members are master, taken over from a crashed process or brought together by a reload; others listen."""
        for router in self.members.values():
            router.instance.joins_masters()
        if any(_has_yielded(router.instance) for router in self.members.values()):
            return self._leave_master(now, "")
        masters = ", ".join(name for name, router in self.members.items() if router.state is State.MASTER)
        return self._enter(now, State.MASTER, Cause(f"{masters} went on as master"), [])

    def _leave_master(self, now: float, name: str) -> Settlement:
        yielded = [other for other, router in self.members.items() if _has_yielded(router.instance)]
        if not yielded:
            return SETTLED
        first = name if name in yielded else yielded[0]
        transition = self.members[first].transition
        cause = self._cause(first, transition.cause if transition is not None else "yielded")
        moves = [Move(other, router.left_master(now, cause)) for other, router in self.members.items()]
        return self._enter(now, State.BACKUP, cause, moves)

    # Everything

    def _cause(self, member: str, cause: str) -> Cause:
        return causes.group(self.name, member, cause)

    def _enter(self, now: float, state: State, cause: Cause, moves: list[Move]) -> Settlement:
        told = tuple(move for move in moves if move.effects)
        if state is self.state:
            return Settlement(None, told) if told else SETTLED
        self.transition = Transition(self.state, state, cause, now)
        self.state = state
        return Settlement(self.transition, told)


def _would_be_master(member: Member) -> bool:
    return member.state is State.MASTER or member.wish is not None


def _has_yielded(member: Member) -> bool:
    """Whether a BACKUP in a group of masters follows somebody, and does not merely come late."""
    return member.state is State.BACKUP and member.wish is None and not member.joins
