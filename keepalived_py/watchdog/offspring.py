"""One kind of child and the process that currently is it."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, NoReturn

from keepalived_py.child import Child
from keepalived_py.errors import ExitCode
from keepalived_py.kernel.process import die_with_parent, set_name
from keepalived_py.observability.log import Log
from keepalived_py.structure import structure
from keepalived_py.watchdog.last_words import CrashReport, LastWords
from keepalived_py.watchdog.policy import Hang, Restart
from keepalived_py.watchdog.title import NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.child import ConfigSource, ControlPoint, Post
    from keepalived_py.options import Options
    from keepalived_py.watchdog.heartbeat import Slot
    from keepalived_py.watchdog.pidfile import PidFile


@structure
class Kind:
    """A kind of child.

    Attributes:
        name: for the log: "VRRP" or "Healthcheck".
        process: in names of files: "vrrp" or "check".
        ident: syslog tag of the child.
        run: the child's whole life; returns its exit code.
        pid_file: locked already; holds the number of the process while there is one.
        silence: seconds without a sign of life after which a child counts as hung.
        servers: whether it wants virtual servers in its configuration.
        signals: what is passed on to it.
        before: called first in the child: lets go of what is not its own.
        control: where it answers questions; None when it answers none.
        post: how it reaches the other children; None when it is alone.
    """

    name: str
    process: str
    ident: str
    run: Callable[[Child], int]
    pid_file: PidFile
    silence: float
    servers: bool
    signals: frozenset[int]
    before: Callable[[], None]
    control: ControlPoint | None = None
    post: Post | None = None


@structure
class Birthright:
    """What every child gets from the supervisor besides its own slot."""

    options: Options
    source: ConfigSource
    before: Callable[[], None]
    """Called first in the child: lets go of what is the supervisor's."""


class Offspring:
    """The child of one kind: its process, its deaths and its silences.

    Attributes:
        pid: its process; None while there is none.
        born_at: when its process was forked, monotonic seconds.
        deaths: how many of its processes ended without having been told to.
        start_at: when the next attempt is due; None while it runs or when no more are wanted.
    """

    def __init__(self, kind: Kind, slot: Slot) -> None:
        self.kind = kind
        self.slot = slot
        self.restart = Restart()
        self.hang = Hang(kind.silence)
        self.report = CrashReport()
        self.pid: int | None = None
        self.start_at: float | None = 0.0
        self.born_at = 0.0
        self.deaths = 0
        self._died_before = False

    @property
    def running(self) -> bool:
        """Whether it has said that a configuration is in effect."""
        return self.pid is not None and self.slot.generation > 0

    def look_at(self) -> float:
        """Return when its silence must be judged next, or its next attempt is due."""
        if self.pid is None:
            return float("inf") if self.start_at is None else self.start_at
        return self.hang.look_at(self.slot.stamp, running=self.running)

    def start(self, birthright: Birthright) -> int:
        """Fork it; return its process number. Raises OSError when the kernel refuses."""
        now = time.monotonic()
        self.slot.vacate(now)
        self.hang.started()
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            self._live(birthright, parent)
        self.pid, self.start_at, self.born_at = pid, None, now
        self.kind.pid_file.write(pid)
        return pid

    def kill(self, number: int) -> None:
        """Send it a signal, if there is a process to send it to."""
        if self.pid is not None:
            os.kill(self.pid, number)  # it cannot be somebody else's: we have not waited for it yet

    def stopped(self) -> None:
        """Its process has been waited for, and no other is wanted."""
        self.pid = self.start_at = None

    def died(self) -> float:
        """Its process has been waited for; plan the next attempt and return the delay before it."""
        now = time.monotonic()
        self.pid = None
        self._died_before = True
        self.deaths += 1
        delay = self.restart.died(now - self.born_at)
        self.start_at = now + delay
        return delay

    def postpone(self, now: float) -> None:
        """Plan another attempt after a fork that failed."""
        self.start_at = now + max(1.0, self.restart.died(0.0))

    def _live(self, birthright: Birthright, parent: int) -> NoReturn:
        """Be the child, until the end: whatever happens, nothing of the parent's code runs in this process again."""
        code: int = ExitCode.BUG
        try:
            code = self._work(birthright, parent)
        finally:
            os._exit(code)

    def _work(self, birthright: Birthright, parent: int) -> int:
        """Do the child's work; return its exit code."""
        options = birthright.options
        log = Log(
            self.kind.ident,
            options.log_facility,
            detail=options.log_detail,
            console=options.log_console,
            syslog=not options.no_syslog,
        )
        words = LastWords(log, self.report)
        with words:
            self.report.enable()
            set_name(NAME)
            birthright.before()
            self.kind.before()
            generation, config = birthright.source.current(servers=self.kind.servers)
            if not die_with_parent(signal.SIGTERM, parent):
                words.exit_code = ExitCode.OK
            else:
                words.exit_code = self.kind.run(
                    Child(
                        options=options,
                        config=config,
                        generation=generation,
                        source=birthright.source,
                        heartbeat=self.slot,
                        log=log,
                        record=self.slot.record,
                        history=self.slot.history,
                        respawned=self._died_before,
                        control=self.kind.control,
                        post=self.kind.post,
                    )
                )
        log.close()
        return words.exit_code
