"""no_accept, strict mode and VMACs in the firewall: what gets through, and what becomes of the tables."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests.lab.configs import CALM, FAST, instance
from tests.lab.daemon import OURS, REAL, Daemon, real_is_installed
from tests.lab.pair import VIP, Pair, plug_pair

if TYPE_CHECKING:
    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        shutil.which("nft", path="/usr/sbin:/sbin") is None, reason="nft is not installed (Debian package nftables)"
    ),
]

DAEMONS = [OURS, pytest.param(REAL, marks=pytest.mark.skipif(not real_is_installed(), reason="no keepalived here"))]
VIP6 = "2001:db8::53/64"
LOCAL6 = "fe80::53:1/64"
PORT = 8080
PATIENCE = 20.0
"""Seconds that an answer may take which is to come."""
REFUSING = (*FAST, "no_accept")
LISTENER = f"""
import socket
server = socket.create_server(("::", {PORT}), family=socket.AF_INET6, dualstack_ipv6=True)
print("ready", flush=True)
while True:
    server.accept()[0].close()
"""
CALLER = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3])).close()
    print("reached")
except TimeoutError:
    print("silence")
"""


def listen(node: Node) -> None:
    child = node.popen(sys.executable, "-I", "-S", "-c", LISTENER)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"


def call(node: Node, address: str, seconds: float = 1.0) -> str:
    """What a TCP client on a node finds at an address: `reached` or `silence`."""
    command = (sys.executable, "-I", "-S", "-c", CALLER, address, str(PORT), str(seconds))
    return node.run(*command).strip()


def reaches(node: Node, address: str) -> bool:
    """Whether a TCP client that has patience is accepted."""
    return call(node, address, PATIENCE) == "reached"


def answers_ping(node: Node, address: str, seconds: float = 1.0) -> bool:
    return node.attempt("ping", "-c", "2", "-i", "0.2", "-W", str(seconds), address).returncode == 0


def neighbours(node: Node) -> set[str]:
    """The addresses whose hardware address a node knows."""
    return {entry["dst"] for entry in json.loads(node.ip("-json", "neighbour")) if "lladdr" in entry}


def tables(node: Node) -> set[str]:
    """The names of all nftables tables as `ip keepalived`."""
    return set(node.run("nft", "list", "tables").replace("table ", "").splitlines())


def config(lines: tuple[str, ...], head: str = "") -> str:
    """An IPv4 and an IPv6 instance."""
    six = instance(150, lines, name="VI_6", vrid=53, addresses=[LOCAL6, VIP6])
    return head + instance(150, lines) + six


def start_one(lab: Lab, text: str, daemon: Daemon = OURS) -> Pair:
    """One router with something that listens, and a client; both addresses are there, and the log says so."""
    pair = plug_pair(lab, daemon, ipv6=True)
    listen(pair.first)
    pair.first.configure(text)
    pair.first.start()
    for vip in (VIP, VIP6):
        pair.wait(lambda vip=vip: pair.first.has(vip), 10, vip)  # type: ignore[misc]
    pair.wait_for_state(pair.first, "MASTER", 2)
    return pair


@pytest.mark.parametrize("daemon", DAEMONS, ids=str)
def test_addresses_with_no_accept_are_resolved_and_not_reached(lab: Lab, daemon: Daemon) -> None:
    pair = start_one(lab, config(REFUSING), daemon)
    for vip in ("192.168.0.204", "2001:db8::53", "fe80::53:1%eth0"):
        assert call(pair.client, vip) == "silence", vip
        assert not answers_ping(pair.client, vip), vip
    assert {"192.168.0.204", "2001:db8::53", "fe80::53:1"} <= neighbours(pair.client)
    for own in ("192.168.0.201", "2001:db8::201"):
        assert reaches(pair.client, own), own
    assert {"ip keepalived", "ip6 keepalived"} <= tables(pair.first)
    pair.first.stop()
    assert not {"ip keepalived", "ip6 keepalived"} & tables(pair.first)


@pytest.mark.parametrize("daemon", DAEMONS, ids=str)
def test_addresses_are_reached_with_accept_and_by_default(lab: Lab, daemon: Daemon) -> None:
    pair = start_one(lab, config((*FAST, "accept")), daemon)
    for vip in ("192.168.0.204", "2001:db8::53", "fe80::53:1%eth0"):
        assert reaches(pair.client, vip), vip
        assert answers_ping(pair.client, vip, PATIENCE), vip
    assert tables(pair.first) == set()


def test_strict_mode_refuses_unless_the_router_owns_the_addresses(lab: Lab) -> None:
    pair = plug_pair(lab)
    listen(pair.first)
    owner = instance(255, (*FAST, "strict_mode"), name="VI_2", vrid=52, state="MASTER", addresses=["192.168.0.205/24"])
    pair.first.configure(instance(150, (*FAST, "strict_mode")) + owner)
    pair.first.start()
    for vip in (VIP, "192.168.0.205/24"):
        pair.wait(lambda vip=vip: pair.first.has(vip), 10, vip)  # type: ignore[misc]
    assert call(pair.client, "192.168.0.204") == "silence"
    assert reaches(pair.client, "192.168.0.205")


