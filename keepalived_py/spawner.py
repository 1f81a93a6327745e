"""The process that starts programs for a child, so that the child never forks.

It is forked from the child that needs it, ends with it, and tells it by datagrams what became of each program: a start
costs the child one `send`. Forking here takes a millisecond or more, and exec as long as the file system likes.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import marshal
import os
import signal
from typing import TYPE_CHECKING, Any, NoReturn

from keepalived_py.channel import Channel
from keepalived_py.execution import PIPE_BYTES, Command, Execution, execute
from keepalived_py.kernel import signal_stack
from keepalived_py.kernel.process import die_with_parent, set_name
from keepalived_py.reactor import Reactor

if TYPE_CHECKING:
    import socket
    from types import FrameType

    from keepalived_py.kernel.scheduling import Conditions
    from keepalived_py.reactor import Timer

NAME = "keepalived_prog"
"""Its comm: `pgrep keepalived` finds it, `killall keepalived` and an exact count of `keepalived` do not."""
TERMINATION_GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL, and until a process that survived both is reported."""
KILL_INTERVAL = 10.0
"""Seconds between further SIGKILLs."""
FAREWELL = 1.0
"""Seconds that programs get when the daemon ends."""
ERROR_LINE = 256
"""Characters of the last line on standard error that are kept."""
LARGEST = 4 << 20
"""Bytes of the largest command, environment included."""
READS_AT_ONCE = 16

START, TERMINATE = range(2)
"""Requests: (START, id, command fields...), (TERMINATE, id)."""
STARTED, OVERRAN, STUCK, ENDED, BROKEN = range(5)
"""Answers: (STARTED, id, pid), (OVERRAN, id), (STUCK, id, pid), (BROKEN, text),
(ENDED, id, exit code, signal, timed out, seconds, last line on standard error, problem)."""


def pack(*parts: Any) -> bytes:
    """Return a message as bytes."""
    return marshal.dumps(parts)


def unpack(datagram: bytes) -> tuple[Any, ...]:
    """Return the parts of a message; it comes from a process of ours."""
    parts: tuple[Any, ...] = marshal.loads(datagram)  # noqa: S302
    return parts


def live(end: socket.socket, parent: int, conditions: Conditions) -> NoReturn:
    """Be the spawner, in a process just forked for it, until the other end of the channel closes.

    Args:
        end: our end of the channel.
        parent: the process that forked us.
        conditions: scheduling and limits of programs.
    """
    try:
        gc.freeze()
        _take_over(end.fileno())
        set_name(NAME)
        conditions.restore()
        if die_with_parent(signal.SIGTERM, parent):
            Spawner(end, parent).run()
    except BaseException:  # noqa: BLE001 - nothing of the parent's code may run on in this process
        import traceback  # noqa: PLC0415

        with contextlib.suppress(OSError):
            end.send(pack(BROKEN, traceback.format_exc()[-8000:]))
    finally:
        os._exit(0)


def _take_over(keep: int) -> None:
    """Let go of what was the parent's: descriptors but one, signal handlers, blocked signals.

    Every signal that would end us gets a handler that does nothing: tools send signals to every process called
    keepalived, and programs inherit ignored signals but no handlers.
    """
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT, signal.SIGCHLD}:
        signal.signal(number, _disregard)
    for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    faulthandler.disable()
    signal_stack.enlarge()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.closerange(3, keep)
    os.closerange(keep + 1, os.sysconf("SC_OPEN_MAX"))


def _disregard(_number: int, _frame: FrameType | None) -> None:
    """Be a handler."""


