"""Log lines to syslog and the console, without ever waiting for either."""

from __future__ import annotations

import errno
import os
import select
import socket
import time
from collections import deque
from enum import IntEnum

QUEUE_LIMIT = 20_000
"""Lines kept while syslogd is away; the oldest go first and are counted."""

CONNECT_PAUSE = 0.2
"""Seconds before syslogd is looked for again when it is not there: a busy loop must not look in each turn."""

_AWAY = frozenset({errno.ECONNREFUSED, errno.ENOENT, errno.ENOTCONN, errno.ECONNRESET, errno.EPIPE, errno.EACCES})
_BUSY = frozenset({errno.EAGAIN, errno.ENOBUFS, errno.EMFILE, errno.ENFILE})
STANDARD_ERROR = 2
CONSOLE_LINE = 4096
"""Bytes of the longest line on the console (PIPE_BUF)."""


class Level(IntEnum):
    """Syslog severities (RFC 3164 section 4.1.1)."""

    ALERT = 1
    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFO = 6
    DEBUG = 7


CLOSE_LIMIT = 1.0
"""Seconds that the last lines of a process may wait for a busy syslogd."""
DRAIN_PAUSE = 0.01
"""Seconds between two attempts of a process that is about to end."""


class Log:
    """The log of one process.

    Lines are queued by the level methods and leave in `flush`, which never blocks: the advert path logs freely and
    its loop flushes when nothing is due. With `immediate` (the supervisor, command-line tools) each line is
    flushed at once. When syslogd restarts the socket is opened again at the next flush and nothing queued is lost.

    Args:
        ident: syslog tag, for example "Keepalived_vrrp".
        facility: syslog facility number (daemon = 3, local0 = 16).
        detail: how often -D was given; `info` lines are always logged, `verbose` lines only with detail.
        console: also write to standard error, as `Www Mmm dd HH:MM:SS YYYY: text`.
        syslog: False to leave syslog alone (-G, --config-test).
        immediate: flush every line at once.
        path: the syslog socket.
    """

    def __init__(
        self,
        ident: str,
        facility: int = 3,
        *,
        detail: int = 0,
        console: bool = False,
        syslog: bool = True,
        immediate: bool = False,
        path: str = "/dev/log",
    ) -> None:
        self.ident = ident
        self.facility = facility
        self.detail = detail
        self.console = console
        self.syslog = syslog
        self.immediate = immediate
        self.path = path
        self.lost = 0
        self._queue: deque[tuple[float, Level, str]] = deque()
        self._console_queue: deque[tuple[float, str]] = deque(maxlen=QUEUE_LIMIT)
        self._socket: socket.socket | None = None
        self._connect_again_at = 0.0

    def alert(self, text: str) -> None:
        """Log what needs a person at once."""
        self.write(Level.ALERT, text)

    def error(self, text: str) -> None:
        """Log a failure."""
        self.write(Level.ERROR, text)

    def warning(self, text: str) -> None:
        """Log what may become a failure."""
        self.write(Level.WARNING, text)

    def info(self, text: str) -> None:
        """Log an ordinary event."""
        self.write(Level.INFO, text)

    def verbose(self, text: str) -> None:
        """Log an event that matters only with -D."""
        if self.detail:
            self.write(Level.INFO, text)

    def write(self, level: Level, text: str) -> None:
        """Queue `text`, one log line for each of its lines."""
        now = time.time()
        for line in text.split("\n"):
            if self.syslog:
                self._queue_for_syslog(now, level, line)
            if self.console:
                self._console_queue.append((now, line))
        if self.immediate:
            self.flush()

    def flush(self, limit: int = QUEUE_LIMIT) -> bool:
        """Hand up to `limit` queued lines to the console and to syslogd; keep what syslogd cannot take now.

        Returns:
            True when lines are left that could leave at once: call again when nothing more urgent is due.
        """
        console_takes_more = self._flush_console(limit)
        queue = self._queue
        for _line in range(min(limit, len(queue))):
            if not self._send(self._datagram(*queue[0])):
                return console_takes_more
            queue.popleft()
        if self.lost and not queue:
            lost, self.lost = self.lost, 0
            self.warning(f"{lost} log lines were lost while syslogd was away")
        return bool(queue) or console_takes_more

    @property
    def waiting(self) -> bool:
        """Whether lines wait for a syslogd that is busy or away: `flush` must be called again."""
        return bool(self._queue)

    def disown(self) -> None:
        """Forget what waits, in a fork: its parent will log it."""
        self._queue.clear()
        self._console_queue.clear()

    def drain(self, seconds: float) -> None:
        """Before this process ends: wait up to so long for a syslogd that is busy, but not for one that is away."""
        give_up_at = time.monotonic() + seconds
        self.flush()
        while self._queue and self._socket is not None and time.monotonic() < give_up_at:
            time.sleep(DRAIN_PAUSE)
            self.flush()

    def _flush_console(self, limit: int) -> bool:
        """Print up to `limit` lines; return whether more are left that the console would take now."""
        queue = self._console_queue
        for _line in range(min(limit, len(queue))):
            if not self._print(*queue[0]):
                return False
            queue.popleft()
        return bool(queue)

    def _queue_for_syslog(self, now: float, level: Level, line: str) -> None:
        if len(self._queue) >= QUEUE_LIMIT:
            self._queue.popleft()
            self.lost += 1
        self._queue.append((now, level, line))

    def close(self) -> None:
        """Flush and close the socket."""
        self.drain(CLOSE_LIMIT)
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _datagram(self, when: float, level: Level, text: str) -> bytes:
        stamp = time.strftime("%b %e %H:%M:%S", time.localtime(when))
        line = f"<{self.facility * 8 + level}>{stamp} {self.ident}: {text}"
        return line.encode("utf-8", "surrogateescape")

    @staticmethod
    def _print(when: float, text: str) -> bool:
        """Write one line; return False when it must be tried again later.

        Whoever reads the other end (a pager, a terminal that is held) must not be able to hold us up. A pipe that is
        writable takes a page in one piece.
        """
        stamp = time.strftime("%a %b %e %H:%M:%S %Y", time.localtime(when))
        line = f"{stamp}: {text}".encode("utf-8", "surrogateescape")[: CONSOLE_LINE - 1] + b"\n"
        console = select.poll()
        console.register(STANDARD_ERROR, select.POLLOUT)
        if not console.poll(0):
            return False
        try:
            os.write(STANDARD_ERROR, line)
        except OSError as problem:
            # A closed terminal must not stop the daemon.
            return problem.errno != errno.EAGAIN
        return True

    def _send(self, datagram: bytes) -> bool:
        """Send one datagram; return False when it must be tried again later."""
        for _attempt in range(2):
            if self._socket is None and not self._connect():
                return False
            assert self._socket is not None
            try:
                self._socket.send(datagram)
            except OSError as problem:
                if problem.errno in _BUSY:
                    return False
                if problem.errno not in _AWAY:
                    return True  # too long or forbidden: it would never leave, later lines may
                self._socket.close()
                self._socket = None
            else:
                return True
        return False

    def _connect(self) -> bool:
        """Open the socket, unless that failed a moment ago; return whether there is one."""
        now = time.monotonic()
        if now < self._connect_again_at:
            return False
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            connection.connect(self.path)
        except OSError:
            connection.close()
            self._connect_again_at = now + CONNECT_PAUSE
            return False
        self._socket = connection
        return True
