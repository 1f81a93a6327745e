"""The processes of this machine as /proc shows them: proc_pid_comm(5), proc_pid_cmdline(5), proc_pid_stat(5)."""

from __future__ import annotations

import os
from typing import NamedTuple

STAT_BYTES = 128


class Command(NamedTuple):
    """What a process is called.

    Attributes:
        comm: its short name, 15 bytes at most.
        line: its command line, each word followed by a zero; empty when it was not asked for.
    """

    comm: bytes
    line: bytes


def numbers() -> list[int]:
    """Return the numbers of all processes that can be seen."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - pathlib is slow to import


def command(pid: int, longest: int = 0) -> Command | None:
    """Return what a process is called; None when it is gone or has ended and waits to be waited for.

    Args:
        pid: its number.
        longest: bytes of its command line that are read, 0 for none. That may wait for memory that was swapped out.
    """
    stat = _read(f"/proc/{pid}/stat", STAT_BYTES)
    name, found, rest = stat.partition(b"(")[2].rpartition(b")")
    if not found or rest[1:2] in {b"Z", b"X"}:
        return None
    return Command(name, _read(f"/proc/{pid}/cmdline", longest) if longest else b"")


def _read(path: str, size: int) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, size)
    except OSError:  # it ended meanwhile
        return b""
    finally:
        os.close(descriptor)
