"""Giving up root (capabilities(7), credentials(7)): another user, a few capabilities, no way back."""

from __future__ import annotations

import ctypes
import errno
import os
from typing import TYPE_CHECKING

from keepalived_py.kernel.libc import LIBC, checked

if TYPE_CHECKING:
    from collections.abc import Iterable

CAP_NET_ADMIN = 12
CAP_NET_RAW = 13
"""Of linux/capability.h."""
_PR_SET_KEEPCAPS = 8
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_VERSION_3 = 0x20080522
_MOST_CAPABILITIES = 64


def become(uid: int, gid: int, keep: Iterable[int]) -> None:
    """Become another user in all respects, and keep some capabilities.

    What this process runs from now on can have no more than that. The signal for the parent's death is cleared by the
    kernel: ask for it again.

    Args:
        uid: of the user, not 0.
        gid: the only group.
        keep: numbers of capabilities.

    Raises:
        OSError: the kernel refuses a step; the process may be between the two users then, and should end.
    """
    kept = frozenset(keep)
    _set(_PR_SET_NO_NEW_PRIVS, 1)
    for number in range(_MOST_CAPABILITIES):
        if number not in kept and not _drop_for_ever(number):
            break
    _set(_PR_SET_KEEPCAPS, 1)
    os.setgroups([gid])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    _set(_PR_SET_KEEPCAPS, 0)
    _hold(kept)


def _hold(capabilities: frozenset[int]) -> None:
    """Have these capabilities and no others."""
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    low, high = (sum(1 << number % 32 for number in capabilities if number // 32 == half) for half in (0, 1))
    # For each half: effective, permitted, inheritable.
    data = (ctypes.c_uint32 * 6)(low, low, 0, high, high, 0)
    checked(LIBC.capset(header, data), "capset")


def _drop_for_ever(number: int) -> bool:
    """Take a capability out of the bounding set; False when the kernel has none of this number."""
    try:
        _set(_PR_CAPBSET_DROP, number)
    except OSError as problem:
        if problem.errno != errno.EINVAL:
            raise
        return False
    return True


def _set(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    checked(LIBC.prctl(option, ctypes.c_ulong(value), zero, zero, zero), "prctl")