def test_rules_are_in_force_before_the_first_address_and_survive_the_child(lab: Lab) -> None:
    pair = start_one(lab, config((*CALM, "no_accept")))
    log = pair.first.log("Keepalived_vrrp")
    loaded = (
        "Firewall: nftables tables keepalived are in force: "
        "3 addresses refuse packets, 0 VMACs send no membership reports"
    )
    assert log.index(loaded) < log.index("VRRP_Instance(VI_1) Entering BACKUP STATE")
    killed = pair.first.vrrp_pid()
    pair.first.kill(killed, signal.SIGKILL)
    for _ in range(10):
        assert call(pair.client, "192.168.0.204", 0.2) == "silence"
        assert "ip keepalived" in tables(pair.first)
    pair.wait(lambda: pair.first.vrrp_pid() not in {0, killed}, 10, "another child")
    pair.wait(lambda: pair.first.log("Keepalived_vrrp").count(loaded) == 2, 10, "the rules again")
    assert pair.first.has(VIP)


def test_reload_refuses_and_accepts_without_a_transition(lab: Lab) -> None:
    pair = start_one(lab, config(FAST))
    assert reaches(pair.client, "192.168.0.204")
    before = len([line for line in pair.first.log("Keepalived_vrrp") if "Entering" in line])
    for lines, found in ((REFUSING, "silence"), (FAST, "reached")):
        pair.first.configure(config(lines))
        pair.first.kill(pair.first.parent_pid(), signal.SIGHUP)
        pair.wait(lambda found=found: call(pair.client, "192.168.0.204", 0.3) == found, 10, found)  # type: ignore[misc]
    assert len([line for line in pair.first.log("Keepalived_vrrp") if "Entering" in line]) == before
    pair.wait(lambda: tables(pair.first) == set(), 5, "no tables")


def test_tables_of_others_stay_and_ours_can_have_another_name_priority_and_counters(lab: Lab) -> None:
    pair = plug_pair(lab, ipv6=True)
    pair.first.run("nft", "add table ip mine; add table inet keepalived; add chain inet keepalived x; add table ip vip")
    foreign = pair.first.run("nft", "list", "table", "inet", "keepalived")
    head = "global_defs {\n nftables vip\n nftables_priority -300\n nftables_counters\n nftables_ifindex\n}\n"
    pair.first.configure(config(REFUSING, head))
    pair.first.start()
    pair.wait(lambda: pair.first.has(VIP) and pair.first.has(LOCAL6), 10, "addresses")
    assert tables(pair.first) == {"ip mine", "inet keepalived", "ip vip", "ip6 vip"}
    assert "priority raw" in pair.first.run("nft", "list", "table", "ip", "vip")
    six = pair.first.run("nft", "list", "table", "ip6", "vip")
    assert 'elements = { fe80::53:1 . "eth0" }' in six
    assert "type ipv6_addr . iface_index" in six
    for address, family, nothing in (
        ("192.168.0.204", "ip", "ip daddr @vips counter packets 0"),
        ("fe80::53:1%eth0", "ip6", "@vips_link_local counter packets 0 bytes 0 drop\n\t\tip6 daddr @vips"),
    ):
        assert nothing in pair.first.run("nft", "list", "table", family, "vip")
        assert call(pair.client, address) == "silence"
        assert nothing not in pair.first.run("nft", "list", "table", family, "vip")
    pair.first.stop()
    assert tables(pair.first) == {"ip mine", "inet keepalived"}
    assert pair.first.run("nft", "list", "table", "inet", "keepalived") == foreign


def test_what_a_killed_daemon_left_is_removed_by_the_next_one(lab: Lab) -> None:
    pair = start_one(lab, config(REFUSING))
    pair.first.crash()
    assert {"ip keepalived", "ip6 keepalived"} <= tables(pair.first)
    pair.first.configure(config(FAST))
    pair.first.start()
    line = "Firewall: removed the nftables tables keepalived that an earlier run left"
    pair.wait(lambda: line in pair.first.log("Keepalived_vrrp"), 10, line)
    assert tables(pair.first) == set()
    assert reaches(pair.client, "192.168.0.204")


def test_second_daemon_leaves_the_tables_of_the_first_alone_or_says_that_it_takes_them(lab: Lab) -> None:
    pair = start_one(lab, config(REFUSING))
    others = ("-p", "/run/other.pid", "-r", "/run/other-vrrp.pid", "-c", "/run/other-checkers.pid")
    late = instance(150, FAST, name="VI_2", vrid=77, addresses=["192.168.0.207/24"])
    refusing = instance(150, REFUSING, name="VI_2", vrid=77, addresses=["192.168.0.207/24"])
    told = "two daemons need two names (nftables NAME)"
    for text, complaints in ((late, 0), ("global_defs {\n nftables other\n}\n" + refusing, 0), (refusing, 1)):
        pair.first.configure(text)
        pair.first.run("keepalived", "-D", "-S", "0", *others)
        pair.wait(lambda: pair.first.has("192.168.0.207/24"), 10, "the second daemon's address")
        if complaints:
            assert reaches(pair.client, "192.168.0.204")
            pair.wait_for_line(pair.first, told)
        else:
            assert call(pair.client, "192.168.0.204") == "silence"
        assert sum(told in line for line in pair.first.log("Keepalived_vrrp")) == complaints
        pid = int(pair.first.text("/run/other.pid"))
        pair.first.kill(pid, signal.SIGTERM)
        pair.wait(lambda pid=pid: not pair.first.is_running(pid), 10, "its end")  # type: ignore[misc]
        assert ("ip keepalived" in tables(pair.first)) == (not complaints)


