"""A server for one test: it does with each connection, or each datagram, what the test tells it, in a thread."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable


class Server:
    """Listens on loopback until the `with` block ends.

    Args:
        serve: called with each accepted connection, or for datagrams with the socket itself when one is there, in the
            server's thread; what it raises because the other end has gone is ignored.
        datagrams: UDP instead of TCP.
        address: where.
    """

    def __init__(
        self, serve: Callable[[socket.socket], object], *, datagrams: bool = False, address: str = "127.0.0.1"
    ) -> None:
        self._serve = serve
        self._datagrams = datagrams
        self._ended = False
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM)
        self._socket.bind((address, 0))
        if not datagrams:
            self._socket.listen(16)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.port = int(self._socket.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._thread.join(60)
        self._socket.close()

    def _run(self) -> None:
        while not self._ended:
            if not select.select([self._socket], [], [], 0.05)[0]:
                continue
            with contextlib.suppress(OSError):
                if self._datagrams:
                    self._serve(self._socket)
                else:
                    self._accept()

    def _accept(self) -> None:
        connection, _ = self._socket.accept()
        with connection:
            connection.settimeout(30)
            self._serve(connection)
