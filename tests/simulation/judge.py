"""The invariants, and the judge that watches every input for them."""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING

from keepalived_py.vrrp.authentication import AuthenticationType
from keepalived_py.vrrp.cause import Event
from keepalived_py.vrrp.effects import Effect, Effects
from keepalived_py.vrrp.state import State
from tests.simulation.bounds import master_down_interval
from tests.simulation.lan import NOBODY

if TYPE_CHECKING:
    from tests.simulation.node import Node
    from tests.simulation.world import World

_TAKEOVER = (Effect.SEND_ADVERT, Effect.ADD_ADDRESSES, Effect.ANNOUNCE, Effect.REPORT_TRANSITION)
_OF_A_MASTER = frozenset(
    {
        Effect.SEND_ADVERT,
        Effect.ADD_ADDRESSES,
        Effect.ANNOUNCE,
        Effect.REFRESH,
        Effect.ANNOUNCE_LOWER_PRIORITY,
        Effect.REPORT_LOWER_PRIORITY,
    }
)
_YIELDING = frozenset({Event.HIGHER_PRIORITY, Event.HIGHER_ADDRESS})
_MAY_SHORTEN = frozenset({"priority_changed", "reconfigured"})
_TOLERANCE = 1e-6


@unique
class Invariant(Enum):
    """What must hold in every history."""

    ONE_MASTER = "after convergence a partition has one master"
    BEST_MASTER = "after convergence nobody who would preempt has a higher priority than the master"
    CALM = "after convergence nobody changes state"
    TAKEOVER = "after a master's death the next takes over within Master_Down_Interval and one delay"
    HANDOVER = "after a resignation the next takes over within Skew_Time and one delay"
    RIVALRY = "of two masters that hear each other one yields within an advertisement interval and one delay"
    PARTING = "a master that yields to another one of its interval adverts once more, so that the other announces"
    ADOPTION = "nobody notices a process that is replaced within its peers' patience"
    FAULT = "nobody is master with a fault, and without one nobody is in FAULT"
    ADDRESSES = "a process holds the addresses if and only if it is master"
    ORDER = "a new master sends its advert, then adds its addresses, then announces them"
    ANNOUNCED = "nobody but a master adverts or announces, and nobody announces what is not there"
    CACHE = "after convergence the ARP caches point at the master"
    OVERSLEPT = "a master that slept beyond its peers' patience steps down before anything else"
    DEADLINE = "no input moves a deadline into the past, unless it shortens a wait that is over by now"
    CAUSE = "every change of state is reported with its cause"
    COUNTERS = "became master as often as released, plus one while it is master"
    NOTES = "no note is left behind unreported"
    CORRUPTION = "an advert that was damaged on its way is not believed"


class Violation(AssertionError):  # noqa: N818 - what it is about is an invariant
    """An invariant did not hold.

    Attributes:
        invariant: which.
        at: real seconds since the world began.
    """

    def __init__(self, invariant: Invariant, at: float, text: str) -> None:
        super().__init__(f"{invariant.name} at {at:.6f}: {invariant.value}, but {text}")
        self.invariant = invariant
        self.at = at


