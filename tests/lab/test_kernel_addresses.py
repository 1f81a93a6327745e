"""Our netlink against the running kernel, with iproute2 and pyroute2 as witnesses."""

from __future__ import annotations

import errno
import os
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from pyroute2 import IPRoute

from keepalived_py.errors import NetlinkError
from keepalived_py.kernel import rtnl
from keepalived_py.kernel.interfaces import Change, ChangeKind, Interface, InterfaceTable
from keepalived_py.kernel.message import NLM_F_CREATE, batch, message
from keepalived_py.kernel.monitor import InterfaceMonitor
from keepalived_py.kernel.netlink import NetlinkSocket, OverrunError
from keepalived_py.kernel.rtnl import AddressRequest, address_added, address_deleted
from keepalived_py.structure import replace
from tests.lab.wire import Wire, ip, ip_addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.lab, pytest.mark.skipif(os.geteuid() != 0, reason="needs root")]


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.close()


@pytest.fixture
def netlink(wire: Wire) -> Iterator[NetlinkSocket]:
    connection = NetlinkSocket()
    yield connection
    connection.close()


@pytest.fixture
def monitor(wire: Wire) -> Iterator[InterfaceMonitor]:
    made = InterfaceMonitor(InterfaceTable())
    made.load()
    yield made
    made.close()


