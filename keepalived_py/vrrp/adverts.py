"""The bytes of our own adverts, built before they are needed."""

from keepalived_py.vrrp.authentication import HEADER_LENGTH as AH_LENGTH
from keepalived_py.vrrp.authentication import KEY_LENGTH, PROTOCOL_AH, AuthenticationHeader, AuthenticationType
from keepalived_py.vrrp.packet import (
    CHECKSUM_OFFSET,
    IPV4_HEADER_LENGTH,
    MESSAGE_HEADER_LENGTH,
    checksum,
    encode,
    ipv4_header,
    pseudo_header_sum,
    with_priority,
)
from keepalived_py.vrrp.parameters import IPV4, MULTICAST_IPV4, Parameters
from keepalived_py.vrrp.signature import TRAILER_LENGTH, Signature
from keepalived_py.vrrp.timers import VERSION_2

Outgoing = tuple[tuple[bytes, bytes], ...]
"""Pairs of packed destination and what a raw socket sends there: IPv4 with its header, IPv6 without."""

RESIGNATION = 0
_LAST_IP_ID = 0xFFFF


class Adverts:
    """Adverts of one virtual router, one per destination.

    They are built once and patched when the priority changes. Only what signs them, an authentication header or a
    trailer, whose sequence number is never the same, makes every advert a new one.
    """

    __slots__ = ("_header", "_ip_id", "_offset", "_parameters", "_prepared", "_signature", "_source")

    def __init__(
        self, parameters: Parameters, source: bytes, verifier: AuthenticationHeader | Signature | None
    ) -> None:
        """Build adverts with the configured priority.

        Args:
            parameters: of the virtual router.
            source: packed; without one there are no adverts.
            verifier: signs them when the router uses authentication headers or signatures.
        """
        self._parameters = parameters
        self._source = source
        header = verifier if isinstance(verifier, AuthenticationHeader) else None
        self._header = header
        self._signature = verifier if isinstance(verifier, Signature) and verifier.signs else None
        self._ip_id = 0
        self._offset = IPV4_HEADER_LENGTH if parameters.family == IPV4 and header is None else 0
        self._prepared: dict[int, Outgoing] = {}
        self.prepare(parameters.priority)

    def prepare(self, priority: int) -> None:
        """Have adverts with this priority, and those with priority 0, ready to be sent."""
        if not self._source:
            return
        known = next(iter(self._prepared.values()), None) or tuple(
            (destination, self._build(destination, priority)) for destination in self._parameters.destinations
        )
        self._prepared = {wanted: self._patched(known, wanted) for wanted in (priority, RESIGNATION)}

    def outgoing(self, priority: int) -> Outgoing:
        """What to send now, where.

        Args:
            priority: effective priority, or `RESIGNATION`.
        """
        if priority not in self._prepared:
            self.prepare(priority)
        prepared = self._prepared.get(priority, ())
        if not prepared:
            return prepared
        if self._signature is not None:
            return self._with_trailer(prepared, self._signature)
        if self._header is None:
            return prepared
        self._header.advance()
        self._ip_id = self._ip_id % _LAST_IP_ID + 1
        return tuple((destination, self._signed(destination, message)) for destination, message in prepared)

    def _with_trailer(self, prepared: Outgoing, signature: Signature) -> Outgoing:
        trailer = signature.trailer(self._source, prepared[0][1][self._offset :])
        if self._parameters.family == IPV4:
            return tuple((destination, octets + trailer) for destination, octets in prepared)
        return tuple((destination, self._summed(destination, octets + trailer)) for destination, octets in prepared)

    def _summed(self, destination: bytes, octets: bytes) -> bytes:
        """An IPv6 payload with the checksum over all of it (RFC 8200 section 8.1), the trailer included."""
        unsummed = octets[:CHECKSUM_OFFSET] + b"\0\0" + octets[CHECKSUM_OFFSET + 2 :]
        value = checksum(unsummed, pseudo_header_sum(self._source, destination, len(octets)))
        return octets[:CHECKSUM_OFFSET] + value.to_bytes(2) + octets[CHECKSUM_OFFSET + 2 :]

    def _patched(self, known: Outgoing, priority: int) -> Outgoing:
        return tuple((destination, with_priority(octets, self._offset, priority)) for destination, octets in known)

    def _build(self, destination: bytes, priority: int) -> bytes:
        parameters = self._parameters
        is_ipv4 = parameters.family == IPV4
        length = MESSAGE_HEADER_LENGTH + len(parameters.virtual_addresses) * len(destination)
        without_pseudo_header = is_ipv4 and (parameters.version == VERSION_2 or parameters.v3_checksum_as_v2)
        message = encode(
            version=parameters.version,
            vrid=parameters.vrid,
            priority=priority,
            interval=parameters.advertisement_interval,
            addresses=parameters.virtual_addresses,
            authentication_type=parameters.authentication.type,
            authentication_data=self._authentication_data(),
            pseudo_header=0 if without_pseudo_header else self._pseudo_header_sum(destination, length),
        )
        if not is_ipv4 or self._header is not None:
            return message
        payload_length = len(message) + (0 if self._signature is None else TRAILER_LENGTH)
        return ipv4_header(self._source, destination, payload_length, parameters.ttl) + message

    def _pseudo_header_sum(self, destination: bytes, length: int) -> int:
        parameters = self._parameters
        if parameters.old_unicast_checksum and parameters.knows_old_checksum:
            destination = parameters.multicast_destination or MULTICAST_IPV4
        return pseudo_header_sum(self._source, destination, length)

    def _authentication_data(self) -> bytes:
        if self._parameters.version != VERSION_2 or self._parameters.family != IPV4:
            return b""
        if self._parameters.authentication.type is AuthenticationType.PASSWORD:
            return self._parameters.authentication.padded_key
        return bytes(KEY_LENGTH)

    def _signed(self, destination: bytes, message: bytes) -> bytes:
        assert self._header is not None
        length = AH_LENGTH + len(message)
        # The check value covers the id, so the kernel must not choose one: it does for 0 only.
        header = ipv4_header(
            self._source, destination, length, self._parameters.ttl, protocol=PROTOCOL_AH, ip_id=self._ip_id
        )
        return self._header.signed(header, message)
