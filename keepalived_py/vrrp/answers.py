"""What the VRRP child answers on its control socket."""

from __future__ import annotations

import os
import time
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any

from keepalived_py.vrrp.report import addresses_of, as_values, peers_of, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from keepalived_py.observability.history import History, Record
    from keepalived_py.vrrp.report import AddressReport, PeerReport
    from keepalived_py.vrrp.roster import Roster
    from keepalived_py.vrrp.running import RunningInstance
    from keepalived_py.vrrp.script_tracker import WatchedScript

AT_ONCE = 32
"""Addresses or peers that are looked at without a pause, and told on one line."""
USAGE = "status [INSTANCE], history [LAST [INSTANCE]] or ping"


class Answers:
    """Makes answers, value by value: the caller decides when to go on, and things may have changed by then.

    Args:
        roster: the instances.
        history: what happened.
        clock: monotonic seconds.
        warnings: says what is not as it should be in the whole process.
        scripts: tells which scripts are watched, by name.
    """

    def __init__(
        self,
        roster: Roster,
        history: History,
        clock: Callable[[], float],
        warnings: Callable[[], list[str]] = list,
        scripts: Callable[[], Mapping[str, WatchedScript]] = dict,
    ) -> None:
        self._roster = roster
        self._history = history
        self._clock = clock
        self._warnings = warnings
        self._scripts = scripts
        self._started_at = clock()

    def answer(self, request: str) -> Iterator[dict[str, Any]]:
        """Return the values of the answer to one line."""
        verb, _, rest = request.partition(" ")
        rest = rest.strip()
        if verb == "status":
            return self._status(rest)
        if verb == "history":
            return self._told(rest)
        if verb == "ping" and not rest:
            return self._ping()
        return iter([{"end": "error", "error": f"unknown request: the VRRP process answers {USAGE}"}])

    def _head(self, verb: str) -> dict[str, Any]:
        now = self._clock()
        return {
            "answer": verb,
            "process": "vrrp",
            "pid": os.getpid(),
            "age": now - self._started_at,
            "time": time.time(),
            "instances": len(self._roster.instances),
            "warnings": self._warnings(),
        }

    def _ping(self) -> Iterator[dict[str, Any]]:
        yield self._head("ping")
        yield {"end": "ping"}

    def _status(self, wanted: str) -> Iterator[dict[str, Any]]:
        yield self._head("status")
        names = [name for name in tuple(self._roster.instances) if wanted in {"", name}]
        if wanted and not names:
            yield {"end": "error", "error": f"there is no instance {wanted}"}
            return
        for name in names:
            running = self._roster.instances.get(name)
            if running is not None:  # a reload may have ended it meanwhile
                yield from self._instance(running)
        for name, script in tuple(self._scripts().items()):
            if any(name == rung.name for each in names for rung in self._roster.tracking.ladder(each)):
                yield {"script": script_values(script, self._clock())}
        yield {"end": "status"}

    def _instance(self, running: RunningInstance) -> Iterator[dict[str, Any]]:
        """Return an instance, then its addresses and peers, some at a time: none of the parts takes long."""
        yield {"instance": as_values(self._roster.report(running))}
        for addresses in _parts(addresses_of(running, self._roster.is_present)):
            yield {"addresses": addresses}
        for peers in _parts(peers_of(running, self._clock())):
            yield {"peers": peers}

    def _told(self, rest: str) -> Iterator[dict[str, Any]]:
        first, _, wanted = rest.partition(" ")
        if first and not first.isdecimal():
            yield {"end": "error", "error": f"history: '{first[:40]}' is not a number of records"}
            return
        yield self._head("history")
        last = min(int(first[:9]), self._history.capacity) if first else self._history.capacity
        yield from records(self._history, last, wanted.strip())
        yield {"end": "history"}


def script_values(script: WatchedScript, now: float) -> dict[str, Any]:
    """Return what a script did last, the newest run at the end; `age` is seconds since a run began."""
    return {
        "name": script.name,
        "state": script.state,
        "skipped": script.skipped,
        "runs": [
            {
                "age": now - run.started_at,
                "duration": run.duration,
                "success": run.success,
                "exit_code": run.exit_code,
                "detail": run.detail,
                "error_line": run.error_line,
            }
            for run in script.runs
        ],
    }


def _parts(reports: Iterator[AddressReport | PeerReport]) -> Iterator[list[dict[str, Any]]]:
    while part := [plain(report) for report in islice(reports, AT_ONCE)]:
        yield part


def records(history: History, last: int, instance: str = "") -> Iterator[dict[str, Any]]:
    """Return the newest records, the oldest of them first.

    Args:
        history: the ring.
        last: how many at most.
        instance: whose; those of the whole process are always told.
    """
    if not instance:
        for record in history.newest(last):
            yield told(record)
        return
    kept: deque[Record] = deque(maxlen=last)
    for record in history.newest():
        if record.instance in {"", instance}:
            kept.append(record)
        yield {}  # nothing to say yet, and others may have their turn
    yield from map(told, kept)


def told(record: Record) -> dict[str, Any]:
    """Return a record as a value of an answer."""
    return {"record": record._asdict()}
