"""Sync groups and tracked interfaces: ours against ours, and against Debian's keepalived in both directions."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.lab.configs import CALM, FAST, instance
from tests.lab.daemon import OURS, REAL, Daemon, real_is_installed
from tests.lab.pair import VIP, Pair, plug_pair
from tests.lab.waiting import holds_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

SECOND_VIP = "192.168.0.205/24"
VIPS = (VIP, SECOND_VIP)
NEEDS_REAL = pytest.mark.skipif(not real_is_installed(), reason="Debian's keepalived is not installed")
SIDES = pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(OURS, OURS, id="ours-and-ours"),
        pytest.param(OURS, REAL, marks=(pytest.mark.interop, NEEDS_REAL), id="ours-is-better"),
        pytest.param(REAL, OURS, marks=(pytest.mark.interop, NEEDS_REAL), id="real-is-better"),
    ],
)


def group(*lines: str) -> str:
    """The sync group of both instances."""
    return "\n".join(["vrrp_sync_group G1 {", "group {", "VI_1", "VI_2", "}", *lines, "}"]) + "\n"


def members(priority: int, first: Sequence[str] = (), second: Sequence[str] = (), rhythm: Sequence[str] = FAST) -> str:
    """Two instances with one address each."""
    one = instance(priority, (*rhythm, *first))
    return one + instance(priority, (*rhythm, *second), name="VI_2", vrid=52, addresses=[SECOND_VIP])


def begin(lab: Lab, first: Daemon, second: Daemon, config: str, other: str) -> Pair:
    """Both routers with an interface to be tracked; one without a configuration is not started."""
    pair = plug_pair(lab, first, second)
    for node, text in ((pair.first, config), (pair.second, other)):
        node.ip("link", "add", "trk0", "type", "veth", "peer", "name", "trk1")
        node.ip("link", "set", "trk1", "up")
        node.ip("link", "set", "trk0", "up")
        if text:
            node.configure(text)
            node.start()
    return pair


def wait_for_master(pair: Pair, node: Node, vips: Sequence[str] = VIPS) -> None:
    """Wait until all addresses are on one node only."""
    other = pair.second if node is pair.first else pair.first
    pair.wait(
        lambda: set(vips) <= set(node.addresses()) and not set(vips) & set(other.addresses()),
        20,
        f"{vips} on {node.name} alone",
    )


def wait_for_line(pair: Pair, node: Node, line: str) -> None:
    """Wait until the VRRP process has said something."""
    pair.wait(lambda: line in lines(node), 10, line)


def lines(node: Node) -> list[str]:
    """What the VRRP process said."""
    return node.log("Keepalived_vrrp")


@SIDES
def test_interface_that_one_member_tracks_moves_both_members_and_back(lab: Lab, first: Daemon, second: Daemon) -> None:
    track = ("track_interface {", "trk0", "}")
    pair = begin(lab, first, second, group() + members(150, second=track), group() + members(100))
    wait_for_master(pair, pair.first)

    pair.first.ip("link", "set", "trk0", "down")
    wait_for_master(pair, pair.second)
    pair.first.ip("link", "set", "trk0", "up")
    wait_for_master(pair, pair.first)

    for node, daemon in ((pair.first, first), (pair.second, second)):
        if daemon is OURS:
            wait_for_line(pair, node, "VRRP_Group(G1) Syncing instances to MASTER state")
    if first is OURS:
        wait_for_line(pair, pair.first, "(VI_2) MASTER -> FAULT: interface trk0 is down")
        wait_for_line(pair, pair.first, "(VI_1) MASTER -> FAULT: sync group G1: VI_2: interface trk0 is down")
        wait_for_line(pair, pair.first, "(VI_1) FAULT -> BACKUP: sync group G1: VI_2: interface trk0 is up")


@SIDES
def test_weight_of_the_group_lowers_all_members_and_the_other_router_preempts(
    lab: Lab, first: Daemon, second: Daemon
) -> None:
    weighed = group("track_interface {", "trk0 weight -60", "}")
    pair = begin(lab, first, second, weighed + members(150), group() + members(100))
    wait_for_master(pair, pair.first)

    pair.first.ip("link", "set", "trk0", "down")
    wait_for_master(pair, pair.second)
    pair.first.ip("link", "set", "trk0", "up")
    wait_for_master(pair, pair.first)

    if first is OURS:
        for name in ("VI_1", "VI_2"):
            wait_for_line(pair, pair.first, f"({name}) Changing effective priority from 150 to 90")
            wait_for_line(pair, pair.first, f"({name}) Changing effective priority from 90 to 150")
        assert not any("FAULT" in line for line in lines(pair.first))


@SIDES
def test_positive_weight_of_one_instance_decides_by_preemption(lab: Lab, first: Daemon, second: Daemon) -> None:
    track = ("track_interface {", "trk0 weight 60", "}")
    pair = begin(lab, first, second, instance(80, (*FAST, *track)), instance(100))
    wait_for_master(pair, pair.first, [VIP])

    pair.first.ip("link", "set", "trk0", "down")
    wait_for_master(pair, pair.second, [VIP])
    pair.first.ip("link", "set", "trk0", "up")
    wait_for_master(pair, pair.first, [VIP])


@SIDES
def test_group_whose_router_dies_is_taken_over_whole(lab: Lab, first: Daemon, second: Daemon) -> None:
    pair = begin(lab, first, second, group() + members(150), group() + members(100))
    wait_for_master(pair, pair.first)

    pair.first.stop()
    wait_for_master(pair, pair.second)


def test_member_that_hears_a_master_keeps_its_whole_group_back(lab: Lab) -> None:
    """The second router has the better priority in one member only: it must not become master of that one."""
    better = instance(200) + instance(100, name="VI_2", vrid=52, addresses=[SECOND_VIP])
    pair = begin(lab, OURS, OURS, group() + members(150), "")
    wait_for_master(pair, pair.first)
    pair.second.configure(group() + better)
    pair.second.start()
    pair.wait(lambda: any("discarding" in line for line in lines(pair.second)), 10, "the member that would preempt")

    holds_for(lambda: all(pair.first.has(vip) and not pair.second.has(vip) for vip in VIPS), 1.5, "one master")
    assert not any("MASTER STATE" in line for line in lines(pair.second))


def test_missing_tracked_interface_at_the_start_is_a_fault_of_the_group_until_it_appears(lab: Lab) -> None:
    dynamic = "global_defs {\n dynamic_interfaces\n}\n"
    pair = plug_pair(lab)
    pair.first.configure(dynamic + group("track_interface {", "late0", "}") + members(150))
    pair.first.start()
    pair.wait(
        lambda: "(VI_1) INIT -> FAULT: interface late0 is missing" in lines(pair.first), 10, "the fault of each member"
    )

    pair.first.ip("link", "add", "late0", "type", "veth", "peer", "name", "late1")
    pair.first.ip("link", "set", "late1", "up")
    pair.first.ip("link", "set", "late0", "up")
    pair.wait(lambda: all(pair.first.has(vip) for vip in VIPS), 10, "both addresses")


def test_reload_that_changes_a_weight_moves_nobody_until_the_sum_is_lower(lab: Lab) -> None:
    text = group("track_interface {", "trk0 weight WEIGHT", "}") + members(80)
    pair = begin(lab, OURS, OURS, text.replace("WEIGHT", "60"), group() + members(100))
    wait_for_master(pair, pair.first)
    pair.wait_for_state(pair.first, "MASTER", 2)
    before = [line for line in lines(pair.first) if "STATE" in line]

    pair.first.configure(text.replace("WEIGHT", "40"))
    pair.first.kill(pair.first.parent_pid(), signal.SIGHUP)
    pair.wait(
        lambda: "(VI_2) Changing effective priority from 140 to 120" in lines(pair.first), 10, "the lower priority"
    )
    holds_for(lambda: all(pair.first.has(vip) for vip in VIPS), 1.0, "the master stays")
    assert [line for line in lines(pair.first) if "STATE" in line] == before

    pair.first.configure(text.replace("WEIGHT", "10"))
    pair.first.kill(pair.first.parent_pid(), signal.SIGHUP)
    wait_for_master(pair, pair.second)


SCRIPT = "/etc/keepalived/check.sh"
CHECKED = f"global_defs {{\n script_user root\n}}\nvrrp_script chk {{\n script {SCRIPT}\n interval 0.2\n timeout 20\n"


def write_script(node: Node, text: str) -> None:
    """Write the script of `CHECKED`."""
    node.path(SCRIPT).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    node.path(SCRIPT).chmod(0o755)


def test_group_begins_when_the_script_of_one_member_has_ended_for_the_first_time(lab: Lab) -> None:
    track = ("track_script {", "chk", "}")
    pair = plug_pair(lab)
    write_script(pair.first, "while [ ! -e /etc/keepalived/go ]; do sleep 0.05; done")
    pair.first.configure(CHECKED + "}\n" + group() + members(150, second=track))
    pair.first.start()
    for name in ("VI_1", "VI_2"):
        wait_for_line(pair, pair.first, f"({name}) waits for the first result of script chk")
    holds_for(lambda: not any(pair.first.has(vip) for vip in VIPS), 1.0, "nobody is master before")
    assert not any("STATE" in line for line in lines(pair.first))

    pair.first.path("/etc/keepalived/go").touch()
    pair.wait(lambda: all(pair.first.has(vip) for vip in VIPS), 20, "both addresses")


def test_process_that_crashes_keeps_the_weight_of_a_script_that_has_not_ended_again(lab: Lab) -> None:
    track = ("track_script {", "chk", "}")
    pair = plug_pair(lab)
    write_script(pair.first, "[ ! -e /etc/keepalived/slow ] || sleep 2")
    pair.first.configure(CHECKED + " weight 60\n}\n" + instance(80, (*CALM, *track)))
    pair.second.configure(instance(100, CALM))
    for node in (pair.first, pair.second):
        node.start()
    wait_for_master(pair, pair.first, [VIP])
    history = pair.second.watch_addresses()

    pair.first.path("/etc/keepalived/slow").touch()
    pair.first.kill(pair.first.vrrp_pid(), signal.SIGKILL)
    pair.wait(lambda: any("goes on as MASTER" in line for line in lines(pair.first)), 10, "adopted")
    holds_for(lambda: pair.first.has(VIP), 4.0, "the address stays")
    assert history.events(VIP) == []


def test_process_that_crashes_goes_on_as_master_of_the_whole_group_with_its_weights(lab: Lab) -> None:
    weighed = group("track_interface {", "trk0 weight 60", "}")
    calm = [members(priority, rhythm=CALM) for priority in (80, 100)]
    pair = begin(lab, OURS, OURS, weighed + calm[0], group() + calm[1])
    wait_for_master(pair, pair.first)
    history = pair.second.watch_addresses()

    pair.first.kill(pair.first.vrrp_pid(), signal.SIGKILL)
    pair.wait(lambda: sum("goes on as MASTER" in line for line in lines(pair.first)) == 2, 10, "both members adopted")
    holds_for(lambda: all(pair.first.has(vip) for vip in VIPS), 1.5, "the addresses stay")
    assert history.events(VIP) == []
    assert history.events(SECOND_VIP) == []
