"""Files watched by name, with real directories."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.file_watch import CONTENT_BYTES, MISSING, Content, FileWatch, read
from keepalived_py.kernel.inotify import decode
from keepalived_py.reactor import Reactor
from tests.unit.looping import run_for, run_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Watched:
    def __init__(self) -> None:
        self.loop = Reactor(longest_sleep=0.02)
        self.seen: list[tuple[str, Content]] = []
        self.watch = FileWatch(self.loop, lambda path, content: self.seen.append((path, content)))

    def until_holds(self, path: Path, text: bytes | None) -> None:
        run_until(self.loop, lambda: self.seen and self.seen[-1] == (str(path), Content(text)), self.seen)
        self.seen.clear()


@pytest.fixture
def watched() -> Iterator[Watched]:
    made = Watched()
    yield made
    made.watch.close()
    made.loop.close()


def test_content_is_returned_at_once_and_after_each_writing(watched: Watched, tmp_path: Path) -> None:
    path = tmp_path / "value"
    path.write_bytes(b"1\n")
    assert watched.watch.watch(str(path)) == Content(b"1\n")
    path.write_bytes(b"22\n")
    watched.until_holds(path, b"22\n")


def test_file_appears_is_replaced_by_rename_and_disappears(watched: Watched, tmp_path: Path) -> None:
    path, other = tmp_path / "value", tmp_path / "other"
    assert watched.watch.watch(str(path)) == MISSING
    path.write_bytes(b"5")
    watched.until_holds(path, b"5")
    other.write_bytes(b"6")
    other.rename(path)
    watched.until_holds(path, b"6")
    path.rename(other)
    watched.until_holds(path, None)
    os.link(other, path)
    watched.until_holds(path, b"6")
    path.unlink()
    watched.until_holds(path, None)


def test_file_that_is_created_is_read_when_it_has_been_written(watched: Watched, tmp_path: Path) -> None:
    path = tmp_path / "value"
    watched.watch.watch(str(path))
    with path.open("wb") as file:
        run_for(watched.loop, 0.1)
        assert watched.seen == []
        file.write(b"7")
    watched.until_holds(path, b"7")


def test_directories_appear_disappear_and_appear_again(watched: Watched, tmp_path: Path) -> None:
    path = tmp_path / "one" / "two" / "value"
    assert watched.watch.watch(str(path)) == MISSING
    for text in (b"1", b"2"):
        path.parent.parent.mkdir()
        run_for(watched.loop, 0.05)
        path.parent.mkdir()
        path.write_bytes(text)
        watched.until_holds(path, text)
        path.unlink()
        watched.until_holds(path, None)
        path.parent.rmdir()
        path.parent.parent.rmdir()
        run_for(watched.loop, 0.05)
        watched.seen.clear()


def test_whole_directory_is_moved_away_and_back(watched: Watched, tmp_path: Path) -> None:
    path = tmp_path / "one" / "value"
    path.parent.mkdir()
    path.write_bytes(b"3")
    watched.watch.watch(str(path))
    path.parent.rename(tmp_path / "two")
    watched.until_holds(path, None)
    (tmp_path / "two").rename(path.parent)
    watched.until_holds(path, b"3")


def test_symbolic_link_is_followed_as_it_changes(watched: Watched, tmp_path: Path) -> None:
    """As Kubernetes mounts configuration: value -> ..data/value, ..data -> directory."""
    for version in ("v1", "v2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "value").write_text(version, encoding="ascii")
    (tmp_path / "..data").symlink_to("v1")
    path = tmp_path / "value"
    path.symlink_to("..data/value")
    assert watched.watch.watch(str(path)) == Content(b"v1")
    (tmp_path / "new").symlink_to("v2")
    (tmp_path / "new").rename(tmp_path / "..data")
    watched.until_holds(path, b"v2")
    (tmp_path / "v2" / "value").write_text("v3", encoding="ascii")
    watched.until_holds(path, b"v3")


def test_neighbours_are_of_no_interest(watched: Watched, tmp_path: Path) -> None:
    path = tmp_path / "value"
    path.write_bytes(b"1")
    watched.watch.watch(str(path))
    (tmp_path / "neighbour").write_bytes(b"2")
    run_for(watched.loop, 0.1)
    assert watched.seen == []


def test_file_that_is_watched_no_more_is_of_no_interest(watched: Watched, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    watched.watch.watch(str(one))
    watched.watch.watch(str(two))
    watched.watch.unwatch(str(one))
    one.write_bytes(b"1")
    two.write_bytes(b"2")
    watched.until_holds(two, b"2")
    watched.watch.unwatch(str(two))
    two.write_bytes(b"3")
    run_for(watched.loop, 0.1)
    assert watched.seen == []


def test_what_is_no_ordinary_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read(str(tmp_path / "pipe")) == Content(None, "it is no ordinary file")
    assert read(str(tmp_path)) == Content(None, "it is no ordinary file")
    assert read(f"{tmp_path}/\0") == Content(None, "embedded null byte")


def test_large_file_is_read_a_little(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"1" * 100_000)
    assert read(str(tmp_path / "large")) == Content(b"1" * CONTENT_BYTES)


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_as_events(buffer: bytes) -> None:
    assert all(len(event.name) <= len(buffer) for event in decode(buffer))
