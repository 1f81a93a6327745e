"""One timerfd with microseconds, through ctypes (the os module has it from Python 3.13 on)."""

from __future__ import annotations

import ctypes
import os
import time

from keepalived_py.kernel.libc import LIBC, checked

TFD_CLOEXEC = os.O_CLOEXEC
TFD_NONBLOCK = os.O_NONBLOCK
TFD_TIMER_ABSTIME = 1

_NANOSECONDS = 1_000_000_000


class TimerDescriptor:
    """Readable from a set moment of the monotonic clock on; setting it again makes it unreadable."""

    __slots__ = ("_descriptor", "_pointer", "_settime", "_value")

    def __init__(self) -> None:
        flags = TFD_CLOEXEC | TFD_NONBLOCK
        self._descriptor = checked(LIBC.timerfd_create(time.CLOCK_MONOTONIC, flags), "timerfd_create")
        # struct itimerspec: interval seconds and nanoseconds, value seconds and nanoseconds.
        self._value = (ctypes.c_long * 4)()
        self._pointer = ctypes.byref(self._value)
        self._settime = LIBC.timerfd_settime

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._descriptor

    def set(self, when: float | None) -> None:
        """Expire at `when`, seconds of `time.monotonic`; at once when that has passed; never when None."""
        # Rounded up, or the loop would wake a moment before the deadline; never zero, which disarms.
        nanoseconds = 0 if when is None else max(0, int(when * _NANOSECONDS)) + 1
        self._value[2], self._value[3] = divmod(nanoseconds, _NANOSECONDS)
        checked(self._settime(self._descriptor, TFD_TIMER_ABSTIME, self._pointer, None), "timerfd_settime")

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._descriptor)
