"""Hears what happens to links and addresses and keeps an `InterfaceTable` true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.kernel import rtnl
from keepalived_py.kernel.message import split
from keepalived_py.kernel.netlink import NetlinkSocket, OverrunError

if TYPE_CHECKING:
    from keepalived_py.kernel.interfaces import Change, InterfaceTable
    from keepalived_py.kernel.message import Message
    from keepalived_py.kernel.socket_options import ReceiveBuffer

GROUPS = rtnl.RTMGRP_LINK | rtnl.RTMGRP_IPV4_IFADDR | rtnl.RTMGRP_IPV6_IFADDR
DRAIN_LIMIT = 32
"""Datagrams taken in one call: a storm of events (10 us each) must not hold up the rest of the loop."""


class InterfaceMonitor:
    """Readable when interfaces changed: `reactor.add_reader(monitor, callback)` with a callback that calls `drain`.

    Args:
        table: kept up to date by `load` and `drain`.
    """

    def __init__(self, table: InterfaceTable) -> None:
        self.table = table
        self.overruns = 0
        self._events = NetlinkSocket(groups=GROUPS)
        self._requests = NetlinkSocket()

    def fileno(self) -> int:
        """Return the descriptor that becomes readable."""
        return self._events.fileno()

    def close(self) -> None:
        """Close both sockets."""
        self._events.close()
        self._requests.close()

    def set_receive_buffers(self, events: ReceiveBuffer, requests: ReceiveBuffer) -> None:
        """Have the kernel keep as much of each kind as is configured."""
        self._events.set_receive_buffer(events)
        self._requests.set_receive_buffer(requests)

    def load(self) -> list[Change]:
        """Read every link and address from the kernel and return how the table differed. Raises NetlinkError.

        What happened meanwhile waits as events; those that were in the dump already change nothing when applied.
        """
        return self.table.resynchronise(self.snapshot())

    def snapshot(self) -> list[rtnl.Event]:
        """Return every link and address, links first. Raises NetlinkError."""
        events: list[rtnl.Event] = []

        def take(message: Message, buffer: bytes) -> None:
            event = rtnl.decode(message.kind, buffer, message.start, message.end)
            if event is not None:
                events.append(event)

        self._requests.dump(rtnl.links_requested(), take)
        self._requests.dump(rtnl.addresses_requested(), take)
        return events

    def drain(self, limit: int = DRAIN_LIMIT) -> list[Change]:
        """Apply up to `limit` waiting datagrams and return what they changed; never waits for more.

        When events were lost everything is read again and the differences are returned. Raises NetlinkError.
        """
        changes: list[Change] = []
        for _ in range(limit):
            try:
                datagram = self._events.receive()
            except OverrunError:
                self.overruns += 1
                return changes + self.load()
            if datagram is None:
                return changes
            for message in split(datagram):
                event = rtnl.decode(message.kind, datagram, message.start, message.end)
                if event is not None:
                    changes += self.table.apply(event)
        return changes
