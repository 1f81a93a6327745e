"""Waits for short-lived processes of the parent that are not its children in the sense of a service."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Attendant:
    """The parent's side of what `Reactor.watch_child` is in a child."""

    def __init__(self) -> None:
        self._watched: dict[int, Callable[[int, int], object]] = {}

    @property
    def pids(self) -> set[int | None]:
        """The processes that have not been waited for yet."""
        return set(self._watched)

    def watch(self, pid: int, callback: Callable[[int, int], object]) -> None:
        """Call `callback(pid, exit code)` from `collect` when a child process has ended; -N is death by signal N."""
        self._watched[pid] = callback

    def collect(self) -> None:
        """Wait for every process that has ended."""
        for pid, callback in list(self._watched.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._watched[pid]
                callback(pid, os.waitstatus_to_exitcode(status))
