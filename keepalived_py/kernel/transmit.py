"""Many prebuilt frames or datagrams in one system call (sendmmsg through ctypes)."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
from typing import TYPE_CHECKING

from keepalived_py.kernel.libc import LIBC
from keepalived_py.kernel.socket_options import DROP_ALL, attach_filter, set_buffers

if TYPE_CHECKING:
    from collections.abc import Sequence

FRAME_BUFFER = 8 * 1024 * 1024
"""Bytes asked for: frames wait here until the interface has taken them."""
BURST = 1024
"""Messages that the kernel takes in one call (UIO_MAXIOV)."""

_FULL = frozenset({errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM})
_SOCKADDR_LL = struct.Struct("=H2siHBB8s")
_SOCKADDR_IN = struct.Struct("=H2s4s8x")
_SOCKADDR_IN6 = struct.Struct("=H2sI16sI")


class _Vector(ctypes.Structure):
    """struct iovec."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    """struct msghdr."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    """struct mmsghdr."""

    _fields_ = (("header", _Header), ("sent", ctypes.c_uint))


_MESSAGE_LENGTH = ctypes.sizeof(_Message)
_VECTOR_LENGTH = ctypes.sizeof(_Vector)


def frame_destination(interface: int) -> bytes:
    """Return the sockaddr_ll that sends a complete frame out of the interface with this index."""
    return _SOCKADDR_LL.pack(socket.AF_PACKET, bytes(2), interface, 0, 0, 0, bytes(8))


def ipv4_destination(address: bytes, port: int = 0) -> bytes:
    """Return the sockaddr_in of a packed address."""
    return _SOCKADDR_IN.pack(socket.AF_INET, port.to_bytes(2, "big"), address)


def ipv6_destination(address: bytes, port: int = 0, interface: int = 0) -> bytes:
    """Return the sockaddr_in6 of a packed address; `interface` is the index that a link-local one needs."""
    return _SOCKADDR_IN6.pack(socket.AF_INET6, port.to_bytes(2, "big"), 0, address, interface)


def open_frame_socket() -> socket.socket:
    """Return a packet socket that sends frames on any interface and receives nothing. Raises PermissionError."""
    kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    connection = socket.socket(socket.AF_PACKET, kind, 0)  # protocol 0: no frame is ever queued for it
    attach_filter(connection, DROP_ALL)
    set_buffers(connection, send=FRAME_BUFFER)
    return connection


class Burst:
    """Messages laid out as the kernel wants them: built once when what is to be sent changes, sent any number of times.

    Args:
        messages: pairs of payload and packed destination (`frame_destination` ...); an empty destination
            is the one the socket is connected or bound to.
    """

    __slots__ = ("_keep", "_size", "_table", "_table_at")

    def __init__(self, messages: Sequence[tuple[bytes, bytes]]) -> None:
        count = len(messages)
        self._size = count
        self._table = (_Message * count)()
        vectors = (_Vector * count)()
        payloads = ctypes.create_string_buffer(b"".join(payload for payload, _ in messages), None)
        names = {name: ctypes.create_string_buffer(name, len(name)) for _, name in messages if name}
        self._keep = (vectors, payloads, names)
        self._table_at = ctypes.addressof(self._table)
        vector_at, payload_at = ctypes.addressof(vectors), ctypes.addressof(payloads)
        for entry, vector, (payload, name) in zip(self._table, vectors, messages, strict=True):
            vector.base, vector.length = payload_at, len(payload)
            payload_at += len(payload)
            header = entry.header
            header.vectors, header.vector_count = vector_at, 1
            vector_at += _VECTOR_LENGTH
            if name:
                header.name, header.name_length = ctypes.addressof(names[name]), len(name)

    def __len__(self) -> int:
        return self._size

    def send(self, descriptor: int, start: int = 0, end: int | None = None) -> tuple[int, list[tuple[int, int]]]:
        """Send messages `start` to `end` (default: all) through a non-blocking socket.

        Returns:
            How far it came, and (index, errno) of every message that was refused and skipped. When it did
            not come to `end` the socket is full: call again with that `start` once there is room.
        """
        position = start
        stop = self._size if end is None else min(end, self._size)
        refused: list[tuple[int, int]] = []
        while position < stop:
            sent = _send(descriptor, self._table_at + position * _MESSAGE_LENGTH, min(stop - position, BURST))
            if sent > 0:
                position += sent
                continue
            number = ctypes.get_errno()
            if number in _FULL:
                break
            if number != errno.EINTR:
                refused.append((position, number))
                position += 1
        return position, refused


def _send_many(descriptor: int, table: int, count: int) -> int:
    """Return how many of `count` messages at address `table` left, or -1 when the first was refused."""
    return int(LIBC.sendmmsg(descriptor, ctypes.c_void_p(table), count, 0))


def _send_one(descriptor: int, table: int, _count: int) -> int:
    """Do the same with sendmsg, one message a call."""
    return 1 if LIBC.sendmsg(descriptor, ctypes.c_void_p(table), 0) >= 0 else -1


_send = _send_many if hasattr(LIBC, "sendmmsg") else _send_one


def explain(refused: Sequence[tuple[int, int]]) -> str:
    """Return one phrase for a list of refused messages: how many, and why the first."""
    return f"{len(refused)} refused: {os.strerror(refused[0][1])}" if refused else ""
