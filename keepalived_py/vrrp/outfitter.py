"""Prepares what an instance needs on its interfaces: batches and frames for its addresses, sockets for its adverts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.kernel import sysctl
from keepalived_py.kernel.arp import gratuitous_request
from keepalived_py.kernel.ndisc import unsolicited_advertisement
from keepalived_py.kernel.transmit import Burst, frame_destination
from keepalived_py.structure import replace
from keepalived_py.vrrp.parameters import IPV4
from keepalived_py.vrrp.placement import DEFAULT_MTU, place
from keepalived_py.vrrp.takeover import Takeover

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keepalived_py.config.model.vrrp import VrrpInstance
    from keepalived_py.kernel.interfaces import Interface, InterfaceTable
    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.executor import Executor
    from keepalived_py.vrrp.pool import SocketPool
    from keepalived_py.vrrp.running import RunningInstance
    from keepalived_py.vrrp.takeover import PlacedAddress

SOCKET_RETRY = 1.0
"""Seconds before another attempt to open sockets."""


class Outfitter:
    """Prepares every instance anew when its configuration or its interfaces have changed.

    Args:
        reactor: timers.
        log: of the process.
        table: the interfaces of this host.
        executor: is given the prepared addresses.
        pool: the sockets.
        judge: looks at the faults of an instance again; does nothing for one that has ended.
    """

    def __init__(
        self,
        reactor: Reactor,
        log: Log,
        table: InterfaceTable,
        executor: Executor,
        pool: SocketPool,
        judge: Callable[[RunningInstance], None],
    ) -> None:
        self._reactor = reactor
        self._log = log
        self._table = table
        self._executor = executor
        self._pool = pool
        self._judge = judge

    def interface(self, running: RunningInstance) -> Interface | None:
        """Return the interface that an instance's adverts leave from; None while there is none."""
        return self._table.by_name(running.footing.adverts or "")

    def mtu(self, instance: VrrpInstance) -> int:
        """Return the octets that fit into one frame of the interface of an instance."""
        interface = self._table.by_name(instance.interface or "")
        return interface.mtu if interface is not None and interface.mtu else DEFAULT_MTU

    def place(self, running: RunningInstance) -> None:
        """Prepare netlink batches and frames for the addresses whose interfaces exist."""
        config = running.config
        placed, misplaced = [], []
        for one in (*config.virtual_ipaddress, *config.virtual_ipaddress_excluded):
            found = place(one, running.footing.device_of(one), self._table, forwards)
            if found is None:
                misplaced.append(str(one.address))
            else:
                placed.append(replace(found, foreign=True) if self._is_foreign(running, found) else found)
        if misplaced and tuple(misplaced) != running.misplaced and config.interface:
            self._log.warning(f"({running.name}) no interface yet for {', '.join(misplaced)}")
        running.misplaced = tuple(misplaced)
        self._executor.prepare(running, Takeover(placed))
        if config.virtual_routes or config.virtual_rules or running.holdings is not None:
            self._place_routing(running)
        running.source_announcement = self._source_announcement(running)
        running.extra_announcement = _extra_announcement(running, placed)

    def _place_routing(self, running: RunningInstance) -> None:
        """Prepare the routes and rules; those whose interfaces are missing have to wait."""
        from keepalived_py.vrrp.holdings import Holdings  # noqa: PLC0415 (few configurations have routes)
        from keepalived_py.vrrp.routing import devices_of, place_entries  # noqa: PLC0415

        config = running.config
        installer = self._executor.installer()
        if running.holdings is None:
            running.holdings = Holdings(f"({running.name})", lambda: self._judge(running))
            if running.holding:
                installer.activate(running.holdings, running.holdings)
        running.devices = devices_of(config.virtual_routes)
        entries, misplaced = place_entries(config.virtual_routes, config.virtual_rules, self._table)
        installer.prepare(running.holdings, entries, misplaced)

    def _is_foreign(self, running: RunningInstance, placed: PlacedAddress) -> bool:
        """Return whether somebody else had put an address on its interface before we did; we must not remove it."""
        if not self._table.is_foreign(placed.request):
            return False
        before = running.takeover.by_key.get(placed.key)
        # One that came while we held it has taken the place of ours.
        return before.foreign if running.holding and before is not None else True

    def _source_announcement(self, running: RunningInstance) -> Burst | None:
        interface = self.interface(running)
        source = running.router.instance.source_address
        if interface is None or not source or not interface.announces:
            return None
        if running.config.family == IPV4:
            frame = gratuitous_request(source, interface.mac)
        else:
            frame = unsolicited_advertisement(source, interface.mac, router=forwards(interface.name))
        return Burst([(frame, frame_destination(interface.index))])

    def fit_sockets(self, running: RunningInstance) -> None:
        """Open, close or exchange the sockets of an instance; without them it must not be master."""
        before = running.socket_problem
        self.open_sockets(running)
        if running.socket_problem != before:
            self._judge(running)

    def open_sockets(self, running: RunningInstance) -> None:
        """Give an instance the sockets that its interface and parameters call for, or note why it has none."""
        running.socket_problem = ""
        interface = self.interface(running)
        if interface is None and running.footing.adverts is not None:
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
            running.socket_problem = f"cannot open sockets on {running.footing.adverts}: {problem.strerror}"
            self._reactor.call_later(SOCKET_RETRY, self._try_sockets, running)

    def _try_sockets(self, running: RunningInstance) -> None:
        if running.socket_problem and not running.ended:
            self.fit_sockets(running)
            self._pool.settle()
            running.arm()


def _extra_announcement(running: RunningInstance, placed: Sequence[PlacedAddress]) -> Burst | None:
    """Return one frame for each VMAC that no adverts leave from; with `all` for each such interface."""
    extra, footing = running.config.garp_extra_if, running.footing
    if extra is None:
        return None
    own = {link.name for link in footing.links}
    frames: dict[int, bytes] = {}
    for one in placed:
        is_silent = one.interface_name != footing.adverts and (extra.all or one.interface_name in own)
        if is_silent and one.mac:
            frames.setdefault(one.request.interface, one.frame())
    return Burst([(frame, frame_destination(index)) for index, frame in frames.items()]) if frames else None


def forwards(interface: str) -> bool:
    """Return whether an interface forwards IPv6."""
    return sysctl.read(sysctl.path_of("net/ipv6/conf/*/forwarding", interface)) == "1"
