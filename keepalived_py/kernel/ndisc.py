"""Unsolicited neighbour advertisements (RFC 4861 sections 4.4 and 7.2.6; RFC 9568 section 8.2.1)."""

from __future__ import annotations

import struct

from keepalived_py.kernel.ethernet import frame

ETHERTYPE = 0x86DD
ALL_NODES = bytes.fromhex("ff020000000000000000000000000001")
ALL_NODES_MAC = bytes.fromhex("333300000001")
ICMPV6 = 58
NEIGHBOUR_ADVERTISEMENT = 136
HOP_LIMIT = 255

ROUTER = 0x80000000
OVERRIDE = 0x20000000

_IPV6 = struct.Struct("!IHBB16s16s")
_PSEUDO_HEADER = struct.Struct("!16s16sII")
_ADVERTISEMENT = struct.Struct("!BBHI16s")
_LINK_LAYER_OPTION = struct.Struct("!BB6s")
_TARGET_LINK_LAYER_ADDRESS = 2


def checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071) of `data`, whose length is even."""
    # The one's complement sum of 16-bit words is the number modulo 65535; zero and 65535 are one value in it,
    # and only data that are all zeros may give the former.
    number = int.from_bytes(data, "big")
    remainder = number % 0xFFFF
    return 0xFFFF - (remainder or 0xFFFF) if number else 0xFFFF


def unsolicited_advertisement(address: bytes, mac: bytes, *, router: bool) -> bytes:
    """Return the frame to all nodes that says `address` (packed IPv6) is at `mac`.

    `router` is whether the interface forwards: a host that announced itself without the flag would vanish
    from its neighbours' default router lists (RFC 4861 section 7.2.5).

    Raises ValueError when `mac` is not an Ethernet address.
    """
    flags = OVERRIDE | (ROUTER if router else 0)
    option = _LINK_LAYER_OPTION.pack(_TARGET_LINK_LAYER_ADDRESS, 1, mac)
    unsummed = _ADVERTISEMENT.pack(NEIGHBOUR_ADVERTISEMENT, 0, 0, flags, address) + option
    pseudo_header = _PSEUDO_HEADER.pack(address, ALL_NODES, len(unsummed), ICMPV6)
    packet = bytearray(unsummed)
    struct.pack_into("!H", packet, 2, checksum(pseudo_header + unsummed))
    header = _IPV6.pack(6 << 28, len(packet), ICMPV6, HOP_LIMIT, address, ALL_NODES)
    return frame(ALL_NODES_MAC, mac, ETHERTYPE, header + packet)