class Run:
    """A program that runs."""

    __slots__ = ("command", "execution", "overran", "pidfd", "said", "started_at", "step", "timer")

    def __init__(self, command: Command, execution: Execution, started_at: float, timer: Timer) -> None:
        self.command = command
        self.execution = execution
        self.pidfd = os.pidfd_open(execution.pid)
        self.started_at = started_at
        self.timer = timer
        self.said = b""
        self.step = 0
        self.overran = False

    def signal(self, *numbers: int) -> None:
        """Send signals to its process group."""
        for number in numbers:
            with contextlib.suppress(OSError):
                os.killpg(self.execution.pid, number)

    def last_words(self) -> str:
        """Return the last line that it wrote on standard error, without control characters."""
        lines = self.said.decode(errors="replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "")
        return "".join(sign if sign.isprintable() else " " for sign in last).strip()[:ERROR_LINE]


class Spawner:
    """Its loop and the programs that run."""

    def __init__(self, end: socket.socket, parent: int) -> None:
        self._parent = parent
        self._runs: dict[int, Run] = {}
        self._reactor = Reactor()
        self._reactor.add_signal_handler(signal.SIGTERM, self._told_to_end)
        self._channel = Channel(end, self._reactor, received=self._received, ended=self._finish, largest=LARGEST)
        self._finishing = False

    def run(self) -> None:
        """Run until the daemon's end of the channel has closed and what ends with it has ended."""
        self._reactor.run_forever()

    # Requests

    def _received(self, datagram: bytes) -> None:
        kind, number, *fields = unpack(datagram)
        if kind == START:
            self._start(number, Command(*fields))
        elif number in self._runs:
            self._end(number)

    def _start(self, number: int, command: Command) -> None:
        now = self._reactor.time()
        try:
            run = Run(command, execute(command), now, self._reactor.timer(self._timed_out, number))
        except OSError as problem:
            self._tell(ENDED, number, None, None, False, 0.0, "", problem.strerror or str(problem))
            return
        self._runs[number] = run
        self._tell(STARTED, number, run.execution.pid)
        self._reactor.add_reader(run.pidfd, self._ended, number)
        if run.execution.error >= 0:
            self._reactor.add_reader(run.execution.error, self._complained, run)
        if command.timeout is not None:
            run.timer.move(now + command.timeout)

    def _tell(self, *parts: Any) -> None:
        self._channel.send(pack(*parts))

    # Ends

    def _timed_out(self, number: int) -> None:
        self._runs[number].overran = True
        self._tell(OVERRAN, number)
        self._end(number)

    def _end(self, number: int) -> None:
        """Take the next step to the end of a program: SIGTERM, SIGKILL, then a word about it."""
        run = self._runs[number]
        now = self._reactor.time()
        run.step += 1
        if run.step == 1:
            run.signal(signal.SIGTERM, signal.SIGCONT)
        else:
            run.signal(signal.SIGKILL)
        if run.step == 3:
            self._tell(STUCK, number, run.execution.pid)
        run.timer.cancel()  # its timeout, if it is ended before
        run.timer = self._reactor.timer(self._end, number)
        run.timer.move(now + (TERMINATION_GRACE if run.step < 3 else KILL_INTERVAL))

    def _ended(self, number: int) -> None:
        run = self._runs.pop(number)
        run.timer.cancel()
        seconds = self._reactor.time() - run.started_at
        self._reactor.remove_reader(run.pidfd)
        os.close(run.pidfd)
        if run.step:
            run.signal(signal.SIGKILL)  # what it has started; its number is its own until it has been waited for
        _, status = os.waitpid(run.execution.pid, 0)
        self._complained(run)
        problem = _refusal(run.execution.refusal)
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) and not problem else None
        killer = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        self._tell(ENDED, number, code, killer, run.overran, seconds, run.last_words(), problem)
        if self._finishing and not self._runs:
            self._reactor.stop()

    def _complained(self, run: Run) -> None:
        """Read standard error; it may stay open longer than the program runs, held by what that left behind."""
        descriptor = run.execution.error
        for _ in range(READS_AT_ONCE if descriptor >= 0 else 0):
            try:
                text = os.read(descriptor, PIPE_BYTES)
            except BlockingIOError:
                return
            if not text:
                self._reactor.remove_reader(descriptor)
                os.close(descriptor)
                run.execution = run.execution._replace(error=-1)
                return
            run.said = (run.said + text)[-PIPE_BYTES:]

    # The end of the daemon

    def _told_to_end(self) -> None:
        if os.getppid() != self._parent:  # else somebody signals everything that is called keepalived
            self._finish()

    def _finish(self) -> None:
        """End the programs that end with the daemon; the others get a moment, then they are on their own."""
        if self._finishing:
            return
        self._finishing = True
        for run in self._runs.values():
            if run.command.tied:
                run.signal(signal.SIGTERM, signal.SIGCONT)
        self._reactor.call_later(FAREWELL, self._leave)
        if not self._runs:
            self._reactor.stop()

    def _leave(self) -> None:
        for run in self._runs.values():
            if run.command.tied:
                run.signal(signal.SIGKILL)
        self._reactor.stop()


def _refusal(descriptor: int) -> str:
    """Return why there was no exec, and close the descriptor."""
    try:
        return os.read(descriptor, PIPE_BYTES).decode(errors="replace")
    except BlockingIOError:  # somebody forked off before exec: impossible, and no reason to wait
        return ""
    finally:
        os.close(descriptor)
