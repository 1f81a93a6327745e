"""The real servers of the bench of health checks: one program behind one port of all addresses, which counts."""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import signal
import socket
import struct
from typing import NoReturn

CHECKED_PORT = 8080
LONE_ADDRESS, LONE_PORT = "10.2.0.1", 8081
COUNT = struct.Struct("=Q")
ANSWER = b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nup\n"
BATCH = 64
"""Connections taken before those that wait for an answer get one."""


class Targets:
    """Runs until `stop`: takes connections, answers whatever is said in HTTP, closes."""

    def __init__(self) -> None:
        self._count = mmap.mmap(-1, COUNT.size)
        listener = socket.create_server(("", CHECKED_PORT), backlog=4096)
        listener.setblocking(False)
        self._pid = os.fork()
        if not self._pid:
            try:
                _serve(listener, self._count)
            finally:
                os._exit(1)
        listener.close()

    def served(self) -> int:
        """How many connections have come."""
        return int(COUNT.unpack(self._count[:])[0])

    def stop(self) -> None:
        """End it."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)


def _serve(listener: socket.socket, count: mmap.mmap) -> NoReturn:
    epoll = select.epoll()
    epoll.register(listener, select.EPOLLIN)
    talking: dict[int, socket.socket] = {}
    served = 0
    while True:
        for number, _ in epoll.poll():
            if number != listener.fileno():
                epoll.unregister(number)
                _answer(talking.pop(number))
                continue
            for connection in _arrived(listener):
                served += 1
                connection.setblocking(False)
                talking[connection.fileno()] = connection
                epoll.register(connection, select.EPOLLIN | select.EPOLLRDHUP)
            COUNT.pack_into(count, 0, served)


def _arrived(listener: socket.socket) -> list[socket.socket]:
    arrived: list[socket.socket] = []
    with contextlib.suppress(BlockingIOError):
        while len(arrived) < BATCH:
            arrived.append(listener.accept()[0])
    return arrived


def _answer(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # a check that only connects ends with a reset
        if connection.recv(4096):
            connection.send(ANSWER)
    connection.close()
