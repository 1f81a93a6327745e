"""Route requests byte for byte and against pyroute2's decoder; what the kernel reports about routes."""

import socket
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from keepalived_py.kernel import encapsulation, routes
from keepalived_py.kernel.message import MalformedMessageError, split
from keepalived_py.kernel.routes import Gateway, Nexthop, RouteEvent, RouteRequest, Way
from keepalived_py.kernel.rtnl import AF_INET, AF_INET6
from keepalived_py.structure import replace

FOUR = socket.inet_aton
DESTINATION = FOUR("10.1.0.0")
GATEWAY = Gateway(AF_INET, FOUR("10.0.0.1"))
SIX_GATEWAY = Gateway(AF_INET6, socket.inet_pton(AF_INET6, "fe80::1"))
PLAIN = RouteRequest(AF_INET, DESTINATION, 16, gateway=GATEWAY, interface=3)
SIX = RouteRequest(AF_INET6, socket.inet_pton(AF_INET6, "2001:db8:5::"), 48, gateway=SIX_GATEWAY, interface=3)
LITTLE_ENDIAN = pytest.mark.skipif(struct.pack("=H", 1) != b"\x01\x00", reason="the bytes here are little endian")


def as_pyroute2_reads(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    decoded = rtmsg(data)
    decoded.decode()
    names = ("family", "dst_len", "src_len", "tos", "table", "proto", "scope", "type", "flags")
    return {name: decoded[name] for name in names}, {name: plain(value) for name, value in decoded["attrs"]}


def plain(value: Any) -> Any:
    """Return what pyroute2 decoded in ordinary types."""
    if isinstance(value, dict):
        return {str(name): plain(inner) for name, inner in value.items() if name != "header"}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if not isinstance(value, (str, int, bytes, float, type(None))):
        name, inner = value
        return (name, plain(inner))
    return value


def event_in(data: bytes) -> RouteEvent | None:
    [found] = split(data)
    return routes.decode_route(found.kind, found.flags, data, found.start, found.end)


def deletion(request: RouteRequest) -> RouteEvent:
    event = event_in(routes.route_deleted(request))
    assert event is not None
    return event


@LITTLE_ENDIAN
def test_plain_route_is_added_by_these_bytes() -> None:
    assert routes.route_added(PLAIN) == bytes.fromhex(
        "34000000 1800 0104 00000000 00000000 02 10 00 00 fe 12 00 01 00000000"
        "0800 0100 0a010000 0800 0500 0a000001 0800 0400 03000000"
    )


@LITTLE_ENDIAN
def test_plain_route_is_removed_by_these_bytes() -> None:
    assert routes.route_deleted(PLAIN) == bytes.fromhex(
        "34000000 1900 0100 00000000 00000000 02 10 00 00 fe 12 ff 01 00000000"
        "0800 0100 0a010000 0800 0500 0a000001 0800 0400 03000000"
    )


@pytest.mark.parametrize(
    ("place", "flags"), [(routes.FIRST, 0x401), (routes.EXCLUSIVE, 0x601), (routes.LAST, 0xC01)], ids=str
)
def test_place_among_equal_routes_is_told_by_flags(place: int, flags: int) -> None:
    [message] = split(routes.route_added(replace(PLAIN, place=place)))
    assert message.flags == flags


ATTRIBUTES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"preferred_source": FOUR("10.0.0.9")}, {"RTA_PREFSRC": "10.0.0.9"}),
    ({"table": 1000}, {"RTA_TABLE": 1000}),
    ({"metric": 7}, {"RTA_PRIORITY": 7}),
    ({"metric": 0}, {"RTA_PRIORITY": 0}),
    ({"flow": 2 << 16 | 3}, {"RTA_FLOW": 0x20003}),
    ({"expires": 30}, {"RTA_EXPIRES": struct.pack("=I", 30).hex(":")}),
    ({"preference": 3}, {"RTA_PREF": 3}),
    (
        {"gateway": SIX_GATEWAY},
        {"RTA_VIA": {"family": AF_INET6, "addr": "fe80::1"}},
    ),
    (
        {"metrics": ((routes.RTAX_MTU, 1400), (routes.RTAX_RTT, 1600)), "locked": 1 << routes.RTAX_MTU},
        {"RTA_METRICS": {"attrs": [("RTAX_MTU", 1400), ("RTAX_RTT", 1600), ("RTAX_LOCK", 4)]}},
    ),
    (
        {"metrics": ((routes.RTAX_CC_ALGO, "reno"), (routes.RTAX_FEATURES, routes.RTAX_FEATURE_ECN))},
        {"RTA_METRICS": {"attrs": [("RTAX_CC_ALGO", "reno"), ("RTAX_FEATURES", 1)]}},
    ),
    (
        {"encapsulation": encapsulation.mpls([100, 200])},
        {
            "RTA_ENCAP_TYPE": encapsulation.LWTUNNEL_ENCAP_MPLS,
            "RTA_ENCAP": {
                "attrs": [
                    (
                        "MPLS_IPTUNNEL_DST",
                        [
                            {"label": 100, "tc": 0, "bos": 0, "ttl": 0},
                            {"label": 200, "tc": 0, "bos": 1, "ttl": 0},
                        ],
                    )
                ]
            },
        },
    ),
    (
        {"nexthops": (Nexthop(GATEWAY, 3, 5), Nexthop(SIX_GATEWAY, 4, 1, routes.RTNH_F_ONLINK, flow=9))},
        {
            "RTA_MULTIPATH": [
                {"hops": 4, "flags": 0, "oif": 3, "attrs": [("RTA_GATEWAY", "10.0.0.1")]},
                {
                    "hops": 0,
                    "flags": 4,
                    "oif": 4,
                    "attrs": [("RTA_VIA", {"family": AF_INET6, "addr": "fe80::1"}), ("RTA_FLOW", 9)],
                },
            ]
        },
    ),
]


