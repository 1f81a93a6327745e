"""rtnetlink: requests to add and remove routing rules, and what the kernel says about rules (linux/fib_rules.h)."""

from __future__ import annotations

import struct

from keepalived_py.kernel.message import (
    HEADER_LENGTH,
    NLM_F_CREATE,
    NLM_F_EXCL,
    MalformedMessageError,
    attribute,
    attributes,
    message,
)
from keepalived_py.kernel.rtnl import AF_INET, AF_INET6, PROTOCOL_KEEPALIVED
from keepalived_py.structure import structure

RTM_NEWRULE = 32
RTM_DELRULE = 33
RTMGRP_IPV4_RULE = 0x80
RTMGRP_IPV6_RULE = 0x40000

FRA_DST = 1
FRA_SRC = 2
FRA_IIFNAME = 3
FRA_GOTO = 4
FRA_PRIORITY = 6
FRA_FWMARK = 10
FRA_FLOW = 11
FRA_TUN_ID = 12
FRA_SUPPRESS_IFGROUP = 13
FRA_SUPPRESS_PREFIXLEN = 14
FRA_TABLE = 15
FRA_FWMASK = 16
FRA_OIFNAME = 17
FRA_L3MDEV = 19
FRA_UID_RANGE = 20
FRA_PROTOCOL = 21
FRA_IP_PROTO = 22
FRA_SPORT_RANGE = 23
FRA_DPORT_RANGE = 24

FR_ACT_TO_TBL = 1
FR_ACT_GOTO = 2
FR_ACT_NOP = 3
FR_ACT_BLACKHOLE = 6
FR_ACT_UNREACHABLE = 7
FR_ACT_PROHIBIT = 8
FIB_RULE_INVERT = 2

_HEADER = struct.Struct("=BBBBBBBBI")
_U32 = struct.Struct("=I")
_ID = struct.Struct(">Q")
_USERS = struct.Struct("=II")
_PORTS = struct.Struct("=HH")
_BYTE = 0xFF
_ANY_PREFIX_LENGTH = _U32.pack(0xFFFFFFFF)
_EVERY_BIT = _U32.pack(0xFFFFFFFF)
_IDENTIFYING = (
    FRA_DST,
    FRA_SRC,
    FRA_IIFNAME,
    FRA_GOTO,
    FRA_PRIORITY,
    FRA_FWMARK,
    FRA_FLOW,
    FRA_TUN_ID,
    FRA_SUPPRESS_IFGROUP,
    FRA_OIFNAME,
    FRA_L3MDEV,
    FRA_UID_RANGE,
    FRA_PROTOCOL,
    FRA_IP_PROTO,
    FRA_SPORT_RANGE,
    FRA_DPORT_RANGE,
    FRA_SUPPRESS_PREFIXLEN,
    FRA_FWMASK,
)
_NOTHING = _U32.pack(0)
_ABSENT = {FRA_FWMARK: _NOTHING, FRA_L3MDEV: b"\0"}
"""Values that the kernel does not report: with them the attribute means nothing."""


@structure
class RuleRequest:
    """One rule to add or remove. None and empty values are not told to the kernel.

    Attributes:
        family: AF_INET or AF_INET6.
        action: FR_ACT_*.
        preference: place among the rules.
        source: packed; empty for any.
        source_length: of its prefix.
        destination: packed; empty for any.
        destination_length: of its prefix.
        tos: type of service.
        inverted: match what the rest does not match.
        table: for FR_ACT_TO_TBL; 0 with `l3mdev`.
        l3mdev: look into the table of the VRF.
        goto: preference to go on at, for FR_ACT_GOTO.
        mark: firewall mark.
        mask: of the mark; None for all bits.
        flow: realms, FROM << 16 | TO; 0 for none.
        suppressed_prefix_length: routes with prefixes that are no longer do not count.
        suppressed_group: routes through interfaces of this group do not count.
        incoming: name of the incoming interface, which need not exist.
        outgoing: name of the outgoing interface.
        tunnel_id: 64 bits; 0 for none.
        users: first and last user id.
        protocol: who made the rule, RTPROT_*.
        ip_protocol: IPPROTO_*.
        source_ports: first and last.
        destination_ports: first and last.
    """

    family: int
    action: int
    preference: int | None = None
    source: bytes = b""
    source_length: int = 0
    destination: bytes = b""
    destination_length: int = 0
    tos: int = 0
    inverted: bool = False
    table: int = 0
    l3mdev: bool = False
    goto: int | None = None
    mark: int | None = None
    mask: int | None = None
    flow: int = 0
    suppressed_prefix_length: int | None = None
    suppressed_group: int | None = None
    incoming: str = ""
    outgoing: str = ""
    tunnel_id: int = 0
    users: tuple[int, int] | None = None
    protocol: int = PROTOCOL_KEEPALIVED
    ip_protocol: int | None = None
    source_ports: tuple[int, int] | None = None
    destination_ports: tuple[int, int] | None = None


