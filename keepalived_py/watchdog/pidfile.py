"""Pid files: one daemon at a time, and no daemon kept away by what a crash left behind.

The lock decides, not the file: an open file description lock (fcntl(2)), as keepalived 2.4 holds one. It passes to the
forked daemon, and it is gone with the last process that has the descriptor, however that process ended.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
import time
from typing import TYPE_CHECKING

from keepalived_py.errors import ExitCode, KeepalivedError, PermissionDeniedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_FLOCK = struct.Struct("hhqqi4x")
"""struct flock of a 64-bit Linux: l_type, l_whence, l_start, l_len, l_pid (0 for open file description locks)."""

LARGEST_PID = 1 << 22
"""PID_MAX_LIMIT of linux/threads.h."""

ORPHAN_WAIT = 3.0
"""How long the children of a dead parent may still hold their files while they release what they own."""


class AlreadyRunningError(KeepalivedError):
    """Another keepalived uses this pid file."""

    exit_code = ExitCode.OK


class PidFile:
    """A pid file that this daemon owns, or is about to.

    Args:
        path: where it is.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self, wait: float = 0.0) -> None:
        """Create and lock the file, trying for `wait` seconds.

        Raises:
            AlreadyRunningError: another keepalived has it.
            OSError: it cannot be created.
        """
        give_up_at = time.monotonic() + wait
        while not self._try():
            if time.monotonic() >= give_up_at:
                raise AlreadyRunningError(f"daemon is already running (pid file {self.path})")
            time.sleep(0.02)

    def _try(self) -> bool:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(self.path, flags, 0o644)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)  # it would be removed in the end: /dev/null must not be
            raise OSError(errno.EINVAL, "not a regular file")
        if not _lock(descriptor) or not _is_still(descriptor, self.path):
            os.close(descriptor)
            return False
        pid = _read(descriptor)
        if pid is not None and is_keepalived(pid, os.fstat(descriptor).st_mtime):
            os.close(descriptor)
            return False
        os.fchmod(descriptor, 0o644)
        self._descriptor = descriptor
        return True

    def write(self, pid: int) -> None:
        """Put `pid` into the file: one decimal number and a newline."""
        if self._descriptor is None:
            return
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, b"%d\n" % pid, 0)

    def close(self) -> None:
        """Let go of the file without removing it (another process of ours still has it)."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def remove(self) -> None:
        """Remove the file, if it is ours, and unlock it."""
        if self._descriptor is None:
            return
        if _is_still(self._descriptor, self.path):
            os.unlink(self.path)  # noqa: PTH108 - pathlib costs 5 ms of the start
        self.close()

    def fileno(self) -> int:
        """Return the open and locked descriptor."""
        if self._descriptor is None:
            raise ValueError(f"{self.path} is not ours")
        return self._descriptor


class PidFiles:
    """The pid files of one daemon: the parent's, which says that it runs, and one per child.

    Args:
        paths: process -> path, the parent first.
    """

    def __init__(self, paths: Mapping[str, str]) -> None:
        self.files = {process: PidFile(path) for process, path in paths.items()}

    def acquire(self) -> None:
        """Lock all of them, or none.

        Raises:
            AlreadyRunningError: another keepalived has one of them.
            PermissionDeniedError: we may not write there.
            KeepalivedError: one of them cannot be created for another reason.
        """
        wait = 0.0
        for file in self.files.values():
            try:
                os.makedirs(os.path.dirname(file.path) or ".", mode=0o755, exist_ok=True)  # noqa: PTH103, PTH120
                file.acquire(wait)
            except KeepalivedError:
                self.remove()
                raise
            except OSError as problem:
                self.remove()
                kind = PermissionDeniedError if problem.errno in (errno.EACCES, errno.EPERM) else KeepalivedError
                raise kind(f"Unable to create pid file {file.path}: {problem.strerror}") from problem
            wait = ORPHAN_WAIT

    def remove(self) -> None:
        """Remove those that are ours, the parent's last."""
        for file in reversed(self.files.values()):
            file.remove()

    def keep_only(self, process: str) -> None:
        """Let go of all but one, in the child of that kind: its lock then lasts as long as it lives."""
        for name, file in self.files.items():
            if name != process:
                file.close()


def _lock(descriptor: int) -> bool:
    request = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, request)
    except OSError as problem:
        if problem.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True


def _is_still(descriptor: int, path: str) -> bool:
    """Return whether `path` is still the file that was opened (its last owner may have removed it meanwhile)."""
    try:
        there = os.stat(path)  # noqa: PTH116 - pathlib costs 5 ms of the start
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), there)


def _read(descriptor: int) -> int | None:
    word = os.pread(descriptor, 32, 0).strip()
    pid = int(word) if word.isdigit() else 0
    return pid if 0 < pid <= LARGEST_PID else None


def is_keepalived(pid: int, written_at: float) -> bool:
    """Return whether `pid` is a running keepalived that can have written a pid file at `written_at` (epoch seconds).

    A process that began after the file was written got its number again by chance. The file of a keepalived 2.2,
    which holds no lock, is honoured this way too.
    """
    if pid in (os.getpid(), os.getppid()):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    import psutil  # noqa: PLC0415 - 20 ms, and needed only beside a pid file left by a crash

    try:
        process = psutil.Process(pid)
        words = process.cmdline()
        name = os.path.basename(words[0].split(" ")[0]) if words else process.name()  # noqa: PTH119 - as above
        return name == "keepalived" and process.create_time() <= written_at + 1.0 and not _is_zombie(process.status())
    except psutil.Error:
        return False


def _is_zombie(status: str) -> bool:
    return status == "zombie"
