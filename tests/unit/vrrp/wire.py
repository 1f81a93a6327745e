"""Messages built octet by octet, independently of the codec, and routers to receive them."""

from typing import Any

from keepalived_py.vrrp.parameters import IPV4, IPV6, Parameters
from keepalived_py.vrrp.router import VirtualRouter

SENDER = bytes((10, 0, 0, 1))
OURS = bytes((10, 0, 0, 2))
GROUP = bytes((224, 0, 0, 18))
SENDER6 = bytes.fromhex("fe80000000000000000000000000000a")
OURS6 = bytes.fromhex("fe80000000000000000000000000000b")
GROUP6 = bytes.fromhex("ff020000000000000000000000000012")
ADDRESSES = (bytes((192, 168, 0, 205)), bytes((192, 168, 0, 206)))
ADDRESSES6 = (bytes.fromhex("fe80000000000000000000000000beef"), bytes.fromhex("20010db8000000000000000000000001"))


def slow_checksum(data: bytes) -> int:
    """RFC 1071, 16-bit word by word with end-around carry."""
    total = 0
    for offset in range(0, len(data), 2):
        total += data[offset] << 8 | data[offset + 1]
        if total > 0xFFFF:
            total = (total & 0xFFFF) + 1
    return total ^ 0xFFFF


def with_checksum(message: bytes, pseudo_header: bytes = b"") -> bytes:
    value = slow_checksum(pseudo_header + message[:6] + bytes(2) + message[8:])
    return message[:6] + value.to_bytes(2) + message[8:]


def message_v2(**changes: Any) -> bytes:
    """Version 2 advert of VRID 51 without authentication, its checksum right for whatever was changed."""
    values: dict[str, Any] = {
        "first": 0x21,
        "vrid": 51,
        "priority": 150,
        "count": 2,
        "type": 0,
        "interval": 1,
        "tail": bytes(8),
    }
    values.update(changes)
    order = ("first", "vrid", "priority", "count", "type", "interval")
    head = bytes(values[name] for name in order)
    return with_checksum(head + bytes(2) + b"".join(values.get("addresses", ADDRESSES)) + values["tail"])


def message_v3(source: bytes = SENDER, destination: bytes = GROUP, **changes: Any) -> bytes:
    """Version 3 advert of VRID 51, its checksum over the pseudo-header of source and destination (or none: `plain`)."""
    addresses = ADDRESSES if len(source) == 4 else ADDRESSES6
    values: dict[str, Any] = {"first": 0x31, "vrid": 51, "priority": 150, "count": 2, "interval": 100}
    plain = changes.pop("plain", False)
    values.update(changes)
    head = bytes(values[name] for name in ("first", "vrid", "priority", "count"))
    message = head + values["interval"].to_bytes(2) + bytes(2) + b"".join(values.get("addresses", addresses))
    if len(source) == 4:
        pseudo = source + destination + bytes((0, 112)) + len(message).to_bytes(2)
    else:
        pseudo = source + destination + len(message).to_bytes(4) + bytes((0, 0, 0, 112))
    return with_checksum(message, b"" if plain else pseudo)


def in_ipv4(
    payload: bytes,
    *,
    source: bytes = SENDER,
    destination: bytes = GROUP,
    ttl: int = 255,
    protocol: int = 112,
    ip_id: int = 7,
) -> bytes:
    total = (20 + len(payload)).to_bytes(2)
    return (
        b"\x45\xc0"
        + total
        + ip_id.to_bytes(2)
        + bytes(2)
        + bytes((ttl, protocol))
        + bytes(2)
        + source
        + destination
        + payload
    )


def listening(**changes: Any) -> VirtualRouter:
    """IPv4, version 2, VRID 51, priority 100, started at 0."""
    values: dict[str, Any] = {"name": "VI_1", "family": IPV4, "vrid": 51, "source_address": OURS, **changes}
    values.setdefault("virtual_addresses", ADDRESSES)
    router = VirtualRouter(Parameters(**values))
    router.started(0.0)
    return router


def listening6(**changes: Any) -> VirtualRouter:
    values = {"family": IPV6, "version": 3, "source_address": OURS6, "virtual_addresses": ADDRESSES6}
    return listening(**{**values, **changes})
