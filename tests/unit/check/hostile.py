"""What servers do to those that check them, each as a function that serves one connection of `Server`."""

from __future__ import annotations

import socket
import struct
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONG = 20.0
"""Seconds after which they give up: longer than any check in a test may take."""


def hang(connection: socket.socket) -> None:
    """Take what comes and say nothing until the other end gives up."""
    connection.settimeout(LONG)
    while connection.recv(65536):
        pass


def close_at_once(_connection: socket.socket) -> None:
    """Accept, and no more."""


def half_close(connection: socket.socket) -> None:
    """End what is said before it begins, but go on listening."""
    connection.shutdown(socket.SHUT_WR)
    hang(connection)


def reset_at_once(connection: socket.socket) -> None:
    """Break the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def reset_midway(connection: socket.socket) -> None:
    """Break the connection in the middle of an answer."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    time.sleep(0.05)
    reset_at_once(connection)


def _saying(first: bytes, again: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        connection.sendall(first)
        while again:
            connection.sendall(again)

    return serve


def drip(connection: socket.socket) -> None:
    """Say one byte at a time, without end."""
    for octet in _dripping():
        connection.sendall(octet)
        time.sleep(0.05)


def _dripping() -> Iterator[bytes]:
    yield from (bytes((octet,)) for octet in b"HTTP/1.1 200 OK\r\n")
    while True:
        yield b"X"


_OK: Final = b"HTTP/1.1 200 OK\r\n"
TCP: Final[dict[str, Callable[[socket.socket], None]]] = {
    "hangs": hang,
    "closes": close_at_once,
    "half closed": half_close,
    "reset": reset_at_once,
    "reset midway": reset_midway,
    "drips": drip,
    "garbage": _saying(bytes(range(256)) * 40, b""),
    "endless garbage": _saying(b"", bytes(range(255, -1, -1)) * 256),
    "endless zeros": _saying(b"", b"\0" * 65536),
    "endless line": _saying(b"", b"2" * 65536),
    "endless headers": _saying(_OK, b"X-Header: value\r\n" * 1000),
    "endless announcements": _saying(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000),
    "endless body": _saying(_OK + b"\r\n", b"x" * 65536),
    "endless chunks": _saying(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 10_000),
    "endless chunk": _saying(_OK + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", b"x" * 65536),
    "endless extension": _saying(_OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * 65536),
    "negative length": _saying(_OK + b"Content-Length: -1\r\n\r\n", b""),
    "enormous length": _saying(_OK + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n", b""),
    "TLS garbage": _saying(b"\x16\x03\x03\x40\x00" + b"\xff" * 0x4000, b"\x16\x03\x03\x40\x00" + b"\xff" * 0x4000),
    "TLS alert": _saying(b"\x15\x03\x03\x00\x02\x02\x28", b""),
    "endless greeting": _saying(b"", b"220-hello\r\n" * 5000),
}
"""By what they do; none of them is a server that a check may call up."""
