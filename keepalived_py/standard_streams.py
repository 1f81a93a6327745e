"""Standard input, output and error of a process that was started without some of them.

A service manager may close them. The next files that are opened would take their numbers: what is written to standard
error would end in a pid file, and becoming a daemon would close a socket.
"""

from __future__ import annotations

import os
import sys


def complete() -> None:
    """Open /dev/null in place of those that are closed; call before anything else is opened."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number is this one
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)
