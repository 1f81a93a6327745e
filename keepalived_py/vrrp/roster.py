"""The instances of the process: begun, changed by a reload or by the interfaces below them, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.kernel import sysctl
from keepalived_py.kernel.arp import gratuitous_request
from keepalived_py.kernel.interfaces import ChangeKind
from keepalived_py.kernel.ndisc import unsolicited_advertisement
from keepalived_py.kernel.transmit import Burst, frame_destination
from keepalived_py.notify import vocabulary
from keepalived_py.vrrp.adoption import NO_LEGACY, AdoptionRecord
from keepalived_py.vrrp.effects import Effect
from keepalived_py.vrrp.faults import faults_of
from keepalived_py.vrrp.parameters import IPV4, IPV6
from keepalived_py.vrrp.placement import DEFAULT_MTU, parameters_of, place, source_of
from keepalived_py.vrrp.pool import SocketPool
from keepalived_py.vrrp.restoration import CALM, DELAYS, Restoration
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.running import RunningInstance
from keepalived_py.vrrp.state import State
from keepalived_py.vrrp.takeover import Takeover

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keepalived_py.config.model import Config
    from keepalived_py.config.model.vrrp import VrrpInstance
    from keepalived_py.kernel.interfaces import Change, Interface, InterfaceTable
    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.adoption import Legacy
    from keepalived_py.vrrp.executor import Executor
    from keepalived_py.vrrp.takeover import PlacedAddress

SOCKET_RETRY = 1.0
"""Seconds before another attempt to open sockets."""
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
    """

    def __init__(
        self, reactor: Reactor, log: Log, table: InterfaceTable, executor: Executor, record: AdoptionRecord
    ) -> None:
        self.instances: dict[str, RunningInstance] = {}
        self._reactor = reactor
        self._log = log
        self._table = table
        self._executor = executor
        self._record = record
        self._pool = SocketPool(reactor, log, executor.perform)

    # Begin, reload, end

    def start(self, config: Config, masters: Mapping[bytes, Legacy], startup_delay: float) -> None:
        """Begin every instance.

        Args:
            config: the configuration.
            masters: what a crashed predecessor left, as `AdoptionRecord.masters` returns it.
            startup_delay: seconds in which adverts are neither sent nor believed.
        """
        self._take_globals(config)
        self._record.start([instance.name for instance in config.vrrp_instances])
        for instance in config.vrrp_instances:
            legacy = masters.get(AdoptionRecord.key(instance.name), NO_LEGACY)
            self._begin(instance, config, legacy, startup_delay)
        self._pool.report()

    def reload(self, config: Config) -> None:
        """Make the running instances those of `config`; one whose configuration is the same is not touched."""
        self._take_globals(config)
        wanted = {instance.name: instance for instance in config.vrrp_instances}
        for name, running in list(self.instances.items()):
            instance = wanted.get(name)
            if instance is None or _identity(instance) != _identity(running.config):
                self._end(running)
        self._record.start(list(wanted))
        for name, instance in wanted.items():
            kept = self.instances.get(name)
            if kept is None:
                self._begin(instance, config, NO_LEGACY, 0.0)
                continue
            self._reconfigure(kept, instance, config)
            if kept.router.state is State.MASTER:
                self._record.sent_advert(name, kept.router.instance.last_sent_at, kept.router.sequence)
        self.instances = {name: self.instances[name] for name in wanted}
        self._pool.report()

    def stop(self, *, keep_addresses: bool) -> None:
        """End every instance: masters resign first, then addresses go, all of it before this returns."""
        for running in list(self.instances.values()):
            self._end(running, keep_addresses=keep_addresses)

    def _take_globals(self, config: Config) -> None:
        self._executor.frame_pause = {
            IPV4: config.global_defs.vrrp_garp_interval,
            IPV6: config.global_defs.vrrp_gna_interval,
        }
        self._pool.log_unknown_vrids = config.global_defs.log_unknown_vrids

    def _begin(self, instance: VrrpInstance, config: Config, legacy: Legacy, startup_delay: float) -> None:
        now = self._reactor.time()
        source = source_of(instance, self._table)
        router = VirtualRouter(parameters_of(instance, config.global_defs, source, startup_delay, self._mtu(instance)))
        running = RunningInstance(instance, router)
        running.timer = self._reactor.timer(self._deadline_reached, running)
        self.instances[instance.name] = running
        self._place(running)
        self._open_sockets(running)
        running.faults = self._faults(running)
        for number, reason in enumerate(running.faults):
            if number:
                self._log.info(vocabulary.further_fault(running.name, reason))
            router.fault_found(now, reason)
        self._executor.perform(running, router.adopted(now, legacy.last_sent_at, legacy.sequence), now)
        if router.state is State.MASTER and router.transition is None:
            self._adopt(running)
        elif router.state is not State.MASTER:
            self._remove_leftovers(running)
        running.arm()

    def _adopt(self, running: RunningInstance) -> None:
        self._executor.adopt(running)
        self._log.info(
            f"({running.name}) goes on as MASTER where the crashed process stopped: addresses kept, no transition"
        )

    def _remove_leftovers(self, running: RunningInstance) -> None:
        """Remove virtual addresses that an earlier run, which could not clean up, left on the interfaces."""
        leftovers = [placed for placed in running.takeover.addresses if self._is_present(placed)]
        if leftovers:
            texts = ", ".join(placed.text for placed in leftovers[:5]) + (", ..." if len(leftovers) > 5 else "")
            self._log.info(f"({running.name}) removing addresses left by an earlier run: {texts}")
            self._executor.remove_leftovers(running, leftovers)

    def _is_present(self, placed: PlacedAddress) -> bool:
        interface = self._table.by_index(placed.request.interface)
        key = (placed.request.address, placed.request.prefix_length, placed.request.peer)
        return interface is not None and key in interface.addresses

    def _reconfigure(self, running: RunningInstance, instance: VrrpInstance, config: Config) -> None:
        now = self._reactor.time()
        router = running.router
        changed = instance != running.config
        running.config = instance
        source = source_of(instance, self._table)
        delay = router.parameters.startup_delay
        parameters = parameters_of(instance, config.global_defs, source, delay, self._mtu(instance))
        if parameters != router.parameters:
            changed = True
            self._executor.perform(running, router.reconfigured(now, parameters), now)
        if not changed:
            return
        self._log.info(f"({running.name}) reconfigured, stays {router.state.name}")
        self._place(running)
        self._fit_sockets(running, now)
        self._judge(running, now)
        running.arm()

    def _end(self, running: RunningInstance, *, keep_addresses: bool = False) -> None:
        now = self._reactor.time()
        effects = running.router.stopped(now)
        if keep_addresses:
            effects = tuple(effect for effect in effects if effect is not Effect.REMOVE_ADDRESSES)
        self._executor.perform(running, effects, now)
        self._executor.finish(running)
        running.timer.cancel()
        self._pool.detach(running)
        del self.instances[running.name]

    def _deadline_reached(self, running: RunningInstance) -> None:
        now = self._reactor.time()
        # The reactor fires what is due within a moment together; the machine only knows that its deadline came.
        effects = running.router.deadline_reached(max(now, min(running.router.deadline_at, now + running.timer.slack)))
        if effects:
            self._executor.perform(running, effects, now)
        running.arm()

    # Interfaces

    def interfaces_changed(self, changes: Iterable[Change]) -> None:
        """Links and addresses changed: find out which instances care and tell them."""
        now = self._reactor.time()
        removals: list[tuple[RunningInstance, Change]] = []
        others = []
        for change in changes:
            owners = self._owners(change)
            if change.kind is ChangeKind.ADDRESS_REMOVED:
                removals += [(running, change) for running in owners]
            if not owners or self._is_source(change):
                others.append(change)
        self._review_all(others, now)
        for running, change in removals:
            self._address_removed(running, change, now)
            running.arm()
        self._pool.report()

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
        names = (change.interface.name, change.old_name)
        config = running.config
        if config.interface in names:
            return True
        return any(one.dev in names for one in (*config.virtual_ipaddress, *config.virtual_ipaddress_excluded))

    def _review(self, running: RunningInstance, changes: list[Change], now: float) -> None:
        """Look at everything that an instance takes from its interfaces again."""
        source = source_of(running.config, self._table)
        if source and source != running.router.instance.source_address:
            running.router.source_address_changed(now, source)
        self._judge(running, now)
        if any(change.kind in _MOVES for change in changes):
            self._place(running)
        self._fit_sockets(running, now)

    def _judge(self, running: RunningInstance, now: float) -> None:
        """Tell the machine of faults that came and went."""
        faults = self._faults(running)
        before, running.faults = running.faults, faults
        for reason in faults.keys() - before.keys():
            if running.router.state is State.FAULT:
                self._log.info(vocabulary.further_fault(running.name, reason))
            self._executor.perform(running, running.router.fault_found(now, reason), now)
        for reason in before.keys() - faults.keys():
            self._executor.perform(running, running.router.fault_cleared(now, reason, before[reason]), now)
        running.arm()

    def _faults(self, running: RunningInstance) -> dict[str, str]:
        """Return every reason for FAULT, each with what is to be said when it is gone."""
        faults = faults_of(running.config, self._table, source_of(running.config, self._table))
        for text in running.given_up:
            reason = f"another program keeps removing virtual address {text}"
            faults[reason] = f"trying virtual address {text} again"
        if running.socket_problem:
            faults[running.socket_problem] = f"sockets on {running.config.interface} are open"
        return faults

    def _address_removed(self, running: RunningInstance, change: Change, now: float) -> None:
        """Another program took a virtual address away: put it back, within bounds, as long as we are master."""
        assert change.address is not None
        key = (change.interface.index, change.address.address, change.address.prefix_length)
        placed = running.takeover.by_key.get(key)
        if placed is None or not running.holding or not placed.watched or self._is_present(placed):
            return  # it went with its interface, we took it off ourselves, nobody shall put it back, or somebody has
        history = running.restorations.setdefault(placed.request.address, Restoration())
        delay = history.removed(now)
        what = (
            f"({running.name}) virtual address {placed.text} on {placed.interface_name} was removed by another program"
        )
        if delay is None:
            self._log.error(f"{what} again and again: leaving it to another router for {CALM:g} s")
            self._give_up(running, placed, now)
            return
        self._log.warning(f"{what}: putting it back (attempt {history.attempts} of {len(DELAYS)})")
        if delay:
            self._reactor.call_later(delay, self._executor.restore, running, placed)
        else:
            self._executor.restore(running, placed)

    def _give_up(self, running: RunningInstance, placed: PlacedAddress, now: float) -> None:
        running.given_up.add(placed.text)
        self._judge(running, now)
        self._reactor.call_later(CALM, self._try_again, running, placed.text)

    def _try_again(self, running: RunningInstance, text: str) -> None:
        running.given_up.discard(text)
        if self.instances.get(running.name) is running:
            self._judge(running, self._reactor.time())

    # Preparation

    def _place(self, running: RunningInstance) -> None:
        """Prepare netlink batches and frames for the addresses whose interfaces exist."""
        config = running.config
        placed, misplaced = [], []
        for one in (*config.virtual_ipaddress, *config.virtual_ipaddress_excluded):
            found = place(one, config.interface, self._table, _forwards)
            if found is None:
                misplaced.append(str(one.address))
            else:
                placed.append(found)
        if misplaced and tuple(misplaced) != running.misplaced and config.interface:
            self._log.warning(f"({running.name}) no interface yet for {', '.join(misplaced)}")
        running.misplaced = tuple(misplaced)
        self._executor.prepare(running, Takeover(placed))
        running.source_announcement = self._source_announcement(running)

    def _source_announcement(self, running: RunningInstance) -> Burst | None:
        interface = self._interface(running)
        source = running.router.instance.source_address
        if interface is None or not source or not interface.announces:
            return None
        if running.config.family == IPV4:
            frame = gratuitous_request(source, interface.mac)
        else:
            frame = unsolicited_advertisement(source, interface.mac, router=_forwards(interface.name))
        return Burst([(frame, frame_destination(interface.index))])

    def _mtu(self, instance: VrrpInstance) -> int:
        interface = self._table.by_name(instance.interface or "")
        return interface.mtu if interface is not None and interface.mtu else DEFAULT_MTU

    def _interface(self, running: RunningInstance) -> Interface | None:
        return self._table.by_name(running.config.interface or "")

    def _fit_sockets(self, running: RunningInstance, now: float) -> None:
        """Open, close or exchange the sockets of an instance; without them it must not be master."""
        before = running.socket_problem
        self._open_sockets(running)
        if running.socket_problem != before:
            self._judge(running, now)

    def _open_sockets(self, running: RunningInstance) -> None:
        """Give an instance the sockets that its interface and parameters call for, or note why it has none."""
        running.socket_problem = ""
        interface = self._interface(running)
        if interface is None and running.config.interface is not None:
            self._pool.detach(running)
            return
        if self._pool.fits(running, interface):
            return
        self._pool.detach(running)
        if running.router.parameters.unicast_peers and not running.router.instance.source_address:
            return
        try:
            self._pool.attach(running, interface)
        except OSError as problem:
            running.socket_problem = f"cannot open sockets on {running.config.interface}: {problem.strerror}"
            self._reactor.call_later(SOCKET_RETRY, self._try_sockets, running)

    def _try_sockets(self, running: RunningInstance) -> None:
        if running.socket_problem and self.instances.get(running.name) is running:
            self._fit_sockets(running, self._reactor.time())
            self._pool.report()
            running.arm()


def _identity(instance: VrrpInstance) -> tuple[str | None, int, int]:
    """Return what makes a virtual router the one that it is; with another identity it is another one."""
    return instance.interface, instance.family, instance.virtual_router_id


def _forwards(interface: str) -> bool:
    """Return whether an interface forwards IPv6."""
    return sysctl.read(sysctl.path_of("net/ipv6/conf/*/forwarding", interface)) == "1"
