"""`make install`, and what other programs see of the installed daemon: process list, pidof, pid files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lab.configs import instance, walkthrough
from tests.lab.daemon import ROOT, Daemon
from tests.lab.pair import plug_pair, start_pair

if TYPE_CHECKING:
    from tests.lab.topology import Lab

VENV = Path(sys.prefix)

pytestmark = pytest.mark.lab


@pytest.mark.skipif(
    not (VENV / ".ready").exists(), reason="this environment was not made by make, which installs from it"
)
def test_installed_files_run_the_walkthrough_from_etc_init_d(lab: Lab, tmp_path: Path) -> None:
    places = [f"PREFIX={tmp_path}/usr", f"SYSCONFDIR={tmp_path}/etc", f"UNITDIR={tmp_path}/systemd"]
    done = subprocess.run(
        ["make", "--silent", "install", "PYTHON=" + sys.executable, f"VENV={VENV}", *places],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    helped = subprocess.run([f"{tmp_path}/usr/sbin/genhash", "-h"], capture_output=True, text=True, check=False)
    assert helped.stderr.startswith("Usage: genhash ")
    pair = plug_pair(lab)
    pair.first.install(Daemon("installed", f"{tmp_path}/usr/sbin/keepalived"))
    for name in ("init.d/keepalived", "sysconfig/keepalived", "keepalived/keepalived.conf"):
        source, target = tmp_path / "etc" / name, pair.first.path(f"/etc/{name}")
        target.write_bytes(source.read_bytes())
        target.chmod(source.stat().st_mode)
    pair.first.configure(walkthrough("single", "why-1"))
    pair.first.run("/etc/init.d/keepalived", "start")
    pair.wait_for_holder(pair.first)
    assert len(pair.first.run("pidof", "keepalived").split()) == 3
    pair.first.run("/etc/init.d/keepalived", "stop")
    assert pair.first.attempt("pidof", "keepalived").returncode == 1


def test_running_daemon_is_found_by_name_and_carries_its_whole_command_line(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    node = pair.first
    pids = [node.parent_pid(), node.vrrp_pid(), node.checker_pid()]
    assert all(pids)
    for command in (("pidof", "keepalived"), ("pgrep", "keepalived"), ("pgrep", "-f", "^keepalived -D -S 0$")):
        assert sorted(int(pid) for pid in node.run(*command).split()) == sorted(pids), command
    for pid in pids:
        words = node.run("cat", f"/proc/{pid}/cmdline").rstrip("\0").split("\0")
        assert " ".join(words) == "keepalived -D -S 0"
        assert node.run("cat", f"/proc/{pid}/comm").startswith("keepalived")


def test_pid_files_hold_one_number_and_a_newline_and_options_move_them(lab: Lab) -> None:
    pair = plug_pair(lab)
    node = pair.first
    node.configure(instance(150))
    node.run("keepalived", "-p", "/run/a.pid", "-r", "/run/b.pid", "-c", "/run/c.pid")
    pair.wait(lambda: all(node.text(f"/run/{name}.pid").endswith("\n") for name in "abc"), 5, "three pid files")
    for name in "abc":
        text = node.text(f"/run/{name}.pid")
        assert text == f"{int(text)}\n"
        assert node.is_running(int(text))
    assert not node.path("/run/keepalived.pid").exists()
    node.run("kill", node.text("/run/a.pid").strip())
    pair.wait(
        lambda: not any(node.path(f"/run/{name}.pid").exists() for name in "abc"), 5, "the files go with the daemon"
    )


def test_signal_to_all_of_pidof_stops_every_process_and_releases_the_address(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    pair.first.run("sh", "-c", "kill $(pidof keepalived)")
    pair.wait_for_holder(pair.second)
    pair.wait(lambda: pair.first.attempt("pidof", "keepalived").returncode == 1, 5, "no process is left")
    assert not pair.first.path("/run/keepalived.pid").exists()


def test_numbers_of_signals_dump_without_ending_any_process(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    node = pair.first
    pids = [node.parent_pid(), node.vrrp_pid(), node.checker_pid()]
    for name in ("DATA", "STATS", "JSON", "STATS_CLEAR"):
        number = node.run("keepalived", f"--signum={name}").strip()
        node.run("kill", f"-{number}", str(pids[0]))
        for pid in pids:
            node.run("kill", f"-{number}", str(pid))
    node.run("kill", "-HUP", str(pids[0]))
    pair.wait_for_line(node, "Reload finished", ident="Keepalived")  # it has handled all of them
    assert [node.parent_pid(), node.vrrp_pid(), node.checker_pid()] == pids
    node.stop()
    assert not node.path("/run/keepalived.pid").exists()
