"""Reads the configuration for a reload in a process of its own.

Fifty thousand lines take half a second, in which the parent must hear signals, judge its children and start new ones.
What the process has read is staged in the shared snapshot, which the parent only has to commit; the little that the
parent itself needs comes back through a memfd, which can be of any size and never blocks.
"""

from __future__ import annotations

import os
import signal
import time
from _pickle import dumps, loads
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from keepalived_py.errors import ExitCode
from keepalived_py.kernel.process import die_with_parent
from keepalived_py.structure import structure
from keepalived_py.watchdog.configuration import parents_part
from keepalived_py.watchdog.last_words import CrashReport, LastWords

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.config.model import Config
    from keepalived_py.observability.log import Log
    from keepalived_py.watchdog.configuration import Reader

LIMIT = 60.0
"""Seconds that reading may take: a file on a dead server would otherwise stand in the way of every later reload."""


class Stage(Protocol):
    """Where the process leaves what it has read."""

    def stage(self, config: Config) -> Any:
        """Store `config` for all processes; return what `commit` needs to put it in force."""


@structure
class Accepted:
    """A configuration that may be put in force.

    Attributes:
        config: the parent's part of it.
        staged: what `commit` of the snapshot needs.
        errors: what is wrong with it, and may also be wrong at the next reload.
    """

    config: Config
    staged: Any
    errors: frozenset[str]


class Rereader:
    """The process that reads, while there is one.

    Args:
        reader: reads, checks, logs what is wrong.
        store: gets what was read.
        log: the parent's log.

    Attributes:
        pid: None while nothing is being read.
        give_up_at: when it has taken too long.
    """

    def __init__(self, reader: Reader, store: Stage, log: Log) -> None:
        self._reader = reader
        self._store = store
        self._log = log
        self._report = CrashReport()
        self._memory = os.memfd_create("keepalived-reload", os.MFD_CLOEXEC)
        self.pid: int | None = None
        self.give_up_at = float("inf")

    def begin(self, current: Config, before: Callable[[], None]) -> None:
        """Start reading; `before` lets go, in the process, of what is the parent's alone. Raises OSError."""
        os.ftruncate(self._memory, 0)
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            self._live(current, before, parent)
        self.pid = pid
        self.give_up_at = time.monotonic() + LIMIT

    def take(self, status: int) -> Accepted | None:
        """Return what was read by the process that ended with wait status `status`; None when it is no good."""
        self._over()
        if status:
            self._log.error(f"Reading the configuration failed: {' '.join(self._report.take()) or status}")
            self._log.error("Reload refused: the configuration in force stays")
            return None
        size = os.fstat(self._memory).st_size
        if not size:
            return None  # the process has logged the reasons
        accepted: Accepted = loads(os.pread(self._memory, size, 0))
        self._reader.accepted = accepted.errors
        return accepted

    def kill(self) -> None:
        """End the process; it is waited for like any other child."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            self.give_up_at = float("inf")

    def abandon(self) -> None:
        """End the process, if there is one, and wait for it: nobody wants its answer."""
        if self.pid is not None:
            self.kill()
            os.waitpid(self.pid, 0)
            self._over()

    def _over(self) -> None:
        self.pid = None
        self.give_up_at = float("inf")

    def _live(self, current: Config, before: Callable[[], None], parent: int) -> NoReturn:
        """Be the process; nothing of the parent's code runs in it afterwards."""
        code: int = ExitCode.BUG
        try:
            words = LastWords(self._log, self._report)
            with words:
                self._report.enable()
                before()
                if die_with_parent(signal.SIGKILL, parent):
                    self._read(current)
                words.exit_code = ExitCode.OK
            code = words.exit_code
        finally:
            os._exit(code)

    def _read(self, current: Config) -> None:
        config = self._reader.again(current)
        if config is not None:
            accepted = Accepted(parents_part(config), self._store.stage(config), self._reader.accepted)
            os.pwrite(self._memory, dumps(accepted), 0)
