"""DNS_CHECK: a query that is answered without an error (RFC 1035)."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype

from keepalived_py.check.connect import ConnectError, connect, reason_of
from keepalived_py.check.probe import UP, ProbeResult, failed
from keepalived_py.check.task import readable

if TYPE_CHECKING:
    from keepalived_py.check.target import Target

LONGEST = 65535
TRUNCATED = 0x02
"""Bit TC in the third octet of a header (RFC 1035 section 4.1.1)."""


class DnsCheck:
    """Asks one question over UDP.

    Args:
        target: where.
        name: that is asked for.
        kind: of record, e.g. SOA.
    """

    def __init__(self, target: Target, name: str, kind: str) -> None:
        self.target = target
        self._name = name
        self._kind = dns.rdatatype.from_text(kind)

    async def probe(self) -> ProbeResult:
        """Ask once; what does not answer this question is not heard."""
        try:
            connection = await connect(self.target, socket.SOCK_DGRAM)
        except ConnectError as problem:
            return failed(str(problem))
        try:
            return await self._ask(connection)
        except TimeoutError:
            return failed(f"no answer within {self.target.timeout:.1f} s")
        except OSError as problem:
            return failed(reason_of(problem, self.target.timeout))
        finally:
            connection.close()

    async def _ask(self, connection: socket.SocketType) -> ProbeResult:
        query = dns.message.make_query(self._name, self._kind)
        connection.send(query.to_wire())
        ends_at = time.monotonic() + self.target.timeout
        while (left := ends_at - time.monotonic()) > 0:
            await readable(connection, left)
            with contextlib.suppress(BlockingIOError):  # a datagram's checksum may have been wrong
                result = self._judged(query, connection.recv(LONGEST))
                if result is not None:
                    return result
        raise TimeoutError

    def _judged(self, query: dns.message.Message, octets: bytes) -> ProbeResult | None:
        """Return what an answer means; None when it is none to our question."""
        if len(octets) < 12 or int.from_bytes(octets[:2]) != query.id or not octets[2] & 0x80:
            return None
        if octets[2] & TRUNCATED:
            # What has been cut need not be readable; the server has an answer, or the code says what is wrong.
            return _verdict(dns.rcode.Rcode(octets[3] & 0x0F))
        try:
            answer = dns.message.from_wire(octets, ignore_trailing=True)
        except (dns.exception.DNSException, ValueError, IndexError) as problem:
            return failed(f"unreadable answer: {type(problem).__name__}")
        return _verdict(answer.rcode()) if query.is_response(answer) else None


def _verdict(code: dns.rcode.Rcode) -> ProbeResult:
    return UP if code == dns.rcode.NOERROR else failed(f"answer {dns.rcode.to_text(code)}")