@pytest.mark.parametrize(("changes", "expected"), ATTRIBUTES, ids="-".join)
def test_option_is_read_by_pyroute2(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    _, attributes = as_pyroute2_reads(routes.route_added(replace(PLAIN, **changes)))
    assert {name: attributes[name] for name in expected} == expected


def test_fields_of_the_header_are_read_by_pyroute2() -> None:
    request = replace(PLAIN, tos=16, table=7, protocol=4, scope=253, type=6, flags=4)
    fields, _ = as_pyroute2_reads(routes.route_added(request))
    assert fields == {
        "family": AF_INET,
        "dst_len": 16,
        "src_len": 0,
        "tos": 16,
        "table": 7,
        "proto": 4,
        "scope": 253,
        "type": 6,
        "flags": 4,
    }


def test_source_prefix_of_an_ipv6_route_is_read_by_pyroute2() -> None:
    request = replace(SIX, source=socket.inet_pton(AF_INET6, "2001:db8:7::"), source_length=48)
    fields, attributes = as_pyroute2_reads(routes.route_added(request))
    assert (fields["src_len"], attributes["RTA_SRC"]) == (48, "2001:db8:7::")


@LITTLE_ENDIAN
def test_ttl_propagation_is_one_byte() -> None:
    assert routes.route_added(replace(PLAIN, ttl_propagate=True)).endswith(bytes.fromhex("0500 1a00 01 000000"))


@LITTLE_ENDIAN
@pytest.mark.parametrize(
    ("encapsulated", "kind", "options"),
    [
        (
            encapsulation.ip(encapsulation.Tunnel(7, FOUR("192.0.2.1"), FOUR("192.0.2.2"), 16, 64, 4)),
            2,
            (
                "0c00 0100 0000000000000007 0800 0200 c0000201 0800 0300 c0000202"
                "0500 0400 40 000000 0500 0500 10 000000 0600 0600 0400 0000"
            ),
        ),
        (
            encapsulation.ip(
                encapsulation.Tunnel(destination=socket.inet_pton(AF_INET6, "2001:db8::1")),
                encapsulation.LWTUNNEL_ENCAP_IP6,
            ),
            4,
            "1400 0200 20010db8000000000000000000000001",
        ),
        (encapsulation.ila(0x0001000200030004), 3, "0c00 0100 0001000200030004"),
        (encapsulation.mpls([16]), 1, "0800 0100 00010100"),
    ],
    ids=["ip", "ip6", "ila", "mpls"],
)
def test_tunnel_is_these_bytes(encapsulated: encapsulation.Encapsulation, kind: int, options: str) -> None:
    assert (encapsulated.kind, encapsulated.options) == (kind, bytes.fromhex(options))


@pytest.mark.parametrize("request_", [PLAIN, SIX, replace(PLAIN, table=1000, metric=7, tos=8)], ids=["4", "6", "all"])
def test_route_recognises_its_own_deletion(request_: RouteRequest) -> None:
    assert routes.requested(request_).is_told_by(deletion(request_).route)


@pytest.mark.parametrize(
    "changes",
    [
        {"destination": FOUR("10.2.0.0")},
        {"prefix_length": 17},
        {"table": 7},
        {"metric": 9},
        {"tos": 8},
        {"protocol": 4},
        {"type": 6},
        {"interface": 4},
        {"gateway": Gateway(AF_INET, FOUR("10.0.0.2"))},
        {"gateway": None},
    ],
    ids="-".join,
)
def test_route_does_not_take_the_deletion_of_another_for_its_own(changes: dict[str, Any]) -> None:
    assert not routes.requested(PLAIN).is_told_by(deletion(replace(PLAIN, **changes)).route)


def test_route_without_interface_recognises_its_deletion_from_any() -> None:
    assert routes.requested(replace(PLAIN, interface=0)).is_told_by(deletion(PLAIN).route)


def test_ipv6_route_without_metric_is_reported_with_1024() -> None:
    told = deletion(replace(SIX, metric=1024)).route
    assert routes.requested(SIX).is_told_by(told)
    assert routes.requested(replace(SIX, metric=0)).is_told_by(told)


def test_host_bits_of_an_ipv6_destination_do_not_matter() -> None:
    request = replace(SIX, destination=socket.inet_pton(AF_INET6, "2001:db8:5::1"))
    assert routes.requested(request).is_told_by(deletion(SIX).route)


def test_route_of_several_ways_recognises_the_end_of_one() -> None:
    second = Gateway(AF_INET6, socket.inet_pton(AF_INET6, "fe80::2"))
    request = replace(SIX, gateway=None, interface=0, nexthops=(Nexthop(SIX_GATEWAY, 3), Nexthop(second, 4)))
    assert routes.requested(request).ways == (Way(SIX_GATEWAY.address, 3), Way(second.address, 4))
    assert routes.requested(request).is_told_by(deletion(replace(SIX, gateway=second, interface=4)).route)
    assert not routes.requested(request).is_told_by(deletion(replace(SIX, gateway=second, interface=5)).route)


def test_ways_of_an_ipv6_route_are_asked_for_one_by_one() -> None:
    ways = (Nexthop(SIX_GATEWAY, 3), Nexthop(SIX_GATEWAY, 4, 2))
    first, second = routes.split_ways(replace(SIX, nexthops=ways, place=routes.EXCLUSIVE))
    assert (first.nexthops, first.place) == (ways[:1], routes.EXCLUSIVE)
    assert (second.nexthops, second.place) == (ways[1:], routes.LAST)


def test_ways_of_an_ipv4_route_are_asked_for_together() -> None:
    request = replace(PLAIN, nexthops=(Nexthop(GATEWAY, 3), Nexthop(GATEWAY, 4)))
    assert routes.split_ways(request) == (request,)


def test_replacement_is_an_event_and_an_addition_is_none() -> None:
    data = routes.route_added(PLAIN)
    [message] = split(data)
    assert event_in(data) is None
    told = routes.decode_route(message.kind, message.flags | 0x100, data, message.start, message.end)
    assert told == RouteEvent(True, routes.requested(PLAIN))


@given(st.binary(max_size=200), st.sampled_from([routes.RTM_DELROUTE, routes.RTM_NEWROUTE]))
def test_any_bytes_are_read_or_refused(payload: bytes, kind: int) -> None:
    try:
        routes.decode_route(kind, 0x100, payload, 0, len(payload))
    except MalformedMessageError:
        return


@given(st.binary(min_size=4, max_size=80), st.integers(12, 40))
def test_route_with_damaged_attributes_is_read_or_refused(damage: bytes, offset: int) -> None:
    data = bytearray(routes.route_deleted(replace(SIX, nexthops=(Nexthop(SIX_GATEWAY, 3), Nexthop(SIX_GATEWAY, 4)))))
    start = min(16 + offset, len(data))
    data[start : start + len(damage)] = damage
    try:
        routes.decode_route(routes.RTM_DELROUTE, 0, bytes(data), 16, len(data))
    except MalformedMessageError:
        return
