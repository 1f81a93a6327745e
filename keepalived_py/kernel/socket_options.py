"""Options of raw, packet and netlink sockets that the socket module leaves to be packed by hand."""

from __future__ import annotations

import ctypes
import socket
import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

SO_ATTACH_FILTER = 26
IP_MULTICAST_ALL = 49
IPV6_MULTICAST_ALL = 29
LARGEST = 0x7FFFFFFF
"""Bytes: what setsockopt takes."""
SO_RCVBUFFORCE = 33
SO_SNDBUFFORCE = 32

_MREQN = struct.Struct("=4s4si")
_MREQ6 = struct.Struct("=16sI")
_INSTRUCTION = struct.Struct("=HBBI")
_PROGRAM = struct.Struct("HL")

BpfInstruction = tuple[int, int, int, int]
"""code, jump if true, jump if false, operand: struct sock_filter of linux/filter.h."""

DROP_ALL: tuple[BpfInstruction, ...] = ((0x06, 0, 0, 0),)
"""Return 0 bytes of every packet: a socket that only sends keeps nothing in its receive queue."""


def join(connection: socket.socket, family: int, group: bytes, interface: int) -> None:
    """Join the packed multicast address `group` on the interface with this index. Raises OSError."""
    if family == socket.AF_INET:
        request = _MREQN.pack(group, bytes(4), interface)
        connection.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    else:
        connection.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, _MREQ6.pack(group, interface))


def leave(connection: socket.socket, family: int, group: bytes, interface: int) -> None:
    """Leave what `join` joined. Raises OSError."""
    if family == socket.AF_INET:
        request = _MREQN.pack(group, bytes(4), interface)
        connection.setsockopt(socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, request)
    else:
        connection.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_LEAVE_GROUP, _MREQ6.pack(group, interface))


def send_through(connection: socket.socket, family: int, interface: int, *, loop: bool = False) -> None:
    """Send multicast out of the interface with this index, looped back to this host or not. Raises OSError."""
    if family == socket.AF_INET:
        request = _MREQN.pack(bytes(4), bytes(4), interface)
        connection.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, request)
        connection.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, int(loop))
    else:
        connection.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, interface)
        connection.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, int(loop))


def only_joined_groups(connection: socket.socket, family: int) -> None:
    """Deliver only groups that this very socket joined (Linux gives a socket the groups of all others too)."""
    if family == socket.AF_INET:
        connection.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL, 0)
    else:
        connection.setsockopt(socket.IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0)


def bind_to_device(connection: socket.socket, name: str) -> None:
    """Send and receive through the interface `name` only (it must exist). Raises OSError."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name.encode("utf-8", "surrogateescape") + b"\0")


def attach_filter(connection: socket.socket, program: Sequence[BpfInstruction]) -> None:
    """Attach a classic BPF program. Raises OSError when the kernel rejects it."""
    code = ctypes.create_string_buffer(b"".join(_INSTRUCTION.pack(*step) for step in program))
    header = _PROGRAM.pack(len(program), ctypes.addressof(code))
    connection.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, header)


class ReceiveBuffer(NamedTuple):
    """A receive buffer that somebody has configured.

    Attributes:
        size: bytes; None or 0 to leave it as it is. The kernel's own books double the number.
        forced: whether to go beyond net.core.rmem_max, which needs CAP_NET_ADMIN.
    """

    size: int | None = None
    forced: bool = False

    def apply(self, connection: socket.socket, otherwise: int) -> None:
        """Give it to a socket; `otherwise` says how many bytes it gets, if possible, when none are configured."""
        if not self.size:
            set_buffers(connection, receive=otherwise)
        elif self.forced:
            set_buffers(connection, receive=min(self.size, LARGEST))
        else:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, min(self.size, LARGEST))


def set_buffers(connection: socket.socket, receive: int = 0, send: int = 0) -> None:
    """Ask for buffer sizes in bytes (0: leave), beyond the system limit where CAP_NET_ADMIN allows it."""
    for size, forced, ordinary in (
        (receive, SO_RCVBUFFORCE, socket.SO_RCVBUF),
        (send, SO_SNDBUFFORCE, socket.SO_SNDBUF),
    ):
        if not size:
            continue
        try:
            connection.setsockopt(socket.SOL_SOCKET, forced, size)
        except PermissionError:
            connection.setsockopt(socket.SOL_SOCKET, ordinary, size)
