"""Raw sockets for adverts: one receiver and one sender for all instances that can share them."""

from __future__ import annotations

import errno
import os
import socket
import sys
from typing import TYPE_CHECKING, NamedTuple

from keepalived_py.errors import PermissionDeniedError
from keepalived_py.kernel.socket_options import (
    DROP_ALL,
    attach_filter,
    bind_to_device,
    join,
    only_joined_groups,
    send_through,
    set_buffers,
)
from keepalived_py.vrrp.parameters import IPV4, MULTICAST_TTL

if TYPE_CHECKING:
    from collections.abc import Iterable

RECEIVE_BUFFER = 1024 * 1024
"""Bytes asked for: all 255 virtual routers may advert several times while this process is not scheduled."""
LARGEST_DATAGRAM = 65535
INTERNETWORK_CONTROL = 0xC0
"""Type of service and traffic class of adverts (RFC 791, precedence)."""
SOCKET_PRIORITY = 6
"""TC_PRIO_INTERACTIVE of linux/pkt_sched.h: adverts leave before bulk traffic."""

_IP_FREEBIND = 15
_IPV6_FREEBIND = 78
_MAY_PASS = frozenset({errno.EAGAIN, errno.ENOBUFS, errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTUNREACH})
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


class PoolKey(NamedTuple):
    """What instances must have in common to share sockets.

    Attributes:
        family: 4 or 6.
        protocol: 112, or 51 for version 2 with an authentication header.
        interface: index.
        interface_name: to bind to.
        local: packed group (multicast) or our source address (unicast) that the receiver is bound to.
        unicast: whether `local` is a unicast address.
        borrows_source: whether IPv6 adverts have a source address that is not on the interface (a VMAC's).
    """

    family: int
    protocol: int
    interface: int
    interface_name: str
    local: bytes
    unicast: bool
    borrows_source: bool = False


class Received(NamedTuple):
    """One datagram: for IPv4 with its IP header, for IPv6 the payload. Addresses are packed."""

    data: bytes
    source: bytes
    ttl: int
    destination: bytes


