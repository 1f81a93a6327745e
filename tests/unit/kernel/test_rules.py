"""Rule requests byte for byte and against pyroute2's decoder; what the kernel reports about rules."""

import socket
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroute2.netlink.rtnl.fibmsg import fibmsg

from keepalived_py.kernel import rules
from keepalived_py.kernel.message import MalformedMessageError, attribute, message, split
from keepalived_py.kernel.rtnl import AF_INET, AF_INET6
from keepalived_py.kernel.rules import RoutingRule, RuleRequest
from keepalived_py.structure import replace

FOUR = socket.inet_aton
PLAIN = RuleRequest(AF_INET, rules.FR_ACT_TO_TBL, 100, FOUR("10.1.0.0"), 16, table=7)
LITTLE_ENDIAN = pytest.mark.skipif(struct.pack("=H", 1) != b"\x01\x00", reason="the bytes here are little endian")


def as_pyroute2_reads(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    decoded = fibmsg(data)
    decoded.decode()
    names = ("family", "dst_len", "src_len", "tos", "table", "action", "flags")
    return {name: decoded[name] for name in names}, dict(decoded["attrs"])


def deletion(request: RuleRequest) -> RoutingRule:
    data = rules.rule_deleted(request)
    [found] = split(data)
    told = rules.decode_rule(found.kind, data, found.start, found.end)
    assert told is not None
    return told


@LITTLE_ENDIAN
def test_plain_rule_is_added_by_these_bytes() -> None:
    assert rules.rule_added(PLAIN) == bytes.fromhex(
        "34000000 2000 0106 00000000 00000000 02 00 10 00 07 00 00 01 00000000"
        "0800 0200 0a010000 0800 0600 64000000 0500 1500 12 000000"
    )


@LITTLE_ENDIAN
def test_plain_rule_is_removed_by_these_bytes() -> None:
    assert rules.rule_deleted(PLAIN) == bytes.fromhex(
        "34000000 2100 0100 00000000 00000000 02 00 10 00 07 00 00 01 00000000"
        "0800 0200 0a010000 0800 0600 64000000 0500 1500 12 000000"
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"destination": FOUR("10.2.0.0"), "destination_length": 16}, {"FRA_DST": "10.2.0.0"}),
        ({"table": 1000}, {"FRA_TABLE": 1000}),
        ({"mark": 1, "mask": 255}, {"FRA_FWMARK": 1, "FRA_FWMASK": 255}),
        ({"flow": 2 << 16 | 3}, {"FRA_FLOW": 0x20003}),
        ({"suppressed_prefix_length": 8}, {"FRA_SUPPRESS_PREFIXLEN": 8}),
        ({"suppressed_group": 9}, {"FRA_SUPPRESS_IFGROUP": 9}),
        ({"incoming": "eth0", "outgoing": "eth1"}, {"FRA_IIFNAME": "eth0", "FRA_OIFNAME": "eth1"}),
        ({"tunnel_id": 77}, {"FRA_TUN_ID": 77}),
        ({"users": (1, 2)}, {"FRA_UID_RANGE": "1:2"}),
        ({"l3mdev": True, "table": 0}, {"FRA_L3MDEV": 1}),
        ({"protocol": 4}, {"FRA_PROTOCOL": 4}),
        ({"ip_protocol": 6}, {"FRA_IP_PROTO": 6}),
        ({"source_ports": (1, 2)}, {"FRA_SPORT_RANGE": "1:2"}),
        ({"destination_ports": (3, 65535)}, {"FRA_DPORT_RANGE": "3:65535"}),
        ({"action": rules.FR_ACT_GOTO, "goto": 200, "table": 0}, {"FRA_GOTO": 200}),
    ],
    ids="-".join,
)
def test_option_is_read_by_pyroute2(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    _, attributes = as_pyroute2_reads(rules.rule_added(replace(PLAIN, **changes)))
    assert {name: attributes[name] for name in expected} == expected


def test_fields_of_the_header_are_read_by_pyroute2() -> None:
    request = replace(PLAIN, tos=16, action=rules.FR_ACT_PROHIBIT, table=0, inverted=True)
    fields, _ = as_pyroute2_reads(rules.rule_added(request))
    assert fields == {
        "family": AF_INET,
        "dst_len": 0,
        "src_len": 16,
        "tos": 16,
        "table": 0,
        "action": 8,
        "flags": rules.FIB_RULE_INVERT,
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"family": AF_INET6, "source": bytes(16)},
        {"preference": 101},
        {"source": FOUR("10.2.0.0")},
        {"source_length": 17},
        {"destination": FOUR("10.2.0.0"), "destination_length": 16},
        {"tos": 8},
        {"inverted": True},
        {"table": 8},
        {"action": rules.FR_ACT_BLACKHOLE},
        {"mark": 1},
        {"flow": 1},
        {"suppressed_prefix_length": 0},
        {"suppressed_group": 0},
        {"incoming": "eth0"},
        {"outgoing": "eth0"},
        {"tunnel_id": 1},
        {"users": (0, 1)},
        {"l3mdev": True},
        {"protocol": 4},
        {"ip_protocol": 6},
        {"source_ports": (1, 1)},
        {"destination_ports": (1, 1)},
    ],
    ids="-".join,
)
def test_rule_recognises_its_own_deletion_and_no_other(changes: dict[str, Any]) -> None:
    other = replace(PLAIN, **changes)
    assert rules.rule_requested(PLAIN) == deletion(PLAIN)
    assert rules.rule_requested(other) == deletion(other)
    assert rules.rule_requested(PLAIN) != deletion(other)


def test_rule_is_recognised_with_what_the_kernel_adds_to_its_report() -> None:
    data = rules.rule_deleted(replace(PLAIN, mark=5))
    payload = data[16:] + b"".join(
        (
            attribute(rules.FRA_TABLE, struct.pack("=I", 7)),
            attribute(rules.FRA_SUPPRESS_PREFIXLEN, struct.pack("=i", -1)),
            attribute(rules.FRA_FWMASK, struct.pack("=I", 0xFFFFFFFF)),
        )
    )
    told = rules.decode_rule(rules.RTM_DELRULE, payload, 0, len(payload))
    assert told == rules.rule_requested(replace(PLAIN, mark=5))


def test_addition_of_a_rule_is_no_event() -> None:
    data = message(rules.RTM_NEWRULE, 0, rules.rule_deleted(PLAIN)[16:])
    assert rules.decode_rule(rules.RTM_NEWRULE, data, 16, len(data)) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    try:
        rules.decode_rule(rules.RTM_DELRULE, payload, 0, len(payload))
    except MalformedMessageError:
        return
