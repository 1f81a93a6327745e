"""Web servers of one test, and what they answer."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable


BODY = b"hello, world\n"
DIGEST = hashlib.md5(BODY, usedforsecurity=False).hexdigest()


def head_of(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(4096)
        if not piece:
            break
        data += piece
    return data


def web_server(answer: bytes, heard: list[bytes] | None = None) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        head = head_of(connection)
        if heard is not None:
            heard.append(head)
        connection.sendall(answer)

    return serve


def plain(status: int = 200, body: bytes = BODY, more: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d Whatever\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(body), more, body)