class PoolSockets:
    """The receiver and the sender of one `PoolKey`.

    Raises:
        PermissionDeniedError: CAP_NET_RAW is missing.
        OSError: the interface or address went away meanwhile.
    """

    def __init__(self, key: PoolKey) -> None:
        self.key = key
        self._family = _FAMILIES[key.family]
        self._buffer = bytearray(LARGEST_DATAGRAM)
        self._view = memoryview(self._buffer)
        self._sources: dict[str, bytes] = {}
        self._destinations: dict[bytes, tuple[str, int] | tuple[str, int, int, int]] = {}
        self._receive_buffer = RECEIVE_BUFFER
        self.receiver = self._open()
        try:
            self.sender = self._open()
            self._prepare_receiver()
            self._prepare_sender()
        except (OSError, PermissionDeniedError):
            self.close()
            raise

    def close(self) -> None:
        """Close both sockets."""
        self.receiver.close()
        if hasattr(self, "sender"):
            self.sender.close()

    def set_receive_buffer(self, size: int) -> None:
        """Have the kernel keep `size` bytes of adverts; 0 for as many as we choose. Its own books double the number."""
        size = size or RECEIVE_BUFFER
        if size != self._receive_buffer:
            self._receive_buffer = size
            set_buffers(self.receiver, receive=size)

    def _open(self) -> socket.socket:
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            return socket.socket(self._family, kind, self.key.protocol)
        except PermissionError as problem:
            raise PermissionDeniedError("raw sockets need CAP_NET_RAW: start keepalived as root") from problem

    def _prepare_receiver(self) -> None:
        key, receiver = self.key, self.receiver
        set_buffers(receiver, receive=self._receive_buffer)
        only_joined_groups(receiver, self._family)
        bind_to_device(receiver, key.interface_name)
        if key.unicast:
            level = socket.IPPROTO_IP if key.family == IPV4 else socket.IPPROTO_IPV6
            receiver.setsockopt(level, _IP_FREEBIND if key.family == IPV4 else _IPV6_FREEBIND, 1)
        else:
            join(receiver, self._family, key.local, key.interface)
        receiver.bind(self._socket_address(key.local))
        if key.family != IPV4:
            receiver.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
            receiver.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)

    def _prepare_sender(self) -> None:
        key, sender = self.key, self.sender
        attach_filter(sender, DROP_ALL)
        bind_to_device(sender, key.interface_name)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, SOCKET_PRIORITY)
        if key.family == IPV4:
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
        else:
            sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, INTERNETWORK_CONTROL)
            sender.setsockopt(socket.IPPROTO_IPV6, _IPV6_FREEBIND, int(key.borrows_source))
            sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, MULTICAST_TTL)
        if not key.unicast:
            send_through(sender, self._family, key.interface)

    def _socket_address(self, address: bytes) -> tuple[str, int] | tuple[str, int, int, int]:
        text = socket.inet_ntop(self._family, address)
        return (text, 0) if self.key.family == IPV4 else (text, 0, 0, self._scope(address))

    def _scope(self, address: bytes) -> int:
        """Return the scope id that a link-local IPv6 address or group needs."""
        link_local = address[0] == 0xFF or (address[0] == 0xFE and address[1] & 0xC0 == 0x80)
        return self.key.interface if link_local else 0

    def receive(self) -> Received | None:
        """Return the next datagram, or None when there is none."""
        try:
            if self.key.family == IPV4:
                length = self.receiver.recv_into(self._buffer)
                data = bytes(self._view[:length])
                return Received(data, data[12:16], data[8] if length > 8 else -1, data[16:20])
            return self._receive_ipv6()
        except BlockingIOError:
            return None
        except OSError as problem:
            if problem.errno in _MAY_PASS:
                return None  # the interface went down: netlink tells more
            raise

    def _receive_ipv6(self) -> Received:
        length, ancillary, _flags, address = self.receiver.recvmsg_into([self._buffer], 128)
        ttl, destination = -1, b""
        for _level, kind, value in ancillary:
            if kind == socket.IPV6_HOPLIMIT:
                ttl = int.from_bytes(value[:4], sys.byteorder)
            elif kind == socket.IPV6_PKTINFO:
                destination = value[:16]
        return Received(bytes(self._view[:length]), self._packed(address[0]), ttl, destination)

    def _packed(self, text: str) -> bytes:
        source = self._sources.get(text)
        if source is None:
            source = socket.inet_pton(socket.AF_INET6, text.partition("%")[0])
            if len(self._sources) < 256:  # bounded: strangers choose their addresses
                self._sources[text] = source
        return source

    @property
    def receive_buffer(self) -> int:
        """Bytes of the receiver's buffer, as the kernel counts them."""
        return self.receiver.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)

    def send(self, datagram: bytes, source: bytes, destination: bytes, hop_limit: int) -> str:
        """Send one advert.

        Args:
            datagram: IPv4 with its header, IPv6 the payload.
            source: packed source address (IPv6; the IPv4 header names its own).
            destination: packed.
            hop_limit: of an IPv6 unicast advert.

        Returns:
            Why it could not be sent, or an empty string.
        """
        address = self._destinations.get(destination)
        if address is None:
            address = self._destinations[destination] = self._socket_address(destination)
        try:
            if self.key.family == IPV4:
                self.sender.sendto(datagram, 0 if self.key.unicast else socket.MSG_DONTROUTE, address)
            else:
                self.sender.sendmsg([datagram], self._ancillary(source, hop_limit), 0, address)
        except OSError as problem:
            return os.strerror(problem.errno or 0)
        return ""

    def _ancillary(self, source: bytes, hop_limit: int) -> Iterable[tuple[int, int, bytes]]:
        packet_information = source + self.key.interface.to_bytes(4, sys.byteorder)
        yield (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, packet_information)
        if self.key.unicast:
            limit = hop_limit.to_bytes(4, sys.byteorder)
            yield (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT, limit)
