"""From a command line to a running supervisor, in the order that lets every failure reach the terminal."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from keepalived_py.errors import ExitCode, KeepalivedError, PermissionDeniedError
from keepalived_py.kernel import namespace
from keepalived_py.observability.log import Log
from keepalived_py.version import VERSION_STRING
from keepalived_py.watchdog import core_dump, places, signals, title
from keepalived_py.watchdog.daemon import Readiness, detach
from keepalived_py.watchdog.heartbeat import SharedMemory
from keepalived_py.watchdog.offspring import Kind, Offspring
from keepalived_py.watchdog.pidfile import ORPHAN_WAIT, AlreadyRunningError, PidFile
from keepalived_py.watchdog.places import Places
from keepalived_py.watchdog.supervisor import Supervisor
from keepalived_py.watchdog.systemd import ServiceManager

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.options import Options

DEFAULT_UMASK = 0o177


@dataclass(frozen=True, slots=True)
class PidFiles:
    """The locked pid files of this daemon."""

    parent: PidFile
    children: dict[str, PidFile]

    def remove(self) -> None:
        """Remove all of them: the children's first."""
        for file in (*self.children.values(), self.parent):
            file.remove()


def start(options: Options, words: Sequence[str]) -> int:
    """Run the daemon; return the exit code of the process that was started.

    Args:
        options: what the command line says.
        words: the command line itself, to be shown by ps.
    """
    log = open_log(options, Places())
    log.info(f"Starting {VERSION_STRING}")
    system = os.uname()
    log.info(f"Running on {system.sysname} {system.release} {system.version}")
    log.info("Command line: " + " ".join(f"'{word}'" for word in (title.NAME, *words)))
    try:
        return _start(options, words, log)
    except KeepalivedError as problem:
        return fail(log, problem.exit_code, str(problem))
