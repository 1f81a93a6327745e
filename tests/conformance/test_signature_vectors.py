"""Signed adverts on the wire: octets worked out by `signer`, two of them printed in the draft's appendix."""

from ipaddress import ip_address
from typing import Any, NamedTuple

import pytest

from keepalived_py.vrrp.parameters import MULTICAST_IPV4, MULTICAST_IPV6, Parameters, UnicastPeer
from keepalived_py.vrrp.rejection import Rejection
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.signature import Signature, SignatureMode, Signing, SigningKey
from keepalived_py.vrrp.state import State
from tests.conformance import signer

KEY = bytes(range(32))
SECOND_KEY = bytes(range(100, 164))
KEYS = (SigningKey(1, KEY), SigningKey(200, SECOND_KEY))
SECONDS = 0x68000000
CLOCK_NS = SECONDS * 1_000_000_000 + 500_000_000
SEQUENCE = signer.sequence(SECONDS, 0x8000)


def packed(text: str) -> bytes:
    return ip_address(text).packed


class Vector(NamedTuple):
    """One advert.

    Attributes:
        router: how the router that sends it is configured.
        destination: where to.
        payload: VRRP message and trailer, as on the wire.
        key_id: which key signs.
    """

    router: dict[str, Any]
    destination: bytes
    payload: str
    key_id: int = 1


PEER4, PEER6 = packed("192.0.2.10"), packed("fe80::20")
IPV4 = {"version": 3, "source_address": packed("198.51.100.10"), "virtual_addresses": (packed("192.0.2.100"),)}
IPV6 = {
    "family": 6,
    "version": 3,
    "source_address": packed("fe80::10"),
    "virtual_addresses": (packed("fe80::100"),),
}
TWENTY = tuple(packed(f"192.0.2.{number}") for number in range(1, 21))
VECTORS = {
    "draft: IPv4, checksum of the message only": Vector(
        {**IPV4, "v3_checksum_as_v2": True},
        MULTICAST_IPV4,
        "3133c80100644402c00002640101000068000000800000001b84bc4e8e43892dc6d98448f8ee2265",
    ),
    "draft: IPv6 unicast": Vector(
        {**IPV6, "unicast_peers": (UnicastPeer(PEER6),)},
        PEER6,
        "3133c8010064a2e9fe800000000000000000000000000100010100006800000080000000c8c56146ebfd66ee10ec4d8186461b78",
    ),
    "version 3, IPv4, group": Vector(
        IPV4, MULTICAST_IPV4, "3133c80100643935c00002640101000068000000800000001b84bc4e8e43892dc6d98448f8ee2265"
    ),
    "version 3, IPv4, unicast, the other key": Vector(
        {**IPV4, "unicast_peers": (UnicastPeer(PEER4),)},
        PEER4,
        "3133c8010064573dc000026401c8000068000000800000005c643f0b28b146ff73277f9605eacae9",
        200,
    ),
    "version 2, twenty addresses": Vector(
        {"version": 2, "source_address": packed("198.51.100.10"), "virtual_addresses": TWENTY},
        MULTICAST_IPV4,
        "2133c8140001edd5c0000201c0000202c0000203c0000204c0000205c0000206c0000207"
        "c0000208c0000209c000020ac000020bc000020cc000020dc000020ec000020fc0000210"
        "c0000211c0000212c0000213c00002140000000000000000010100006800000080000000"
        "e0572e40b265a0326fb7831dd9f2b525",
    ),
    "version 3, IPv6, group": Vector(
        IPV6,
        MULTICAST_IPV6,
        "3133c8010064a275fe800000000000000000000000000100010100006800000080000000c8c56146ebfd66ee10ec4d8186461b78",
    ),
}


def parameters(vector: Vector, **changes: Any) -> Parameters:
    signing = Signing(KEYS, vector.key_id, time_window=5)
    return Parameters(**{"name": "VI_1", "vrid": 51, "priority": 200, "signing": signing, **vector.router, **changes})


