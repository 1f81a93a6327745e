"""The lab itself: its nodes are apart, hear each other, work without root, and leave nothing behind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.lab.topology import Lab
from tests.lab.waiting import wait_for

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("unprivileged", [False, True], ids=["as-user", "in-a-user-namespace"])
def test_nodes_have_their_own_names_files_and_processes_and_reach_each_other(
    lab_is_possible: None, unprivileged: bool
) -> None:
    with Lab(unprivileged=unprivileged or None) as lab:
        first, second = lab.add(why_1="192.168.0.201/24", why="192.168.0.130/24")
        assert (first.run("hostname"), second.run("hostname")) == ("why-1\n", "why\n")
        first.configure("! only here\n")
        assert first.run("cat", "/etc/keepalived/keepalived.conf") == "! only here\n"
        assert second.attempt("cat", "/etc/keepalived/keepalived.conf").returncode == 1
        assert first.run("sh", "-c", "echo $$; ls -d /proc/[0-9]*").splitlines().count("/proc/1") == 1
        assert len(first.run("ps", "-e", "-o", "pid=").split()) == 2
        pings = first.ping("192.168.0.130", 0.02)
        wait_for(lambda: len(pings.answered()) >= 3, 5, "answers of the other node")
        history = second.watch_addresses()
        second.ip("address", "add", "192.168.0.9/24", "dev", "eth0")
        second.ip("address", "del", "192.168.0.9/24", "dev", "eth0")
        wait_for(lambda: len(history.events("192.168.0.9/24")) == 2, 5, "the address's coming and going")
        assert [event.added for event in history.events("192.168.0.9/24")] == [True, False]


def test_end_of_a_lab_ends_its_processes_and_removes_its_files(lab_is_possible: None) -> None:
    with Lab() as lab:
        (node,) = lab.add(why="192.168.0.130/24")
        sleeper = node.popen("sleep", "1000")
        directory, holder = lab.directory, Path(f"/proc/{node.pid}")
        assert holder.exists()
        assert directory.exists()
    assert sleeper.returncode is not None
    assert not directory.exists()
    assert not holder.exists()


def test_orphan_of_a_node_is_reaped_by_its_first_process(lab: Lab) -> None:
    (node,) = lab.add(why="192.168.0.130/24")
    node.run("sh", "-c", "(sleep 0.05 &) ; true")
    wait_for(lambda: "sleep" not in node.run("ps", "-e", "-o", "comm="), 5, "the orphan is gone, zombie and all")


def test_stand_in_for_rsyslogd_writes_local0_to_its_own_file(lab: Lab) -> None:
    (node,) = lab.add(why="192.168.0.130/24")
    node.start_syslog(own=True)
    program = "import syslog as s; s.openlog('Keepalived', 0, {}); s.syslog('to {}')"
    for facility in ("s.LOG_LOCAL0", "s.LOG_DAEMON"):
        node.run(sys.executable, "-c", program.format(facility, facility))
    wait_for(lambda: node.log() and node.log(path="/var/log/messages"), 5, "both files")
    assert node.log("Keepalived") == ["to s.LOG_LOCAL0"]
    assert node.log("Keepalived", "/var/log/messages") == ["to s.LOG_DAEMON"]


def test_cut_cable_takes_the_carrier_and_mending_brings_it_back(lab: Lab) -> None:
    (node,) = lab.add(why="192.168.0.130/24")

    def carrier() -> bool:
        return "LOWER_UP" in node.ip("link", "show", "eth0")

    wait_for(carrier, 5, "carrier")
    lab.cut(node)
    wait_for(lambda: not carrier(), 5, "no carrier")
    lab.mend(node)
    wait_for(carrier, 5, "carrier again")


def test_nodes_of_two_labs_at_the_same_time_do_not_meet(lab: Lab) -> None:
    (here,) = lab.add(why="192.168.0.130/24")
    with Lab() as other:
        (there,) = other.add(why="192.168.0.131/24")
        assert there.run("hostname") == here.run("hostname")
        pings = here.ping("192.168.0.131", 0.02)
        wait_for(lambda: len(pings.sent()) > 10, 5, "some pings")
        assert pings.answered() == {}


def test_failure_inside_a_node_shows_what_the_command_said(lab: Lab) -> None:
    (node,) = lab.add(why="192.168.0.130/24")
    with pytest.raises(AssertionError, match=r"why: sh -c .*exit 3\nout\nerr"):
        node.run("sh", "-c", "echo out; echo err >&2; exit 3")
