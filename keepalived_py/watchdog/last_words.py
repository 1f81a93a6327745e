"""What a dying child leaves in the log: its traceback, or the stack on which it hung or crashed."""

from __future__ import annotations

import faulthandler
import os
from typing import TYPE_CHECKING, Self

from keepalived_py.errors import ExitCode, KeepalivedError, NetlinkError
from keepalived_py.kernel import signal_stack

if TYPE_CHECKING:
    from types import TracebackType

    from keepalived_py.observability.log import Log


class CrashReport:
    """Memory into which a child's stack is written when it gets SIGABRT, SIGSEGV and the like.

    A memfd, not a pipe: the dying child can never block on it. Made by the supervisor before the fork, which reads it
    after the death.
    """

    def __init__(self) -> None:
        self._descriptor = os.memfd_create("keepalived-crash-report", os.MFD_CLOEXEC)

    def enable(self) -> None:
        """Have the stack of this process written here."""
        faulthandler.enable(self._descriptor)
        signal_stack.enlarge()

    def note(self, reason: str) -> None:
        """Leave the reason of an orderly end: whoever waits for the start to succeed is shown it."""
        os.write(self._descriptor, reason.encode("utf-8", "surrogateescape"))

    def take(self) -> list[str]:
        """Return the lines of the report and empty it."""
        size = os.fstat(self._descriptor).st_size
        if not size:
            return []
        text = os.pread(self._descriptor, size, 0).decode("utf-8", "replace")
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        return [line for line in text.splitlines() if line.strip()]


class LastWords:
    """Context of a child's whole life: whatever ends it is logged, and becomes an exit code.

    Attributes:
        exit_code: with what the process must end.
    """

    def __init__(self, log: Log, report: CrashReport) -> None:
        self._log = log
        self._report = report
        self.exit_code: int = ExitCode.BUG

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if problem is None:
            return True
        self.exit_code = exit_code_of(problem)
        if isinstance(problem, KeepalivedError) and self.exit_code != ExitCode.BUG:
            self._log.error(str(problem))
            self._report.note(str(problem))
        else:
            self._log.error(_story(kind, problem, trace))
        return True


def _story(kind: type[BaseException] | None, problem: BaseException, trace: TracebackType | None) -> str:
    """Return the traceback, or one line when that cannot be had (no descriptor is left to import its module)."""
    try:
        import traceback  # noqa: PLC0415 - only a bug needs it

        return "".join(traceback.format_exception(kind, problem, trace)).rstrip()
    except (OSError, ImportError):
        return f"{type(problem).__name__}: {problem}"


def exit_code_of(problem: BaseException) -> ExitCode:
    """Return the exit code of a child that `problem` ends.

    A netlink request refused at run time is no reason to give up for good: the next child may succeed.
    """
    if isinstance(problem, KeepalivedError) and not isinstance(problem, NetlinkError):
        return problem.exit_code
    return ExitCode.NO_MEMORY if isinstance(problem, MemoryError) else ExitCode.BUG
