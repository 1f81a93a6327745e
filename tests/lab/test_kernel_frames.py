"""Frames, multicast and filters on a real wire."""

from __future__ import annotations

import errno
import os
import socket
import time
from typing import TYPE_CHECKING

import pytest

from keepalived_py.kernel import arp, ndisc, socket_options, transmit
from tests.lab.wire import Wire, ip

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.lab, pytest.mark.skipif(os.geteuid() != 0, reason="needs root")]

OLD_MAC = "02:00:00:00:00:99"
GROUP = socket.inet_aton("224.0.0.18")
GROUP6 = socket.inet_pton(socket.AF_INET6, "ff02::12")
VRRP = 112


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.close()


def own_mac() -> tuple[str, bytes]:
    """The hardware address of `left` as iproute2 shows it (sysfs shows another namespace's links)."""
    words = ip("-oneline link show dev left").split()
    text = words[words.index("link/ether") + 1]
    return text, bytes.fromhex(text.replace(":", ""))


def neighbour_is(wire: Wire, address: str, mac: str) -> bool:
    give_up_at = time.monotonic() + 30
    while time.monotonic() < give_up_at:
        with wire.there():
            if f"lladdr {mac}" in ip(f"neighbour show {address} dev right"):
                return True
        time.sleep(0.005)
    return False


def send(frames: list[bytes]) -> None:
    destination = transmit.frame_destination(socket.if_nametoindex("left"))
    connection = transmit.open_frame_socket()
    try:
        assert transmit.Burst([(frame, destination) for frame in frames]).send(connection.fileno()) == (len(frames), [])
    finally:
        connection.close()


def test_gratuitous_arp_moves_an_address_in_the_neighbours_cache(wire: Wire) -> None:
    text, mac = own_mac()
    with wire.there():
        ip("address add 192.0.2.2/24 dev right")
        ip(f"neighbour add 192.0.2.10 lladdr {OLD_MAC} nud stale dev right")
    send([arp.gratuitous_request(socket.inet_aton("192.0.2.10"), mac)])
    assert neighbour_is(wire, "192.0.2.10", text)


@pytest.mark.parametrize("router", [True, False])
def test_neighbour_advertisement_moves_an_address_in_the_neighbours_cache(wire: Wire, router: bool) -> None:
    text, mac = own_mac()
    with wire.there():
        ip(f"neighbour add 2001:db8::10 lladdr {OLD_MAC} nud stale dev right")
    address = socket.inet_pton(socket.AF_INET6, "2001:db8::10")
    send([ndisc.unsolicited_advertisement(address, mac, router=router)])
    assert neighbour_is(wire, "2001:db8::10", text)
    with wire.there():
        assert ("router" in ip("neighbour show 2001:db8::10 dev right").split()) is router


def test_burst_of_thousands_of_frames_arrives_whole_and_in_order(wire: Wire) -> None:
    count = 3000
    with wire.there():
        receiver = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(arp.ETHERTYPE))
        socket_options.set_buffers(receiver, receive=16 * 1024 * 1024)
        receiver.bind(("right", arp.ETHERTYPE))
        receiver.settimeout(30)
    frames = [arp.gratuitous_request(number.to_bytes(4, "big"), bytes(6)) for number in range(count)]
    send(frames)
    received = [receiver.recv(100) for _ in range(count)]
    receiver.close()
    assert received == frames


def test_frames_on_a_link_that_is_down_are_refused_one_by_one(wire: Wire) -> None:
    index = socket.if_nametoindex("left")
    ip("link set left down")
    connection = transmit.open_frame_socket()
    burst = transmit.Burst([(bytes(60), transmit.frame_destination(index))] * 3)
    try:
        assert burst.send(connection.fileno()) == (3, [(number, errno.ENETDOWN) for number in range(3)])
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("family", "group", "destination"),
    [(socket.AF_INET, GROUP, "224.0.0.18"), (socket.AF_INET6, GROUP6, "ff02::12%left")],
)
def test_group_is_heard_after_joining_and_not_after_leaving(
    wire: Wire, family: socket.AddressFamily, group: bytes, destination: str
) -> None:
    ip("address add 192.0.2.1/24 dev left")
    with wire.there():
        receiver = socket.socket(family, socket.SOCK_RAW, VRRP)
        index = socket.if_nametoindex("right")
        socket_options.bind_to_device(receiver, "right")
        socket_options.only_joined_groups(receiver, family)
        socket_options.join(receiver, family, group, index)
        receiver.settimeout(30)
    sender = socket.socket(family, socket.SOCK_RAW, VRRP)
    socket_options.send_through(sender, family, socket.if_nametoindex("left"))
    target = (destination, 0)
    try:
        sender.sendto(b"heard", target)
        assert receiver.recv(100).endswith(b"heard")
        socket_options.leave(receiver, family, group, index)
        sender.sendto(b"unheard", target)
        receiver.settimeout(0.1)
        with pytest.raises(TimeoutError):
            receiver.recv(100)
    finally:
        receiver.close()
        sender.close()


def test_filter_passes_only_what_its_program_returns(wire: Wire) -> None:
    load_byte_21, jump_if_equal, give, drop = (0x30, 0, 0, 21), (0x15, 0, 1, 51), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0)
    receiver = socket.socket(socket.AF_INET, socket.SOCK_RAW, VRRP)
    socket_options.attach_filter(receiver, [load_byte_21, jump_if_equal, give, drop])
    receiver.settimeout(30)
    sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, VRRP)
    try:
        for vrid in (50, 51, 52):
            sender.sendto(bytes([0x21, vrid]), ("127.0.0.1", 0))
        assert receiver.recv(100)[20:] == bytes([0x21, 51])
        receiver.settimeout(0.1)
        with pytest.raises(TimeoutError):
            receiver.recv(100)
    finally:
        receiver.close()
        sender.close()


def test_filter_that_is_no_program_is_refused(wire: Wire) -> None:
    connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with pytest.raises(OSError, match="Invalid argument"):
        socket_options.attach_filter(connection, [(0x30, 0, 0, 0)])
    connection.close()


def test_buffers_grow_beyond_the_system_limit_for_root(wire: Wire) -> None:
    connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    socket_options.set_buffers(connection, receive=32 * 1024 * 1024)
    assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 64 * 1024 * 1024
    connection.close()
