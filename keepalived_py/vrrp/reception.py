"""The ladder of checks that an advert climbs before it is believed (RFC 3768 and RFC 9568, section 7.1).

Nothing here raises for any input: what is wrong with it is a `Rejection`. The order is keepalived's: whatever
costs little or authenticates comes before whatever reads further.
"""

from ipaddress import ip_address
from typing import NamedTuple

from keepalived_py.vrrp.authentication import HEADER_LENGTH as AH_LENGTH
from keepalived_py.vrrp.authentication import (
    KEY_LENGTH,
    PROTOCOL_AH,
    PROTOCOL_VRRP,
    AuthenticationHeader,
    AuthenticationType,
)
from keepalived_py.vrrp.packet import (
    ADVERTISEMENT,
    IPV4_HEADER_LENGTH,
    MESSAGE_HEADER_LENGTH,
    Message,
    addresses_of,
    checksum_is_valid,
    message_length,
    pseudo_header_sum,
)
from keepalived_py.vrrp.parameters import IPV4, MULTICAST_IPV4, MULTICAST_TTL, OWNER_PRIORITY, Parameters
from keepalived_py.vrrp.rejection import Rejection
from keepalived_py.vrrp.signature import TRAILER_LENGTH, Signature
from keepalived_py.vrrp.timers import VERSION_2, VERSION_3

_MULTICAST_BITS = {4: (0xF0, 0xE0), 16: (0xFF, 0xFF)}


class Datagram(NamedTuple):
    """One IP datagram taken apart.

    Attributes:
        source: sender, packed.
        destination: packed.
        ttl: TTL or hop limit; -1 when it is not known.
        message: VRRP message; empty when the datagram is too short to hold one.
        ip_header: IPv4 header with its options; empty for IPv6.
        authenticated: authentication header and message, when there is such a header.
        trailer: signature behind the message, when signatures are configured and there is one.
    """

    source: bytes
    destination: bytes
    ttl: int
    message: bytes
    ip_header: bytes = b""
    authenticated: bytes = b""
    trailer: bytes = b""


Verifier = AuthenticationHeader | Signature
"""What checks the adverts of a router beyond their own fields."""


_TRUNCATED = Datagram(b"", b"", -1, b"")


def split_ipv4(data: bytes) -> Datagram:
    """Take an IPv4 datagram apart; Ethernet padding behind its total length is dropped."""
    header_length = (data[0] & 15) << 2 if data else 0
    total = int.from_bytes(data[2:4])
    if not IPV4_HEADER_LENGTH <= header_length <= total <= len(data):
        return _TRUNCATED
    header = data[:header_length]
    payload = data[header_length:total]
    source, destination, ttl = header[12:16], header[16:20], header[8]
    if header[9] == PROTOCOL_AH:
        return Datagram(source, destination, ttl, _whole(payload[AH_LENGTH:]), header, payload)
    message = _whole(payload) if header[9] == PROTOCOL_VRRP else b""
    return Datagram(source, destination, ttl, message, header)


def split_ipv6(data: bytes, source: bytes, ttl: int, destination: bytes) -> Datagram:
    """Describe an IPv6 payload; the header stayed in the kernel, which told what it held."""
    return Datagram(source, destination, ttl, _whole(data))


def _whole(message: bytes) -> bytes:
    return message if len(message) >= MESSAGE_HEADER_LENGTH else b""


def split_trailer(datagram: Datagram, message: Message) -> Datagram:
    """Part the message from a signature behind it; what has another length than both together stays as it is."""
    source, destination, ttl, octets, ip_header, authenticated, _ = datagram
    length = message_length(message, len(source))
    if len(octets) != length + TRAILER_LENGTH:
        return datagram
    return Datagram(source, destination, ttl, octets[:length], ip_header, authenticated, octets[length:])


