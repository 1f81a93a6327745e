"""The stack on which this process handles signals (sigaltstack(2))."""

from __future__ import annotations

import ctypes
import mmap

from keepalived_py.kernel.libc import LIBC, checked

SIZE = 1 << 20
"""Bytes: room for 64 signals, each with the registers of any processor; pages that are never used cost nothing."""


class _Stack(ctypes.Structure):
    """stack_t of sigaltstack(2)."""

    _fields_ = (("start", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


_memory: list[mmap.mmap] = []
"""Mapped for the rest of the process's life: the kernel writes to it."""


def enlarge() -> None:
    """Handle signals of this thread on a large stack. Raises OSError.

    faulthandler sets up a stack of two frames, and every handler of the interpreter runs on it. Signals that come
    together, after a pause of the process say, are handled one inside the other: six of them overflow it.
    """
    memory = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    checked(LIBC.sigaltstack(ctypes.byref(_Stack(start, 0, SIZE)), None), "sigaltstack")
    _memory.append(memory)
