"""Which instance an advert is for: the sockets that instances share, and the virtual router ids behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.notify import vocabulary
from keepalived_py.observability.budget import LineBudget
from keepalived_py.vrrp.authentication import PROTOCOL_AH, PROTOCOL_VRRP, AuthenticationType
from keepalived_py.vrrp.packet import vrid_of
from keepalived_py.vrrp.receive_buffer import BufferPolicy, advert_length, total
from keepalived_py.vrrp.sockets import PoolKey, PoolSockets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keepalived_py.kernel.interfaces import Interface
    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.effects import Effects
    from keepalived_py.vrrp.running import RunningInstance
    from keepalived_py.vrrp.sockets import Received

READ_LIMIT = 1024
"""Datagrams taken from one socket before timers and other sockets have their turn."""
STALE_LIMIT = 256
"""Signed adverts outside their time window that are passed over in one turn: some milliseconds."""
LINES_AT_ONCE = 20
"""Log lines about unknown virtual routers that may come at once."""
LINE_INTERVAL = 5.0
"""Seconds for each further one."""

LOOKS_AT_ONCE = 20
"""Datagrams for unknown virtual routers that are looked at, because a peer may have the wrong one, at once."""
LOOK_INTERVAL = 0.05
"""Seconds for each further one: a flood of them must cost next to nothing."""


class _Member:
    """The sockets of one key and who listens behind them, by VRID."""

    __slots__ = ("mtu", "routers", "sockets")

    def __init__(self, sockets: PoolSockets, mtu: int) -> None:
        self.sockets = sockets
        self.mtu = mtu
        self.routers: dict[int, RunningInstance] = {}


class SocketPool:
    """All sockets of the process.

    Args:
        reactor: calls when a receiver is readable.
        log: told of each pair of sockets.
        perform: carries out the effects of an advert.

    Attributes:
        log_unknown_vrids: whether the log hears of adverts for virtual routers that are not configured here.
        buffer_policy: how large the receive buffers are; `settle` puts it in force.
    """

    def __init__(self, reactor: Reactor, log: Log, perform: Callable[[RunningInstance, Effects, float], None]) -> None:
        self._reactor = reactor
        self._log = log
        self._perform = perform
        self._members: dict[PoolKey, _Member] = {}
        self._unreported: list[PoolSockets] = []
        self._looks = LineBudget(LOOKS_AT_ONCE, LOOK_INTERVAL)
        self._budget = LineBudget(LINES_AT_ONCE, LINE_INTERVAL)
        self.log_unknown_vrids = False
        self.buffer_policy = BufferPolicy()

    def attach(self, running: RunningInstance, interface: Interface | None) -> None:
        """Give an instance its sockets, opening them when it is the first that needs them.

        Raises:
            PermissionDeniedError: CAP_NET_RAW is missing.
            OSError: the interface went away meanwhile.
        """
        key = _key(running, interface)
        member = self._members.get(key)
        if member is None:
            sockets = PoolSockets(key)
            member = self._members[key] = _Member(sockets, interface.mtu if interface else 0)
            self._unreported.append(sockets)
            self._reactor.add_reader(sockets.receiver, self._readable, member)
        member.routers[running.router.parameters.vrid] = running
        running.sockets = member.sockets

    def detach(self, running: RunningInstance) -> None:
        """Take an instance's sockets away, closing them when nobody else needs them."""
        if running.sockets is None:
            return
        member = self._members[running.sockets.key]
        running.sockets = None
        member.routers.pop(running.router.parameters.vrid, None)
        if not member.routers:
            del self._members[member.sockets.key]
            self._reactor.remove_reader(member.sockets.receiver)
            member.sockets.close()

    def settle(self) -> None:
        """Make every receive buffer fit its instances, and log the sockets opened since the last call."""
        for member in self._members.values():
            member.sockets.set_receive_buffer(total(self._shares(member)))
        self._report()

    def _shares(self, member: _Member) -> Iterator[int]:
        policy, mtu = self.buffer_policy, member.mtu
        for running in member.routers.values():
            yield policy.share(running.config.kernel_rx_buf_size, advert_length(running.router.parameters), mtu)

    def _report(self) -> None:
        for sockets in self._unreported:
            key, receiver, sender = sockets.key, sockets.receiver.fileno(), sockets.sender.fileno()
            if receiver >= 0:
                self._log.info(vocabulary.socket_pool(key.interface, key.protocol, receiver, sender))
        self._unreported.clear()

    def fits(self, running: RunningInstance, interface: Interface | None) -> bool:
        """Return whether an instance has the sockets that its parameters and this interface call for."""
        return running.sockets is not None and running.sockets.key == _key(running, interface)

    def _readable(self, member: _Member) -> None:
        """Hear what is queued, but stop at the second advert of one VRID: a flood must not starve the rest.

        Once every router has been heard, the rest (which is most often nothing) can wait for the next turn. Signed
        adverts that are too old are nothing heard: after a long sleep the socket is full of them, and the fresh ones,
        which tell that the master lives, stand behind.
        """
        now = self._reactor.time()
        family = member.sockets.key.family
        heard: set[int] = set()
        stale = 0
        for _ in range(READ_LIMIT):
            received = member.sockets.receive()
            if received is None:
                return
            vrid = vrid_of(received.data, family)
            running = member.routers.get(vrid)
            if running is None:
                self._unknown(vrid, member, received, now)
                continue
            router = running.router
            before = router.counters.auth_ext_stale
            effects = router.datagram_received(now, received.data, received.source, received.ttl, received.destination)
            if effects:
                self._perform(running, effects, now)
            running.arm()
            if router.counters.auth_ext_stale != before and stale < STALE_LIMIT:
                stale += 1
                continue
            if vrid in heard:
                return
            heard.add(vrid)
            if len(heard) == len(member.routers):
                return

    def _unknown(self, vrid: int, member: _Member, received: Received, now: float) -> None:
        if self._looks.allows(now):
            for running in member.routers.values():
                effects = running.router.other_vrid_received(now, *received)
                if effects:
                    self._perform(running, effects, now)
        if self.log_unknown_vrids and vrid >= 0 and self._budget.allows(now):
            held_back = self._budget.take_held_back()
            more = f" ({held_back} such lines were not logged)" if held_back else ""
            interface = member.sockets.key.interface_name
            self._log.info(f"Unknown VRID({vrid}) received on interface({interface}). ignoring...{more}")


def _key(running: RunningInstance, interface: Interface | None) -> PoolKey:
    parameters = running.router.parameters
    header = parameters.authentication.type is AuthenticationType.HEADER
    unicast = bool(parameters.unicast_peers)
    local = running.router.instance.source_address if unicast else parameters.destinations[0]
    return PoolKey(
        parameters.family,
        PROTOCOL_AH if header else PROTOCOL_VRRP,
        interface.index if interface else 0,
        interface.name if interface else "",
        local,
        unicast,
        running.footing.borrows_source,
    )
