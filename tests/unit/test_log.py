import fcntl
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from keepalived_py.observability.log import Log


@pytest.fixture
def syslogd(tmp_path: Path) -> Iterator[socket.socket]:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(tmp_path / "log"))
    listener.settimeout(30)
    yield listener
    listener.close()


def test_info_line_carries_priority_and_ident_without_pid(tmp_path: Path, syslogd: socket.socket) -> None:
    log = Log("Keepalived_vrrp", 16, path=str(tmp_path / "log"))
    log.info("hello")
    assert not log.flush()
    line = syslogd.recv(1024).decode()
    assert line.startswith("<134>")
    assert line.endswith(" Keepalived_vrrp: hello")
    log.close()


def test_nothing_leaves_before_flush(tmp_path: Path, syslogd: socket.socket) -> None:
    log = Log("x", path=str(tmp_path / "log"))
    log.info("later")
    syslogd.setblocking(False)
    with pytest.raises(BlockingIOError):
        syslogd.recv(1024)
    log.close()
    assert syslogd.recv(1024).endswith(b"later")


def test_flush_with_a_limit_says_that_lines_are_left(tmp_path: Path, syslogd: socket.socket) -> None:
    log = Log("x", path=str(tmp_path / "log"))
    log.info("one\ntwo\nthree")
    assert log.flush(2)
    assert not log.flush(2)
    assert [syslogd.recv(1024).split(b": ")[1] for _ in range(3)] == [b"one", b"two", b"three"]
    log.close()


def test_absent_syslogd_is_not_looked_for_in_every_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    original = socket.socket

    def counted(*arguments: int) -> socket.socket:
        made.append(1)
        return original(*arguments)

    monkeypatch.setattr("keepalived_py.observability.log.socket.socket", counted)
    log = Log("x", path=str(tmp_path / "absent"))
    log.info("waiting")
    for _turn in range(100):
        log.flush()
    assert len(made) == 1


def test_lines_survive_a_restart_of_syslogd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keepalived_py.observability.log.CONNECT_PAUSE", 0.0)
    path = tmp_path / "log"
    first = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    first.bind(str(path))
    log = Log("x", path=str(path))
    log.info("before")
    log.flush()
    first.close()
    path.unlink()
    log.info("while away")
    log.flush()
    log.flush()
    second = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    second.bind(str(path))
    second.settimeout(30)
    log.info("after")
    log.flush()
    assert second.recv(1024).endswith(b"while away")
    assert second.recv(1024).endswith(b"after")
    log.close()
    second.close()


def test_console_does_not_wait_for_syslogd(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = Log("x", console=True, path=str(tmp_path / "absent"))
    log.info("visible")
    log.flush()
    assert capfd.readouterr().err.endswith(": visible\n")


def test_overflow_is_counted_and_said(tmp_path: Path, syslogd: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keepalived_py.observability.log.QUEUE_LIMIT", 2)
    log = Log("x", path=str(tmp_path / "log"))
    log.info("a\nb\nc")
    log.flush()
    log.flush()
    assert [syslogd.recv(1024).split(b": ", 1)[1] for _ in range(3)] == [
        b"b",
        b"c",
        b"1 log lines were lost while syslogd was away",
    ]
    log.close()


def test_verbose_line_needs_detail(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Log("x", console=True, syslog=False, immediate=True).verbose("quiet")
    Log("x", console=True, syslog=False, immediate=True, detail=1).verbose("loud")
    assert capfd.readouterr().err.endswith(": loud\n")


@contextmanager
def full_console() -> Iterator[int]:
    """Standard error is a pipe that nobody reads and that is full; gives the end to read from."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 8192)
    os.write(writer, b"x" * 8192)
    before = os.dup(2)
    os.dup2(writer, 2)
    os.close(writer)
    yield reader
    os.dup2(before, 2)
    os.close(before)
    os.close(reader)


def test_full_console_holds_up_neither_the_caller_nor_syslog_and_loses_nothing(
    tmp_path: Path, syslogd: socket.socket
) -> None:
    log = Log("x", console=True, path=str(tmp_path / "log"))
    log.info("one\ntwo")
    with full_console() as reader:
        assert not log.flush()
        assert [syslogd.recv(1024).split(b": ")[1] for _ in range(2)] == [b"one", b"two"]
        os.read(reader, 8192)
        assert not log.flush()
        assert [line[-5:] for line in os.read(reader, 4096).splitlines()] == [b": one", b": two"]
    log.close()


def test_line_longer_than_a_page_is_cut_on_the_console(capfd: pytest.CaptureFixture[str]) -> None:
    Log("x", console=True, syslog=False, immediate=True).info("y" * 10_000)
    line = capfd.readouterr().err
    assert (len(line), line[-2:]) == (4096, "y\n")


@pytest.fixture
def busy(tmp_path: Path, syslogd: socket.socket) -> Iterator[Log]:
    """A log whose last line syslogd has no room for."""
    log = Log("x", path=str(tmp_path / "log"), immediate=True)
    number = 0
    while not log.waiting:
        log.info(str(number))
        number += 1
    yield log
    syslogd.setblocking(False)
    log.close()


def test_line_for_a_busy_syslogd_waits_until_it_is_asked_again(busy: Log, syslogd: socket.socket) -> None:
    assert not busy.flush()
    assert busy.waiting
    syslogd.recv(1024)
    busy.flush()
    assert not busy.waiting


def test_last_line_of_a_process_waits_for_a_busy_syslogd(busy: Log, syslogd: socket.socket) -> None:
    later = threading.Timer(0.1, syslogd.recv, [1024])
    later.start()
    busy.drain(30)
    later.join()
    assert not busy.waiting


def test_last_line_of_a_process_waits_no_longer_than_it_may(busy: Log) -> None:
    busy.drain(0.05)
    assert busy.waiting
    busy.disown()
    assert not busy.waiting


def test_last_line_of_a_process_waits_for_no_syslogd_that_is_away(tmp_path: Path) -> None:
    log = Log("x", path=str(tmp_path / "absent"))
    log.info("unheard")
    began = time.monotonic()
    log.drain(60)
    assert time.monotonic() - began < 30
    log.close()
