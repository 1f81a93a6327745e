"""The two ends of the post between children: see `messages` for what is in it, `child.Post` for where it comes from."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from keepalived_py import messages

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from keepalived_py.channel import Loop
    from keepalived_py.messages import Message

MESSAGES_AT_ONCE = 32
MOST_WAITING = 10_000
"""Sessions and instances of which a message may wait."""


class Inbox:
    """Reads what the others send.

    Args:
        end: from the parent; it stays open for a successor of this process.
        loop: calls us.
        received: called with each message.
    """

    def __init__(self, end: socket.socket, loop: Loop, received: Callable[[Message], object]) -> None:
        self._socket = end
        self._loop = loop
        self._received = received
        end.setblocking(False)
        loop.add_reader(end, self._readable)

    def close(self) -> None:
        """Read no more."""
        self._loop.remove_reader(self._socket)

    def _readable(self) -> None:
        for _ in range(MESSAGES_AT_ONCE):
            try:
                record = self._socket.recv(messages.SIZE + 1)
            except BlockingIOError:
                return
            message = messages.unpack(record)
            if message is not None:
                self._received(message)


class Outbox:
    """Sends to one other process and never waits for it.

    What finds no room is sent later; of each session or instance only the newest message, for its state is what counts.

    Args:
        end: from the parent.
        loop: calls us when there is room again.
    """

    def __init__(self, end: socket.socket, loop: Loop) -> None:
        self._socket = end
        self._loop = loop
        self._waiting: dict[tuple[int, str], Message] = {}
        end.setblocking(False)

    def send(self, message: Message) -> None:
        """Send a message now or as soon as there is room."""
        if self._waiting or not self._leaves(message):
            if not self._waiting:
                self._loop.add_writer(self._socket, self._writable)
            key = (message.subject, message.name)
            self._waiting.pop(key, None)
            if len(self._waiting) < MOST_WAITING:
                self._waiting[key] = message

    def close(self) -> None:
        """Send no more."""
        with contextlib.suppress(ValueError):
            self._loop.remove_writer(self._socket)

    def _writable(self) -> None:
        while self._waiting:
            key, message = next(iter(self._waiting.items()))
            if not self._leaves(message):
                return
            del self._waiting[key]
        self._loop.remove_writer(self._socket)

    def _leaves(self, message: Message) -> bool:
        try:
            self._socket.send(message.pack())
        except BlockingIOError:
            return False
        except OSError:  # nobody can read it any more: the daemon ends
            return True
        return True
