"""Web servers of one test, and how a probe is run against them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from keepalived_py.check.target import Target
from keepalived_py.check.task import Task

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from keepalived_py.check.probe import Probe, ProbeResult
    from keepalived_py.reactor import Reactor

BODY = b"hello, world\n"
DIGEST = hashlib.md5(BODY, usedforsecurity=False).hexdigest()


def run(reactor: Reactor, probe: Probe) -> ProbeResult:
    results: list[ProbeResult] = []
    Task(reactor, probe.probe(), results.append)
    guard = reactor.call_later(20.0, reactor.stop)
    while not results and guard.when is not None:
        reactor.run_once()
    guard.cancel()
    assert results, "it did not end within twenty seconds"
    return results[0]


def at(port: int, timeout: float = 2.0) -> Target:
    return Target(address="127.0.0.1", port=port, timeout=timeout)


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
