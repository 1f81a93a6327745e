"""What happens in the daemon's node: every ARP and VRRP frame with the kernel's time, every address that is added.

A program: `python -I -S recorder.py INTERFACE SECONDS FILE`. It keeps everything in memory, to disturb little,
and writes `frame SECONDS in|out HEX` and `address SECONDS` lines at the end.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import sys
import time

SO_TIMESTAMPNS = 35  # asm-generic/socket.h
SO_RCVBUFFORCE = 33
PACKET_OUTGOING = 4  # linux/if_packet.h
ETH_P_ALL = 3  # linux/if_ether.h
NETLINK_ROUTE = 0
RTMGRP_IPV4_IFADDR = 0x10  # linux/rtnetlink.h
RTM_NEWADDR = 20
BUFFER = 128 << 20


def open_frames(interface: str) -> socket.socket:
    frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    frames.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    frames.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    frames.bind((interface, ETH_P_ALL))
    frames.setblocking(False)
    return frames


def open_addresses() -> socket.socket:
    addresses = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE)
    addresses.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    addresses.bind((0, RTMGRP_IPV4_IFADDR))
    addresses.setblocking(False)
    return addresses


def take_frames(frames: socket.socket, found: list[tuple[bytes, bytes, bool]]) -> None:
    """Keep (frame, its timespec, whether it left) of everything that waits."""
    try:
        while True:
            frame, control, _flags, address = frames.recvmsg(1600, 64)
            found.append((frame, control[0][2][:16], address[2] == PACKET_OUTGOING))
    except BlockingIOError:
        return


def take_addresses(addresses: socket.socket, added: list[float]) -> None:
    """Keep the time of every address that came."""
    try:
        while True:
            datagram = addresses.recv(65536)
            if struct.unpack_from("=H", datagram, 4)[0] == RTM_NEWADDR:
                added.append(time.time())
    except BlockingIOError:
        return


def main(interface: str, seconds: float, path: str) -> None:
    frames, addresses = open_frames(interface), open_addresses()
    found: list[tuple[bytes, bytes, bool]] = []
    added: list[float] = []
    os.write(1, b"ready\n")
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        readable, _, _ = select.select([frames, addresses], [], [], left)
        if addresses in readable:
            take_addresses(addresses, added)
        if frames in readable:
            take_frames(frames, found)
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib would cost more than the rest
        for frame, stamp, outgoing in found:
            whole, nanoseconds = struct.unpack("qq", stamp)
            direction = "out" if outgoing else "in"
            file.write(f"frame {whole + nanoseconds / 1e9:.7f} {direction} {frame.hex()}\n")
        file.writelines(f"address {at:.7f}\n" for at in added)
    os.write(1, b"done\n")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3])
