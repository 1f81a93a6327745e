"""The parent with real processes: stand-in children, its own pid files, no root."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.watchdog.watched_daemon import PATIENCE, lives, wait_for

if TYPE_CHECKING:
    from tests.watchdog.watched_daemon import Daemon


def test_start_and_stop_log_what_operators_know_and_leave_no_pid_file(daemon: Daemon) -> None:
    daemon.up()
    pids = {name: daemon.pid(name) for name in ("parent", "vrrp", "check")}
    assert daemon.stop() == 0
    log = daemon.log()
    assert log[0] == "Starting Keepalived v2.4.3 (07/20,2026)"
    expected = [
        f"Starting Healthcheck child process, pid={pids['check']}",
        f"Starting VRRP child process, pid={pids['vrrp']}",
        "Terminating on signal",
        "Stopping Keepalived v2.4.3 (07/20,2026)",
        "Stopped Keepalived v2.4.3 (07/20,2026)",
    ]
    assert [line for line in log if line in expected] == expected
    assert not any(daemon.pid_file(name).exists() for name in pids)
    assert not any(lives(pid) for pid in pids.values())


def test_every_process_shows_itself_as_keepalived_with_all_its_options(daemon: Daemon) -> None:
    daemon.up()
    words = " ".join(["keepalived", *daemon.words("-n", "-l", "-D")[2:]])
    for name in ("parent", "vrrp", "check"):
        directory = Path(f"/proc/{daemon.pid(name)}")
        assert (directory / "comm").read_text() == "keepalived\n"
        assert (directory / "cmdline").read_bytes().rstrip(b"\0").decode() == words


def test_option_vrrp_runs_no_health_checker(daemon: Daemon) -> None:
    daemon.start("", "-P")
    daemon.wait_for_line("up, generation 1, .*")
    assert daemon.stop() == 0
    assert not daemon.lines("Starting Healthcheck .*")


def test_killed_child_is_replaced_and_finds_its_record(daemon: Daemon) -> None:
    daemon.up()
    old = daemon.pid("vrrp")
    os.kill(old, signal.SIGKILL)
    daemon.wait_for_line("up, generation 1, respawned True, record b'mine'")
    daemon.wait_for_line(rf"VRRP child process\({old}\) was ended by SIGKILL: .*memory.*")
    daemon.wait_for_line(rf"VRRP child process\({old}\) died: Respawning")
    wait_for(lambda: daemon.pid("vrrp") not in (old, 0))
    assert lives(daemon.pid("vrrp"))


def test_child_that_dies_again_is_restarted_later(daemon: Daemon) -> None:
    daemon.start("exit 70")
    daemon.wait_for_line(r"VRRP child process\(\d+\) died: Respawning in 1 s")
    daemon.wait_for_line(r"VRRP child process\(\d+\) died: Respawning in 2 s")
    assert daemon.stop() == 0


def test_child_whose_traceback_cannot_be_made_says_what_it_can(daemon: Daemon) -> None:
    daemon.start("speechless-once")
    daemon.wait_for_line("up, generation 1, respawned True, .*")
    daemon.wait_for_line("ValueError: speechless")
    assert daemon.stop() == 0


def test_child_that_raises_leaves_its_traceback_in_the_log(daemon: Daemon) -> None:
    daemon.start("raise-once")
    daemon.wait_for_line(r"VRRP child process\(\d+\) exited with code 70")
    daemon.wait_for_line("ValueError: raise")
    daemon.wait_for_line("up, generation 1, respawned True, .*")


def test_hung_child_leaves_its_stack_in_the_log_and_is_replaced(daemon: Daemon) -> None:
    daemon.start("hang-once", "--watchdog-vrrp=0.5")
    daemon.wait_for_line("up, generation 1, respawned True, .*")
    daemon.wait_for_line(r"VRRP child process\(\d+\) has given no sign of life for \d+\.\d s: sending SIGABRT.*")
    daemon.wait_for_line(r"VRRP child process\(\d+\):   File .*stand_in\.py\", line \d+ in behave")
    daemon.wait_for_line(r"VRRP child process\(\d+\) was ended by SIGABRT.*")


def test_hung_child_that_survives_sigabrt_is_killed(daemon: Daemon) -> None:
    daemon.start("hang-hard-once", "--watchdog-vrrp=0.3")
    daemon.wait_for_line(r"VRRP child process\(\d+\) does not end on SIGABRT: sending SIGKILL")
    daemon.wait_for_line("up, generation 1, respawned True, .*")


def test_stopped_machine_that_runs_again_blames_no_child(daemon: Daemon) -> None:
    daemon.up("", "--watchdog-vrrp=1.5", "--watchdog-check=1.5")
    pids = [daemon.pid(name) for name in ("parent", "check", "vrrp")]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(4)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    daemon.reload("after")
    daemon.wait_for_line("Reload finished")
    assert not daemon.lines(".*sign of life.*")
    assert [daemon.pid(name) for name in ("parent", "check", "vrrp")] == pids


@pytest.mark.parametrize("code", [1, 2, 4])
def test_permanent_exit_code_ends_the_parent_with_it(daemon: Daemon, code: int) -> None:
    daemon.start(f"exit {code}")
    assert daemon.end() == code
    assert daemon.lines(r"VRRP child process\(\d+\) died with a permanent error: Exiting")
    assert not daemon.pid_file("parent").exists()


def test_dont_respawn_ends_the_parent_with_the_child(daemon: Daemon) -> None:
    daemon.up("", "-R")
    os.kill(daemon.pid("vrrp"), signal.SIGKILL)
    assert daemon.end() == 1
    assert daemon.lines(r"VRRP child process\(\d+\) died: Exiting")


def test_child_that_does_not_stop_is_killed_after_child_wait_time(daemon: Daemon) -> None:
    daemon.start("stubborn")
    daemon.wait_for_line("up, generation 1, .*")
    daemon.wait_for_line("stubborn from now on")
    began = time.monotonic()
    assert daemon.stop() == 0
    assert 1.0 <= time.monotonic() - began < 4.5, "the stand-in's child_wait_time is 1 s, the usual one 5 s"
    assert daemon.lines("VRRP process failed to die - forcing termination")


def test_dead_parent_takes_its_children_with_it(daemon: Daemon) -> None:
    daemon.up()
    children = [daemon.pid(name) for name in ("vrrp", "check")]
    daemon.send(signal.SIGKILL)
    daemon.end()
    wait_for(lambda: not any(lives(pid) for pid in children))
    daemon.wait_for_line("stopping", count=2)


def test_start_after_a_crash_takes_the_pid_files_over(daemon: Daemon) -> None:
    daemon.up()
    daemon.send(signal.SIGKILL)
    daemon.end()
    daemon.up()
    assert daemon.process is not None
    assert daemon.pid("parent") == daemon.process.pid


def test_second_daemon_with_the_same_pid_file_says_so_and_ends_with_0(daemon: Daemon) -> None:
    daemon.up()
    done = subprocess.run(
        daemon.words(), env=daemon.environment(), capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert (done.returncode, done.stderr) == (0, f"daemon is already running (pid file {daemon.pid_file('parent')})\n")
    assert daemon.stop() == 0


def test_signals_for_data_reach_the_children_that_they_are_for(daemon: Daemon) -> None:
    daemon.up()
    for number, pattern, count in (
        (signal.SIGUSR1, "got USR1", 2),
        (signal.SIGUSR2, "got USR2", 1),
        (signal.SIGRTMIN + 2, r"got RTMIN\+2", 1),
    ):
        daemon.send(number)
        daemon.wait_for_line(pattern, count)
    for name in ("parent", "vrrp", "check"):
        for number in (signal.SIGRTMIN + 3, signal.SIGRTMAX - 1, signal.SIGRTMAX, signal.SIGPIPE, signal.SIGALRM):
            os.kill(daemon.pid(name), number)
    daemon.reload("after")
    daemon.wait_for_line("Reload finished")
    assert [len(daemon.lines(f"got {name}")) for name in ("USR1", "USR2", r"RTMIN\+2")] == [2, 1, 1]
    assert not daemon.lines(".* died: .*")


def test_ignore_sigint_ignores_it(daemon: Daemon) -> None:
    daemon.up("", "--ignore-sigint")
    daemon.send(signal.SIGINT)
    daemon.reload("after")
    daemon.wait_for_line("Reload finished")
    assert not daemon.lines("Terminating on signal")


def test_sigint_stops(daemon: Daemon) -> None:
    daemon.up()
    daemon.send(signal.SIGINT)
    assert daemon.end() == 0


def test_signals_that_come_while_the_daemon_starts_are_served_when_it_runs(daemon: Daemon) -> None:
    daemon.start("read-slowly 0.5")
    daemon.wait_for_line("Command line: .*")
    for number in (signal.SIGHUP, signal.SIGUSR1):
        daemon.send(number)

    daemon.wait_for_line("reloaded 2", count=2)
    daemon.wait_for_line("got USR1", count=2)


def test_signal_to_stop_ends_a_daemon_that_reads_its_configuration_still(daemon: Daemon) -> None:
    daemon.start("read-slowly 60")
    daemon.wait_for_line("Command line: .*")

    assert daemon.stop() == -signal.SIGTERM


def test_reload_of_a_good_file_reaches_both_children(daemon: Daemon) -> None:
    daemon.up()
    daemon.reload("other")
    daemon.wait_for_line("reloaded 2", count=2)
    daemon.wait_for_line("Reload finished")


def test_reload_of_a_bad_file_says_why_and_changes_nothing(daemon: Daemon) -> None:
    daemon.up("error known")
    daemon.reload("error known\nerror this is new")
    daemon.wait_for_line("Reload refused: the configuration in force stays")
    assert daemon.lines("error: this is new")
    assert daemon.lines("1 new error in the configuration")
    assert not daemon.lines("reloaded .*")
    daemon.reload("error known")
    daemon.wait_for_line("reloaded 2", count=2)


def test_reload_of_an_unusable_file_changes_nothing(daemon: Daemon) -> None:
    daemon.up()
    daemon.reload("unusable")
    daemon.wait_for_line("Reload refused: the configuration in force stays")
    assert not daemon.lines("reloaded .*")


def test_reload_cannot_change_the_instance(daemon: Daemon) -> None:
    daemon.up("instance=one")
    daemon.reload("instance=two")
    daemon.wait_for_line("Cannot change instance at a reload - please restart keepalived")
    assert not daemon.lines("reloaded .*")


def test_reloads_asked_for_during_a_reload_become_one(daemon: Daemon) -> None:
    go = daemon.directory / "go"
    daemon.up(f"slow-reload {go}")
    daemon.send(signal.SIGHUP)
    daemon.wait_for_line("reloaded 2", count=2)
    for turn in range(1, 6):
        daemon.send(signal.SIGHUP)
        daemon.send(signal.SIGUSR1)
        daemon.wait_for_line("got USR1", count=2 * turn)  # the parent hands that on: it has heard the other by now
    go.touch()
    daemon.wait_for_line("Reload finished", count=2)
    time.sleep(0.3)
    assert len(daemon.lines(r"Reloading \.\.\.")) == 2


def test_signals_are_passed_on_while_the_configuration_is_being_read(daemon: Daemon) -> None:
    daemon.up()
    daemon.reload("read-slowly 1000")
    daemon.wait_for_line(r"Reloading \.\.\.")
    daemon.send(signal.SIGUSR1)
    daemon.wait_for_line("got USR1", count=2)
    assert not daemon.lines("reloaded .*")
    assert daemon.stop() == 0


def test_child_that_dies_while_the_configuration_is_being_read_is_replaced_at_once(daemon: Daemon) -> None:
    daemon.up()
    daemon.reload("read-slowly 1000")
    daemon.wait_for_line(r"Reloading \.\.\.")
    os.kill(daemon.pid("vrrp"), signal.SIGKILL)
    daemon.wait_for_line("up, generation 1, respawned True, .*")
    assert daemon.stop() == 0


def test_reload_asked_for_while_the_configuration_is_being_read_follows(daemon: Daemon) -> None:
    daemon.up()
    daemon.reload("read-slowly 0.5")
    daemon.wait_for_line(r"Reloading \.\.\.")
    daemon.reload("other")
    daemon.wait_for_line("reloaded 3", count=2)
    assert len(daemon.lines(r"Reloading \.\.\.")) == 2


def test_process_that_fails_while_reading_leaves_its_traceback_and_changes_nothing(daemon: Daemon) -> None:
    daemon.up()
    daemon.reload("crash-reading")
    daemon.wait_for_line("Reload refused: the configuration in force stays")
    daemon.wait_for_line("ValueError: crash-reading")
    daemon.reload("good")
    daemon.wait_for_line("reloaded 2", count=2)


def test_child_replaced_after_a_reload_starts_with_the_new_configuration(daemon: Daemon) -> None:
    daemon.up()
    daemon.reload("new")
    daemon.wait_for_line("Reload finished")
    os.kill(daemon.pid("vrrp"), signal.SIGKILL)
    daemon.wait_for_line("up, generation 2, respawned True, .*")


def test_keyword_without_effect_is_named_at_the_start(daemon: Daemon) -> None:
    daemon.up("nothing")
    assert daemon.lines("Keyword 'global_defs/nothing' is not in effect in this release")


def test_unusable_configuration_ends_the_start_with_2_and_the_reason(daemon: Daemon) -> None:
    daemon.config.write_text("unusable")
    done = subprocess.run(
        daemon.words(), env=daemon.environment(), capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 2
    assert "a word is missing" in done.stderr


def test_background_start_returns_when_the_children_run(daemon: Daemon) -> None:
    daemon.config.write_text("")
    done = subprocess.run(
        daemon.words("-D"), env=daemon.environment(), capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    pids = [daemon.pid(name) for name in ("parent", "vrrp", "check")]
    assert all(lives(pid) for pid in pids)
    assert os.getsid(pids[0]) != os.getsid(0)
    assert Path(f"/proc/{pids[0]}/cwd").readlink() == Path("/")
    os.kill(pids[0], signal.SIGTERM)
    wait_for(lambda: not any(lives(pid) for pid in pids))
    wait_for(lambda: not daemon.pid_file("parent").exists())


def test_background_start_that_fails_shows_the_childs_reason(daemon: Daemon) -> None:
    daemon.config.write_text("refuse there is no interface eth9")
    done = subprocess.run(
        daemon.words(), env=daemon.environment(), capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert (done.returncode, done.stderr) == (2, "there is no interface eth9\n")


@pytest.mark.parametrize("options", [("-n", "-l"), ()])
def test_daemon_started_with_closed_standard_streams_runs_and_stops(daemon: Daemon, options: tuple[str, ...]) -> None:
    daemon.config.write_text("")
    program = "exec <&- >&- 2>&-; exec " + shlex.join(daemon.words(*options))
    daemon.process = subprocess.Popen(["/bin/sh", "-c", program], env=daemon.environment())
    wait_for(lambda: daemon.pid_file("vrrp").exists() and daemon.pid_file("vrrp").read_text().strip())
    parent = daemon.pid("parent")
    assert [Path(f"/proc/{parent}/fd/{number}").readlink() for number in range(3)] == [Path("/dev/null")] * 3
    os.kill(parent, signal.SIGTERM)
    wait_for(lambda: not daemon.pid_file("parent").exists())
    assert daemon.end() == 0


def test_marker_exists_while_the_configuration_is_read_and_no_longer(daemon: Daemon) -> None:
    marker = daemon.directory / "reloading"
    keyword = f"global_defs/reload_file={marker}"
    marker.write_text("left over")
    daemon.up(keyword)
    assert not marker.exists()
    marker.write_text("please wait")
    go = daemon.directory / "go"
    daemon.reload(f"read-until {go}\n{keyword}")
    wait_for(lambda: marker.exists() and not marker.read_text())
    go.touch()
    daemon.wait_for_line("reloaded 2", count=2)
    assert not marker.exists()
    daemon.reload("read-slowly 1000")
    wait_for(marker.exists)
    assert marker.stat().st_mode & 0o777 == 0o644
    assert daemon.stop() == 0
    assert not marker.exists()


def test_reload_that_is_checked_first_is_refused_for_any_error_and_leaves_it_in_the_file(daemon: Daemon) -> None:
    report = daemon.directory / "report"
    keyword = f"global_defs/reload_check_config={report}"
    daemon.up(f"{keyword}\nerror known")
    report.write_text("of another time, and longer than what comes now" * 10)
    daemon.reload(f"{keyword}\nerror known")
    daemon.wait_for_line(f"New config failed validation, see {report} for details")
    assert report.read_text() == "error: known\n"
    assert not daemon.lines("reloaded .*")
    daemon.reload(keyword)
    daemon.wait_for_line("reloaded 2", count=2)
    assert report.read_text() == ""


def test_check_that_takes_longer_than_five_seconds_is_given_up(daemon: Daemon) -> None:
    daemon.up("global_defs/reload_check_config=/dev/null")
    daemon.reload("read-slowly 1000")
    daemon.wait_for_line("Reading the configuration takes too long: giving it up")
    daemon.wait_for_line("Reload refused: the configuration in force stays")
    daemon.reload("good")
    daemon.wait_for_line("reloaded 2", count=2)


def test_file_with_a_time_reloads_then(daemon: Daemon) -> None:
    when = daemon.directory / "when"
    daemon.up(f"global_defs/reload_time_file={when}")
    daemon.config.write_text("after")
    soon = time.time() + 5
    when.write_text(time.strftime("%Y-%m-%d %H:%M:%SZ\n", time.gmtime(soon)))
    daemon.wait_for_line("Scheduling reload for .*")
    daemon.wait_for_line("reloaded 2", count=2)
    assert time.time() >= int(soon)
    assert not when.exists()


def test_configurations_are_saved_at_the_start_and_around_each_reload(daemon: Daemon) -> None:
    copies = daemon.directory / "copies"
    keyword = f"global_defs/config_save_dir={copies}"
    daemon.up(f"{keyword}\nbefore")
    parent, vrrp, check = (daemon.pid(name) for name in ("parent", "vrrp", "check"))
    for number in (1, 2):
        daemon.reload(f"{keyword}\nafter{number}")
        daemon.wait_for_line(f"reloaded {number + 1}", count=2)
        daemon.wait_for_line("Reload finished", count=number)
    names = {f"keepalived.conf.{parent}.{number}" for number in range(3)} | {
        f"keepalived_{process}.{pid}.{number}.{when}"
        for process, pid in (("vrrp", vrrp), ("check", check))
        for number in (1, 2)
        for when in ("pre", "post")
    }
    assert {path.name for path in copies.iterdir()} == names
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in copies.iterdir())
    assert "before" in (copies / f"keepalived.conf.{parent}.0").read_text()
    assert "after1" in (copies / f"keepalived_vrrp.{vrrp}.1.post").read_text()
    assert "after1" in (copies / f"keepalived_vrrp.{vrrp}.2.pre").read_text()
