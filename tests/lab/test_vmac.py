"""Instances on virtual MAC interfaces: what is on the wire, and what becomes of the interfaces."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.configs import CALM, FAST, instance
from tests.lab.daemon import OURS, REAL, Daemon, real_is_installed
from tests.lab.pair import Pair, plug_pair
from tests.lab.waiting import holds_for

if TYPE_CHECKING:
    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

VIP = "192.168.0.204/24"
VIP6 = "2001:db8::204/64"
MAC = "00:00:5e:00:01:33"
MAC6 = "00:00:5e:00:02:33"
VMAC = (*FAST, "use_vmac")
CALM_VMAC = (*CALM, "use_vmac")
SIX = ("fe80::204/64", VIP6)
PEERS = [OURS, pytest.param(REAL, marks=pytest.mark.skipif(not real_is_installed(), reason="no keepalived here"))]


def link(node: Node, name: str) -> dict[str, Any]:
    """What `ip -details link` says of an interface; empty when there is none."""
    done = node.attempt("ip", "-json", "-details", "link", "show", "dev", name)
    return json.loads(done.stdout)[0] if done.returncode == 0 else {}


def sysctl(node: Node, name: str) -> str:
    return node.run("cat", f"/proc/sys/net/{name}").strip()


def start_vmac_pair(
    lab: Lab, first: str, second: str, peer: Daemon = OURS, vip: str = VIP, interface: str = "vrrp.51"
) -> Pair:
    """Both daemons started, the first waited for until its VMAC has the address."""
    pair = plug_pair(lab, OURS, peer, ipv6=True)
    pair.first.configure(first)
    pair.second.configure(second)
    for node in (pair.first, pair.second):
        node.start()
    wait_for_holder(pair, pair.first, vip, interface)
    return pair


def wait_for_holder(pair: Pair, node: Node, vip: str = VIP, interface: str = "vrrp.51") -> None:
    other = pair.second if node is pair.first else pair.first
    pair.wait(lambda: node.has(vip, interface) and not other.has(vip, interface), 12, f"{vip} on {node.name} alone")


@pytest.mark.parametrize("peer", PEERS, ids=str)
def test_ipv4_adverts_and_announcements_leave_with_the_virtual_mac_and_the_peer_takes_over(
    lab: Lab, peer: Daemon
) -> None:
    pair = start_vmac_pair(lab, instance(150, VMAC), instance(100, VMAC), peer)
    made = link(pair.first, "vrrp.51")
    assert (made["address"], made["link"]) == (MAC, "eth0")
    assert made["linkinfo"]["info_kind"] == "macvlan"
    assert made["linkinfo"]["info_data"]["mode"] == "private"
    capture = pair.client.capture()
    pair.wait(lambda: len(capture.adverts()) >= 3, 5, "adverts")
    heard = capture.adverts()
    assert {(advert.hardware, advert.source) for advert in heard} == {(MAC, "192.168.0.201")}
    assert pair.client.attempt("ping", "-c1", "-W20", "192.168.0.204").returncode == 0
    assert MAC in pair.client.ip("neigh", "show", "192.168.0.204")
    pair.first.stop()
    wait_for_holder(pair, pair.second)
    pair.wait(lambda: ("192.168.0.204", MAC) in {(a.address, a.hardware) for a in capture.announcements()}, 5, "ARP")
    pair.wait(lambda: capture.adverts()[-1].source == "192.168.0.130", 5, "adverts of the peer")
    assert capture.adverts()[-1].hardware == MAC
    assert link(pair.first, "vrrp.51") == {}, "removed at stop"
    pair.first.start()
    wait_for_holder(pair, pair.first)


@pytest.mark.parametrize("peer", PEERS, ids=str)
def test_ipv6_adverts_leave_with_the_virtual_mac_and_the_address_of_the_interface_below(lab: Lab, peer: Daemon) -> None:
    configs = [instance(priority, VMAC, addresses=SIX) for priority in (150, 100)]
    pair = start_vmac_pair(lab, configs[0], configs[1], peer, VIP6)
    base = next(one for one in pair.first.addresses("eth0") if one.startswith("fe80:")).partition("/")[0]
    capture = pair.client.capture()
    pair.wait(lambda: len(capture.adverts()) >= 3, 5, "adverts")
    assert {(advert.hardware, advert.source) for advert in capture.adverts()} == {(MAC6, base)}
    assert pair.client.attempt("ping", "-c1", "-W20", "2001:db8::204").returncode == 0
    assert MAC6 in pair.client.ip("neigh", "show", "2001:db8::204")
    pair.first.stop()
    wait_for_holder(pair, pair.second, VIP6)
    pair.wait(lambda: ("2001:db8::204", MAC6) in {(a.address, a.hardware) for a in capture.announcements()}, 5, "NA")
    pair.first.start()
    wait_for_holder(pair, pair.first, VIP6)


def test_vmac_of_a_crashed_child_is_adopted_without_a_gap(lab: Lab) -> None:
    pair = start_vmac_pair(lab, instance(150, CALM_VMAC), instance(100, CALM_VMAC))
    index = link(pair.first, "vrrp.51")["ifindex"]
    history = pair.first.watch_addresses()
    old = pair.first.vrrp_pid()
    pair.first.kill(old, signal.SIGKILL)
    pair.wait(lambda: pair.first.vrrp_pid() not in (0, old), 5, "a new VRRP child")
    adopted = "(VI_1) goes on as MASTER where the crashed process stopped: addresses kept, no transition"
    pair.wait(lambda: adopted in pair.first.log("Keepalived_vrrp"), 5, "adoption")
    assert history.events(VIP) == []
    assert link(pair.first, "vrrp.51")["ifindex"] == index
    holds_for(lambda: not pair.second.has(VIP, "vrrp.51"), 0.5, "the peer stays backup")
    pair.first.stop()
    assert link(pair.first, "vrrp.51") == {}
    assert sysctl(pair.first, "ipv4/conf/eth0/arp_ignore") == "0", "what the crashed child had changed is put back"
    assert sysctl(pair.first, "ipv4/conf/eth0/arp_filter") == "0"


def test_settings_of_the_interfaces_are_what_a_vmac_needs_and_are_put_back(lab: Lab) -> None:
    pair = plug_pair(lab)
    node = pair.first
    node.run(
        "sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter; echo 0 > /proc/sys/net/ipv4/conf/eth0/rp_filter"
    )
    names = [f"ipv4/conf/{name}" for name in ("eth0/arp_ignore", "eth0/arp_filter", "eth0/rp_filter", "all/rp_filter")]
    before = [sysctl(node, name) for name in names]
    node.configure(instance(150, VMAC))
    node.start()
    pair.wait(lambda: node.has(VIP, "vrrp.51"), 8, "master")
    assert [sysctl(node, name) for name in names] == ["1", "1", "1", "0"]
    own = {name: sysctl(node, f"ipv4/conf/vrrp.51/{name}") for name in ("arp_ignore", "accept_local", "rp_filter")}
    assert own == {"arp_ignore": "1", "accept_local": "1", "rp_filter": "0"}
    assert sysctl(node, "ipv6/conf/vrrp.51/disable_ipv6") == "1"
    node.stop()
    assert [sysctl(node, name) for name in names] == before
