"""Instances on ipvlan interfaces and in VRFs, which many kernels do not have."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.configs import FAST, instance
from tests.lab.daemon import OURS, REAL, Daemon
from tests.lab.pair import plug_pair

if TYPE_CHECKING:
    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

VIP = "192.168.0.204/24"


def ipvlan_instance(priority: int, own: str, mode: str = "") -> str:
    return instance(priority, (*FAST, f"use_ipvlan ipv0 {own} {mode}"))


def link(node: Node, name: str) -> dict[str, Any]:
    done = node.attempt("ip", "-json", "-details", "link", "show", "dev", name)
    return json.loads(done.stdout)[0] if done.returncode == 0 else {}


def details(node: Node, name: str) -> str:
    return " ".join(node.ip("-details", "link", "show", "dev", name).split())


@pytest.mark.parametrize("peer", [OURS, REAL], ids=str)
def test_adverts_leave_from_the_ipvlan_with_its_address_and_the_peer_takes_over(lab: Lab, peer: Daemon) -> None:
    pair = plug_pair(lab, OURS, peer)
    pair.first.configure(ipvlan_instance(150, "192.168.0.51/24"))
    pair.second.configure(ipvlan_instance(100, "192.168.0.52/24"))
    pair.first.start()
    pair.second.start()
    pair.wait_for_holder(pair.first, timeout=30)
    assert "ipvlan mode l2 bridge" in details(pair.first, "ipv0")
    assert pair.first.addresses("ipv0") == ["192.168.0.51/24"]
    capture = pair.client.capture()
    pair.wait(lambda: len(capture.adverts()) > 2, 20, "adverts")
    assert {advert.source for advert in capture.adverts()} == {"192.168.0.51"}
    pair.first.stop()
    pair.wait_for_holder(pair.second, timeout=30)
    assert link(pair.first, "ipv0") == {}
    assert not pair.first.has("192.168.0.51")


def test_ipvlan_of_a_crashed_child_is_adopted(lab: Lab) -> None:
    pair = plug_pair(lab)
    node = pair.first
    slow = ("version 3", "advert_int 2")  # a new child needs a second here, and must be there before others miss it
    node.configure(instance(150, (*slow, "use_ipvlan ipv0 192.168.0.51/24 private")))
    node.start()
    pair.wait(lambda: node.has(VIP), 30, "master")
    made, old = link(node, "ipv0"), node.vrrp_pid()
    assert "ipvlan mode l2 private" in details(node, "ipv0")
    history = node.watch_addresses()
    node.kill(old, signal.SIGKILL)
    pair.wait(lambda: node.vrrp_pid() not in (0, old), 30, "a new VRRP child")
    adopted = "(VI_1) goes on as MASTER where the crashed process stopped: addresses kept, no transition"
    pair.wait(lambda: adopted in node.log("Keepalived_vrrp"), 30, "adoption")
    assert history.events(VIP) == []
    assert link(node, "ipv0")["ifindex"] == made["ifindex"]


def test_ipv6_instance_sends_from_the_link_local_address_of_its_ipvlan(lab: Lab) -> None:
    pair = plug_pair(lab, ipv6=True)
    node = pair.first
    node.configure(instance(150, (*FAST, "use_ipvlan ipv6"), addresses=["fe80::204/64"]))
    node.start()
    pair.wait(lambda: node.has("fe80::204/64"), 30, "master")
    [own] = [one.partition("/")[0] for one in node.addresses("ipv6")]
    assert own not in {one.partition("/")[0] for one in node.addresses("eth0")}
    capture = pair.client.capture()
    pair.wait(lambda: len(capture.adverts()) > 2, 20, "adverts")
    assert {advert.source for advert in capture.adverts()} == {own}


def test_unicast_instance_without_interface_runs_in_its_vrf(lab: Lab) -> None:
    pair = plug_pair(lab)
    for node in (pair.first, pair.second):
        node.ip("link", "add", "blue", "type", "vrf", "table", "10")
        node.ip("link", "set", "blue", "up")
        node.ip("link", "set", "eth0", "master", "blue")
    for node, priority, own, other in (
        (pair.first, 150, "192.168.0.201", "192.168.0.130"),
        (pair.second, 100, "192.168.0.130", "192.168.0.201"),
    ):
        lines = (*FAST, f"unicast_src_ip {own}", "unicast_peer {", other, "}", "vrf blue")
        config = instance(priority, lines, addresses=["192.168.0.204/24 dev eth0"])
        node.configure(config.replace("    interface eth0\n", ""))
        node.start()
    pair.wait_for_holder(pair.first, timeout=30)
    pair.wait(lambda: any("BACKUP" in line for line in pair.second.log("Keepalived_vrrp")), 10, "a backup")
    pair.first.stop()
    pair.wait_for_holder(pair.second, timeout=30)


def test_vmac_on_an_interface_of_a_vrf_belongs_to_the_vrf_too(lab: Lab) -> None:
    pair = plug_pair(lab)
    node = pair.first
    node.ip("link", "add", "blue", "type", "vrf", "table", "10")
    node.ip("link", "set", "blue", "up")
    node.ip("link", "set", "eth0", "master", "blue")
    node.configure(instance(150, (*FAST, "use_vmac")))
    node.start()
    pair.wait(lambda: node.has(VIP, "vrrp.51"), 30, "master")
    assert link(node, "vrrp.51")["master"] == "blue"
    node.ip("link", "set", "eth0", "nomaster")
    pair.wait(lambda: "master" not in link(node, "vrrp.51"), 10, "the VMAC leaves the VRF as well")
