"""Which interfaces an instance makes, how they are called, and which address goes where."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from keepalived_py.config.model import Config
from keepalived_py.config.model.addresses import VirtualAddress
from keepalived_py.config.model.globals import GlobalDefs
from keepalived_py.config.model.vrrp import SyncGroup, VrrpInstance
from keepalived_py.config.vrrp_values import Ipvlan, Vmac
from keepalived_py.kernel.interfaces import InterfaceTable
from keepalived_py.kernel.rtnl import IFF_RUNNING, IFF_UP, LinkEvent
from keepalived_py.vrrp.footing import Footing, FootingPlan
from keepalived_py.vrrp.link_demands import demands, reverse_path_demands
from keepalived_py.vrrp.virtual_link import Deed, VirtualLink, deed_for, link_name, modified_eui64, virtual_mac

MAC4, MAC6 = bytes.fromhex("00005e000133"), bytes.fromhex("00005e000233")
OWN = bytes.fromhex("020000000001")


def table(*links: tuple[int, str, str, bytes, int, int]) -> InterfaceTable:
    """Interfaces eth0 (2) and eth1 (3), and others as index, name, kind, mac, lower, mode."""
    interfaces = InterfaceTable()
    for index, name in ((2, "eth0"), (3, "eth1")):
        interfaces.apply(LinkEvent(True, index, name, IFF_UP | IFF_RUNNING, 1, OWN, b"", 1500, 0, 0, "veth"))
    for index, name, kind, mac, lower, mode in links:
        interfaces.apply(LinkEvent(True, index, name, IFF_UP, 1, mac, b"", 1500, lower, 0, kind, 0, mode))
    return interfaces


def address(text: str, **options: Any) -> VirtualAddress:
    return VirtualAddress(address=ip_address(text), prefix_length=24, **options)


def instance(name: str = "VI_1", **options: Any) -> VrrpInstance:
    values: dict[str, Any] = {
        "name": name, "interface": "eth0", "virtual_router_id": 51, "virtual_ipaddress": (address("10.0.0.9"),),
    }  # fmt: skip
    return VrrpInstance(**(values | options))


def plan(*instances: VrrpInstance, interfaces: InterfaceTable | None = None, **options: Any) -> dict[str, Footing]:
    doomed = options.pop("doomed", ())
    config = Config(vrrp_instances=instances, **options)
    return FootingPlan(config, interfaces or table(), {"front": 7}.get, doomed).footings


def test_instance_without_vmac_stands_on_its_interface_alone() -> None:
    footing = plan(instance())["VI_1"]
    assert (footing.interface, footing.main, footing.adverts, footing.links) == ("eth0", "eth0", "eth0", ())
    assert footing.device_of(address("10.0.0.9")) == "eth0"
    assert footing.device_of(address("10.0.0.9", dev="eth1")) == "eth1"


def test_vmac_gets_the_addresses_of_its_family_and_the_adverts() -> None:
    footing = plan(instance(use_vmac=Vmac(group="front")))["VI_1"]
    assert footing.links == (VirtualLink("macvlan", "vrrp.51", "eth0", 4, MAC4, group=7),)
    assert (footing.main, footing.adverts, footing.borrows_source) == ("vrrp.51", "vrrp.51", False)
    found = [footing.device_of(address(text)) for text in ("10.0.0.9", "2001:db8::1")]
    assert found == ["vrrp.51", "eth0"]


def test_vmac_for_ipv6_sends_from_a_source_address_that_it_has_not() -> None:
    six = (address("fe80::9"),)
    footing = plan(instance(use_vmac=Vmac(), virtual_ipaddress=six))["VI_1"]
    assert footing.borrows_source
    assert footing.links[0].mac == MAC6
    assert not plan(instance(use_vmac=Vmac(), virtual_ipaddress=six, vmac_xmit_base=True))["VI_1"].borrows_source


def test_vmac_xmit_base_sends_from_the_interface_below_and_addresses_stay_on_the_vmac() -> None:
    footing = plan(instance(use_vmac=Vmac(), vmac_xmit_base=True))["VI_1"]
    assert (footing.main, footing.adverts) == ("vrrp.51", "eth0")
    assert footing.device_of(address("10.0.0.9")) == "vrrp.51"


def test_ipvlan_gets_the_adverts_and_the_interface_below_the_addresses() -> None:
    own = Ipvlan(name="ipv0", address=(ip_address("10.0.0.5"), 24), mode="vepa")
    footing = plan(instance(use_ipvlan=own))["VI_1"]
    assert footing.links == (VirtualLink("ipvlan", "ipv0", "eth0", 4, flags=2, address=(bytes((10, 0, 0, 5)), 24)),)
    assert footing.adverts == "ipv0"
    assert footing.device_of(address("10.0.0.9")) == "eth0"


def test_use_vmac_addr_gives_addresses_elsewhere_a_vmac_and_a_line_with_use_vmac_one_for_itself() -> None:
    lines = (address("10.0.1.9", dev="eth1"), address("2001:db8::9"))
    everywhere = plan(instance(use_vmac=Vmac(), use_vmac_addr=True, virtual_ipaddress_excluded=lines))["VI_1"]
    assert [everywhere.device_of(one) for one in lines] == ["vrrp1.51", "vrrp6.51"]
    assert [link.base for link in everywhere.links] == ["eth0", "eth1", "eth0"]
    one, other = address("10.0.1.9", dev="eth1", use_vmac=True), address("10.0.1.8", dev="eth1")
    alone = plan(instance(virtual_ipaddress_excluded=(one, other)))["VI_1"]
    assert [alone.device_of(one), alone.device_of(other)] == ["vrrp.51", "eth1"]
    assert alone.main == "eth0"


def test_names_are_free_ones_and_an_interface_of_an_earlier_run_keeps_its_name() -> None:
    six = {"virtual_ipaddress": (address("fe80::9"),)}
    both = plan(instance(use_vmac=Vmac()), instance("VI_6", use_vmac=Vmac(), **six))
    assert [footing.main for footing in both.values()] == ["vrrp.51", "vrrp6.51"]
    found = table((9, "mine", "macvlan", MAC4, 2, 1), (10, "vrrp6.51", "veth", OWN, 0, 0))
    both = plan(instance(use_vmac=Vmac()), instance("VI_6", use_vmac=Vmac(), **six), interfaces=found)
    assert [footing.main for footing in both.values()] == ["mine", "vrrp.51"]


def test_configured_names_are_nobody_elses_and_one_of_another_kind_of_interface_is_not_taken() -> None:
    plans = plan(instance(use_vmac=Vmac()), instance("VI_2", interface="eth1", use_vmac=Vmac(name="vrrp.51")))
    assert [footing.main for footing in plans.values()] == ["vrrp1.51", "vrrp.51"]
    assert plan(instance(use_vmac=Vmac(name="eth1")))["VI_1"].main == "vrrp.51"


def test_name_of_an_interface_that_is_about_to_go_is_free() -> None:
    found = table((9, "vrrp.51", "macvlan", MAC4, 3, 1))
    assert plan(instance(use_vmac=Vmac()), interfaces=found)["VI_1"].main == "vrrp1.51"
    assert plan(instance(use_vmac=Vmac()), interfaces=found, doomed={"vrrp.51"})["VI_1"].main == "vrrp.51"


def test_two_instances_must_not_have_one_vmac_unless_they_are_in_one_sync_group() -> None:
    lender = instance(use_vmac=Vmac())
    borrower = instance("VI_2", interface="eth1", virtual_ipaddress=(address("10.0.0.8", dev="eth0", use_vmac=True),))
    apart = plan(lender, borrower)
    assert [footing.conflict for footing in apart.values()] == ["", "instance VI_1 has the interface vrrp.51 already"]
    together = plan(lender, borrower, vrrp_sync_groups=(SyncGroup(name="G", group=("VI_1", "VI_2")),))
    assert [footing.conflict for footing in together.values()] == ["", ""]
    assert together["VI_2"].device_of(borrower.virtual_ipaddress[0]) == "vrrp.51"


@pytest.mark.parametrize(
    ("configured", "expected"),
    [(None, "00005e000233"), (b"\2\0\0\0\1", "020000000133"), (b"\2\0\0\0\1\7", "020000000107")],
    ids=["standard", "five octets", "six octets"],
)
def test_hardware_address(configured: bytes | None, expected: str) -> None:
    assert virtual_mac(51, 6, configured).hex() == expected


def test_link_local_address_of_a_hardware_address() -> None:
    assert str(ip_address(modified_eui64(bytes.fromhex("34567889abcd")))) == "fe80::3656:78ff:fe89:abcd"


def test_long_prefix_is_cut_so_that_the_name_fits() -> None:
    assert link_name("averylongprefix", 251, 4, lambda _name: False) == "averylongpr.251"
    assert link_name("averylongprefix", 251, 6, lambda name: name == "averylongpr.251") == "averylongp6.251"


WANTED = VirtualLink("macvlan", "vm0", "eth0", 4, MAC4)


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ((), Deed.CREATE),
        (((9, "vm0", "macvlan", MAC4, 2, 1),), Deed.KEEP),
        (((9, "old", "macvlan", MAC4, 2, 1),), Deed.RENAME),
        (((9, "reserved", "macvlan", MAC4, 2, 1),), Deed.CREATE),
        (((9, "vm0", "macvlan", MAC6, 2, 1),), Deed.CORRECT),
        (((9, "vm0", "macvlan", MAC4, 2, 4),), Deed.CORRECT),
        (((9, "vm0", "macvlan", MAC4, 3, 1),), Deed.REPLACE),
        (((9, "vm0", "ipvlan", OWN, 2, 0),), Deed.REPLACE),
        (((9, "vm0", "veth", MAC4, 2, 1),), Deed.REFUSE),
    ],
    ids=[
        "nothing",
        "it",
        "its other name",
        "another's name",
        "other mac",
        "other mode",
        "other base",
        "ipvlan",
        "veth",
    ],
)
def test_what_is_done_to_have_a_vmac(links: tuple[Any, ...], expected: Deed) -> None:
    assert deed_for(WANTED, table(*links), {"reserved"}) is expected


def test_vmac_waits_for_the_interface_below() -> None:
    assert deed_for(VirtualLink("macvlan", "vm0", "eth7", 4, MAC4), table()) is Deed.WAIT


def test_vmac_on_a_macvlan_is_known_by_the_interface_below_both() -> None:
    interfaces = table((8, "low0", "macvlan", OWN, 2, 4), (9, "vm0", "macvlan", MAC4, 2, 1))
    assert deed_for(VirtualLink("macvlan", "vm0", "low0", 4, MAC4), interfaces) is Deed.KEEP


def test_interface_below_an_ipv4_vmac_must_not_speak_for_its_addresses() -> None:
    four = instance(use_vmac=Vmac())
    six = instance("VI_6", interface="eth1", use_vmac=Vmac(), virtual_ipaddress=(address("fe80::9"),))
    config = Config(vrrp_instances=(four, six))
    prefix = "net/ipv4/conf/eth0/"
    assert demands(config, plan(four, six)) == {
        f"{prefix}arp_ignore": "1",
        f"{prefix}arp_filter": "1",
        f"{prefix}arp_announce": "2",
    }


def test_settings_that_keywords_ask_for() -> None:
    one = instance(promote_secondaries=True)
    config = Config(vrrp_instances=(one,), global_defs=GlobalDefs(disable_local_igmp=True))
    assert demands(config, plan(one)) == {
        "net/ipv4/conf/eth0/promote_secondaries": "1",
        "net/ipv4/igmp_link_local_mcast_reports": "0",
    }


def test_reverse_path_filter_goes_from_all_to_each_interface_that_filters_less() -> None:
    before = {"all": "1", "default": "0", "eth0": "0", "eth1": "2", "eth2": "1"}

    def original(name: str) -> str | None:
        return before.get(name.split("/")[3])

    assert list(reverse_path_demands(["eth0", "eth1", "eth2", "gone"], original).items()) == [
        ("net/ipv4/conf/default/rp_filter", "1"),
        ("net/ipv4/conf/eth0/rp_filter", "1"),
        ("net/ipv4/conf/all/rp_filter", "0"),
    ]
    before["all"] = "0"
    assert reverse_path_demands(["eth0"], original) == {}
