"""The parts of a virtual router together: bytes out, bytes in, what is counted and remembered."""

import pytest

from keepalived_py.vrrp.authentication import Authentication, AuthenticationType
from keepalived_py.vrrp.effects import Effect
from keepalived_py.vrrp.packet import with_priority
from keepalived_py.vrrp.parameters import Parameters, UnicastPeer
from keepalived_py.vrrp.rejection import Rejection
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.state import State
from tests.unit.vrrp.wire import (
    ADDRESSES,
    ADDRESSES6,
    GROUP,
    GROUP6,
    OURS,
    OURS6,
    SENDER,
    SENDER6,
    in_ipv4,
    listening,
    listening6,
    message_v2,
    message_v3,
    slow_checksum,
)

HEADER = Authentication(AuthenticationType.HEADER, b"secret")


def becoming_master(router: VirtualRouter) -> VirtualRouter:
    router.deadline_reached(router.deadline_at)
    assert router.state is State.MASTER
    router.instance.notes.clear()
    return router


def test_advert_to_send_is_the_one_a_hand_would_write() -> None:
    router = listening(priority=150)
    expected = in_ipv4(message_v2(), source=OURS, ip_id=0)
    assert router.adverts_to_send() == ((GROUP, expected),)
    assert router.adverts_to_send(resigning=True) == ((GROUP, in_ipv4(message_v2(priority=0), source=OURS, ip_id=0)),)
    assert (router.counters.advert_sent, router.counters.pri_zero_sent) == (2, 1)


def test_ipv6_advert_to_send_is_a_payload_with_its_checksum() -> None:
    router = listening6(priority=150)
    assert router.adverts_to_send() == ((GROUP6, message_v3(OURS6, GROUP6)),)


def test_version_3_advert_has_a_checksum_per_unicast_peer() -> None:
    peers = (UnicastPeer(SENDER), UnicastPeer(bytes((10, 0, 0, 9))))
    router = listening(version=3, priority=150, unicast_peers=peers)
    expected = tuple(
        (peer.address, in_ipv4(message_v3(OURS, peer.address), source=OURS, destination=peer.address, ip_id=0))
        for peer in peers
    )
    assert router.adverts_to_send() == expected


def test_version_3_advert_as_version_2_has_the_plain_checksum() -> None:
    router = listening(version=3, priority=150, v3_checksum_as_v2=True)
    assert router.adverts_to_send() == ((GROUP, in_ipv4(message_v3(plain=True), source=OURS, ip_id=0)),)


def test_changed_priority_is_in_the_next_advert() -> None:
    router = listening()
    router.priority_changed(1.0, 42)
    [(_, datagram)] = router.adverts_to_send()
    assert datagram == in_ipv4(message_v2(priority=42), source=OURS, ip_id=0)


def test_changed_source_address_is_in_the_next_advert() -> None:
    router = listening(version=3, priority=150)
    other = bytes((10, 0, 0, 77))
    router.source_address_changed(1.0, other)
    [(_, datagram)] = router.adverts_to_send()
    assert datagram == in_ipv4(message_v3(other), source=other, ip_id=0)


def test_router_without_a_source_address_has_no_advert_to_send() -> None:
    router = listening(source_address=b"")
    assert router.adverts_to_send() == ()
    router.source_address_changed(1.0, OURS)
    assert len(router.adverts_to_send()) == 1


def test_reconfigured_router_sends_the_new_addresses_and_keeps_state_and_counters() -> None:
    router = becoming_master(listening())
    parameters = Parameters(
        name="VI_1", vrid=51, priority=150, source_address=OURS, virtual_addresses=(*ADDRESSES, bytes((192, 168, 0, 7)))
    )
    assert router.reconfigured(5.0, parameters) == (Effect.SEND_ADVERT,)
    [(_, datagram)] = router.adverts_to_send()
    assert (datagram[22], datagram[23], datagram[36:40]) == (150, 3, bytes((192, 168, 0, 7)))
    assert (router.state, router.counters.become_master) == (State.MASTER, 1)


def test_authentication_header_counts_one_sequence_number_per_advert_not_per_peer() -> None:
    peers = (UnicastPeer(SENDER), UnicastPeer(bytes((10, 0, 0, 9))))
    router = listening(authentication=HEADER, unicast_peers=peers)
    sequences = [[datagram[28:32] for _, datagram in router.adverts_to_send()] for _ in range(2)]
    assert sequences == [[(1).to_bytes(4)] * 2, [(2).to_bytes(4)] * 2]


