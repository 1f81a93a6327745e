"""Gratuitous ARP and neighbour advertisement frames, byte for byte."""

from __future__ import annotations

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.kernel import arp, ndisc
from keepalived_py.kernel.ethernet import frame

MAC = bytes.fromhex("02005e0001fe")
VIP = ipaddress.ip_address("192.0.2.10").packed
VIP6 = ipaddress.ip_address("2001:db8::10").packed


def test_gratuitous_arp_is_a_broadcast_request_from_and_to_the_address() -> None:
    assert arp.gratuitous_request(VIP, MAC) == bytes.fromhex(
        "ffffffffffff 02005e0001fe 0806"
        "0001 0800 06 04 0001"
        "02005e0001fe c000020a"
        "ffffffffffff c000020a"
        "000000000000000000000000000000000000"
    )


def test_short_frame_is_padded_to_sixty_bytes_and_a_long_one_is_not() -> None:
    assert frame(MAC, MAC, 0x0800, b"x") == MAC + MAC + b"\x08\x00x" + bytes(45)
    assert len(frame(MAC, MAC, 0x0800, bytes(100))) == 114


@pytest.mark.parametrize("mac", [b"", bytes(5), bytes(20)])
def test_frame_from_an_interface_that_is_no_ethernet_is_refused(mac: bytes) -> None:
    with pytest.raises(ValueError, match="no Ethernet address"):
        arp.gratuitous_request(VIP, mac)
    with pytest.raises(ValueError, match="no Ethernet address"):
        ndisc.unsolicited_advertisement(VIP6, mac, router=True)


def test_neighbour_advertisement_of_a_router_has_both_flags_and_goes_to_all_nodes() -> None:
    assert ndisc.unsolicited_advertisement(VIP6, MAC, router=True) == bytes.fromhex(
        "333300000001 02005e0001fe 86dd"
        "60000000 0020 3a ff"
        "20010db8000000000000000000000010"
        "ff020000000000000000000000000001"
        "88 00 CHECKSUM a0000000"
        "20010db8000000000000000000000010"
        "02 01 02005e0001fe".replace("CHECKSUM", f"{expected_checksum(0xA0000000):04x}")
    )


def test_neighbour_advertisement_of_a_host_has_the_override_flag_only() -> None:
    packet = ndisc.unsolicited_advertisement(VIP6, MAC, router=False)[54:]
    assert packet[4:8] == bytes.fromhex("20000000")
    assert packet[2:4] == expected_checksum(0x20000000).to_bytes(2, "big")


def expected_checksum(flags: int) -> int:
    """RFC 1071 word by word, over the words of the pseudo header (RFC 8200 section 8.1) and the message."""
    words = [0x2001, 0x0DB8, 0x0010, 0xFF02, 0x0001, 0x0020, 0x003A]
    words += [0x8800, flags >> 16, 0x2001, 0x0DB8, 0x0010, 0x0201, 0x0200, 0x5E00, 0x01FE]
    total = sum(words)
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


@given(st.binary(min_size=2, max_size=64).filter(lambda data: len(data) % 2 == 0))
def test_checksum_equals_the_word_by_word_sum_of_rfc_1071(data: bytes) -> None:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    assert ndisc.checksum(data) == 0xFFFF - total


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=6, max_size=6), st.booleans())
def test_checksum_of_any_advertisement_verifies(address: bytes, mac: bytes, router: bool) -> None:
    packet = ndisc.unsolicited_advertisement(address, mac, router=router)[54:]
    pseudo_header = address + ndisc.ALL_NODES + struct.pack("!II", len(packet), 58)
    assert ndisc.checksum(pseudo_header + packet) == 0
