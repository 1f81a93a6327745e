"""What becomes of VMAC interfaces: a silent backup, reloads, interfaces that go and come, addresses elsewhere."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.lab.configs import FAST, instance
from tests.lab.daemon import OURS, REAL, real_is_installed
from tests.lab.pair import plug_pair
from tests.lab.test_dumps import STATE, ask, finished
from tests.lab.test_vmac import (
    CALM_VMAC,
    MAC,
    MAC6,
    SIX,
    VIP,
    VIP6,
    VMAC,
    link,
    start_vmac_pair,
    sysctl,
    wait_for_holder,
)
from tests.lab.waiting import holds_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lab.node import Node
    from tests.lab.pair import Pair
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

VIRTUAL = ("00:00:5e:00:01", "00:00:5e:00:02")


def both(priority: int, lines: Sequence[str] = VMAC) -> str:
    four = instance(priority, lines)
    return four + instance(priority, lines, name="VI_6", addresses=SIX)


def reload(pair: Pair, node: Node, config: str) -> None:
    node.configure(config)
    node.run("sh", "-c", f"kill -HUP {node.parent_pid()}")


def entered_fault(node: Node, reason: str) -> bool:
    return any("FAULT" in line and reason in line for line in node.log("Keepalived_vrrp"))


def test_backup_sends_nothing_from_its_virtual_macs(lab: Lab) -> None:
    pair = plug_pair(lab, ipv6=True)
    pair.first.configure(both(150, CALM_VMAC))
    pair.first.start()
    pair.wait(lambda: pair.first.has(VIP, "vrrp.51") and pair.first.has(VIP6, "vrrp6.51"), 12, "a master of both")
    capture = pair.second.capture()
    pair.second.configure(both(100, CALM_VMAC))
    pair.second.start()
    pair.wait(lambda: link(pair.second, "vrrp6.51"), 10, "the backup's interfaces")
    for address in ("192.168.0.204", "2001:db8::204", "fe80::204%eth0", "ff02::1%eth0"):
        pair.client.attempt("ping", "-c2", "-i0.2", "-W1", address)
    base = next(one for one in pair.second.addresses("eth0") if one.startswith("fe80:")).partition("/")[0]
    pair.client.attempt("ping", "-c2", "-i0.2", "-W1", f"{base}%eth0")
    holds_for(lambda: capture.frames_from(*VIRTUAL) == [], 3.0, "nothing leaves")
    assert pair.second.addresses("vrrp.51") == []
    assert pair.second.addresses("vrrp6.51") == [], "no link-local address that would answer for the virtual MAC"
    assert {MAC, MAC6} == {link(pair.second, name)["address"] for name in ("vrrp.51", "vrrp6.51")}
    pair.first.stop()
    pair.wait(lambda: pair.second.has(VIP, "vrrp.51") and pair.second.has(VIP6, "vrrp6.51"), 8, "it takes over both")
    pair.wait(lambda: all(len(capture.frames_from(one)) > 2 for one in VIRTUAL), 5, "adverts of both")


def test_same_virtual_router_id_of_both_families_has_an_interface_each_and_a_reload_keeps_both(lab: Lab) -> None:
    pair = plug_pair(lab, ipv6=True)
    node = pair.first
    node.configure(both(150))
    node.start()
    pair.wait(lambda: node.has(VIP, "vrrp.51") and node.has(VIP6, "vrrp6.51"), 12, "master of both")
    indexes = [link(node, name)["ifindex"] for name in ("vrrp.51", "vrrp6.51")]
    history = node.watch_addresses()
    reload(pair, node, both(160))
    pair.wait(lambda: any("(VI_6) reconfigured" in line for line in node.log("Keepalived_vrrp")), 8, "the reload")
    assert [link(node, name)["ifindex"] for name in ("vrrp.51", "vrrp6.51")] == indexes
    assert history.events(VIP) == []
    reload(pair, node, instance(150, VMAC))
    pair.wait(lambda: link(node, "vrrp6.51") == {}, 8, "the interface that is not wanted goes")
    assert node.has(VIP, "vrrp.51")
    assert history.events(VIP) == []


def test_reload_renames_the_interface_and_a_reload_without_it_moves_the_address_to_the_interface_below(
    lab: Lab,
) -> None:
    pair = start_vmac_pair(lab, instance(150, VMAC), instance(100, VMAC))
    node = pair.first
    reload(pair, node, instance(150, (*FAST, "use_vmac front")))
    pair.wait(lambda: node.has(VIP, "front"), 8, "the address on the renamed interface")
    assert link(node, "vrrp.51") == {}
    assert link(node, "front")["address"] == MAC
    reload(pair, node, instance(150))
    pair.wait(lambda: node.has(VIP, "eth0") and link(node, "front") == {}, 8, "the address on eth0, no VMAC")
    pair.wait(lambda: sysctl(node, "ipv4/conf/eth0/arp_ignore") == "0", 5, "the setting is put back")
    reload(pair, node, instance(150, VMAC))
    pair.wait(lambda: node.has(VIP, "vrrp.51") and not node.has(VIP, "eth0"), 8, "and back")
    assert not any("-> BACKUP" in line for line in node.log("Keepalived_vrrp") if "INIT" not in line)


def test_interface_below_that_is_deleted_and_made_again_brings_the_vmac_back(lab: Lab) -> None:
    pair = plug_pair(lab)
    node = pair.first

    def make() -> None:
        node.ip("link", "add", "link", "eth0", "name", "low0", "type", "macvlan", "mode", "bridge")
        node.ip("address", "add", "192.168.7.9/24", "dev", "low0")
        node.ip("link", "set", "low0", "mtu", "1400", "up")

    make()
    node.configure(instance(150, VMAC, interface="low0", addresses=["192.168.7.1/24"]))
    node.start()
    pair.wait(lambda: node.has("192.168.7.1/24", "vrrp.51"), 8, "master on a VMAC on a macvlan")
    node.ip("link", "del", "vrrp.51")
    node.ip("link", "del", "low0")
    pair.wait(lambda: entered_fault(node, "interface low0 is missing"), 8, "FAULT")
    make()
    pair.wait(lambda: node.has("192.168.7.1/24", "vrrp.51"), 12, "the VMAC is made again and the instance recovers")
    pair.wait(lambda: sysctl(node, "ipv4/conf/low0/arp_ignore") == "1", 5, "the setting")


def test_vmac_that_somebody_deletes_is_made_again(lab: Lab) -> None:
    pair = start_vmac_pair(lab, instance(150, VMAC), instance(100, VMAC))
    node = pair.first
    node.ip("link", "del", "vrrp.51")
    said = "(VI_1) interface vrrp.51 was removed by another program"
    pair.wait(lambda: any(said in line for line in node.log("Keepalived_vrrp")), 5, "a line that says so")
    wait_for_holder(pair, node)


def test_vmac_follows_the_mtu_of_the_interface_below_and_an_address_deleted_from_it_is_put_back(lab: Lab) -> None:
    pair = start_vmac_pair(lab, instance(150, VMAC), instance(100, VMAC))
    node = pair.first
    node.ip("link", "set", "eth0", "mtu", "1300")
    pair.wait(lambda: link(node, "vrrp.51")["mtu"] == 1300, 5, "the smaller MTU")
    node.ip("link", "set", "eth0", "mtu", "1500")
    pair.wait(lambda: link(node, "vrrp.51")["mtu"] == 1500, 5, "the greater MTU")
    node.ip("address", "del", VIP, "dev", "vrrp.51")
    pair.wait(lambda: node.has(VIP, "vrrp.51"), 5, "the address is put back")
    holds_for(lambda: not pair.second.has(VIP, "vrrp.51"), 0.5, "the peer stays backup")


def test_adverts_with_vmac_xmit_base_leave_from_the_interface_below_and_announcements_from_the_vmac(lab: Lab) -> None:
    lines = (*VMAC, "vmac_xmit_base", "garp_extra_if 1", "garp_master_delay 1")
    pair = start_vmac_pair(lab, instance(150, lines), instance(100, lines))
    own = link(pair.first, "eth0")["address"]
    capture = pair.client.capture()
    pair.wait(lambda: len(capture.adverts()) > 2, 5, "adverts")
    assert {advert.hardware for advert in capture.adverts()} == {own}
    pair.wait(lambda: len([a for a in capture.announcements() if a.hardware == MAC]) >= 8, 10, "garp_extra_if goes on")


def test_addresses_of_other_interfaces_and_families_go_to_vmacs_of_their_own(lab: Lab) -> None:
    pair = plug_pair(lab, ipv6=True)
    node = pair.first
    node.ip("link", "add", "other0", "type", "veth", "peer", "name", "other1")
    for name in ("other0", "other1"):
        node.ip("link", "set", name, "up")
    excluded = ("virtual_ipaddress_excluded {", "192.168.9.9/24 dev other0", "2001:db8::99/64", "}")
    prefixes = "global_defs {\n    vmac_prefix va\n    vmac_addr_prefix vb\n}\n"
    node.configure(prefixes + instance(150, (*VMAC, "use_vmac_addr", *excluded)))
    node.start()
    there = ((VIP, "va.51"), ("192.168.9.9/24", "vb.51"), ("2001:db8::99/64", "vb6.51"))
    pair.wait(lambda: all(node.has(*one) for one in there), 8, "three VMACs")
    found = {name: (link(node, name)["link"], link(node, name)["address"]) for name in ("va.51", "vb.51", "vb6.51")}
    assert found == {"va.51": ("eth0", MAC), "vb.51": ("other0", MAC), "vb6.51": ("eth0", MAC6)}
    node.stop()
    assert [link(node, name) for name in found] == [{}, {}, {}]


def test_one_address_alone_can_have_a_vmac_and_another_mac_and_group_can_be_configured(lab: Lab) -> None:
    pair = plug_pair(lab)
    node = pair.first
    lines = (*FAST, "use_vmac vm0 02:00:00:00:aa group 7")
    node.configure(
        instance(150, lines)
        + instance(150, name="VI_2", vrid=52, addresses=["192.168.0.205/24 use_vmac", "192.168.0.206/24"])
    )
    node.start()
    there = (("192.168.0.206/24", "eth0"), ("192.168.0.205/24", "vrrp.52"), (VIP, "vm0"))
    pair.wait(lambda: all(node.has(*one) for one in there), 8, "both are master")
    assert (link(node, "vm0")["address"], link(node, "vm0")["group"]) == ("02:00:00:00:aa:33", "7")
    assert link(node, "vrrp.52")["address"] == "00:00:5e:00:01:34"


def test_what_an_earlier_run_left_is_found_again_and_a_wrong_interface_of_the_name_is_replaced(lab: Lab) -> None:
    pair = plug_pair(lab)
    node = pair.first
    node.ip("link", "add", "link", "eth0", "name", "vrrp.51", "address", MAC, "type", "macvlan", "mode", "private")
    node.ip("address", "add", "192.168.0.77/24", "dev", "vrrp.51")
    node.ip("link", "add", "link", "eth0", "name", "vm2", "type", "macvlan", "mode", "bridge")
    index = link(node, "vrrp.51")["ifindex"]
    two = instance(150, (*FAST, "use_vmac vm2"), name="VI_2", vrid=52, addresses=["192.168.0.205/24"])
    node.configure(instance(150, VMAC) + two)
    node.start()
    pair.wait(lambda: node.has(VIP, "vrrp.51") and node.has("192.168.0.205/24", "vm2"), 8, "both are master")
    assert link(node, "vrrp.51")["ifindex"] == index
    pair.wait(lambda: not node.has("192.168.0.77/24", "vrrp.51"), 5, "nobody has this address any more")
    wrong = link(node, "vm2")
    assert (wrong["address"], wrong["linkinfo"]["info_data"]["mode"]) == ("00:00:5e:00:01:34", "private")


def test_addresses_and_interface_stay_with_option_v(lab: Lab) -> None:
    pair = plug_pair(lab)
    pair.first.configure(instance(150, VMAC))
    pair.first.start("-D", "-S", "0", "-V")
    pair.wait(lambda: pair.first.has(VIP, "vrrp.51"), 8, "master")
    pair.first.stop()
    assert pair.first.has(VIP, "vrrp.51")


def test_settings_without_a_vmac_are_set_while_they_are_configured(lab: Lab) -> None:
    pair = plug_pair(lab)
    node = pair.first
    names = ("ipv4/conf/eth0/promote_secondaries", "ipv4/igmp_link_local_mcast_reports")
    node.run("sh", "-c", f"echo 0 > /proc/sys/net/{names[0]}; echo 1 > /proc/sys/net/{names[1]}")
    config = "global_defs {\n    disable_local_igmp\n}\n" + instance(150, (*FAST, "promote_secondaries"))
    node.configure(config)
    node.start()
    pair.wait(lambda: node.has(VIP), 8, "master")
    assert [sysctl(node, name) for name in names] == ["1", "0"]
    reload(pair, node, config.replace("promote_secondaries", ""))
    pair.wait(lambda: sysctl(node, names[0]) == "0", 8, "put back by a reload")
    node.stop()
    assert sysctl(node, names[1]) == "1"


@pytest.mark.skipif(not real_is_installed(), reason="no keepalived here")
@pytest.mark.parametrize("lines", [VMAC, (*VMAC, "vmac_xmit_base"), (*FAST, "use_vmac vm0 02:00:00:00:aa")], ids=str)
def test_dump_tells_of_the_vmac_as_that_of_the_real_keepalived_does(lab: Lab, lines: Sequence[str]) -> None:
    pair = plug_pair(lab, OURS, REAL)
    dumps = []
    for node in (pair.first, pair.second):
        node.configure(instance(100, lines))
        node.start()
        pair.wait(lambda: pair.first.has(VIP, lines[-1].split()[1] if " " in lines[-1] else "vrrp.51"), 12, "a master")
        ask(node, signal.SIGUSR1, STATE)
        dumps.append(
            [
                line
                for line in finished(node, STATE).splitlines()
                if line.startswith(("   Use VMAC", "     MAC =")) or ", vmac on " in line
            ]
        )
    ours, theirs = dumps
    assert ours == theirs
    assert len(ours) >= 2
