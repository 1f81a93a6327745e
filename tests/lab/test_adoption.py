"""What a death, a hang and a lost parent do to a router and to the peer that watches it."""

from __future__ import annotations

import itertools
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.lab.configs import FAST, PASS, SECOND, instance
from tests.lab.pair import VIP, Pair, start_pair

if TYPE_CHECKING:
    from tests.lab.frames import Advert
    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = [pytest.mark.lab, pytest.mark.timeout(60)]


def transitions(node: Node) -> list[str]:
    """The states an instance has entered, as the log says."""
    return [line for line in node.log("Keepalived_vrrp") if " Entering " in line]


def gaps(adverts: list[Advert]) -> list[float]:
    """Seconds between neighbours."""
    return [later.at - earlier.at for earlier, later in itertools.pairwise(adverts)]


def crash_and_watch(pair: Pair, adverts_after: int) -> list[Advert]:
    """Kill the first node's VRRP child, wait for its successor and some adverts, and return what the peer heard."""
    history = pair.first.watch_addresses()
    capture = pair.second.capture()
    pair.wait(lambda: capture.adverts(outgoing=False), 5, "the peer hears the master")
    before = (transitions(pair.first), transitions(pair.second))
    old = pair.first.vrrp_pid()
    died = time.time()
    pair.first.kill(old, signal.SIGKILL)
    pair.wait(lambda: pair.first.vrrp_pid() not in (0, old), 5, "a new VRRP child")
    pair.wait(
        lambda: len([advert for advert in capture.adverts(outgoing=False) if advert.at > died]) >= adverts_after,
        10,
        "adverts of the new child",
    )
    assert history.events(VIP) == [], "the address never left the interface"
    assert (transitions(pair.first)[: len(before[0])], transitions(pair.second)) == before
    assert "BACKUP" not in "".join(transitions(pair.first)[len(before[0]) :])
    assert pair.first.has(VIP)
    assert not pair.second.has(VIP)
    assert capture.adverts(outgoing=True) == [], "the peer never adverts"
    return capture.adverts(outgoing=False)


def test_killed_vrrp_child_of_a_master_is_replaced_before_its_peer_notices_at_one_second(lab: Lab) -> None:
    lines = (*SECOND, *PASS)
    pair = start_pair(lab, instance(150, lines), instance(100, lines))
    child = pair.first.vrrp_pid()
    adverts = crash_and_watch(pair, 4)
    assert max(gaps(adverts)) < 3 * 1.0 + (256 - 100) / 256, "Master_Down_Interval of the peer"
    assert {advert.priority for advert in adverts} == {150}
    assert (
        "(VI_1) goes on as MASTER where the crashed process stopped: addresses kept, no transition"
        in pair.first.log("Keepalived_vrrp")
    ), pair.story()
    assert f"VRRP child process({child}) died: Respawning" in pair.first.log("Keepalived"), pair.story()


def test_killed_vrrp_child_of_a_master_is_replaced_before_its_peer_notices_at_a_tenth(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    adverts = crash_and_watch(pair, 20)
    assert max(gaps(adverts)) < 0.3 + 0.1 * (256 - 100) / 256


def test_killed_vrrp_child_of_a_backup_stays_backup(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    old = pair.second.vrrp_pid()
    pair.second.kill(old, signal.SIGKILL)
    pair.wait(lambda: pair.second.vrrp_pid() not in (0, old), 5, "a new VRRP child")
    pair.wait(
        lambda: (
            transitions(pair.second)[-1:] == ["VRRP_Instance(VI_1) Entering BACKUP STATE"]
            and len(transitions(pair.second)) == 2
        ),
        5,
        "backup again",
    )
    assert not pair.second.has(VIP)
    assert pair.first.has(VIP)


def test_hung_vrrp_child_is_aborted_killed_and_replaced(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    pair.first.stop()
    pair.wait_for_holder(pair.second)
    pair.first.start("-D", "-S", "0", "--watchdog-vrrp=1")
    pair.wait_for_holder(pair.first)
    old = pair.first.vrrp_pid()
    pair.first.kill(old, signal.SIGSTOP)
    pair.wait(lambda: pair.second.has(VIP), 3, "the peer takes over from a silent master")
    pair.wait(lambda: pair.first.vrrp_pid() not in (0, old), 15, "the hung child is replaced")
    pair.wait_for_holder(pair.first)
    assert not pair.first.is_running(old)
    said = pair.first.log("Keepalived")
    assert any(f"({old})" in line and "SIGABRT" in line for line in said), pair.story()
    assert f"VRRP child process({old}) does not end on SIGABRT: sending SIGKILL" in said, pair.story()


def test_hung_vrrp_child_that_can_still_say_where_it_hangs_leaves_its_stack_in_the_log(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    pair.second.stop()
    pair.second.start("-D", "-S", "0", "--watchdog-vrrp=1")
    old = pair.second.vrrp_pid()
    pair.second.kill(old, signal.SIGSTOP)
    pair.wait(lambda: any("sending SIGABRT" in line for line in pair.second.log("Keepalived")), 10, "SIGABRT")
    pair.second.kill(old, signal.SIGCONT)
    pair.wait(lambda: pair.second.vrrp_pid() not in (0, old), 8, "the hung child is replaced")
    stack = [line for line in pair.second.log("Keepalived") if line.startswith(f"VRRP child process({old}): ")]
    assert any("Fatal Python error: Aborted" in line for line in stack), pair.story()
    assert any("reactor.py" in line for line in stack), pair.story()
    assert pair.first.has(VIP)


def test_killed_parent_takes_its_children_with_it_and_the_addresses_go(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    capture = pair.second.capture()
    children = [pair.first.vrrp_pid(), pair.first.checker_pid()]
    assert all(children)
    pair.first.kill(pair.first.parent_pid(), signal.SIGKILL)
    pair.wait_for_holder(pair.second)
    pair.wait(lambda: not any(pair.first.is_running(pid) for pid in children), 5, "both children are gone")
    assert capture.adverts(outgoing=False)[-1].priority == 0, "the orphan resigns"


def test_daemon_starts_again_after_all_its_processes_were_killed(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    first = pair.first
    parent, children = first.parent_pid(), (first.vrrp_pid(), first.checker_pid())
    assert parent
    assert all(children)
    first.kill(parent, signal.SIGSTOP)  # it must not replace its children, and they must not outlive it
    for pid in (*children, parent):
        first.kill(pid, signal.SIGKILL)
    pair.wait(lambda: pair.second.has(VIP), 3, "the peer takes over")
    assert first.has(VIP), "nobody was left to remove it"
    first.start()
    pair.wait_for_holder(first)


def test_terminated_vrrp_child_alone_is_respawned_and_the_daemon_lives(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    old, parent = pair.first.vrrp_pid(), pair.first.parent_pid()
    pair.first.kill(old, signal.SIGTERM)
    pair.wait(lambda: pair.first.vrrp_pid() not in (0, old), 5, "a new VRRP child")
    pair.wait_for_holder(pair.first)
    assert pair.first.parent_pid() == parent


def test_killed_checker_child_is_respawned_and_the_master_does_not_care(lab: Lab) -> None:
    pair = start_pair(lab, instance(150, FAST), instance(100, FAST))
    history = pair.first.watch_addresses()
    old = pair.first.checker_pid()
    pair.first.kill(old, signal.SIGKILL)
    pair.wait(lambda: pair.first.checker_pid() not in (0, old), 5, "a new health-check child")
    assert history.events(VIP) == []
    assert pair.first.has(VIP)
