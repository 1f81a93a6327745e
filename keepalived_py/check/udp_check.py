"""UDP_CHECK: a datagram; a refusal is a failure, silence only where an answer is required."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING

from keepalived_py.check.connect import ConnectError, connect, reason_of
from keepalived_py.check.probe import UP, ProbeResult, failed
from keepalived_py.check.task import readable

if TYPE_CHECKING:
    from keepalived_py.check.target import Target

RANDOM_LENGTH = 8
"""Bytes of a payload that nobody configured."""
LONGEST = 65535
_ANY_DIGIT = "x"


class UdpCheck:
    """Sends one datagram.

    Args:
        target: where.
        payload: what is sent; None for random bytes.
        reply: hexadecimal digits that the answer begins with, `x` for any digit; empty for any answer; None when no
            answer is required.
        shortest: fewest bytes of the answer.
        longest: most bytes of the answer.
    """

    def __init__(
        self,
        target: Target,
        payload: bytes | None = None,
        reply: str | None = None,
        shortest: int = 0,
        longest: int = 255,
    ) -> None:
        self.target = target
        self._payload = payload
        self._reply = reply
        self._shortest = shortest
        self._longest = longest

    async def probe(self) -> ProbeResult:
        """Send and listen once."""
        try:
            connection = await connect(self.target, socket.SOCK_DGRAM)
        except ConnectError as problem:
            return failed(str(problem))
        try:
            return await self._ask(connection)
        except OSError as problem:
            return failed(reason_of(problem, self.target.timeout))
        finally:
            connection.close()

    async def _ask(self, connection: socket.SocketType) -> ProbeResult:
        connection.send(os.urandom(RANDOM_LENGTH) if self._payload is None else self._payload)
        ends_at = time.monotonic() + self.target.timeout
        while (left := ends_at - time.monotonic()) > 0:
            try:
                await readable(connection, left)
                answer = connection.recv(LONGEST)  # raises what an ICMP error said
            except TimeoutError:
                break
            except BlockingIOError:  # a datagram's checksum may have been wrong
                continue
            return UP if self._reply is None else self._judged(answer)
        return UP if self._reply is None else failed(f"no answer within {self.target.timeout:.1f} s")

    def _judged(self, answer: bytes) -> ProbeResult:
        if not self._shortest <= len(answer) <= self._longest:
            return failed(f"answer of {len(answer)} bytes, expected {self._shortest} to {self._longest}")
        digits = answer.hex()
        expected = self._reply or ""
        if len(digits) < len(expected):
            return failed(f"answer of {len(answer)} bytes is shorter than the expected one")
        same = all(want in (_ANY_DIGIT, got) for want, got in zip(expected.lower(), digits, strict=False))
        return UP if same else failed("answer differs")