def check_advert(
    parameters: Parameters, datagram: Datagram, message: Message, verifier: Verifier | None, priority: int
) -> Rejection | None:
    """Climb the ladder; the first failure, or None when the advert counts.

    Args:
        parameters: of the virtual router.
        datagram: what arrived; its message is not empty.
        message: fixed part of it.
        verifier: checks authentication headers or signatures when the router uses them.
        priority: own effective priority.
    """
    return (
        _check_envelope(parameters, datagram, message)
        or (_check_signature(parameters, datagram, verifier) if isinstance(verifier, Signature) else None)
        or _check_authentication(parameters, datagram, message, verifier)
        or _check_content(parameters, datagram, message)
        or _check_addressee(parameters, datagram, priority)
    )


def _check_envelope(parameters: Parameters, datagram: Datagram, message: Message) -> Rejection | None:
    if message.vrid != parameters.vrid:
        return Rejection.OTHER_VRID
    if bool(datagram.authenticated) != (parameters.authentication.type is AuthenticationType.HEADER):
        return Rejection.AUTHENTICATION_HEADER
    if len(datagram.message) != message_length(message, 4 if parameters.family == IPV4 else 16):
        return Rejection.LENGTH
    if parameters.unicast_peers:
        rejection = _check_peer(parameters, datagram) if parameters.check_unicast_source else None
    else:
        rejection = None if datagram.ttl in {MULTICAST_TTL, -1} else Rejection.TTL
    if rejection is None and message.version != parameters.version:
        return Rejection.VERSION
    return rejection


def _check_peer(parameters: Parameters, datagram: Datagram) -> Rejection | None:
    for peer in parameters.unicast_peers:
        if peer.address == datagram.source:
            in_range = datagram.ttl == -1 or peer.min_ttl <= datagram.ttl <= peer.max_ttl
            return None if in_range else Rejection.PEER_TTL
    return Rejection.UNKNOWN_PEER


def _check_signature(parameters: Parameters, datagram: Datagram, signature: Signature) -> Rejection | None:
    source, peers = datagram.source, parameters.unicast_peers
    # The sequence is remembered for each configured peer, so that there can be no signed stranger.
    if datagram.trailer and peers and all(peer.address != source for peer in peers):
        return Rejection.UNKNOWN_PEER
    return signature.check(source, datagram.message, datagram.trailer)


def _check_authentication(
    parameters: Parameters, datagram: Datagram, message: Message, verifier: Verifier | None
) -> Rejection | None:
    if message.version != VERSION_2:
        return None
    expected = parameters.authentication.type
    if message.authentication_type > AuthenticationType.HEADER:
        return Rejection.AUTHENTICATION_TYPE_INVALID
    if message.authentication_type != expected:
        return Rejection.AUTHENTICATION_TYPE
    if expected is AuthenticationType.PASSWORD:
        from hmac import compare_digest  # noqa: PLC0415 - only routers with a password pay for it

        matches = compare_digest(datagram.message[-KEY_LENGTH:], parameters.authentication.padded_key)
        return None if matches else Rejection.PASSWORD
    if not isinstance(verifier, AuthenticationHeader):
        return None
    return verifier.check(datagram.ip_header, datagram.authenticated)


def _check_content(parameters: Parameters, datagram: Datagram, message: Message) -> Rejection | None:
    if message.version == VERSION_2 and message.interval != parameters.advertisement_interval:
        return Rejection.INTERVAL
    if not message.interval:
        # Erratum 8301 of RFC 9568: whoever learned it would time out at once.
        return Rejection.INTERVAL
    if message.type != ADVERTISEMENT:
        return Rejection.TYPE
    return None if _checksum_is_valid(parameters, datagram, message) else Rejection.CHECKSUM


