"""Answers questions on a unix socket, in slices: whoever asks, and however much, delays nothing else in the loop.

A request is one line of words; the answer is lines of JSON, the last of which has the key `end`. docs/guide/control.md
describes both.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from keepalived_py.observability.json_text import json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_CLIENTS = 8
LONGEST_REQUEST = 1024
"""Bytes of a line."""
PATIENCE = 10.0
"""Seconds that a client may take for its next request, or for taking the next part of an answer."""
SLICE = 0.0005
"""Seconds of answering in one turn of the loop."""
_CREDENTIALS = struct.Struct("=iII")
_SO_PEERGROUPS = 59
_GROUP = struct.Struct("=I")


class Loop(Protocol):
    """What is needed of `reactor.Reactor` or of an asyncio loop."""

    def call_soon(self, callback: Callable[..., object], *arguments: Any) -> object: ...  # noqa: D102
    def call_later(self, delay: float, callback: Callable[..., object], *arguments: Any) -> Any: ...  # noqa: D102
    def add_reader(self, descriptor: Any, callback: Callable[..., object], *arguments: Any) -> None: ...  # noqa: D102
    def remove_reader(self, descriptor: Any) -> bool: ...  # noqa: D102
    def add_writer(self, descriptor: Any, callback: Callable[..., object], *arguments: Any) -> None: ...  # noqa: D102
    def remove_writer(self, descriptor: Any) -> bool: ...  # noqa: D102


class _Client:
    """One connection: what was read of it, the answer under way and the part of it that has still to leave."""

    __slots__ = ("answer", "connection", "inbox", "is_at_end", "outbox", "until")

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.inbox = b""
        self.outbox = b""
        self.answer: Iterator[dict[str, Any]] | None = None
        self.is_at_end = False
        self.until = time.monotonic() + PATIENCE


class ControlServer:
    """The clients of one listening socket.

    Args:
        loop: calls when somebody asks.
        listener: listening, not blocking; stays the caller's.
        group: number of the group whose members may ask besides root; None for root only.
        answers: makes the values of an answer, one after the other, from the words of a request; an empty one is
            not sent, it only lets others have their turn.
    """

    def __init__(
        self,
        loop: Loop,
        listener: socket.socket,
        group: int | None,
        answers: Callable[[str], Iterator[dict[str, Any]]],
    ) -> None:
        self.group = group
        self._loop = loop
        self._listener = listener
        self._answers = answers
        self._clients: set[_Client] = set()
        self._turns: deque[_Client] = deque()
        self._is_sweeping = False
        self._is_turning = False
        loop.add_reader(listener, self._accept)

    def close(self) -> None:
        """Leave every client."""
        self._loop.remove_reader(self._listener)
        for client in tuple(self._clients):
            self._leave(client)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        if not may_ask(connection, self.group):
            refuse(connection, "permission denied: only root and the members of control_group may ask")
        elif len(self._clients) >= MOST_CLIENTS:
            refuse(connection, f"busy: {MOST_CLIENTS} clients are being served")
        else:
            client = _Client(connection)
            self._clients.add(client)
            self._loop.add_reader(connection, self._readable, client)
            self._sweep_later()

    def _readable(self, client: _Client) -> None:
        try:
            data = client.connection.recv(LONGEST_REQUEST + 1 - len(client.inbox))
        except BlockingIOError:
            return
        except OSError:
            self._leave(client)
            return
        client.inbox += data
        client.is_at_end = not data
        self._next(client)

    def _next(self, client: _Client) -> None:
        """Begin to answer the next request; a client that has one under way is not read from."""
        line, newline, rest = client.inbox.partition(b"\n")
        if not newline and not (client.is_at_end and line):
            if len(line) > LONGEST_REQUEST:
                self._begin(client, _error(f"a request has at most {LONGEST_REQUEST} bytes"))
                client.is_at_end, client.inbox = True, b""
            elif client.is_at_end:
                self._leave(client)
            return
        client.inbox = rest
        self._begin(client, self._answers(line.decode("utf-8", "replace").strip()))

    def _begin(self, client: _Client, answer: Iterator[dict[str, Any]]) -> None:
        self._loop.remove_reader(client.connection)
        client.answer = answer
        self._queue(client)

    def _queue(self, client: _Client) -> None:
        self._turns.append(client)
        if not self._is_turning:
            self._is_turning = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        """Go on with the answer of one client, for the time of a slice; the others have theirs in the next turns."""
        client = self._turns.popleft()
        if client in self._clients:
            self._go_on(client)
        self._is_turning = bool(self._turns)
        if self._is_turning:
            self._loop.call_soon(self._turn)

    def _go_on(self, client: _Client) -> None:
        if client.answer is None:
            return
        now = time.monotonic()
        ends_at = now + SLICE
        client.until = now + PATIENCE
        while True:
            if not client.outbox:
                value = next(client.answer, None)
                if value is None:
                    self._finished(client)
                    return
                client.outbox = f"{json_text(value)}\n".encode("ascii") if value else b""
            if client.outbox and not self._send(client):
                return
            if not client.outbox and time.monotonic() >= ends_at:
                self._queue(client)
                return

    def _send(self, client: _Client) -> bool:
        """Send what waits; return False when the client must take it first, or is gone."""
        try:
            sent = client.connection.send(client.outbox)
        except BlockingIOError:
            self._loop.add_writer(client.connection, self._writable, client)
            return False
        except OSError:
            self._leave(client)
            return False
        client.outbox = client.outbox[sent:]
        return True

    def _writable(self, client: _Client) -> None:
        self._loop.remove_writer(client.connection)
        self._queue(client)

    def _finished(self, client: _Client) -> None:
        client.answer = None
        if client.is_at_end and not client.inbox:
            self._leave(client)
            return
        self._loop.add_reader(client.connection, self._readable, client)
        if client.inbox:
            self._next(client)

    def _leave(self, client: _Client) -> None:
        self._clients.discard(client)
        self._loop.remove_reader(client.connection)
        self._loop.remove_writer(client.connection)
        client.connection.close()

    def _sweep_later(self) -> None:
        if not self._is_sweeping:
            self._is_sweeping = True
            self._loop.call_later(PATIENCE / 2, self._sweep)

    def _sweep(self) -> None:
        """Leave clients that do nothing."""
        self._is_sweeping = False
        now = time.monotonic()
        for client in tuple(self._clients):
            if now > client.until:
                self._leave(client)
        if self._clients:
            self._sweep_later()


def may_ask(connection: socket.socket, group: int | None) -> bool:
    """Return whether the process at the other end is root's, our own user's, or one of a group (unix(7))."""
    _, user, its_group = _CREDENTIALS.unpack(
        connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    )
    if user in {0, os.geteuid()}:
        return True
    return group is not None and (group == its_group or group in _further_groups(connection))


def _further_groups(connection: socket.socket) -> set[int]:
    try:
        octets = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, 1024)
    except OSError:
        return set()  # more groups than fit, or a kernel before 4.13
    return {number for (number,) in _GROUP.iter_unpack(octets)}


def refuse(connection: socket.socket, reason: str) -> None:
    """Tell a client why it is not served, and leave it."""
    send_at_once(connection, _error(reason))


def send_at_once(connection: socket.socket, values: Iterator[dict[str, Any]]) -> None:
    """Send a short answer, as much of it as the socket takes now, and close."""
    with connection:
        connection.setblocking(False)
        try:
            connection.send("".join(f"{json_text(value)}\n" for value in values).encode("ascii"))
        except OSError:
            return


def _error(reason: str) -> Iterator[dict[str, Any]]:
    yield {"end": "error", "error": reason}
