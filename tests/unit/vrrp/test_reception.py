"""The ladder: one advert per check that fails there and nowhere before, with its counter and its log line."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from keepalived_py.structure import replace
from keepalived_py.vrrp.authentication import Authentication, AuthenticationHeader, AuthenticationType, icv
from keepalived_py.vrrp.effects import Effect
from keepalived_py.vrrp.packet import ipv4_header
from keepalived_py.vrrp.parameters import UnicastPeer
from keepalived_py.vrrp.rejection import Rejection
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.signature import Signing, SigningKey
from tests.conformance.signer import sequence, trailer
from tests.unit.vrrp.wire import (
    ADDRESSES,
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
)

PASSWORD = Authentication(AuthenticationType.PASSWORD, b"1111")
HEADER = Authentication(AuthenticationType.HEADER, b"secret")
CLOCK_NS = 0x68000000 * 1_000_000_000
SIGNING = Signing((SigningKey(1, bytes(32)),), 1)
PEER = (UnicastPeer(SENDER, min_ttl=250, max_ttl=254),)


def with_password(key: bytes = b"1111", **changes: Any) -> bytes:
    return message_v2(type=1, tail=key.ljust(8, b"\0"), **changes)


def with_header(key: bytes = b"secret", sequence: int = 1, **changes: Any) -> bytes:
    header = AuthenticationHeader(Authentication(AuthenticationType.HEADER, key), unicast=False)
    header.sequence = sequence
    message = message_v2(type=2, **changes)
    return header.signed(
        ipv4_header(SENDER, bytes((224, 0, 0, 18)), 24 + len(message), 255, protocol=51, ip_id=1), message
    )


def signed(when: int = 0, key: bytes = bytes(32), key_id: int = 1, **changes: Any) -> bytes:
    """A version 2 advert signed `when` seconds from what the receiver's clock shows."""
    message = message_v2(**changes)
    return in_ipv4(message + trailer(key, key_id, SENDER, message, sequence(0x68000000 + when)))


def verifying(**changes: Any) -> VirtualRouter:
    router = VirtualRouter(
        replace(listening(**changes).parameters, signing=changes.get("signing", SIGNING)), wall_clock=lambda: CLOCK_NS
    )
    router.started(0.0)
    return router


def verifying_after(*datagrams: bytes) -> VirtualRouter:
    router = verifying()
    for datagram in datagrams:
        router.datagram_received(0.5, datagram)
    router.counters.advert_rcvd = 0
    router.instance.notes.clear()
    return router


def at_offset(data: bytes, offset: int, octets: bytes) -> bytes:
    return data[:offset] + octets + data[offset + len(octets) :]


class Case(NamedTuple):
    rejection: Rejection
    make: Callable[[], VirtualRouter]
    datagram: bytes
    counter: str
    text: str


