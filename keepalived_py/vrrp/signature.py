"""Signed adverts: the trailer behind a VRRP message (draft-cassen-vrrp-auth-hmac, keepalived 2.4.1 and later).

 0                   1                   2                   3
 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|   Scheme: 1   |    Key Id     |         Reserved: 0           |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|               seconds of Unix time, modulo 2^32               |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|     65536ths of a second      |            counter            |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|             first 16 octets of HMAC-SHA256                    |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

What is hashed: family (4 or 6), version, VRID, zero, the source address in sixteen octets (IPv4 in the first four),
then the message with a zero checksum, then the trailer with a zero HMAC. Neither the destination nor the IP header is
part of it, so that all copies of one advert carry one signature. Seconds, fraction and counter are one number of 64
bits, the sequence, which grows from advert to advert and is compared by the rules of RFC 1982.
"""

from collections.abc import Callable
from enum import Enum, unique
from struct import Struct

from keepalived_py.structure import structure
from keepalived_py.vrrp.rejection import Rejection

TRAILER_LENGTH = 28
MOST_SENDERS = 16
"""Senders to a group whose sequence is remembered; only who has a key comes to be one."""
WallClock = Callable[[], int]
"""Returns nanoseconds of Unix time, whatever the system's clock says at the moment."""

_SCHEME = 1
_HMAC_LENGTH = 16
_ADDRESS_LENGTH = 16
_FIELDS = Struct("!BBHQ")
_NO_HMAC = bytes(_HMAC_LENGTH)
_BLOCK = 64
_INNER = bytes(octet ^ 0x36 for octet in range(256))
_OUTER = bytes(octet ^ 0x5C for octet in range(256))
_SECOND_NS = 1_000_000_000
_SEQUENCES = 1 << 64
_SECONDS = 1 << 32


@unique
class SignatureMode(Enum):
    """What is sent and what is accepted; the values are the words of the configuration."""

    RECEIVE_ONLY = "receive-only"
    """Nothing is signed; a signature that is there must be right."""
    PERMISSIVE = "permissive"
    """Everything is signed; a signature that is there must be right."""
    ENFORCE = "enforce"
    """Everything is signed, and nothing is accepted without a signature."""


@structure
class SigningKey:
    """A shared secret.

    Attributes:
        id: 1 to 255, the number that trailers name it by.
        octets: 32 to 64.
    """

    id: int
    octets: bytes

    def __repr__(self) -> str:
        return f"SigningKey(id={self.id})"


@structure
class Signing:
    """What `auth_hmac` configures.

    Attributes:
        keys: all of them are accepted.
        active_key: number of the key that signs.
        mode: what is sent and accepted.
        time_window: seconds that a sender's clock may differ from ours; None for `anti_replay monotonic`.
    """

    keys: tuple[SigningKey, ...]
    active_key: int
    mode: SignatureMode = SignatureMode.ENFORCE
    time_window: int | None = 5

    @property
    def trailer_length(self) -> int:
        """Octets that sent adverts are longer by."""
        return 0 if self.mode is SignatureMode.RECEIVE_ONLY else TRAILER_LENGTH


