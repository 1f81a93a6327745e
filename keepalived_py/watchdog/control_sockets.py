"""The sockets on which this daemon answers questions: made by the parent, one per process that answers.

The children inherit theirs, so that a question asked while a child is being replaced waits for its successor. The
parent waits for signals, not for descriptors: the kernel sends it SIGIO when somebody asks.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
from typing import TYPE_CHECKING, Any

from keepalived_py.child import ControlPoint
from keepalived_py.observability.control_server import may_ask, refuse, send_at_once
from keepalived_py.watchdog import places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from keepalived_py.observability.log import Log

OFF = "off"
BACKLOG = 16
MODE = 0o660
ANSWERING = {places.VRRP: "", places.CHECKERS: ".checkers"}
"""Children that answer, and what stands behind the path for each."""


class ControlSockets:
    """The listening sockets of one daemon, by process; none where they cannot be made, which the log says.

    Args:
        path: of the VRRP process's socket; others have their name behind it: `.parent`, `.checkers`.
        group: name of the group that may ask besides root.
        log: of the parent.

    Attributes:
        listeners: by process.
        group: number of the group; None for root only.
    """

    def __init__(self, path: str, group: str | None, log: Log) -> None:
        self.listeners: dict[str, socket.socket] = {}
        self.group: int | None = None
        self._paths: dict[str, str] = {}
        self._base = path
        self._log = log
        self._take_group(group)

    def open(self, processes: Iterable[str]) -> None:
        """Make the sockets of the parent and of those of `processes` that answer."""
        wanted = {places.PARENT: f"{self._base}.parent"}
        wanted |= {process: self._base + ANSWERING[process] for process in processes if process in ANSWERING}
        mask = os.umask(0o022)  # the daemon's own lets nobody enter a new directory
        try:
            os.makedirs(os.path.dirname(self._base) or "/", mode=0o755, exist_ok=True)  # noqa: PTH103, PTH120
            for process, path in wanted.items():
                self.listeners[process] = listener = self._listen(path)
                self._paths[process] = path
                if process == places.PARENT:
                    _signal_when_asked(listener)
        except OSError as problem:
            self._log.error(f"No control socket: {self._base}: {problem.strerror or problem}")
            self.close()
        finally:
            os.umask(mask)

    def point(self, process: str) -> ControlPoint | None:
        """Return where a child answers; None for one that does not."""
        listener = self.listeners.get(process)
        return None if listener is None else ControlPoint(listener, self.group)

    def keep_only(self, process: str) -> None:
        """Let go of all but one, in the child of that kind."""
        for name, listener in self.listeners.items():
            if name != process:
                listener.close()

    def close(self) -> None:
        """Close and remove all of them."""
        for listener in self.listeners.values():
            listener.close()
        for path in self._paths.values():
            if os.path.lexists(path):
                os.unlink(path)  # noqa: PTH108
        self.listeners, self._paths = {}, {}

    def answer(self, values: Callable[[], Iterator[dict[str, Any]]]) -> None:
        """Answer everybody who asks the parent, without waiting for anybody: what they want is always the same."""
        listener = self.listeners.get(places.PARENT)
        if listener is None:
            return
        for _ in range(2 * BACKLOG):
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            if may_ask(connection, self.group):
                send_at_once(connection, values())
            else:
                refuse(connection, "permission denied: only root and the members of control_group may ask")
        os.kill(os.getpid(), signal.SIGIO)

    def _listen(self, path: str) -> socket.socket:
        if os.path.lexists(path):
            if _is_answered(path):
                raise OSError(f"another daemon answers at {path}")
            os.unlink(path)  # noqa: PTH108
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        mask = os.umask(0o777 & ~MODE)
        try:
            listener.bind(path)
            if self.group is not None:
                os.chown(path, -1, self.group)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
        finally:
            os.umask(mask)
        return listener

    def _take_group(self, name: str | None) -> None:
        if name is None:
            return
        import grp  # noqa: PLC0415 - most configurations have no such group

        try:
            self.group = int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid
        except KeyError:
            self._log.warning(f"control_group {name}: there is no such group, only root may ask")


def _signal_when_asked(listener: socket.socket) -> None:
    fcntl.fcntl(listener, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(listener, fcntl.F_GETFL)
    fcntl.fcntl(listener, fcntl.F_SETFL, flags | os.O_ASYNC)


def _is_answered(path: str) -> bool:
    """Return whether a living process listens at a socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        try:
            probe.connect(path)
        except BlockingIOError:
            return True  # its queue is full
        except OSError:
            return False
        return True
