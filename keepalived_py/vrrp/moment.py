"""One moment on both clocks: what the loop counts in, and what people read."""

from __future__ import annotations

import time
from math import isinf
from typing import NamedTuple


class Moment(NamedTuple):
    """Now.

    Attributes:
        monotonic: seconds of the loop's clock.
        wall: seconds since 1970 at the same moment.
    """

    monotonic: float
    wall: float

    def seconds(self, at: float) -> str:
        """Return when `at` (monotonic seconds) is or was, as seconds since 1970 with six decimals."""
        return f"{max(0.0, self.wall + at - self.monotonic):.6f}" if not isinf(at) else f"{0:.6f}"

    def text(self, at: float) -> str:
        """Return `SECONDS (Www Mmm dd HH:MM:SS.UUUUUU YYYY)` in local time."""
        seconds = self.seconds(at)
        whole, _, fraction = seconds.partition(".")
        local = time.localtime(int(whole))
        day, clock = time.strftime("%a %b", local), time.strftime("%H:%M:%S", local)
        return f"{seconds} ({day} {local.tm_mday:2d} {clock}.{fraction} {local.tm_year})"
