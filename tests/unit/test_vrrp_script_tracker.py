"""Scripts at their intervals, with real programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keepalived_py.config.arguments import Script
from keepalived_py.config.model.tracking import VrrpScript
from keepalived_py.program import Programs
from keepalived_py.reactor import Reactor
from keepalived_py.vrrp.script_run import RUNS_KEPT
from keepalived_py.vrrp.script_tracker import ScriptTracker, WatchedScript
from tests.unit.looping import Lines, run_for, run_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Bench:
    def __init__(self) -> None:
        self.loop = Reactor(longest_sleep=0.02)
        self.log = Lines()
        self.programs = Programs(self.loop, self.log)
        self.results: list[tuple[str, bool, str]] = []
        self.verdicts: dict[str, bool] = {}
        self.tracker = ScriptTracker(self.loop, self.log, self.programs, self.finished)

    def finished(self, now: float, name: str, *, success: bool, detail: str) -> bool:
        del now
        self.results.append((name, success, detail))
        changed = self.verdicts.get(name) is not success
        self.verdicts[name] = success
        return changed

    @property
    def told(self) -> list[str]:
        """Lines of the log but for those of a machine too busy to run a script within its interval."""
        return [line for line in self.log.lines if not line.endswith("expect idle - skipping run")]

    def until_results(self, count: int) -> None:
        run_until(self.loop, lambda: len(self.results) >= count, self.log.lines)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.tracker.stop()
    made.programs.close(3.0)
    made.loop.close()


def script(text: str, *, name: str = "chk", interval: float = 0.1, **settings: object) -> VrrpScript:
    command = Script(words=("/bin/sh", "-c", text), path="/bin/sh")
    return VrrpScript.make({"name": name, "script": command, "interval": interval, "timeout": 30.0, **settings})


def test_script_runs_at_once_and_again_and_its_results_are_told(bench: Bench) -> None:
    bench.tracker.take([script("exit 0")])
    bench.until_results(3)
    assert bench.results[:3] == [("chk", True, "exited with status 0")] * 3
    assert bench.told == ["VRRP_Script(chk) succeeded"]
    runs = bench.tracker.scripts["chk"].runs
    assert all((run.success, run.exit_code, run.error_line) == (True, 0, "") for run in runs)
    assert all(run.duration > 0 for run in runs)
    assert [run.started_at for run in runs] == sorted(run.started_at for run in runs)


def test_failure_is_told_with_its_exit_code_and_what_it_said(bench: Bench) -> None:
    bench.tracker.take([script("echo refused >&2; exit 2")])
    bench.until_results(2)
    assert bench.results[0] == ("chk", False, "exited with status 2")
    assert bench.told == [
        "Script `chk` now returning 2",
        "Script `chk` says: refused",
        "VRRP_Script(chk) failed (exited with status 2)",
    ]
    assert bench.tracker.scripts["chk"].runs[0].error_line == "refused"


def test_recovery_is_told(bench: Bench, tmp_path: Path) -> None:
    bench.tracker.take([script(f"[ -e {tmp_path}/good ]")])
    bench.until_results(1)
    (tmp_path / "good").touch()
    run_until(bench.loop, lambda: bench.verdicts["chk"])
    assert bench.told[-2:] == ["Script `chk` now returning 0", "VRRP_Script(chk) succeeded"]


def test_script_that_cannot_be_executed_fails_with_one_line(bench: Bench) -> None:
    command = Script(words=("/nonexistent",), path="/nonexistent")
    bench.tracker.take([VrrpScript.make({"name": "chk", "script": command, "interval": 0.4, "timeout": 30.0})])
    bench.until_results(3)
    assert set(bench.results) == {("chk", False, "could not be run: No such file or directory")}
    assert bench.log.lines == [
        "Script `chk` cannot be run: No such file or directory",
        "VRRP_Script(chk) failed (could not be run: No such file or directory)",
    ]


def test_timeout_is_a_failure_at_once_and_only_one(bench: Bench) -> None:
    bench.tracker.take([script("trap '' TERM; while :; do sleep 0.1; done", interval=3.0, timeout=2.0)])
    bench.until_results(1)
    watched = bench.tracker.scripts["chk"]
    assert bench.results == [("chk", False, "timed_out")]
    assert not watched.runs
    assert bench.log.lines == ["VRRP_Script(chk) timed_out"]
    run_until(bench.loop, lambda: watched.runs)
    assert bench.results == [("chk", False, "timed_out")]
    assert watched.runs[0].detail.startswith("timed out after ")
    assert "Track script chk is being timed out, expect idle - skipping run" in bench.log.lines
    bench.until_results(2)


def test_runs_are_skipped_while_one_lasts_with_few_lines_about_it(bench: Bench, tmp_path: Path) -> None:
    text = f"echo >> {tmp_path}/started; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"
    bench.tracker.take([script(text, interval=0.02, timeout=60.0)])
    watched = bench.tracker.scripts["chk"]
    run_until(bench.loop, lambda: watched.skipped > 20 and (tmp_path / "started").exists())
    assert (tmp_path / "started").read_text(encoding="ascii") == "\n"
    assert bench.log.lines == ["Track script chk is already running, expect idle - skipping run"] * 5
    (tmp_path / "go").touch()
    bench.until_results(2)


def test_skipped_runs_do_not_silence_what_a_script_says_in_the_end(bench: Bench, tmp_path: Path) -> None:
    text = f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; echo refused >&2; exit 2"
    bench.tracker.take([script(text, interval=0.02, timeout=60.0)])
    run_until(bench.loop, lambda: bench.tracker.scripts["chk"].skipped > 20)
    (tmp_path / "go").touch()
    bench.until_results(1)
    assert bench.told == [
        "Script `chk` now returning 2",
        "Script `chk` says: refused",
        "VRRP_Script(chk) failed (exited with status 2)",
    ]


def test_last_runs_are_kept_and_no_more(bench: Bench) -> None:
    bench.tracker.take([script("exit 0", interval=0.01)])
    bench.until_results(RUNS_KEPT + 3)
    assert len(bench.tracker.scripts["chk"].runs) == RUNS_KEPT


def test_due_times_stay_on_the_grid_of_the_interval() -> None:
    watched = WatchedScript(script("exit 0", interval=0.25), now=100.0)
    due = []
    for now in (100.0, 100.26, 101.3, 101.5):
        watched.advance(now)
        due.append(watched.due_at)
    assert due == [100.25, 100.5, 101.5, 101.75]


def test_reload_keeps_a_script_that_runs_the_same_and_starts_another_anew(bench: Bench) -> None:
    bench.tracker.take([script("exit 0", name="same"), script("exit 0", name="other"), script("exit 0", name="gone")])
    bench.until_results(6)
    same, other = bench.tracker.scripts["same"], bench.tracker.scripts["other"]
    bench.tracker.take([script("exit 0", name="same", interval=0.05, weight=3), script("exit 1", name="other")])
    assert list(bench.tracker.scripts) == ["same", "other"]
    assert bench.tracker.scripts["same"] is same
    assert same.definition.interval == 0.05
    assert bench.tracker.scripts["other"] is not other
    bench.results.clear()
    run_until(bench.loop, lambda: {name for name, _, _ in bench.results} == {"same", "other"}, bench.log.lines)
    bench.until_results(len(bench.results) + 4)
    assert ("other", False, "exited with status 1") in bench.results
    assert ("other", True, "exited with status 0") not in bench.results


def test_script_that_is_tracked_no_more_is_ended_and_not_heard_of(bench: Bench) -> None:
    bench.tracker.take([script("exec sleep 300", interval=100.0)])
    watched = bench.tracker.scripts["chk"]
    run_until(bench.loop, lambda: watched.program and watched.program.pid)
    bench.tracker.take([])
    run_until(bench.loop, lambda: not bench.programs.running)
    run_for(bench.loop, 0.2)
    assert bench.results == []
    assert bench.log.lines == []


def test_lost_run_is_no_result(bench: Bench) -> None:
    bench.tracker.take([script("exec sleep 300", interval=100.0)])
    watched = bench.tracker.scripts["chk"]
    run_until(bench.loop, lambda: watched.program and watched.program.pid)
    bench.programs._ended()
    assert bench.results == []
    assert watched.runs[0].detail == "could not be run: the process that starts programs has ended"
    assert watched.program is None
