"""Running a loop in a test until something is so."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from keepalived_py.observability.log import Level, Log

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.reactor import Reactor

PATIENCE = 60.0
"""Seconds in which anything happens, on a machine that does much else."""


def run_until(loop: Reactor, condition: Callable[[], object], what: object = "") -> None:
    """Run a loop (its `longest_sleep` must be set) until a condition holds."""
    give_up_at = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up_at, what
        loop.run_once()


def run_for(loop: Reactor, seconds: float) -> None:
    """Run a loop for a time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        loop.run_once()


class Lines(Log):
    """A log that keeps its lines."""

    def __init__(self) -> None:
        super().__init__("test", syslog=False)
        self.lines: list[str] = []

    def write(self, level: Level, text: str) -> None:
        del level
        self.lines.append(text)
