"""Talking with a server over a connection, line by line or byte by byte, within bounds of time and size."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from keepalived_py.check.connect import ConnectError, reason_of
from keepalived_py.check.task import pause, readable, writable

if TYPE_CHECKING:
    import socket

PIECE = 16 * 1024
"""Bytes read at once."""
AT_A_STRETCH = 4
"""Pieces that are read without a wait before others have their turn: a server may send faster than we read."""


class Conversation:
    """One connection.

    Args:
        connection: connected, not blocking; stays its opener's to close.
        timeout: longest wait in seconds for each piece.
        longest: seconds for the whole conversation: a server that says one byte a second ends here.
        most: bytes that are read at all.

    Attributes:
        ended: whether the other end has closed, as `more` found out.
    """

    def __init__(self, connection: socket.SocketType, timeout: float, longest: float, most: int = 64 * 1024) -> None:
        self._connection = connection
        self._timeout = timeout
        self._ends_at = time.monotonic() + longest
        self._longest = longest
        self._left = most
        self._buffer = bytearray()
        self.ended = False
        self._stretch = 0
        self._has_spoken = False

    async def send(self, data: bytes) -> None:
        """Send all of `data`. Raises ConnectError."""
        while data:
            sent = self._write_now(data)
            if sent is None:
                await self.wait(write=True)
            else:
                data = data[sent:]  # mostly nothing
        self._has_spoken = True

    async def receive(self) -> bytes:
        """Return what has come, at least a byte; empty when the other end has closed. Raises ConnectError."""
        if self._buffer:
            data = bytes(self._buffer)
            self._buffer.clear()
            return data
        return await self._piece()

    async def line(self) -> bytes:
        """Return the next line without its end. Raises ConnectError, also when the other end closes within it."""
        while (end := self._buffer.find(b"\n")) < 0:
            piece = await self._piece()
            if not piece:
                raise ConnectError("closed by the server")
            self._buffer += piece
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        return line

    @property
    def ahead(self) -> bytes:
        """What has come and has not been taken."""
        return bytes(self._buffer)

    def skip(self, count: int) -> None:
        """Take bytes that have come."""
        del self._buffer[:count]

    def forget(self) -> None:
        """Take everything that has come, also what nobody has read yet."""
        self._buffer.clear()
        while self._left > 0 and (piece := self._read_now()):
            self._left -= len(piece)

    async def more(self, *, may_end: bool = False) -> None:
        """Wait for at least a byte more. Raises ConnectError, also when the other end closes unless it may."""
        piece = await self._piece()
        self._buffer += piece
        self.ended = not piece
        if self.ended and not may_end:
            raise ConnectError("closed by the server")

    async def _piece(self) -> bytes:
        self._stretch += 1
        if self._stretch > AT_A_STRETCH:
            self._stretch = 0
            self._check_time()
            await pause(0.0)
        if self._has_spoken:  # the answer is still on its way
            self._has_spoken = False
            await self.wait(write=False)
        while (piece := self._read_now()) is None:
            self._stretch = 0
            await self.wait(write=False)
        self._left -= len(piece)
        if self._left < 0:
            raise ConnectError("the answer is too long")
        return piece

    def _read_now(self) -> bytes | None:
        """Return what can be read, None when nothing can be yet. Raises ConnectError."""
        try:
            return self._connection.recv(PIECE)
        except BlockingIOError:
            return None
        except OSError as problem:
            raise ConnectError(reason_of(problem)) from problem

    def _write_now(self, data: bytes) -> int | None:
        """Send what can be sent; return how much, None when nothing can be yet. Raises ConnectError."""
        try:
            return self._connection.send(data)
        except BlockingIOError:
            return None
        except OSError as problem:
            raise ConnectError(reason_of(problem)) from problem

    def _check_time(self) -> None:
        """Raise ConnectError when the whole conversation has taken too long."""
        if time.monotonic() >= self._ends_at:
            raise ConnectError(f"timed out after {self._longest:.1f} s")

    async def wait(self, *, write: bool) -> None:
        """Wait for the connection. Raises ConnectError."""
        patience = min(self._timeout, max(0.0, self._ends_at - time.monotonic()))
        try:
            await (writable if write else readable)(self._connection, patience)
        except TimeoutError as problem:
            waited = self._timeout if patience == self._timeout else self._longest
            raise ConnectError(f"timed out after {waited:.1f} s") from problem
