"""Process events: bytes by hand, and the kernel where it tells."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.kernel import process_events, processes, socket_options
from keepalived_py.kernel.process_events import (
    Happening,
    ProcessEvent,
    ProcessMonitor,
    UnavailableError,
    decode,
    filter_program,
    listen_request,
)


def datagram(what: int, *numbers: int, tail: bytes = b"") -> bytes:
    """Return a message as linux/cn_proc.h lays it out: nlmsghdr, cn_msg, proc_event."""
    event = struct.pack("=IIQ", what, 1, 123) + struct.pack(f"={len(numbers)}I", *numbers) + tail
    event = event.ljust(40, b"\0")
    connector = struct.pack("=IIIIHH", 1, 1, 9, 0, len(event), 0)
    return struct.pack("=IHHII", 36 + len(event), 3, 0, 9, 0) + connector + event


EVENTS = [
    (datagram(0, 0), ProcessEvent(Happening.CONFIRMED, 0)),
    (datagram(1, 10, 9, 11, 11), ProcessEvent(Happening.FORK, 11, parent=9)),
    (datagram(1, 10, 10, 12, 10), None),
    (datagram(2, 10, 10), ProcessEvent(Happening.EXEC, 10)),
    (datagram(2, 11, 10), None),
    (datagram(0x200, 10, 10, tail=b"web\0x"), ProcessEvent(Happening.COMM, 10, name=b"web")),
    (datagram(0x200, 11, 10, tail=b"web"), None),
    (datagram(0x80000000, 10, 10, 0, 17), ProcessEvent(Happening.EXIT, 10)),
    (datagram(0x80000000, 11, 10, 0, 17), None),
    (datagram(0x40000000, 10, 10), None),
    (datagram(4, 10, 10), None),
]


@pytest.mark.parametrize(("message", "event"), EVENTS)
def test_event_is_decoded(message: bytes, event: ProcessEvent | None) -> None:
    assert decode(message) == event


@given(st.binary(max_size=120))
def test_any_bytes_are_an_event_or_nothing(message: bytes) -> None:
    event = decode(message)
    assert event is None or isinstance(event.happening, Happening)


def test_filter_lets_exactly_those_events_pass_that_are_decoded() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    socket_options.attach_filter(ours, filter_program())
    passed = []
    for message, _ in EVENTS:
        theirs.send(message)
        try:
            passed.append(ours.recv(200))
        except BlockingIOError:
            passed.append(b"")
    ours.close()
    theirs.close()
    # a renaming of a thread passes: the filter compares its numbers like those of an exec
    assert passed == [message if event else b"" for message, event in EVENTS]


def test_request_is_what_cn_proc_expects() -> None:
    assert listen_request().hex() == (
        "28000000030000000000000000000000010000000100000000000000000000000400000001000000"
    )


@pytest.fixture
def monitor() -> ProcessMonitor:
    try:
        made = ProcessMonitor()
    except UnavailableError as problem:
        pytest.skip(f"no process events here: {problem}")
    if not wait(made, Happening.CONFIRMED, 0, 2.0):
        made.close()
        pytest.skip("the kernel does not tell of processes here")
    return made


def wait(monitor: ProcessMonitor, happening: Happening, pid: int, seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if any(event.happening is happening and event.pid == pid for event in monitor.events()[0]):
            return True
        time.sleep(0.01)
    return False


def test_kernel_tells_of_start_and_end(monitor: ProcessMonitor) -> None:
    with subprocess.Popen(["/bin/sleep", "300"]) as process:
        assert wait(monitor, Happening.EXEC, process.pid)
        process.kill()
        assert wait(monitor, Happening.EXIT, process.pid)
    monitor.close()


def test_kernel_does_not_tell_of_threads(monitor: ProcessMonitor) -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    with subprocess.Popen(["/bin/true"]) as process:
        process.wait()
    found: list[ProcessEvent] = []
    while not any(event == ProcessEvent(Happening.EXIT, process.pid) for event in found):
        found += monitor.events()[0]
    assert not [event for event in found if event.pid == os.getpid()]
    monitor.close()


def test_buffer_can_be_enlarged(monitor: ProcessMonitor) -> None:
    before = monitor.receive_buffer
    monitor.resize(2 * before, forced=True)
    assert monitor.receive_buffer == 2 * before
    monitor.close()


def test_missing_connector_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> socket.socket:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(process_events, "_connect", refuse)
    with pytest.raises(UnavailableError, match="CAP_NET_ADMIN is missing"):
        ProcessMonitor()


def test_process_is_shown_by_its_short_name_and_command_line() -> None:
    with subprocess.Popen(["/bin/sleep", "300"]) as process:
        try:
            while processes.command(process.pid, 100) != (b"sleep", b"/bin/sleep\x00300\x00"):  # not both at once
                time.sleep(0.01)
            assert processes.command(process.pid) == (b"sleep", b"")
            assert processes.command(process.pid, 4) == (b"sleep", b"/bin")
            assert process.pid in processes.numbers()
        finally:
            process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert processes.command(process.pid) is None
    assert processes.command(process.pid) is None
