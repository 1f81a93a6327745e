"""Whom the health-check process runs as (`checker_user`)."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from keepalived_py.kernel.privileges import CAP_NET_ADMIN, CAP_NET_RAW, become
from keepalived_py.kernel.process import die_with_parent

if TYPE_CHECKING:
    from keepalived_py.config.model.globals import GlobalDefs
    from keepalived_py.observability.log import Log
    from keepalived_py.program import Programs


class Identity:
    """Root at first; somebody else from the moment on when everything is open that only root can open.

    Programs are started by the spawner, which is forked before and stays root: scripts run as whom they are
    configured for, also after a reload.

    Args:
        log: of the process.
        programs: whose spawner stays root.
    """

    def __init__(self, log: Log, programs: Programs) -> None:
        self._log = log
        self._programs = programs
        self._user: str | None = None

    def take(self, defaults: GlobalDefs) -> None:
        """Become whom a configuration names, once. Raises OSError: the process must end then."""
        name = defaults.checker_user
        if self._user is not None:
            if name != self._user:
                self._log.error(f"checker_user: this process stays {self._user} until it is started anew")
            return
        if defaults.checker_identity is None:
            return
        self._programs.prepare()
        parent = os.getppid()
        become(*defaults.checker_identity, (CAP_NET_ADMIN, CAP_NET_RAW))
        if not die_with_parent(signal.SIGTERM, parent):
            signal.raise_signal(signal.SIGTERM)
        self._user = name
        self._log.info(f"Running as {name} from now on, with CAP_NET_ADMIN and CAP_NET_RAW")
