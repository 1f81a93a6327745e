"""Work of an instance that takes more than one step: netlink batches, frames, log lines.

A step is what a generator does between two `yield`s; what it yields is the pause in seconds before its next step. The
work of one instance is done in order; that of different instances takes turns, and adverts are never behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.running import RunningInstance

NO_PAUSE = 0.0
"""Step value: go on in the next iteration of the loop, after whatever else is due."""


class WorkQueue:
    """What is still to be done, per instance (`RunningInstance.work`).

    Args:
        reactor: schedules the next steps.

    Attributes:
        working: instances with work that is not finished.
    """

    def __init__(self, reactor: Reactor) -> None:
        self.working: set[RunningInstance] = set()
        self._reactor = reactor

    def add(self, running: RunningInstance, steps: Iterator[float]) -> None:
        """Do `steps` after the work that the instance has; at once, up to their first pause, when it has none."""
        running.work.append(steps)
        if running not in self.working:
            self._continue(running, running.turn)

    def drop(self, running: RunningInstance) -> None:
        """Forget the work of an instance: a change of state has made it pointless."""
        running.work.clear()
        running.turn += 1
        self.working.discard(running)

    def finish(self, running: RunningInstance) -> None:
        """Do all work that is left at once, without pauses: the instance is about to end."""
        while running.work:
            for _pause in running.work.popleft():
                pass
        self.drop(running)

    def _continue(self, running: RunningInstance, turn: int) -> None:
        """Do work up to the next pause."""
        if turn != running.turn:
            return
        self.working.discard(running)
        while running.work:
            pause = next(running.work[0], None)
            if pause is None:
                running.work.popleft()
                continue
            running.turn += 1
            self.working.add(running)
            if pause:
                self._reactor.call_later(pause, self._continue, running, running.turn)
            else:
                self._reactor.call_soon(self._continue, running, running.turn)
            return
