"""rtnetlink: requests that make, change and remove interfaces (linux/if_link.h, linux/ip.h)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from keepalived_py.kernel.message import NLM_F_CREATE, NLM_F_EXCL, attribute, message
from keepalived_py.kernel.rtnl import (
    AF_INET,
    AF_INET6,
    AF_UNSPEC,
    IFF_UP,
    IFLA_ADDRESS,
    IFLA_GROUP,
    IFLA_IFNAME,
    IFLA_INFO_DATA,
    IFLA_INFO_KIND,
    IFLA_IPVLAN_FLAGS,
    IFLA_IPVLAN_MODE,
    IFLA_LINK,
    IFLA_LINKINFO,
    IFLA_MACVLAN_MODE,
    IFLA_MASTER,
    IFLA_MTU,
    RTM_DELLINK,
    RTM_GETLINK,
    RTM_NEWLINK,
)
from keepalived_py.structure import structure

if TYPE_CHECKING:
    from collections.abc import Mapping

MACVLAN = "macvlan"
IPVLAN = "ipvlan"
VRF = "vrf"
MACVLAN_MODE_PRIVATE = 1
IPVLAN_MODE_L2 = 0
IPVLAN_F_PRIVATE = 1
IPVLAN_F_VEPA = 2

IPV4_DEVCONF = {
    "rp_filter": 8,
    "arp_filter": 13,
    "arp_announce": 18,
    "arp_ignore": 19,
    "promote_secondaries": 20,
    "accept_local": 23,
}
"""Numbers of settings under net/ipv4/conf in IFLA_INET_CONF (linux/ip.h)."""

_IFLA_AF_SPEC = 26
_IFLA_INET_CONF = 1
_IFLA_INET6_ADDR_GEN_MODE = 8
_IN6_ADDR_GEN_MODE_NONE = 1
_IFINFOMSG = struct.Struct("=BBHiII")
_U32 = struct.Struct("=I")
_U16 = struct.Struct("=H")


@structure
class LinkRequest:
    """An interface to be made on top of another one.

    Attributes:
        kind: MACVLAN or IPVLAN.
        name: at most 15 bytes.
        lower: index of the interface below.
        mac: six bytes for a macvlan; empty for an ipvlan, which has that of the interface below.
        flags: IPVLAN_F_* of an ipvlan, 0 for bridge mode.
        group: interface group.
        master: index of the VRF that it belongs to, 0 for none.
    """

    kind: str
    name: str
    lower: int
    mac: bytes = b""
    flags: int = 0
    group: int = 0
    master: int = 0


def link_added(request: LinkRequest) -> bytes:
    """Return the message that makes the interface, which is down; the kernel answers EEXIST when the name is taken."""
    payload = [
        _ifinfomsg(0),
        attribute(IFLA_LINK, _U32.pack(request.lower)),
        attribute(IFLA_IFNAME, _name(request.name)),
        attribute(IFLA_GROUP, _U32.pack(request.group)),
        attribute(IFLA_LINKINFO, _information(request)),
    ]
    if request.mac:
        payload.append(attribute(IFLA_ADDRESS, request.mac))
    if request.master:
        payload.append(attribute(IFLA_MASTER, _U32.pack(request.master)))
    return message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, b"".join(payload))


def link_corrected(index: int, request: LinkRequest) -> bytes:
    """Return the message that gives an existing macvlan the hardware address, mode, group and VRF of `request`."""
    payload = [
        _ifinfomsg(index),
        attribute(IFLA_LINKINFO, _information(request)),
        attribute(IFLA_GROUP, _U32.pack(request.group)),
        attribute(IFLA_ADDRESS, request.mac),
        attribute(IFLA_MASTER, _U32.pack(request.master)),
    ]
    return message(RTM_NEWLINK, 0, b"".join(payload))


def _information(request: LinkRequest) -> bytes:
    if request.kind == MACVLAN:
        data = attribute(IFLA_MACVLAN_MODE, _U32.pack(MACVLAN_MODE_PRIVATE))
    else:
        data = attribute(IFLA_IPVLAN_MODE, _U16.pack(IPVLAN_MODE_L2))
        data += attribute(IFLA_IPVLAN_FLAGS, _U16.pack(request.flags))
    return attribute(IFLA_INFO_KIND, request.kind.encode()) + attribute(IFLA_INFO_DATA, data)


def link_deleted(index: int) -> bytes:
    """Return the message that removes the interface."""
    return message(RTM_DELLINK, 0, _ifinfomsg(index))


def link_raised(index: int) -> bytes:
    """Return the message that sets the interface up."""
    return message(RTM_NEWLINK, 0, _ifinfomsg(index, IFF_UP, IFF_UP))


def link_renamed(index: int, name: str) -> bytes:
    """Return the message that renames the interface; kernels before 6.2 answer EBUSY while it is up."""
    return message(RTM_NEWLINK, 0, _ifinfomsg(index) + attribute(IFLA_IFNAME, _name(name)))


def link_mtu_changed(index: int, mtu: int) -> bytes:
    """Return the message that sets the MTU, in bytes."""
    return message(RTM_NEWLINK, 0, _ifinfomsg(index) + attribute(IFLA_MTU, _U32.pack(mtu)))


def link_master_changed(index: int, master: int) -> bytes:
    """Return the message that puts the interface into the VRF with the index `master`, or (0) takes it out."""
    return message(RTM_NEWLINK, 0, _ifinfomsg(index) + attribute(IFLA_MASTER, _U32.pack(master)))


def link_group_changed(index: int, group: int) -> bytes:
    """Return the message that sets the group; with the group that it has, it only makes the kernel tell of the link."""
    return message(RTM_NEWLINK, 0, _ifinfomsg(index) + attribute(IFLA_GROUP, _U32.pack(group)))


def link_requested(name: str) -> bytes:
    """Return the request for one interface by its name; the kernel answers ENODEV when there is none."""
    return message(RTM_GETLINK, 0, _ifinfomsg(0) + attribute(IFLA_IFNAME, _name(name)))


def settings_changed(index: int, settings: Mapping[str, int]) -> bytes:
    """Return the message that changes settings under net/ipv4/conf of one interface; works where /proc is read-only.

    Args:
        index: of the interface.
        settings: values by names of IPV4_DEVCONF.
    """
    values = b"".join(attribute(IPV4_DEVCONF[name], _U32.pack(value)) for name, value in settings.items())
    inet = attribute(AF_INET, attribute(_IFLA_INET_CONF, values))
    return message(RTM_NEWLINK, 0, _ifinfomsg(index) + attribute(_IFLA_AF_SPEC, inet))


def address_generation_stopped(index: int) -> bytes:
    """Return the message that keeps the kernel from giving the interface IPv6 addresses of its own making."""
    mode = attribute(_IFLA_INET6_ADDR_GEN_MODE, bytes([_IN6_ADDR_GEN_MODE_NONE]))
    return message(RTM_NEWLINK, 0, _ifinfomsg(index) + attribute(_IFLA_AF_SPEC, attribute(AF_INET6, mode)))


def _ifinfomsg(index: int, flags: int = 0, changed: int = 0) -> bytes:
    return _IFINFOMSG.pack(AF_UNSPEC, 0, 0, index, flags, changed)


def _name(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape") + b"\0"
