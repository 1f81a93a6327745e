"""Addresses that move between instances, or change their options, while a reload is under way."""

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address
from types import SimpleNamespace
from typing import Any

import pytest

from keepalived_py.config.model.addresses import VirtualAddress
from keepalived_py.config.model.vrrp import VrrpInstance
from keepalived_py.errors import NetlinkError
from keepalived_py.kernel.interfaces import InterfaceTable
from keepalived_py.kernel.message import Slice, split
from keepalived_py.kernel.rtnl import (
    AF_INET,
    PROTOCOL_KEEPALIVED,
    Address,
    AddressEvent,
    AddressRequest,
    LinkEvent,
    decode,
)
from keepalived_py.observability.log import Log
from keepalived_py.reactor import Reactor
from keepalived_py.vrrp import announcer as announcer_module
from keepalived_py.vrrp import executor as executor_module
from keepalived_py.vrrp.adoption import NO_LEGACY, AdoptionRecord
from keepalived_py.vrrp.effects import Effect
from keepalived_py.vrrp.executor import Executor
from keepalived_py.vrrp.footing import plain_footing
from keepalived_py.vrrp.groups import Groups
from keepalived_py.vrrp.launcher import Launcher
from keepalived_py.vrrp.parameters import Parameters
from keepalived_py.vrrp.placement import source_of
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.running import RunningInstance
from keepalived_py.vrrp.takeover import PlacedAddress, Takeover
from keepalived_py.vrrp.tracking import Tracking

Requests = list[tuple[str, int]]
ONE, TWO, THREE = 1, 2, 3


class Kernel:
    """A netlink socket that notes what is added and removed, by the last octet."""

    requests: Requests = []  # noqa: RUF012 (one list for the test, emptied by the fixture)

    def send(self, part: Slice) -> None:
        for message in split(part.data):
            event = decode(message.kind, part.data, message.start, message.end)
            assert isinstance(event, AddressEvent)
            self.requests.append(("+" if event.present else "-", event.address.address[3]))

    def collect(self, _tolerated: frozenset[int]) -> list[NetlinkError]:
        return []

    def close(self) -> None:
        """Do nothing."""


@pytest.fixture
def executor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Executor]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    monkeypatch.setattr(announcer_module, "open_frame_socket", lambda: ours)
    monkeypatch.setattr(executor_module, "NetlinkSocket", Kernel)
    Kernel.requests.clear()
    reactor = Reactor()
    made = Executor(reactor, Log("x", syslog=False), AdoptionRecord(memoryview(bytearray(4096))))
    yield made
    made.close()
    reactor.close()
    theirs.close()


def placed(number: int, label: str = "", *, foreign: bool = False) -> PlacedAddress:
    request = AddressRequest(AF_INET, bytes((10, 0, 0, number)), 24, 2, label=label)
    return PlacedAddress(request, "eth0", f"10.0.0.{number}", b"", foreign=foreign)


def holder(executor: Executor, name: str, *numbers: int) -> RunningInstance:
    running = RunningInstance(VrrpInstance(name=name), VirtualRouter(Parameters(name=name, vrid=1)))
    executor.prepare(running, Takeover(placed(number) for number in numbers))
    executor.perform(running, (Effect.ADD_ADDRESSES,), 0.0)
    return running


def reserve(executor: Executor, *numbers: int) -> None:
    executor.reserved = frozenset((bytes((10, 0, 0, number)), 24) for number in numbers)


def finish_reload(executor: Executor, *instances: RunningInstance) -> None:
    executor.reserved = frozenset()
    for running in instances:
        executor.remove_stale(running)


def removals() -> list[int]:
    return [number for sign, number in Kernel.requests if sign == "-"]


@pytest.mark.parametrize("giver_first", [True, False])
def test_address_that_moves_between_two_holders_is_never_removed(executor: Executor, *, giver_first: bool) -> None:
    giver, taker = holder(executor, "giver", ONE, TWO), holder(executor, "taker", THREE)
    reserve(executor, ONE, TWO, THREE)
    changes = [(giver, (ONE,)), (taker, (TWO, THREE))]
    for running, numbers in changes if giver_first else reversed(changes):
        executor.prepare(running, Takeover(placed(number) for number in numbers))
    finish_reload(executor, giver, taker)
    assert removals() == []
    assert ("+", TWO) in Kernel.requests
    assert giver.stale.addresses == taker.stale.addresses == ()


def test_two_holders_swap_their_addresses_without_removing_either(executor: Executor) -> None:
    first, second = holder(executor, "first", ONE), holder(executor, "second", TWO)
    reserve(executor, ONE, TWO)
    executor.prepare(first, Takeover([placed(TWO)]))
    executor.prepare(second, Takeover([placed(ONE)]))
    finish_reload(executor, first, second)
    assert removals() == []


def test_address_that_moves_to_a_backup_is_removed_at_the_end_of_the_reload(executor: Executor) -> None:
    giver = holder(executor, "giver", ONE, TWO)
    reserve(executor, ONE, TWO)
    executor.prepare(giver, Takeover([placed(ONE)]))
    assert removals() == []
    finish_reload(executor, giver)
    assert removals() == [TWO]
    assert giver.stale.addresses == ()


