"""What the parent tells of itself and its children; also what a child that is dead has left."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from keepalived_py.observability.history import History
from keepalived_py.version import VERSION_STRING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keepalived_py.watchdog.offspring import Offspring

RECORDS = 50
"""Records of a dead child that fit into one answer of the parent, which waits for nobody."""


def family(
    offspring: Sequence[Offspring], generation: int, *, started_at: float, reloading: bool
) -> Iterator[dict[str, Any]]:
    """Return the values of the parent's answer.

    Args:
        offspring: the children.
        generation: number of the configuration in force.
        started_at: when the parent began, monotonic seconds.
        reloading: whether a reload is under way.
    """
    now = time.monotonic()
    yield {
        "answer": "status",
        "process": "parent",
        "pid": os.getpid(),
        "age": now - started_at,
        "time": time.time(),
        "version": VERSION_STRING,
        "generation": generation,
        "reloading": reloading,
    }
    for child in offspring:
        yield {"child": _child(child, now)}
    for child in offspring:
        if child.pid is None:
            for record in History(child.slot.history).newest(RECORDS):
                yield {"record": record._asdict()}
    yield {"end": "status"}


def _child(child: Offspring, now: float) -> dict[str, Any]:
    lives = child.pid is not None
    return {
        "name": child.kind.name,
        "pid": child.pid,
        "running": child.running,
        "age": now - child.born_at if lives else None,
        "heartbeat_age": now - child.slot.stamp if lives else None,
        "generation": child.slot.generation,
        "deaths": child.deaths,
        "restart_in": None if lives or child.start_at is None else max(0.0, child.start_at - now),
    }
