"""rtnetlink: requests to add and remove routes, and what the kernel says about routes (linux/rtnetlink.h)."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from keepalived_py.kernel.message import (
    ATTRIBUTE_LENGTH,
    HEADER_LENGTH,
    NLM_F_CREATE,
    NLM_F_EXCL,
    NLM_F_REPLACE,
    MalformedMessageError,
    attribute,
    attributes,
    message,
)
from keepalived_py.kernel.rtnl import AF_INET, AF_INET6, PROTOCOL_KEEPALIVED
from keepalived_py.structure import replace, structure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.kernel.encapsulation import Encapsulation

RTM_NEWROUTE = 24
RTM_DELROUTE = 25
RTMGRP_IPV4_ROUTE = 0x40
RTMGRP_IPV6_ROUTE = 0x400

RTA_DST = 1
RTA_SRC = 2
RTA_OIF = 4
RTA_GATEWAY = 5
RTA_PRIORITY = 6
RTA_PREFSRC = 7
RTA_METRICS = 8
RTA_MULTIPATH = 9
RTA_FLOW = 11
RTA_TABLE = 15
RTA_VIA = 18
RTA_PREF = 20
RTA_ENCAP_TYPE = 21
RTA_ENCAP = 22
RTA_EXPIRES = 23
RTA_TTL_PROPAGATE = 26

RTAX_LOCK = 1
RTAX_MTU = 2
RTAX_WINDOW = 3
RTAX_RTT = 4
RTAX_RTTVAR = 5
RTAX_SSTHRESH = 6
RTAX_CWND = 7
RTAX_ADVMSS = 8
RTAX_REORDERING = 9
RTAX_HOPLIMIT = 10
RTAX_INITCWND = 11
RTAX_FEATURES = 12
RTAX_RTO_MIN = 13
RTAX_INITRWND = 14
RTAX_QUICKACK = 15
RTAX_CC_ALGO = 16
RTAX_FASTOPEN_NO_COOKIE = 17
RTAX_FEATURE_ECN = 1

RTN_UNICAST = 1
RTNH_F_ONLINK = 4
NLM_F_APPEND = 0x800
RT_TABLE_MAIN = 254
RT_SCOPE_NOWHERE = 255
IPV6_METRIC = 1024
"""What the kernel makes of metric 0 for IPv6 (IP6_RT_PRIO_USER)."""

FIRST = 0
"""Before equal routes: `ip route prepend`, what keepalived does unless told otherwise."""
EXCLUSIVE = NLM_F_EXCL
"""Only if there is no route with the same destination, tos and metric: `ip route add`."""
LAST = NLM_F_APPEND
"""After equal routes: `ip route append`."""

DELETE_TOLERATED = frozenset({errno.ESRCH, errno.ENODEV, errno.ENOENT})
"""Answers to a request to remove a route or rule that mean it is not there."""

_RTMSG = struct.Struct("=BBBBBBBBI")
_RTNEXTHOP = struct.Struct("=HBBi")
_U32 = struct.Struct("=I")
_FAMILY = struct.Struct("=H")
_LENGTHS = {AF_INET: 4, AF_INET6: 16}
_BYTE = 0xFF


@structure
class Gateway:
    """The next router, of either family."""

    family: int
    address: bytes


@structure
class Nexthop:
    """One of several ways of a route.

    Attributes:
        gateway: None for a way through the interface alone.
        interface: index; 0 for none.
        weight: 1 to 256.
        flags: RTNH_F_*.
        flow: realms, FROM << 16 | TO; 0 for none.
        encapsulation: tunnel, or None.
    """

    gateway: Gateway | None = None
    interface: int = 0
    weight: int = 1
    flags: int = 0
    flow: int = 0
    encapsulation: Encapsulation | None = None


@structure
class RouteRequest:
    """One route to add or remove. None and empty values are not told to the kernel.

    Attributes:
        family: AF_INET or AF_INET6.
        destination: packed; empty for the default route.
        prefix_length: of the destination.
        source: packed source prefix (IPv6).
        source_length: of the source prefix.
        tos: type of service.
        table: 1 to 2**32 - 1.
        protocol: RTPROT_*.
        scope: RT_SCOPE_*; None is RT_SCOPE_UNIVERSE when adding and any when removing.
        type: RTN_*.
        gateway: next router.
        interface: index; 0 for none.
        preferred_source: packed.
        metric: priority; the lowest wins.
        flags: RTNH_F_*.
        encapsulation: tunnel.
        flow: realms, FROM << 16 | TO; 0 for none.
        expires: seconds.
        metrics: (RTAX_*, number or text) in their order.
        locked: bits 1 << RTAX_* of the metrics that the kernel must not adapt.
        preference: router preference (RFC 4191), as the kernel numbers it.
        ttl_propagate: whether the TTL is copied into MPLS.
        nexthops: several ways.
        place: FIRST, EXCLUSIVE or LAST.
    """

    family: int
    destination: bytes = b""
    prefix_length: int = 0
    source: bytes = b""
    source_length: int = 0
    tos: int = 0
    table: int = RT_TABLE_MAIN
    protocol: int = PROTOCOL_KEEPALIVED
    scope: int | None = None
    type: int = RTN_UNICAST
    gateway: Gateway | None = None
    interface: int = 0
    preferred_source: bytes = b""
    metric: int | None = None
    flags: int = 0
    encapsulation: Encapsulation | None = None
    flow: int = 0
    expires: int | None = None
    metrics: tuple[tuple[int, int | str], ...] = ()
    locked: int = 0
    preference: int | None = None
    ttl_propagate: bool | None = None
    nexthops: tuple[Nexthop, ...] = ()
    place: int = FIRST


@structure
class Way:
    """Where a route leads: packed gateway (empty for none) and index of the interface (0 for none)."""

    gateway: bytes
    interface: int

    def leads_like(self, other: Way) -> bool:
        """Return whether `other` is this way, with whatever this one leaves open filled in by the kernel."""
        return self.gateway == other.gateway and self.interface in (0, other.interface)


@structure
class Route:
    """A route as the kernel reports it, or as it will report one that was requested.

    Attributes:
        key: family, destination, length, source, length, tos, table, metric: what cannot be twice.
        protocol: RTPROT_*.
        type: RTN_*.
        ways: one or more.
    """

    key: tuple[int, bytes, int, bytes, int, int, int, int]
    protocol: int
    type: int
    ways: tuple[Way, ...]

    def is_told_by(self, event: Route) -> bool:
        """Return whether the kernel means this route, which was requested, by `event`.

        The kernel tells of the ways of an IPv6 route one by one, and names interfaces that the request left open.
        """
        if self.key != event.key or self.protocol != event.protocol or self.type != event.type:
            return False
        if self.type != RTN_UNICAST:
            return True
        return any(mine.leads_like(told) for mine in self.ways for told in event.ways)


@structure
class RouteEvent:
    """A route that has gone, or (`present`) one that has taken the place of another with the same key."""

    present: bool
    route: Route


def route_added(request: RouteRequest) -> bytes:
    """Return the message that adds a route; an equal one of ours makes the kernel answer EEXIST."""
    payload = _head(request, request.scope or 0) + _where(request) + _how(request)
    return message(RTM_NEWROUTE, NLM_F_CREATE | request.place, payload)


def split_ways(request: RouteRequest) -> tuple[RouteRequest, ...]:
    """Return requests that, each for itself, may find their part of a route there already.

    The kernel takes several ways of an IPv6 route one after the other and gives up at the first that exists.
    """
    if request.family != AF_INET6 or len(request.nexthops) < 2:
        return (request,)
    first, *others = request.nexthops
    return (
        replace(request, nexthops=(first,)),
        *(replace(request, nexthops=(one,), place=LAST) for one in others),
    )


def route_deleted(request: RouteRequest) -> bytes:
    """Return the message that removes a route; metrics do not identify it and are not told."""
    scope = RT_SCOPE_NOWHERE if request.scope is None else request.scope
    return message(RTM_DELROUTE, 0, _head(request, scope) + _where(request))


def requested(request: RouteRequest) -> Route:
    """Return the route that the kernel will report for a request."""
    data = route_added(request)
    route = _route(data, HEADER_LENGTH, len(data))
    assert route is not None
    return route


def decode_route(kind: int, flags: int, buffer: bytes, start: int, end: int) -> RouteEvent | None:
    """Return the event in the payload `buffer[start:end]`; None for what is of no interest (an addition).

    Args:
        kind: type of the message.
        flags: of its header.
        buffer: what was received.
        start: of the payload.
        end: of the payload.

    Raises MalformedMessageError.
    """
    replaces = kind == RTM_NEWROUTE and bool(flags & NLM_F_REPLACE)
    if kind != RTM_DELROUTE and not replaces:
        return None
    route = _route(buffer, start, end)
    return None if route is None else RouteEvent(replaces, route)


def _head(request: RouteRequest, scope: int) -> bytes:
    table = request.table if request.table <= _BYTE else 0
    return _RTMSG.pack(
        request.family,
        request.prefix_length,
        request.source_length,
        request.tos,
        table,
        request.protocol,
        scope,
        request.type,
        request.flags,
    )


def _where(request: RouteRequest) -> bytes:
    """Return the attributes that identify a route."""
    parts = []
    for kind, address in (
        (RTA_DST, request.destination),
        (RTA_SRC, request.source),
        (RTA_PREFSRC, request.preferred_source),
    ):
        if address:
            parts.append(attribute(kind, address))
    if request.table > _BYTE:
        parts.append(attribute(RTA_TABLE, _U32.pack(request.table)))
    if request.gateway:
        parts.append(_gateway(request.gateway, request.family))
    if request.interface:
        parts.append(attribute(RTA_OIF, _U32.pack(request.interface)))
    if request.metric is not None:
        parts.append(attribute(RTA_PRIORITY, _U32.pack(request.metric)))
    if request.encapsulation:
        parts.append(_encapsulation(request.encapsulation))
    if request.flow:
        parts.append(attribute(RTA_FLOW, _U32.pack(request.flow)))
    if request.nexthops:
        ways = b"".join(_nexthop(one, request.family) for one in request.nexthops)
        parts.append(attribute(RTA_MULTIPATH, ways))
    return b"".join(parts)


def _how(request: RouteRequest) -> bytes:
    """Return the attributes that only describe a route."""
    parts = []
    if request.expires is not None:
        parts.append(attribute(RTA_EXPIRES, _U32.pack(request.expires)))
    if request.preference is not None:
        parts.append(attribute(RTA_PREF, bytes([request.preference])))
    if request.ttl_propagate is not None:
        parts.append(attribute(RTA_TTL_PROPAGATE, bytes([request.ttl_propagate])))
    if request.metrics:
        parts.append(attribute(RTA_METRICS, _metrics(request.metrics, request.locked)))
    return b"".join(parts)


def _metrics(metrics: Sequence[tuple[int, int | str]], locked: int) -> bytes:
    parts = [
        attribute(kind, value.encode("utf-8", "surrogateescape") if isinstance(value, str) else _U32.pack(value))
        for kind, value in metrics
    ]
    if locked:
        parts.append(attribute(RTAX_LOCK, _U32.pack(locked)))
    return b"".join(parts)


def _gateway(gateway: Gateway, family: int) -> bytes:
    if gateway.family == family:
        return attribute(RTA_GATEWAY, gateway.address)
    return attribute(RTA_VIA, _FAMILY.pack(gateway.family) + gateway.address)


def _encapsulation(encapsulation: Encapsulation) -> bytes:
    kind = attribute(RTA_ENCAP_TYPE, _FAMILY.pack(encapsulation.kind))
    return attribute(RTA_ENCAP, encapsulation.options) + kind


def _nexthop(nexthop: Nexthop, family: int) -> bytes:
    parts = []
    if nexthop.gateway:
        parts.append(_gateway(nexthop.gateway, family))
    if nexthop.flow:
        parts.append(attribute(RTA_FLOW, _U32.pack(nexthop.flow)))
    if nexthop.encapsulation:
        parts.append(_encapsulation(nexthop.encapsulation))
    rest = b"".join(parts)
    head = _RTNEXTHOP.pack(_RTNEXTHOP.size + len(rest), nexthop.flags, nexthop.weight - 1, nexthop.interface)
    return head + rest


def _route(buffer: bytes, start: int, end: int) -> Route | None:
    if end - start < _RTMSG.size:
        raise MalformedMessageError(f"route message of {end - start} bytes")
    family, length, source_length, tos, table, protocol, _scope, kind, _flags = _RTMSG.unpack_from(buffer, start)
    if family not in _LENGTHS:
        return None
    found = attributes(buffer, start + _RTMSG.size, end)
    metric = _number(found, RTA_PRIORITY, 0)
    key = (
        family,
        _prefix(found.get(RTA_DST, b""), length, family),
        length,
        _prefix(found.get(RTA_SRC, b""), source_length, family),
        source_length,
        tos,
        _number(found, RTA_TABLE, table),
        metric or (IPV6_METRIC if family == AF_INET6 else 0),
    )
    return Route(key, protocol, kind, _ways(found))


def _prefix(address: bytes, length: int, family: int) -> bytes:
    """Return an address without its host bits, as the kernel stores it."""
    size = _LENGTHS[family]
    if length > 8 * size or len(address) not in (0, size):
        raise MalformedMessageError(f"prefix of {len(address)} bytes and length {length} in family {family}")
    hosts = 8 * size - length
    return (int.from_bytes(address, "big") >> hosts << hosts).to_bytes(size, "big")


def _number(found: dict[int, bytes], kind: int, default: int) -> int:
    value = found.get(kind)
    if value is None:
        return default
    if len(value) != _U32.size:
        raise MalformedMessageError(f"route attribute {kind} of {len(value)} bytes")
    return int(_U32.unpack(value)[0])


def _ways(found: dict[int, bytes]) -> tuple[Way, ...]:
    several = found.get(RTA_MULTIPATH)
    if several is None:
        return (Way(_gateway_in(found), _number(found, RTA_OIF, 0)),)
    ways = []
    start = 0
    while start + _RTNEXTHOP.size <= len(several):
        length, _flags, _hops, interface = _RTNEXTHOP.unpack_from(several, start)
        stop = start + length
        if length < _RTNEXTHOP.size or stop > len(several):
            raise MalformedMessageError(f"nexthop of {length} bytes, {len(several) - start} left")
        inside = attributes(several, start + _RTNEXTHOP.size, stop)
        ways.append(Way(_gateway_in(inside), interface))
        start = (stop + ATTRIBUTE_LENGTH - 1) & -ATTRIBUTE_LENGTH
    return tuple(ways)


def _gateway_in(found: dict[int, bytes]) -> bytes:
    return found.get(RTA_GATEWAY, b"") or found.get(RTA_VIA, b"")[_FAMILY.size :]
