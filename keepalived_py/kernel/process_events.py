"""Forks, execs, renamings and ends of all processes, as the kernel's process events connector tells them.

linux/connector.h, linux/cn_proc.h. The connector exists in the first network namespace only and speaks only to
processes in the first process and user namespaces; elsewhere it is silent, without an error.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from keepalived_py.kernel import namespace, socket_options

if TYPE_CHECKING:
    from keepalived_py.kernel.socket_options import BpfInstruction

NETLINK_CONNECTOR = 11
CN_IDX_PROC = 1
CN_VAL_PROC = 1
PROC_CN_MCAST_LISTEN = 1
NLMSG_DONE = 3
FIRST_NETWORK = "/proc/1/ns/net"
DATAGRAMS_AT_ONCE = 32
BUFFER = 1 << 20
"""Bytes of the receive buffer if nothing else is asked for; an event occupies about 0.8 kB of it."""

_LISTEN = struct.Struct("=IHHII IIIIHH I")
_HEADER = 36
"""Bytes before struct proc_event: those of nlmsghdr (16) and cn_msg (20)."""
_EVENT = struct.Struct("=II8x IIII")
"""what, cpu, four words of data: (parent pid, parent tgid, child pid, child tgid) or (pid, tgid, ...)."""
_COMM = slice(_HEADER + 24, _HEADER + 40)


class Happening(IntEnum):
    """What happened (enum proc_cn_event)."""

    CONFIRMED = 0
    FORK = 1
    EXEC = 2
    COMM = 0x200
    EXIT = 0x8000_0000


class ProcessEvent(NamedTuple):
    """Something that a process did.

    Attributes:
        happening: what.
        pid: the process; of a fork, the new one.
        parent: of a fork, the process that forked.
        name: after a renaming, the new comm.
    """

    happening: Happening
    pid: int
    parent: int = 0
    name: bytes = b""


class UnavailableError(Exception):
    """The connector cannot be used here."""


def filter_program() -> tuple[BpfInstruction, ...]:
    """Return a filter that lets those events pass which `decode` knows, and those of whole processes only.

    Threads that come and go are most of what happens on a busy machine. BPF reads words in network order.
    """
    load, jump_equal, jump_equal_x, to_x, give = 0x20, 0x15, 0x1D, 0x07, 0x06
    what, first, second, third, fourth = (_HEADER + offset for offset in (0, 16, 20, 24, 28))
    codes = [struct.unpack("!I", struct.pack("=I", happening))[0] for happening in Happening]
    confirmed, fork, execute, comm, end = codes
    return (
        (load, 0, 0, what),
        (jump_equal, 12, 0, confirmed),  # to the end: accept
        (jump_equal, 3, 0, fork),  # to the numbers of the child
        (jump_equal, 6, 0, execute),  # to the numbers of the process
        (jump_equal, 5, 0, comm),
        (jump_equal, 4, 9, end),  # anything else: drop
        (load, 0, 0, third),
        (to_x, 0, 0, 0),
        (load, 0, 0, fourth),
        (jump_equal_x, 4, 5, 0),
        (load, 0, 0, first),
        (to_x, 0, 0, 0),
        (load, 0, 0, second),
        (jump_equal_x, 0, 1, 0),
        (give, 0, 0, 0xFFFFFFFF),
        (give, 0, 0, 0),
    )


def decode(datagram: bytes) -> ProcessEvent | None:
    """Return the event in a datagram of the connector; None for one that is of no interest."""
    if len(datagram) < _HEADER + _EVENT.size:
        return None
    what, _cpu, first, second, third, fourth = _EVENT.unpack_from(datagram, _HEADER)
    if what == Happening.FORK:
        return ProcessEvent(Happening.FORK, fourth, parent=second) if third == fourth else None
    if what in {Happening.EXEC, Happening.EXIT}:
        return ProcessEvent(Happening(what), first) if first == second else None
    if what == Happening.COMM:
        name = datagram[_COMM].partition(b"\0")[0]
        return ProcessEvent(Happening.COMM, first, name=name) if first == second else None
    return ProcessEvent(Happening.CONFIRMED, 0) if what == Happening.CONFIRMED else None


class ProcessMonitor:
    """Readable when processes did something.

    Args:
        receive_buffer: bytes; 0 for BUFFER.
        forced: whether it may exceed net.core.rmem_max; BUFFER may.

    Raises:
        UnavailableError: the connector cannot be opened here; its text says why. A connector that can be opened may be
            silent still: it works only when CONFIRMED has been heard.
    """

    def __init__(self, receive_buffer: int = 0, *, forced: bool = False) -> None:
        try:
            self._socket = _connect_somewhere()
        except OSError as problem:
            raise UnavailableError(_REASONS.get(problem.errno or 0) or str(problem)) from problem
        self.resize(receive_buffer or BUFFER, forced=forced or not receive_buffer)

    @property
    def receive_buffer(self) -> int:
        """Bytes of the receive buffer, as asked for: the kernel doubles them."""
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2

    def resize(self, size: int, *, forced: bool) -> None:
        """Ask for another receive buffer."""
        if forced:
            socket_options.set_buffers(self._socket, receive=size)
        else:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def events(self) -> tuple[list[ProcessEvent], bool]:
        """Return what happened, and whether events were lost, in which case everything must be looked at anew."""
        found: list[ProcessEvent] = []
        lost = False
        for _ in range(DATAGRAMS_AT_ONCE):
            try:
                datagram, sender = self._socket.recvfrom(256)
            except BlockingIOError:
                break
            except OSError as problem:
                if problem.errno != errno.ENOBUFS:
                    raise
                lost = True
                continue
            event = decode(datagram) if sender[0] == 0 else None
            if event is not None:
                found.append(event)
        return found, lost


_REASONS = {
    errno.EPROTONOSUPPORT: "the kernel has no process events connector",
    errno.ECONNREFUSED: "this network namespace has no process events connector",
    errno.EPERM: "CAP_NET_ADMIN is missing",
}


def listen_request() -> bytes:
    """Return the request to be told of events (cn_msg with PROC_CN_MCAST_LISTEN)."""
    size = _LISTEN.size
    return _LISTEN.pack(size, NLMSG_DONE, 0, 0, 0, CN_IDX_PROC, CN_VAL_PROC, 0, 0, 4, 0, PROC_CN_MCAST_LISTEN)


def _connect_somewhere() -> socket.socket:
    """Return a socket of this network namespace or, when there is no connector here, of the first one."""
    try:
        return _connect()
    except OSError as problem:
        if problem.errno not in {errno.EPROTONOSUPPORT, errno.ECONNREFUSED}:
            raise
        with contextlib.suppress(OSError), namespace.visit(FIRST_NETWORK):
            return _connect()
        raise


def _connect() -> socket.socket:
    kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    connector = socket.socket(socket.AF_NETLINK, kind, NETLINK_CONNECTOR)
    try:
        socket_options.attach_filter(connector, filter_program())
        connector.bind((0, CN_IDX_PROC))
        connector.send(listen_request())
    except OSError:
        connector.close()
        raise
    return connector
