"""Watches small files by name: written, replaced, removed, and their directories coming and going.

What is watched is the directory, not the file, so that a file may be replaced by rename; where the directory is
missing, the nearest one above it that exists; and for a symbolic link also the directory of what it points to.
Contents are read when somebody has finished writing them.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from keepalived_py.kernel import inotify
from keepalived_py.kernel.inotify import Inotify

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.kernel.inotify import FileEvent

CONTENT_BYTES = 128
"""Bytes of a file that are read."""
MOVES_AT_ONCE = 10
"""Attempts to watch a path whose directories come and go meanwhile."""

_CHANGES = (
    inotify.IN_CLOSE_WRITE
    | inotify.IN_CREATE
    | inotify.IN_DELETE
    | inotify.IN_MOVED_FROM
    | inotify.IN_MOVED_TO
    | inotify.IN_DELETE_SELF
    | inotify.IN_MOVE_SELF
    | inotify.IN_ONLYDIR
)
_SELF = inotify.IN_DELETE_SELF | inotify.IN_MOVE_SELF | inotify.IN_IGNORED


class Loop(Protocol):
    """What is needed of an event loop: our reactor and asyncio's loops both have it."""

    def add_reader(self, fd: Any, callback: Callable[..., object], *arguments: Any) -> object:
        """Call when a descriptor is readable."""

    def remove_reader(self, fd: Any) -> bool:
        """Stop reading."""


class Content(NamedTuple):
    """What a file holds.

    Attributes:
        text: its first bytes; None when it cannot be read.
        problem: why not; "" for a file that does not exist, which is no problem.
    """

    text: bytes | None
    problem: str = ""


MISSING = Content(None)


class FileWatch:
    """All files that one process watches.

    Args:
        loop: calls us.
        changed: called with a path and its content when the content may be another.

    Raises:
        OSError: the kernel has no more inotify instances for us.
    """

    def __init__(self, loop: Loop, changed: Callable[[str, Content], object]) -> None:
        self._loop = loop
        self._changed = changed
        self._inotify = Inotify()
        self._watches: dict[str, frozenset[int]] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._linked: set[str] = set()
        self._users: dict[int, set[str]] = {}
        loop.add_reader(self._inotify, self._happened)

    def close(self) -> None:
        """Watch nothing any more."""
        self._loop.remove_reader(self._inotify)
        self._inotify.close()

    def watch(self, path: str) -> Content:
        """Watch a file from now on; return what it holds."""
        self._watch(path)
        return read(path)

    def unwatch(self, path: str) -> None:
        """Do not watch a file any more."""
        for watch in self._watches.pop(path, ()):
            self._release(watch, path)
        self._names.pop(path, None)
        self._linked.discard(path)

    def _watch(self, path: str) -> None:
        real = os.path.realpath(path)
        self._names[path] = frozenset(f"{path}/{real}".split("/"))
        (self._linked.add if real != path else self._linked.discard)(path)
        wanted = self._watch_directories(path, real)
        for watch in wanted:
            self._users.setdefault(watch, set()).add(path)
        for watch in self._watches.get(path, frozenset()) - wanted:
            self._release(watch, path)
        self._watches[path] = wanted

    def _release(self, watch: int, path: str) -> None:
        users = self._users.get(watch)
        if users is not None:
            users.discard(path)
            if not users:
                del self._users[watch]
                self._inotify.unwatch(watch)

    def _watch_directories(self, path: str, real: str) -> frozenset[int]:
        """Watch the directories in which a change of a file shows; return the numbers of the watches."""
        directories = {_directory(path), _directory(real)}
        watches = [self._watch_nearest(directory) for directory in sorted(directories)]
        return frozenset(watch for watch in watches if watch is not None)

    def _watch_nearest(self, directory: str) -> int | None:
        """Watch a directory or the nearest one above it; look again when it appeared meanwhile."""
        for _ in range(MOVES_AT_ONCE):
            step = directory
            while True:
                try:
                    watch = self._inotify.watch(step, _CHANGES)
                    break
                except OSError:
                    if step == "/":
                        return None
                    step = _directory(step)
            if step == directory or not os.path.isdir(_child(step, directory)):  # noqa: PTH112 - pathlib is slow to import
                return watch
        return watch

    def _happened(self) -> None:
        affected: dict[str, None] = {}
        for event in self._inotify.events():
            affected.update(dict.fromkeys(self._affected(event)))
        for path in affected:
            if path in self._watches:
                self._watch(path)
                self._changed(path, read(path))

    def _affected(self, event: FileEvent) -> list[str]:
        if event.mask & inotify.IN_Q_OVERFLOW:
            return list(self._watches)
        paths = sorted(self._users.get(event.watch, ()))
        if event.mask & inotify.IN_IGNORED:  # its number means another directory from now on, or none
            self._users.pop(event.watch, None)
        if event.mask & _SELF:
            return paths
        return [path for path in paths if self._concerns(event, path)]

    def _concerns(self, event: FileEvent, path: str) -> bool:
        """Return whether an event in one of the watched directories can be about a file."""
        if event.name not in self._names[path]:
            return path in self._linked and bool(event.mask & ~inotify.IN_CLOSE_WRITE)
        if event.mask & inotify.IN_CREATE and event.name == path.rpartition("/")[2]:
            return _complete_already(path)
        return True


def read(path: str) -> Content:
    """Return what a file holds, CONTENT_BYTES at most. What is no ordinary file is not read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        return MISSING
    except (OSError, ValueError) as problem:
        return Content(None, getattr(problem, "strerror", None) or str(problem))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return Content(None, "it is no ordinary file")
        return Content(os.read(descriptor, CONTENT_BYTES))
    except OSError as problem:
        return Content(None, problem.strerror or str(problem))
    finally:
        os.close(descriptor)


def _complete_already(path: str) -> bool:
    """Return whether a file that was just created has its content: a link has, another will be written now."""
    try:
        entry = os.lstat(path)
    except OSError:
        return True
    return not stat.S_ISREG(entry.st_mode) or entry.st_nlink > 1


def _directory(path: str) -> str:
    return path.rstrip("/").rpartition("/")[0] or "/"


def _child(parent: str, below: str) -> str:
    """Return the entry of `parent` on the way to `below`."""
    rest = below.removeprefix(parent).lstrip("/")
    return f"{parent.rstrip('/')}/{rest.partition('/')[0]}"
