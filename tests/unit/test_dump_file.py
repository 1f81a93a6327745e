"""Dump files: where they go, and that nobody ever sees a part of one."""

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from keepalived_py.kernel.libc import LIBC, checked
from keepalived_py.observability import dump_file
from keepalived_py.observability.dump_names import DumpNames
from keepalived_py.observability.dump_writer import DumpWriter
from keepalived_py.observability.log import Log
from keepalived_py.reactor import Reactor
from tests.unit.looping import run_until

IN_CLOSE_WRITE = 0x8


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    made = Reactor(longest_sleep=0.05)
    yield made
    made.close()


class Told(Log):
    """A log that remembers its errors."""

    def __init__(self) -> None:
        super().__init__("x", syslog=False)
        self.errors: list[str] = []

    def error(self, text: str) -> None:
        self.errors.append(text)


@pytest.mark.parametrize(
    ("names", "process", "expected"),
    [
        (DumpNames(), "", "/tmp/keepalived.data"),
        (DumpNames(), "_parent", "/tmp/keepalived_parent.data"),
        (DumpNames(directory="/run/x"), "_check", "/run/x/keepalived_check.data"),
        (DumpNames(state_file="/var/lib/"), "", "/var/lib/keepalived.data"),
        (DumpNames(state_file="/var/lib/state.txt"), "_parent", "/var/lib/state_parent.txt"),
        (DumpNames(state_file="state"), "_bfd", "/tmp/state_bfd"),
        (DumpNames(distinction="red_one"), "", "/tmp/keepalived.red_one.data"),
        (DumpNames(state_file="/a/state", distinction="one"), "_parent", "/a/state_parent.one"),
    ],
)
def test_name_of_a_state_file_follows_keyword_directory_and_instance(
    names: DumpNames, process: str, expected: str
) -> None:
    assert names.state(process) == expected


def test_names_of_statistics_and_json_follow_their_keywords() -> None:
    assert (DumpNames().statistics, DumpNames().json) == ("/tmp/keepalived.stats", "/tmp/keepalived.json")
    told = DumpNames(directory="/run", statistics_file="s", json_file="/var/j/", distinction="one")
    assert (told.statistics, told.json) == ("/run/s", "/var/j/keepalived.json")


@pytest.mark.parametrize(("value", "expected"), [("", "/tmp"), ("relative", "/tmp"), ("/nowhere/at/all", "/tmp")])
def test_unusable_tmpdir_is_not_used(monkeypatch: pytest.MonkeyPatch, value: str, expected: str) -> None:
    monkeypatch.setenv("TMPDIR", value)
    assert dump_file.directory() == expected


def test_usable_tmpdir_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", f"{tmp_path}/")
    assert dump_file.directory() == str(tmp_path)


def test_file_is_replaced_whole_with_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    path = tmp_path / "keepalived.data"
    path.write_text("old", encoding="utf-8")
    before = os.umask(0o177)
    try:
        dump_file.write(str(path), "new\n")
    finally:
        os.umask(before)
    assert path.read_text(encoding="utf-8") == "new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["keepalived.data"]


def test_link_in_the_place_of_the_file_is_replaced_and_what_it_points_to_is_left_alone(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "keepalived.data"
    victim.write_text("precious", encoding="utf-8")
    path.symlink_to(victim)
    dump_file.write(str(path), "dump")
    assert victim.read_text(encoding="utf-8") == "precious"
    assert not path.is_symlink()
    assert path.read_text(encoding="utf-8") == "dump"


def test_directory_in_the_place_of_the_file_is_an_error_that_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "keepalived.data").mkdir()
    with pytest.raises(IsADirectoryError):
        dump_file.write(str(tmp_path / "keepalived.data"), "dump")
    assert [entry.name for entry in tmp_path.iterdir()] == ["keepalived.data"]


def test_watcher_of_the_name_is_told_that_it_was_closed_after_writing(tmp_path: Path) -> None:
    watcher = checked(LIBC.inotify_init1(os.O_NONBLOCK), "inotify_init1")
    checked(LIBC.inotify_add_watch(watcher, os.fsencode(tmp_path), IN_CLOSE_WRITE), "inotify_add_watch")
    dump_file.write(str(tmp_path / "keepalived.json"), "[]")
    events = os.read(watcher, 4096)
    os.close(watcher)
    assert events.endswith(b"keepalived.json".ljust(16, b"\0"))


def test_writer_writes_what_the_process_knew_when_it_was_asked(reactor: Reactor, tmp_path: Path) -> None:
    path, state = tmp_path / "dump", {"value": "before"}
    DumpWriter(reactor.watch_child, Told()).write(str(path), lambda: state["value"])
    state["value"] = "after"
    run_until(reactor, path.exists)
    assert path.read_text(encoding="utf-8") == "before"


def test_requests_that_come_while_a_file_is_written_become_one_more(reactor: Reactor, tmp_path: Path) -> None:
    path = tmp_path / "dump"
    writer = DumpWriter(reactor.watch_child, Told())
    for number in range(5):
        writer.write(str(path), lambda number=number: str(number))  # type: ignore[misc]
    run_until(reactor, lambda: path.exists() and path.read_text(encoding="utf-8") == "4")


@pytest.mark.parametrize("directory", ["missing", "file"])
def test_file_that_cannot_be_written_is_named_with_the_reason(reactor: Reactor, tmp_path: Path, directory: str) -> None:
    (tmp_path / "file").touch()
    log = Told()
    path = f"{tmp_path}/{directory}/dump"
    DumpWriter(reactor.watch_child, log).write(path, lambda: "")
    run_until(reactor, lambda: log.errors)
    reason = {"missing": "No such file or directory", "file": "Not a directory"}[directory]
    assert log.errors == [f"Unable to write {path}: {reason}"]


def test_dump_that_cannot_be_made_is_said_and_the_next_is_written(reactor: Reactor, tmp_path: Path) -> None:
    log, path = Told(), tmp_path / "dump"
    writer = DumpWriter(reactor.watch_child, log)
    writer.write(str(path), lambda: chr(-1))
    run_until(reactor, lambda: log.errors)
    assert log.errors == [f"Unable to write {path}: its process failed"]
    writer.write(str(path), lambda: "whole")
    run_until(reactor, path.exists)


def test_reader_at_any_moment_finds_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "dump"
    texts = {letter * 50_000 for letter in "ab"}
    dump_file.write(str(path), "a" * 50_000)
    done = threading.Event()

    def write() -> None:
        for _ in range(100):
            for text in texts:
                dump_file.write(str(path), text)
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    while not done.is_set():
        assert path.read_text(encoding="utf-8") in texts
    thread.join()