@structure
class RoutingRule:
    """A rule as the kernel reports it: header fields and identifying attributes, with defaults filled in."""

    header: tuple[int, int, int, int, int, int]
    attributes: tuple[tuple[int, bytes], ...]


def rule_added(request: RuleRequest) -> bytes:
    """Return the message that adds a rule; the kernel answers EEXIST when it is there."""
    return message(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, _payload(request))


def rule_deleted(request: RuleRequest) -> bytes:
    """Return the message that removes a rule; the kernel answers ENOENT when there is none."""
    return message(RTM_DELRULE, 0, _payload(request))


def rule_requested(request: RuleRequest) -> RoutingRule:
    """Return the rule that the kernel will report for a request."""
    data = rule_added(request)
    rule = _rule(data, HEADER_LENGTH, len(data))
    assert rule is not None
    return rule


def decode_rule(kind: int, buffer: bytes, start: int, end: int) -> RoutingRule | None:
    """Return the rule that has gone, in the payload `buffer[start:end]`; None for any other message.

    Raises MalformedMessageError.
    """
    return _rule(buffer, start, end) if kind == RTM_DELRULE else None


def _payload(request: RuleRequest) -> bytes:
    head = _HEADER.pack(
        request.family,
        request.destination_length,
        request.source_length,
        request.tos,
        request.table if request.table <= _BYTE else 0,
        0,
        0,
        request.action,
        FIB_RULE_INVERT if request.inverted else 0,
    )
    return head + b"".join(attribute(kind, value) for kind, value in _told(request) if value is not None)


def _told(request: RuleRequest) -> list[tuple[int, bytes | None]]:
    return [
        (FRA_SRC, request.source or None),
        (FRA_DST, request.destination or None),
        (FRA_TABLE, _number(request.table if request.table > _BYTE else None)),
        (FRA_PRIORITY, _number(request.preference)),
        (FRA_FWMARK, _number(request.mark)),
        (FRA_FWMASK, _number(request.mask)),
        (FRA_FLOW, _number(request.flow or None)),
        (FRA_SUPPRESS_PREFIXLEN, _number(request.suppressed_prefix_length)),
        (FRA_SUPPRESS_IFGROUP, _number(request.suppressed_group)),
        (FRA_IIFNAME, _name(request.incoming)),
        (FRA_OIFNAME, _name(request.outgoing)),
        (FRA_TUN_ID, _ID.pack(request.tunnel_id) if request.tunnel_id else None),
        (FRA_UID_RANGE, None if request.users is None else _USERS.pack(*request.users)),
        (FRA_L3MDEV, b"\x01" if request.l3mdev else None),
        (FRA_PROTOCOL, bytes([request.protocol])),
        (FRA_IP_PROTO, None if request.ip_protocol is None else bytes([request.ip_protocol])),
        (FRA_SPORT_RANGE, None if request.source_ports is None else _PORTS.pack(*request.source_ports)),
        (FRA_DPORT_RANGE, None if request.destination_ports is None else _PORTS.pack(*request.destination_ports)),
        (FRA_GOTO, _number(request.goto)),
    ]


def _number(value: int | None) -> bytes | None:
    return None if value is None else _U32.pack(value)


def _name(name: str) -> bytes | None:
    return name.encode("utf-8", "surrogateescape") + b"\0" if name else None


def _rule(buffer: bytes, start: int, end: int) -> RoutingRule | None:
    if end - start < _HEADER.size:
        raise MalformedMessageError(f"rule message of {end - start} bytes")
    family, to_length, from_length, tos, table, _one, _two, action, flags = _HEADER.unpack_from(buffer, start)
    if family not in (AF_INET, AF_INET6):
        return None
    found = attributes(buffer, start + _HEADER.size, end)
    number = found.get(FRA_TABLE, b"")
    if len(number) == _U32.size:
        table = _U32.unpack(number)[0]
    # What the kernel adds to each report is added to a request as well.
    defaults = {FRA_SUPPRESS_PREFIXLEN: _ANY_PREFIX_LENGTH, FRA_PROTOCOL: b"\0", FRA_PRIORITY: _NOTHING}
    if found.get(FRA_FWMARK, _NOTHING) != _NOTHING:
        defaults[FRA_FWMASK] = _EVERY_BIT
    told = {kind: found[kind] for kind in _IDENTIFYING if kind in found and found[kind] != _ABSENT.get(kind)}
    header = (family, to_length, from_length, tos, table, action << 1 | bool(flags & FIB_RULE_INVERT))
    return RoutingRule(header, tuple(sorted((defaults | told).items())))