class Signature:
    """Signs and verifies the adverts of one virtual router.

    Attributes:
        signing: as configured.
        sequence: number of the last advert that was signed; 0 before the first.
        skew: seconds by which our clock was ahead of the sender's at the last check; monotonic mode knows none.
    """

    __slots__ = (
        "_clock",
        "_is_equal",
        "_keys",
        "_marks",
        "_prefix",
        "_senders",
        "sequence",
        "signing",
        "skew",
    )

    def __init__(self, signing: Signing, router: tuple[int, int, int], clock: WallClock, senders: int = 0) -> None:
        """Begin without a history.

        Args:
            signing: as configured.
            router: family (4 or 6), version and VRID, which are part of what is signed.
            clock: the wall clock.
            senders: how many peers are configured: all of them are remembered.
        """
        # Only routers that are configured with signatures pay for the import.
        from hmac import compare_digest  # noqa: PLC0415

        self._is_equal = compare_digest
        self._clock = clock
        self._prefix = bytes((*router, 0))
        self._keys = {key.id: _Keyed(key.octets) for key in signing.keys}
        self._senders = max(senders, MOST_SENDERS)
        self._marks: dict[bytes, int] = {}
        self.signing = signing
        self.sequence = 0
        self.skew = 0

    def succeed(self, predecessor: "Signature") -> None:
        """Go on where the signature of an earlier configuration stopped: what was seen stays seen."""
        self.sequence = predecessor.sequence
        self._marks = predecessor._marks  # noqa: SLF001 - its own class

    # Signing

    @property
    def signs(self) -> bool:
        """Whether sent adverts carry a trailer."""
        return self.signing.mode is not SignatureMode.RECEIVE_ONLY

    def trailer(self, source: bytes, message: bytes) -> bytes:
        """The next trailer; call once for all copies of an advert.

        Args:
            source: packed address that they are sent from.
            message: VRRP message; its checksum does not matter.
        """
        self.sequence = self._next_sequence()
        fields = _FIELDS.pack(_SCHEME, self.signing.active_key, 0, self.sequence)
        return fields + self._hmac(self._keys[self.signing.active_key], source, message, fields)

    def _next_sequence(self) -> int:
        now = self._clock()
        clock = _sequence_at(now)
        if not self.sequence or _is_after(clock, self.sequence):
            return clock
        # After the clock was put back receivers would refuse what is too far ahead of it.
        window = self.signing.time_window
        if window is not None and _difference(self.sequence >> 32, now // _SECOND_NS) > window:
            return clock
        return (self.sequence + 1) % _SEQUENCES

    def _hmac(self, key: "_Keyed", source: bytes, message: bytes, fields: bytes) -> bytes:
        address = source if len(source) == _ADDRESS_LENGTH else source.ljust(_ADDRESS_LENGTH, b"\0")
        return key.hmac(self._prefix + address + message[:6] + b"\0\0" + message[8:] + fields + _NO_HMAC)[:_HMAC_LENGTH]

    # Verifying

    @property
    def is_skewed(self) -> bool:
        """Whether the clocks differed by more than half of what is allowed at the last check."""
        window = self.signing.time_window
        return window is not None and abs(self.skew) > window // 2

    def check(self, source: bytes, message: bytes, trailer: bytes) -> Rejection | None:
        """Verify what arrived; the sequence of an accepted advert cannot come again from this source.

        Args:
            source: packed sender.
            message: VRRP message.
            trailer: what follows it, 28 octets; empty for none.
        """
        if not trailer:
            return Rejection.SIGNATURE_MISSING if self.signing.mode is SignatureMode.ENFORCE else None
        scheme, key_id, reserved, sequence = _FIELDS.unpack_from(trailer)
        if scheme != _SCHEME or reserved:
            return Rejection.SIGNATURE_MALFORMED
        seconds = self._clock() // _SECOND_NS
        # Before anything is hashed: a flood of old adverts must cost little.
        if not self._is_fresh(seconds, sequence):
            return Rejection.SIGNATURE_STALE
        key = self._keys.get(key_id)
        if key is None:
            return Rejection.SIGNATURE_KEY
        expected = self._hmac(key, source, message, trailer[: _FIELDS.size])
        if not self._is_equal(trailer[_FIELDS.size :], expected):
            return Rejection.SIGNATURE
        return None if self._is_new(source, sequence, seconds) else Rejection.SIGNATURE_REPLAYED

    def _is_fresh(self, seconds: int, sequence: int) -> bool:
        window = self.signing.time_window
        if window is None:
            return True
        self.skew = _difference(seconds, sequence >> 32)
        return abs(self.skew) <= window

    def _is_new(self, source: bytes, sequence: int, seconds: int) -> bool:
        """Raise the mark of a sender; only what was verified comes here, so that forgeries cannot move it."""
        marks, window = self._marks, self.signing.time_window
        mark = marks.pop(source, None)
        # A mark outside the window orders only what the window refuses anyway; the sender's clock was put back.
        if mark is not None and (window is None or abs(_difference(seconds, mark >> 32)) <= window):
            if not _is_after(sequence, mark):
                marks[source] = mark
                return False
        elif len(marks) >= self._senders:
            del marks[next(iter(marks))]
        marks[source] = sequence
        return True


class _Keyed:
    """HMAC-SHA256 of one key, whose two padded blocks are hashed beforehand (RFC 2104 section 4)."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        from hashlib import sha256  # noqa: PLC0415

        padded = key.ljust(_BLOCK, b"\0")
        self._inner = sha256(padded.translate(_INNER))
        self._outer = sha256(padded.translate(_OUTER))

    def hmac(self, message: bytes) -> bytes:
        """All 32 octets."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()


def _sequence_at(now: int) -> int:
    """The sequence of a moment in nanoseconds of Unix time, with counter 0."""
    seconds, fraction = divmod(now, _SECOND_NS)
    return seconds % _SECONDS << 32 | (fraction << 16) // _SECOND_NS << 16


def _is_after(one: int, other: int) -> bool:
    """Serial number arithmetic (RFC 1982) on 64 bits."""
    return 0 < (one - other) % _SEQUENCES < _SEQUENCES >> 1


def _difference(one: int, other: int) -> int:
    """Seconds from `other` to `one`, both modulo 2^32, as a signed number."""
    difference = (one - other) % _SECONDS
    return difference - _SECONDS if difference >= _SECONDS >> 1 else difference
