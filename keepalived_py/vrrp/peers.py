"""The other routers of one VRID: when each was last heard, with what, and why its adverts were not believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keepalived_py.vrrp.rejection import Rejection

MOST = 256
"""Sources remembered; whoever can send adverts must not fill the memory. The one not heard for longest goes first."""
CALM = 60.0
"""Seconds without a refused advert after which the next one begins a new count."""
ENOUGH = 3
"""Refused adverts that are not an accident any more."""
_PAUSES = (60.0, 600.0, 3600.0)
"""Seconds between the first, second, third ... summary of one reason."""


class Refusals:
    """Adverts of one source that one check refused, one after the other.

    Attributes:
        count: how many.
        total: how many since the source is known, also in earlier rows.
        first_at: when the row began, monotonic seconds.
        last_at: when it was last heard.
    """

    __slots__ = ("_said", "_say_at", "count", "first_at", "last_at", "total")

    def __init__(self) -> None:
        self.count = self.total = 0
        self.first_at = self.last_at = float("-inf")
        self._say_at = 0.0
        self._said = 0

    def add(self, now: float, patience: float) -> None:
        """Another one was refused.

        Args:
            now: monotonic seconds.
            patience: seconds of it before the first summary.
        """
        if now - self.last_at > CALM:
            self.count = self._said = 0
            self.first_at = now
            self._say_at = now + patience
        self.count += 1
        self.total += 1
        self.last_at = now

    def is_worth_saying(self, now: float, *, at_once: bool = False) -> bool:
        """Return whether a summary is due; it is taken as made then.

        Args:
            now: monotonic seconds.
            at_once: do not wait for the time of the next summary.
        """
        if self.count < ENOUGH or (now < self._say_at and not at_once):
            return False
        self._say_at = now + _PAUSES[min(self._said, len(_PAUSES) - 1)]
        self._said += 1
        return True


class Peer:
    """One other router, by the source address of its adverts.

    Attributes:
        adverts: how many counted.
        heard_at: when the last of them came, monotonic seconds; -inf for never.
        priority: what it said last.
        interval: seconds between its adverts, as it says.
        refused: why others were not believed.
        rival_at: when it was last heard while we were master too; -inf for never.
    """

    __slots__ = ("adverts", "heard_at", "interval", "priority", "refused", "rival_at")

    def __init__(self) -> None:
        self.adverts = self.priority = 0
        self.interval = 0.0
        self.heard_at = self.rival_at = float("-inf")
        self.refused: dict[Rejection, Refusals] = {}

    @property
    def last_at(self) -> float:
        """When anything of it was last received, believed or not."""
        return max(self.heard_at, max((one.last_at for one in self.refused.values()), default=float("-inf")))


class Peers:
    """All sources of adverts for one virtual router, at most MOST, the one heard last at the end."""

    __slots__ = ("_by_source",)

    def __init__(self) -> None:
        self._by_source: dict[bytes, Peer] = {}

    def __iter__(self) -> Iterator[tuple[bytes, Peer]]:
        return iter(self._by_source.items())

    def __len__(self) -> int:
        return len(self._by_source)

    def get(self, source: bytes) -> Peer | None:
        """Return what is known of a source."""
        return self._by_source.get(source)

    def heard(self, now: float, source: bytes, priority: int, interval: float, count: int = 1) -> None:
        """Adverts that count were received, the last one now.

        Args:
            now: monotonic seconds.
            source: packed.
            priority: 0 to 255.
            interval: seconds.
            count: how many since the last call.
        """
        peer = self._touched(source)
        peer.adverts += count
        peer.heard_at = now
        peer.priority = priority
        peer.interval = interval

    def repeated(self, now: float, source: bytes, count: int) -> None:
        """The last advert of a source was received again, `count` times, the last time now."""
        peer = self._touched(source)
        peer.adverts += count
        peer.heard_at = now

    def refused(self, now: float, source: bytes, rejection: Rejection, patience: float) -> Refusals:
        """An advert was not believed; return the row that it belongs to."""
        peer = self._touched(source)
        row = peer.refused.get(rejection)
        if row is None:
            row = peer.refused[rejection] = Refusals()
        row.add(now, patience)
        return row

    def is_new_rival(self, now: float, source: bytes) -> bool:
        """A source was heard while we are master; return whether it had not been lately."""
        peer = self._touched(source)
        is_new = now - peer.rival_at > CALM
        peer.rival_at = now
        return is_new

    def refused_since(self, then: float) -> Iterator[tuple[bytes, Rejection, Refusals]]:
        """Return every row that went on after a time, monotonic seconds."""
        for source, peer in self._by_source.items():
            for rejection, row in peer.refused.items():
                if row.last_at >= then:
                    yield source, rejection, row

    def _touched(self, source: bytes) -> Peer:
        known = self._by_source.pop(source, None)
        if known is None:
            known = Peer()
            if len(self._by_source) >= MOST:
                del self._by_source[next(iter(self._by_source))]
        self._by_source[source] = known
        return known
