"""Runs notify scripts: in order for each instance and group, or (`notify_mode parallel`) as soon as there is news."""

from __future__ import annotations

from collections import deque
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from keepalived_py.notify.queue import PATIENCE, ScriptQueue
from keepalived_py.script_command import command_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keepalived_py.notify.queue import Task
    from keepalived_py.observability.log import Log
    from keepalived_py.program import Outcome, Program, Programs
    from keepalived_py.reactor import Reactor, Timer

FAREWELL = 1.0
"""Seconds that scripts get to run in order when the process ends; what has not begun by then is begun at once."""
AT_ONCE = 4
"""Scripts that may be in their first moment: hundreds of them at once would take the processors from the adverts."""
FIRST_MOMENT = 0.5
"""Seconds after which a script that still runs no longer keeps another from starting."""


class _Subject:
    """One instance or group: its queue, and the timer of the queue's deadline."""

    __slots__ = ("queue", "timer")

    def __init__(self, timer: Timer) -> None:
        self.queue = ScriptQueue()
        self.timer = timer


class NotifyScripts:
    """The notify scripts of one process.

    Args:
        reactor: clock and timers.
        log: of the process.
        programs: starts them.

    Attributes:
        parallel: whether scripts run without waiting for each other, as those of keepalived do.
    """

    def __init__(self, reactor: Reactor, log: Log, programs: Programs) -> None:
        self.parallel = False
        self._reactor = reactor
        self._log = log
        self._programs = programs
        self._subjects: dict[tuple[str, str], _Subject] = {}
        self._running: dict[Task, Program] = {}
        self._fresh: set[Task] = set()
        self._due: deque[tuple[Task, Callable[[Task, Outcome], None]]] = deque()
        self._finished: Callable[[], None] | None = None

    def run(self, tasks: Sequence[Task]) -> None:
        """Run the scripts for one event, in this order."""
        if not tasks:
            return
        if self.parallel:
            for task in tasks:
                self._start(task, self._ended_alone)
            return
        key = (tasks[0].event.kind.value, tasks[0].event.name)
        subject = self._subjects.get(key)
        if subject is None:
            subject = self._subjects[key] = _Subject(self._reactor.timer(self._overdue, key))
        self._go_on(key, subject, subject.queue.add(tasks, self._reactor.time()))

    def finish(self, finished: Callable[[], None]) -> None:
        """Call `finished` when every script has run or, after a moment, has at least been started."""
        self._finished = finished
        self._start_due()
        if not self._finish_if_quiet():
            self._reactor.call_later(FAREWELL, self._hurry)

    def _hurry(self) -> None:
        for subject in self._subjects.values():
            for task in subject.queue.hurry():
                self._start(task, self._ended_alone)
        self._start_due()
        self._say_finished()

    def _finish_if_quiet(self) -> bool:
        if (
            self._finished is None
            or self._due
            or any(subject.queue.running is not None for subject in self._subjects.values())
        ):
            return False
        self._reactor.call_soon(self._say_finished)
        return True

    def _say_finished(self) -> None:
        finished, self._finished = self._finished, None
        if finished is not None:
            finished()

    def _go_on(self, key: tuple[str, str], subject: _Subject, task: Task | None) -> None:
        """Start the next script of a queue, and watch the queue's deadline."""
        queue = subject.queue
        for event in queue.skipped:
            self._log.verbose(f"({event.name}) {event.news} has passed while a notify script ran: not told to scripts")
        queue.skipped.clear()
        if task is not None:
            self._start(task, lambda one, outcome: self._ended(key, one, outcome))
        if queue.deadline_at == inf:
            subject.timer.cancel()
        else:
            subject.timer.move(queue.deadline_at)
        if queue.is_idle:
            self._subjects.pop(key, None)
        self._finish_if_quiet()

    def _start(self, task: Task, ended: Callable[[Task, Outcome], None]) -> None:
        """Start a script, or let it wait for its turn."""
        self._due.append((task, ended))
        self._start_due()

    def _start_due(self) -> None:
        """Start the scripts whose turn it is; at the end, when there are no adverts any more, all of them."""
        while self._due and (len(self._fresh) < AT_ONCE or self._finished is not None):
            task, ended = self._due.popleft()
            self._fresh.add(task)
            self._reactor.call_later(FIRST_MOMENT, self._no_longer_fresh, task)
            command = command_of(
                task.script, *task.words, environment=dict(task.event.details), tied=False, keep_error=False
            )
            self._running[task] = self._programs.start(command, partial(ended, task))

    def _no_longer_fresh(self, task: Task) -> None:
        if task in self._fresh:
            self._fresh.remove(task)
            self._start_due()

    def _ended(self, key: tuple[str, str], task: Task, outcome: Outcome) -> None:
        self._ended_alone(task, outcome)
        subject = self._subjects.get(key)
        if subject is not None:
            self._go_on(key, subject, subject.queue.ended(task, self._reactor.time()))

    def _ended_alone(self, task: Task, outcome: Outcome) -> None:
        self._running.pop(task, None)
        self._no_longer_fresh(task)
        if not outcome.succeeded:
            event = task.event
            self._log.info(f"({event.name}) notify script {task.script.words[0]} for {event.news} {outcome.describe()}")

    def _overdue(self, key: tuple[str, str]) -> None:
        """A script takes very long and newer states wait."""
        subject = self._subjects.get(key)
        if subject is None:
            return
        slow = subject.queue.running
        task, too_many = subject.queue.overdue(max(self._reactor.time(), subject.queue.deadline_at))
        if slow is not None and task is not None:
            event = slow.event
            self._log.warning(
                f"({event.name}) notify script {slow.script.words[0]} for {event.news} is still running after"
                f" {PATIENCE:g} s: no longer waiting for it"
            )
        if too_many is not None and too_many in self._running:
            self._log.warning(f"({too_many.event.name}) too many notify scripts hang: ending the oldest")
            self._running[too_many].terminate()
        self._go_on(key, subject, task)
