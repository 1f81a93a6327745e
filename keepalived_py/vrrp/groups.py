"""The sync groups of the process: who belongs to which, and what members do because of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.notify import vocabulary
from keepalived_py.vrrp.cause import Cause, Event
from keepalived_py.vrrp.running import RunningGroup
from keepalived_py.vrrp.state import State, Transition
from keepalived_py.vrrp.sync_group import SyncGroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keepalived_py.config.model import Config
    from keepalived_py.observability.log import Log
    from keepalived_py.vrrp.executor import Executor
    from keepalived_py.vrrp.follower import Follower
    from keepalived_py.vrrp.running import RunningInstance
    from keepalived_py.vrrp.sync_group import Settlement


class Groups:
    """All sync groups by name.

    Args:
        log: of the process.
        executor: does what members are asked to do.
        instances: all running instances by name; the roster's own, read when a group moves.
    """

    def __init__(self, log: Log, executor: Executor, instances: Mapping[str, RunningInstance]) -> None:
        self.groups: dict[str, RunningGroup] = {}
        self._log = log
        self._executor = executor
        self._instances = instances
        self._by_member: dict[str, RunningGroup] = {}
        self._frozen = False

    def of(self, name: str) -> RunningGroup | None:
        """Return the group of the instance with this name; None when it has none."""
        return self._by_member.get(name)

    def partners(self, name: str) -> tuple[str, ...]:
        """Return the running members of the group of an instance, itself among them; itself alone without a group."""
        group = self._by_member.get(name)
        return tuple(group.machine.members) if group is not None else (name,)

    def take(self, config: Config, now: float) -> None:
        """Make the groups those of `config`; instances that run and have another group than before change over."""
        before = self._by_member
        earlier = self.groups
        self.groups = {
            one.name: RunningGroup(one, earlier[one.name].machine if one.name in earlier else SyncGroup(one.name))
            for one in config.vrrp_sync_groups
        }
        self._by_member = {name: group for group in self.groups.values() for name in group.config.group}
        for name, running in self._instances.items():
            old, new = before.get(name), self._by_member.get(name)
            if old is not None and (new is None or new.name != old.name):
                self._executor.perform(running, running.router.left_group(now), now)
                running.arm()
        for name, group in earlier.items():
            if name not in self.groups:
                self._tell_end(group, now, "removed from the configuration")
        self.regroup(now)

    def rename(self, names: Mapping[str, str]) -> None:
        """Know the running instances, all of which are in `names`, by other names; `take` follows."""
        self._by_member = {names[name]: group for name, group in self._by_member.items() if name in names}
        for group in self.groups.values():
            group.machine.rename(names)

    def regroup(self, now: float) -> None:
        """Let every group consist of those of its members that run."""
        for group in self.groups.values() if not self._frozen else ():
            members = [name for name in group.config.group if name in self._instances]
            if members != list(group.machine.members):
                group.machine.regrouped({name: self._instances[name].router for name in members})
                self._settle(group, now, "")

    def consult(self, running: RunningInstance, now: float) -> None:
        """A member has answered an input that concerns its group."""
        group = self._by_member.get(running.name)
        if group is not None and not self._frozen:
            self._settle(group, now, running.name)

    def freeze(self) -> None:
        """From now on no member follows another: all are about to end."""
        self._frozen = True

    def stopped(self, now: float) -> None:
        """All instances have ended because the process does."""
        for group in self.groups.values():
            self._tell_end(group, now, "stopped")
        self.groups = {}
        self._by_member = {}

    def _settle(self, group: RunningGroup, now: float, name: str) -> None:
        settlement = group.machine.settle(now, name)
        self._announce(group, settlement)
        for move in settlement.moves:
            running = self._instances[move.name]
            self._executor.perform(running, move.effects, now)
            running.arm()
        transition = settlement.transition
        if transition is not None:
            members = [self._instances[member] for member in group.machine.members]
            self._executor.tell_together(
                members, lambda follower: follower.group_transition_made(group.name, transition)
            )

    def _announce(self, group: RunningGroup, settlement: Settlement) -> None:
        transition = settlement.transition
        if transition is None:
            return
        if settlement.moves or transition.new is State.FAULT:
            self._log.info(vocabulary.group_syncing(group.name, transition.new.name))
        self._log.info(vocabulary.cause(group.name, transition.old.name, transition.new.name, transition.cause))

    def _tell_end(self, group: RunningGroup, now: float, why: str) -> None:
        machine = group.machine
        machine.transition = Transition(machine.state, State.INIT, Cause(why, Event.STOPPED), now)
        machine.state = State.INIT
        for follower in self._followers():
            follower.group_transition_made(group.name, machine.transition)

    def _followers(self) -> Iterable[Follower]:
        return self._executor.followers
