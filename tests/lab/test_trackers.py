"""What the instances track, seen from outside: scripts, files, processes and links, against both kinds of peer."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.lab.configs import FAST, instance
from tests.lab.daemon import OURS, REAL, Daemon, real_is_installed
from tests.lab.metronome import Metronome
from tests.lab.pair import VIP, Pair, plug_pair
from tests.lab.test_adoption import transitions
from tests.lab.test_reload import reload
from tests.lab.waiting import holds_for

if TYPE_CHECKING:
    from tests.lab.frames import Advert
    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

PEERS = [OURS, pytest.param(REAL, marks=pytest.mark.skipif(not real_is_installed(), reason="no keepalived here"))]
GLOBAL = "global_defs {\n    script_user root\n}\n"
DOWN = "/etc/keepalived/down"
SCRIPT = "/etc/keepalived/check.sh"


def script(node: Node, text: str, path: str = SCRIPT) -> None:
    node.path(path).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    node.path(path).chmod(0o755)


def block(*lines: str, interval: str = "0.2", timeout: str = "30") -> str:
    """A script; it may take its time, as it does on a busy machine."""
    body = "\n    ".join((f'script "{SCRIPT}"', f"interval {interval}", f"timeout {timeout}", *lines))
    return f"vrrp_script chk {{\n    {body}\n}}\n"


def tracking(*lines: str, priority: int = 150, more: str = "") -> str:
    return GLOBAL + more + instance(priority, (*FAST, *lines))


def start(lab: Lab, config: str, second: Daemon = OURS) -> Pair:
    pair = plug_pair(lab, second=second)
    pair.second.configure(instance(100))
    pair.second.start()
    pair.first.configure(config)
    return pair


def spawners(node: Node) -> list[int]:
    parent = str(node.vrrp_pid())  # what it starts is called the same until exec
    return [int(word) for word in node.attempt("pgrep", "-x", "-P", parent, "keepalived_prog").stdout.split()]


def failing_while_down(pair: Pair) -> None:
    script(pair.first, f"[ ! -e {DOWN} ] || {{ echo it is down >&2; exit 3; }}")


@pytest.mark.parametrize("peer", PEERS, ids=str)
def test_script_that_fails_lowers_the_priority_until_it_succeeds_again(lab: Lab, peer: Daemon) -> None:
    pair = start(lab, tracking("track_script {", "chk", "}", more=block("weight -80", "rise 2", "fall 2")), peer)
    failing_while_down(pair)
    pair.first.start()
    pair.wait_for_holder(pair.first)
    pair.first.path(DOWN).touch()
    pair.wait_for_holder(pair.second)
    pair.wait_for_line(pair.first, "Script `chk` now returning 3")
    pair.wait_for_line(pair.first, "Script `chk` says: it is down")
    pair.wait_for_line(pair.first, "VRRP_Script(chk) failed (exited with status 3)")
    successes = pair.first.log("Keepalived_vrrp").count("VRRP_Script(chk) succeeded")
    pair.first.path(DOWN).unlink()
    pair.wait_for_holder(pair.first)
    pair.wait(
        lambda: pair.first.log("Keepalived_vrrp").count("VRRP_Script(chk) succeeded") > successes, 5, "the success"
    )


@pytest.mark.parametrize("peer", PEERS, ids=str)
def test_script_without_weight_that_hangs_and_ignores_sigterm_is_a_fault(lab: Lab, peer: Daemon) -> None:
    other = instance(200, FAST, name="VI_2", vrid=52, addresses=["192.168.0.205/24"])
    more = block(timeout="1.5") + other
    pair = start(lab, tracking("track_script {", "chk", "}", more=more), peer)
    script(pair.first, f"trap '' TERM\nwhile [ -e {DOWN} ]; do sleep 0.1; done")
    pair.first.start()
    pair.wait_for_holder(pair.first)
    pair.wait(lambda: pair.first.has("192.168.0.205/24"), 8, "the other instance")
    capture, metronome = pair.second.capture(), Metronome(pair.first)
    pair.first.path(DOWN).touch()
    pair.wait_for_holder(pair.second)
    pair.wait_for_line(pair.first, "VRRP_Script(chk) timed_out")
    pair.wait_for_line(pair.first, "VRRP_Instance(VI_1) Entering FAULT STATE")
    pair.wait(lambda: len(of_second(capture.adverts(outgoing=False))) > 40, 20, "adverts of the other instance")
    assert max(metronome.gaps(of_second(capture.adverts(outgoing=False)))) < 0.25, "no advert waits for a script"
    pair.first.path(DOWN).unlink()
    pair.wait_for_holder(pair.first)


def of_second(adverts: list[Advert]) -> list[Advert]:
    return [advert for advert in adverts if advert.payload[1] == 52]


@pytest.mark.parametrize("peer", PEERS, ids=str)
def test_number_in_a_file_is_added_to_the_priority(lab: Lab, peer: Daemon) -> None:
    path = "/etc/keepalived/weight"
    more = f"track_file f {{\n    file {path}\n    init_file 0\n}}\n"
    pair = start(lab, tracking("track_file {", "f weight 1", "}", more=more), peer)
    pair.first.start()
    pair.wait_for_holder(pair.first)
    assert pair.first.text(path) == "0\n"
    pair.first.path(path).write_text("-80\n", encoding="ascii")
    pair.wait_for_holder(pair.second)
    pair.first.path(f"{path}.new").write_text("10\n", encoding="ascii")
    pair.first.path(f"{path}.new").rename(pair.first.path(path))
    pair.wait_for_holder(pair.first)
    pair.first.path(path).write_text("-80\n", encoding="ascii")
    pair.wait_for_holder(pair.second)
    pair.first.path(path).unlink()
    pair.wait_for_holder(pair.first)


@pytest.mark.parametrize("peer", PEERS, ids=str)
def test_process_that_ends_is_a_fault_and_one_that_starts_mends_it(lab: Lab, peer: Daemon) -> None:
    more = "vrrp_track_process p {\n    process /bin/sleep 1234\n    terminate_delay 0.2\n}\n"
    pair = start(lab, tracking("track_process {", "p", "}", more=more), peer)
    pair.first.popen("/bin/sleep", "1234")
    pair.first.start()
    pair.wait_for_holder(pair.first)
    pair.first.run("pkill", "-x", "-f", "/bin/sleep 1234")
    pair.wait_for_holder(pair.second)
    pair.first.popen("/bin/sleep", "1234")
    pair.wait_for_holder(pair.first)
    pair.wait_for_line(pair.first, "looking at /proc")  # as in every container


def second_wire(pair: Pair) -> None:
    pair.first.ip("link", "add", "t0", "type", "veth", "peer", "name", "t1")
    for name in ("t0", "t1"):
        pair.first.ip("link", "set", name, "up")


def test_link_that_is_away_for_a_moment_is_no_fault_with_a_delay(lab: Lab) -> None:
    more = "interface_up_down_delays {\n    t0 4.5 0.5\n}\n"
    pair = start(lab, tracking("track_interface {", "t0", "}", more=more))
    second_wire(pair)
    pair.first.start()
    pair.wait_for_holder(pair.first)
    pair.wait_for_state(pair.first, "MASTER")
    before = transitions(pair.first)
    pair.first.ip("link", "set", "t1", "down")
    pair.wait(lambda: logged(pair, "Interface t0 is down: that counts in 4.5 s"), 8, "the delay begins")
    pair.first.ip("link", "set", "t1", "up")
    pair.wait(lambda: logged(pair, "Interface t0 is up again: nothing counts"), 8, "the link returns")
    assert transitions(pair.first) == before
    pair.first.ip("link", "set", "t1", "down")
    pair.wait_for_holder(pair.second)
    pair.first.ip("link", "set", "t1", "up")
    pair.wait_for_holder(pair.first)
    pair.wait_for_line(pair.first, "Interface t0 is up: that counts in 0.5 s")


def logged(pair: Pair, line: str) -> bool:
    return line in pair.first.log("Keepalived_vrrp")


def test_link_that_is_polled_is_a_fault_when_the_driver_says_that_it_is_gone(lab: Lab) -> None:
    more = "linkbeat_interfaces {\n    t0 MII\n}\n"
    pair = start(lab, tracking("track_interface {", "t0", "}", more=more))
    second_wire(pair)
    pair.first.start()
    pair.wait_for_holder(pair.first)
    pair.wait_for_line(pair.first, "(t0): Configured linkbeat type MII not supported, using ETHTOOL")
    pair.first.ip("link", "set", "t1", "down")
    pair.wait_for_holder(pair.second)
    pair.wait_for_line(pair.first, "Linkbeat reports t0 down")
    pair.first.ip("link", "set", "t1", "up")
    pair.wait_for_holder(pair.first)
    pair.wait_for_line(pair.first, "Linkbeat reports t0 up")


def test_reload_keeps_what_an_unchanged_script_has_found_and_a_new_interval_counts(lab: Lab) -> None:
    config = tracking("track_script {", "chk weight -80", "}", more=block())
    pair = start(lab, config)
    script(pair.first, f"echo >> /etc/keepalived/runs\n[ ! -e {DOWN} ]")
    pair.first.path(DOWN).touch()
    pair.first.start()
    pair.wait(lambda: pair.first.text("/etc/keepalived/runs"), 8, "a run")
    pair.wait_for_holder(pair.second)
    pair.wait_for_state(pair.first, "BACKUP")
    pair.wait_for_line(pair.first, "Script `chk` now returning 1")
    before, lines = transitions(pair.first), pair.first.log("Keepalived_vrrp").count("Script `chk` now returning 1")
    (pid,) = spawners(pair.first)
    pair.first.configure(config.replace("interval 0.2", "interval 0.1").replace("weight -80", "weight -70"))
    reload(pair.first)
    runs = len(pair.first.text("/etc/keepalived/runs"))
    pair.wait(lambda: len(pair.first.text("/etc/keepalived/runs")) > runs + 10, 20, "runs after the reload")
    assert transitions(pair.first) == before
    assert pair.first.log("Keepalived_vrrp").count("Script `chk` now returning 1") == lines
    assert spawners(pair.first) == [pid]


def test_spawner_that_is_killed_is_no_failure_of_the_script(lab: Lab) -> None:
    pair = start(lab, tracking("track_script {", "chk", "}", more=block()))
    failing_while_down(pair)
    pair.first.start()
    pair.wait_for_holder(pair.first)
    pair.wait_for_state(pair.first, "MASTER")
    before = transitions(pair.first)
    (pid,) = spawners(pair.first)
    pair.first.run("kill", "-KILL", str(pid))
    pair.wait(lambda: spawners(pair.first) not in ([], [pid]), 10, "another spawner")
    pair.first.path(DOWN).touch()
    pair.wait_for_holder(pair.second)
    pair.wait_for_state(pair.first, "FAULT")
    assert transitions(pair.first)[len(before)].endswith("Entering FAULT STATE")


def test_spawner_and_scripts_end_with_the_daemon_and_with_a_crash_of_the_child(lab: Lab) -> None:
    pair = start(lab, tracking("track_script {", "chk weight 1", "}", more=block(interval="600", timeout="600")))
    script(pair.first, "exec sleep 4321")
    pair.first.start()
    pair.wait(lambda: sleepers(pair.first), 8, "the script runs")
    (pid,) = spawners(pair.first)
    (sleeper,) = sleepers(pair.first)
    pair.first.kill(pair.first.vrrp_pid(), signal.SIGKILL)
    pair.wait(lambda: spawners(pair.first) not in ([], [pid]), 10, "the spawner of another child")
    pair.wait(lambda: sleepers(pair.first) not in ([], [sleeper]), 10, "the script runs again")
    pair.first.stop()
    pair.wait(lambda: not spawners(pair.first) and not sleepers(pair.first), 10, "nothing is left")


def sleepers(node: Node) -> list[int]:
    return [int(word) for word in node.attempt("pgrep", "-f", "-x", "sleep 4321").stdout.split()]


def test_script_runs_as_its_user_with_what_was_asked_for(lab: Lab) -> None:
    pair = start(lab, tracking("track_script {", "chk", "}", more=block("user nobody")))
    script(pair.first, "exec > /run/tmp/said; id -un; id -G; umask; ps -o ni= -p $$; readlink /proc/self/fd/0")
    pair.first.path("/run/tmp").chmod(0o777)
    pair.first.start("-D")
    pair.wait_for_holder(pair.first)
    said = ["nobody", "65534", "0177", "0", "/dev/null"]
    pair.wait(lambda: pair.first.text("/run/tmp/said").split() == said, 8, "what the script said")


def test_signals_to_all_processes_called_keepalived_end_nothing(lab: Lab) -> None:
    """OpenWrt's rpcd sends a signal to every number that pidof finds."""
    pair = start(lab, tracking("track_script {", "chk", "}", more=block()))
    failing_while_down(pair)
    pair.first.start()
    pair.wait_for_holder(pair.first)
    pair.wait_for_state(pair.first, "MASTER")
    before, pids = transitions(pair.first), daemons(pair.first)
    assert daemons(pair.first) == {int(word) for word in pair.first.run("pidof", "keepalived").split()}
    running = spawners(pair.first)
    for number in ("-36", "-USR1", "-USR2", "-HUP", "-USR1"):
        pair.first.attempt("kill", number, *map(str, [*pids, *running]))
    holds_for(lambda: pair.first.has(VIP), 1.0, "the master stays")
    assert (daemons(pair.first), spawners(pair.first)) == (pids, running)
    assert transitions(pair.first) == before


def daemons(node: Node) -> set[int]:
    return {node.parent_pid(), node.vrrp_pid(), node.checker_pid()}
