"""A scripted master in the peer's node: adverts of many virtual routers, then silence, again and again.

A program: `python sender.py SOURCE INTERVAL ROUTERS ADVERTS SILENCE CYCLES SPREAD`. Each cycle it sends ADVERTS adverts
of each of the virtual routers 1 to ROUTERS, one every INTERVAL seconds, and then nothing for SILENCE seconds. SPREAD is
the share of the interval over which the routers are spread evenly: with 0 all of them send at once.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from keepalived_py.kernel.transmit import Burst, ipv4_destination

GROUP = "224.0.0.18"
PRIORITY = 200
VRRP = 112
IP_HDRINCL = 3  # linux/in.h


def checksum(octets: bytes) -> int:
    """Return the internet checksum (RFC 1071) of an even number of bytes."""
    return 0xFFFF - (int.from_bytes(octets, "big") % 0xFFFF or 0xFFFF) if any(octets) else 0xFFFF


def advert(source: str, vrid: int, interval: float) -> bytes:
    """Return a VRRP version 3 advert (RFC 9568 section 5) for 10.1.0.VRID, with its IPv4 header."""
    addresses = socket.inet_aton(source) + socket.inet_aton(GROUP)
    virtual = bytes([10, 1, 0, vrid])
    message = struct.pack("!BBBBHH", 0x31, vrid, PRIORITY, 1, round(interval * 100), 0) + virtual
    pseudo = addresses + struct.pack("!HH", VRRP, len(message))
    message = message[:6] + checksum(pseudo + message).to_bytes(2, "big") + message[8:]
    return struct.pack("!BBHHHBBH", 0x45, 0xC0, 20 + len(message), 0, 0, 255, VRRP, 0) + addresses + message


def main(source: str, interval: float, routers: int, adverts: int, silence: float, cycles: int, spread: float) -> None:
    connection = socket.socket(socket.AF_INET, socket.SOCK_RAW, VRRP)
    connection.setsockopt(socket.IPPROTO_IP, IP_HDRINCL, 1)
    connection.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(source))
    connection.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    destination = ipv4_destination(socket.inet_aton(GROUP))
    burst = Burst([(advert(source, vrid, interval), destination) for vrid in range(1, routers + 1)])
    send = Paced(burst, connection.fileno(), interval * spread / routers)
    due = time.monotonic()
    for _ in range(cycles):
        for _ in range(adverts):
            send.all(due)
            due = max(due + interval, time.monotonic() - interval / 2)  # after a stall it does not catch up
        due += silence - interval


class Paced:
    """A burst whose messages leave at their times; those that are due together leave together."""

    def __init__(self, burst: Burst, descriptor: int, step: float) -> None:
        self._burst = burst
        self._descriptor = descriptor
        self._step = step

    def all(self, start: float) -> None:
        """Send message N at `start` + N steps (seconds, monotonic)."""
        position, count = 0, len(self._burst)
        while position < count:
            time.sleep(max(0.0, start + position * self._step - time.monotonic()))
            late = time.monotonic() - start
            reached = count if self._step == 0 else min(count, max(position, int(late / self._step)) + 1)
            position, _refused = self._burst.send(self._descriptor, position, reached)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), int(sys.argv[6]),
         float(sys.argv[7]))  # fmt: skip
