"""Waiting for a condition: polled, bounded, never a blind sleep."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

POLL = 0.03
"""Seconds between two looks."""

SLOWEST = 5
"""How many times as slow as an idle one a machine may be: limits of time are written down for an idle one."""

T = TypeVar("T")


class NeverHappenedError(AssertionError):
    """A condition did not come true in its time."""


def wait_for(condition: Callable[[], T], timeout: float, what: str | Callable[[], str]) -> T:
    """Poll until the condition is true and return its value.

    Args:
        condition: asked again and again; any true value ends the wait.
        timeout: seconds that an idle machine may need at most; a busy one gets `SLOWEST` times as many.
        what: the sentence of the failure, or what makes it (a log, say) once it is needed.

    Raises:
        NeverHappenedError: the time is over.
    """
    limit = timeout * SLOWEST
    deadline = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            text = what if isinstance(what, str) else what()
            raise NeverHappenedError(f"not within {limit:g} s: {text}")
        time.sleep(POLL)


def holds_for(condition: Callable[[], object], duration: float, what: str) -> None:
    """Poll that a condition stays true for the whole duration (seconds).

    Raises:
        NeverHappenedError: it was false once.
    """
    deadline = time.monotonic() + duration
    while time.monotonic() < deadline:
        if not condition():
            raise NeverHappenedError(f"did not stay true for {duration:g} s: {what}")
        time.sleep(POLL)
