"""Light-weight tunnels of routes as netlink attributes (linux/lwtunnel.h, mpls_iptunnel.h, ila.h)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from keepalived_py.kernel.message import attribute
from keepalived_py.structure import structure

if TYPE_CHECKING:
    from collections.abc import Sequence

LWTUNNEL_ENCAP_MPLS = 1
LWTUNNEL_ENCAP_IP = 2
LWTUNNEL_ENCAP_ILA = 3
LWTUNNEL_ENCAP_IP6 = 4

MPLS_IPTUNNEL_DST = 1
ILA_ATTR_LOCATOR = 1
LWTUNNEL_ID = 1
LWTUNNEL_DST = 2
LWTUNNEL_SRC = 3
LWTUNNEL_HOP_LIMIT = 4
LWTUNNEL_TRAFFIC_CLASS = 5
LWTUNNEL_FLAGS = 6

_ID = struct.Struct(">Q")
_FLAGS = struct.Struct("=H")
_LABEL = struct.Struct(">I")
_LABEL_SHIFT = 12
_BOTTOM_OF_STACK = 0x100


@structure
class Encapsulation:
    """What a route wraps its packets in.

    Attributes:
        kind: LWTUNNEL_ENCAP_*.
        options: the attributes of that kind.
    """

    kind: int
    options: bytes


def mpls(labels: Sequence[int]) -> Encapsulation:
    """Return a stack of MPLS labels, the outermost first (RFC 3032 section 2.1; the kernel sets the TTL)."""
    last = len(labels) - 1
    entries = (
        _LABEL.pack(label << _LABEL_SHIFT | (_BOTTOM_OF_STACK if index == last else 0))
        for index, label in enumerate(labels)
    )
    return Encapsulation(LWTUNNEL_ENCAP_MPLS, attribute(MPLS_IPTUNNEL_DST, b"".join(entries)))


def ila(locator: int) -> Encapsulation:
    """Return the translation to another identifier locator of 64 bits."""
    return Encapsulation(LWTUNNEL_ENCAP_ILA, attribute(ILA_ATTR_LOCATOR, _ID.pack(locator)))


@structure
class Tunnel:
    """Options of an IP tunnel; None and empty ones are not told.

    Attributes:
        tunnel_id: 64 bits.
        destination: packed address of the far end.
        source: packed address of the near end.
        traffic_class: TOS of IPv4, traffic class of IPv6.
        hop_limit: TTL of IPv4, hop limit of IPv6.
        flags: 16 bits, handed to the kernel in this machine's byte order, as keepalived does.
    """

    tunnel_id: int | None = None
    destination: bytes = b""
    source: bytes = b""
    traffic_class: int | None = None
    hop_limit: int | None = None
    flags: int | None = None


def ip(tunnel: Tunnel, kind: int = LWTUNNEL_ENCAP_IP) -> Encapsulation:
    """Return an IPv4 tunnel, or with LWTUNNEL_ENCAP_IP6 an IPv6 one: the numbers of their attributes are the same."""
    parts = []
    if tunnel.tunnel_id is not None:
        parts.append(attribute(LWTUNNEL_ID, _ID.pack(tunnel.tunnel_id)))
    if tunnel.destination:
        parts.append(attribute(LWTUNNEL_DST, tunnel.destination))
    if tunnel.source:
        parts.append(attribute(LWTUNNEL_SRC, tunnel.source))
    if tunnel.hop_limit is not None:
        parts.append(attribute(LWTUNNEL_HOP_LIMIT, bytes([tunnel.hop_limit])))
    if tunnel.traffic_class is not None:
        parts.append(attribute(LWTUNNEL_TRAFFIC_CLASS, bytes([tunnel.traffic_class])))
    if tunnel.flags is not None:
        parts.append(attribute(LWTUNNEL_FLAGS, _FLAGS.pack(tunnel.flags)))
    return Encapsulation(kind, b"".join(parts))
