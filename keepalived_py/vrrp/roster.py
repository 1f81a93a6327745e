"""The instances of the process: begun, changed by a reload or by the interfaces below them, ended."""

from __future__ import annotations

from time import time_ns
from typing import TYPE_CHECKING

from keepalived_py.config.model import Config
from keepalived_py.kernel.interfaces import ChangeKind
from keepalived_py.notify import vocabulary
from keepalived_py.vrrp.adoption import NO_LEGACY, AdoptionRecord
from keepalived_py.vrrp.defender import Defender
from keepalived_py.vrrp.effects import Effect
from keepalived_py.vrrp.faults import faults_of
from keepalived_py.vrrp.groups import Groups
from keepalived_py.vrrp.launcher import Launcher
from keepalived_py.vrrp.outfitter import Outfitter
from keepalived_py.vrrp.pacing import pacing_of
from keepalived_py.vrrp.placement import parameters_of, source_of
from keepalived_py.vrrp.pool import SocketPool
from keepalived_py.vrrp.receive_buffer import BufferPolicy
from keepalived_py.vrrp.report import group_report, report_of
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.running import RunningInstance
from keepalived_py.vrrp.source import SourceKind
from keepalived_py.vrrp.state import State
from keepalived_py.vrrp.succession import successions
from keepalived_py.vrrp.sync_group import concerns_group
from keepalived_py.vrrp.tracking import Tracking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from keepalived_py.config.model.vrrp import VrrpInstance
    from keepalived_py.kernel.interfaces import Change, Interface, InterfaceTable
    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.adoption import Legacy
    from keepalived_py.vrrp.effects import Effects
    from keepalived_py.vrrp.executor import Executor
    from keepalived_py.vrrp.link_keeper import LinkKeeper
    from keepalived_py.vrrp.report import InstanceReport
    from keepalived_py.vrrp.static_entries import StaticEntries
    from keepalived_py.vrrp.takeover import PlacedAddress

_FINISHED = object()
_MOVES = frozenset({ChangeKind.APPEARED, ChangeKind.GONE, ChangeKind.RENAMED, ChangeKind.MAC_CHANGED})
"""Changes after which addresses and frames must be prepared anew."""
_OF_ADDRESSES = frozenset({ChangeKind.ADDRESS_ADDED, ChangeKind.ADDRESS_CHANGED, ChangeKind.ADDRESS_REMOVED})