class Judge:
    """Watches a world. Whoever disturbs the world says so here, before the routers hear of it.

    Attributes:
        disturbed_at: when the last disturbance ends or ended.
        checkpoints: how often a whole LAN was found converged; shows that histories do reach calm.
        expectations: how often a takeover or handover was seen within its bound.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.disturbed_at = 0.0
        self.checkpoints = 0
        self.expectations = 0
        self._epoch = 0
        self._reach_changed_at = 0.0
        self._adopting_until = 0.0

    # Disturbances

    @property
    def is_settled(self) -> bool:
        """Whether everything has had the time to converge."""
        world = self._world
        return world.lan.is_calm and world.now > self.disturbed_at + world.bounds.convergence

    def disturbed(self, *, reach: bool = False, lasting: float = 0.0) -> None:
        """The election may change from now on.

        Args:
            reach: announcements may have missed somebody, or will.
            lasting: seconds for which what was sent before may still arrive.
        """
        world = self._world
        self._epoch += 1
        self.disturbed_at = max(self.disturbed_at, world.now + lasting)
        if reach:
            self._reach_changed_at = self.disturbed_at
        world.at(self.disturbed_at + world.bounds.convergence + _TOLERANCE, self._checkpoint, self._epoch)
        self.watch_rivals()

    def will_be_adopted(self, until: float) -> None:
        """A process crashed and will be replaced so soon that nobody may notice."""
        self._adopting_until = max(self._adopting_until, until + self._world.bounds.convergence)

    def master_will_die(self, node: Node, *, resigning: bool) -> None:
        """A master ends now, with or without a word; whoever is left in a settled LAN has to replace it in time."""
        world = self._world
        if not (self.is_settled and node.is_eligible and node.is_master):
            return
        others = [other for other in self._members(node) if other is not node]
        if not others:
            return
        limit = world.bounds.handover if resigning else world.bounds.takeover
        interval = node.parameters.advertisement_interval
        bound = min(limit(other.parameters, other.effective_priority, interval) for other in others)
        invariant = Invariant.HANDOVER if resigning else Invariant.TAKEOVER
        # The disturbance that follows this is the last one that counts.
        world.at(world.now + bound, self._expect_master, invariant, others, self._epoch + 1, bound)

    def _expect_master(self, invariant: Invariant, others: list[Node], epoch: int, bound: float) -> None:
        if epoch != self._epoch:
            return
        self.expectations += 1
        if not any(other.is_master for other in others):
            self._fail(invariant, f"none of {_names(others)} is master {bound:.6f} s later")

    # What a router decided

    def decided(self, node: Node, what: str, before: State, effects: Effects, local: float) -> None:
        """Judge an answer before it is performed."""
        after = node.state
        if after is not before:
            self._judge_transition(node, what, before, effects, local)
        is_involved = State.MASTER in {before, after}
        if not is_involved and any(effect in _OF_A_MASTER for effect in effects):
            self._fail(Invariant.ANNOUNCED, f"n{node.index} in {after.name} asks for {_words(effects)}")
        if node.must_yield:
            self._judge_late_master(node, effects)

    def _judge_transition(self, node: Node, what: str, before: State, effects: Effects, local: float) -> None:
        assert node.router is not None
        transition = node.router.transition
        after = node.state
        if what == "adopted" and after is State.MASTER and Effect.REPORT_TRANSITION not in effects:
            # To the outside nothing has changed.
            node.was_adopted = True
        elif Effect.REPORT_TRANSITION not in effects or transition is None or not transition.cause:
            self._fail(Invariant.CAUSE, f"n{node.index} went from {before.name} to {after.name} without a word")
        elif transition[-1] != local or transition.new is not after:
            self._fail(Invariant.CAUSE, f"n{node.index} reports {transition}")
        if before is State.MASTER and Effect.SEND_ADVERT in effects:
            node.yielded_at = self._world.now
        if transition is not None and transition.event in _YIELDING:
            self._judge_parting(node, effects)
        if after is State.MASTER:
            node.master_since = self._world.now
            self.watch_rivals()
            if not node.was_adopted and effects[:4] != _TAKEOVER:
                self._fail(Invariant.ORDER, f"n{node.index} became master with {_words(effects)}")
        if self.is_settled and what != "adopted":
            text = f"n{node.index} went from {before.name} to {after.name}"
            self._fail(Invariant.ADOPTION if self._world.now < self._adopting_until else Invariant.CALM, text)

    def _judge_parting(self, node: Node, effects: Effects) -> None:
        intervals = {other.parameters.advertisement_interval for other in self._world.nodes}
        if len(intervals) == 1 and effects[0] is not Effect.SEND_ADVERT:
            self._fail(Invariant.PARTING, f"n{node.index} yields with {_words(effects)}")

    def _judge_late_master(self, node: Node, effects: Effects) -> None:
        if effects[0] in _OF_A_MASTER or (node.state is State.MASTER and Effect.REPORT_NOTES not in effects):
            self._fail(Invariant.OVERSLEPT, f"n{node.index} asks for {_words(effects)}")
        node.must_yield = node.state is State.MASTER

    def retimed(self, node: Node, what: str, local: float, old_deadline_at: float) -> None:
        """Judge a deadline that an input has moved."""
        assert node.router is not None
        late = local - node.router.deadline_at
        if late > _TOLERANCE and old_deadline_at > local and what not in _MAY_SHORTEN:
            self._fail(Invariant.DEADLINE, f"n{node.index} wants to be called {late:.6f} s ago after {what}")

    def fed(self, node: Node, effects: Effects) -> None:
        """Judge a router and its machine after its answer was performed."""
        router = node.router
        assert router is not None
        is_master = router.state is State.MASTER
        if node.holds is not is_master:
            self._fail(Invariant.ADDRESSES, f"n{node.index} in {router.state.name} holds them: {node.holds}")
        if router.state is not State.INIT and bool(node.faults) is not (router.state is State.FAULT):
            self._fail(Invariant.FAULT, f"n{node.index} is in {router.state.name} with {node.faults}")
        counters = router.counters
        if counters.become_master + node.was_adopted != counters.release_master + is_master:
            self._fail(Invariant.COUNTERS, f"n{node.index} in {router.state.name} counts {counters}")
        if counters.advert_sent != node.sent:
            self._fail(Invariant.COUNTERS, f"n{node.index} was asked for {node.sent} adverts and counts {counters}")
        notes = router.instance.notes
        if notes:
            if Effect.REPORT_NOTES not in effects:
                self._fail(Invariant.NOTES, f"n{node.index} has {notes} after {_words(effects)}")
            notes.clear()

    def damaged(self, node: Node, believed: int) -> None:
        """A damaged datagram has been given to a router whose count of believed adverts was this before."""
        assert node.router is not None
        if node.router.counters.advert_rcvd != believed:
            self._fail(Invariant.CORRUPTION, f"n{node.index} believed a damaged advert")

    # A process that slept

    def resumed(self, node: Node) -> None:
        """A paused process is about to hear and to do what has waited."""
        assert node.router is not None
        other = node.router.instance.highest_other_priority
        patience = master_down_interval(node.parameters, other, node.parameters.advertisement_interval)
        slept = node.local(self._world.now) - node.sent_local
        is_late = slept >= patience + _TOLERANCE and other > 0 and not node.parameters.is_owner
        node.must_yield = node.state is State.MASTER and is_late

    def drained(self, node: Node) -> None:
        """A process that slept has heard and done everything."""
        if node.must_yield:
            self._fail(Invariant.OVERSLEPT, f"n{node.index} is still master")

    # What a LAN looks like

    def _members(self, node: Node) -> list[Node]:
        group = self._world.lan.groups[node.index]
        return [
            other for other in self._world.nodes if other.is_eligible and self._world.lan.groups[other.index] == group
        ]

    def _partitions(self) -> list[list[Node]]:
        groups: dict[int, list[Node]] = {}
        for node in self._world.nodes:
            if node.is_eligible:
                groups.setdefault(self._world.lan.groups[node.index], []).append(node)
        return list(groups.values())

    def watch_rivals(self) -> None:
        """See to it that masters of one partition do not stay for long."""
        world = self._world
        if not world.lan.is_calm:
            return
        for members in self._partitions():
            masters = [node for node in members if node.is_master]
            if len(masters) > 1:
                begins_at = max(world.now, self.disturbed_at)
                world.at(begins_at + world.bounds.rivalry, self._judge_rivals, masters, begins_at, self._epoch)

    def _judge_rivals(self, masters: list[Node], since: float, epoch: int) -> None:
        still = [node for node in masters if node.is_master and node.master_since <= since]
        if epoch == self._epoch and len(still) > 1:
            self._fail(Invariant.RIVALRY, f"{_names(still)} are all master since {since:.6f}")

    def _checkpoint(self, epoch: int) -> None:
        if epoch != self._epoch or not self.is_settled or self._world.now < self._adopting_until:
            return
        self.checkpoints += 1
        for members in self._partitions():
            masters = [node for node in members if node.is_master]
            if len(masters) != 1:
                self._fail(Invariant.ONE_MASTER, f"of {_names(members)} {_names(masters)} are master")
            self._judge_best(masters[0], members)
            self._judge_caches(masters[0], members)

    def _judge_best(self, master: Node, members: list[Node]) -> None:
        for node in members:
            if node.effective_priority > master.effective_priority and node.parameters.preempt_mode:
                text = f"n{node.index} (priority {node.effective_priority}) leaves it to n{master.index}"
                self._fail(Invariant.BEST_MASTER, f"{text} (priority {master.effective_priority})")

    def _judge_caches(self, master: Node, members: list[Node]) -> None:
        for node in members:
            believed = self._world.lan.caches[node.index]
            if believed != master.index and self._must_be_known(master, believed):
                text = f"clients beside n{node.index} believe n{believed}, and n{master.index} is master"
                self._fail(Invariant.CACHE, f"{text} and announced at {master.announced_at:.6f}")

    def _must_be_known(self, master: Node, believed: int) -> bool:
        """Whether the master had a reason to announce since clients began to believe somebody else.

        A rival that yields in silence, because its interval is another one, to a master that never heard it leaves
        its clients behind: that is what `higher_prio_send_advert` and `garp_master_refresh` are for.
        """
        since = self._reach_changed_at
        if master.parameters.garp_master_refresh:
            return True
        if believed == NOBODY:
            return master.announced_at >= since
        rival = self._world.nodes[believed]
        # Sequence numbers may make the master refuse what it should answer.
        is_counted = master.parameters.authentication.type is AuthenticationType.HEADER
        is_near = self._world.lan.reaches(believed, master.index)
        is_deaf = master.parameters.is_owner and master.parameters.owner_ignore_adverts
        answers = is_near and not is_deaf and master.parameters.garp_lower_prio_repeat > 0 and not is_counted
        if answers and rival.yielded_at >= since:
            return True
        if master.announced_at < since:
            return False
        # What a rival announces by a timer, in the moment before it hears of the master, is followed by no advert.
        began_as_rival = rival.announced_at == rival.master_since >= max(since, master.master_since)
        return rival.announced_at <= master.announced_at or (answers and began_as_rival)

    def _fail(self, invariant: Invariant, text: str) -> None:
        raise Violation(invariant, self._world.now, text)


def _names(nodes: list[Node]) -> str:
    return " ".join(f"n{node.index}" for node in nodes) or "none"


def _words(effects: Effects) -> str:
    return " ".join(effect.name for effect in effects) or "nothing"