def test_address_of_an_instance_that_ends_stays_for_the_holder_that_gets_it(executor: Executor) -> None:
    ended, taker = holder(executor, "ended", ONE, TWO), holder(executor, "taker", THREE)
    reserve(executor, TWO, THREE)
    executor.perform(ended, (Effect.REMOVE_ADDRESSES,), 1.0)
    assert removals() == [ONE]
    executor.prepare(taker, Takeover([placed(TWO), placed(THREE)]))
    finish_reload(executor, ended, taker)
    assert removals() == [ONE]


def test_address_that_no_instance_of_the_new_configuration_has_is_removed_at_once(executor: Executor) -> None:
    giver = holder(executor, "giver", ONE, TWO)
    reserve(executor, ONE)
    executor.prepare(giver, Takeover([placed(ONE)]))
    assert removals() == [TWO]


def test_address_with_other_options_is_removed_and_added_at_once(executor: Executor) -> None:
    running = holder(executor, "VI_1", ONE, TWO)
    reserve(executor, ONE, TWO)
    Kernel.requests.clear()
    executor.prepare(running, Takeover([placed(ONE), placed(TWO, "eth0:2")]))
    finish_reload(executor, running)
    assert Kernel.requests == [("-", TWO), ("+", TWO)]


def test_address_that_two_hold_stays_when_one_leaves_and_goes_with_the_other(executor: Executor) -> None:
    first, second = holder(executor, "first", ONE, TWO), holder(executor, "second", TWO)
    executor.perform(first, (Effect.REMOVE_ADDRESSES,), 1.0)
    assert removals() == [ONE]
    executor.perform(second, (Effect.REMOVE_ADDRESSES,), 2.0)
    assert removals() == [ONE, TWO]


def test_instance_that_begins_leaves_the_address_of_another_master_alone(executor: Executor) -> None:
    holder(executor, "holder", ONE)
    newcomer = RunningInstance(VrrpInstance(name="newcomer"), VirtualRouter(Parameters(name="newcomer", vrid=2)))
    executor.prepare(newcomer, Takeover((placed(ONE), placed(TWO))))
    reactor = executor._reactor
    newcomer.timer = reactor.timer(lambda: None)
    anywhere: Any = SimpleNamespace(is_present=lambda _placed: True)
    tracking, log = Tracking(), Log("x", syslog=False)
    launcher = Launcher(reactor, log, executor, anywhere, tracking, Groups(log, executor, {}), executor.perform)

    launcher.launch(newcomer, NO_LEGACY)

    assert removals() == [TWO]


def test_removal_in_two_parts_forgets_no_address_that_became_stale_in_between(executor: Executor) -> None:
    running = holder(executor, "VI_1", *range(1, 201))
    executor.prepare(running, Takeover(placed(number) for number in range(1, 101)))
    executor.prepare(running, Takeover([placed(1)]))
    executor.finish(running)
    assert set(removals()) == set(range(2, 201))


def test_foreign_address_is_not_removed(executor: Executor) -> None:
    running = holder(executor, "VI_1")
    executor.prepare(running, Takeover([placed(ONE, foreign=True), placed(TWO)]))
    executor.perform(running, (Effect.REMOVE_ADDRESSES,), 1.0)
    assert removals() == [TWO]


def table_with(*addresses: tuple[int, int]) -> InterfaceTable:
    """Return a table of one interface with addresses of these last octets and protocols, in this order."""
    table = InterfaceTable()
    table.apply(LinkEvent(True, 2, "eth0", 0x10043, 1, bytes(6), bytes(6), 1500, 0, 0, "veth"))
    for number, protocol in addresses:
        known = Address(AF_INET, bytes((10, 0, 0, number)), 24, 0, 0, protocol=protocol)
        table.apply(AddressEvent(True, 2, known))
    return table


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        (((ONE, 0), (THREE, 1)), True),
        (((ONE, PROTOCOL_KEEPALIVED),), False),
        (((ONE, 0),), False),
        (((TWO, 1),), False),
    ],
    ids=["untagged among tagged ones", "ours", "a kernel without tags", "not there"],
)
def test_address_is_foreign_when_it_is_there_without_our_tag_and_the_kernel_knows_tags(
    addresses: tuple[tuple[int, int], ...], *, expected: bool
) -> None:
    assert table_with(*addresses).is_foreign(placed(ONE).request) is expected


def test_adverts_leave_from_a_virtual_address_only_when_it_is_the_only_one_and_not_ours() -> None:
    virtual = VirtualAddress(address=IPv4Address("10.0.0.1"), prefix_length=24)
    instance = VrrpInstance(name="VI_1", interface="eth0", virtual_ipaddress=(virtual,))
    assert source_of(instance, plain_footing(instance), table_with((ONE, 4))) == bytes((10, 0, 0, 1))
    assert source_of(instance, plain_footing(instance), table_with((ONE, 4), (TWO, 4))) == bytes((10, 0, 0, 2))
    assert source_of(instance, plain_footing(instance), table_with((ONE, PROTOCOL_KEEPALIVED))) == b""
    assert source_of(instance, plain_footing(instance), table_with((ONE, 0))) == b""
