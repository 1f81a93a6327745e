"""Hears which routes and rules of ours disappear; a flood of others' routes never reaches this process."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from keepalived_py.kernel.message import NLM_F_REPLACE, split
from keepalived_py.kernel.netlink import NetlinkSocket, OverrunError
from keepalived_py.kernel.routes import (
    RTM_DELROUTE,
    RTM_NEWROUTE,
    RTMGRP_IPV4_ROUTE,
    RTMGRP_IPV6_ROUTE,
    RouteEvent,
    decode_route,
)
from keepalived_py.kernel.rtnl import PROTOCOL_KEEPALIVED
from keepalived_py.kernel.rules import RTM_DELRULE, RTMGRP_IPV4_RULE, RTMGRP_IPV6_RULE, RoutingRule, decode_rule

if TYPE_CHECKING:
    from keepalived_py.kernel.socket_options import BpfInstruction

GROUPS = RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE | RTMGRP_IPV6_RULE
DRAIN_LIMIT = 32
"""Datagrams taken in one call."""

_LOAD_HALF = 0x28
_LOAD_BYTE = 0x30
_EQUAL = 0x15
_ANY_BIT = 0x45
_RETURN = 0x06
_TYPE_OFFSET = 4
_FLAGS_OFFSET = 6
_PROTOCOL_OFFSET = 21
_WHOLE = 0xFFFFFFFF


def _as_loaded(number: int) -> int:
    """Return what BPF, which reads in network order, makes of a 16-bit number of this machine."""
    return int.from_bytes(struct.pack("=H", number), "big")


INTERESTING: tuple[BpfInstruction, ...] = (
    (_LOAD_HALF, 0, 0, _TYPE_OFFSET),
    (_EQUAL, 6, 0, _as_loaded(RTM_DELRULE)),
    (_EQUAL, 3, 0, _as_loaded(RTM_DELROUTE)),
    (_EQUAL, 0, 5, _as_loaded(RTM_NEWROUTE)),
    (_LOAD_HALF, 0, 0, _FLAGS_OFFSET),
    (_ANY_BIT, 2, 3, _as_loaded(NLM_F_REPLACE)),
    (_LOAD_BYTE, 0, 0, _PROTOCOL_OFFSET),
    (_EQUAL, 0, 1, PROTOCOL_KEEPALIVED),
    (_RETURN, 0, 0, _WHOLE),
    (_RETURN, 0, 0, 0),
)
"""Rules that go, routes of keepalived that go, routes that take the place of others (a BGP table changes all day)."""


class RoutingMonitor:
    """Readable when routes or rules went: `reactor.add_reader(monitor, callback)` with a callback that calls `drain`.

    Attributes:
        overruns: how often events were lost.
    """

    def __init__(self) -> None:
        self.overruns = 0
        self._events = NetlinkSocket(groups=GROUPS, instructions=INTERESTING)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable."""
        return self._events.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._events.close()

    def drain(self, limit: int = DRAIN_LIMIT) -> list[RouteEvent | RoutingRule] | None:
        """Return what up to `limit` waiting datagrams tell; never waits. None when events were lost.

        Raises NetlinkError.
        """
        found: list[RouteEvent | RoutingRule] = []
        for _ in range(limit):
            try:
                datagram = self._events.receive()
            except OverrunError:
                self.overruns += 1
                return None
            if datagram is None:
                break
            for one in split(datagram):
                event = decode_route(one.kind, one.flags, datagram, one.start, one.end)
                rule = decode_rule(one.kind, datagram, one.start, one.end)
                found += [told for told in (event, rule) if told is not None]
        return found
