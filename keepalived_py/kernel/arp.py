"""Gratuitous ARP frames (RFC 826, RFC 5227 section 3; RFC 9568 section 8.1.1)."""

from __future__ import annotations

import struct

from keepalived_py.kernel.ethernet import frame

ETHERTYPE = 0x0806
ETHERTYPE_IPV4 = 0x0800
REQUEST = 1
ARPHRD_ETHER = 1
BROADCAST = b"\xff" * 6

_PACKET = struct.Struct("!HHBBH6s4s6s4s")


def gratuitous_request(address: bytes, mac: bytes, *, target_mac: bytes = BROADCAST) -> bytes:
    """Return the broadcast frame that says `address` (packed IPv4) is at `mac`, as keepalived sends it.

    A request whose sender and target are the same address; the target hardware address, which no receiver
    reads, is the broadcast address. Raises ValueError when `mac` is not an Ethernet address.
    """
    packet = _PACKET.pack(ARPHRD_ETHER, ETHERTYPE_IPV4, 6, 4, REQUEST, mac, address, target_mac, address)
    return frame(BROADCAST, mac, ETHERTYPE, packet)
