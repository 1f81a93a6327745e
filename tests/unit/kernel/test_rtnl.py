"""Address requests and events, byte for byte and against pyroute2's encoder and decoder."""

from __future__ import annotations

import socket
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from keepalived_py.kernel import rtnl
from keepalived_py.kernel.message import MalformedMessageError, attribute, split
from keepalived_py.kernel.rtnl import Address, AddressEvent, AddressRequest, LinkEvent
from keepalived_py.structure import replace

VIP = socket.inet_aton("192.0.2.10")
VIP6 = socket.inet_pton(socket.AF_INET6, "2001:db8::10")
PLAIN = AddressRequest(rtnl.AF_INET, VIP, 24, 3)
PLAIN6 = AddressRequest(rtnl.AF_INET6, VIP6, 64, 3, flags=rtnl.IFA_F_NODAD)


def as_pyroute2_reads(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    decoded = ifaddrmsg(data)
    decoded.decode()
    fields = {name: decoded[name] for name in ("family", "prefixlen", "flags", "scope", "index")}
    return fields, dict(decoded["attrs"])


def event_in(data: bytes) -> rtnl.Event | None:
    [found] = split(data)
    return rtnl.decode(found.kind, data, found.start, found.end)


@pytest.mark.skipif(struct.pack("=H", 1) != b"\x01\x00", reason="the bytes here are little endian")
def test_plain_address_is_added_by_these_bytes() -> None:
    assert rtnl.address_added(PLAIN) == bytes.fromhex(
        "30000000 1400 0104 00000000 0000000002 18 00 00 030000000800 0200 c000020a0800 0100 c000020a0500 0b00 12000000"
    )


@pytest.mark.skipif(struct.pack("=H", 1) != b"\x01\x00", reason="the bytes here are little endian")
def test_ipv6_address_is_deleted_by_these_bytes() -> None:
    assert rtnl.address_deleted(PLAIN6) == bytes.fromhex(
        "2c000000 1500 0100 00000000 000000000a 40 02 00 030000001400 0200 20010db8000000000000000000000010"
    )


def test_every_option_of_an_ipv4_address_is_read_by_pyroute2() -> None:
    request = replace(
        PLAIN,
        scope=rtnl.RT_SCOPE_LINK,
        label="eth0:vip",
        broadcast=socket.inet_aton("192.0.2.255"),
        flags=rtnl.IFA_F_NOPREFIXROUTE | rtnl.IFA_F_MCAUTOJOIN,
        preferred_lifetime=0,
        protocol=42,
    )
    fields, attributes = as_pyroute2_reads(rtnl.address_added(request))
    assert fields == {"family": 2, "prefixlen": 24, "flags": 0, "scope": 253, "index": 3}
    lifetimes = attributes.pop("IFA_CACHEINFO")
    assert (lifetimes["ifa_preferred"], lifetimes["ifa_valid"]) == (0, 0xFFFFFFFF)
    assert attributes == {
        "IFA_LOCAL": "192.0.2.10",
        "IFA_ADDRESS": "192.0.2.10",
        "IFA_BROADCAST": "192.0.2.255",
        "IFA_LABEL": "eth0:vip",
        "IFA_FLAGS": 0x600,
        "IFA_PROTO": 42,
    }


def test_every_option_of_an_ipv6_address_is_read_by_pyroute2() -> None:
    peer = socket.inet_pton(socket.AF_INET6, "2001:db8::20")
    flags = rtnl.IFA_F_NODAD | rtnl.IFA_F_HOMEADDRESS | rtnl.IFA_F_MANAGETEMPADDR
    request = replace(PLAIN6, peer=peer, flags=flags, preferred_lifetime=300)
    fields, attributes = as_pyroute2_reads(rtnl.address_added(request))
    assert fields == {"family": 10, "prefixlen": 64, "flags": 0x12, "scope": 0, "index": 3}
    lifetimes = attributes.pop("IFA_CACHEINFO")
    assert (lifetimes["ifa_preferred"], lifetimes["ifa_valid"]) == (300, 0xFFFFFFFF)
    assert attributes == {
        "IFA_LOCAL": "2001:db8::10",
        "IFA_ADDRESS": "2001:db8::20",
        "IFA_FLAGS": 0x112,
        "IFA_PROTO": 18,
    }


def test_ipv4_address_with_a_peer_is_deleted_by_its_peer() -> None:
    request = replace(PLAIN, peer=socket.inet_aton("198.51.100.1"))
    _, attributes = as_pyroute2_reads(rtnl.address_deleted(request))
    assert attributes == {"IFA_LOCAL": "192.0.2.10", "IFA_ADDRESS": "198.51.100.1"}


@pytest.mark.parametrize("request_", [PLAIN, PLAIN6, replace(PLAIN, peer=bytes([10, 0, 0, 1]), label="x:1")])
def test_address_event_of_our_own_request_gives_the_request_back(request_: AddressRequest) -> None:
    event = event_in(rtnl.address_added(request_))
    assert event == AddressEvent(
        True,
        3,
        Address(
            request_.family,
            request_.address,
            request_.prefix_length,
            0,
            request_.flags,
            peer=request_.peer,
            label=request_.label,
            protocol=18,
        ),
    )
    assert isinstance(event, AddressEvent)
    assert event.address.key == request_.key


def test_deleted_address_is_an_event_of_absence() -> None:
    event = event_in(rtnl.address_deleted(PLAIN))
    assert isinstance(event, AddressEvent)
    assert (event.present, event.address.address) == (False, VIP)


def test_address_of_another_family_is_no_event() -> None:
    assert rtnl.decode(rtnl.RTM_NEWADDR, bytes([7]) + bytes(15), 0, 8) is None


def test_address_of_the_wrong_length_is_malformed() -> None:
    payload = bytes([rtnl.AF_INET, 24, 0, 0]) + bytes(4) + attribute(rtnl.IFA_LOCAL, bytes(5))
    with pytest.raises(MalformedMessageError, match="address of 5 bytes in family 2"):
        rtnl.decode(rtnl.RTM_NEWADDR, payload, 0, len(payload))


def test_message_of_another_type_is_no_event() -> None:
    assert rtnl.decode(24, bytes(64), 0, 64) is None


def link_message(family: int = 0) -> bytes:
    encoded = ifinfmsg()
    encoded["header"]["type"] = rtnl.RTM_NEWLINK
    encoded["family"] = family
    encoded["index"] = 5
    encoded["flags"] = rtnl.IFF_UP | rtnl.IFF_RUNNING
    encoded["ifi_type"] = rtnl.ARPHRD_ETHER
    encoded["attrs"] = [
        ("IFLA_IFNAME", "vrrp.51"),
        ("IFLA_ADDRESS", "00:00:5e:00:01:33"),
        ("IFLA_BROADCAST", "ff:ff:ff:ff:ff:ff"),
        ("IFLA_MTU", 1500),
        ("IFLA_LINK", 2),
        ("IFLA_MASTER", 7),
        ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "macvlan")]}),
    ]
    encoded.encode()
    return bytes(encoded.data)


