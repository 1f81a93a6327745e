"""A small server of the lab: `responder.py KIND PORT FILE`; what it says stands in FILE, its process in FILE.pid.

echo   UDP: sends every datagram back
agent  TCP: says the text of FILE to everybody who connects
ping   ICMP: answers echo requests as the text of FILE says: rightly, late, wrongly, half, or elsewhere
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
import time
from pathlib import Path

ECHO_REQUEST, ECHO_REPLY = 8, 0
LATE = 1.0
"""Seconds after which a late answer leaves."""


def text_of(path: Path) -> str:
    """Return what is to be said now."""
    return path.read_text(encoding="utf-8")


def echo(port: int) -> None:
    """Serve over UDP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.bind(("", port))
        while True:
            asked = channel.recvfrom(65535)
            with contextlib.suppress(OSError):  # there may be no way back
                channel.sendto(*asked)


def agent(port: int, path: Path) -> None:
    """Serve over TCP."""
    with socket.create_server(("", port)) as listener:
        while True:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(text_of(path).encode())


def ping(path: Path) -> None:
    """Answer in the kernel's place, which must have been told to be silent."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as channel:
        while True:
            packet, sender = channel.recvfrom(65535)
            message = packet[(packet[0] & 15) * 4 :]
            if message[0] != ECHO_REQUEST:
                continue
            how = text_of(path).strip()
            if how == "late":
                time.sleep(LATE)
            channel.sendto(_reply(message, how), sender)


def _reply(request: bytes, how: str) -> bytes:
    _, _, _, identity, sequence = struct.unpack_from("!BBHHH", request)
    content = request[8:]
    if how == "wrong":
        content = bytes(octet ^ 0xFF for octet in content)
    elif how == "half":
        content = content[: len(content) // 2]
    elif how == "elsewhere":
        sequence ^= 1
    head = struct.pack("!BBHHH", ECHO_REPLY, 0, 0, identity, sequence)
    total = -sum(struct.unpack(f"!{(len(head) + len(content)) // 2}H", head + content)) % 0xFFFF
    return struct.pack("!BBHHH", ECHO_REPLY, 0, total, identity, sequence) + content


def main(kind: str, port: str, name: str) -> None:
    """Serve until killed."""
    Path(f"{name}.pid").write_text(str(os.getpid()), encoding="ascii")
    if kind == "echo":
        echo(int(port))
    elif kind == "agent":
        agent(int(port), Path(name))
    else:
        ping(Path(name))


if __name__ == "__main__":
    main(*sys.argv[1:])
