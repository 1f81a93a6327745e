"""rtnetlink: address requests out, link and address events in (linux/rtnetlink.h, if_addr.h, if_link.h)."""

from __future__ import annotations

import errno
import struct
import sys

from keepalived_py.kernel.message import (
    NLM_F_CREATE,
    NLM_F_DUMP,
    MalformedMessageError,
    attribute,
    attributes,
    message,
)
from keepalived_py.structure import structure

AF_UNSPEC = 0
AF_INET = 2
AF_INET6 = 10

RTM_NEWLINK = 16
RTM_DELLINK = 17
RTM_GETLINK = 18
RTM_NEWADDR = 20
RTM_DELADDR = 21
RTM_GETADDR = 22

RTMGRP_LINK = 0x001
RTMGRP_IPV4_IFADDR = 0x010
RTMGRP_IPV6_IFADDR = 0x100

IFF_UP = 0x1
IFF_LOOPBACK = 0x8
IFF_RUNNING = 0x40
IFF_NOARP = 0x80

IFA_ADDRESS = 1
IFA_LOCAL = 2
IFA_LABEL = 3
IFA_BROADCAST = 4
IFA_CACHEINFO = 6
IFA_FLAGS = 8
IFA_PROTO = 11

IFA_F_SECONDARY = 0x001
IFA_F_NODAD = 0x002
IFA_F_DADFAILED = 0x008
IFA_F_HOMEADDRESS = 0x010
IFA_F_TENTATIVE = 0x040
IFA_F_PERMANENT = 0x080
IFA_F_MANAGETEMPADDR = 0x100
IFA_F_NOPREFIXROUTE = 0x200
IFA_F_MCAUTOJOIN = 0x400

IFLA_ADDRESS = 1
IFLA_BROADCAST = 2
IFLA_IFNAME = 3
IFLA_MTU = 4
IFLA_LINK = 5
IFLA_MASTER = 10
IFLA_LINKINFO = 18
IFLA_GROUP = 27
IFLA_EXT_MASK = 29
IFLA_INFO_KIND = 1
IFLA_INFO_DATA = 2
IFLA_MACVLAN_MODE = 1
IFLA_IPVLAN_MODE = 1
IFLA_IPVLAN_FLAGS = 2
IFLA_VRF_TABLE = 1
RTEXT_FILTER_SKIP_STATS = 8

RT_SCOPE_UNIVERSE = 0
RT_SCOPE_LINK = 253

ARPHRD_ETHER = 1

INFINITE_LIFETIME = 0xFFFFFFFF
PROTOCOL_KEEPALIVED = 18
"""RTPROT_KEEPALIVED: the tag by which an address, route or rule of ours is known. Kernels before 5.18 drop it."""

ADD_TOLERATED = frozenset({errno.EEXIST})
"""Answers to an address request to add that mean it is there."""
DELETE_TOLERATED = frozenset({errno.EADDRNOTAVAIL, errno.ENODEV})
"""Answers to an address request to delete that mean it is not there."""

_IFADDRMSG = struct.Struct("=BBBBI")
_IFINFOMSG = struct.Struct("=BBHiII")
_CACHEINFO = struct.Struct("=IIII")
_U32 = struct.Struct("=I")
_ADDRESS_LENGTHS = {AF_INET: 4, AF_INET6: 16}
_MAX_FLAGS_BYTE = 0xFF


@structure
class AddressRequest:
    """One address to put on an interface or to take off.

    Attributes:
        family: AF_INET or AF_INET6.
        address: packed, 4 or 16 bytes.
        prefix_length: 0 to 32 or 128.
        interface: index.
        scope: RT_SCOPE_*; IPv6 computes its own.
        label: IPv4 only, at most 15 bytes, begins with the interface's name by custom; empty for none.
        broadcast: packed IPv4 address; empty for none.
        peer: packed address of the other end; empty for none.
        flags: IFA_F_* to be set (NODAD, HOMEADDRESS, MANAGETEMPADDR, NOPREFIXROUTE, MCAUTOJOIN).
        preferred_lifetime: seconds; 0 deprecates the address at once; None is for ever.
        protocol: IFA_PROTO.
    """

    family: int
    address: bytes
    prefix_length: int
    interface: int
    scope: int = RT_SCOPE_UNIVERSE
    label: str = ""
    broadcast: bytes = b""
    peer: bytes = b""
    flags: int = 0
    preferred_lifetime: int | None = None
    protocol: int = PROTOCOL_KEEPALIVED

    @property
    def key(self) -> tuple[bytes, int, bytes]:
        """What the address will be found under in `Interface.addresses`."""
        return (self.address, self.prefix_length, self.peer)


