"""The codec against octets written by hand."""

import pytest

from keepalived_py.vrrp import packet
from keepalived_py.vrrp.parameters import MULTICAST_IPV4, MULTICAST_IPV6
from tests.unit.vrrp.wire import ADDRESSES, GROUP, SENDER, in_ipv4, message_v2, message_v3, slow_checksum


def test_version_2_message_has_the_octets_of_rfc_3768() -> None:
    message = packet.encode(
        version=2,
        vrid=51,
        priority=150,
        interval=1.0,
        addresses=ADDRESSES,
        authentication_type=1,
        authentication_data=b"1111\0\0\0\0",
    )
    assert message[:6] == bytes((0x21, 51, 150, 2, 1, 1))
    assert message[8:] == b"".join(ADDRESSES) + b"1111\0\0\0\0"
    assert slow_checksum(message) == 0


def test_version_3_message_has_the_octets_of_rfc_9568() -> None:
    pseudo = packet.pseudo_header_sum(SENDER, GROUP, 16)
    message = packet.encode(version=3, vrid=51, priority=150, interval=0.5, addresses=ADDRESSES, pseudo_header=pseudo)
    assert message == message_v3(interval=50)


@pytest.mark.parametrize(("interval", "octets"), [(0.01, b"\x00\x01"), (1.0, b"\x00\x64"), (40.95, b"\x0f\xff")])
def test_version_3_interval_is_twelve_bits_of_centiseconds_behind_zero(interval: float, octets: bytes) -> None:
    message = packet.encode(version=3, vrid=1, priority=1, interval=interval, addresses=())
    assert message[4:6] == octets
    assert packet.decode(message).interval == interval


def test_decode_reads_every_field() -> None:
    assert packet.decode(message_v2(type=1, interval=7)) == packet.Message(2, 1, 51, 150, 2, 1, 7.0)
    assert packet.decode(message_v3(first=0x35, interval=0x8032)).interval == 0.5
    assert packet.decode(message_v3(first=0x35)).type == 5


def test_255_addresses_fit() -> None:
    addresses = tuple(bytes((10, 0, 0, last)) for last in range(255))
    message = packet.encode(version=3, vrid=1, priority=1, interval=1.0, addresses=addresses)
    assert (message[3], len(message)) == (255, 8 + 255 * 4)
    assert packet.addresses_of(message, 255, 4) == addresses


@pytest.mark.parametrize(
    ("first", "count", "address_length", "expected"),
    [(0x21, 0, 4, 16), (0x21, 20, 4, 96), (0x31, 0, 4, 8), (0x31, 20, 4, 88), (0x31, 2, 16, 40), (0x21, 2, 16, 40)],
)
def test_message_length_counts_authentication_data_in_ipv4_version_2_only(
    first: int, count: int, address_length: int, expected: int
) -> None:
    message = packet.decode(bytes((first, 1, 1, count, 0, 1, 0, 0)))
    assert packet.message_length(message, address_length) == expected


def test_checksum_is_complement_zero_where_the_sum_is_all_ones() -> None:
    assert packet.checksum(b"\xff\xff") == slow_checksum(b"\xff\xff") == 0
    assert packet.checksum(b"\x12\x34\xed\xcb") == slow_checksum(b"\x12\x34\xed\xcb") == 0


def test_patched_priority_zero_equals_a_message_built_with_it() -> None:
    assert packet.with_priority(in_ipv4(message_v2()), 20, 0) == in_ipv4(message_v2(priority=0))
    assert packet.with_priority(message_v3(), 0, 255) == message_v3(priority=255)


def test_ipv4_header_leaves_id_and_checksum_to_the_kernel() -> None:
    header = packet.ipv4_header(SENDER, GROUP, 16, 255)
    assert header == bytes.fromhex("45c0002400000000ff700000") + SENDER + GROUP


def test_groups_are_those_of_the_rfc() -> None:
    assert (MULTICAST_IPV4, MULTICAST_IPV6.hex()) == (GROUP, "ff02" + "00" * 13 + "12")


@pytest.mark.parametrize(
    ("data", "family", "expected"),
    [
        (in_ipv4(message_v2(vrid=77)), 4, 77),
        (memoryview(in_ipv4(message_v2(vrid=77))), 4, 77),
        (in_ipv4(bytes(24) + message_v2(vrid=78), protocol=51), 4, 78),
        (in_ipv4(b"")[:20], 4, -1),
        (in_ipv4(message_v2())[:27], 4, -1),
        (b"\x44" + bytes(40), 4, -1),
        (b"\x4f" + bytes(40), 4, -1),
        (b"", 4, -1),
        (b"", 6, -1),
        (message_v3(vrid=79), 6, 79),
        (message_v3()[:7], 6, -1),
    ],
)
def test_vrid_is_found_in_whatever_a_raw_socket_delivers(data: bytes, family: int, expected: int) -> None:
    assert packet.vrid_of(data, family) == expected
