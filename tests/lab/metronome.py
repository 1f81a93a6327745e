"""Time for which no daemon is to blame: the machine let nobody run."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lab.frames import Advert
    from tests.lab.node import Node

BEAT = 0.02
"""Seconds between two beats."""
STALL = 0.05
"""Seconds between two beats that were held up."""


class Metronome:
    """A program that beats fifty times a second: when it is late, the machine was busy or stood still."""

    def __init__(self, node: Node) -> None:
        self._pings = node.ping("127.0.0.1", BEAT)

    def stood_still(self, begin: float, end: float) -> float:
        """How long nobody ran between two moments (all in seconds, moments since the epoch)."""
        return _within(self._stalls(end), begin, end)

    def gaps(self, adverts: Sequence[Advert]) -> list[float]:
        """Seconds between neighbours, without the time in which nobody ran."""
        stalls = self._stalls(adverts[-1].at)
        return [
            later.at - earlier.at - _within(stalls, earlier.at, later.at)
            for earlier, later in itertools.pairwise(adverts)
        ]

    def _stalls(self, until: float) -> list[tuple[float, float]]:
        """Begin and end of each pause between two beats that is too long."""
        wait_for(lambda: max(self._pings.sent().values(), default=0.0) > until, 10, "the metronome beats on")
        beats = sorted(self._pings.sent().values())
        return [(earlier, later) for earlier, later in itertools.pairwise(beats) if later - earlier > STALL]


def _within(stalls: list[tuple[float, float]], begin: float, end: float) -> float:
    return sum(max(min(later, end) - max(earlier, begin), 0.0) for earlier, later in stalls)
