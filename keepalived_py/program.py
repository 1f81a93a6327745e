"""Programs that a child runs: scripts that check, scripts that are told, readers of pipes.

    programs = Programs(loop, log)
    program = programs.start(Command(("/etc/check.sh", "web"), timeout=2.0), done)

`done` gets an `Outcome`. Nothing here forks or waits in the loop, the first start aside, which forks the spawner
(`spawner.py`): a start is one `send`. What became of a program comes as a datagram.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from keepalived_py import channel, spawner
from keepalived_py.execution import Command
from keepalived_py.kernel.scheduling import Conditions

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

__all__ = ["Command", "Outcome", "Program", "Programs"]

RESTART_INTERVAL = 1.0
"""Seconds between two spawners at least: one that dies at once must not make its child fork all the time."""
PROGRAMS_AT_ONCE = 2000
LOST = "the process that starts programs has ended"


class Log(Protocol):
    """What is needed of the log."""

    def info(self, text: str) -> None:
        """Log a line."""

    def error(self, text: str) -> None:
        """Log an error."""


class Loop(channel.Loop, Protocol):
    """What is needed of the event loop."""

    @property
    def time(self) -> Callable[[], float]:
        """The clock, in seconds."""

    def call_soon(self, callback: Callable[..., object], *arguments: Any) -> object:
        """Call later."""


class Outcome(NamedTuple):
    """How a program ended.

    Attributes:
        exit_code: None when a signal ended it or it never ran.
        signal: number of the signal that ended it.
        timed_out: whether it ran longer than its timeout, however it ended then.
        duration: seconds.
        error_line: the last line that it wrote on standard error, 256 characters at most.
        problem: why it could not be run, "" when it could.
        lost: whether nobody knows how it ended, or whether it has: the spawner died.
    """

    exit_code: int | None
    signal: int | None = None
    timed_out: bool = False
    duration: float = 0.0
    error_line: str = ""
    problem: str = ""
    lost: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether it ran, in time, and ended with 0."""
        return self.exit_code == 0 and not self.timed_out and not self.problem

    def describe(self) -> str:
        """Return how it ended in a few words: `exited with status 2`, `timed out after 3.0 s`."""
        if self.problem:
            return f"could not be run: {self.problem}"
        if self.timed_out:
            return f"timed out after {self.duration:.1f} s"
        return f"due to signal {self.signal}" if self.signal is not None else f"exited with status {self.exit_code}"


class Program:
    """A program that was started; made by `Programs.start`.

    Attributes:
        command: what runs.
        pid: its process, None before it has been forked and after it has ended.
        running: False after `done` was called.
    """

    __slots__ = ("_number", "_overran", "_programs", "command", "done", "pid", "running")

    def __init__(
        self,
        programs: Programs,
        number: int,
        command: Command,
        done: Callable[[Outcome], object],
        overran: Callable[[], object] | None,
    ) -> None:
        self.command: Final = command
        self.done = done
        self.pid: int | None = None
        self.running = True
        self._programs = programs
        self._number = number
        self._overran = overran

    def terminate(self) -> None:
        """End it: SIGTERM to its process group, SIGKILL two seconds later. `done` is called when it has ended."""
        if self.running:
            self._programs._send(spawner.TERMINATE, self._number)  # noqa: SLF001 - they are one thing

    def timed_out(self) -> None:
        """Its time is over, and SIGTERM has been sent."""
        if self._overran is not None:
            self._overran()

    def ended(self, outcome: Outcome) -> None:
        """It has ended."""
        self.running, self.pid = False, None
        self.done(outcome)


class Programs:
    """The programs of one child.

    Args:
        loop: the child's; our reactor or asyncio's.
        log: of the child.
        conditions: scheduling and limits for programs; those of this process at this moment if not given, so make
            this before the process asks for special ones.
    """

    def __init__(self, loop: Loop, log: Log, conditions: Conditions | None = None) -> None:
        self._loop = loop
        self._log = log
        self._conditions = conditions or Conditions.current()
        self._running: dict[int, Program] = {}
        self._number = 0
        self._channel: channel.Channel | None = None
        self._spawned_at = float("-inf")
        self._pids: set[int] = set()

    @property
    def running(self) -> tuple[Program, ...]:
        """The programs that have not ended, oldest first."""
        return tuple(self._running.values())

    def prepare(self) -> None:
        """Fork the spawner now, in a moment when a millisecond does not matter."""
        if self._channel is None:
            self._spawn()

    def start(
        self, command: Command, done: Callable[[Outcome], object], overran: Callable[[], object] | None = None
    ) -> Program:
        """Start a program.

        Args:
            command: what to run.
            done: called once, later, when it has ended or could not be run.
            overran: called when its time is over and it has been sent SIGTERM, maybe long before it ends.
        """
        self._number += 1
        program = Program(self, self._number, command, done, overran)
        fields = [getattr(command, name) for name in Command.__match_args__]
        if len(self._running) >= PROGRAMS_AT_ONCE:
            self._loop.call_soon(program.ended, Outcome(None, problem=f"{PROGRAMS_AT_ONCE} programs are running"))
        elif self._send(spawner.START, self._number, *fields):
            self._running[self._number] = program
        elif self._channel is None:
            self._loop.call_soon(program.ended, Outcome(None, problem=LOST, lost=True))
        else:
            self._loop.call_soon(program.ended, Outcome(None, problem="its command line and environment are too large"))
        return program

    def close(self, seconds: float = 0.0) -> None:
        """End the programs that end with the daemon, and wait up to some seconds for them and the others."""
        if self._channel is not None:
            self._channel.finish(seconds)
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        self._reap()

    def _send(self, *parts: Any) -> bool:
        if self._channel is None and self._loop.time() >= self._spawned_at + RESTART_INTERVAL:
            self._spawn()
        return self._channel is not None and self._channel.send(spawner.pack(*parts))

    def _spawn(self) -> None:
        self._reap()
        self._spawned_at = self._loop.time()
        ours, theirs = channel.pair()
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as problem:
            self._log.error(f"Cannot start programs: fork: {problem.strerror}")
            ours.close()
            theirs.close()
            return
        if not pid:
            spawner.live(theirs, parent, self._conditions)
        theirs.close()
        self._pids.add(pid)
        self._channel = channel.Channel(ours, self._loop, received=self._received, ended=self._ended)

    def _received(self, datagram: bytes) -> None:
        kind, *rest = spawner.unpack(datagram)
        if kind == spawner.BROKEN:
            self._log.error(f"{LOST}:\n{rest[0]}")
            return
        number, *news = rest
        program = self._running.get(number)
        if program is None:
            return
        if kind == spawner.STARTED:
            program.pid = news[0]
        elif kind == spawner.OVERRAN:
            program.timed_out()
        elif kind == spawner.STUCK:
            self._log.info(f"Script {program.command.words[0]} child (PID {news[0]}) failed to terminate after kill")
        else:
            del self._running[number]
            program.ended(Outcome(*news))

    def _ended(self) -> None:
        """The spawner is gone: nobody will tell what became of its programs."""
        assert self._channel is not None
        self._channel.close()
        self._channel = None
        self._reap()
        if self._running:
            self._log.error(f"{LOST}; programs that ran: {len(self._running)}")
        lost, self._running = self._running, {}
        for program in lost.values():
            program.ended(Outcome(None, problem=LOST, lost=True))

    def _reap(self) -> None:
        for pid in tuple(self._pids):
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    continue
            self._pids.discard(pid)
