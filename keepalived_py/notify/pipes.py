"""The named pipes of a process and the scripts that read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from keepalived_py.notify.fifo import NotifyFifo
from keepalived_py.script_command import command_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keepalived_py.config.arguments import Fifo, Script
    from keepalived_py.observability.log import Log
    from keepalived_py.program import Outcome, Program, Programs
    from keepalived_py.reactor import Reactor

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds before a reader that failed is started again: the first pause, doubled each time up to the longest."""
MOST_HELD = 1000
"""Lines that wait at most for a reader to be exchanged."""


class Wish(NamedTuple):
    """A pipe that is configured.

    Attributes:
        fifo: path and owner.
        script: what reads it; None when somebody else does.
        label: `` for the global one, `vrrp_` or `lvs_`, for the log.
    """

    fifo: Fifo
    script: Script | None
    label: str


class _Reader:
    """The script that reads a pipe; started again when it fails, but not when it ended with 0.

    Attributes:
        restarting: whether the script that runs is about to end, because a reload wants another.
        exchanged: called when it has ended and another has been started.
    """

    def __init__(self, reactor: Reactor, log: Log, programs: Programs, wish: Wish) -> None:
        self.restarting = False
        self.exchanged: Callable[[], None] = lambda: None
        self._reactor = reactor
        self._log = log
        self._programs = programs
        self._wish = wish
        self._program: Program | None = None
        self._pause = FIRST_PAUSE
        self._wanted = True

    def start(self) -> None:
        """Start the script, unless it runs or has been stopped for good meanwhile."""
        script = self._wish.script
        if script is None or not self._wanted or self._program is not None:
            return
        command = command_of(script, self._wish.fifo.path, keep_error=False)
        self._program = self._programs.start(command, self._ended)

    def restart(self, wish: Wish) -> None:
        """A reload: end what runs, and start what is configured now once it has ended."""
        self._wish = wish
        self._pause = FIRST_PAUSE
        if self._program is None:
            self.start()
        else:
            self.restarting = True
            self._program.terminate()

    def stop(self) -> None:
        """End the script for good."""
        self._wanted = False
        if self._program is not None:
            self._program.terminate()

    def _ended(self, outcome: Outcome) -> None:
        restarting, self.restarting = self.restarting, False
        self._program = None
        if restarting:
            self.start()
            self.exchanged()
        elif self._wanted:
            again = "" if outcome.succeeded else f": starting it again in {self._pause:g} s"
            self._log.info(f"{self._wish.label}notify fifo script {outcome.describe()}{again}")
            if not outcome.succeeded:
                self._reactor.call_later(self._pause, self.start)
                self._pause = min(self._pause * 2, LONGEST_PAUSE)


class _Pipe:
    """A pipe, its reader, and the lines that wait while it is exchanged: the old one would take them with it."""

    def __init__(self, fifo: NotifyFifo, reader: _Reader, reactor: Reactor) -> None:
        self.reader = reader
        self._fifo = fifo
        self._reactor = reactor
        self._held: list[bytes] = []
        reader.exchanged = self._release

    @property
    def is_in_place(self) -> bool:
        """Whether the pipe is what is at its path."""
        return self._fifo.is_in_place

    def write(self, line: bytes) -> None:
        if self.reader.restarting and len(self._held) < MOST_HELD:
            self._held.append(line)
            return
        self._release()
        self._fifo.write(line, self._reactor.time())

    def _release(self) -> None:
        held, self._held = self._held, []
        for line in held:
            self._fifo.write(line, self._reactor.time())

    def close(self) -> None:
        self._release()
        self._fifo.close()


class NotifyPipes:
    """The pipes that a process writes to.

    Args:
        reactor: clock and timers.
        log: of the process.
        programs: starts the scripts that read.
    """

    def __init__(self, reactor: Reactor, log: Log, programs: Programs) -> None:
        self._reactor = reactor
        self._log = log
        self._programs = programs
        self._pipes: dict[tuple[str, int | None, int | None], _Pipe] = {}

    def configure(self, wishes: Iterable[Wish]) -> None:
        """Open what is configured now, close what is no longer; of two with one path the first counts.

        A pipe that stays keeps the lines that are in it, and its script is started anew, as at every reload. Lines
        that are written meanwhile are for the new one. One that others removed or replaced is opened again.
        """
        wanted: dict[tuple[str, int | None, int | None], Wish] = {}
        paths: set[str] = set()
        for wish in wishes:
            if wish.fifo.path in paths:
                self._log.warning(f"notify FIFO {wish.fifo.path} is configured twice: ignoring {wish.label}notify_fifo")
                continue
            paths.add(wish.fifo.path)
            wanted[wish.fifo.path, wish.fifo.uid, wish.fifo.gid] = wish
        for key in self._pipes.keys() & wanted.keys():
            if not self._pipes[key].is_in_place:
                self._log.warning(f"notify FIFO {key[0]} was removed or replaced: opening it again")
        for key in [key for key, pipe in self._pipes.items() if key not in wanted or not pipe.is_in_place]:
            pipe = self._pipes.pop(key)
            pipe.reader.stop()
            pipe.close()
        for key, wish in wanted.items():
            if key in self._pipes:
                self._pipes[key].reader.restart(wish)
            else:
                self._open(key, wish)

    def _open(self, key: tuple[str, int | None, int | None], wish: Wish) -> None:
        fifo = NotifyFifo(wish.fifo.path, wish.fifo.uid, wish.fifo.gid, self._log)
        if fifo.open():
            reader = _Reader(self._reactor, self._log, self._programs, wish)
            self._pipes[key] = _Pipe(fifo, reader, self._reactor)
            reader.start()

    def write(self, line: bytes) -> None:
        """Write one line to every pipe."""
        for pipe in self._pipes.values():
            pipe.write(line)

    def stop_readers(self) -> None:
        """End the scripts: the process is about to end. Lines can be written still."""
        for pipe in self._pipes.values():
            pipe.reader.stop()

    def close(self) -> None:
        """Close every pipe, and remove those that we made."""
        for pipe in self._pipes.values():
            pipe.close()
        self._pipes.clear()
