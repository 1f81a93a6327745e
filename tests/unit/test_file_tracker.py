"""Tracked files, with real ones."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from keepalived_py.config.model.tracking import TrackFile
from keepalived_py.config.tracking_values import FileStart
from keepalived_py.file_tracker import FileTracker
from keepalived_py.reactor import Reactor
from tests.unit.looping import Lines, run_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Bench:
    def __init__(self) -> None:
        self.loop = Reactor(longest_sleep=0.02)
        self.log = Lines()
        self.numbers: list[tuple[str, int]] = []
        self.tracker = FileTracker(self.loop, self.log, lambda _now, name, number: self.numbers.append((name, number)))

    def until(self, name: str, number: int) -> None:
        run_until(self.loop, lambda: (name, number) in self.numbers, self.log.lines)
        self.numbers.clear()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.tracker.stop()
    made.loop.close()


def file(path: Path, name: str = "f", **settings: object) -> TrackFile:
    return TrackFile.make({"name": name, "file": str(path), **settings})


def test_number_is_told_at_once_and_when_it_changes(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "value"
    path.write_text("5\n", encoding="ascii")
    bench.tracker.take([file(path)])
    assert bench.numbers == [("f", 5)]
    path.write_text("-7\n", encoding="ascii")
    bench.until("f", -7)
    path.unlink()
    bench.until("f", 0)


def test_missing_file_counts_as_0_without_a_word(bench: Bench, tmp_path: Path) -> None:
    bench.tracker.take([file(tmp_path / "none" / "value")])
    assert bench.numbers == [("f", 0)]
    assert bench.log.lines == []


def test_bad_content_counts_as_0_and_a_number_out_of_range_not_at_all(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "value"
    path.write_text("up\n", encoding="ascii")
    bench.tracker.take([file(path)])
    assert bench.numbers == [("f", 0)]
    assert bench.log.lines == [f"Track file f: {path}: 'up' is no number: it counts as 0"]
    bench.numbers.clear()
    path.write_text("99999999999\n", encoding="ascii")
    run_until(bench.loop, lambda: len(bench.log.lines) == 2)
    assert bench.log.lines[1] == f"Track file f: {path}: 99999999999 is out of range: ignored"
    assert bench.numbers == []


def test_flood_of_bad_content_is_bounded_in_the_log(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "value"
    bench.tracker.take([file(path)])
    for number in range(30):
        path.write_text(f"bad{number}", encoding="ascii")
        run_until(bench.loop, lambda: len(bench.numbers) > number + 1)  # noqa: B023
    assert len(bench.log.lines) == 10


def test_directory_in_place_of_the_file_counts_as_0_and_is_told(bench: Bench, tmp_path: Path) -> None:
    bench.tracker.take([file(tmp_path)])
    assert bench.numbers == [("f", 0)]
    assert bench.log.lines == [f"Track file f: {tmp_path}: it is no ordinary file: it counts as 0"]


def test_two_names_for_one_file_are_both_told(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "value"
    bench.tracker.take([file(path, "one"), file(path, "two")])
    path.write_text("3", encoding="ascii")
    run_until(bench.loop, lambda: bench.numbers[-2:] == [("one", 3), ("two", 3)])


def test_reload_watches_the_new_files_and_not_the_old(bench: Bench, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    bench.tracker.take([file(old, "old")])
    bench.tracker.take([file(new, "new")])
    bench.numbers.clear()
    old.write_text("1", encoding="ascii")
    new.write_text("2", encoding="ascii")
    run_until(bench.loop, lambda: bench.numbers)
    assert bench.numbers == [("new", 2)]


def test_file_is_written_at_the_start_when_it_is_missing_or_to_be_overwritten(bench: Bench, tmp_path: Path) -> None:
    missing, kept, overwritten = (tmp_path / name for name in ("missing", "kept", "overwritten"))
    kept.write_text("11111\n", encoding="ascii")
    overwritten.write_text("22222\n", encoding="ascii")
    bench.tracker.initialise(
        [
            file(missing, init_file=FileStart(value=1)),
            file(kept, init_file=FileStart(value=2)),
            file(overwritten, init_file=FileStart(value=3, overwrite=True)),
            file(tmp_path / "untouched"),
        ]
    )
    texts = [path.read_text(encoding="ascii") for path in (missing, kept, overwritten)]
    assert texts == ["1\n", "11111\n", "3\n"]
    assert not (tmp_path / "untouched").exists()
    assert bench.log.lines == []


def test_file_that_cannot_be_written_is_told_and_a_link_is_not_followed(bench: Bench, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    start = FileStart(value=1, overwrite=True)
    places = (tmp_path / "none" / "value", link, pipe)
    bench.tracker.initialise([file(place, init_file=start) for place in places])
    assert [line.rpartition(": ")[0] for line in bench.log.lines] == [
        f"Unable to initialise track file {place}" for place in places
    ]
    assert not (tmp_path / "target").exists()
