"""The invariants of sync groups and of tracking, and the judge that watches every input for them."""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING

from keepalived_py.vrrp.cause import Cause, Event
from keepalived_py.vrrp.state import State
from tests.simulation.groups.plan import GROUP, MEMBER_SCRIPT, VITAL_SCRIPT, WEIGHED_SCRIPT

if TYPE_CHECKING:
    from tests.simulation.groups.machine import Machine
    from tests.simulation.groups.world import World

_TOLERANCE = 1e-6
Look = tuple[tuple[bool | None, ...], int]


@unique
class Invariant(Enum):
    """What must hold in every history."""

    TOGETHER = "after each input all members of a group are in one state, but for those that join masters"
    FAULT = "a group is in FAULT if and only if one of its members has a reason of its own"
    PRIORITY = "the effective priority is the configured one and all weights, between 1 and 254"
    ADDRESSES = "the addresses of a member are there if and only if it is master"
    CAUSE = "every change of state has a cause, and that of a member that follows names the group"
    COUNTERS = "became master as often as released, plus one while it is master"
    ONE_MASTER = "after convergence one machine of each partition that has a healthy one is master of the whole group"
    BEST_MASTER = "after convergence nobody who would preempt has a higher priority than the master"
    CALM = "after convergence nobody changes state"
    TAKEOVER = "after a master's end another machine has the whole group within its bound"


class Violation(AssertionError):  # noqa: N818 - what it is about is an invariant
    """An invariant did not hold."""

    def __init__(self, invariant: Invariant, at: float, text: str) -> None:
        super().__init__(f"{invariant.name} at {at:.6f}: {invariant.value}, but {text}")
        self.invariant = invariant


