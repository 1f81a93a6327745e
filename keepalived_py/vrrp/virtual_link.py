"""The interfaces that instances make for themselves, VMACs and ipvlans, as values; what is to be done about them."""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING

from keepalived_py.kernel.links import (
    IPVLAN,
    IPVLAN_F_PRIVATE,
    IPVLAN_F_VEPA,
    IPVLAN_MODE_L2,
    MACVLAN,
    MACVLAN_MODE_PRIVATE,
    VRF,
    LinkRequest,
)
from keepalived_py.structure import structure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keepalived_py.kernel.interfaces import Interface, InterfaceTable

LONGEST_NAME = 15
"""Bytes of an interface name (IFNAMSIZ without the final zero)."""
IPVLAN_FLAGS = {"bridge": 0, "private": IPVLAN_F_PRIVATE, "vepa": IPVLAN_F_VEPA}
_PREFIX = bytes.fromhex("00005e0001"), bytes.fromhex("00005e0002")
_STACKED = frozenset({MACVLAN, "macvtap", IPVLAN, "ipvtap"})


@structure
class VirtualLink:
    """An interface to be made on top of another one.

    Attributes:
        kind: MACVLAN or IPVLAN.
        name: of the interface.
        base: name of the interface below, as configured.
        family: 4 or 6, of the addresses that it is for.
        mac: hardware address of a macvlan; empty for an ipvlan.
        flags: IPVLAN_F_*.
        group: number of the interface group; None for that of the interface below.
        address: packed address and prefix length of an ipvlan's own; None for none.
        notify: have the kernel tell of the interface below once more (netlink_notify_msg).
    """

    kind: str
    name: str
    base: str
    family: int
    mac: bytes = b""
    flags: int = 0
    group: int | None = None
    address: tuple[bytes, int] | None = None
    notify: bool = False

    @property
    def identity(self) -> tuple[str, bytes, str]:
        """What two instances must not both make: a hardware address on an interface (an ipvlan has a name)."""
        return self.base, self.mac, "" if self.mac else self.name

    def request(self, base: Interface, table: InterfaceTable) -> LinkRequest:
        """Return what the kernel is asked for; `base` is the interface below."""
        group = base.group if self.group is None else self.group
        return LinkRequest(self.kind, self.name, base.index, self.mac, self.flags, group, vrf_of(base, table))


@unique
class Deed(Enum):
    """What is to be done to have a virtual link."""

    KEEP = "it is there"
    CREATE = "nothing like it is there"
    RENAME = "it is there under another name"
    CORRECT = "there is one on the right interface, but with other properties"
    REPLACE = "there is one that cannot be changed into it"
    REFUSE = "its name belongs to an interface that is not ours to remove"
    WAIT = "the interface below does not exist"


def virtual_mac(vrid: int, family: int, configured: bytes | None) -> bytes:
    """Return the hardware address of a virtual router (RFC 9568 section 7.3), or the configured one.

    Args:
        vrid: 1 to 255.
        family: 4 or 6.
        configured: six octets, five before the VRID, or None.
    """
    if configured is not None:
        return configured if len(configured) == 6 else configured + bytes([vrid])
    return _PREFIX[family == 6] + bytes([vrid])


def modified_eui64(mac: bytes) -> bytes:
    """Return the packed link-local address that belongs to a hardware address (RFC 4291 appendix A)."""
    return b"\xfe\x80" + bytes(6) + bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:6]


def link_name(prefix: str, vrid: int, family: int, is_taken: Callable[[str], bool]) -> str:
    """Return the first free name of `PREFIX.VRID`, for IPv6 `PREFIX6.VRID`, then `PREFIX1.VRID` and so on."""
    numbers = ["", *(["6"] if family == 6 else []), *(str(n) for n in range(1, 1000) if family != 6 or n != 6)]
    for number in numbers:
        ending = f"{number}.{vrid}"
        name = prefix[: LONGEST_NAME - len(ending)] + ending
        if not is_taken(name):
            return name
    raise ValueError(f"no free name like {prefix}.{vrid}")


def device_below(base: Interface) -> int:
    """Return the index of the interface that a link on `base` has below it: the kernel skips a macvlan."""
    return base.lower if base.kind in _STACKED and base.lower else base.index


def vrf_of(base: Interface, table: InterfaceTable) -> int:
    """Return the index of the VRF that an interface belongs to, 0 for none."""
    master = table.by_index(base.master)
    return base.master if master is not None and master.kind == VRF else 0


def fits(existing: Interface, link: VirtualLink, base: Interface) -> bool:
    """Return whether an existing interface is what `link` describes, whatever its name."""
    if existing.kind != link.kind or existing.lower != device_below(base) or existing is base:
        return False
    if link.kind == MACVLAN:
        return existing.mode == MACVLAN_MODE_PRIVATE and existing.mac == link.mac
    return existing.mode == IPVLAN_MODE_L2 and existing.mode_flags == link.flags


def find(link: VirtualLink, table: InterfaceTable) -> Interface | None:
    """Return the interface that is what `link` describes: a macvlan by its hardware address, an ipvlan by its name."""
    base = table.by_name(link.base)
    if base is None:
        return None
    named = table.by_name(link.name)
    if named is not None and fits(named, link, base):
        return named
    if link.kind == IPVLAN:
        return None
    return next((one for one in table if fits(one, link, base)), None)


def deed_for(link: VirtualLink, table: InterfaceTable, reserved: Iterable[str] = ()) -> Deed:
    """Return what must be done to have `link`.

    Args:
        link: what is wanted.
        table: the interfaces of this host.
        reserved: names that other links are to have: what has one of them is not renamed.
    """
    base = table.by_name(link.base)
    if base is None:
        return Deed.WAIT
    named = table.by_name(link.name)
    found = find(link, table)
    if found is not None and found is named:
        return Deed.KEEP
    if named is None:
        return Deed.CREATE if found is None or found.name in reserved else Deed.RENAME
    if named.kind not in _STACKED or named is base:
        return Deed.REFUSE
    is_like_it = link.kind == MACVLAN == named.kind and named.lower == device_below(base) and found is None
    return Deed.CORRECT if is_like_it else Deed.REPLACE
