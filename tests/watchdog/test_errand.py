"""startup_script and shutdown_script of a whole parent with stand-in children."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

import pytest

from tests.watchdog.watched_daemon import lives, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.watchdog.watched_daemon import Daemon


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A program; what it does is written into it."""
    path = tmp_path / "script"
    path.touch(0o755)
    return path


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")


def test_children_start_when_the_startup_script_has_ended(daemon: Daemon, script: Path) -> None:
    program(script, f"touch {script}.began; while ! test -e {script}.go; do sleep 0.02; done")
    daemon.start(f"startup_script 60 {script}")
    wait_for(script.with_suffix(".began").exists)
    daemon.wait_for_line("Running startup script .*")
    assert daemon.lines("Starting .* child process.*") == []
    script.with_suffix(".go").touch()
    daemon.wait_for_line("up, generation 1, .*", count=2)
    daemon.wait_for_line("startup script succeeded")
    assert daemon.stop() == 0


def test_startup_script_that_hangs_is_ended_with_its_children_and_the_daemon_starts(
    daemon: Daemon, script: Path
) -> None:
    program(script, f"sleep 1000 & echo $! > {script}.pid; wait")
    daemon.start(f"startup_script 2 {script}")
    daemon.wait_for_line("up, generation 1, .*", count=2)
    assert daemon.lines("startup script timed out")
    sleeper = int(script.with_suffix(".pid").read_text())
    wait_for(lambda: not lives(sleeper))
    assert daemon.stop() == 0


def test_startup_script_that_fails_is_told_and_stops_nothing(daemon: Daemon, script: Path) -> None:
    program(script, "exit 3")
    daemon.up(f"startup_script 10 {script}")
    assert daemon.lines("startup script failed, status 3")
    assert daemon.stop() == 0


def test_startup_script_that_does_not_exist_is_told_and_stops_nothing(daemon: Daemon) -> None:
    daemon.up("startup_script 10 /no/such/program")
    assert daemon.lines("Call of startup script /no/such/program failed: No such file or directory")
    assert daemon.stop() == 0


@pytest.mark.parametrize("before", [(), (signal.SIGHUP, signal.SIGUSR1)], ids=["alone", "after others"])
def test_signal_to_stop_ends_the_startup_script_and_no_child_is_started(
    daemon: Daemon, script: Path, before: tuple[signal.Signals, ...]
) -> None:
    program(script, f"touch {script}.began; exec sleep 1000")
    daemon.start(f"startup_script 1000 {script}")
    wait_for(script.with_suffix(".began").exists)
    for number in before:
        daemon.send(number)
    assert daemon.stop() == 0
    assert daemon.lines("startup script ended: the daemon is to stop")
    assert daemon.lines("Starting .* child process.*") == []
    assert daemon.lines("Stopped .*")


def test_reload_that_is_asked_for_during_the_startup_script_comes_after_it(daemon: Daemon, script: Path) -> None:
    program(script, f"touch {script}.began; while ! test -e {script}.go; do sleep 0.02; done")
    daemon.start(f"startup_script 60 {script}")
    wait_for(script.with_suffix(".began").exists)
    daemon.reload(f"other\nstartup_script 60 {script}")
    script.with_suffix(".go").touch()
    daemon.wait_for_line(r"up, generation \d, .*", count=2)
    wait_for(lambda: daemon.lines("up, generation 2, .*") or daemon.lines("reloaded 2"))
    assert daemon.stop() == 0


def test_shutdown_script_runs_when_the_children_have_ended(daemon: Daemon, script: Path) -> None:
    program(script, f"ls -d /proc/$(cat {script}.vrrp) > {script}.found 2>&1; echo done > {script}.done")
    daemon.up(f"shutdown_script 10 {script}")
    script.with_suffix(".vrrp").write_text(str(daemon.pid("vrrp")))
    assert daemon.stop() == 0
    assert script.with_suffix(".done").read_text() == "done\n"
    assert re.search("cannot access|No such file", script.with_suffix(".found").read_text())
    log = daemon.log()
    assert log.index("Stopping Keepalived v2.4.3 (07/20,2026)") < log.index(f"Running shutdown script {script}")
    assert daemon.lines("shutdown script succeeded")


def test_shutdown_script_that_cannot_be_asked_to_end_is_killed(daemon: Daemon, script: Path) -> None:
    program(script, "trap '' TERM INT; while :; do sleep 0.05; done")
    daemon.up(f"shutdown_script 0.3 {script}")
    assert daemon.stop() == 0
    assert daemon.lines("shutdown script timed out")
    assert not daemon.lines(".*failed to terminate.*")


def test_second_signal_to_stop_does_not_cut_the_shutdown_script_short(daemon: Daemon, script: Path) -> None:
    program(script, f"touch {script}.began; while ! test -e {script}.go; do sleep 0.02; done; touch {script}.done")
    daemon.up(f"shutdown_script 60 {script}")
    daemon.send(signal.SIGTERM)
    wait_for(script.with_suffix(".began").exists)
    daemon.send(signal.SIGTERM)
    script.with_suffix(".go").touch()
    assert daemon.end() == 0
    assert script.with_suffix(".done").exists()
