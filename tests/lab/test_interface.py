"""An interface that is not there, goes down, or loses its virtual address to somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab.configs import instance
from tests.lab.pair import VIP, plug_pair, start_pair
from tests.lab.waiting import holds_for

if TYPE_CHECKING:
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

DYNAMIC = "global_defs {\n    dynamic_interfaces\n}\n"


def test_missing_interface_is_a_fault_that_ends_by_itself_when_it_appears(lab: Lab) -> None:
    pair = plug_pair(lab)
    pair.first.configure(DYNAMIC + instance(150, interface="late0", addresses=["192.168.7.1/24"]))
    pair.first.start()
    pair.wait(
        lambda: "VRRP_Instance(VI_1) Entering FAULT STATE" in pair.first.log("Keepalived_vrrp"), 5, "FAULT in the log"
    )
    pair.wait(
        lambda: "(VI_1) INIT -> FAULT: interface late0 is missing" in pair.first.log("Keepalived_vrrp"), 5, "the reason"
    )
    pair.first.ip("link", "add", "late0", "type", "veth", "peer", "name", "other0")
    pair.first.ip("address", "add", "192.168.7.9/24", "dev", "late0")
    pair.first.ip("link", "set", "other0", "up")
    pair.first.ip("link", "set", "late0", "up")
    pair.wait(lambda: pair.first.has("192.168.7.1/24", "late0"), 5, "the address on the late interface")


def test_missing_interface_without_dynamic_interfaces_is_an_error_and_the_other_instances_run(lab: Lab) -> None:
    pair = plug_pair(lab)
    late = instance(150, name="VI_2", vrid=52, interface="late0", addresses=["192.168.7.1/24"])
    pair.first.configure(instance(150) + late)
    pair.first.start()
    pair.wait_for_holder(pair.first)
    pair.wait_for_line(pair.first, "error: (VI_2) interface late0 does not exist", ident="Keepalived")
    pair.wait_for_line(pair.first, "VRRP_Instance(VI_2) Entering FAULT STATE")


def test_interface_that_goes_down_is_a_fault_the_peer_covers_and_coming_up_ends_it(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    pair.first.ip("link", "set", "eth0", "down")
    pair.wait(
        lambda: "VRRP_Instance(VI_1) Entering FAULT STATE" in pair.first.log("Keepalived_vrrp"), 3, "FAULT in the log"
    )
    pair.wait_for_holder(pair.second)
    pair.first.ip("link", "set", "eth0", "up")
    pair.wait_for_holder(pair.first)


def test_pulled_cable_is_a_fault_and_the_mended_cable_ends_it(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    lab.cut(pair.first)
    pair.wait_for_holder(pair.second)
    lab.mend(pair.first)
    pair.wait_for_holder(pair.first)


def test_instance_that_cannot_open_sockets_is_in_fault_until_it_can(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    limit = ("prlimit", "--pid", str(pair.first.vrrp_pid()))
    pair.first.run(*limit, "--nofile=3:1024")
    pair.first.ip("link", "set", "eth0", "down")
    pair.first.ip("link", "set", "eth0", "name", "eth9")
    pair.wait_for_holder(pair.second)
    pair.first.ip("link", "set", "eth9", "name", "eth0")
    pair.first.ip("link", "set", "eth0", "up")
    cause = "(VI_1) stays in FAULT: cannot open sockets on eth0: Too many open files"
    pair.wait(lambda: cause in pair.first.log("Keepalived_vrrp"), 5, "FAULT in the log")
    pair.first.run(*limit, "--nofile=1024:1024")
    pair.wait_for_holder(pair.first)
    pair.wait_for_line(pair.first, "(VI_1) FAULT -> BACKUP: sockets on eth0 are open")


def test_deleted_interface_of_the_master_is_a_fault_of_its_instance_and_no_crash(lab: Lab) -> None:
    pair = plug_pair(lab)
    pair.first.ip("link", "add", "other0", "type", "veth", "peer", "name", "other1")
    pair.first.ip("link", "set", "other0", "up")
    pair.first.ip("link", "set", "other1", "up")
    pair.first.ip("address", "add", "192.168.7.9/24", "dev", "other0")
    other = instance(150, name="VI_2", vrid=52, interface="other0", addresses=["192.168.7.1/24", "192.168.7.2/24"])
    pair.first.configure(instance(150) + other)
    pair.first.start()
    pair.wait(lambda: pair.first.has("192.168.7.1/24", "other0"), 8, "the second instance is master")
    pid = pair.first.vrrp_pid()
    pair.first.ip("link", "del", "other0")
    missing = ": interface other0 is missing"
    pair.wait(lambda: any(missing in line for line in pair.first.log("Keepalived_vrrp")), 5, "FAULT in the log")
    holds_for(lambda: pair.first.vrrp_pid() == pid, 1.0, "the VRRP child lives")
    assert pair.first.has(VIP)


def test_changed_hardware_address_of_the_master_is_announced(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    capture = pair.second.capture()
    pair.first.ip("link", "set", "eth0", "address", "02:00:00:00:aa:01")
    expected = (VIP.split("/")[0], "02:00:00:00:aa:01")
    pair.wait(
        lambda: expected in {(one.address, one.hardware) for one in capture.announcements()}, 2, "the new address"
    )


def test_deleted_virtual_address_is_put_back_with_a_line_in_the_log(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    history = pair.first.watch_addresses()
    lines = len(pair.first.log("Keepalived_vrrp"))
    pair.first.ip("address", "del", VIP, "dev", "eth0")
    pair.wait(lambda: pair.first.has(VIP), 3, "the address is put back")
    assert [event.added for event in history.events(VIP)] == [False, True]
    pair.wait(
        lambda: any(
            "192.168.0.204" in line and "Netlink" not in line for line in pair.first.log("Keepalived_vrrp")[lines:]
        ),
        3,
        "a line that says so",
    )
    holds_for(lambda: pair.first.has(VIP) and not pair.second.has(VIP), 0.6, "no transition follows")


def test_second_start_says_already_running_and_ends_with_zero(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    pids = (pair.first.parent_pid(), pair.first.vrrp_pid(), pair.first.checker_pid())
    done = pair.first.attempt("keepalived", "-D", "-S", "0")
    assert done.returncode == 0
    pair.wait(
        lambda: "daemon is already running" in done.stdout + done.stderr + "\n".join(pair.first.log()), 2, "the message"
    )
    assert (pair.first.parent_pid(), pair.first.vrrp_pid(), pair.first.checker_pid()) == pids
