from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from keepalived_py.notify.fifo import NotifyFifo
from keepalived_py.observability.log import Log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINE = b'INSTANCE "VI_1" MASTER 100\n'


class Recorded(Log):
    """A log that keeps its lines."""

    def __init__(self) -> None:
        super().__init__("test", syslog=False)
        self.lines: list[str] = []

    def write(self, _level: object, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def log() -> Recorded:
    return Recorded()


@pytest.fixture
def fifo(tmp_path: Path, log: Recorded) -> Iterator[NotifyFifo]:
    made = NotifyFifo(str(tmp_path / "fifo"), os.geteuid(), os.getegid(), log)
    yield made
    made.close()


def read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return os.read(descriptor, 1 << 20)
    except BlockingIOError:
        return b""
    finally:
        os.close(descriptor)


def test_made_fifo_has_mode_0644_less_the_umask_and_is_removed_at_the_end(fifo: NotifyFifo) -> None:
    before = os.umask(0o022)
    try:
        assert fifo.open()
    finally:
        os.umask(before)
    found = os.stat(fifo.path)  # noqa: PTH116
    assert stat.S_ISFIFO(found.st_mode)
    assert stat.S_IMODE(found.st_mode) == 0o644
    fifo.close()
    assert not os.path.lexists(fifo.path)


def test_lines_wait_in_the_fifo_until_somebody_reads(fifo: NotifyFifo) -> None:
    assert fifo.open()
    fifo.write(LINE, 1.0)
    fifo.write(b'GROUP "G" FAULT 0\n', 1.0)
    assert read(fifo.path) == LINE + b'GROUP "G" FAULT 0\n'


def test_fifo_that_was_there_is_used_and_stays(fifo: NotifyFifo) -> None:
    os.mkfifo(fifo.path)
    assert fifo.open()
    fifo.write(LINE, 1.0)
    assert read(fifo.path) == LINE
    fifo.close()
    assert stat.S_ISFIFO(os.stat(fifo.path).st_mode)  # noqa: PTH116


def test_full_fifo_drops_counts_and_complains_once_a_minute(fifo: NotifyFifo, log: Recorded) -> None:
    assert fifo.open()
    for _ in range(4000):
        fifo.write(LINE, 1.0)
    capacity = 4000 - fifo.dropped
    assert 0 < capacity < 4000
    assert log.lines == [f"Notify fifo {fifo.path} is full, nobody reads it: a line was dropped"]
    fifo.write(LINE, 62.0)
    assert fifo.dropped == 4001 - capacity
    assert len(log.lines) == 2
    assert f"{4000 - capacity} lines were dropped" in log.lines[1]
    content = read(fifo.path)
    assert content == LINE * capacity, "no line was cut"


def test_file_that_is_no_fifo_is_refused_and_left_alone(fifo: NotifyFifo, log: Recorded, tmp_path: Path) -> None:
    (tmp_path / "fifo").write_text("precious", encoding="utf-8")
    assert not fifo.open()
    fifo.write(LINE, 1.0)
    fifo.close()
    assert (tmp_path / "fifo").read_text(encoding="utf-8") == "precious"
    assert log.lines == [f"Unable to use notify fifo {fifo.path}: it is not a fifo"]


def test_link_is_refused(fifo: NotifyFifo, log: Recorded, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "other")
    (tmp_path / "fifo").symlink_to(tmp_path / "other")
    assert not fifo.open()
    assert log.lines == [f"Unable to use notify fifo {fifo.path}: it is not a fifo"]


def test_directory_that_does_not_exist_is_named(log: Recorded) -> None:
    assert not NotifyFifo("/no/such/directory/fifo", 0, 0, log).open()
    assert log.lines == ["Unable to create notify fifo /no/such/directory/fifo: No such file or directory"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give files away")
def test_fifo_of_another_user_is_refused_unless_that_user_is_configured(
    fifo: NotifyFifo, log: Recorded, tmp_path: Path
) -> None:
    path = str(tmp_path / "fifo")
    os.mkfifo(path)
    os.chown(path, 65534, 65534)
    assert not fifo.open()
    assert log.lines == [f"Unable to use notify fifo {path}: it belongs to user 65534"]
    theirs = NotifyFifo(path, 65534, 65534, log)
    assert theirs.open()
    theirs.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give files away")
def test_made_fifo_belongs_to_its_configured_owner(log: Recorded, tmp_path: Path) -> None:
    fifo = NotifyFifo(str(tmp_path / "fifo"), 65534, 12345, log)
    assert fifo.open()
    found = os.stat(fifo.path)  # noqa: PTH116
    assert (found.st_uid, found.st_gid) == (65534, 12345)
    fifo.close()
