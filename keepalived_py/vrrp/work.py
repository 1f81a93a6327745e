"""Work of an instance that takes more than one step: netlink batches, frames, log lines.

A step is what a generator does between two `yield`s; what it yields is the pause in seconds before its next step. The
work of one instance is done in order; that of different instances takes turns, and adverts are never behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterator

    from keepalived_py.reactor import Reactor

NO_PAUSE = 0.0
"""Step value: go on in the next iteration of the loop, after whatever else is due."""


class Worker(Protocol):
    """Who has work: an instance, or the static entries.

    Attributes:
        work: what is left, in order.
        turn: number of the scheduled step; a step with another number is stale.
    """

    work: deque[Iterator[float]]
    turn: int


class WorkQueue:
    """What is still to be done, per worker.

    Args:
        reactor: schedules the next steps.

    Attributes:
        working: those with work that is not finished.
    """

    def __init__(self, reactor: Reactor) -> None:
        self.working: set[Worker] = set()
        self._reactor = reactor

    def add(self, worker: Worker, steps: Iterator[float]) -> None:
        """Do `steps` after the work that there is; at once, up to their first pause, when it has none."""
        worker.work.append(steps)
        if worker not in self.working:
            self._continue(worker, worker.turn)

    def drop(self, worker: Worker) -> None:
        """Forget the work: a change of state has made it pointless."""
        worker.work.clear()
        worker.turn += 1
        self.working.discard(worker)

    def finish(self, worker: Worker) -> None:
        """Do all work that is left at once, without pauses: the worker is about to end."""
        while worker.work:
            for _pause in worker.work.popleft():
                pass
        self.drop(worker)

    def _continue(self, worker: Worker, turn: int) -> None:
        """Do work up to the next pause."""
        if turn != worker.turn:
            return
        self.working.discard(worker)
        while worker.work:
            pause = next(worker.work[0], None)
            if pause is None:
                worker.work.popleft()
                continue
            worker.turn += 1
            self.working.add(worker)
            if pause:
                self._reactor.call_later(pause, self._continue, worker, worker.turn)
            else:
                self._reactor.call_soon(self._continue, worker, worker.turn)
            return
