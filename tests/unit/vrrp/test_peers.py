"""What is known of the other routers, and how a refused one is named."""

import pytest

from keepalived_py.vrrp.effects import Effect
from keepalived_py.vrrp.parameters import UnicastPeer
from keepalived_py.vrrp.peers import CALM, MOST, Peers
from keepalived_py.vrrp.rejection import Rejection
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.state import Rival, State
from tests.unit.vrrp.test_router import becoming_master
from tests.unit.vrrp.wire import ADDRESSES, OURS, SENDER, in_ipv4, listening, message_v2, message_v3

WRONG = in_ipv4(message_v2(), ttl=1)
STRANGER = bytes((10, 9, 9, 9))


def notes(router: VirtualRouter) -> list[str]:
    texts = [note.text for note in router.instance.notes]
    router.instance.notes.clear()
    return texts


def hammered(router: VirtualRouter, times: list[float], data: bytes = WRONG) -> list[str]:
    for now in times:
        router.datagram_received(now, data)
    return notes(router)


def test_adverts_are_counted_per_source_also_on_the_fast_path() -> None:
    router = listening()
    for now in (1.0, 2.0, 3.0):
        router.datagram_received(now, in_ipv4(message_v2()))
    router.datagram_received(3.5, in_ipv4(message_v2(priority=200), source=STRANGER))
    known = {source: (peer.adverts, peer.heard_at, peer.priority, peer.interval) for source, peer in router.peers}
    assert known == {SENDER: (3, 3.0, 150, 1.0), STRANGER: (1, 3.5, 200, 1.0)}


def test_source_not_heard_for_longest_is_forgotten_first() -> None:
    peers = Peers()
    for number in range(MOST):
        peers.heard(float(number), number.to_bytes(4), 100, 1.0)
    peers.repeated(1000.0, (0).to_bytes(4), 1)
    peers.refused(1001.0, STRANGER, Rejection.TTL, 3.0)
    sources = [source for source, _ in peers]
    assert len(sources) == MOST
    assert (1).to_bytes(4) not in sources
    assert sources[-2:] == [(0).to_bytes(4), STRANGER]


def test_refused_adverts_are_named_at_once_and_summed_up_when_they_go_on() -> None:
    router = listening()
    said = hammered(router, [1.0, 2.0, 3.0, 4.0])
    assert said == [
        "invalid TTL/HL from 10.0.0.1 received=1 expected=255",
        "4 adverts from 10.0.0.1 dropped in 3 s: TTL or hop limit is not 255",
    ]


def test_summaries_become_rarer() -> None:
    router = listening(startup_delay=0.0, priority=1, down_timer_adverts=3)
    router.instance.deadline_at = 1e9
    said = [now for now in range(1, 10_000) if any("dropped" in text for text in hammered(router, [float(now)]))]
    assert said == [4, 64, 664, 4264, 7864]


def test_count_begins_anew_after_a_calm_minute() -> None:
    peers = Peers()
    for now in (0.0, 1.0, 1.0 + CALM + 0.1):
        row = peers.refused(now, SENDER, Rejection.PASSWORD, 3.0)
    assert (row.count, row.total, row.first_at) == (1, 3, 1.0 + CALM + 0.1)


def test_master_that_refuses_adverts_says_that_both_may_be_master_and_tells_followers_once() -> None:
    router = becoming_master(listening())
    notes(router)
    began = 4.0
    effects = [
        router.datagram_received(began, WRONG),
        router.deadline_reached(began + 0.7),
        router.datagram_received(began + 1.0, WRONG),
    ]
    assert effects == [(Effect.REPORT_NOTES, Effect.REPORT_DUAL_MASTER), (Effect.SEND_ADVERT,), ()]
    assert router.rival == Rival(SENDER, "TTL or hop limit is not 255", began)
    router.deadline_reached(began + 1.7)
    router.datagram_received(began + 2.0, WRONG)
    router.deadline_reached(began + 2.7)
    router.datagram_received(began + 3.0, WRONG)
    assert notes(router)[-1] == (
        "4 adverts from 10.0.0.1 dropped in 3 s: TTL or hop limit is not 255; both routers may be MASTER"
    )


def test_backup_that_becomes_master_because_it_refuses_its_peer_says_so_at_once() -> None:
    router = listening()
    assert len(hammered(router, [1.0, 2.0, 3.0])) == 1
    effects = router.deadline_reached(router.deadline_at)
    assert effects[-1] is Effect.REPORT_NOTES
    assert notes(router) == [
        "3 adverts from 10.0.0.1 dropped in 3 s: TTL or hop limit is not 255; both routers may be MASTER"
    ]


def test_master_that_hears_a_lower_priority_that_goes_on_tells_followers_once() -> None:
    router = becoming_master(listening())
    lower = in_ipv4(message_v2(priority=50))
    told = [Effect.REPORT_DUAL_MASTER in router.datagram_received(4.0 + index, lower) for index in range(3)]
    assert told == [True, False, False]
    assert router.rival == Rival(SENDER, "it has priority 50 and does not yield", 4.0)


def test_rivals_from_forged_sources_are_told_a_few_times_only() -> None:
    router = becoming_master(listening())
    told = 0
    for number in range(1000):
        source = bytes((10, 1, number >> 8, number & 255))
        told += Effect.REPORT_DUAL_MASTER in router.datagram_received(4.0, in_ipv4(message_v2(), source=source, ttl=1))
    assert told == 8
    assert len(notes(router)) < 10
    assert len(router.peers) == MOST


@pytest.mark.parametrize(
    ("changes", "source", "addresses", "is_meant"),
    [
        ({}, SENDER, ADDRESSES, True),
        ({}, SENDER, ADDRESSES[:1], False),
        ({"unicast_peers": (UnicastPeer(SENDER),)}, SENDER, ADDRESSES[:1], True),
        ({"unicast_peers": (UnicastPeer(OURS),)}, SENDER, ADDRESSES[:1], False),
        ({"virtual_addresses": ()}, SENDER, (), False),
    ],
)
def test_advert_for_another_vrid_is_named_when_it_is_meant_for_us(
    changes: dict[str, object], source: bytes, addresses: tuple[bytes, ...], is_meant: bool
) -> None:
    router = listening(**{"virtual_addresses": ADDRESSES, **changes})
    data = in_ipv4(message_v2(vrid=52, addresses=addresses, count=len(addresses)), source=source)
    effects = router.other_vrid_received(1.0, data)
    assert (effects == (Effect.REPORT_NOTES,)) is is_meant
    said = ["advert from 10.0.0.1 is for virtual router 52, not 51"] if is_meant else []
    assert (notes(router), router.state) == (said, State.BACKUP)


@pytest.mark.parametrize("data", [b"", b"\x45", bytes(100), in_ipv4(message_v3(vrid=9)[:8])])
def test_advert_for_another_vrid_may_be_any_bytes(data: bytes) -> None:
    assert listening().other_vrid_received(1.0, data) == ()