def test_authentication_header_sequence_is_continued_by_the_next_master_and_survives_a_reload() -> None:
    sender = listening(authentication=HEADER, source_address=SENDER, priority=150)
    receiver = listening(authentication=HEADER)
    for _ in range(3):
        [(_, datagram)] = sender.adverts_to_send()
    receiver.datagram_received(1.0, datagram)
    assert (receiver.counters.advert_rcvd, receiver.last_rejection) == (1, None)
    receiver.reconfigured(1.5, receiver.parameters)
    [(_, ours)] = receiver.adverts_to_send()
    assert ours[28:32] == (4).to_bytes(4)


def test_replayed_authentication_header_does_not_move_the_deadline() -> None:
    sender = listening(authentication=HEADER, source_address=SENDER, priority=150)
    receiver = listening(authentication=HEADER)
    [(_, datagram)] = sender.adverts_to_send()
    receiver.datagram_received(1.0, datagram)
    receiver.datagram_received(2.0, datagram)
    assert (receiver.last_rejection, receiver.deadline_at) == (Rejection.REPLAYED, 1.0 + 3.609375)


def test_unicast_authentication_header_survives_a_decremented_ttl() -> None:
    sender = listening(authentication=HEADER, source_address=SENDER, unicast_peers=(UnicastPeer(OURS),))
    receiver = listening(authentication=HEADER, unicast_peers=(UnicastPeer(SENDER),))
    [(_, datagram)] = sender.adverts_to_send()
    receiver.datagram_received(1.0, datagram[:8] + b"\xfe" + datagram[9:])
    assert (receiver.counters.advert_rcvd, receiver.last_rejection) == (1, None)


def test_repeated_advert_moves_the_deadline_counts_and_is_heard() -> None:
    router = listening()
    router.datagram_received(1.0, in_ipv4(message_v2(), ip_id=1))
    router.instance.notes.clear()
    assert router.datagram_received(2.0, in_ipv4(message_v2(), ip_id=2)) == ()
    assert router.datagram_received(2.5, memoryview(in_ipv4(message_v2(), ip_id=3))) == ()
    assert (router.deadline_at, router.counters.advert_rcvd) == (2.5 + 3.609375, 3)
    assert router.heard_at == {SENDER: 2.5}
    assert router.instance.notes == []


@pytest.mark.parametrize("family", [4, 6])
def test_repeated_advert_is_not_checked_again(family: int, monkeypatch: pytest.MonkeyPatch) -> None:
    router = listening() if family == 4 else listening6()
    data = in_ipv4(message_v2()) if family == 4 else message_v3(SENDER6, GROUP6)
    router.datagram_received(1.0, data, SENDER6, 255, GROUP6)
    monkeypatch.delattr("keepalived_py.vrrp.router.check_advert")
    router.datagram_received(2.0, data, SENDER6, 255, GROUP6)
    assert router.counters.advert_rcvd == 2


def test_adverts_are_ready_before_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    router = listening()
    router.priority_changed(1.0, 42)
    monkeypatch.delattr("keepalived_py.vrrp.adverts.encode")
    monkeypatch.delattr("keepalived_py.vrrp.adverts.with_priority")
    assert [datagram[22] for _, datagram in router.adverts_to_send()] == [42]
    assert [datagram[22] for _, datagram in router.adverts_to_send(resigning=True)] == [0]


@pytest.mark.parametrize(
    "other",
    [
        in_ipv4(message_v2(), ttl=254),
        in_ipv4(message_v2(), protocol=111),
        in_ipv4(message_v2(), source=OURS, destination=OURS),
        in_ipv4(message_v2())[:-1],
        in_ipv4(message_v2()) + b"\0",
        b"\x46" + in_ipv4(message_v2())[1:],
        with_priority(in_ipv4(message_v2()), 20, 0),
    ],
    ids=["ttl", "protocol", "addresses", "shorter", "longer", "header length", "priority"],
)
def test_advert_that_differs_from_the_repeated_one_is_checked_in_full(other: bytes) -> None:
    fast, slow = listening(), listening_slowly()
    for router in (fast, slow):
        router.datagram_received(1.0, in_ipv4(message_v2()))
    assert fast.datagram_received(2.0, other) == slow.datagram_received(2.0, other)
    assert (fast.counters, fast.deadline_at, fast.rejections) == (slow.counters, slow.deadline_at, slow.rejections)


def listening_slowly() -> VirtualRouter:
    router = VirtualRouter(
        Parameters(name="VI_1", vrid=51, source_address=OURS, virtual_addresses=ADDRESSES), fast_path=False
    )
    router.started(0.0)
    return router


