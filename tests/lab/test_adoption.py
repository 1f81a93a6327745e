"""What a death, a hang and a lost parent do to a router and to the peer that watches it."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.lab.configs import FAST, PASS, SECOND, instance
from tests.lab.metronome import Metronome
from tests.lab.pair import VIP, Pair, start_pair

if TYPE_CHECKING:
    from tests.lab.frames import Advert
    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab


def transitions(node: Node) -> list[str]:
    """The states an instance has entered, as the log says."""
    return [line for line in node.log("Keepalived_vrrp") if " Entering " in line]


def crash_and_watch(pair: Pair, adverts_after: int) -> tuple[list[Advert], Metronome]:
    """Kill the first node's VRRP child, wait for its successor and some adverts, and return what the peer heard."""
    history = pair.first.watch_addresses()
    capture = pair.second.capture()
    metronome = Metronome(pair.first)
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
    return capture.adverts(outgoing=False), metronome


def test_killed_vrrp_child_of_a_master_is_replaced_before_its_peer_notices_at_one_second(lab: Lab) -> None:
    lines = (*SECOND, *PASS)
    pair = start_pair(lab, instance(150, lines), instance(100, lines))
    child = pair.first.vrrp_pid()
    adverts, metronome = crash_and_watch(pair, 4)
    assert max(metronome.gaps(adverts)) < 3 * 1.0 + (256 - 100) / 256, "Master_Down_Interval of the peer"
    assert {advert.priority for advert in adverts} == {150}
    pair.wait_for_line(
        pair.first, "(VI_1) goes on as MASTER where the crashed process stopped: addresses kept, no transition"
    )
    pair.wait_for_line(pair.first, f"VRRP child process({child}) died: Respawning", ident="Keepalived")


def test_killed_vrrp_child_of_a_master_is_replaced_before_its_peer_notices_at_a_quarter(lab: Lab) -> None:
    lines = ("version 3", "advert_int 0.25")  # at a tenth a machine that is three times slower would fail
    pair = start_pair(lab, instance(150, lines), instance(100, lines))
    adverts, metronome = crash_and_watch(pair, 8)
    assert max(metronome.gaps(adverts)) < 3 * 0.25 + 0.25 * (256 - 100) / 256


def test_killed_vrrp_child_of_a_backup_stays_backup(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    old, before = pair.second.vrrp_pid(), transitions(pair.second)
    pair.second.kill(old, signal.SIGKILL)
    pair.wait(lambda: pair.second.vrrp_pid() not in (0, old), 5, "a new VRRP child")
    pair.wait(lambda: len(transitions(pair.second)) > len(before), 5, "a state of the new child")
    assert transitions(pair.second) == [*before, "VRRP_Instance(VI_1) Entering BACKUP STATE"]
    assert not pair.second.has(VIP)
    assert pair.first.has(VIP)


def test_hung_vrrp_child_is_aborted_killed_and_replaced(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    pair.first.stop()
    pair.wait_for_holder(pair.second)
    pair.first.start("-D", "-S", "0", "--watchdog-vrrp=1")
    pair.wait_for_holder(pair.first)
    old, masters = pair.first.vrrp_pid(), sum("MASTER" in line for line in transitions(pair.second))
    pair.first.kill(old, signal.SIGSTOP)
    pair.wait_for_state(pair.second, "MASTER", masters + 1)  # the peer takes over from a silent master
    pair.wait(lambda: pair.first.vrrp_pid() not in (0, old), 15, "the hung child is replaced")
    pair.wait_for_holder(pair.first)
    assert not pair.first.is_running(old)
    pair.wait_for_line(pair.first, f"({old})", "SIGABRT", ident="Keepalived")
    killing = f"VRRP child process({old}) does not end on SIGABRT: sending SIGKILL"
    pair.wait_for_line(pair.first, killing, ident="Keepalived")


def test_hung_vrrp_child_that_can_still_say_where_it_hangs_leaves_its_stack_in_the_log(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    pair.second.stop()
    pair.second.start("-D", "-S", "0", "--watchdog-vrrp=1")
    old = pair.second.vrrp_pid()
    pair.second.kill(old, signal.SIGSTOP)
    pair.wait_for_line(pair.second, f"({old})", "sending SIGABRT", ident="Keepalived")
    pair.second.kill(old, signal.SIGCONT)
    pair.wait(lambda: pair.second.vrrp_pid() not in (0, old), 8, "the hung child is replaced")
    for words in ("Fatal Python error: Aborted", "reactor.py"):
        pair.wait_for_line(pair.second, f"VRRP child process({old}): ", words, ident="Keepalived")
    assert pair.first.has(VIP)


def test_killed_parent_takes_its_children_with_it_and_the_addresses_go(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    capture = pair.second.capture()
    children = [pair.first.vrrp_pid(), pair.first.checker_pid()]
    assert all(children)
    pair.first.kill(pair.first.parent_pid(), signal.SIGKILL)
    pair.wait_for_holder(pair.second)
    pair.wait(lambda: not any(pair.first.is_running(pid) for pid in children), 5, "both children are gone")
    pair.wait(lambda: capture.adverts(outgoing=False)[-1].priority == 0, 5, "the orphan resigns")


def test_daemon_starts_again_after_all_its_processes_were_killed(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    first = pair.first
    first.crash()
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
