"""Authentication of version 2: none, password, and the IPsec authentication header as keepalived sends it.

The header is RFC 2402 with HMAC-MD5-96 (RFC 2403) and three habits of keepalived's: the SPI is the sender's address,
the TTL is covered when the destination is a group (it is always 255 there) and left out for unicast, and all routers of
a VRID share one sequence, which a new master continues.
"""

from enum import IntEnum, unique
from struct import Struct

from keepalived_py.structure import structure
from keepalived_py.vrrp.rejection import Rejection

KEY_LENGTH = 8
"""Octets of a key; a shorter one is padded with zeros (RFC 2338 section 5.3.6)."""
HEADER_LENGTH = 24
PROTOCOL_AH = 51
PROTOCOL_VRRP = 112
_FIXED = Struct("!BBH4sI")
_FIXED_LENGTH = 12
_ICV_LENGTH = 12
_PAYLOAD_LENGTH = 4  # 32-bit words of the header minus 2
_LAST_SEQUENCE = 0xFFFFFFFD
_NOTHING_SENT = (-1, b"")


@unique
class AuthenticationType(IntEnum):
    """The Auth Type field (RFC 2338 section 5.3.6); 1 and 2 are gone from RFC 3768 and alive in keepalived."""

    NONE = 0
    PASSWORD = 1
    HEADER = 2


@structure
class Authentication:
    """Type and key of one virtual router.

    Attributes:
        type: what is sent and expected.
        key: `auth_pass`; what is beyond eight octets is ignored, what is missing is zero.
    """

    type: AuthenticationType = AuthenticationType.NONE
    key: bytes = b""

    @property
    def padded_key(self) -> bytes:
        """The eight octets that are sent or hashed with."""
        return self.key[:KEY_LENGTH].ljust(KEY_LENGTH, b"\0")


NO_AUTHENTICATION = Authentication()


def icv(key: bytes, ip_header: bytes, protected: bytes, *, unicast: bool) -> bytes:
    """Integrity check value: the first twelve octets of HMAC-MD5.

    Args:
        key: eight octets.
        ip_header: IPv4 header with its options; TOS, fragment offset and checksum are taken as zero.
        protected: authentication header with a zero ICV, then the VRRP message.
        unicast: the TTL is taken as zero too.
    """
    # Only routers that are configured with this kind of authentication pay for the import.
    from hmac import digest  # noqa: PLC0415

    immutable = bytearray(ip_header)
    immutable[1] = 0
    immutable[6:8] = b"\0\0"
    immutable[10:12] = b"\0\0"
    if unicast:
        immutable[8] = 0
    return digest(key, bytes(immutable) + protected, "md5")[:_ICV_LENGTH]


class AuthenticationHeader:
    """Signs and checks datagrams of one virtual router; holds the sequence number.

    Attributes:
        sequence: highest number sent or accepted so far.
    """

    __slots__ = ("_key", "_sent", "_unicast", "sequence")

    def __init__(self, authentication: Authentication, *, unicast: bool) -> None:
        # Now: the first advert may be that of a takeover, which must not wait for a disk.
        import hmac  # noqa: F401, PLC0415

        self._key = authentication.padded_key
        self._unicast = unicast
        self._sent = _NOTHING_SENT
        self.sequence = 0

    def advance(self) -> None:
        """Take the next sequence number; the copies of one advert for several peers share it."""
        self.sequence = min(self.sequence + 1, _LAST_SEQUENCE)

    def signed(self, ip_header: bytes, message: bytes) -> bytes:
        """The whole IPv4 datagram: header, authentication header, VRRP message.

        Args:
            ip_header: 20 octets, complete but for the checksum, which the kernel fills in.
            message: VRRP message.
        """
        self._sent = (self.sequence, ip_header[12:16])
        fixed = _FIXED.pack(PROTOCOL_VRRP, _PAYLOAD_LENGTH, 0, ip_header[12:16], self.sequence)
        value = icv(self._key, ip_header, fixed + bytes(_ICV_LENGTH) + message, unicast=self._unicast)
        return ip_header + fixed + value + message

    def check(self, ip_header: bytes, protected: bytes) -> Rejection | None:
        """Check what arrived; an accepted datagram's sequence number becomes ours.

        Args:
            ip_header: IPv4 header with its options.
            protected: authentication header and VRRP message, at least 24 octets.
        """
        from hmac import compare_digest  # noqa: PLC0415

        next_header, _, _, spi, sequence = _FIXED.unpack_from(protected)
        if next_header != PROTOCOL_VRRP:
            return Rejection.FOREIGN_PROTOCOL
        zeroed = protected[:_FIXED_LENGTH] + bytes(_ICV_LENGTH) + protected[HEADER_LENGTH:]
        expected = icv(self._key, ip_header, zeroed, unicast=self._unicast)
        if not compare_digest(protected[_FIXED_LENGTH:HEADER_LENGTH], expected):
            return Rejection.INTEGRITY_CHECK
        if spi != ip_header[12:16]:
            return Rejection.SECURITY_PARAMETER_INDEX
        if sequence <= self.sequence and not self._is_rivals(sequence, spi):
            return Rejection.REPLAYED
        self.sequence = sequence
        return None

    def _is_rivals(self, sequence: int, source: bytes) -> bool:
        """Whether a number that is not new was taken by another master in the same moment as by us.

        Two masters whose timers run in step would else refuse each other's adverts for ever. No such number was
        accepted before we sent it, so that this is not a replay; and it is believed once.
        """
        sent, own_source = self._sent
        if not sequence == self.sequence == sent or source == own_source:
            return False
        self._sent = _NOTHING_SENT
        return True