class Judge:
    """Watches a world. Whoever disturbs the world says so here, before the machines hear of it.

    Attributes:
        checkpoints: how often everything was found converged.
        expectations: how often a takeover was seen within its bound.
        moves: how often a member followed another one.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._epoch = 0
        self._disturbed_at = 0.0
        # Members wait for each other, and a machine may have to wait until a better one has given up.
        self._patience = 2 * world.bounds.convergence
        self.checkpoints = self.expectations = self.moves = 0

    # Disturbances

    @property
    def is_calm(self) -> bool:
        """Whether all LANs work and are parted alike."""
        lans = self._world.lans
        return all(lan.is_calm and lan.groups == lans[0].groups for lan in lans)

    @property
    def is_settled(self) -> bool:
        """Whether everything has had the time to converge."""
        return self.is_calm and self._world.now > self._disturbed_at + self._patience

    def disturbed(self, *, lasting: float = 0.0) -> None:
        """The elections may change from now on.

        Args:
            lasting: seconds for which what was sent before may still arrive.
        """
        world = self._world
        self._epoch += 1
        self._disturbed_at = max(self._disturbed_at, world.now + lasting)
        world.at(self._disturbed_at + self._patience + _TOLERANCE, self._checkpoint, self._epoch)

    def master_will_end(self, machine: Machine) -> None:
        """A master ends now; in a settled world another healthy machine has to have the group in time."""
        world = self._world
        if not (self.is_settled and machine.is_master):
            return
        others = [other for other in self._partition(machine) if other is not machine and self.is_healthy(other)]
        if not others:
            return
        bound = min(
            world.bounds.takeover(running.router.parameters, self.expected_priority(other), world.plan.interval)
            for other in others
            for running in list(other.members.values())[:1]
        )
        world.at(world.now + bound, self._expect_master, others, self._epoch + 1, bound)

    def _expect_master(self, others: list[Machine], epoch: int, bound: float) -> None:
        if epoch != self._epoch:
            return
        self.expectations += 1
        if not any(other.is_master for other in others):
            self._fail(Invariant.TAKEOVER, f"none of {_names(others)} is master {bound:.6f} s later")

    # After every input

    def look(self, machine: Machine) -> Look:
        """What an election depends on."""
        verdicts = tuple(one.is_good for one in machine.verdicts.values())
        return verdicts, self.expected_priority(machine)

    def told(self, machine: Machine) -> None:
        """Judge a machine after it was told something and has done what follows from it."""
        transitions, machine.transitions = machine.transitions, []
        if machine.roster is None:
            return
        self._judge_transitions(machine, transitions)
        self._judge_states(machine)
        expected = self.expected_priority(machine)
        for name, running in machine.members.items():
            router = running.router
            is_master = router.state is State.MASTER
            if (name in machine.holds) is not is_master:
                self._fail(Invariant.ADDRESSES, f"m{machine.index} {name} in {router.state.name} has {machine.holds}")
            begun = router.counters.become_master + (name in machine.adopted)
            if begun != router.counters.release_master + is_master:
                self._fail(Invariant.COUNTERS, f"m{machine.index} {name} counts {router.counters}")
            if router.instance.priority != expected:
                self._judge_priority(machine, name, expected)

    def _judge_transitions(self, machine: Machine, transitions: list[tuple[str, State, str]]) -> None:
        for name, state, cause in transitions:
            if not cause:
                self._fail(Invariant.CAUSE, f"m{machine.index} {name} entered {state.name} without one")
            if isinstance(cause, Cause) and cause.event is Event.GROUP:
                self.moves += 1
                if cause.source != GROUP or not cause.startswith(f"sync group {GROUP}"):
                    self._fail(Invariant.CAUSE, f"m{machine.index} {name} entered {state.name}: {cause}")
            if self.is_settled:
                self._fail(Invariant.CALM, f"m{machine.index} {name} entered {state.name}: {cause}")

    def _judge_states(self, machine: Machine) -> None:
        assert machine.roster is not None
        members = {name: running.router for name, running in machine.members.items()}
        steady = {router.state for router in members.values() if not router.instance.joins}
        if len(steady) > 1:
            states = {name: router.state.name for name, router in members.items()}
            self._fail(Invariant.TOGETHER, f"on m{machine.index} they are {states}")
        state = machine.roster.groups.groups[GROUP].machine.state
        if State.INIT in steady or not steady:
            return
        if steady != {state}:
            self._fail(Invariant.TOGETHER, f"the group on m{machine.index} is {state.name} and they are {steady}")
        has_fault = any(router.instance.own_faults for router in members.values())
        if has_fault is not (state is State.FAULT):
            faults = {name: router.instance.faults for name, router in members.items()}
            self._fail(Invariant.FAULT, f"the group on m{machine.index} is {state.name} with {faults}")

    def _judge_priority(self, machine: Machine, name: str, expected: int) -> None:
        """The ladder against a sum that is computed from everything the sources ever said."""
        assert machine.roster is not None
        if not machine.is_reloading and not machine.roster.tracking.is_incomplete(name):
            priority = machine.members[name].router.instance.priority
            self._fail(Invariant.PRIORITY, f"that of m{machine.index} {name} is {priority} instead of {expected}")

    # What it ought to be

    def expected_priority(self, machine: Machine) -> int:
        """Return the priority from the plan and the whole history of results, without the machine's own sums."""
        plan = machine.plan
        total = plan.priority
        sign = -1 if plan.reverse else 1
        is_good = machine.verdicts[WEIGHED_SCRIPT].is_good
        if is_good is not None and is_good is (plan.script_weight > 0):
            total += sign * plan.script_weight
        if plan.interface_weight and machine.extra_link is (plan.interface_weight > 0):
            total += plan.interface_weight
        product = machine.number * plan.file_weight
        if product >= -253:
            total += min(product, 253)
        return max(1, min(total, 254))

    def is_healthy(self, machine: Machine) -> bool:
        """Return whether nothing keeps a machine from being master."""
        if not machine.is_running:
            return False
        plan = machine.plan
        vital = all(machine.verdicts[name].is_good for name in (VITAL_SCRIPT, MEMBER_SCRIPT))
        interfaces = all(machine.links) and (machine.extra_link or plan.interface_weight != 0)
        file = machine.number == 0 if not plan.file_weight else machine.number * plan.file_weight >= -253
        return vital and interfaces and file

    def _partition(self, machine: Machine) -> list[Machine]:
        groups = self._world.lans[0].groups
        return [other for other in self._world.machines if groups[other.index] == groups[machine.index]]

    def _checkpoint(self, epoch: int) -> None:
        if epoch != self._epoch or not self.is_settled:
            return
        self.checkpoints += 1
        for machine in self._world.machines:
            partition = self._partition(machine)
            healthy = [other for other in partition if self.is_healthy(other)]
            if partition[0] is not machine or not healthy:
                continue
            masters = [other for other in partition if State.MASTER in other.states]
            if len(masters) != 1 or not masters[0].is_master:
                states = {f"m{other.index}": [state.name for state in other.states] for other in partition}
                self._fail(Invariant.ONE_MASTER, f"of {_names(healthy)} {_names(masters)} are master: {states}")
            self._judge_best(masters[0], healthy)

    def _judge_best(self, master: Machine, healthy: list[Machine]) -> None:
        for machine in healthy:
            mine, best = self.expected_priority(machine), self.expected_priority(master)
            if machine.plan.preempts and mine > best:
                text = f"m{machine.index} (priority {mine}) leaves it to m{master.index} (priority {best})"
                self._fail(Invariant.BEST_MASTER, text)

    def _fail(self, invariant: Invariant, text: str) -> None:
        raise Violation(invariant, self._world.now, text)


def _names(machines: list[Machine]) -> str:
    return " ".join(f"m{machine.index}" for machine in machines) or "none"
