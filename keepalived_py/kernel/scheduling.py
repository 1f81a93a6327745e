"""Priority, real time and memory of this process: what `vrrp_priority`, `vrrp_rt_priority` and `vrrp_no_swap` ask."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from keepalived_py.kernel.libc import LIBC, checked

if TYPE_CHECKING:
    from collections.abc import Iterable

MCL_CURRENT = 1
MCL_FUTURE = 2
MCL_ONFAULT = 4
_RLIMITS = 16
KILL_AFTER = 30.0
"""Seconds of processor time without one pause after which a real-time process cannot be of use to anybody."""
RLIMIT_RTTIME = 15
"""From asm-generic/resource.h; the resource module of 3.11 does not name it."""


class Conditions(NamedTuple):
    """What a process runs under, taken before it asks for more, so that what it starts can get it back.

    Attributes:
        nice: -20 to 19.
        processors: numbers of those that it may run on.
        limits: soft and hard limit by resource number (getrlimit(2)).
    """

    nice: int
    processors: frozenset[int]
    limits: tuple[tuple[int, tuple[int, int]], ...]

    @classmethod
    def current(cls) -> Conditions:
        """Return those of this process."""
        limits = tuple((number, resource.getrlimit(number)) for number in range(_RLIMITS))
        return cls(os.getpriority(os.PRIO_PROCESS, 0), frozenset(os.sched_getaffinity(0)), limits)

    def restore(self) -> None:
        """Give them back to this process, and ordinary scheduling; what the kernel refuses stays as it is."""
        with suppress(OSError):
            if os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK:
                os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        with suppress(OSError):
            if os.getpriority(os.PRIO_PROCESS, 0) != self.nice:
                os.setpriority(os.PRIO_PROCESS, 0, self.nice)
        with suppress(OSError):
            if os.sched_getaffinity(0) != self.processors:
                os.sched_setaffinity(0, self.processors)
        for number, pair in self.limits:
            with suppress(OSError, ValueError):
                if resource.getrlimit(number) != pair:
                    resource.setrlimit(number, pair)


def set_nice(value: int) -> None:
    """Set the nice value, -20 (first) to 19 (last). Raises OSError when not permitted."""
    os.setpriority(os.PRIO_PROCESS, 0, value)


def set_realtime(priority: int) -> None:
    """Schedule this process round robin at real time `priority` (1 to 99); its children are not. Raises OSError."""
    policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
    os.sched_setscheduler(0, policy, os.sched_param(priority))


def set_ordinary() -> None:
    """Schedule this process like any other. Raises OSError."""
    os.sched_setscheduler(0, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))


def set_time_limit(seconds: float | None) -> None:
    """Have the kernel send SIGXCPU when this real-time process has run `seconds` without a blocking call.

    It then sends another one after each further second (RLIMIT_RTTIME, getrlimit(2)), and ends the process after
    `KILL_AFTER` seconds, or twice the limit if that is more. None takes the warning away. Raises OSError.
    """
    _, hard = resource.getrlimit(RLIMIT_RTTIME)
    if seconds is None:
        resource.setrlimit(RLIMIT_RTTIME, (hard, hard))
        return
    soft, end = round(seconds * 1e6), round(max(KILL_AFTER, 2 * seconds) * 1e6)
    try:
        resource.setrlimit(RLIMIT_RTTIME, (soft, end))
    except ValueError:  # not permitted to raise a limit that somebody has set
        resource.setrlimit(RLIMIT_RTTIME, (min(soft, hard), hard))


def set_affinity(processors: Iterable[int]) -> None:
    """Run on these processors only. Raises OSError when none of them exists."""
    os.sched_setaffinity(0, processors)


def lock_memory() -> None:
    """Keep every page of this process in memory once it has been touched (mlockall). Raises OSError."""
    checked(LIBC.mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT), "mlockall")


def unlock_memory() -> None:
    """Undo `lock_memory`: before a fork, whose child would inherit nothing of it but pay for the copy."""
    checked(LIBC.munlockall(), "munlockall")
