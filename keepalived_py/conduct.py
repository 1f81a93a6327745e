"""Makes this process run as its settings say, at its start and after every reload, and faster when it is late."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Protocol

from keepalived_py.kernel.process import set_name
from keepalived_py.notify import vocabulary
from keepalived_py.observability.budget import LineBudget
from keepalived_py.process_settings import DEFAULT_NAME, ProcessSettings, kept, raised

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.observability.log import Log

LINES_AT_ONCE = 10
LINE_INTERVAL = 60.0
"""Seconds for each further line about lateness, and about processor time."""


class Loop(Protocol):
    """What is needed of the event loop."""

    def add_signal_handler(self, number: int, callback: Callable[[], object]) -> None:
        """Call when a signal came."""

    def report_lateness(self, after: float, callback: Callable[[float], object]) -> None:
        """Call with the seconds by which timers fire late, when that is more than `after`."""


class Conduct:
    """How this process runs.

    Args:
        process: `vrrp`, `checker` or `bfd`, for the log.
        loop: the event loop of the process.
        log: where what the kernel refuses is told; the process runs on without it.

    Attributes:
        realtime: the priority under SCHED_RR that it has now; 0 for ordinary scheduling.
    """

    def __init__(self, process: str, loop: Loop, log: Log) -> None:
        self.realtime = 0
        self._process = process
        self._loop = loop
        self._log = log
        self._settings = ProcessSettings(name=DEFAULT_NAME, late_after=0.0)
        self._nice = 0
        self._processors: set[int] = set()
        self._lateness = LineBudget(LINES_AT_ONCE, LINE_INTERVAL)
        self._warnings = LineBudget(1, LINE_INTERVAL)

    def apply(self, settings: ProcessSettings) -> None:
        """Take over new settings."""
        old, self._settings = self._settings, settings
        if settings.name != old.name:
            set_name(settings.name)
        if settings.processors != old.processors:
            self._confine()
        if settings.nice != old.nice:
            self._be_nice(old)
        realtime = kept(self.realtime, settings)
        if realtime != self.realtime or (realtime and settings.time_limit != old.time_limit):
            self._run_at(realtime)
        if settings.locked != old.locked:
            self._lock()
        if settings.late_after != old.late_after:
            self._loop.report_lateness(settings.late_after, self.was_late)

    def was_late(self, seconds: float) -> None:
        """A timer has fired `seconds` late: say so, and run at a higher priority if that is allowed."""
        if self._lateness.allows(time.monotonic()):
            self._log.info(vocabulary.timer_expired(seconds) + _held_back(self._lateness))
        realtime = raised(self.realtime, self._settings)
        if realtime != self.realtime and self._run_at(realtime):
            self._log.info(vocabulary.realtime_priority(realtime))

    def _confine(self) -> None:
        from keepalived_py.kernel.scheduling import set_affinity  # noqa: PLC0415 - most processes ask for nothing

        self._processors = self._processors or os.sched_getaffinity(0)
        try:
            set_affinity(self._settings.processors or self._processors)
        except OSError as problem:
            self._log.warning(vocabulary.affinity_refused(self._process, os.strerror(problem.errno or 0)))

    def _be_nice(self, old: ProcessSettings) -> None:
        from keepalived_py.kernel.scheduling import set_nice  # noqa: PLC0415

        if not old.nice:
            self._nice = os.getpriority(os.PRIO_PROCESS, 0)
        value = self._settings.nice or self._nice
        try:
            set_nice(value)
        except OSError as problem:
            self._log.info(f"Unable to set process priority to {value} - {os.strerror(problem.errno or 0)}")

    def _run_at(self, realtime: int) -> bool:
        """Take a real-time priority, or 0 for ordinary scheduling; return whether the kernel agreed."""
        from keepalived_py.kernel import scheduling  # noqa: PLC0415

        try:
            if realtime:
                scheduling.set_realtime(realtime)
                self._loop.add_signal_handler(signal.SIGXCPU, self._used_too_much)
                scheduling.set_time_limit(self._settings.time_limit)
            else:
                scheduling.set_ordinary()
                scheduling.set_time_limit(None)
        except (OSError, ValueError) as problem:
            reason = os.strerror(problem.errno or 0) if isinstance(problem, OSError) else str(problem)
            self._log.warning(f"{self._process} process: cannot change to real time priority {realtime} - {reason}")
            return False
        self.realtime = realtime
        return True

    def _used_too_much(self) -> None:
        if self._warnings.allows(time.monotonic()):
            self._log.info(vocabulary.time_limit_reached(self._process) + _held_back(self._warnings))
        if self.realtime:
            from keepalived_py.kernel.scheduling import set_time_limit  # noqa: PLC0415

            set_time_limit(self._settings.time_limit)  # the kernel has raised it by a second

    def _lock(self) -> None:
        from keepalived_py.kernel.scheduling import lock_memory, unlock_memory  # noqa: PLC0415

        try:
            (lock_memory if self._settings.locked else unlock_memory)()
        except OSError as problem:
            self._log.info(f"Unable to lock process in memory - {os.strerror(problem.errno or 0)}")


def _held_back(budget: LineBudget) -> str:
    count = budget.take_held_back()
    return f" ({count} such lines were not logged)" if count else ""