@structure(frozen=False)
class Address:
    """One address as the kernel reports it.

    Never changed once made, but not frozen: that would make it five times as slow to make, and a takeover of
    thousands of addresses brings as many events.

    Attributes:
        family: AF_INET or AF_INET6.
        address: packed local address.
        prefix_length: of the network.
        scope: RT_SCOPE_*.
        flags: IFA_F_*.
        peer: packed address of the other end, empty when there is none.
        broadcast: packed, empty when there is none.
        label: empty for IPv6.
        protocol: IFA_PROTO, 0 when the kernel does not say.
        preferred_lifetime: seconds, INFINITE_LIFETIME for ever.
    """

    family: int
    address: bytes
    prefix_length: int
    scope: int
    flags: int
    peer: bytes = b""
    broadcast: bytes = b""
    label: str = ""
    protocol: int = 0
    preferred_lifetime: int = INFINITE_LIFETIME

    @property
    def key(self) -> tuple[bytes, int, bytes]:
        """What tells two addresses of one interface apart."""
        return (self.address, self.prefix_length, self.peer)

    @property
    def tentative(self) -> bool:
        """Duplicate address detection still runs, or failed: it cannot be used as a source."""
        return bool(self.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED))

    @property
    def secondary(self) -> bool:
        """IPv4: another address of the same network came first (for IPv6 the bit means temporary)."""
        return bool(self.flags & IFA_F_SECONDARY)


@structure(frozen=False)
class LinkEvent:
    """An interface as it is now, or (`present` False) as it was when it went.

    `mode` and `mode_flags` are those of a macvlan or ipvlan, 0 for others.
    """

    present: bool
    interface: int
    name: str
    flags: int
    hardware_type: int
    mac: bytes
    broadcast: bytes
    mtu: int
    lower: int
    master: int
    kind: str
    group: int = 0
    mode: int = 0
    mode_flags: int = 0
    vrf_table: int = 0


@structure(frozen=False)
class AddressEvent:
    """An address that an interface has, or (`present` False) has no more."""

    present: bool
    interface: int
    address: Address


Event = LinkEvent | AddressEvent


def address_added(request: AddressRequest) -> bytes:
    """Return the message that adds the address; the kernel answers EEXIST (ADD_TOLERATED) when it is there."""
    parts = [_ifaddrmsg(request), attribute(IFA_LOCAL, request.address)]
    if request.peer:
        parts.append(attribute(IFA_ADDRESS, request.peer))
    elif request.family == AF_INET:
        parts.append(attribute(IFA_ADDRESS, request.address))
    if request.broadcast:
        parts.append(attribute(IFA_BROADCAST, request.broadcast))
    if request.label:
        parts.append(attribute(IFA_LABEL, request.label.encode("utf-8", "surrogateescape") + b"\0"))
    if request.flags:
        parts.append(attribute(IFA_FLAGS, _U32.pack(request.flags)))
    if request.preferred_lifetime is not None:
        lifetimes = _CACHEINFO.pack(request.preferred_lifetime, INFINITE_LIFETIME, 0, 0)
        parts.append(attribute(IFA_CACHEINFO, lifetimes))
    parts.append(attribute(IFA_PROTO, bytes([request.protocol])))
    return message(RTM_NEWADDR, NLM_F_CREATE, b"".join(parts))


def address_deleted(request: AddressRequest) -> bytes:
    """Return the message that takes the address off; what is named is only what identifies it."""
    parts = [_ifaddrmsg(request), attribute(IFA_LOCAL, request.address)]
    if request.family == AF_INET:
        # The kernel compares IFA_ADDRESS with the other end, which is the address itself when there is no peer.
        parts.append(attribute(IFA_ADDRESS, request.peer or request.address))
    return message(RTM_DELADDR, 0, b"".join(parts))


def _ifaddrmsg(request: AddressRequest) -> bytes:
    flags = request.flags & _MAX_FLAGS_BYTE
    return _IFADDRMSG.pack(request.family, request.prefix_length, flags, request.scope, request.interface)


def links_requested() -> bytes:
    """Return the request for all interfaces, without their statistics."""
    payload = _IFINFOMSG.pack(AF_UNSPEC, 0, 0, 0, 0, 0)
    return message(RTM_GETLINK, NLM_F_DUMP, payload + attribute(IFLA_EXT_MASK, _U32.pack(RTEXT_FILTER_SKIP_STATS)))


