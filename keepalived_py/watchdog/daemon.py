"""Leaving the terminal, and telling the process that was started there how it went."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from keepalived_py.errors import ExitCode
from keepalived_py.watchdog import signals

if TYPE_CHECKING:
    from collections.abc import Iterable


class Readiness:
    """The daemon's end of the pipe to the process that was started; says once how the start went.

    Args:
        descriptor: the pipe; None in the foreground, where nobody waits.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = descriptor

    @property
    def awaited(self) -> bool:
        """Whether somebody still waits."""
        return self._descriptor is not None

    def report(self, code: int, text: str = "") -> None:
        """Say how the start went: an exit code, and the reason when it failed. Later calls do nothing."""
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, f"{code} {text}".encode("utf-8", "surrogateescape"))
        except BrokenPipeError:
            pass  # the starting process was interrupted; the daemon stays
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the pipe: in a child, so that only the supervisor's end counts."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def detach(preserve: Iterable[int], umask: int) -> Readiness | int:
    """Become a daemon.

    Args:
        preserve: descriptors that stay open (locked pid files); every other one is closed.
        umask: for the files that the daemon creates.

    Returns:
        In the daemon, its Readiness. In the process that was started, the exit code, once the daemon has reported.
    """
    ours, theirs = os.pipe()
    starter = os.fork()
    if starter:
        os.close(theirs)
        signals.give_back()
        os.waitpid(starter, 0)
        return _outcome(ours)
    os.close(ours)
    from daemon import DaemonContext  # noqa: PLC0415 - 10 ms that -n saves

    DaemonContext(
        chroot_directory=None,
        working_directory="/",
        umask=umask,
        initgroups=False,
        prevent_core=False,
        detach_process=True,
        files_preserve=[*preserve, theirs],
        pidfile=None,
        stdin=None,
        stdout=None,
        stderr=None,
        signal_map={},
    ).open()
    return Readiness(theirs)


def _outcome(pipe: int) -> int:
    """Read what the daemon reports; show a reason on the screen; return the exit code."""
    with os.fdopen(pipe, "rb") as reader:
        code, _space, reason = reader.read().decode("utf-8", "surrogateescape").partition(" ")
    if reason:
        sys.stderr.write(f"{reason}\n")
    if code:
        return int(code)
    sys.stderr.write("keepalived ended while it was starting; the log may say why\n")
    return ExitCode.FATAL