class Roster:
    """All running instances by name.

    Args:
        reactor: clock and timers.
        log: of the process.
        table: the interfaces of this host, kept true by the caller.
        executor: does what the machines ask for.
        record: what a successor of this process may adopt.
        links: makes the interfaces that instances want of their own.

    Attributes:
        instances: in the order of the configuration.
        config: in force.
        tracking: what the instances depend on; whoever tells it something hands the answer to `sources_changed`.
        groups: the sync groups.
    """

    def __init__(
        self,
        reactor: Reactor,
        log: Log,
        table: InterfaceTable,
        executor: Executor,
        record: AdoptionRecord,
        links: LinkKeeper,
    ) -> None:
        self.instances: dict[str, RunningInstance] = {}
        self.config = Config()
        self.tracking = Tracking()
        self.groups = Groups(log, executor, self.instances)
        self._reactor = reactor
        self._log = log
        self._table = table
        self._executor = executor
        self._record = record
        self._links = links
        self._links.told = self.interfaces_changed
        self._reloading: Iterator[None] = iter(())
        self._static: StaticEntries | None = None
        self._pool = SocketPool(reactor, log, self.perform)
        self._outfitter = Outfitter(reactor, log, table, executor, self._pool, self._judge)
        self._defender = Defender(reactor, log, table, executor, self._judge)
        self._launcher = Launcher(reactor, log, executor, self._defender, self.tracking, self.groups, self.perform)

    def perform(self, running: RunningInstance, effects: Effects, now: float) -> None:
        """Carry out what a machine asks for: the one way for the effects of every input."""
        self._executor.perform(running, effects, now)
        if running.router.instance.group and concerns_group(effects):
            self.groups.consult(running, now)

    def report(self, running: RunningInstance) -> InstanceReport:
        """Return the state of an instance at this moment."""
        group, ladder = self.groups.of(running.name), self.tracking.ladder(running.name)
        told = None if group is None else group_report(group, self.instances)
        return report_of(running, self._reactor.time(), ladder, told)

    def is_present(self, placed: PlacedAddress) -> bool:
        """Return whether a virtual address is on its interface."""
        return self._defender.is_present(placed)

    # Begin, reload, end

    def start(self, config: Config, masters: Mapping[bytes, Legacy], startup_delay: float) -> None:
        """Begin every instance.

        Args:
            config: the configuration.
            masters: what a crashed predecessor left, as `AdoptionRecord.masters` returns it.
            startup_delay: seconds in which adverts are neither sent nor believed.
        """
        self._take_globals(config)
        self._take_tracking(config)
        self._links.plan(config)
        self._take_static(config)
        self._record.start([instance.name for instance in config.vrrp_instances])
        for instance in config.vrrp_instances:
            legacy = masters.get(AdoptionRecord.key(instance.name), NO_LEGACY)
            self._prepare(instance, config, legacy, startup_delay)
        # Only when all faults are known: a member must not begin without its group.
        self.groups.take(config, self._reactor.time())
        for running in list(self.instances.values()):
            self._launcher.launch(running, masters.get(AdoptionRecord.key(running.name), NO_LEGACY))
            self._judge(running)
        self._tell_of_links()
        self._pool.settle()

    def reload(self, config: Config, done: Callable[[], None] = lambda: None) -> None:
        """Make the running instances those of `config`; one whose configuration is the same is not touched.

        One instance is changed per turn of the loop, so that the adverts of the others keep their cadence. An earlier
        reload that has not come to its end yet is finished first.

        Args:
            config: the new configuration.
            done: called when all instances have been changed.
        """
        self._finish_reload()
        self._reloading = self._reload_steps(config, done)
        self._go_on_reloading(self._reloading)

    def _go_on_reloading(self, steps: Iterator[None]) -> None:
        if steps is self._reloading and next(steps, _FINISHED) is not _FINISHED:
            self._reactor.call_soon(self._go_on_reloading, steps)

    def _finish_reload(self) -> None:
        for _step in self._reloading:
            pass

    def _reload_steps(self, config: Config, done: Callable[[], None]) -> Iterator[None]:
        self._take_globals(config)
        self._take_tracking(config)
        self._take_static(config)
        self._executor.reload_begins(_addresses_in(config))
        wanted = {instance.name: instance for instance in config.vrrp_instances}
        names = successions({name: running.config for name, running in self.instances.items()}, wanted)
        departed = [running for name, running in self.instances.items() if name not in names]
        for running in departed:
            self._end(running)
        self._rename(names)
        kept_footings = [running.footing for running in self.instances.values()]
        self._links.plan(config, kept_footings)
        self._links.discard(kept_footings)
        self._record_masters(list(wanted))
        self.groups.take(config, self._reactor.time())
        for name, instance in wanted.items():
            yield
            kept = self.instances.get(name)
            if kept is None:
                self._begin(instance, config)
            else:
                self._reconfigure(kept, instance, config)
        yield
        self._executor.reload_ends((*departed, *self.instances.values()))
        for running in departed:
            self._executor.finish(running)
        for name in wanted:
            self.instances[name] = self.instances.pop(name)
        self._links.discard(())
        self._tell_of_links()
        self._pool.settle()
        done()

    def _rename(self, names: Mapping[str, str]) -> None:
        """Let the running instances, by name, have the names that a reload gives them."""
        for name, running in self.instances.items():
            if running.rename(names[name]):
                self._log.info(f"({running.name}) was called {name} before")
        renamed = {running.name: running for running in self.instances.values()}
        self.instances.clear()  # others hold this dictionary
        self.instances.update(renamed)
        self.groups.rename(names)

    def _record_masters(self, names: list[str]) -> None:
        """Lay out the record for the instances called `names`; what a successor may adopt stays in it."""
        self._record.start(names)
        for name, running in self.instances.items():
            if running.router.state is State.MASTER:
                instance = running.router.instance
                self._record.sent_advert(name, instance.last_sent_at, running.router.sequence, instance.priority)

    def stop(self, *, keep_addresses: bool) -> None:
        """End every instance: masters resign first, then addresses go, all of it before this returns."""
        self._finish_reload()
        self.groups.freeze()
        for running in list(self.instances.values()):
            self._end(running, keep_addresses=keep_addresses)
        self.groups.stopped(self._reactor.time())
        if self._static is not None:
            self._static.stop(keep=keep_addresses)
        self._links.stop(keep=keep_addresses)

    def _tell_of_links(self) -> None:
        """Let everybody know of the interfaces that were made or removed meanwhile."""
        changes = self._links.take_changes()
        if changes:
            self._reactor.call_soon(self.interfaces_changed, changes)

    def interface(self, running: RunningInstance) -> Interface | None:
        """Return the interface that an instance runs on; None while there is none."""
        return self._outfitter.interface(running)

    def _take_static(self, config: Config) -> None:
        """Add the static entries, or exchange them."""
        if not (config.static_ipaddress or config.static_routes or config.static_rules or self._static):
            return
        if self._static is not None:
            self._static.reload(config)
            return
        from keepalived_py.vrrp.static_entries import StaticEntries  # noqa: PLC0415 (few configurations have any)

        self._static = StaticEntries(self._reactor, self._log, self._table, self._executor, self._judge_all)
        self._static.start(config)

    def _judge_all(self) -> None:
        for running in list(self.instances.values()):
            self._judge(running)

    def _take_globals(self, config: Config) -> None:
        self.config = config
        self._executor.announcer.pacing = pacing_of(config.global_defs, config.garp_groups)
        self._pool.log_unknown_vrids = config.global_defs.log_unknown_vrids
        self._pool.buffer_policy = BufferPolicy.of(config.global_defs)

    def _take_tracking(self, config: Config) -> None:
        self.tracking.reconfigured(config)
        now = self._reactor.time()
        for name in self.tracking.names(SourceKind.INTERFACE):
            self.tracking.interface_changed(now, name, is_up=self._is_up(name))

    def _begin(self, instance: VrrpInstance, config: Config) -> None:
        """Begin an instance that a reload brought."""
        running = self._prepare(instance, config, NO_LEGACY, 0.0)
        self.groups.regroup(self._reactor.time())
        self._launcher.launch(running, NO_LEGACY, waits=False)
        self._judge(running)

    def _prepare(self, instance: VrrpInstance, config: Config, legacy: Legacy, startup_delay: float) -> RunningInstance:
        """Make everything an instance needs before it begins, and find out what keeps it in FAULT."""
        now = self._reactor.time()
        footing = self._links.make(instance)
        source = source_of(instance, footing, self._table)
        parameters = parameters_of(instance, config.global_defs, source, startup_delay, self._outfitter.mtu(instance))
        router = VirtualRouter(parameters, wall_clock=time_ns)
        running = RunningInstance(instance, router, footing)
        running.inherited_priority = legacy.priority
        running.timer = self._reactor.timer(self._deadline_reached, running)
        self.instances[instance.name] = running
        self._outfitter.place(running)
        self._outfitter.open_sockets(running)
        running.faults = self._faults(running)
        for number, reason in enumerate(running.faults):
            if number:
                self._log.info(vocabulary.further_fault(running.name, reason))
            router.fault_found(now, reason)
        router.priority_changed(now, self._priority(running))
        router.instance.notes.clear()
        return running

    def _reconfigure(self, running: RunningInstance, instance: VrrpInstance, config: Config) -> None:
        now = self._reactor.time()
        router = running.router
        footing = self._links.make(instance)
        changed = instance != running.config or footing != running.footing
        running.config, running.footing = instance, footing
        source = source_of(instance, footing, self._table)
        delay = router.parameters.startup_delay
        parameters = parameters_of(instance, config.global_defs, source, delay, self._outfitter.mtu(instance))
        old_priority = router.instance.priority
        if parameters != router.parameters:
            changed = True
            # The advert that says so must have the weights in it.
            effects = router.reconfigured(now, parameters, self._priority(running))
            self.perform(running, effects, now)
            self._tell_priority(running, old_priority)
        if changed:
            self._log.info(f"({running.name}) reconfigured, stays {router.state.name}")
            self._outfitter.place(running)
            self._outfitter.fit_sockets(running)
        self._judge(running)

    def _end(self, running: RunningInstance, *, keep_addresses: bool = False) -> None:
        now = self._reactor.time()
        effects = running.router.stopped(now)
        if keep_addresses:
            effects = tuple(effect for effect in effects if effect is not Effect.REMOVE_ADDRESSES)
        self.perform(running, effects, now)
        self._executor.finish(running)
        running.timer.cancel()
        running.ended = True
        self._pool.detach(running)
        del self.instances[running.name]
        self.groups.regroup(now)

    def _deadline_reached(self, running: RunningInstance) -> None:
        now = self._reactor.time()
        # The reactor fires what is due within a moment together; the machine only knows that its deadline came.
        effects = running.router.deadline_reached(max(now, min(running.router.deadline_at, now + running.timer.slack)))
        if effects:
            self.perform(running, effects, now)
        running.arm()

    # Interfaces

    def interfaces_changed(self, changes: Iterable[Change]) -> None:
        """Links and addresses changed: find out which instances care and tell them."""
        changes = list(changes)
        if self._links.interfaces_changed(changes):
            changes += self._links.take_changes()
        now = self._reactor.time()
        self._executor.interfaces_changed(changes)
        if self._static is not None:
            self._static.interfaces_changed(changes)
        removals: list[tuple[RunningInstance, Change]] = []
        others = []
        for change in changes:
            owners = self._owners(change)
            if change.kind is ChangeKind.ADDRESS_REMOVED:
                removals += [(running, change) for running in owners]
            if not owners or self._is_source(change):
                others.append(change)
        self._review_all(others, now)
        self._watch_interfaces(others, now)
        for running, change in removals:
            if running.takeover.has_foreign:
                self._outfitter.place(running)  # what we put in its place will be ours
            self._defender.address_removed(running, change)
        self._defender.heard(now)
        self._pool.settle()

    def _owners(self, change: Change) -> list[RunningInstance]:
        """Return the instances of whose virtual addresses a change tells, mostly one or none.

        A takeover of thousands of addresses is thousands of changes: they must cost the other instances nothing.
        """
        address = change.address
        if change.kind not in _OF_ADDRESSES or address is None:
            return []
        key = (change.interface.index, address.address, address.prefix_length)
        return [running for running in self.instances.values() if key in running.takeover.by_key]

    def _is_source(self, change: Change) -> bool:
        """Return whether some instance sends its adverts from the address of a change, or has none to send from."""
        sources = {running.router.instance.source_address for running in self.instances.values()}
        return b"" in sources or (change.address is not None and change.address.address in sources)

    def _review_all(self, changes: list[Change], now: float) -> None:
        for running in list(self.instances.values()) if changes else ():
            relevant = [change for change in changes if self._concerns(running, change)]
            if relevant:
                self._review(running, relevant, now)
                running.arm()

    def _concerns(self, running: RunningInstance, change: Change) -> bool:
        names = {change.interface.name, change.old_name}
        config, footing = running.config, running.footing
        if names & footing.names():
            return True
        if not running.devices.isdisjoint(names):
            return True
        addresses = (*config.virtual_ipaddress, *config.virtual_ipaddress_excluded)
        return any(footing.device_of(one) in names for one in addresses)

    def _review(self, running: RunningInstance, changes: list[Change], now: float) -> None:
        """Look at everything that an instance takes from its interfaces again."""
        source = source_of(running.config, running.footing, self._table)
        if source and source != running.router.instance.source_address:
            running.router.source_address_changed(now, source)
        self._judge(running)
        if any(change.kind in _MOVES for change in changes):
            self._outfitter.place(running)
        self._outfitter.fit_sockets(running)

    def _watch_interfaces(self, changes: Iterable[Change], now: float) -> None:
        names = {name for change in changes if change.kind not in _OF_ADDRESSES for name in _names(change)}
        for name in self.tracking.names(SourceKind.INTERFACE):
            if name in names:
                self.sources_changed(self.tracking.interface_changed(now, name, is_up=self._is_up(name)))

    def _is_up(self, name: str) -> bool | None:
        interface = self._table.by_name(name)
        return None if interface is None else interface.running

    # Faults and priorities

    def sources_changed(self, names: Iterable[str]) -> None:
        """Something that these instances track has changed: an answer of `tracking`."""
        for name in names:
            running = self.instances.get(name)
            if running is not None:
                self._judge(running)
        self._launcher.sources_changed()

    def _judge(self, running: RunningInstance) -> None:
        """Tell the machine of faults that came and went, and of its priority.

        Nothing is known of an instance that a reload is about to end.
        """
        if running.ended or not self.tracking.knows(running.name):
            return
        now = self._reactor.time()
        faults = self._faults(running)
        before, running.faults = running.faults, faults
        self._prioritise(running, now)
        for reason in [reason for reason in faults if reason not in before]:
            if running.router.state is State.FAULT:
                self._log.info(vocabulary.further_fault(running.name, reason))
            self.perform(running, running.router.fault_found(now, reason), now)
        for reason in [reason for reason in before if reason not in faults]:
            self.perform(running, running.router.fault_cleared(now, reason, before[reason]), now)
        running.arm()

    def _prioritise(self, running: RunningInstance, now: float) -> None:
        old = running.router.instance.priority
        self.perform(running, running.router.priority_changed(now, self._priority(running)), now)
        self._tell_priority(running, old)

    def _tell_priority(self, running: RunningInstance, old: int) -> None:
        new = running.router.instance.priority
        if new != old:
            self._executor.tell(running, lambda follower: follower.priority_changed(running, old, new))

    def _priority(self, running: RunningInstance) -> int:
        """Return the priority with all weights; that of a crashed predecessor until all scripts have told theirs."""
        if running.inherited_priority and self.tracking.is_incomplete(running.name):
            return running.inherited_priority
        return self.tracking.priority(running.name)

    def _faults(self, running: RunningInstance) -> dict[str, str]:
        """Return every reason for FAULT, each with what is to be said when it is gone."""
        config, footing = running.config, running.footing
        faults = faults_of(config, footing, self._table, source_of(config, footing, self._table))
        for text in running.given_up:
            reason = f"another program keeps removing virtual address {text}"
            faults[reason] = f"trying virtual address {text} again"
        for entry in running.holdings.given_up if running.holdings is not None else ():
            faults[f"another program keeps removing {entry.text}"] = f"trying {entry.text} again"
        if self._static is not None:
            faults |= self._static.faults_of(running.name)
        if running.socket_problem:
            faults[running.socket_problem] = f"sockets on {footing.adverts} are open"
        faults |= self.tracking.faults(running.name)
        if running.router.state is State.FAULT:  # and no other may leave it before this is known
            for script in self.tracking.awaited(running.name):
                faults[f"script {script} has not ended yet"] = f"script {script} has ended"
        return faults


def _names(change: Change) -> tuple[str, str]:
    return change.interface.name, change.old_name


def _addresses_in(config: Config) -> frozenset[tuple[bytes, int]]:
    """Return (packed address, prefix length) of every virtual address of a configuration."""
    return frozenset(
        (one.address.packed, one.prefix_length)
        for instance in config.vrrp_instances
        for one in (*instance.virtual_ipaddress, *instance.virtual_ipaddress_excluded)
    )