def addresses_requested(family: int = AF_UNSPEC) -> bytes:
    """Return the request for all addresses of one family or of both."""
    return message(RTM_GETADDR, NLM_F_DUMP, _IFADDRMSG.pack(family, 0, 0, 0, 0))


def decode(kind: int, buffer: bytes, start: int, end: int) -> Event | None:
    """Return the event in the payload `buffer[start:end]` of a message of type `kind`; None for any other type.

    Raises MalformedMessageError.
    """
    if kind in (RTM_NEWADDR, RTM_DELADDR):
        return _address_event(kind == RTM_NEWADDR, buffer, start, end)
    if kind in (RTM_NEWLINK, RTM_DELLINK):
        return _link_event(kind == RTM_NEWLINK, buffer, start, end)
    return None


def _address_event(present: bool, buffer: bytes, start: int, end: int) -> AddressEvent | None:
    if end - start < _IFADDRMSG.size:
        raise MalformedMessageError(f"address message of {end - start} bytes")
    family, prefix_length, flags, scope, interface = _IFADDRMSG.unpack_from(buffer, start)
    length = _ADDRESS_LENGTHS.get(family)
    if length is None:
        return None
    found = attributes(buffer, start + _IFADDRMSG.size, end)
    other = found.get(IFA_ADDRESS, b"")
    local = found.get(IFA_LOCAL, other)
    if len(local) != length:
        raise MalformedMessageError(f"address of {len(local)} bytes in family {family}")
    address = Address(
        family,
        local,
        prefix_length,
        scope,
        _integer(found, IFA_FLAGS, flags),
        b"" if other == local else other,
        found.get(IFA_BROADCAST, b""),
        _text(found.get(IFA_LABEL, b"")),
        found[IFA_PROTO][0] if found.get(IFA_PROTO) else 0,
        _integer(found, IFA_CACHEINFO, INFINITE_LIFETIME),
    )
    return AddressEvent(present, interface, address)


def _link_event(present: bool, buffer: bytes, start: int, end: int) -> LinkEvent | None:
    if end - start < _IFINFOMSG.size:
        raise MalformedMessageError(f"link message of {end - start} bytes")
    family, _, hardware_type, interface, flags, _ = _IFINFOMSG.unpack_from(buffer, start)
    if family != AF_UNSPEC:
        return None  # a bridge talks of its port; RTM_DELLINK then means that the port left the bridge
    found = attributes(buffer, start + _IFINFOMSG.size, end)
    text = found.get(IFLA_LINKINFO, b"")
    information = attributes(text, 0, len(text))
    kind = _text(information.get(IFLA_INFO_KIND, b""))
    return LinkEvent(
        present,
        interface,
        _text(found.get(IFLA_IFNAME, b"")),
        flags,
        hardware_type,
        found.get(IFLA_ADDRESS, b""),
        found.get(IFLA_BROADCAST, b""),
        _integer(found, IFLA_MTU, 0),
        _integer(found, IFLA_LINK, 0),
        _integer(found, IFLA_MASTER, 0),
        kind,
        _integer(found, IFLA_GROUP, 0),
        *_mode(kind, information),
        vrf_table=_vrf_table(information.get(IFLA_INFO_DATA, b"")) if kind == "vrf" else 0,
    )


def _mode(kind: str, information: dict[int, bytes]) -> tuple[int, int]:
    """Return mode and flags of a macvlan or ipvlan."""
    data = information.get(IFLA_INFO_DATA, b"")
    if kind == "macvlan":
        return _integer(attributes(data, 0, len(data)), IFLA_MACVLAN_MODE, 0), 0
    if kind == "ipvlan":
        found = attributes(data, 0, len(data))
        mode, flags = (found.get(name, b"")[:2] for name in (IFLA_IPVLAN_MODE, IFLA_IPVLAN_FLAGS))
        return int.from_bytes(mode, sys.byteorder), int.from_bytes(flags, sys.byteorder)
    return 0, 0


def _vrf_table(data: bytes) -> int:
    """Return the routing table of a VRF. Raises MalformedMessageError."""
    return _integer(attributes(data, 0, len(data)), IFLA_VRF_TABLE, 0)


def _integer(found: dict[int, bytes], kind: int, default: int) -> int:
    """Return the first 32 bits of an attribute. Raises MalformedMessageError when it is shorter."""
    value = found.get(kind)
    if value is None:
        return default
    if len(value) < _U32.size:
        raise MalformedMessageError(f"attribute {kind} of {len(value)} bytes")
    return int(_U32.unpack_from(value)[0])


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode("utf-8", "surrogateescape")