def packed(text: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def request(text: str, prefix_length: int, **options: Any) -> AddressRequest:
    family = rtnl.AF_INET6 if ":" in text else rtnl.AF_INET
    return AddressRequest(family, packed(text), prefix_length, socket.if_nametoindex("left"), **options)


def numbered(count: int) -> list[AddressRequest]:
    return [request(f"10.1.{number >> 8}.{number & 255}", 32) for number in range(count)]


def left(monitor: InterfaceMonitor) -> Interface:
    found = monitor.table.by_name("left")
    assert found is not None
    return found


def drain_until(monitor: InterfaceMonitor, enough: Callable[[list[Change]], bool]) -> list[Change]:
    """Collect changes until `enough`, half a minute at most."""
    changes: list[Change] = []
    give_up_at = time.monotonic() + 30
    while not enough(changes):
        assert time.monotonic() < give_up_at, [(change.kind, change.interface.name) for change in changes]
        changes += monitor.drain()
        time.sleep(0.002)
    return changes


OPTIONS: list[tuple[str, int, dict[str, Any], dict[str, Any]]] = [
    ("192.0.2.10", 24, {}, {"prefixlen": 24, "scope": "global", "label": "left"}),
    ("192.0.2.11", 32, {"scope": rtnl.RT_SCOPE_LINK}, {"scope": "link"}),
    ("192.0.2.12", 24, {"label": "left:vip"}, {"label": "left:vip"}),
    ("192.0.2.13", 24, {"broadcast": packed("192.0.2.255")}, {"broadcast": "192.0.2.255"}),
    ("192.0.2.14", 32, {"peer": packed("198.51.100.1")}, {"address": "198.51.100.1"}),
    ("192.0.2.15", 24, {"flags": rtnl.IFA_F_NOPREFIXROUTE}, {"noprefixroute": True}),
    ("192.0.2.16", 24, {"preferred_lifetime": 0}, {"deprecated": True}),
    ("239.1.2.3", 32, {"flags": rtnl.IFA_F_MCAUTOJOIN}, {"autojoin": True}),
    ("2001:db8::10", 64, {"flags": rtnl.IFA_F_NODAD}, {"nodad": True, "prefixlen": 64}),
    ("2001:db8::11", 128, {"flags": rtnl.IFA_F_NODAD | rtnl.IFA_F_HOMEADDRESS}, {"home": True}),
    ("2001:db8::12", 64, {"flags": rtnl.IFA_F_MANAGETEMPADDR}, {"mngtmpaddr": True}),
    ("2001:db8::13", 64, {"flags": rtnl.IFA_F_NOPREFIXROUTE}, {"noprefixroute": True}),
    ("2001:db8::14", 64, {"preferred_lifetime": 0}, {"deprecated": True, "preferred_life_time": 0}),
    ("2001:db8::15", 128, {"peer": packed("2001:db8::99")}, {"address": "2001:db8::99"}),
]


@pytest.mark.parametrize(("text", "prefix_length", "options", "shown"), OPTIONS)
def test_address_with_each_option_is_shown_by_iproute2_and_deleted_again(
    netlink: NetlinkSocket, text: str, prefix_length: int, options: dict[str, Any], shown: dict[str, Any]
) -> None:
    wanted = request(text, prefix_length, **options)
    assert netlink.execute([address_added(wanted)]) == []
    [entry] = ip_addresses("left")
    assert entry["local"] == text
    assert {name: entry.get(name) for name in shown} == shown
    assert netlink.execute([address_deleted(wanted)]) == []
    assert ip_addresses("left") == []


def test_address_is_seen_by_the_monitor_as_it_was_asked_for(netlink: NetlinkSocket, monitor: InterfaceMonitor) -> None:
    wanted = request("192.0.2.10", 24, label="left:1", peer=packed("198.51.100.1"), flags=rtnl.IFA_F_NOPREFIXROUTE)
    netlink.execute([address_added(wanted)])
    [change] = drain_until(monitor, bool)
    assert (change.kind, change.interface.name) == (ChangeKind.ADDRESS_ADDED, "left")
    seen = left(monitor).addresses[wanted.key]
    assert (seen.label, seen.protocol, seen.flags) == ("left:1", 18, 0x280)


def test_address_that_is_there_is_refused_as_tolerated(netlink: NetlinkSocket) -> None:
    wanted = request("192.0.2.10", 24)
    assert netlink.execute([address_added(wanted)]) == []
    [error] = netlink.execute([address_added(wanted)])
    assert error.errno in rtnl.ADD_TOLERATED
    assert netlink.execute([address_added(wanted)], rtnl.ADD_TOLERATED) == []


@pytest.mark.parametrize(("text", "prefix_length"), [("192.0.2.10", 24), ("2001:db8::10", 64)])
def test_address_that_is_not_there_is_not_deleted_as_tolerated(
    netlink: NetlinkSocket, text: str, prefix_length: int
) -> None:
    [error] = netlink.execute([address_deleted(request(text, prefix_length))])
    assert error.errno == errno.EADDRNOTAVAIL
    assert error.errno in rtnl.DELETE_TOLERATED


def test_refused_messages_are_named_by_index_with_the_kernels_words_and_the_rest_is_done(
    netlink: NetlinkSocket,
) -> None:
    good = [request(f"192.0.2.{number}", 32) for number in range(1, 6)]
    wanted = [*good[:2], replace(good[0], prefix_length=33), *good[2:], replace(good[0], interface=9999)]
    prepared = netlink.prepare([address_added(one) for one in wanted], slice_size=4)
    errors = []
    for part in prepared.slices:
        netlink.send(part)
        errors += netlink.collect()
    assert [(prepared.index(error), error.errno) for error in errors] == [(2, errno.EINVAL), (6, errno.ENODEV)]
    assert str(errors[0]) == "ipv4: Invalid prefix length"
    assert len(ip_addresses("left")) == 5


def test_answers_of_many_slices_are_collected_at_once(netlink: NetlinkSocket) -> None:
    prepared = netlink.prepare([address_added(one) for one in numbered(1000)], slice_size=100)
    for part in prepared.slices:
        netlink.send(part)
    assert netlink.collect() == []
    for part in prepared.slices:
        netlink.send(part)
    errors = netlink.collect()
    assert [prepared.index(error) for error in errors] == list(range(1000))
    assert {error.errno for error in errors} == {errno.EEXIST}


def test_batches_that_are_sent_before_either_is_collected_have_numbers_of_their_own(netlink: NetlinkSocket) -> None:
    there = address_added(request("192.0.2.10", 24))
    netlink.execute([there])
    absent = address_deleted(request("192.0.2.11", 24))
    one, other = netlink.prepare([there, there]), netlink.prepare([absent])
    netlink.send(one.slices[0])
    netlink.send(other.slices[0])
    errors = netlink.collect()
    assert [error.errno for error in errors] == [errno.EEXIST, errno.EEXIST, errno.EADDRNOTAVAIL]
    assert [one.index(error) for error in errors[:2]] == [0, 1]
    assert other.index(errors[2]) == 0


def test_batches_with_the_same_numbers_leave_no_answer_behind(netlink: NetlinkSocket) -> None:
    there = address_added(request("192.0.2.10", 24))
    netlink.execute([there])
    for _ in range(2):
        netlink.send(batch([there, there], 1, 2).slices[0])
    assert len(netlink.collect()) == 4
    assert netlink.receive() is None


def test_address_can_be_used_before_its_answer_was_read(netlink: NetlinkSocket) -> None:
    netlink.send(netlink.prepare([address_added(request("192.0.2.10", 24))]).slices[0])
    connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    connection.bind(("192.0.2.10", 0))
    connection.close()
    assert netlink.collect() == []


def test_unknown_request_raises_nothing_and_is_returned(netlink: NetlinkSocket) -> None:
    [error] = netlink.execute([message(9999, NLM_F_CREATE, bytes(16))])
    assert (error.errno, str(error)) == (errno.EOPNOTSUPP, "Operation not supported")


def test_slice_that_is_too_long_is_refused_as_a_whole(netlink: NetlinkSocket) -> None:
    prepared = netlink.prepare([message(rtnl.RTM_NEWADDR, 0, bytes(1 << 23))])
    with pytest.raises(NetlinkError) as caught:
        netlink.send(prepared.slices[0])
    assert caught.value.errno == errno.EMSGSIZE
    assert netlink.collect() == []


def test_lost_answers_are_an_overrun_and_the_next_batch_works(netlink: NetlinkSocket) -> None:
    netlink._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    netlink.execute([address_added(request("192.0.2.10", 24))])
    netlink.send(netlink.prepare([address_added(request("192.0.2.10", 24))] * 200).slices[0])
    with pytest.raises(OverrunError):
        netlink.collect()
    assert netlink.execute([address_added(request("192.0.2.11", 24))]) == []


def test_dump_has_every_address_that_pyroute2_sees(netlink: NetlinkSocket, monitor: InterfaceMonitor) -> None:
    netlink.execute([address_added(one) for one in numbered(2000)])
    with IPRoute() as witness:
        expected = {message_.get("IFA_LOCAL") for message_ in witness.get_addr(family=socket.AF_INET, label="left")}
    found = {
        socket.inet_ntoa(event.address.address)
        for event in monitor.snapshot()
        if isinstance(event, rtnl.AddressEvent) and event.address.label == "left"
    }
    assert found == expected
    assert len(found) == 2000


def test_refused_dump_raises_the_kernels_error(netlink: NetlinkSocket) -> None:
    with pytest.raises(NetlinkError) as caught:
        netlink.dump(message(9999, 0x300, bytes(16)), lambda _message, _buffer: None)
    assert caught.value.errno == errno.EOPNOTSUPP


def test_cable_pulled_and_mended_at_the_other_end_is_down_and_up(wire: Wire, monitor: InterfaceMonitor) -> None:
    with wire.there():
        ip("link set right down")
    changes = drain_until(monitor, bool)
    assert changes[0].kind is ChangeKind.WENT_DOWN
    assert not left(monitor).running
    with wire.there():
        ip("link set right up")
    changes = drain_until(monitor, lambda seen: any(change.kind is ChangeKind.WENT_UP for change in seen))
    assert left(monitor).running


def test_link_made_renamed_and_deleted_is_followed(monitor: InterfaceMonitor) -> None:
    ip("link add one type veth peer name two")
    ip("link set one name three")
    ip("link delete three")
    changes = drain_until(monitor, lambda seen: sum(change.kind is ChangeKind.GONE for change in seen) == 2)
    story = [(change.kind, change.interface.name, change.old_name) for change in changes if change.address is None]
    assert (ChangeKind.RENAMED, "three", "one") in story
    assert monitor.table.by_name("one") is None
    assert monitor.table.by_name("three") is None


def test_port_that_leaves_a_bridge_stays_in_the_table(wire: Wire, monitor: InterfaceMonitor) -> None:
    ip("link add bridge type bridge")
    ip("link set left master bridge")
    drain_until(monitor, lambda seen: any(change.kind is ChangeKind.MASTER_CHANGED for change in seen))
    interface = left(monitor)
    assert interface.master == socket.if_nametoindex("bridge")
    ip("link set left nomaster")
    drain_until(monitor, lambda seen: any(change.kind is ChangeKind.MASTER_CHANGED for change in seen))
    assert (left(monitor), interface.master) == (interface, 0)


def test_overrun_monitor_reads_everything_again_and_gives_the_differences(
    netlink: NetlinkSocket, monitor: InterfaceMonitor
) -> None:
    monitor._events._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    netlink.execute([address_added(one) for one in numbered(500)])
    changes = drain_until(monitor, lambda seen: len(seen) >= 500)
    assert monitor.overruns >= 1
    assert len([change for change in changes if change.kind is ChangeKind.ADDRESS_ADDED]) == 500
    assert len(left(monitor).addresses_of(rtnl.AF_INET)) == 500


def test_addresses_left_behind_are_recognised_by_their_tag(netlink: NetlinkSocket, monitor: InterfaceMonitor) -> None:
    netlink.execute([address_added(request("192.0.2.10", 24))])
    ip("address add 192.0.2.1/24 dev left")
    drain_until(monitor, lambda seen: len(seen) >= 2)
    tagged = [one.address for one in left(monitor).addresses_of(rtnl.AF_INET) if one.protocol == 18]
    assert tagged == [packed("192.0.2.10")]


def test_primary_address_is_found_beside_a_virtual_one_that_came_first(
    netlink: NetlinkSocket, monitor: InterfaceMonitor
) -> None:
    netlink.execute([address_added(request("192.0.2.10", 24))])
    ip("address add 192.0.2.1/24 dev left")
    drain_until(monitor, lambda seen: len(seen) >= 2)
    assert left(monitor).primary_address(excluding={packed("192.0.2.10")}) == packed("192.0.2.1")
