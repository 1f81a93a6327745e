"""A named pipe that somebody reads the news from, a line each (mkfifo(3), fifo(7)).

Writing never blocks: what does not fit, because nobody reads, is dropped and counted.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from keepalived_py.observability.budget import LineBudget

if TYPE_CHECKING:
    from keepalived_py.observability.log import Log

MODE = 0o644
"""Permissions of a pipe that we make; the umask takes its part away, as keepalived's does."""
COMPLAINT_INTERVAL = 60.0
"""Seconds between two log lines about a full pipe."""


class NotifyFifo:
    """One pipe.

    Args:
        path: where it is, or is made.
        uid: owner of one that we make, and besides ourselves the only one whose pipe is taken; None for ourselves.
        gid: its group; None for ours.
        log: of the process.

    Attributes:
        dropped: lines that had no room.
    """

    def __init__(self, path: str, uid: int | None, gid: int | None, log: Log) -> None:
        self.path = path
        self.uid = os.geteuid() if uid is None else uid
        self.gid = os.getegid() if gid is None else gid
        self.dropped = 0
        self._log = log
        self._descriptor = -1
        self._made = False
        self._complaints = LineBudget(1, COMPLAINT_INTERVAL)
        self._untold = 0

    @property
    def is_open(self) -> bool:
        """Whether there is a pipe to write to."""
        return self._descriptor >= 0

    @property
    def is_in_place(self) -> bool:
        """Whether the pipe is what is at its path: others may have removed or replaced it."""
        try:
            there, ours = os.lstat(self.path), os.fstat(self._descriptor)
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)

    def open(self) -> bool:
        """Make the pipe unless it is there, and open it; return whether it can be used. Problems are logged."""
        try:
            os.mkfifo(self.path, MODE)
            self._made = True
        except FileExistsError:
            pass
        except OSError as problem:
            self._log.error(f"Unable to create notify fifo {self.path}: {problem.strerror}")
            return False
        refusal = self._open()
        if refusal:
            self._log.error(f"Unable to use notify fifo {self.path}: {refusal}")
            self.close()
        return self.is_open

    def _open(self) -> str:
        """Open what is at the path; return why it is not to be used, or an empty text."""
        try:
            if not stat.S_ISFIFO(os.lstat(self.path).st_mode):  # opening a device may do something
                return "it is not a fifo"
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
            found = os.fstat(self._descriptor)
            if not stat.S_ISFIFO(found.st_mode):
                return "it is not a fifo"
            if found.st_uid not in {os.geteuid(), self.uid}:
                return f"it belongs to user {found.st_uid}"
            if self._made and (found.st_uid, found.st_gid) != (self.uid, self.gid):
                os.fchown(self._descriptor, self.uid, self.gid)
        except OSError as problem:
            return problem.strerror or str(problem)
        return ""

    def write(self, line: bytes, now: float) -> None:
        """Write one line, whole or not at all.

        Args:
            line: with its line feed; PIPE_BUF bytes at most are written in one piece.
            now: monotonic seconds.
        """
        if not self.is_open:
            return
        try:
            os.write(self._descriptor, line)
        except BlockingIOError:
            self._drop(now)
        except OSError as problem:
            self._log.error(f"Writing to notify fifo {self.path}: {problem.strerror}")
            self._drop(now)

    def _drop(self, now: float) -> None:
        self.dropped += 1
        self._untold += 1
        if self._complaints.allows(now):
            lines = "a line was" if self._untold == 1 else f"{self._untold} lines were"
            self._log.warning(f"Notify fifo {self.path} is full, nobody reads it: {lines} dropped")
            self._untold = 0

    def close(self) -> None:
        """Close the pipe, and remove it if we made it: removed first, so that no reader opens it again."""
        made, self._made = self._made, False
        if made and (not self.is_open or self.is_in_place):
            try:
                os.unlink(self.path)  # noqa: PTH108 - pathlib is slow to import
            except OSError as problem:
                self._log.warning(f"Unable to remove notify fifo {self.path}: {problem.strerror}")
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
