"""Who is alive, and what follows: retries, weights, quorum, the sorry server. No clock, no kernel.

Inputs are past tense and change the objects here; what became of it is returned as `Event`s, in the order in which they
are to be logged and told. Which servers shall be in the kernel, and with which weight, is never told as a change:
`VirtualServer.desired` says it as a whole, so that no sequence of events and reloads can leave a wrong server there.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keepalived_py.check.probe import ProbeResult

HIGHEST_WEIGHT = 0x7FFFFFFF
"""IPVS keeps weights as signed integers (include/net/ip_vs.h)."""


@unique
class Verdict(Enum):
    """What one result means for a checker."""

    SAME = "nothing new"
    FORGIVEN = "a failure that is tried again after delay_before_retry"
    WENT_UP = "the check succeeds from now on"
    WENT_DOWN = "the check has failed too often"
    STAYS_DOWN = "the first result after the retries, of a check that counted as failed until then (alpha)"


class Checker:
    """One check of one real server.

    Attributes:
        retry: failures in a row that are forgiven.
        rise: successes in a row that bring a failed check back.
        is_up: whether it counts as successful.
        has_run: whether there was a result since the start; failures that are forgiven are none.
        streak: failures in a row while up, successes in a row while down.
        added_weight: what its results add to the weight of the server (MISC_CHECK with misc_dynamic, FILE_CHECK).
        last: the last result; None before the first.
    """

    __slots__ = ("added_weight", "has_run", "is_up", "last", "retry", "rise", "streak")

    def __init__(self, retry: int, *, alpha: bool, rise: int = 1) -> None:
        self.retry = retry
        self.rise = rise
        self.is_up = not alpha
        self.has_run = False
        self.streak = 0
        self.added_weight = 0
        self.last: ProbeResult | None = None

    def knows(self, result: ProbeResult) -> bool:
        """Return whether a success changes nothing at all: that is what nearly every result is."""
        return result.ok and self.is_up and self.has_run and not self.streak

    def observed(self, result: ProbeResult) -> Verdict:
        """A probe has ended; the caller carries the verdict on to `VirtualServer.judged`."""
        first, self.last = not self.has_run, result
        if result.ok is self.is_up and (result.ok or not first):
            self.streak, self.has_run = 0, True
            return Verdict.WENT_UP if first else Verdict.SAME
        self.streak += 1
        if result.ok:
            if self.streak < self.rise and not first:
                return Verdict.SAME
        elif self.streak <= self.retry:
            return Verdict.FORGIVEN
        was_up = self.is_up
        self.is_up, self.streak, self.has_run = result.ok, 0, True
        if result.ok:
            return Verdict.WENT_UP
        self.added_weight = 0
        return Verdict.WENT_DOWN if was_up else Verdict.STAYS_DOWN


@unique
class EventKind(Enum):
    """What became of a real server or of a virtual server."""

    SERVER_UP = "server up"
    SERVER_DOWN = "server down"
    SERVER_STAYS_DOWN = "server still down"
    WEIGHT_CHANGED = "weight changed"
    QUORUM_GAINED = "quorum gained"
    QUORUM_LOST = "quorum lost"
    SORRY_SERVER_IN = "sorry server in"
    SORRY_SERVER_OUT = "sorry server out"


class Event(NamedTuple):
    """One thing to log and to tell.

    Attributes:
        kind: what happened.
        server: key of the real server that it happened to; empty for what happens to the virtual server.
        old: weight before.
        new: weight after; of quorum events the live weight.
        threshold: of quorum events: what the live weight was compared with.
        at_start: whether it tells of the beginning, not of a change.
    """

    kind: EventKind
    server: str = ""
    old: int = 0
    new: int = 0
    threshold: int = 0
    at_start: bool = False


Events = tuple[Event, ...]


class RealServer:
    """One server behind a virtual server.

    Attributes:
        key: what tells it from the others of its virtual server, e.g. `[10.0.0.2]:80`.
        configured_weight: as the configuration has it.
        inhibit: a failed one stays in the kernel with weight 0 instead of being removed.
        checkers: all must be up.
        is_alive: whether it takes part.
        ordered: the weight that an operator has ordered, whatever else there is (0: drained); None for none.
        ceiling: upper limit of its weight in the kernel for the moment (slow start); None for none.
    """

    __slots__ = ("ceiling", "checkers", "configured_weight", "inhibit", "is_alive", "key", "ordered")

    def __init__(self, key: str, weight: int, *, inhibit: bool, checkers: Iterable[Checker] = ()) -> None:
        self.key = key
        self.configured_weight = weight
        self.inhibit = inhibit
        self.checkers = tuple(checkers)
        self.is_alive = False
        self.ordered: int | None = None
        self.ceiling: int | None = None

    @property
    def should_live(self) -> bool:
        """Whether every check succeeds; a server without checks always lives."""
        return all(checker.is_up for checker in self.checkers)

    @property
    def weight(self) -> int:
        """The weight that it has while it is alive: 0 to HIGHEST_WEIGHT."""
        if self.ordered is not None:
            return self.ordered
        total = self.configured_weight
        for checker in self.checkers:
            total += checker.added_weight
        return max(0, min(total, HIGHEST_WEIGHT))

    @property
    def used_weight(self) -> int:
        """The weight in the kernel while it is alive: a slow start does not delay the quorum, only connections."""
        return self.weight if self.ceiling is None else min(self.weight, self.ceiling)


class VirtualServer:
    """A virtual server: which of its real servers are to be used.

    Attributes:
        servers: by key, in configured order.
        quorum: live weight that it needs.
        hysteresis: how much more it takes to gain the quorum, how much less to lose it.
        sorry_server: key of the server that stands in while the quorum is lost; empty for none.
        sorry_inhibit: it stays in the kernel with weight 0 while it is not needed.
        has_quorum: None before `started`.
    """

    __slots__ = ("has_quorum", "hysteresis", "quorum", "servers", "sorry_inhibit", "sorry_server")

    def __init__(
        self,
        servers: Iterable[RealServer],
        *,
        quorum: int = 1,
        hysteresis: int = 0,
        sorry_server: str = "",
        sorry_inhibit: bool = False,
    ) -> None:
        self.servers: dict[str, RealServer] = {server.key: server for server in servers}
        self.quorum = quorum
        self.hysteresis = hysteresis
        self.sorry_server = sorry_server
        self.sorry_inhibit = sorry_inhibit
        self.has_quorum: bool | None = None

    @property
    def live_weight(self) -> int:
        """The sum of the weights of all servers that are alive."""
        return sum(server.weight for server in self.servers.values() if server.is_alive)

    # Inputs

    def started(self) -> Events:
        """The beginning, also of servers that a reload has brought: who is in, whether that is enough."""
        events = []
        for server in self.servers.values():
            if server.should_live and not server.is_alive:
                server.is_alive = True
                events.append(Event(EventKind.SERVER_UP, server.key, new=server.weight, at_start=True))
            elif server.is_alive and not server.should_live:
                server.is_alive = False
                events.append(Event(EventKind.SERVER_DOWN, server.key))
        return (*events, *self._review(at_start=self.has_quorum is None))

    def judged(self, key: str) -> Events:
        """A check of a server went up or down."""
        server = self.servers[key]
        if server.should_live is server.is_alive:
            return ()
        server.is_alive = server.should_live
        kind = EventKind.SERVER_UP if server.is_alive else EventKind.SERVER_DOWN
        return (Event(kind, key, new=server.weight), *self._review())

    def weighed(self, key: str, old: int) -> Events:
        """The weight of a server may be another one than `old` now."""
        new = self.servers[key].weight
        if new == old:
            return ()
        return (Event(EventKind.WEIGHT_CHANGED, key, old, new), *self._review())

    def reweighed(self, earlier: VirtualServer) -> Events:
        """A reload has given servers that it kept another weight; `started` has seen to the quorum."""
        kept = ((earlier.servers[key], server) for key, server in self.servers.items() if key in earlier.servers)
        return tuple(
            Event(EventKind.WEIGHT_CHANGED, new.key, old.weight, new.weight)
            for old, new in kept
            if old.weight != new.weight
        )

    def left(self, keys: Iterable[str]) -> Events:
        """A reload has taken servers away."""
        events = []
        for key in keys:
            if self.servers[key].is_alive:
                self.servers[key].is_alive = False
                events.append(Event(EventKind.SERVER_DOWN, key))
        return tuple(events)

    def ended(self) -> Events:
        """The virtual server is no more: nobody lives behind it, and there is no quorum."""
        events = list(self.left(self.servers))
        if self.has_quorum:
            self.has_quorum = False
            events.append(Event(EventKind.QUORUM_LOST, threshold=self.quorum - self.hysteresis))
        return tuple(events)

    def _review(self, *, at_start: bool = False) -> Events:
        """Gain or lose the quorum."""
        live = self.live_weight
        if self.has_quorum:
            threshold = self.quorum - self.hysteresis
            if live and live >= threshold:
                return ()
        else:
            threshold = self.quorum if at_start else self.quorum + self.hysteresis
            if live < threshold and self.has_quorum is False:
                return ()
        self.has_quorum = live >= threshold and live > 0
        kind = EventKind.QUORUM_GAINED if self.has_quorum else EventKind.QUORUM_LOST
        events: Events = (Event(kind, new=live, threshold=threshold, at_start=at_start),)
        if self.sorry_server and not (at_start and self.has_quorum):
            moved = EventKind.SORRY_SERVER_OUT if self.has_quorum else EventKind.SORRY_SERVER_IN
            events += (Event(moved, self.sorry_server),)
        return events

    # Answers

    def desired(self) -> Mapping[str, int]:
        """Return which servers shall be in the kernel, with their weights.

        While the sorry server stands in no other has a weight; without one those that live stay, however few they are.
        """
        stands_in = bool(self.sorry_server) and self.has_quorum is False
        wanted = {}
        for key, server in self.servers.items():
            if server.is_alive and not stands_in:
                wanted[key] = server.used_weight
            elif server.inhibit:
                wanted[key] = 0
        if stands_in:
            wanted[self.sorry_server] = 1
        elif self.sorry_server and self.sorry_inhibit:
            wanted.setdefault(self.sorry_server, 0)
        return wanted
