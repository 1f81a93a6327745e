"""Requests that make and change interfaces, read by pyroute2's decoder."""

from __future__ import annotations

from typing import Any

from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from keepalived_py.kernel import links
from keepalived_py.kernel.interfaces import InterfaceTable
from keepalived_py.kernel.links import IPVLAN, IPVLAN_F_VEPA, MACVLAN, LinkRequest
from keepalived_py.kernel.message import NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST, split
from keepalived_py.kernel.rtnl import LinkEvent, decode

MAC = bytes.fromhex("00005e000133")
VMAC = LinkRequest(MACVLAN, "vrrp.51", 2, MAC, group=7)


def as_pyroute2_reads(data: bytes) -> tuple[Any, dict[str, Any]]:
    decoded = ifinfmsg(data)
    decoded.decode()
    return decoded, dict(decoded["attrs"])


def test_macvlan_is_made_private_with_its_hardware_address_in_its_group() -> None:
    decoded, attributes = as_pyroute2_reads(links.link_added(VMAC))
    assert decoded["header"]["flags"] == NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL
    assert (decoded["index"], decoded["flags"], decoded["change"]) == (0, 0, 0)
    information = attributes.pop("IFLA_LINKINFO")
    assert attributes == {
        "IFLA_LINK": 2,
        "IFLA_IFNAME": "vrrp.51",
        "IFLA_GROUP": 7,
        "IFLA_ADDRESS": "00:00:5e:00:01:33",
    }
    assert information.get_attr("IFLA_INFO_KIND") == "macvlan"
    assert information.get_attr("IFLA_INFO_DATA").get_attr("IFLA_MACVLAN_MODE") == "private"


def test_ipvlan_is_made_in_layer_2_mode_in_the_vrf_of_the_interface_below() -> None:
    request = LinkRequest(IPVLAN, "ipv0", 2, flags=IPVLAN_F_VEPA, master=9)
    _, attributes = as_pyroute2_reads(links.link_added(request))
    assert attributes["IFLA_MASTER"] == 9
    assert "IFLA_ADDRESS" not in attributes
    data = attributes["IFLA_LINKINFO"].get_attr("IFLA_INFO_DATA")
    assert data.get_attr("IFLA_IPVLAN_MODE") == 0  # pyroute2 does not know the flags


def test_link_that_was_asked_for_is_read_back_with_its_mode_and_group() -> None:
    for request, mode, flags in (
        (VMAC, links.MACVLAN_MODE_PRIVATE, 0),
        (LinkRequest(IPVLAN, "ipv0", 2, flags=IPVLAN_F_VEPA), 0, IPVLAN_F_VEPA),
    ):
        data = links.link_added(request)
        [found] = split(data)
        event = decode(found.kind, data, found.start, found.end)
        assert isinstance(event, LinkEvent)
        table = InterfaceTable()
        table.apply(event)
        made = table.by_name(request.name)
        assert made is not None
        assert (made.kind, made.lower, made.mode, made.mode_flags, made.group) == (
            request.kind,
            2,
            mode,
            flags,
            request.group,
        )


def test_existing_macvlan_is_corrected_in_place() -> None:
    decoded, attributes = as_pyroute2_reads(links.link_corrected(5, VMAC))
    assert (decoded["index"], decoded["header"]["flags"]) == (5, NLM_F_REQUEST)
    assert (attributes["IFLA_ADDRESS"], attributes["IFLA_MASTER"]) == ("00:00:5e:00:01:33", 0)
    assert "IFLA_LINK" not in attributes


def test_small_requests_say_one_thing_each() -> None:
    said = {
        name: as_pyroute2_reads(data)
        for name, data in {
            "deleted": links.link_deleted(5),
            "raised": links.link_raised(5),
            "renamed": links.link_renamed(5, "new"),
            "mtu": links.link_mtu_changed(5, 9000),
            "master": links.link_master_changed(5, 8),
            "group": links.link_group_changed(5, 3),
        }.items()
    }
    assert {decoded["index"] for decoded, _ in said.values()} == {5}
    assert {name: attributes for name, (_, attributes) in said.items()} == {
        "deleted": {},
        "raised": {},
        "renamed": {"IFLA_IFNAME": "new"},
        "mtu": {"IFLA_MTU": 9000},
        "master": {"IFLA_MASTER": 8},
        "group": {"IFLA_GROUP": 3},
    }
    raised = said["raised"][0]
    assert (raised["flags"], raised["change"]) == (1, 1)


def test_numbers_of_settings_are_those_of_the_kernels_table() -> None:
    table = ifinfmsg.af_spec_inet.inet.field_names
    names = {"arp_filter": "arpfilter"}
    assert {name: table.index(names.get(name, name)) for name in links.IPV4_DEVCONF} == links.IPV4_DEVCONF