def made_by_hand(vector: Vector) -> bytes:
    """The payload of a vector from its configuration, with nothing but `signer`."""
    router, source, destination = vector.router, vector.router["source_address"], vector.destination
    addresses = b"".join(router["virtual_addresses"])
    word = b"\x00\x01" if router["version"] == 2 else b"\x00\x64"
    tail = bytes(8) if router["version"] == 2 else b""
    head = bytes([router["version"] * 16 + 1, 51, 200, len(router["virtual_addresses"])])
    message = head + word + b"\0\0" + addresses + tail
    key = KEY if vector.key_id == 1 else SECOND_KEY
    trailer = signer.trailer(key, vector.key_id, source, message, SEQUENCE)
    if len(source) == 16:
        pseudo = signer.ipv6_pseudo_header(source, destination, len(message) + 28)
        return signer.summed(message, pseudo, trailer) + trailer
    plain = router["version"] == 2 or router.get("v3_checksum_as_v2")
    pseudo = b"" if plain else signer.ipv4_pseudo_header(source, destination, len(message))
    return signer.summed(message, pseudo) + trailer


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_vector_is_what_the_specification_says(vector: Vector) -> None:
    assert made_by_hand(vector).hex() == vector.payload


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_sent_advert_has_the_octets_of_the_vector(vector: Vector) -> None:
    router = VirtualRouter(parameters(vector), wall_clock=lambda: CLOCK_NS)
    router.started(0.0)
    ((destination, datagram),) = router.adverts_to_send()
    is_ipv4 = router.parameters.family == 4
    payload = datagram[20:] if is_ipv4 else datagram
    assert (destination, payload.hex()) == (vector.destination, vector.payload)
    if is_ipv4:
        assert int.from_bytes(datagram[2:4]) == len(datagram) == 20 + len(payload)


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_vector_is_accepted_once(vector: Vector) -> None:
    source, sent_to = vector.router["source_address"], vector.destination
    ours = bytes([*source[:-1], 77])
    unicast = "unicast_peers" in vector.router
    changes = {"priority": 100, "source_address": sent_to if unicast else ours}
    if unicast:
        changes["unicast_peers"] = (UnicastPeer(source),)
    router = VirtualRouter(parameters(vector, **changes), wall_clock=lambda: CLOCK_NS)
    router.started(0.0)
    payload = bytes.fromhex(vector.payload)
    header = bytes.fromhex("45c0") + (20 + len(payload)).to_bytes(2) + bytes.fromhex("00000000ff700000")
    for _ in range(2):
        if router.parameters.family == 4:
            router.datagram_received(1.0, header + source + sent_to + payload)
        else:
            router.datagram_received(1.0, payload, source, 255, sent_to)
    assert router.counters.advert_rcvd == 1
    assert router.rejections == {Rejection.SIGNATURE_REPLAYED: 1}
    assert (router.state, router.instance.master_address) == (State.BACKUP, source)


@pytest.mark.parametrize("mode", SignatureMode)
def test_copies_for_several_peers_carry_one_signature(mode: SignatureMode) -> None:
    peers = tuple(UnicastPeer(packed(f"fe80::{number}")) for number in (20, 21, 22))
    signing = Signing(KEYS, 1, mode)
    router = VirtualRouter(
        parameters(VECTORS["draft: IPv6 unicast"], unicast_peers=peers, signing=signing),
        wall_clock=lambda: CLOCK_NS,
    )
    router.started(0.0)
    outgoing = router.adverts_to_send()
    assert [destination for destination, _ in outgoing] == [peer.address for peer in peers]
    trailers = {payload[24:] for _, payload in outgoing}
    assert len(trailers) == 1
    assert len(trailers.pop()) == (0 if mode is SignatureMode.RECEIVE_ONLY else 28)
    for destination, payload in outgoing:
        pseudo = signer.ipv6_pseudo_header(router.parameters.source_address, destination, len(payload))
        assert signer.ones_complement(pseudo + payload) == b"\0\0"


MESSAGE = bytes.fromhex(VECTORS["draft: IPv6 unicast"].payload)
CHANGES = {
    "priority": (2, Rejection.SIGNATURE),
    "address count": (3, Rejection.SIGNATURE),
    "interval": (5, Rejection.SIGNATURE),
    "checksum": (6, None),
    "address": (23, Rejection.SIGNATURE),
    "scheme": (24, Rejection.SIGNATURE_MALFORMED),
    "key id": (25, Rejection.SIGNATURE_KEY),
    "reserved": (27, Rejection.SIGNATURE_MALFORMED),
    "seconds": (31, Rejection.SIGNATURE),
    "minutes": (30, Rejection.SIGNATURE_STALE),
    "fraction": (33, Rejection.SIGNATURE),
    "counter": (35, Rejection.SIGNATURE),
    "first octet of the hash": (36, Rejection.SIGNATURE),
    "last octet of the hash": (51, Rejection.SIGNATURE),
}


@pytest.mark.parametrize(("offset", "expected"), CHANGES.values(), ids=CHANGES)
def test_one_changed_bit_is_found_out(offset: int, expected: Rejection | None) -> None:
    changed = bytearray(MESSAGE)
    changed[offset] ^= 1
    signature = Signature(Signing(KEYS, 1), (6, 3, 51), lambda: CLOCK_NS)
    assert signature.check(packed("fe80::10"), bytes(changed[:24]), bytes(changed[24:])) is expected


@pytest.mark.parametrize(
    ("router", "source"),
    [((6, 3, 52), "fe80::10"), ((6, 2, 51), "fe80::10"), ((6, 3, 51), "fe80::11"), ((4, 3, 51), "fe80::10")],
)
def test_signature_of_another_router_or_source_is_worth_nothing(router: tuple[int, int, int], source: str) -> None:
    signature = Signature(Signing(KEYS, 1), router, lambda: CLOCK_NS)
    assert signature.check(packed(source), MESSAGE[:24], MESSAGE[24:]) is Rejection.SIGNATURE