def test_ipv6_advert_repeated_from_another_hop_limit_is_checked_in_full() -> None:
    router = listening6()
    message = message_v3(SENDER6, GROUP6)
    router.datagram_received(1.0, message, SENDER6, 255, GROUP6)
    router.datagram_received(2.0, message, SENDER6, 255, GROUP6)
    assert router.counters.advert_rcvd == 2
    router.datagram_received(3.0, message, SENDER6, 64, GROUP6)
    assert (router.last_rejection, router.counters.ip_ttl_err) == (Rejection.TTL, 1)


def test_preempt_delay_ends_the_fast_path_in_time() -> None:
    router = listening(preempt_delay=2.0)
    lower = in_ipv4(message_v2(priority=50))
    for now in (1.0, 2.0, 2.9):
        router.datagram_received(now, lower)
    assert router.deadline_at == 2.9 + 3.609375
    router.datagram_received(3.0, lower)
    assert router.deadline_at == 2.9 + 3.609375


def test_masters_made_and_released_are_counted() -> None:
    router = becoming_master(listening())
    router.datagram_received(4.0, in_ipv4(message_v2()))
    assert (router.state, router.counters.become_master, router.counters.release_master) == (State.BACKUP, 1, 1)


def test_priority_zero_is_counted_when_received() -> None:
    router = listening()
    router.datagram_received(1.0, in_ipv4(message_v2(priority=0)))
    assert router.counters.pri_zero_rcvd == 1


def test_unicast_router_that_leaves_fault_tells_its_peers_where_it_is() -> None:
    router = listening(unicast_peers=(UnicastPeer(SENDER),))
    router.fault_found(1.0, "interface eth0 went down")
    assert router.fault_cleared(2.0, "interface eth0 went down") == (
        Effect.ANNOUNCE_SOURCE,
        Effect.REPORT_TRANSITION,
    )


def test_sources_that_are_remembered_are_bounded() -> None:
    router = listening()
    for number in range(300):
        source = bytes((10, 1, number >> 8, number & 255))
        router.datagram_received(1.0, in_ipv4(message_v2(priority=200), source=source))
    assert len(router.heard_at) == 256
    assert bytes((10, 1, 1, 43)) in router.heard_at


def test_adopted_router_is_master_and_counts_no_transition() -> None:
    router = VirtualRouter(Parameters(name="VI_1", vrid=51, source_address=OURS))
    assert router.adopted(10.0, 9.5) == (Effect.SEND_ADVERT,)
    assert (router.state, router.counters.become_master, router.transition) == (State.MASTER, 0, None)


def test_stopped_master_is_counted_as_released() -> None:
    router = becoming_master(listening())
    effects = router.stopped(5.0)
    assert effects == (Effect.SEND_RESIGNATION, Effect.REMOVE_ADDRESSES, Effect.REPORT_TRANSITION)
    assert router.counters.release_master == 1


def test_adopted_router_goes_on_with_the_sequence_number_of_its_predecessor() -> None:
    predecessor = listening(authentication=HEADER)
    predecessor.adverts_to_send()
    predecessor.adverts_to_send()
    successor = VirtualRouter(predecessor.parameters)
    successor.adopted(1.0, 0.5, predecessor.sequence)
    [(_, datagram)] = successor.adverts_to_send()
    assert (datagram[28:32], successor.sequence, listening().sequence) == ((3).to_bytes(4), 3, 0)


def test_router_reconfigured_without_authentication_header_sends_and_believes_plain_adverts() -> None:
    router = listening(authentication=HEADER)
    router.reconfigured(1.0, listening(priority=150).parameters)
    assert router.adverts_to_send() == ((GROUP, in_ipv4(message_v2(), source=OURS, ip_id=0)),)
    router.datagram_received(2.0, in_ipv4(message_v2()))
    assert (router.counters.advert_rcvd, router.last_rejection) == (1, None)


def test_version_2_for_ipv6_has_no_authentication_data_and_the_checksum_of_ipv6() -> None:
    sender = listening6(version=2, source_address=SENDER6, priority=150)
    ((destination, message),) = sender.adverts_to_send()
    assert message[:6] == bytes((0x21, 51, 150, len(ADDRESSES6), 0, 1))
    assert message[8:] == b"".join(ADDRESSES6)
    pseudo = SENDER6 + destination + len(message).to_bytes(4) + bytes((0, 0, 0, 112))
    assert slow_checksum(pseudo + message) == 0
    receiver = listening6(version=2)
    receiver.datagram_received(1.0, message, SENDER6, 255, destination)
    assert (receiver.counters.advert_rcvd, receiver.instance.master_address) == (1, SENDER6)
    receiver.datagram_received(2.0, message[:6] + b"\0\0" + message[8:], SENDER6, 255, destination)
    assert receiver.last_rejection is Rejection.CHECKSUM
