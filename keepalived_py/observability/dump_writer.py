"""Writes dumps in short-lived processes: making one takes time, and a disk may take any time.

A fork is a picture of this process at one moment, so that a dump is consistent however long it takes to write, and the
loop goes on after the few milliseconds that the fork takes.
"""

from __future__ import annotations

import gc
import os
import signal
from typing import TYPE_CHECKING, NoReturn

from keepalived_py.observability import dump_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.observability.log import Log

LONGEST = 30
"""Seconds after which a writer is ended: the disk does not answer."""
_UNKNOWN = 255
"""Exit status of a writer that failed without an errno."""


class DumpWriter:
    """The writers of one process; at most one at a time for each file.

    Args:
        watch: calls back with (process number, exit code; negative for a signal) when a child has ended.
        log: told when a file could not be written.
    """

    def __init__(self, watch: Callable[[int, Callable[[int, int], object]], None], log: Log) -> None:
        self._watch = watch
        self._log = log
        self._waiting: dict[str, Callable[[], str] | None] = {}

    def write(self, path: str, make: Callable[[], str]) -> None:
        """Replace the file at `path` with what `make` returns.

        Args:
            path: absolute.
            make: called in the writer's process. While an earlier writer of this file is at work it waits for it, and
                whatever is asked for meanwhile becomes one more.
        """
        if path in self._waiting:
            self._waiting[path] = make
            return
        # No signal may reach our handlers in the copy: they would wake up the loop of the original.
        unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            pid = os.fork()
            if not pid:
                _be_writer(path, make)
        except OSError as problem:
            self._log.error(f"Unable to write {path}: {problem.strerror}")
            return
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)
        self._waiting[path] = None
        self._watch(pid, lambda _pid, code: self._ended(path, code))

    def _ended(self, path: str, code: int) -> None:
        if code:
            self._log.error(f"Unable to write {path}: {_reason(code)}")
        make = self._waiting.pop(path)
        if make is not None:
            self.write(path, make)


def _be_writer(path: str, make: Callable[[], str]) -> NoReturn:
    """Write the file and end; nothing of the process that this is a copy of runs here."""
    status = _UNKNOWN
    gc.disable()  # a collection writes to every object, and so copies what this process shares with the original
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
        signal.alarm(LONGEST)
        text = make()
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # locks, sockets: an owner that dies meanwhile must let go of them
        dump_file.write(path, text)
        status = 0
    except OSError as problem:
        status = problem.errno or _UNKNOWN
    finally:
        os._exit(status)


def _reason(code: int) -> str:
    """Return why a writer failed."""
    if code == -signal.SIGALRM:
        return "the disk does not answer"
    if code < 0:
        return f"its process was ended by signal {-code}"
    return "its process failed" if code == _UNKNOWN else os.strerror(code)