def _checksum_is_valid(parameters: Parameters, datagram: Datagram, message: Message) -> bool:
    octets = datagram.message
    if parameters.family != IPV4:
        # The checksum of IPv6 is the kernel's, over all of the payload; that of IPv4 ends with the message.
        octets += datagram.trailer
    elif (message.version == VERSION_2 or parameters.v3_checksum_as_v2) and checksum_is_valid(octets):
        return True
    elif message.version == VERSION_2:
        return False
    if parameters.old_unicast_checksum and parameters.knows_old_checksum:
        return has_old_checksum(parameters, datagram)
    if checksum_is_valid(octets, pseudo_header_sum(datagram.source, datagram.destination, len(octets))):
        return True
    may_be_old = parameters.old_unicast_checksum is None and parameters.knows_old_checksum
    return may_be_old and has_old_checksum(parameters, datagram)


def has_old_checksum(parameters: Parameters, datagram: Datagram) -> bool:
    """Whether a unicast advert has the checksum of one to the group (`Parameters.old_unicast_checksum`)."""
    group = parameters.multicast_destination or MULTICAST_IPV4
    return checksum_is_valid(datagram.message, pseudo_header_sum(datagram.source, group, len(datagram.message)))


def _check_addressee(parameters: Parameters, datagram: Datagram, priority: int) -> Rejection | None:
    if is_multicast(datagram.destination) == bool(parameters.unicast_peers):
        return Rejection.CAST
    if parameters.owner_ignore_adverts and priority == OWNER_PRIORITY:
        return Rejection.OWNER
    return None


def is_multicast(address: bytes) -> bool:
    """Whether a packed address is a group."""
    mask, value = _MULTICAST_BITS.get(len(address), (0, 1))
    return address[:1] != b"" and address[0] & mask == value


def remark_on(
    parameters: Parameters, datagram: Datagram, message: Message, *, check_addresses: bool
) -> Rejection | None:
    """What is odd about an advert that counts nevertheless, the weightiest first.

    Args:
        parameters: of the virtual router.
        datagram: what arrived.
        message: fixed part of it.
        check_addresses: False to skip the comparison of addresses (`skip_check_adv_addr`), not of their number.
    """
    length = 4 if parameters.family == IPV4 else 16
    if message.address_count != len(parameters.virtual_addresses):
        return Rejection.ADDRESS_COUNT
    if check_addresses and not datagram.message.startswith(
        b"".join(parameters.virtual_addresses), MESSAGE_HEADER_LENGTH
    ):
        heard = addresses_of(datagram.message, message.address_count, length)
        if set(heard) != set(parameters.virtual_addresses):
            return Rejection.ADDRESS_LIST
    if message.version == VERSION_3 and message.interval != parameters.advertisement_interval:
        return Rejection.INTERVAL_DIFFERS
    return None


def address_text(address: bytes) -> str:
    """An address as people write it; `unknown` for none."""
    return str(ip_address(address)) if address else "unknown"


