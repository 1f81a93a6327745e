"""Frames that a capture saw, taken apart as far as tests ask (an own reading of RFC 791, 826, 4861, 8200 and 9568)."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
VRRP, AUTHENTICATION_HEADER = 112, 51


@dataclass(frozen=True, slots=True)
class Advert:
    """One VRRP advertisement on the wire.

    Attributes:
        at: kernel's time, seconds since the epoch.
        outgoing: sent by the interface that was watched.
        source: IP source address.
        destination: IP destination address.
        ttl: TTL or hop limit.
        authentication_header: the IP authentication header before the VRRP packet, empty without one.
        payload: the VRRP packet.
        datagram: the whole IP datagram.
        hardware: Ethernet source address.
    """

    at: float
    outgoing: bool
    source: str
    destination: str
    ttl: int
    authentication_header: bytes
    payload: bytes
    datagram: bytes
    hardware: str = ""

    @property
    def version(self) -> int:
        """VRRP version."""
        return self.payload[0] >> 4

    @property
    def vrid(self) -> int:
        """Virtual router identifier."""
        return self.payload[1]

    @property
    def priority(self) -> int:
        """Priority; 0 when the master resigns."""
        return self.payload[2]

    @property
    def address_count(self) -> int:
        """How many virtual addresses it lists."""
        return self.payload[3]


@dataclass(frozen=True, slots=True)
class Announcement:
    """One gratuitous ARP, or one unsolicited neighbour advertisement.

    Attributes:
        at: kernel's time, seconds since the epoch.
        outgoing: sent by the interface that was watched.
        address: the announced address.
        hardware: the link-layer address it is announced at.
    """

    at: float
    outgoing: bool
    address: str
    hardware: str


def records(lines: Iterable[str]) -> list[tuple[float, bool, bytes]]:
    """Each line of a capture file as time, outgoing, frame."""
    found = []
    for line in lines:
        at, direction, data = line.split()
        found.append((float(at), direction == "out", bytes.fromhex(data)))
    return found


def advert(at: float, outgoing: bool, frame: bytes) -> Advert | None:
    """The advert in a frame, or None when it holds something else."""
    (ethertype,) = struct.unpack_from("!H", frame, 12)
    if ethertype == IPV4:
        length = struct.unpack_from("!H", frame, 16)[0]
        datagram = frame[14 : 14 + length]
        offset, protocol, ttl = (datagram[0] & 15) * 4, datagram[9], datagram[8]
        source, destination = (str(ipaddress.IPv4Address(datagram[at : at + 4])) for at in (12, 16))
    elif ethertype == IPV6:
        length = struct.unpack_from("!H", frame, 18)[0]
        datagram = frame[14 : 14 + 40 + length]
        offset, protocol, ttl = 40, datagram[6], datagram[7]
        source, destination = (str(ipaddress.IPv6Address(datagram[at : at + 16])) for at in (8, 24))
    else:
        return None
    header = b""
    if protocol == AUTHENTICATION_HEADER:
        protocol, length = datagram[offset], (datagram[offset + 1] + 2) * 4
        header = datagram[offset : offset + length]
        offset += length
    if protocol != VRRP:
        return None
    hardware = frame[6:12].hex(":")
    return Advert(at, outgoing, source, destination, ttl, header, datagram[offset:], datagram, hardware)


def membership_report(frame: bytes) -> tuple[str, str] | None:
    """Destination and Ethernet source of an IGMP (RFC 3376) or MLD (RFC 3810) report in a frame, or None."""
    (ethertype,) = struct.unpack_from("!H", frame, 12)
    igmp_reports, mld_reports = {0x12, 0x16, 0x22}, {131, 143}
    if ethertype == IPV4 and frame[23] == 2 and frame[14 + (frame[14] & 15) * 4] in igmp_reports:
        return str(ipaddress.IPv4Address(frame[30:34])), frame[6:12].hex(":")
    hop_by_hop_length = 8
    if ethertype == IPV6 and frame[20] == 0 and frame[54] == 58 and frame[54 + hop_by_hop_length] in mld_reports:
        return str(ipaddress.IPv6Address(frame[38:54])), frame[6:12].hex(":")
    return None


def announcement(at: float, outgoing: bool, frame: bytes) -> Announcement | None:
    """The gratuitous ARP (sender and target the same) or unsolicited neighbour advertisement in a frame, or None."""
    (ethertype,) = struct.unpack_from("!H", frame, 12)
    if ethertype == ARP and frame[28:32] == frame[38:42]:
        return Announcement(at, outgoing, str(ipaddress.IPv4Address(frame[28:32])), frame[22:28].hex(":"))
    neighbour_advertisement = 136  # RFC 4861 section 4.4
    if ethertype == IPV6 and frame[20] == 58 and frame[54] == neighbour_advertisement and frame[38] == 0xFF:
        return Announcement(at, outgoing, str(ipaddress.IPv6Address(frame[62:78])), frame[6:12].hex(":"))
    return None
