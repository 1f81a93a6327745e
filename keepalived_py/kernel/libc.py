"""The few C library calls that Python 3.11 does not offer, and one way to report their errors."""

import ctypes
import os

LIBC = ctypes.CDLL(None, use_errno=True)


def checked(result: int, name: str) -> int:
    """Return `result` of the C function `name`; raise OSError with the thread's errno when it is negative."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result
