"""The file that asks for a reload: seen when it appears, changes and goes."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from keepalived_py.watchdog.reload_schedule import ReloadSchedule

NOON = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Watched:
    def __init__(self, path: Path, *, repeat: bool = False) -> None:
        self.path = path
        self.lines: list[str] = []
        log: Any = SimpleNamespace(info=self.lines.append)
        self.schedule = ReloadSchedule(str(path), log, repeat=repeat)

    def write(self, text: str) -> None:
        """Replace the file, so that it is another one even within one tick of the file system's clock."""
        new = self.path.with_suffix(".new")
        new.write_text(text)
        new.rename(self.path)

    def due(self, after: float) -> bool:
        return self.schedule.due(NOON + after)

    def said(self) -> list[str]:
        said, self.lines[:] = self.lines[:], []
        return said


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "when")


def test_file_that_appears_plans_one_reload_and_is_removed_by_it(watched: Watched) -> None:
    assert watched.due(0) is False
    watched.write("12:00:10\n")
    assert [watched.due(1), watched.due(9.9), watched.due(10), watched.due(11)] == [False, False, True, False]
    assert watched.said() == [
        "Scheduling reload for 2026-07-01 12:00:10",
        f"Reloading at the time that {watched.path} gives: 2026-07-01 12:00:10",
    ]
    assert not watched.path.exists()


def test_file_that_changes_moves_the_reload(watched: Watched) -> None:
    watched.write("12:00:10")
    watched.due(1)
    watched.write("12:00:20\nthe rest does not matter")
    assert [watched.due(2), watched.due(10), watched.due(20)] == [False, False, True]
    assert watched.said()[1] == "Reload time updated from 2026-07-01 12:00:10 to 2026-07-01 12:00:20"


def test_file_that_goes_cancels_the_reload(watched: Watched) -> None:
    watched.write("12:00:10")
    watched.due(1)
    watched.path.unlink()
    assert [watched.due(2), watched.due(10)] == [False, False]
    assert watched.said()[1:] == ["Cancelling reload scheduled for 2026-07-01 12:00:10"]


def test_file_that_becomes_nonsense_cancels_the_reload_and_says_why(watched: Watched) -> None:
    watched.write("12:00:10")
    watched.due(1)
    watched.write("tomorrow")
    assert [watched.due(2), watched.due(10)] == [False, False]
    said = watched.said()
    assert said[1].startswith("Invalid reload time 'tomorrow' specified - ignoring: use HH:MM:SS")
    assert said[2:] == ["Cancelling reload scheduled for 2026-07-01 12:00:10"]


def test_time_without_a_day_comes_again_if_that_is_wanted(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "when", repeat=True)
    watched.write("12:00:10")
    day = 86_400
    assert [watched.due(after) for after in (0, 10, 11, day + 9, day + 10)] == [False, True, False, False, True]
    assert watched.path.exists()
    assert watched.said()[2] == "Scheduling reload for 2026-07-02 12:00:10"


def test_moment_with_a_day_is_removed_even_if_times_come_again(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "when", repeat=True)
    watched.write("2026-07-01 12:00:10")
    assert [watched.due(1), watched.due(10)] == [False, True]
    assert not watched.path.exists()


def test_machine_that_slept_over_the_moment_reloads_when_it_wakes(watched: Watched) -> None:
    watched.write("2026-07-01 12:00:10")
    assert [watched.due(1), watched.due(5000), watched.due(5001)] == [False, True, False]


@pytest.mark.parametrize("kind", ["directory", "pipe"])
def test_what_is_no_plain_file_is_no_plan(watched: Watched, kind: str) -> None:
    if kind == "directory":
        watched.path.mkdir()
    else:
        os.mkfifo(watched.path)
    assert [watched.due(1), watched.due(2)] == [False, False]
    assert len(watched.said()) == 1
