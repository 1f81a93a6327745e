"""A client that asks an address every so often: `python -I -S pinger.py ADDRESS INTERVAL FILE`.

It writes `sent NUMBER SECONDS` for each echo request (RFC 792) and `got NUMBER SECONDS` for each reply.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import sys
import time

ECHO_REQUEST, ECHO_REPLY = 8, 0


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071) of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def main(address: str, interval: float, path: str) -> None:
    """Ask until killed."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    output = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    identifier, number, due = os.getpid() & 0xFFFF, 0, time.monotonic()
    os.write(1, b"ready\n")
    while True:
        readable, _, _ = select.select([sock], [], [], max(0.0, due - time.monotonic()))
        if readable:
            reply = sock.recv(2048)
            kind, _, _, theirs, answered = struct.unpack_from("!BBHHH", reply, (reply[0] & 15) * 4)
            if (kind, theirs) == (ECHO_REPLY, identifier):
                os.write(output, f"got {answered} {time.time():.6f}\n".encode())
        if time.monotonic() >= due:
            due += interval
            number += 1
            request = struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, identifier, number & 0xFFFF)
            request = struct.pack("!BBHHH", ECHO_REQUEST, 0, checksum(request), identifier, number & 0xFFFF)
            with contextlib.suppress(OSError):  # no route, no neighbour: it counts as sent and lost
                sock.sendto(request, (address, 0))
            os.write(output, f"sent {number} {time.time():.6f}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3])
