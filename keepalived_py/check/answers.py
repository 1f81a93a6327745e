"""What the health-check child answers on its control socket."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final

from keepalived_py.check.health import HIGHEST_WEIGHT
from keepalived_py.check.report import (
    destination_counters,
    plain,
    real_values,
    service_counters,
    spellings,
    virtual_values,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from keepalived_py.check.farm import Farm
    from keepalived_py.check.ipvs_counters import IpvsCounters
    from keepalived_py.check.running import Identity, RunningReal, RunningVirtual

USAGE: Final = (
    "status [VIRTUAL-SERVER], counters [VIRTUAL-SERVER], "
    "real-server VIRTUAL-SERVER REAL-SERVER drain|enable|weight N, or ping"
)


class Answers:
    """Makes answers, value by value: the caller decides when to go on, and things may have changed by then.

    Args:
        farm: the virtual servers.
        clock: monotonic seconds.
        counters: opens a way to the kernel's counters, which the answer closes; returns None when there is none.
    """

    def __init__(
        self, farm: Farm, clock: Callable[[], float], counters: Callable[[], IpvsCounters | None] = lambda: None
    ) -> None:
        self._farm = farm
        self._clock = clock
        self._counters = counters
        self._started_at = clock()

    def answer(self, request: str) -> Iterator[dict[str, Any]]:
        """Return the values of the answer to one line."""
        verb, *words = request.split() or [""]
        if verb == "status" and len(words) <= 1:
            return self._status(*words)
        if verb == "counters" and len(words) <= 1:
            return self._counted(*words)
        if verb == "real-server":
            return self._ordered(words)
        if verb == "ping" and not words:
            return iter([self._head("ping"), {"end": "ping"}])
        return _refusal(f"unknown request: the health-check process answers {USAGE}")

    def _head(self, verb: str) -> dict[str, Any]:
        return {
            "answer": verb,
            "process": "checkers",
            "pid": os.getpid(),
            "age": self._clock() - self._started_at,
            "time": time.time(),
            "virtual_servers": len(self._farm.virtuals),
        }

    def _status(self, wanted: str = "") -> Iterator[dict[str, Any]]:
        """Return virtual servers, each followed by its real servers, one line each: none of them takes long."""
        identities = self._identities(wanted)
        if wanted and not identities:
            yield from _refusal(f"there is no virtual server {wanted}")
            return
        yield self._head("status")
        for virtual in self._living(identities):
            yield {"virtual_server": virtual_values(virtual)}
            for real in tuple(virtual.reals.values()):
                yield {"real_server": real_values(virtual, real, self._clock())}
        yield {"end": "status"}

    def _counted(self, wanted: str = "") -> Iterator[dict[str, Any]]:
        """Return what `_status` does, with the kernel's counters; between its answers others have their turn."""
        identities = self._identities(wanted)
        if wanted and not identities:
            yield from _refusal(f"there is no virtual server {wanted}")
            return
        counters = self._counters()
        try:
            yield self._head("counters")
            for virtual in self._living(identities):
                for _ in counters.read(virtual) if counters is not None else ():
                    yield {}
                total = counters.virtual if counters is not None else None
                yield {"virtual_server": virtual_values(virtual) | {"counters": service_counters(total)}}
                for real in tuple(virtual.reals.values()):
                    one = counters.reals.get(real.name) if counters is not None else None
                    values = real_values(virtual, real, self._clock())
                    yield {"real_server": values | {"counters": destination_counters(one)}}
        finally:
            if counters is not None:
                counters.close()
        yield {"end": "counters"}

    def _identities(self, wanted: str) -> list[Identity]:
        """Return which virtual servers are meant."""
        known = self._farm.virtuals.items()
        return [identity for identity, one in known if not wanted or plain(wanted) in spellings(one)]

    def _living(self, identities: Iterable[Identity]) -> Iterator[RunningVirtual]:
        """Return those of the virtual servers that no reload has ended meanwhile."""
        for identity in identities:
            virtual = self._farm.virtuals.get(identity)
            if virtual is not None:
                yield virtual

    def _ordered(self, words: list[str]) -> Iterator[dict[str, Any]]:
        """Carry out what an operator orders, at once, and tell how the server is then."""
        weight = _weight_in(words[2:])
        if isinstance(weight, str):
            return _refusal(weight)
        found = self._found(words[0], words[1])
        if isinstance(found, str):
            return _refusal(found)
        self._farm.order(*found, weight)
        return iter(
            [
                self._head("real-server"),
                {"virtual_server": virtual_values(found[0])},
                {"real_server": real_values(*found, self._clock())},
                {"end": "real-server"},
            ]
        )

    def _found(self, virtual_name: str, real_name: str) -> tuple[RunningVirtual, RunningReal] | str:
        """Return the real server with this name, or why there is none."""
        virtuals = [one for one in self._farm.virtuals.values() if plain(virtual_name) in spellings(one)]
        if len(virtuals) != 1:
            names = ", ".join(one.full_name for one in virtuals)
            return f"{virtual_name} may be {names}" if names else f"there is no virtual server {virtual_name}"
        wanted = plain(real_name)
        for real in virtuals[0].reals.values():
            if wanted in {plain(real.name), plain(real.full_name)}:
                return virtuals[0], real
        return f"virtual server {virtuals[0].name} has no real server {real_name}"


def _weight_in(words: list[str]) -> int | str | None:
    """Return the weight that is ordered, None for the configured one, or what is wrong with the words."""
    if words == ["drain"]:
        return 0
    if words == ["enable"]:
        return None
    if len(words) == 2 and words[0] == "weight":
        text = words[1]
        if text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= HIGHEST_WEIGHT:
            return int(text)
        return f"the weight is to be a number from 0 to {HIGHEST_WEIGHT}"
    return "real-server needs VIRTUAL-SERVER REAL-SERVER and drain, enable or weight N"


def _refusal(reason: str) -> Iterator[dict[str, Any]]:
    return iter([{"end": "error", "error": reason}])
