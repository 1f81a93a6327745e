"""What passed an interface, with the kernel's time of each frame.

A program (`python -I -S capture.py INTERFACE FILE`) that runs inside a node and writes one line
`SECONDS DIRECTION HEX` per frame; `capturing.Capture` reads them.
"""

from __future__ import annotations

import os
import socket
import struct
import sys

SO_TIMESTAMPNS = 35  # asm-generic/socket.h
PACKET_OUTGOING = 4  # linux/if_packet.h
ETH_P_ALL = 3  # linux/if_ether.h
ETHERTYPES = (0x0800, 0x0806, 0x86DD)


def main(interface: str, path: str) -> None:
    """Write every IPv4, ARP and IPv6 frame of the interface to the file until killed."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind((interface, ETH_P_ALL))
    output = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(1, b"ready\n")
    while True:
        frame, control, _flags, address = sock.recvmsg(65535, 256)
        if address[1] not in ETHERTYPES:
            continue
        at = 0.0
        for level, kind, data in control:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = struct.unpack("qq", data[:16])
                at = seconds + nanoseconds / 1e9
        direction = "out" if address[2] == PACKET_OUTGOING else "in"
        os.write(output, f"{at:.6f} {direction} {frame.hex()}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