_TEXTS = {
    Rejection.TRUNCATED: "packet too short to hold a VRRP header",
    Rejection.OTHER_VRID: "advert from {source} is for virtual router {message.vrid}, not {parameters.vrid}",
    Rejection.NOT_LISTENING: "advert from {source} ignored, not listening",
    Rejection.AUTHENTICATION_HEADER: "authentication header from {source} {header}",
    Rejection.LENGTH: "packet length mismatch with {source} received={length} expected={expected_length}{signed}",
    Rejection.TTL: "invalid TTL/HL from {source} received={datagram.ttl} expected=255",
    Rejection.UNKNOWN_PEER: "unicast source address {source} is not a unicast peer",
    Rejection.PEER_TTL: "TTL/HL {datagram.ttl} from {source} is outside the limits of this unicast peer",
    Rejection.VERSION: "VRRP version mismatch with {source} mine={parameters.version} received={message.version}",
    Rejection.SIGNATURE_MISSING: "missing authentication trailer from {source}",
    Rejection.SIGNATURE_MALFORMED: "malformed authentication trailer from {source}",
    Rejection.SIGNATURE_STALE: (
        "stale authentication trailer from {source}, clock skew {skew} sec exceeds window {window} sec"
    ),
    Rejection.SIGNATURE_KEY: "unknown authentication key id {key} from {source}",
    Rejection.SIGNATURE: "invalid authentication HMAC from {source} (other key, or changed on the way)",
    Rejection.SIGNATURE_REPLAYED: "replayed authentication trailer from {source}",
    Rejection.AUTHENTICATION_TYPE_INVALID: "invalid authentication type {message.authentication_type} from {source}",
    Rejection.AUTHENTICATION_TYPE: (
        "authentication type mismatch with {source} "
        "mine={parameters.authentication.type:d} received={message.authentication_type}"
    ),
    Rejection.PASSWORD: "authentication password mismatch with {source}",
    Rejection.FOREIGN_PROTOCOL: "authentication header from {source} does not protect VRRP",
    Rejection.INTEGRITY_CHECK: "IPSEC-AH integrity check failed with {source} (other password, or changed on the way)",
    Rejection.SECURITY_PARAMETER_INDEX: "IPSEC-AH security parameter index from {source} is not its address",
    Rejection.REPLAYED: "IPSEC-AH sequence number from {source} was already seen",
    Rejection.INTERVAL: (
        "advertisement interval mismatch with {source} "
        "mine={parameters.advertisement_interval:g} s received={message.interval:g} s"
    ),
    Rejection.TYPE: "invalid packet type from {source} received={message.type} expected=1",
    Rejection.CHECKSUM: "invalid VRRPv{message.version} checksum from {source}",
    Rejection.CAST: "{cast}cast packet from {source}, where {other_cast}cast is expected",
    Rejection.OWNER: "advert from {source} dropped since we are address owner",
    Rejection.INTERVAL_DIFFERS: (
        "advertisement interval differs from {source} "
        "mine={parameters.advertisement_interval:g} s received={message.interval:g} s"
    ),
    Rejection.ADDRESS_COUNT: (
        "number of virtual addresses mismatch with {source} mine={address_count} received={message.address_count}"
    ),
    Rejection.ADDRESS_LIST: "virtual address {missing} is not in the advert from {source}",
    Rejection.CLOCK_SKEW: "authentication clock skew {skew} sec from {source} approaching window {window} sec",
}


def text_of(
    rejection: Rejection, parameters: Parameters, datagram: Datagram, message: Message | None, skew: int = 0
) -> str:
    """One log line that names the cause, without the instance name.

    Args:
        rejection: what was wrong.
        parameters: of the virtual router.
        datagram: what arrived.
        message: fixed part of it; None when it is too short to have one.
        skew: seconds by which our clock is ahead of the signer's.
    """
    length = 4 if parameters.family == IPV4 else 16
    unicast, multicast = ("uni", "multi") if not is_multicast(datagram.destination) else ("multi", "uni")
    return _TEXTS[rejection].format(
        source=address_text(datagram.source),
        parameters=parameters,
        datagram=datagram,
        message=message,
        header="is unexpected" if datagram.authenticated else "is missing",
        length=len(datagram.message),
        expected_length=message_length(message, length) if message else 0,
        signed=_signed(parameters, datagram, message, length) if message else "",
        key=datagram.trailer[1] if datagram.trailer else 0,
        skew=skew,
        window=parameters.signing.time_window if parameters.signing else 0,
        cast=unicast,
        other_cast=multicast,
        address_count=len(parameters.virtual_addresses),
        missing=_missing_address(parameters, datagram, message, length) if message else "",
    )


def _signed(parameters: Parameters, datagram: Datagram, message: Message, length: int) -> str:
    """Name the likely cause of a length that is too great by that of a signature."""
    is_signed = len(datagram.message) == message_length(message, length) + TRAILER_LENGTH
    return " (signed, but auth_hmac is not configured here)" if is_signed and parameters.signing is None else ""


def _missing_address(parameters: Parameters, datagram: Datagram, message: Message, length: int) -> str:
    heard = addresses_of(datagram.message, message.address_count, length)
    missing = [address for address in parameters.virtual_addresses if address not in heard]
    return address_text(missing[0]) if missing else ""
