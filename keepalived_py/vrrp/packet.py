"""The advert on the wire: version 2 (RFC 3768 section 5) and version 3 (RFC 5798 and RFC 9568 section 5).

 0                   1                   2                   3
 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|Version| Type  | Virtual Rtr ID|   Priority    |  IP Addr Count |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
| v2: Auth Type | v2: Adver Int  |           Checksum            |
| v3: 0 | Max Advertise Interval |                               |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|                       addresses, 4 or 16 octets each           |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|                    v2: authentication data, 8 octets           |
"""

from struct import Struct
from typing import NamedTuple

from keepalived_py.vrrp.authentication import HEADER_LENGTH as AH_LENGTH
from keepalived_py.vrrp.authentication import KEY_LENGTH, PROTOCOL_AH, PROTOCOL_VRRP
from keepalived_py.vrrp.timers import VERSION_2, centiseconds

ADVERTISEMENT = 1
"""The only packet type there is (RFC 9568 section 5.2.2)."""
MESSAGE_HEADER_LENGTH = 8
IPV4_HEADER_LENGTH = 20
PRIORITY_OFFSET = 2
CHECKSUM_OFFSET = 6
INTERNETWORK_CONTROL = 0xC0
"""IPv4 type of service, as keepalived marks its adverts."""

_HEADER = Struct("!BBBBHH")
_CHECKSUM = Struct("!H")
_IPV4 = Struct("!BBHHHBBH4s4s")
_ONES = 0xFFFF


class Message(NamedTuple):
    """Fields of one VRRP message as they stand in it; nothing is checked but that the eight octets are there.

    Attributes:
        version: upper half of the first octet.
        type: lower half.
        vrid: virtual router id.
        priority: 0 to 255.
        address_count: what the sender says.
        authentication_type: version 2; for other versions the upper octet of the field.
        interval: seconds; version 2 sends whole ones, version 3 hundredths in twelve bits.
    """

    version: int
    type: int
    vrid: int
    priority: int
    address_count: int
    authentication_type: int
    interval: float


def decode(message: bytes) -> Message:
    """Read the fixed part of a message of at least eight octets.

    Raises:
        struct.error: it is shorter.
    """
    first, vrid, priority, count, word, _ = _HEADER.unpack_from(message)
    version = first >> 4
    interval = float(word & 0xFF) if version == VERSION_2 else (word & 0xFFF) / 100
    return Message(version, first & 15, vrid, priority, count, word >> 8, interval)


def message_length(message: Message, address_length: int) -> int:
    """Octets that a message with this fixed part must have; IPv4 version 2 ends with authentication data."""
    length = MESSAGE_HEADER_LENGTH + message.address_count * address_length
    return length + KEY_LENGTH if message.version == VERSION_2 and address_length == 4 else length


def addresses_of(message: bytes, count: int, length: int) -> tuple[bytes, ...]:
    """The addresses of a message whose length has been checked."""
    end = MESSAGE_HEADER_LENGTH + count * length
    return tuple(message[offset : offset + length] for offset in range(MESSAGE_HEADER_LENGTH, end, length))


def encode(
    *,
    version: int,
    vrid: int,
    priority: int,
    interval: float,
    addresses: tuple[bytes, ...],
    authentication_type: int = 0,
    authentication_data: bytes = b"",
    pseudo_header: int = 0,
) -> bytes:
    """Build a VRRP message with its checksum.

    Args:
        version: 2 or 3.
        vrid: 1 to 255.
        priority: 0 to 255.
        interval: seconds.
        addresses: packed octets, at most 255.
        authentication_type: version 2 only.
        authentication_data: version 2 only, eight octets.
        pseudo_header: what `pseudo_header_sum` says, or 0 for a checksum without one.
    """
    word = authentication_type << 8 | int(interval) & 0xFF if version == VERSION_2 else centiseconds(interval) & 0xFFF
    head = version << 4 | ADVERTISEMENT
    body = b"".join(addresses) + authentication_data
    unsummed = _HEADER.pack(head, vrid, priority, len(addresses), word, 0) + body
    value = checksum(unsummed, pseudo_header)
    return unsummed[:CHECKSUM_OFFSET] + _CHECKSUM.pack(value) + body


def checksum(data: bytes, pseudo_header: int = 0) -> int:
    """The Internet checksum (RFC 1071) of an even number of octets, not all zero.

    65536 is 1 modulo 65535, so the one's complement sum of 16-bit words is one big number modulo 65535.
    """
    return -(int.from_bytes(data) + pseudo_header) % _ONES


def checksum_is_valid(data: bytes, pseudo_header: int = 0) -> bool:
    """Whether data, its own checksum included, sums to zero."""
    return (int.from_bytes(data) + pseudo_header) % _ONES == 0


def pseudo_header_sum(source: bytes, destination: bytes, length: int) -> int:
    """The pseudo-header's share of the sum; IPv4 (RFC 5798 section 5.2.8) and IPv6 (RFC 8200 section 8.1) alike."""
    return int.from_bytes(source) + int.from_bytes(destination) + PROTOCOL_VRRP + length


def with_priority(datagram: bytes, offset: int, priority: int) -> bytes:
    """The same advert with another priority: two fields are patched, nothing is summed again (RFC 1624).

    Args:
        datagram: any bytes that hold a VRRP message.
        offset: where the message begins.
        priority: 0 to 255.
    """
    patched = bytearray(datagram)
    position = offset + CHECKSUM_OFFSET
    old_sum = _CHECKSUM.unpack_from(datagram, position)[0]
    # Priority is the upper octet of its 16-bit word.
    difference = priority - patched[offset + PRIORITY_OFFSET] << 8
    patched[offset + PRIORITY_OFFSET] = priority
    _CHECKSUM.pack_into(patched, position, (old_sum - difference) % _ONES)
    return bytes(patched)


def ipv4_header(
    source: bytes, destination: bytes, payload_length: int, ttl: int, *, protocol: int = PROTOCOL_VRRP, ip_id: int = 0
) -> bytes:
    """Twenty octets for a raw socket with IP_HDRINCL: the kernel fills in the checksum, and the id when it is 0."""
    total = IPV4_HEADER_LENGTH + payload_length
    return _IPV4.pack(0x45, INTERNETWORK_CONTROL, total, ip_id, 0, ttl, protocol, 0, source, destination)


def vrid_of(data: bytes | memoryview, family: int) -> int:
    """The virtual router id of whatever a raw socket delivered; -1 when it is too short to have one.

    Args:
        data: IPv4 datagram with its header, or IPv6 payload.
        family: 4 or 6.
    """
    offset = 0 if family == 6 else message_offset(data)
    return data[offset + 1] if offset >= 0 and len(data) >= offset + MESSAGE_HEADER_LENGTH else -1


def message_offset(data: bytes | memoryview) -> int:
    """Where the VRRP message of an IPv4 datagram begins, behind header, options and authentication header; or -1."""
    if len(data) < IPV4_HEADER_LENGTH:
        return -1
    header_length = (data[0] & 15) << 2
    if header_length < IPV4_HEADER_LENGTH:
        return -1
    return header_length + AH_LENGTH if data[9] == PROTOCOL_AH else header_length
