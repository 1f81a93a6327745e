"""The bytes of our own adverts, built before they are needed."""

from keepalived_py.vrrp.authentication import HEADER_LENGTH as AH_LENGTH
from keepalived_py.vrrp.authentication import KEY_LENGTH, PROTOCOL_AH, AuthenticationHeader, AuthenticationType
from keepalived_py.vrrp.packet import (
    IPV4_HEADER_LENGTH,
    MESSAGE_HEADER_LENGTH,
    encode,
    ipv4_header,
    pseudo_header_sum,
    with_priority,
)
from keepalived_py.vrrp.parameters import IPV4, Parameters
from keepalived_py.vrrp.timers import VERSION_2

Outgoing = tuple[tuple[bytes, bytes], ...]
"""Pairs of packed destination and what a raw socket sends there: IPv4 with its header, IPv6 without."""

RESIGNATION = 0
_LAST_IP_ID = 0xFFFF


class Adverts:
    """Adverts of one virtual router, one per destination.

    They are built once and patched when the priority changes. Only an authentication header, whose sequence number
    is never the same, makes every advert a new one.
    """

    __slots__ = ("_header", "_ip_id", "_offset", "_parameters", "_prepared", "_source")

    def __init__(self, parameters: Parameters, source: bytes, header: AuthenticationHeader | None) -> None:
        """Build adverts with the configured priority.

        Args:
            parameters: of the virtual router.
            source: packed; without one there are no adverts.
            header: signs them when the router uses authentication headers.
        """
        self._parameters = parameters
        self._source = source
        self._header = header
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
        if self._header is None or not prepared:
            return prepared
        self._header.advance()
        self._ip_id = self._ip_id % _LAST_IP_ID + 1
        return tuple((destination, self._signed(destination, message)) for destination, message in prepared)

    def _patched(self, known: Outgoing, priority: int) -> Outgoing:
        return tuple((destination, with_priority(octets, self._offset, priority)) for destination, octets in known)

    def _build(self, destination: bytes, priority: int) -> bytes:
        parameters = self._parameters
        is_ipv4 = parameters.family == IPV4
        length = MESSAGE_HEADER_LENGTH + len(parameters.virtual_addresses) * len(destination)
        without_pseudo_header = parameters.version == VERSION_2 or (is_ipv4 and parameters.v3_checksum_as_v2)
        message = encode(
            version=parameters.version,
            vrid=parameters.vrid,
            priority=priority,
            interval=parameters.advertisement_interval,
            addresses=parameters.virtual_addresses,
            authentication_type=parameters.authentication.type,
            authentication_data=self._authentication_data(),
            pseudo_header=0 if without_pseudo_header else pseudo_header_sum(self._source, destination, length),
        )
        if not is_ipv4 or self._header is not None:
            return message
        return ipv4_header(self._source, destination, len(message), parameters.ttl) + message

    def _authentication_data(self) -> bytes:
        if self._parameters.version != VERSION_2:
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
