"""Watches `reload_time_file` and says when the reload that it asks for is due.

The file is looked at once a second, and the wall clock with it: directories that come and go, files that are replaced,
clocks that are set and machines that slept all end well, which notifications and timers do not guarantee.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keepalived_py.watchdog.reload_time import BadTimeError, ReloadTime, reload_time

if TYPE_CHECKING:
    from keepalived_py.observability.log import Log

INTERVAL = 1.0
"""Seconds between two looks."""
LONGEST_LINE = 64
"""Bytes that are read; what is longer is no time."""

Stamp = tuple[int, int, int, int]
"""Device, inode, size and time of change: what tells one content of a file from the next."""


class ReloadSchedule:
    """One file to watch.

    Args:
        path: of the file, which need not exist yet.
        repeat: keep the file after the reload; a time without a day then comes again.
        log: where the log hears of each plan and each change of plan.
    """

    def __init__(self, path: str, log: Log, *, repeat: bool) -> None:
        self.path = path
        self.repeat = repeat
        self.interval = INTERVAL
        self._log = log
        self._stamp: Stamp | None = None
        self._planned: ReloadTime | None = None

    def due(self, now: float) -> bool:
        """Look at the file; return whether the reload must begin at `now` (seconds since the epoch).

        Says so once. The file is removed then, unless it is to be kept and has a time to come again.
        """
        if self._planned is not None and self._planned.at <= now:
            self._finish(self._planned)
            return True
        stamp = self._stamp_of_file()
        if stamp != self._stamp:
            self._stamp = stamp
            self._plan(self._read(now) if stamp else None)
        return False

    def _finish(self, planned: ReloadTime) -> None:
        self._log.info(f"Reloading at the time that {self.path} gives: {planned.text}")
        self._planned = self._stamp = None
        if planned.dated or not self.repeat:
            try:
                os.unlink(self.path)  # noqa: PTH108 - pathlib is slow to import
            except OSError as problem:
                self._log.info(f"Unable to remove {self.path} - {problem.strerror}")

    def _plan(self, planned: ReloadTime | None) -> None:
        before, self._planned = self._planned, planned
        if planned is None:
            if before is not None:
                self._log.info(f"Cancelling reload scheduled for {before.text}")
        elif before is None:
            self._log.info(f"Scheduling reload for {planned.text}")
        elif before.at != planned.at:
            self._log.info(f"Reload time updated from {before.text} to {planned.text}")

    def _stamp_of_file(self) -> Stamp | None:
        try:
            status = os.stat(self.path)  # noqa: PTH116
        except OSError:
            return None
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns

    def _read(self, now: float) -> ReloadTime | None:
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                line = os.read(descriptor, LONGEST_LINE).split(b"\n", 1)[0].decode("utf-8", "replace")
            finally:
                os.close(descriptor)
        except OSError as problem:
            self._log.info(f"Unable to read the reload time from {self.path} - {problem.strerror}")
            return None
        try:
            return reload_time(line, now)
        except BadTimeError as bad:
            self._log.info(f"Invalid reload time '{line}' specified - ignoring: {bad}")
            return None
