"""Reads the tracked files and tells the numbers in them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keepalived_py.file_number import FileNumber, number_in
from keepalived_py.file_watch import Content, FileWatch
from keepalived_py.observability.budget import LineBudget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keepalived_py.config.model.tracking import TrackFile
    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor

LINES_AT_ONCE = 10
LINES_INTERVAL = 10.0
_MODE = 0o644


class FileTracker:
    """All files that are tracked.

    Args:
        reactor: clock; calls us when files change.
        log: of the process.
        read: called with the time, the name of a track_file and the number in it; for a missing file that is 0.
    """

    def __init__(self, reactor: Reactor, log: Log, read: Callable[[float, str, int], object]) -> None:
        self._reactor = reactor
        self._log = log
        self._read = read
        self._watch: FileWatch | None = None
        self._names: dict[str, list[str]] = {}
        self._budget = LineBudget(LINES_AT_ONCE, LINES_INTERVAL)

    def initialise(self, definitions: Iterable[TrackFile]) -> None:
        """Write the files that are to be written when the daemon starts."""
        for definition in definitions:
            start = definition.init_file
            if start is not None and definition.file is not None:
                self._write(definition.file, start.value, overwrite=start.overwrite)

    def take(self, definitions: Iterable[TrackFile]) -> None:
        """Watch these files from now on, and no others; their numbers are told at once."""
        earlier, self._names = self._names, {}
        for definition in definitions:
            if definition.file is not None:
                self._names.setdefault(os.path.abspath(definition.file), []).append(definition.name)  # noqa: PTH100
        if self._names and self._watch is None:
            self._open()
        if self._watch is None:
            return
        for path in earlier.keys() - self._names.keys():
            self._watch.unwatch(path)
        for path in self._names:
            self._changed(path, self._watch.watch(path))
        if not self._names:
            self._watch.close()
            self._watch = None

    def stop(self) -> None:
        """Watch nothing any more."""
        self.take(())

    def _open(self) -> None:
        try:
            self._watch = FileWatch(self._reactor, self._changed)
        except OSError as problem:
            self._log.error(f"Unable to monitor track files: {problem.strerror}")

    def _write(self, path: str, value: int, *, overwrite: bool) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            descriptor = os.open(path, flags | (os.O_TRUNC if overwrite else os.O_EXCL), _MODE)
        except FileExistsError:
            return
        except OSError as problem:
            self._log.error(f"Unable to initialise track file {path}: {problem.strerror}")
            return
        try:
            os.write(descriptor, b"%d\n" % value)
        finally:
            os.close(descriptor)

    def _changed(self, path: str, content: Content) -> None:
        now = self._reactor.time()
        names = self._names.get(path, [])
        if content.text is None:
            found = FileNumber(0, content.problem and f"{content.problem}: it counts as 0")
        else:
            found = number_in(content.text)
        if found.problem and self._budget.allows(now):
            self._log.info(f"Track file {', '.join(names)}: {path}: {found.problem}")
        if found.number is not None:
            for name in names:
                self._read(now, name, found.number)
