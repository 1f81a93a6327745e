"""Processes counted, by events and by looking, with real ones."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from keepalived_py.config.model.tracking import TrackProcess
from keepalived_py.kernel.process_events import UnavailableError
from keepalived_py.reactor import Reactor
from keepalived_py.vrrp import process_tracker as module
from keepalived_py.vrrp.process_tracker import ProcessTracker
from tests.unit.looping import Lines, run_for, run_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Bench:
    def __init__(self, program: Path) -> None:
        self.program = program
        self.loop = Reactor(longest_sleep=0.02)
        self.log = Lines()
        self.counts: dict[str, list[int]] = {}
        self.tracker = ProcessTracker(self.loop, self.log, self.counted)
        self.processes: list[subprocess.Popen[bytes]] = []

    def counted(self, _now: float, name: str, count: int) -> None:
        self.counts.setdefault(name, []).append(count)

    def start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([str(self.program), "300"])
        self.processes.append(process)
        return process

    def end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
        self.processes.remove(process)

    def track(self, **settings: object) -> TrackProcess:
        return TrackProcess.make({"name": "p", "process": (self.program.name,), **settings})

    def until(self, *counts: int) -> None:
        run_until(self.loop, lambda: self.counts.get("p") == list(counts), (self.counts, self.log.lines))


@pytest.fixture(params=["events", "polling"])
def bench(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Give a bench with a program of a name that nobody else has; skip events where the kernel does not tell."""
    if request.param == "polling":
        monkeypatch.setattr(module, "ProcessMonitor", refuse)
        monkeypatch.setattr(module, "POLL_INTERVAL", 0.1)
    program = tmp_path / f"kp{tmp_path.name[-9:]}"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    made = Bench(program)
    made.tracker.take([made.track()])
    run_until(made.loop, lambda: made.counts)
    if request.param == "events":
        run_for(made.loop, module.CONFIRMATION + 0.2)
        if made.tracker.polling:
            made.tracker.stop()
            pytest.skip(made.tracker.polling)
    yield made
    for process in made.processes:
        process.kill()
        process.wait()
    made.tracker.stop()
    made.loop.close()


def refuse(*_arguments: object, **_settings: object) -> None:
    raise UnavailableError("the test forbids it")


def test_processes_are_counted_as_they_start_and_end(bench: Bench) -> None:
    bench.until(0)
    one = bench.start()
    bench.until(0, 1)
    two = bench.start()
    bench.until(0, 1, 2)
    bench.end(one)
    bench.until(0, 1, 2, 1)
    bench.end(two)
    bench.until(0, 1, 2, 1, 0)


def test_processes_that_run_already_are_found(bench: Bench) -> None:
    bench.start()
    bench.until(0, 1)
    bench.tracker.take([TrackProcess.make({"name": "whole", "process": (str(bench.program), "300")})])
    run_until(bench.loop, lambda: bench.counts.get("whole") == [1])
    assert bench.counts["p"] == [0, 1]


def test_end_waits_for_terminate_delay(bench: Bench) -> None:
    one = bench.start()
    bench.until(0, 1)
    bench.tracker.take([bench.track(terminate_delay=1.5)])
    bench.until(0, 1, 1)
    bench.end(one)
    run_for(bench.loop, 0.25)
    assert bench.counts["p"] == [0, 1, 1]
    bench.until(0, 1, 1, 0)


def test_reload_lets_a_delay_that_runs_run_on(bench: Bench) -> None:
    one = bench.start()
    bench.until(0, 1)
    definition = bench.track(terminate_delay=1.5)
    bench.tracker.take([definition])
    bench.until(0, 1, 1)
    bench.end(one)
    quorum = bench.tracker._quorums["p"]
    run_until(bench.loop, lambda: quorum.due_at)
    due_at = quorum.due_at

    bench.tracker.take([definition, TrackProcess.make({"name": "other", "process": ("none",)})])

    assert bench.counts["p"] == [0, 1, 1]
    assert bench.tracker._quorums["p"].due_at == due_at
    bench.until(0, 1, 1, 0)


def test_reload_with_another_quorum_tells_the_number_again(bench: Bench) -> None:
    bench.start()
    bench.until(0, 1)
    bench.tracker.take([bench.track(quorum=5)])
    bench.until(0, 1, 1)


def test_nothing_is_told_after_the_stop(bench: Bench) -> None:
    bench.tracker.stop()
    bench.start()
    run_for(bench.loop, 0.3)
    assert bench.counts["p"] == [0]


def test_polling_is_told_with_its_reason(bench: Bench) -> None:
    if bench.tracker.polling:
        assert bench.log.lines == ["track_process: the test forbids it: looking at /proc every 0.1 s instead"]
    else:
        assert bench.log.lines == []


def test_silent_kernel_is_noticed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.tracker.stop()
    bench.counts.clear()
    bench.tracker.polling = ""
    bench.log.lines.clear()
    monkeypatch.setattr(module, "ProcessMonitor", SilentMonitor)
    monkeypatch.setattr(module, "CONFIRMATION", 0.1)
    monkeypatch.setattr(module, "POLL_INTERVAL", 0.1)
    bench.tracker.take([bench.track()])
    run_until(bench.loop, lambda: bench.tracker.polling)
    assert bench.log.lines[0].startswith("track_process: the kernel does not tell of processes here")
    bench.start()
    bench.until(0, 1)


def test_lost_events_lead_to_another_look_and_a_larger_buffer(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.tracker.stop()
    bench.counts.clear()
    bench.tracker.polling = ""
    bench.log.lines.clear()
    monkeypatch.setattr(module, "ProcessMonitor", LossyMonitor)
    monkeypatch.setattr(module, "CONFIRMATION", 1000.0)
    monkeypatch.setattr(module, "SETTLE", 0.2)
    bench.tracker.take([bench.track()])
    bench.until(0)
    bench.start()
    LossyMonitor.last.lose()
    bench.until(0, 1)
    assert bench.log.lines == [
        "Setting global_def process_monitor_rcv_bufs to 2000 - recommend updating configuration file"
    ]


class SilentMonitor:
    """A connector that never says anything."""

    def __init__(self, *_arguments: object, **_settings: object) -> None:
        self._pair = os.pipe()

    def fileno(self) -> int:
        return int(self._pair[0])

    def close(self) -> None:
        for descriptor in self._pair:
            os.close(descriptor)


class LossyMonitor(SilentMonitor):
    """A connector that lost events."""

    last: LossyMonitor

    def __init__(self, *_arguments: object, **_settings: object) -> None:
        super().__init__()
        self.receive_buffer = 1000
        LossyMonitor.last = self

    def lose(self) -> None:
        os.write(self._pair[1], b"x")

    def resize(self, size: int, *, forced: bool) -> None:
        assert forced
        self.receive_buffer = size

    def events(self) -> tuple[list[object], bool]:
        os.read(self._pair[0], 1)
        return [], True
