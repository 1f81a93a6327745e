"""Changes of files and directories as the kernel tells them (inotify(7))."""

from __future__ import annotations

import os
import struct
from typing import NamedTuple

from keepalived_py.kernel.libc import LIBC, checked

IN_CLOSE_WRITE = 0x008
IN_MOVED_FROM = 0x040
IN_MOVED_TO = 0x080
IN_CREATE = 0x100
IN_DELETE = 0x200
IN_DELETE_SELF = 0x400
IN_MOVE_SELF = 0x800
IN_Q_OVERFLOW = 0x4000
IN_IGNORED = 0x8000
IN_ONLYDIR = 0x0100_0000

_EVENT = struct.Struct("=iIII")
_BUFFER = 16_384
READS_AT_ONCE = 4


class FileEvent(NamedTuple):
    """Something that happened to a watched path.

    Attributes:
        watch: number of the watch; -1 when events were lost.
        mask: IN_* bits.
        name: of the entry of a watched directory; "" for the watched path itself.
    """

    watch: int
    mask: int
    name: str


class Inotify:
    """A descriptor that is readable when something happened to a watched path."""

    def __init__(self) -> None:
        self._descriptor = checked(LIBC.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK), "inotify_init1")

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def close(self) -> None:
        """Close it; all watches end."""
        os.close(self._descriptor)

    def watch(self, path: str, mask: int) -> int:
        """Watch a path; return the number of the watch, the same as before for the same inode. Raises OSError."""
        return checked(LIBC.inotify_add_watch(self._descriptor, os.fsencode(path), mask), "inotify_add_watch")

    def unwatch(self, watch: int) -> None:
        """End a watch; one that has ended by itself is no error."""
        LIBC.inotify_rm_watch(self._descriptor, watch)

    def events(self) -> list[FileEvent]:
        """Return what has happened; never waits."""
        found: list[FileEvent] = []
        for _ in range(READS_AT_ONCE):
            try:
                buffer = os.read(self._descriptor, _BUFFER)
            except BlockingIOError:
                break
            found += decode(buffer)
        return found


def decode(buffer: bytes) -> list[FileEvent]:
    """Return the events in a buffer (struct inotify_event of linux/inotify.h)."""
    found = []
    position = 0
    while position + _EVENT.size <= len(buffer):
        watch, mask, _cookie, length = _EVENT.unpack_from(buffer, position)
        position += _EVENT.size
        name = buffer[position : position + length].rstrip(b"\0")
        found.append(FileEvent(watch, mask, os.fsdecode(name)))
        position += length
    return found
