"""Reads the configuration for a reload in a process of its own.

Fifty thousand lines take half a second, in which the parent must hear signals, judge its children and start new ones.
What the process has read is staged in the shared snapshot, which the parent only has to commit; the little that the
parent itself needs comes back through a memfd, which can be of any size and never blocks.
"""

from __future__ import annotations

import gc
import os
import signal
import time
from _pickle import dumps, loads
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from keepalived_py.errors import ExitCode
from keepalived_py.kernel.process import die_with_parent
from keepalived_py.structure import structure
from keepalived_py.watchdog import reload_marker
from keepalived_py.watchdog.configuration import parents_part
from keepalived_py.watchdog.last_words import CrashReport, LastWords

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keepalived_py.config.familiar import Earlier, Prints
    from keepalived_py.config.model import Config
    from keepalived_py.observability.log import Log
    from keepalived_py.watchdog.configuration import Reader
    from keepalived_py.watchdog.places import Places

LIMIT = 60.0
"""Seconds that reading may take: a file on a dead server would otherwise stand in the way of every later reload."""
CHECK_LIMIT = 5.0
"""The same with `reload_check_config`."""


LOG_LIMIT = 2.0
"""Seconds that the process waits, before it ends, for a syslogd that cannot take its lines at once."""


class Stage(Protocol):
    """Where the process leaves what it has read."""

    def stage(self, config: Config, prints: Prints) -> Any:
        """Store `config` for all processes; return what `commit` needs to put it in force."""

    def earlier(self) -> Earlier:
        """Return what a reload may know of the configuration in force."""

    def current(self, *, servers: bool = True) -> tuple[int, Config]:
        """Return (generation, configuration) that are in force."""


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
        where: tells where the marker of a running reload is.

    Attributes:
        pid: None while nothing is being read.
        give_up_at: when it has taken too long.
    """

    def __init__(self, reader: Reader, store: Stage, log: Log, where: Places) -> None:
        self._reader = reader
        self._store = store
        self._log = log
        self._where = where
        self._count = 0
        self._marker: str | None = None
        self._report = CrashReport()
        self._memory = os.memfd_create("keepalived-reload", os.MFD_CLOEXEC)
        self.pid: int | None = None
        self.give_up_at = float("inf")

    def begin(self, current: Config, before: Callable[[], None], pids: Mapping[str, int]) -> None:
        """Start reading.

        Args:
            current: the parent's part of the configuration in force.
            before: lets go, in the process, of what is the parent's alone.
            pids: process numbers of the children, for the names of saved configurations.

        Raises:
            OSError: there can be no other process now.
        """
        os.ftruncate(self._memory, 0)
        self._count += 1
        parent = os.getpid()
        self._mark(current)
        try:
            pid = os.fork()
        except OSError:
            self._over()
            raise
        if not pid:
            self._live(current, before, parent, pids)
        self.pid = pid
        limit = LIMIT if current.global_defs.reload_check_config is None else CHECK_LIMIT
        self.give_up_at = time.monotonic() + limit

    def take(self, status: int) -> Accepted | None:
        """Return what was read by the process that ended with wait status `status`; None when it is no good."""
        self._over()
        if status:
            reason = " ".join(self._report.take()) or f"exit code {os.waitstatus_to_exitcode(status)}"
            self._log.error(f"Reading the configuration failed: {reason}")
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

    def _mark(self, current: Config) -> None:
        chosen = current.global_defs.reload_file
        if chosen is not None:
            self._marker = self._where.reload_file(chosen)
            reload_marker.create(self._marker, self._log)

    def _over(self) -> None:
        if self._marker is not None:
            reload_marker.remove(self._marker)
        self.pid = self._marker = None
        self.give_up_at = float("inf")

    def _live(self, current: Config, before: Callable[[], None], parent: int, pids: Mapping[str, int]) -> NoReturn:
        """Be the process; nothing of the parent's code runs in it afterwards."""
        code: int = ExitCode.BUG
        gc.disable()  # what is read stays until the end, which is near
        try:
            self._log.disown()
            words = LastWords(self._log, self._report)
            with words:
                self._report.enable()
                before()
                if die_with_parent(signal.SIGKILL, parent):
                    self._read(current, pids)
                words.exit_code = ExitCode.OK
            code = words.exit_code
            self._log.drain(LOG_LIMIT)
        finally:
            os._exit(code)

    def _read(self, current: Config, pids: Mapping[str, int]) -> None:
        config = self._reader.again(current, self._store.earlier())
        if config is not None:
            self._save(config, pids)
            staged = self._store.stage(config, self._reader.prints)
            accepted = Accepted(parents_part(config), staged, self._reader.accepted)
            os.pwrite(self._memory, dumps(accepted), 0)

    def _save(self, config: Config, pids: Mapping[str, int]) -> None:
        directory = config.global_defs.config_save_dir
        if directory is None:
            return
        from keepalived_py.watchdog.saved_configuration import SavedConfigurations  # noqa: PLC0415 - rare

        saved = SavedConfigurations(directory, self._count, self._log)
        saved.save(config, os.getppid())
        saved.save_change(self._store.current()[1], config, pids)
