"""PING_CHECK: an ICMP echo (RFC 792, RFC 4443 section 4.1) that comes back.

The kernel gives echo sockets to the groups in net.ipv4.ping_group_range; keepalived widens that range for every program
on the machine. Here a raw socket is used where the range leaves us out, and the machine stays as it is.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from typing import TYPE_CHECKING

from keepalived_py.check.connect import ConnectError, endpoint, open_socket, reason_of
from keepalived_py.check.probe import UP, ProbeResult, failed
from keepalived_py.check.task import readable

if TYPE_CHECKING:
    from keepalived_py.check.target import Target

_HEADER = struct.Struct("!BBHHH")
_REQUEST = {4: 8, 6: 128}
_REPLY = {4: 0, 6: 129}
_PROTOCOL = {4: socket.IPPROTO_ICMP, 6: socket.IPPROTO_ICMPV6}
LONGEST = 2048
TOKEN_LENGTH = 16
"""Random bytes by which an answer is known to be ours."""


class PingCheck:
    """Sends echo requests, one per probe.

    Args:
        target: where; its port has no meaning.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._sequence = 0
        self._identity = int.from_bytes(os.urandom(2))

    async def probe(self) -> ProbeResult:
        """Send one echo request and wait for its answer."""
        target = self.target
        try:
            channel, is_raw = self._open()
        except ConnectError as problem:
            return failed(str(problem))
        try:
            channel.connect(endpoint(target.family, target.address, 0, target.interface))
            return await self._ask(channel, is_raw=is_raw)
        except TimeoutError:
            return failed(f"no answer within {target.timeout:.1f} s")
        except OSError as problem:
            return failed(reason_of(problem, target.timeout))
        finally:
            channel.close()

    def _open(self) -> tuple[socket.SocketType, bool]:
        protocol = _PROTOCOL[self.target.family]
        try:
            return open_socket(self.target, socket.SOCK_DGRAM, protocol), False
        except ConnectError as problem:
            if not isinstance(problem.__cause__, PermissionError):
                raise
            return open_socket(self.target, socket.SOCK_RAW, protocol), True

    async def _ask(self, channel: socket.SocketType, *, is_raw: bool) -> ProbeResult:
        self._sequence = (self._sequence + 1) & 0xFFFF
        token = os.urandom(TOKEN_LENGTH)
        channel.send(self._request(token))
        ends_at = time.monotonic() + self.target.timeout
        while True:
            answer = await self._datagram(channel, ends_at)
            if is_raw and self.target.family == 4 and answer:
                answer = answer[(answer[0] & 15) * 4 :]  # a raw socket delivers the IPv4 header too
            if self._is_answer(answer, token):
                return UP

    async def _datagram(self, channel: socket.SocketType, ends_at: float) -> bytes:
        """Return the next datagram. Raises TimeoutError, also when others keep us busy until the end."""
        while (left := ends_at - time.monotonic()) > 0:
            await readable(channel, left)
            with contextlib.suppress(BlockingIOError):  # its checksum may have been wrong
                return channel.recv(LONGEST)
        raise TimeoutError

    def _request(self, token: bytes) -> bytes:
        kind = _REQUEST[self.target.family]
        head = _HEADER.pack(kind, 0, 0, self._identity, self._sequence)
        if self.target.family == 6:
            return head + token  # the kernel fills the checksum in
        total = -sum(struct.unpack(f"!{(len(head) + len(token)) // 2}H", head + token)) % 0xFFFF
        return _HEADER.pack(kind, 0, total, self._identity, self._sequence) + token

    def _is_answer(self, answer: bytes, token: bytes) -> bool:
        """Whether these octets answer our last request; others' answers reach a raw socket too."""
        if len(answer) < _HEADER.size:
            return False
        kind, code, _, _, sequence = _HEADER.unpack_from(answer)
        ours = answer[_HEADER.size :] == token and sequence == self._sequence
        return bool(kind == _REPLY[self.target.family] and code == 0 and ours)
