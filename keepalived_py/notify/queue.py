"""Which script of an instance or a group runs when: one after the other, in the order of events, never far behind.

While a script runs news pile up; of the states among them only the newest is still told, because nobody acts on a
state that has passed. A script that takes too long while something newer waits is left to itself, so that it holds up
nothing for ever.
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING

from keepalived_py.notify.event import LAST, STATES
from keepalived_py.structure import structure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.config.arguments import Script
    from keepalived_py.notify.event import Event

PATIENCE = 60.0
"""Seconds that a script may run while something newer waits for it."""
MOST_LEFT = 4
"""Scripts left to themselves and still running; beyond that the oldest must end."""
MOST_WAITING = 16
"""Events that wait, when none of them makes another pointless; beyond that the oldest goes."""


@structure(eq=False)
class Task:
    """One run of a script.

    Attributes:
        event: what it is told.
        script: the program and its own words.
        words: the words that are added.
    """

    event: Event
    script: Script
    words: tuple[str, ...] = ()

    @property
    def command(self) -> tuple[str, ...]:
        """The whole command line."""
        return (*self.script.words, *self.words)


class ScriptQueue:
    """The scripts of one instance or group.

    Attributes:
        running: what runs and is waited for; None when nothing is.
        deadline_at: when `overdue` must be called; infinite for never.
        skipped: events whose scripts will not run, for the log; whoever logs them empties the list.
    """

    __slots__ = ("_left", "_rest", "_since", "_waiting", "deadline_at", "running", "skipped")

    def __init__(self) -> None:
        self.running: Task | None = None
        self.deadline_at = inf
        self.skipped: list[Event] = []
        self._since = 0.0
        self._rest: deque[Task] = deque()
        self._waiting: deque[tuple[Task, ...]] = deque()
        self._left: deque[Task] = deque()

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return self.running is None and not self._waiting and not self._left

    def add(self, tasks: Sequence[Task], now: float) -> Task | None:
        """Something happened that `tasks`, all about one event, must be run for; return what to start now, if any."""
        if not tasks:
            return None
        self._skip_what_is_outdated_by(tasks[0].event)
        self._waiting.append(tuple(tasks))
        if len(self._waiting) > MOST_WAITING:
            self.skipped.append(self._waiting.popleft()[0].event)
        if self.running is None:
            return self._next(now)
        self._watch_deadline()
        return None

    def ended(self, task: Task, now: float) -> Task | None:
        """A script has ended, or could not be started; return what to start now, if any."""
        if task is not self.running:
            if task in self._left:
                self._left.remove(task)
            return None
        self.running = None
        return self._next(now)

    def overdue(self, now: float) -> tuple[Task | None, Task | None]:
        """Time has passed; return what to start and what to end now, if anything."""
        if now < self.deadline_at or self.running is None:
            return None, None
        self._left.append(self.running)
        self.running = None
        self._rest.clear()
        too_many = self._left.popleft() if len(self._left) > MOST_LEFT else None
        return self._next(now), too_many

    def hurry(self) -> list[Task]:
        """Return everything that has not been started, to be started at once: there is no time left."""
        tasks = [*self._rest, *(task for waiting in self._waiting for task in waiting)]
        self._rest.clear()
        self._waiting.clear()
        self.deadline_at = inf
        return tasks

    def _skip_what_is_outdated_by(self, event: Event) -> None:
        """Forget older states that wait, or older news of the same kind; a last state is always told."""
        states = event.news in STATES
        kept: deque[tuple[Task, ...]] = deque()
        for tasks in self._waiting:
            news = tasks[0].event.news
            if news not in LAST and (states or news is event.news):
                self.skipped.append(tasks[0].event)
            else:
                kept.append(tasks)
        self._waiting = kept

    def _next(self, now: float) -> Task | None:
        if not self._rest and self._waiting:
            self._rest.extend(self._waiting.popleft())
        self.running = self._rest.popleft() if self._rest else None
        self._since = now
        self._watch_deadline()
        return self.running

    def _watch_deadline(self) -> None:
        self.deadline_at = self._since + PATIENCE if self.running is not None and self._waiting else inf
