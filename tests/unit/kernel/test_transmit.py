"""Bursts through real sockets that need no privilege."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

import pytest

from keepalived_py.kernel import transmit
from keepalived_py.kernel.transmit import Burst

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["sendmmsg", "sendmsg"], autouse=True)
def _call(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every test with the call for many messages and with the one for C libraries that lack it."""
    many = request.param == "sendmmsg"
    monkeypatch.setattr(transmit, "_send", transmit._send_many if many else transmit._send_one)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.setblocking(False)
    other.setblocking(False)
    yield one, other
    one.close()
    other.close()


def test_burst_without_destinations_goes_to_the_connected_peer_in_order(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    burst = Burst([(b"one", b""), (b"", b""), (b"three", b"")])
    assert burst.send(pair[0].fileno()) == (3, [])
    assert [pair[1].recv(16) for _ in range(3)] == [b"one", b"", b"three"]
    assert len(burst) == 3


def test_burst_is_sent_again_unchanged(pair: tuple[socket.socket, socket.socket]) -> None:
    burst = Burst([(b"advert", b"")])
    for _ in range(3):
        assert burst.send(pair[0].fileno()) == (1, [])
        assert pair[1].recv(16) == b"advert"


def test_part_of_a_burst_is_sent_between_start_and_end(pair: tuple[socket.socket, socket.socket]) -> None:
    burst = Burst([(bytes([number]), b"") for number in range(6)])
    assert burst.send(pair[0].fileno(), 2, 4) == (4, [])
    assert [pair[1].recv(16) for _ in range(2)] == [b"\2", b"\3"]
    with pytest.raises(BlockingIOError):
        pair[1].recv(16)


def test_burst_into_a_full_socket_stops_and_goes_on_from_there(pair: tuple[socket.socket, socket.socket]) -> None:
    count = 2000
    burst = Burst([(number.to_bytes(2, "big"), b"") for number in range(count)])
    position, received = 0, []
    while position < count:
        before = position
        position, refused = burst.send(pair[0].fileno(), position)
        assert refused == []
        assert position > before
        received += [int.from_bytes(pair[1].recv(16), "big") for _ in range(position - before)]
    assert received == list(range(count))


def test_refused_message_is_skipped_and_named(pair: tuple[socket.socket, socket.socket]) -> None:
    burst = Burst([(b"one", b""), (bytes(1 << 20), b""), (b"three", b"")])
    assert burst.send(pair[0].fileno()) == (3, [(1, errno.EMSGSIZE)])
    assert [pair[1].recv(16) for _ in range(2)] == [b"one", b"three"]
    assert transmit.explain([(1, errno.EMSGSIZE)]) == "1 refused: Message too long"
    assert transmit.explain([]) == ""


def test_empty_burst_sends_nothing(pair: tuple[socket.socket, socket.socket]) -> None:
    assert Burst([]).send(pair[0].fileno()) == (0, [])


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_burst_to_several_destinations_reaches_each(family: socket.AddressFamily) -> None:
    loopback = "127.0.0.1" if family == socket.AF_INET else "::1"
    packed = socket.inet_pton(family, loopback)
    destination = transmit.ipv4_destination if family == socket.AF_INET else transmit.ipv6_destination
    receivers = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(3)]
    sender = socket.socket(family, socket.SOCK_DGRAM)
    try:
        for receiver in receivers:
            receiver.bind((loopback, 0))
            receiver.settimeout(5)
        ports = [receiver.getsockname()[1] for receiver in receivers]
        burst = Burst([(f"to {port}".encode(), destination(packed, port)) for port in ports])
        assert burst.send(sender.fileno()) == (3, [])
        assert [receiver.recv(32) for receiver in receivers] == [f"to {port}".encode() for port in ports]
    finally:
        for connection in (*receivers, sender):
            connection.close()


def test_link_local_destination_carries_the_interface() -> None:
    destination = transmit.ipv6_destination(bytes.fromhex("fe80") + bytes(14), 112, 7)
    assert destination[2:] == b"\x00\x70" + bytes(4) + bytes.fromhex("fe80") + bytes(14) + (7).to_bytes(4, "little")


def test_frame_destination_carries_the_interface() -> None:
    destination = transmit.frame_destination(7)
    assert len(destination) == 20
    assert destination[4:8] == (7).to_bytes(4, "little")
