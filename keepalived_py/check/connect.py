"""Sockets of probes: opened as a check asks for it, connected without waiting in the loop."""

from __future__ import annotations

import errno
import os
import socket
import struct
from select import POLLOUT
from typing import TYPE_CHECKING

from keepalived_py.check.task import writable

if TYPE_CHECKING:
    from keepalived_py.check.target import Target

_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_FLAGS = socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
SO_MARK = 36
IP_BIND_ADDRESS_NO_PORT = 24
_TELL_ERRORS = {4: (socket.IPPROTO_IP, 11), 6: (socket.IPPROTO_IPV6, 25)}
"""IP_RECVERR and IPV6_RECVERR (linux/in.h, linux/in6.h)."""
RESET = struct.pack("ii", 1, 0)
"""struct linger: closing sends a reset, and no port stays in TIME_WAIT."""
_REASONS = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.EHOSTUNREACH: "no route to host",
    errno.ENETUNREACH: "network unreachable",
    errno.ETIMEDOUT: "timed out",
    errno.EADDRNOTAVAIL: "no such local address",
    errno.EADDRINUSE: "local port in use",
    errno.ENODEV: "no such interface",
    errno.EPIPE: "closed",
}


class ConnectError(Exception):
    """No connection; the text is the reason, as `reason_of` gives it."""


def open_socket(target: Target, kind: int = socket.SOCK_STREAM, protocol: int = 0) -> socket.SocketType:
    """Return a socket that does not block, bound as the target asks for.

    Raises:
        ConnectError: the kernel gives no such socket, or the interface, the source address or the permission for a mark
            is missing; its cause is what the kernel said.
    """
    try:
        # SocketType is what the class `socket` wraps, for half of its price.
        made = socket.SocketType(_FAMILIES[target.family], kind | _FLAGS, protocol)
    except OSError as problem:  # no such family in this kernel, too many descriptors, not permitted
        raise ConnectError(reason_of(problem)) from problem
    try:
        if target.mark:
            made.setsockopt(socket.SOL_SOCKET, SO_MARK, target.mark)
        if target.interface:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, os.fsencode(target.interface))
        if target.bind_address or target.bind_port:
            _bind(made, target)
    except OSError as problem:
        made.close()
        raise ConnectError(reason_of(problem)) from problem
    return made


def _bind(made: socket.SocketType, target: Target) -> None:
    if target.bind_port:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    else:
        # The kernel chooses the port when it knows the other end: as many connections as there are pairs.
        made.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    made.bind(endpoint(target.family, target.bind_address, target.bind_port, target.interface))


def endpoint(family: int, address: str, port: int, interface: str = "") -> tuple[str, int] | tuple[str, int, int, int]:
    """Return what `bind` and `connect` take; an IPv6 link-local address needs its interface.

    Raises:
        OSError: the interface does not exist.
    """
    if family == 4:
        return address or "0.0.0.0", port  # noqa: S104 - any source address
    zone = socket.if_nametoindex(interface) if interface and address.lower().startswith("fe80:") else 0
    return address or "::", port, 0, zone


async def connect(target: Target, kind: int = socket.SOCK_STREAM) -> socket.SocketType:
    """Return a connected socket that does not block; whoever gets it closes it.

    Raises:
        ConnectError: there is no connection.
    """
    made = open_socket(target, kind)
    try:
        if kind == socket.SOCK_DGRAM:  # else nothing is heard of a router that knows no way, nor of a silent neighbour
            made.setsockopt(*_TELL_ERRORS[target.family], 1)
        code = made.connect_ex(endpoint(target.family, target.address, target.port, target.interface))
        if code == errno.EINPROGRESS:
            events = await writable(made, target.timeout)
            code = 0 if events == POLLOUT else made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    except OSError as problem:  # the time is up, or there is no such interface
        made.close()
        raise ConnectError(reason_of(problem, target.timeout)) from problem
    except BaseException:
        made.close()
        raise
    if code:
        made.close()
        raise ConnectError(reason_of(OSError(code, os.strerror(code))))
    return made


def close(made: socket.SocketType, *, graceful: bool = False) -> None:
    """Close a connection.

    Args:
        made: a TCP socket.
        graceful: end it in order (FIN), instead of by a reset as keepalived does, which leaves no port in TIME_WAIT.
    """
    if not graceful and made.fileno() >= 0:  # TLS has not taken it over
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    made.close()


def reason_of(problem: OSError, timeout: float = 0.0) -> str:
    """Return why something failed, in a few words.

    Args:
        problem: what the kernel said, or TimeoutError of a wait.
        timeout: how long was waited, in seconds.
    """
    if isinstance(problem, TimeoutError) and problem.errno is None:
        return f"timed out after {timeout:.1f} s"
    code = problem.errno or 0
    return _REASONS.get(code) or (os.strerror(code).lower() if code else str(problem) or "failed")
