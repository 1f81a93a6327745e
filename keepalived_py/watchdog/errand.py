"""A script that the parent waits for: before its children start, and after they have ended."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

from keepalived_py.watchdog import signals

if TYPE_CHECKING:
    from keepalived_py.config.arguments import Script
    from keepalived_py.execution import Execution
    from keepalived_py.observability.log import Log

GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL, and until a script that survived both is no longer waited for."""


class Errand:
    """One run of `startup_script` or `shutdown_script`. However it ends, the daemon goes on.

    Args:
        title: `startup script` or `shutdown script`.
        script: the checked script.
        timeout: seconds.
        log: of the parent.

    Attributes:
        missed: signals that came meanwhile, in order.
        survivor: its process, when it could not be ended; 0 otherwise.
    """

    def __init__(self, title: str, script: Script, timeout: float, log: Log) -> None:
        self.missed: list[int] = []
        self.survivor = 0
        self._title = title
        self._script = script
        self._timeout = timeout
        self._log = log

    def run(self, *, stoppable: bool) -> None:
        """Start the script and wait until it has ended or its time is over.

        Args:
            stoppable: whether a signal to stop the daemon ends the script, too.
        """
        from keepalived_py.execution import execute  # noqa: PLC0415 - most configurations have no such script
        from keepalived_py.script_command import command_of  # noqa: PLC0415

        self._log.verbose(f"Running {self._title} {self._script.words[0]}")
        try:
            execution = execute(command_of(self._script, keep_error=False))
        except OSError as problem:
            self._log.error(f"Call of {self._title} {self._script.words[0]} failed: {problem.strerror}")
            return
        try:
            self._watch(execution, stoppable=stoppable)
        finally:
            os.close(execution.refusal)

    def _watch(self, execution: Execution, *, stoppable: bool) -> None:
        status = self._wait(execution.pid, self._timeout, stoppable=stoppable)
        if status is None:
            stopped = stoppable and not signals.STOP.isdisjoint(self.missed)
            self._log.warning(f"{self._title} {'ended: the daemon is to stop' if stopped else 'timed out'}")
            for number in (signal.SIGTERM, signal.SIGKILL):
                _kill_group(execution.pid, number)
                if self._wait(execution.pid, GRACE, stoppable=False) is not None:
                    _kill_group(execution.pid, signal.SIGKILL)  # what it has started
                    return
            self._log.error(f"{self._title} (PID {execution.pid}) failed to terminate after kill")
            self.survivor = execution.pid
            return
        self._say_result(status, _refusal(execution.refusal))

    def _wait(self, pid: int, seconds: float, *, stoppable: bool) -> int | None:
        """Return the wait status of the script; None when the time is over or the daemon is to stop."""
        give_up_at = time.monotonic() + seconds
        while True:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return status
            left = give_up_at - time.monotonic()
            if left <= 0:
                return None
            number = signals.wait(left)
            if number is None or number == signals.CHILD:
                continue
            self.missed.append(number)
            if stoppable and number in signals.STOP:
                return None

    def _say_result(self, status: int, refusal: str) -> None:
        if refusal:
            self._log.error(f"Call of {self._title} {self._script.words[0]} failed: {refusal}")
        elif os.WIFSIGNALED(status):
            self._log.warning(f"{self._title} failed, ended by {signals.name(os.WTERMSIG(status))}")
        elif os.WEXITSTATUS(status):
            self._log.warning(f"{self._title} failed, status {os.WEXITSTATUS(status)}")
        else:
            self._log.verbose(f"{self._title} succeeded")


def _kill_group(pid: int, number: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(pid, number)


def _refusal(descriptor: int) -> str:
    """Return why the script was not executed; empty when it was."""
    try:
        return os.read(descriptor, 4096).decode(errors="replace")
    except BlockingIOError:
        return ""
