"""What a process says about itself to the kernel (prctl(2))."""

import ctypes
import os

from keepalived_py.kernel.libc import LIBC, checked

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NAME = 15
NAME_LENGTH = 15
"""Longest name that the kernel keeps, in bytes (TASK_COMM_LEN without its zero)."""


def _prctl(option: int, value: int | ctypes.Array[ctypes.c_char]) -> None:
    argument = value if isinstance(value, ctypes.Array) else ctypes.c_ulong(value)
    zero = ctypes.c_ulong(0)
    checked(LIBC.prctl(option, argument, zero, zero, zero), "prctl")


def set_name(name: str) -> None:
    """Set the comm of this process, which ps, pgrep and killall read; longer than 15 bytes is cut."""
    _prctl(PR_SET_NAME, ctypes.create_string_buffer(os.fsencode(name)[:NAME_LENGTH]))


def die_with_parent(signal_number: int, parent: int) -> bool:
    """Ask for `signal_number` when the parent dies; False when process `parent` is our parent no more.

    The second half closes the race in which the parent died between the fork and this call: nobody
    would ever send the signal then.
    """
    _prctl(PR_SET_PDEATHSIG, signal_number)
    return os.getppid() == parent


def set_dumpable(dumpable: bool) -> None:
    """Allow or forbid core dumps and /proc access; changing user ids clears it."""
    _prctl(PR_SET_DUMPABLE, int(dumpable))
