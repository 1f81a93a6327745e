"""Which instances look again at their interfaces when something changes there."""

from ipaddress import IPv4Address
from typing import TYPE_CHECKING, cast

import pytest

from keepalived_py.config.model import Config
from keepalived_py.config.model.addresses import VirtualAddress
from keepalived_py.config.model.vrrp import VrrpInstance
from keepalived_py.kernel.interfaces import InterfaceTable
from keepalived_py.kernel.rtnl import AF_INET, Address, AddressEvent, LinkEvent
from keepalived_py.observability.log import Log
from keepalived_py.reactor import Reactor
from keepalived_py.vrrp import roster as roster_module
from keepalived_py.vrrp.adoption import AdoptionRecord
from keepalived_py.vrrp.footing import plain_footing
from keepalived_py.vrrp.outfitter import Outfitter
from keepalived_py.vrrp.parameters import Parameters
from keepalived_py.vrrp.placement import place
from keepalived_py.vrrp.roster import Roster
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.running import RunningInstance
from keepalived_py.vrrp.takeover import Takeover

if TYPE_CHECKING:
    from keepalived_py.vrrp.executor import Executor
    from keepalived_py.vrrp.link_keeper import LinkKeeper

OWN = bytes((10, 0, 0, 1))
MAC = bytes.fromhex("020000000001")
COUNT = 50


class Idle:
    """An executor that has nothing to do."""

    def perform(self, *_arguments: object) -> None:
        """Do nothing."""

    def interfaces_changed(self, _changes: object) -> None:
        """Do nothing."""


class NoLinks:
    """Nothing is made for any instance."""

    def interfaces_changed(self, _changes: object) -> bool:
        """Concern nothing."""
        return False


def event(octets: bytes) -> AddressEvent:
    return AddressEvent(True, 2, Address(AF_INET, octets, 24, 0, 0))


def running_instance(number: int, table: InterfaceTable, reactor: Reactor) -> RunningInstance:
    address = VirtualAddress(address=IPv4Address(f"10.0.1.{number}"), prefix_length=24)
    config = VrrpInstance(name=f"VI_{number}", interface="eth0", virtual_ipaddress=(address,))
    router = VirtualRouter(Parameters(name=config.name, vrid=number, source_address=OWN))
    running = RunningInstance(config, router, plain_footing(config))
    running.timer = reactor.timer(print)
    placed = place(address, "eth0", table, lambda _name: False)
    assert placed is not None
    running.takeover = Takeover([placed])
    return running


@pytest.mark.parametrize(
    ("octets", "expected"),
    [(bytes((10, 0, 1, 7)), []), (OWN, list(range(1, COUNT))), (bytes((10, 0, 9, 9)), list(range(1, COUNT)))],
    ids=["virtual address", "source address", "another address"],
)
def test_virtual_address_that_comes_makes_no_instance_look_again_and_another_makes_all(
    monkeypatch: pytest.MonkeyPatch, octets: bytes, expected: list[int]
) -> None:
    looked = []

    def look(config: VrrpInstance, *_others: object) -> dict[str, str]:
        looked.append(int(config.name[3:]))
        return {}

    monkeypatch.setattr(roster_module, "faults_of", look)
    monkeypatch.setattr(Outfitter, "fit_sockets", lambda *_: None)
    table, reactor = InterfaceTable(), Reactor()
    table.apply(LinkEvent(True, 2, "eth0", 0x10043, 1, MAC, MAC, 1500, 0, 0, "veth"))
    record = AdoptionRecord(memoryview(bytearray(4096)))
    links = cast("LinkKeeper", NoLinks())
    roster = Roster(reactor, Log("x", syslog=False), table, cast("Executor", Idle()), record, links)
    roster.instances.update({f"VI_{number}": running_instance(number, table, reactor) for number in range(1, COUNT)})
    roster.tracking.reconfigured(Config(vrrp_instances=tuple(one.config for one in roster.instances.values())))
    roster.interfaces_changed(table.apply(event(octets)))
    assert looked == expected
    reactor.close()