def test_link_that_pyroute2_encodes_is_read_whole() -> None:
    assert event_in(link_message()) == LinkEvent(
        present=True,
        interface=5,
        name="vrrp.51",
        flags=0x41,
        hardware_type=1,
        mac=bytes.fromhex("00005e000133"),
        broadcast=b"\xff" * 6,
        mtu=1500,
        lower=2,
        master=7,
        kind="macvlan",
    )


def test_link_message_about_a_bridge_port_is_no_event() -> None:
    assert event_in(link_message(family=7)) is None


def test_dump_requests_ask_for_everything() -> None:
    [links] = split(rtnl.links_requested())
    [addresses] = split(rtnl.addresses_requested())
    assert (links.kind, links.flags) == (18, 0x301)
    assert (addresses.kind, addresses.flags) == (22, 0x301)


@given(
    st.sampled_from([rtnl.RTM_NEWADDR, rtnl.RTM_DELADDR, rtnl.RTM_NEWLINK, rtnl.RTM_DELLINK]),
    st.sampled_from([b"", b"\x00", b"\x02", b"\x0a"]),
    st.binary(max_size=120),
)
def test_any_bytes_are_an_event_or_malformed(kind: int, family: bytes, data: bytes) -> None:
    data = family + data
    try:
        event = rtnl.decode(kind, data, 0, len(data))
    except MalformedMessageError:
        return
    assert event is None or event.present == (kind in {rtnl.RTM_NEWADDR, rtnl.RTM_NEWLINK})


ATTRIBUTE_KINDS = st.sampled_from([1, 2, 3, 4, 6, 8, 10, 11, 18])


@given(
    st.sampled_from([rtnl.RTM_NEWADDR, rtnl.RTM_NEWLINK]),
    st.lists(st.tuples(ATTRIBUTE_KINDS, st.binary(max_size=18)), max_size=8),
)
def test_any_well_formed_attributes_are_an_event_or_malformed(kind: int, found: list[tuple[int, bytes]]) -> None:
    fixed = bytes([2, 24]) + bytes(6) if kind == rtnl.RTM_NEWADDR else bytes(16)
    data = fixed + b"".join(attribute(number, value) for number, value in found)
    try:
        event = rtnl.decode(kind, data, 0, len(data))
    except MalformedMessageError:
        return
    assert isinstance(event, AddressEvent | LinkEvent)