CASES = {
    "nothing": Case(Rejection.TRUNCATED, listening, b"", "packet_len_err", "packet too short to hold a VRRP header"),
    "half a header": Case(
        Rejection.TRUNCATED,
        listening,
        in_ipv4(message_v2())[:27],
        "packet_len_err",
        "packet too short to hold a VRRP header",
    ),
    "another vrid": Case(
        Rejection.OTHER_VRID,
        listening,
        in_ipv4(message_v2(vrid=52)),
        "",
        "advert from 10.0.0.1 is for virtual router 52, not 51",
    ),
    "unexpected authentication header": Case(
        Rejection.AUTHENTICATION_HEADER,
        listening,
        with_header(),
        "authtype_mismatch",
        "authentication header from 10.0.0.1 is unexpected",
    ),
    "missing authentication header": Case(
        Rejection.AUTHENTICATION_HEADER,
        lambda: listening(authentication=HEADER),
        in_ipv4(message_v2(type=2)),
        "authtype_mismatch",
        "authentication header from 10.0.0.1 is missing",
    ),
    "an address short": Case(
        Rejection.LENGTH,
        listening,
        in_ipv4(message_v2(count=3)),
        "packet_len_err",
        "packet length mismatch with 10.0.0.1 received=24 expected=28",
    ),
    "an address too many": Case(
        Rejection.LENGTH,
        listening,
        in_ipv4(message_v2(count=1)),
        "packet_len_err",
        "packet length mismatch with 10.0.0.1 received=24 expected=20",
    ),
    "ttl 254": Case(
        Rejection.TTL,
        listening,
        in_ipv4(message_v2(), ttl=254),
        "ip_ttl_err",
        "invalid TTL/HL from 10.0.0.1 received=254 expected=255",
    ),
    "not a peer": Case(
        Rejection.UNKNOWN_PEER,
        lambda: listening(unicast_peers=(UnicastPeer(bytes((10, 0, 0, 9))),), check_unicast_source=True),
        in_ipv4(message_v2(), destination=OURS),
        "",
        "unicast source address 10.0.0.1 is not a unicast peer",
    ),
    "peer ttl": Case(
        Rejection.PEER_TTL,
        lambda: listening(unicast_peers=PEER, check_unicast_source=True),
        in_ipv4(message_v2(), destination=OURS, ttl=249),
        "ip_ttl_err",
        "TTL/HL 249 from 10.0.0.1 is outside the limits of this unicast peer",
    ),
    "version 3": Case(
        Rejection.VERSION,
        listening,
        in_ipv4(message_v3()),
        "vers_err",
        "VRRP version mismatch with 10.0.0.1 mine=2 received=3",
    ),
    "version 4": Case(
        Rejection.VERSION,
        lambda: listening(version=3),
        in_ipv4(message_v3(first=0x41)),
        "vers_err",
        "VRRP version mismatch with 10.0.0.1 mine=3 received=4",
    ),
    "authentication type 3": Case(
        Rejection.AUTHENTICATION_TYPE_INVALID,
        listening,
        in_ipv4(message_v2(type=3)),
        "invalid_authtype",
        "invalid authentication type 3 from 10.0.0.1",
    ),
    "no password": Case(
        Rejection.AUTHENTICATION_TYPE,
        lambda: listening(authentication=PASSWORD),
        in_ipv4(message_v2()),
        "authtype_mismatch",
        "authentication type mismatch with 10.0.0.1 mine=1 received=0",
    ),
    "password not asked for": Case(
        Rejection.AUTHENTICATION_TYPE,
        listening,
        in_ipv4(with_password()),
        "authtype_mismatch",
        "authentication type mismatch with 10.0.0.1 mine=0 received=1",
    ),
    "wrong password": Case(
        Rejection.PASSWORD,
        lambda: listening(authentication=PASSWORD),
        in_ipv4(with_password(b"1112")),
        "auth_failure",
        "authentication password mismatch with 10.0.0.1",
    ),
    "longer password": Case(
        Rejection.PASSWORD,
        lambda: listening(authentication=PASSWORD),
        in_ipv4(with_password(b"11111")),
        "auth_failure",
        "authentication password mismatch with 10.0.0.1",
    ),
    "header of another protocol": Case(
        Rejection.FOREIGN_PROTOCOL,
        lambda: listening(authentication=HEADER),
        at_offset(with_header(), 20, b"\x06"),
        "",
        "authentication header from 10.0.0.1 does not protect VRRP",
    ),
    "wrong key": Case(
        Rejection.INTEGRITY_CHECK,
        lambda: listening(authentication=HEADER),
        with_header(b"other"),
        "auth_failure",
        "IPSEC-AH integrity check failed with 10.0.0.1 (other password, or changed on the way)",
    ),
    "sequence number of zero": Case(
        Rejection.REPLAYED,
        lambda: listening(authentication=HEADER),
        with_header(sequence=0),
        "auth_failure",
        "IPSEC-AH sequence number from 10.0.0.1 was already seen",
    ),
    "version 2 interval": Case(
        Rejection.INTERVAL,
        listening,
        in_ipv4(message_v2(interval=2)),
        "advert_interval_err",
        "advertisement interval mismatch with 10.0.0.1 mine=1 s received=2 s",
    ),
    "version 3 interval of zero": Case(
        Rejection.INTERVAL,
        lambda: listening(version=3),
        in_ipv4(message_v3(interval=0)),
        "advert_interval_err",
        "advertisement interval mismatch with 10.0.0.1 mine=1 s received=0 s",
    ),
    "type 2": Case(
        Rejection.TYPE,
        listening,
        in_ipv4(message_v2(first=0x22)),
        "invalid_type_rcvd",
        "invalid packet type from 10.0.0.1 received=2 expected=1",
    ),
    "version 2 checksum": Case(
        Rejection.CHECKSUM,
        listening,
        in_ipv4(at_offset(message_v2(), 2, b"\x97")),
        "chk_err",
        "invalid VRRPv2 checksum from 10.0.0.1",
    ),
    "version 3 checksum of another destination": Case(
        Rejection.CHECKSUM,
        lambda: listening(version=3),
        in_ipv4(message_v3(destination=OURS)),
        "chk_err",
        "invalid VRRPv3 checksum from 10.0.0.1",
    ),
    "version 3 checksum without pseudo-header": Case(
        Rejection.CHECKSUM,
        lambda: listening(version=3),
        in_ipv4(message_v3(plain=True)),
        "chk_err",
        "invalid VRRPv3 checksum from 10.0.0.1",
    ),
    "unicast where the group is expected": Case(
        Rejection.CAST,
        listening,
        in_ipv4(message_v2(), destination=OURS),
        "addr_list_err",
        "unicast packet from 10.0.0.1, where multicast is expected",
    ),
    "group where unicast is expected": Case(
        Rejection.CAST,
        lambda: listening(unicast_peers=PEER),
        in_ipv4(message_v2()),
        "addr_list_err",
        "multicast packet from 10.0.0.1, where unicast is expected",
    ),
    "signature missing": Case(
        Rejection.SIGNATURE_MISSING,
        verifying,
        in_ipv4(message_v2()),
        "auth_ext_missing",
        "missing authentication trailer from 10.0.0.1",
    ),
    "signature malformed": Case(
        Rejection.SIGNATURE_MALFORMED,
        verifying,
        at_offset(signed(), 20 + 24 + 2, b"\1"),
        "auth_ext_malformed",
        "malformed authentication trailer from 10.0.0.1",
    ),
    "signature too old": Case(
        Rejection.SIGNATURE_STALE,
        verifying,
        signed(-6),
        "auth_ext_stale",
        "stale authentication trailer from 10.0.0.1, clock skew 6 sec exceeds window 5 sec",
    ),
    "signature by an unknown key": Case(
        Rejection.SIGNATURE_KEY,
        verifying,
        signed(key_id=9),
        "auth_ext_unknown_key",
        "unknown authentication key id 9 from 10.0.0.1",
    ),
    "signature by another key": Case(
        Rejection.SIGNATURE,
        verifying,
        signed(key=bytes(31) + b"\1"),
        "auth_ext_invalid_hmac",
        "invalid authentication HMAC from 10.0.0.1 (other key, or changed on the way)",
    ),
    "signature already seen": Case(
        Rejection.SIGNATURE_REPLAYED,
        lambda: verifying_after(signed()),
        signed(),
        "auth_ext_replay",
        "replayed authentication trailer from 10.0.0.1",
    ),
    "signature where none is configured": Case(
        Rejection.LENGTH,
        listening,
        signed(),
        "packet_len_err",
        "packet length mismatch with 10.0.0.1 received=52 expected=24 (signed, but auth_hmac is not configured here)",
    ),
    "signed advert of an unknown peer": Case(
        Rejection.UNKNOWN_PEER,
        lambda: verifying(unicast_peers=(UnicastPeer(OURS),)),
        signed(),
        "",
        "unicast source address 10.0.0.1 is not a unicast peer",
    ),
    "owner that ignores adverts": Case(
        Rejection.OWNER,
        lambda: listening(priority=255, owner_ignore_adverts=True),
        in_ipv4(message_v2()),
        "",
        "advert from 10.0.0.1 dropped since we are address owner",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_advert_that_fails_one_check_is_refused_counted_and_named(case: Case) -> None:
    router = case.make()
    before = (router.state, router.deadline_at)
    assert router.datagram_received(1.0, case.datagram) == (Effect.REPORT_NOTES,)
    assert router.last_rejection is case.rejection
    assert [note.text for note in router.instance.notes] == [case.text]
    assert router.rejections == {case.rejection: 1}
    assert (router.state, router.deadline_at) == before
    assert router.counters.advert_rcvd == 0
    assert case.rejection.counter == case.counter
    assert not case.counter or getattr(router.counters, case.counter) == 1
    assert not case.rejection.accepted


def test_every_rejection_has_a_case() -> None:
    elsewhere = {Rejection.NOT_LISTENING, Rejection.SECURITY_PARAMETER_INDEX}
    remarks = {rejection for rejection in Rejection if rejection.accepted}
    assert {case.rejection for case in CASES.values()} == set(Rejection) - remarks - elsewhere


def test_rejection_order_is_the_order_of_the_checks() -> None:
    """An advert in which everything is wrong is refused for the first reason; repairing that leaves the next."""
    router = listening(authentication=PASSWORD)
    wrong: dict[str, Any] = {"vrid": 52, "count": 3, "first": 0x32, "type": 3, "tail": b"", "interval": 9}
    seen = []
    for repaired in ({}, {"vrid": 51}, {"count": 2}):
        wrong.update(repaired)
        router.datagram_received(1.0, in_ipv4(message_v2(**wrong), ttl=1))
        seen.append(router.last_rejection)
    repairs: tuple[dict[str, Any], ...] = (
        {},
        {"first": 0x22, "tail": bytes(8)},
        {"type": 0},
        {"type": 1},
        {"tail": b"1111\0\0\0\0"},
        {"interval": 1},
        {"first": 0x21},
    )
    for repair in repairs:
        wrong.update(repair)
        router.datagram_received(1.0, in_ipv4(message_v2(**wrong), destination=OURS))
        seen.append(router.last_rejection)
    assert seen == [
        Rejection.OTHER_VRID,
        Rejection.LENGTH,
        Rejection.TTL,
        Rejection.VERSION,
        Rejection.AUTHENTICATION_TYPE_INVALID,
        Rejection.AUTHENTICATION_TYPE,
        Rejection.PASSWORD,
        Rejection.INTERVAL,
        Rejection.TYPE,
        Rejection.CAST,
    ]


def test_foreign_security_parameter_index_is_refused() -> None:
    header = AuthenticationHeader(HEADER, unicast=False)
    header.sequence = 5
    router = listening(authentication=HEADER)
    message = message_v2(type=2)
    # Signed with another sender's index: the check value is right, the index is not that of the source.
    ip_header = ipv4_header(SENDER, bytes((224, 0, 0, 18)), 24 + len(message), 255, protocol=51, ip_id=1)
    theirs = bytes((112, 4, 0, 0)) + OURS + (5).to_bytes(4)
    value = icv(HEADER.padded_key, ip_header, theirs + bytes(12) + message, unicast=False)
    router.datagram_received(1.0, ip_header + theirs + value + message)
    assert router.last_rejection is Rejection.SECURITY_PARAMETER_INDEX
    assert router.counters.auth_failure == 1


@pytest.mark.parametrize(
    ("router", "datagram"),
    [
        (listening, in_ipv4(message_v2())),
        (lambda: listening(authentication=PASSWORD), in_ipv4(with_password())),
        (lambda: listening(authentication=HEADER), with_header()),
        (lambda: listening(version=3), in_ipv4(message_v3())),
        (lambda: listening(version=3, v3_checksum_as_v2=True), in_ipv4(message_v3())),
        (lambda: listening(unicast_peers=PEER), in_ipv4(message_v2(), destination=OURS, ttl=3)),
        (
            lambda: listening(unicast_peers=PEER, check_unicast_source=True),
            in_ipv4(message_v2(), destination=OURS, ttl=252),
        ),
    ],
    ids=["v2", "v2 password", "v2 header", "v3", "v3 checksum as v2", "unicast", "unicast checked"],
)
def test_good_advert_is_accepted(router: Callable[[], VirtualRouter], datagram: bytes) -> None:
    receiver = router()
    receiver.datagram_received(1.0, datagram)
    assert receiver.last_rejection is None
    assert (receiver.counters.advert_rcvd, receiver.heard_at) == (1, {SENDER: 1.0})
    assert receiver.deadline_at == 1.0 + receiver.instance.master_down_interval


def test_version_3_checksum_without_pseudo_header_is_accepted_when_configured() -> None:
    router = listening(version=3, v3_checksum_as_v2=True)
    router.datagram_received(1.0, in_ipv4(message_v3(plain=True)))
    assert router.counters.advert_rcvd == 1


def test_ipv6_advert_is_accepted_with_its_pseudo_header_only() -> None:
    router = listening6()
    message = message_v3(SENDER6, GROUP6)
    router.datagram_received(1.0, message, SENDER6, 255, GROUP6)
    assert (router.counters.advert_rcvd, router.last_rejection) == (1, None)
    router.datagram_received(1.1, message, bytes(15) + b"\x01", 255, GROUP6)
    assert router.last_rejection is Rejection.CHECKSUM


def test_ipv6_hop_limit_254_is_refused_and_an_unknown_one_is_not() -> None:
    router = listening6()
    message = message_v3(SENDER6, GROUP6)
    router.datagram_received(1.0, message, SENDER6, 254, GROUP6)
    assert router.last_rejection is Rejection.TTL
    router.datagram_received(1.0, message, SENDER6, -1, GROUP6)
    assert router.counters.advert_rcvd == 1


def test_ethernet_padding_behind_the_total_length_is_no_error() -> None:
    router = listening()
    router.datagram_received(1.0, in_ipv4(message_v2()) + bytes(2))
    assert (router.counters.advert_rcvd, router.last_rejection) == (1, None)


def test_ip_options_are_stepped_over() -> None:
    datagram = in_ipv4(message_v2())
    with_options = b"\x46" + datagram[1:2] + (len(datagram) + 4).to_bytes(2) + datagram[4:20] + bytes(4) + datagram[20:]
    router = listening()
    router.datagram_received(1.0, with_options)
    assert router.counters.advert_rcvd == 1


@pytest.mark.parametrize(
    ("addresses", "count", "rejection", "text"),
    [
        (
            ADDRESSES[:1],
            1,
            Rejection.ADDRESS_COUNT,
            "number of virtual addresses mismatch with 10.0.0.1 mine=2 received=1",
        ),
        (
            (ADDRESSES[0], bytes((192, 168, 0, 1))),
            2,
            Rejection.ADDRESS_LIST,
            "virtual address 192.168.0.206 is not in the advert from 10.0.0.1",
        ),
    ],
)
def test_other_addresses_are_remarked_on_and_the_advert_counts(
    addresses: tuple[bytes, ...], count: int, rejection: Rejection, text: str
) -> None:
    router = listening()
    datagram = in_ipv4(message_v2(addresses=addresses, count=count))
    for now in (1.0, 2.0, 3.0):
        router.datagram_received(now, datagram)
    assert [note.text for note in router.instance.notes if not note.detail] == [text]
    assert (router.counters.addr_list_err, router.counters.advert_rcvd) == (3, 3)
    assert (router.last_rejection, router.deadline_at) == (rejection, 3.0 + 3.609375)


def test_remark_and_notes_of_the_machine_are_reported_once_together() -> None:
    router = listening()
    one_address = in_ipv4(message_v2(addresses=ADDRESSES[:1], count=1))
    assert router.datagram_received(1.0, one_address) == (Effect.REPORT_NOTES,)
    assert len(router.instance.notes) == 2
    router.instance.notes.clear()
    assert router.datagram_received(2.0, one_address) == ()
    router.fault_found(3.0, "interface eth0 went down")
    router.fault_cleared(3.0, "interface eth0 went down")
    router.instance.advert_received(3.5, SENDER, 150, 1.0)
    router.instance.notes.clear()
    assert router.datagram_received(4.0, one_address) == (Effect.REPORT_NOTES,)
    assert [note.text for note in router.instance.notes] == [
        "number of virtual addresses mismatch with 10.0.0.1 mine=2 received=1"
    ]


def test_owner_ignore_adverts_concerns_owners_that_ask_for_it_only() -> None:
    for changes in ({"owner_ignore_adverts": True}, {"priority": 255}):
        router = listening(**changes)
        router.datagram_received(1.0, in_ipv4(message_v2()))
        assert (router.counters.advert_rcvd, router.last_rejection) == (1, None)


def test_same_addresses_in_another_order_are_no_mismatch() -> None:
    router = listening()
    router.datagram_received(1.0, in_ipv4(message_v2(addresses=ADDRESSES[::-1])))
    assert router.counters.addr_list_err == 0


def test_skip_check_adv_addr_compares_the_addresses_of_a_new_master_only() -> None:
    router = listening(skip_check_adv_addr=True)
    datagram = in_ipv4(message_v2(addresses=(ADDRESSES[0], bytes((192, 168, 0, 1)))))
    for now in (1.0, 2.0, 3.0):
        router.datagram_received(now, datagram)
    assert (router.counters.addr_list_err, router.counters.advert_rcvd) == (1, 3)


def test_version_3_interval_that_differs_is_remarked_on_once_and_learned() -> None:
    router = listening(version=3)
    for now in (1.0, 1.5, 2.0):
        router.datagram_received(now, in_ipv4(message_v3(interval=50)))
    texts = [note.text for note in router.instance.notes if not note.detail]
    assert texts == ["advertisement interval differs from 10.0.0.1 mine=1 s received=0.5 s"]
    assert (router.instance.master_interval, router.counters.advert_rcvd) == (0.5, 3)


def test_version_3_interval_that_differs_anew_is_remarked_on_again() -> None:
    router = listening(version=3)
    for now, interval in ((1.0, 50), (2.0, 60), (3.0, 60)):
        router.datagram_received(now, in_ipv4(message_v3(interval=interval)))
    texts = [note.text for note in router.instance.notes if not note.detail]
    assert texts == [
        "advertisement interval differs from 10.0.0.1 mine=1 s received=0.5 s",
        "advertisement interval differs from 10.0.0.1 mine=1 s received=0.6 s",
    ]


def test_peer_whose_hop_limit_is_not_known_is_not_refused_for_it() -> None:
    router = listening6(unicast_peers=(UnicastPeer(SENDER6, min_ttl=250),), check_unicast_source=True)
    router.datagram_received(1.0, message_v3(SENDER6, OURS6), SENDER6, -1, OURS6)
    assert (router.counters.advert_rcvd, router.last_rejection) == (1, None)


@pytest.mark.parametrize("ttl", [250, 254])
def test_peer_ttl_at_either_limit_is_accepted(ttl: int) -> None:
    router = listening(unicast_peers=PEER, check_unicast_source=True)
    router.datagram_received(1.0, in_ipv4(message_v2(), destination=OURS, ttl=ttl))
    assert router.counters.advert_rcvd == 1


@pytest.mark.parametrize("ttl", [249, 255])
def test_peer_ttl_beyond_either_limit_is_refused(ttl: int) -> None:
    router = listening(unicast_peers=PEER, check_unicast_source=True)
    router.datagram_received(1.0, in_ipv4(message_v2(), destination=OURS, ttl=ttl))
    assert router.last_rejection is Rejection.PEER_TTL


def test_reserved_bits_of_the_version_3_interval_are_ignored() -> None:
    router = listening(version=3)
    router.datagram_received(1.0, in_ipv4(message_v3(interval=0xF064)))
    assert (router.instance.master_interval, router.last_rejection) == (1.0, None)


def test_fault_and_init_do_not_listen() -> None:
    router = listening()
    router.fault_found(0.5, "interface eth0 went down")
    assert router.datagram_received(1.0, in_ipv4(message_v2())) == ()
    assert (router.last_rejection, router.counters.advert_rcvd) == (Rejection.NOT_LISTENING, 0)


def test_each_kind_of_rejection_is_logged_once_until_the_state_changes() -> None:
    router = listening()
    wrong = in_ipv4(message_v2(), ttl=1)
    assert router.datagram_received(1.0, wrong) == (Effect.REPORT_NOTES,)
    assert router.datagram_received(1.1, wrong) == ()
    router.deadline_reached(router.deadline_at)
    assert router.datagram_received(4.0, wrong)[:1] == (Effect.REPORT_NOTES,)
    assert router.counters.ip_ttl_err == 3


def test_each_kind_of_rejection_is_logged_again_when_another_master_is_accepted() -> None:
    router = listening()
    wrong = in_ipv4(message_v2(), ttl=1)
    router.datagram_received(1.0, wrong)
    router.datagram_received(1.1, in_ipv4(message_v2()))
    assert router.datagram_received(1.2, wrong) == (Effect.REPORT_NOTES,)
    assert router.datagram_received(1.3, wrong) == ()
