"""Unicast adverts of version 3 whose checksum is that of an advert to the group (keepalived before 1.3.6)."""

from __future__ import annotations

from typing import Any

import pytest

from keepalived_py.vrrp.effects import Effect
from keepalived_py.vrrp.packet import IPV4_HEADER_LENGTH, checksum_is_valid, pseudo_header_sum
from keepalived_py.vrrp.parameters import MULTICAST_IPV4, Parameters, UnicastPeer
from keepalived_py.vrrp.rejection import Rejection
from keepalived_py.vrrp.router import VirtualRouter

OWN, OTHER = bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2))
VIP = bytes((10, 0, 0, 9))


def parameters(own: bytes, peer: bytes, priority: int, **options: Any) -> Parameters:
    return Parameters(
        name="VI_1", version=3, vrid=51, priority=priority, source_address=own, virtual_addresses=(VIP,),
        unicast_peers=(UnicastPeer(peer),), **options,
    )  # fmt: skip


def backup(*, old: bool | None) -> VirtualRouter:
    router = VirtualRouter(parameters(OWN, OTHER, 100, old_unicast_checksum=old))
    router.started(0.0)
    return router


def advert(*, old: bool, source: bytes = OTHER) -> bytes:
    sender = VirtualRouter(parameters(source, OWN, 200, old_unicast_checksum=old))
    [(_destination, octets)] = sender.adverts_to_send()
    return octets


def covers(octets: bytes, destination: bytes) -> bool:
    message = octets[IPV4_HEADER_LENGTH:]
    return checksum_is_valid(message, pseudo_header_sum(octets[12:16], destination, len(message)))


@pytest.mark.parametrize(("old", "destination"), [(True, MULTICAST_IPV4), (False, OWN), (None, OWN)])
def test_checksum_covers_the_group_only_when_told_so(*, old: bool | None, destination: bytes) -> None:
    octets = advert(old=bool(old))
    assert octets[16:20] == OWN
    assert covers(octets, destination)
    assert not covers(octets, OWN if destination == MULTICAST_IPV4 else MULTICAST_IPV4)


@pytest.mark.parametrize(
    ("configured", "sent", "refused"),
    [
        (None, True, False),
        (None, False, False),
        (False, True, True),
        (False, False, False),
        (True, True, False),
        (True, False, True),
    ],
    ids=["detect: old", "detect: new", "never: old", "never: new", "always: old", "always: new"],
)
def test_which_checksum_is_accepted(*, configured: bool | None, sent: bool, refused: bool) -> None:
    router = backup(old=configured)
    router.datagram_received(0.1, advert(old=sent))
    assert router.rejections == ({Rejection.CHECKSUM: 1} if refused else {})


def test_old_checksum_of_a_peer_is_answered_with_old_ones_from_then_on_with_one_line() -> None:
    router = backup(old=None)
    assert Effect.REPORT_NOTES in router.datagram_received(0.1, advert(old=True))
    assert "Setting unicast VRRPv3 checksum to old version" in [note.text for note in router.instance.notes]
    router.instance.notes.clear()
    [(_destination, octets)] = router.adverts_to_send()
    assert covers(octets, MULTICAST_IPV4)
    router.datagram_received(0.2, advert(old=False))
    assert router.rejections == {}, "another peer may be newer"
    assert [note.text for note in router.instance.notes if "checksum" in note.text] == []
    router.reconfigured(0.3, parameters(OWN, OTHER, 90))
    assert covers(router.adverts_to_send()[0][1], MULTICAST_IPV4), "a reload does not forget it"


def test_old_checksum_of_a_stranger_changes_nothing_that_we_send() -> None:
    router = backup(old=None)
    router.datagram_received(0.1, advert(old=True, source=bytes((10, 0, 0, 77))))
    assert covers(router.adverts_to_send()[0][1], OTHER)
