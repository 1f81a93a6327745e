"""Whatever arrives is accepted or refused; whatever is sent can be read again."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from keepalived_py.vrrp import packet
from keepalived_py.vrrp.authentication import Authentication, AuthenticationType
from keepalived_py.vrrp.parameters import IPV6, Parameters
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.state import State
from tests.unit.vrrp.wire import (
    GROUP,
    GROUP6,
    OURS,
    SENDER,
    SENDER6,
    in_ipv4,
    listening,
    listening6,
    message_v2,
    message_v3,
    slow_checksum,
)

KINDS: tuple[dict[str, Any], ...] = (
    {},
    {"version": 3},
    {"version": 3, "v3_checksum_as_v2": True},
    {"authentication": Authentication(AuthenticationType.PASSWORD, b"1111")},
    {"authentication": Authentication(AuthenticationType.HEADER, b"1111")},
)
ADVERTS = (in_ipv4(message_v2()), in_ipv4(message_v3()), in_ipv4(bytes(24) + message_v2(type=2), protocol=51))
addresses4 = st.binary(min_size=4, max_size=4)
addresses6 = st.binary(min_size=16, max_size=16)


def is_accepted_or_refused(router: VirtualRouter) -> bool:
    refused = sum(count for rejection, count in router.rejections.items() if not rejection.accepted)
    return refused + router.counters.advert_rcvd == 1


@given(kind=st.sampled_from(KINDS), data=st.binary(max_size=80))
@example(kind=KINDS[0], data=b"")
@example(kind=KINDS[4], data=b"\x45\x00\x00\x14" + bytes(5) + b"\x33" + bytes(10))
def test_any_ipv4_bytes_are_accepted_or_refused(kind: dict[str, Any], data: bytes) -> None:
    router = listening(**kind)
    router.datagram_received(1.0, data)
    assert is_accepted_or_refused(router)
    assert router.state is State.BACKUP


@given(
    kind=st.sampled_from(KINDS),
    advert=st.sampled_from(ADVERTS),
    changes=st.lists(st.tuples(st.integers(0, 43), st.integers(0, 255)), max_size=4),
    length=st.integers(0, 80),
)
def test_any_damaged_ipv4_advert_is_accepted_or_refused(
    kind: dict[str, Any], advert: bytes, changes: list[tuple[int, int]], length: int
) -> None:
    damaged = bytearray(advert)
    for offset, octet in changes:
        damaged[offset % len(damaged)] = octet
    router = listening(**kind)
    router.datagram_received(1.0, bytes(damaged[:length]))
    assert is_accepted_or_refused(router)


@given(
    data=st.binary(max_size=60),
    source=st.sampled_from((SENDER6, b"", b"\xff" * 16)),
    ttl=st.integers(-1, 255),
    destination=st.sampled_from((GROUP6, b"", SENDER6)),
)
def test_any_ipv6_bytes_are_accepted_or_refused(data: bytes, source: bytes, ttl: int, destination: bytes) -> None:
    router = listening6()
    router.datagram_received(1.0, data, source, ttl, destination)
    assert is_accepted_or_refused(router)


@given(data=st.binary(max_size=80), family=st.sampled_from((4, 6)))
def test_any_bytes_have_a_vrid_or_none(data: bytes, family: int) -> None:
    assert -1 <= packet.vrid_of(data, family) <= 255


@given(data=st.binary(min_size=2, max_size=200).filter(lambda data: len(data) % 2 == 0 and any(data)))
def test_checksum_equals_the_one_added_word_by_word(data: bytes) -> None:
    assert packet.checksum(data) == slow_checksum(data)


@given(source=addresses6, destination=addresses6, body=st.binary(min_size=8, max_size=40))
def test_pseudo_header_sum_equals_the_octets_it_stands_for(source: bytes, destination: bytes, body: bytes) -> None:
    message = body + bytes(len(body) % 2)
    octets = source + destination + len(message).to_bytes(4) + bytes((0, 0, 0, 112))
    pseudo = packet.pseudo_header_sum(source, destination, len(message))
    assert packet.checksum(message, pseudo) == slow_checksum(octets + message)


@given(
    version=st.sampled_from((2, 3)),
    vrid=st.integers(1, 255),
    priority=st.integers(0, 255),
    centiseconds=st.integers(1, 4095),
    addresses=st.lists(addresses4, max_size=255, unique=True).map(tuple),
    patched=st.integers(0, 255),
)
def test_message_round_trip_and_patched_priority(
    version: int, vrid: int, priority: int, centiseconds: int, addresses: tuple[bytes, ...], patched: int
) -> None:
    interval = float(centiseconds % 255 + 1) if version == 2 else centiseconds / 100
    values: dict[str, Any] = {
        "version": version,
        "vrid": vrid,
        "interval": interval,
        "addresses": addresses,
        "authentication_data": bytes(8) if version == 2 else b"",
        "pseudo_header": packet.pseudo_header_sum(SENDER, GROUP, 8 + 4 * len(addresses)) if version == 3 else 0,
    }
    message = packet.encode(priority=priority, **values)
    read = packet.decode(message)
    assert read == packet.Message(
        version, 1, vrid, priority, len(addresses), 0 if version == 2 else message[4], interval
    )
    assert packet.addresses_of(message, len(addresses), 4) == addresses
    assert packet.message_length(read, 4) == len(message)
    assert packet.checksum_is_valid(message, values["pseudo_header"])
    assert packet.with_priority(message, 0, patched) == packet.encode(priority=patched, **values)


@given(
    kind=st.sampled_from(KINDS),
    priority=st.integers(1, 254),
    addresses=st.lists(addresses4, max_size=20, unique=True).map(tuple),
)
def test_advert_of_one_router_is_believed_by_another(
    kind: dict[str, Any], priority: int, addresses: tuple[bytes, ...]
) -> None:
    sender = listening(priority=priority, source_address=SENDER, virtual_addresses=addresses, **kind)
    receiver = listening(priority=1, source_address=OURS, virtual_addresses=addresses, **kind)
    [(_, datagram)] = sender.adverts_to_send()
    receiver.datagram_received(1.0, datagram)
    assert (receiver.last_rejection, receiver.instance.master_priority) == (None, priority)


@given(priority=st.integers(1, 254), addresses=st.lists(addresses6, max_size=20, unique=True).map(tuple))
def test_ipv6_advert_of_one_router_is_believed_by_another(priority: int, addresses: tuple[bytes, ...]) -> None:
    values: dict[str, Any] = {"name": "VI_6", "family": IPV6, "version": 3, "vrid": 9, "virtual_addresses": addresses}
    sender = VirtualRouter(Parameters(priority=priority, source_address=SENDER6, **values))
    receiver = listening6(priority=1, vrid=9, virtual_addresses=addresses)
    [(destination, payload)] = sender.adverts_to_send()
    receiver.datagram_received(1.0, payload, SENDER6, 255, destination)
    assert (receiver.last_rejection, receiver.instance.master_priority) == (None, priority)