def test_without_nft_the_instance_runs_and_the_log_says_what_is_open(lab: Lab) -> None:
    pair = plug_pair(lab)
    pair.first.path("/usr/sbin/nft").unlink()
    pair.first.configure(instance(150, REFUSING))
    pair.first.start()
    pair.wait(lambda: pair.first.has(VIP), 10, VIP)
    line = "Firewall: nft: cannot be run: No such file or directory: packets to addresses with no_accept are accepted"
    pair.wait_for_line(pair.first, line)


def test_kept_addresses_keep_their_rules(lab: Lab) -> None:
    pair = plug_pair(lab)
    pair.first.configure(instance(150, REFUSING))
    pair.first.start("-D", "-S", "0", "-V")
    pair.wait(lambda: pair.first.has(VIP), 10, VIP)
    pair.first.stop()
    assert pair.first.has(VIP)
    assert tables(pair.first) == {"ip keepalived"}


def vmac_config() -> str:
    """An IPv4 and an IPv6 instance, each on a VMAC."""
    six = instance(150, (*FAST, "use_vmac"), name="VI_6", vrid=53, addresses=[LOCAL6, VIP6])
    return instance(150, (*FAST, "use_vmac")) + six


@pytest.mark.parametrize("daemon", DAEMONS, ids=str)
def test_membership_reports_of_a_vmac_leave_from_the_interface_below(lab: Lab, daemon: Daemon) -> None:
    pair = plug_pair(lab, daemon, ipv6=True)
    capture = pair.client.capture()
    pair.first.configure(vmac_config())
    pair.first.start()
    mac = json.loads(pair.first.ip("-json", "link", "show", "dev", "eth0"))[0]["address"]
    pair.wait(lambda: {("224.0.0.22", mac), ("ff02::16", mac)} <= set(capture.reports()), 15, "reports of both kinds")
    pair.wait(lambda: pair.first.has(VIP6, "vrrp.53"), 15, "the master")
    pair.first.stop()
    assert [by for _, by in capture.reports() if by.startswith("00:00:5e")] == []


def test_membership_reports_leave_from_a_vmac_where_there_is_no_nft(lab: Lab) -> None:
    pair = plug_pair(lab, ipv6=True)
    pair.first.path("/usr/sbin/nft").unlink()
    capture = pair.client.capture()
    pair.first.configure(vmac_config())
    pair.first.start()
    virtual = {("224.0.0.22", "00:00:5e:00:01:33"), ("ff02::16", "00:00:5e:00:02:35")}
    pair.wait(lambda: virtual <= set(capture.reports()), 15, "reports of both kinds by virtual addresses")
    pair.wait_for_line(
        pair.first, "Firewall: nft: cannot be run: No such file or directory: membership reports leave from VMACs"
    )


def plug_late(node: Node) -> None:
    node.ip("link", "add", "late0", "type", "veth", "peer", "name", "other0")
    node.ip("address", "add", "192.168.7.9/24", "dev", "late0")
    node.ip("link", "set", "other0", "up")
    node.ip("link", "set", "late0", "up")


def test_rules_follow_an_interface_that_comes_goes_and_comes_again(lab: Lab) -> None:
    pair = plug_pair(lab)
    vmac = (*FAST, "use_vmac", "no_accept")
    late = instance(150, vmac, interface="late0", addresses=["192.168.7.1/24"])
    pair.first.configure("global_defs {\n    dynamic_interfaces\n}\n" + late)
    pair.first.start()
    pair.wait(lambda: "VRRP_Instance(VI_1) Entering FAULT STATE" in pair.first.log("Keepalived_vrrp"), 5, "FAULT")
    assert "vmac_map" not in pair.first.run("nft", "list", "table", "ip", "keepalived")
    element = '"vrrp.51" : "late0"'
    for _ in range(2):
        plug_late(pair.first)
        pair.wait(lambda: element in pair.first.run("nft", "list", "table", "ip", "keepalived"), 10, element)
        pair.wait(lambda: pair.first.has("192.168.7.1/24", "vrrp.51"), 10, "the address")
        pair.first.ip("link", "del", "late0")
        pair.wait(lambda: "vmac_map" not in pair.first.run("nft", "list", "table", "ip", "keepalived"), 10, "no map")
    assert "elements = { 192.168.7.1 }" in pair.first.run("nft", "list", "table", "ip", "keepalived")
