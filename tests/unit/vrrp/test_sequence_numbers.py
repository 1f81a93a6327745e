"""Authentication headers: all masters of a virtual router count one sequence (see `authentication`)."""

import pytest

from keepalived_py.vrrp.authentication import Authentication, AuthenticationHeader, AuthenticationType
from keepalived_py.vrrp.packet import IPV4_HEADER_LENGTH, ipv4_header
from keepalived_py.vrrp.rejection import Rejection

OURS = bytes((10, 0, 0, 1))
RIVALS = bytes((10, 0, 0, 2))
GROUP = bytes((224, 0, 0, 18))
MESSAGE = bytes(20)


def header_at(sequence: int) -> AuthenticationHeader:
    header = AuthenticationHeader(Authentication(AuthenticationType.HEADER, b"secret"), unicast=False)
    header.sequence = sequence
    return header


def send(header: AuthenticationHeader, source: bytes) -> bytes:
    header.advance()
    return header.signed(ipv4_header(source, GROUP, 24 + len(MESSAGE), 255, protocol=51, ip_id=1), MESSAGE)


def hear(header: AuthenticationHeader, datagram: bytes) -> Rejection | None:
    return header.check(datagram[:IPV4_HEADER_LENGTH], datagram[IPV4_HEADER_LENGTH:])


def test_two_masters_in_step_taking_the_same_number_believe_each_other() -> None:
    ours, rivals = header_at(7), header_at(7)
    from_us, from_rival = send(ours, OURS), send(rivals, RIVALS)

    assert (hear(ours, from_rival), hear(rivals, from_us)) == (None, None)
    assert (ours.sequence, rivals.sequence) == (8, 8)


def test_number_of_a_rival_heard_twice_is_refused_the_second_time() -> None:
    ours, rivals = header_at(7), header_at(7)
    send(ours, OURS)
    from_rival = send(rivals, RIVALS)

    assert [hear(ours, from_rival), hear(ours, from_rival)] == [None, Rejection.REPLAYED]


def test_own_datagram_coming_back_is_refused() -> None:
    ours = header_at(7)

    assert hear(ours, send(ours, OURS)) is Rejection.REPLAYED


@pytest.mark.parametrize("sequence", [6, 7])
def test_number_that_a_listener_has_heard_is_refused(sequence: int) -> None:
    listener, rivals = header_at(7), header_at(sequence - 1)

    assert hear(listener, send(rivals, RIVALS)) is Rejection.REPLAYED


def test_older_number_of_a_rival_is_refused_by_a_master() -> None:
    ours, rivals = header_at(7), header_at(6)
    send(ours, OURS)

    assert hear(ours, send(rivals, RIVALS)) is Rejection.REPLAYED
