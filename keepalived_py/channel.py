"""Datagrams between two processes of ours that trust each other; nobody ever waits for the other."""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from keepalived_py.kernel.socket_options import set_buffers

if TYPE_CHECKING:
    from collections.abc import Callable

BUFFER = 4 << 20
"""Bytes that a socket may hold, where we are allowed to ask for so much."""
DATAGRAMS_AT_ONCE = 32
"""Datagrams read in one call, so that a busy peer does not hold up the rest of a loop."""


class Loop(Protocol):
    """What is needed of an event loop: our reactor and asyncio's loops both have it."""

    def add_reader(self, fd: Any, callback: Callable[..., object], *arguments: Any) -> object:
        """Call when a descriptor is readable."""

    def remove_reader(self, fd: Any) -> bool:
        """Stop reading."""

    def add_writer(self, fd: Any, callback: Callable[..., object], *arguments: Any) -> object:
        """Call when a descriptor is writable."""

    def remove_writer(self, fd: Any) -> bool:
        """Stop writing."""


class Channel:
    """One end. What does not fit into the socket waits here and leaves when there is room.

    Args:
        end: of a socket pair that keeps datagrams apart.
        loop: calls us.
        received: called with each datagram.
        ended: called once when the other process sends no more; this end is to be closed then.
        largest: bytes of the largest datagram that is received whole.
        limit: datagrams that wait at most; the oldest go first.

    Attributes:
        lost: datagrams that had no room or were too large.
        over: whether `ended` has been called.
    """

    def __init__(
        self,
        end: socket.socket,
        loop: Loop,
        *,
        received: Callable[[bytes], object],
        ended: Callable[[], object],
        largest: int = 16_384,
        limit: int = 10_000,
    ) -> None:
        self.lost = 0
        self.over = False
        self._socket = end
        self._loop = loop
        self._received = received
        self._ended = ended
        self._largest = largest
        self._limit = limit
        self._waiting: deque[bytes] = deque()
        self._closed = False
        end.setblocking(False)
        loop.add_reader(end, self._readable)

    def send(self, datagram: bytes) -> bool:
        """Send a datagram now or as soon as there is room; False when it cannot be sent at all."""
        lost = self.lost
        if self._closed:
            self.lost += 1
        elif self._waiting or not self._leaves(datagram):
            self._queue(datagram)
            return True
        return self.lost == lost

    def finish(self, seconds: float) -> None:
        """Send what waits and tell the other process that nothing more comes; hear it out for some seconds, waiting."""
        give_up_at = time.monotonic() + seconds
        with contextlib.suppress(OSError):
            self._socket.settimeout(seconds)
            while self._waiting:
                self._socket.send(self._waiting.popleft())
            self._socket.shutdown(socket.SHUT_WR)
        self._socket.setblocking(False)
        while not self.over and not self._closed and (left := give_up_at - time.monotonic()) > 0:
            if select.select([self._socket], [], [], left)[0]:
                self._readable()

    def close(self) -> None:
        """Close this end."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()

    def _queue(self, datagram: bytes) -> None:
        if not self._waiting:
            self._loop.add_writer(self._socket, self._writable)
        elif len(self._waiting) >= self._limit:
            self._waiting.popleft()
            self.lost += 1
        self._waiting.append(datagram)

    def _writable(self) -> None:
        while self._waiting:
            if not self._leaves(self._waiting[0]):
                return
            self._waiting.popleft()
        self._loop.remove_writer(self._socket)

    def _leaves(self, datagram: bytes) -> bool:
        """Send; False when there is no room now. One that can never leave is counted and gone."""
        try:
            self._socket.send(datagram)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno == errno.ENOBUFS:
                return False
            self.lost += 1
        return True

    def _readable(self) -> None:
        for _ in range(DATAGRAMS_AT_ONCE):
            if self._closed:
                return
            try:
                datagram = self._socket.recv(self._largest)
            except BlockingIOError:
                return
            except ConnectionError:
                datagram = b""
            if not datagram:
                self._loop.remove_reader(self._socket)
                self.over = True
                self._ended()
                return
            self._received(datagram)


def pair() -> tuple[socket.socket, socket.socket]:
    """Return two connected ends, neither of which passes to programs that are started."""
    first, second = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (first, second):
        set_buffers(end, send=BUFFER)
    return first, second
