"""Sysctl files and what a process tells the kernel about itself."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from keepalived_py.errors import ConfigError
from keepalived_py.kernel import namespace, process, scheduling, sysctl
from keepalived_py.kernel.libc import LIBC

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def in_a_child(action: Callable[[], bool]) -> bool:
    """Run `action` in a fork, so that it changes nothing here, and return what it returned."""
    pid = os.fork()
    if pid == 0:
        code = 2
        try:
            code = 0 if action() else 1
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) in {0, 1}
    return os.waitstatus_to_exitcode(status) == 0


def test_sysctl_path_takes_an_interface_name_with_a_dot() -> None:
    assert sysctl.path_of("net/ipv4/conf/*/arp_ignore", "vrrp.51") == "/proc/sys/net/ipv4/conf/vrrp.51/arp_ignore"
    assert sysctl.path_of("net/ipv4/ip_forward") == "/proc/sys/net/ipv4/ip_forward"


def test_existing_sysctl_is_read_without_its_line_end() -> None:
    assert sysctl.read(sysctl.path_of("kernel/ostype")) == "Linux"


def test_missing_sysctl_reads_as_none_and_is_not_changed(tmp_path: Path) -> None:
    settings = sysctl.Settings()
    assert sysctl.read(str(tmp_path / "none")) is None
    assert settings.change(str(tmp_path / "none"), "1") is False
    assert not (tmp_path / "none").exists()


def test_changed_settings_get_their_first_values_back(tmp_path: Path) -> None:
    file, same, gone = (tmp_path / name for name in ("file", "same", "gone"))
    for path in (file, same, gone):
        path.write_text("0\n")
    settings = sysctl.Settings()
    assert settings.change(str(file), "1")
    assert settings.change(str(file), "2")
    assert settings.change(str(same), "0")
    assert settings.change(str(gone), "1")
    assert (file.read_text(), same.read_text()) == ("2", "0\n")
    gone.unlink()
    same.write_text("changed by somebody else")
    settings.restore()
    assert (file.read_text(), same.read_text(), gone.exists()) == ("0", "changed by somebody else", False)


def test_process_name_is_cut_to_what_the_kernel_keeps() -> None:
    def named() -> bool:
        process.set_name("keepalived_healthcheckers")
        with open("/proc/self/comm", encoding="ascii") as file:  # noqa: PTH123
            return file.read() == "keepalived_heal\n"

    assert in_a_child(named)


def test_child_dies_with_its_parent() -> None:
    code = """
import os, signal, sys
from keepalived_py.kernel import process
me = os.getpid()
reader, writer = os.pipe()
pid = os.fork()
if pid == 0:
    os.write(writer, b"1" if process.die_with_parent(signal.SIGKILL, me) else b"0")
    signal.pause()
assert os.read(reader, 1) == b"1"
print(pid, flush=True)
"""
    reply = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    descriptor = pidfd(int(reply.stdout))
    if descriptor is not None:
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        os.close(descriptor)
    assert descriptor is None


def pidfd(pid: int) -> int | None:
    """Return a descriptor of a process that lives on, waiting a second for it to end."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if poll.poll(1000):
        os.close(descriptor)
        return None
    return descriptor


def test_orphan_learns_that_its_parent_is_another() -> None:
    assert in_a_child(lambda: not process.die_with_parent(signal.SIGTERM, 999_999_999))


def test_process_is_dumpable_or_not_as_it_was_told() -> None:
    get_dumpable = 3  # PR_GET_DUMPABLE

    def told() -> bool:
        process.set_dumpable(dumpable=False)
        before = LIBC.prctl(get_dumpable, 0, 0, 0, 0)
        process.set_dumpable(dumpable=True)
        return (before, LIBC.prctl(get_dumpable, 0, 0, 0, 0)) == (0, 1)

    assert in_a_child(told)


def test_nice_value_and_processors_are_set() -> None:
    def arranged() -> bool:
        scheduling.set_nice(5)
        first = min(os.sched_getaffinity(0))
        scheduling.set_affinity([first])
        return os.getpriority(os.PRIO_PROCESS, 0) == 5 and os.sched_getaffinity(0) == {first}

    assert in_a_child(arranged)


def test_absent_processor_is_refused() -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        scheduling.set_affinity([1023])


def test_memory_is_locked_and_unlocked() -> None:
    def locked_pages() -> int:
        with open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123
            return next(int(line.split()[1]) for line in file if line.startswith("VmLck:"))

    def locked() -> bool:
        try:
            scheduling.lock_memory()
        except OSError:
            return os.getuid() != 0  # RLIMIT_MEMLOCK of an ordinary user
        held = locked_pages()
        scheduling.unlock_memory()
        return held > 0 and locked_pages() == 0

    assert in_a_child(locked)


def test_missing_namespace_is_an_error_of_the_configuration() -> None:
    with pytest.raises(ConfigError, match="Unable to open network namespace no-such-one: No such file or directory"):
        namespace.enter("no-such-one")
