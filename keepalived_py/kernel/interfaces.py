"""The interfaces of this host as a table that link and address events keep up to date."""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING

from keepalived_py.kernel.ethernet import ADDRESS_LENGTH
from keepalived_py.kernel.rtnl import (
    AF_INET,
    AF_INET6,
    IFF_LOOPBACK,
    IFF_NOARP,
    IFF_RUNNING,
    IFF_UP,
    PROTOCOL_KEEPALIVED,
    RT_SCOPE_LINK,
    Address,
    AddressEvent,
    AddressRequest,
    Event,
    LinkEvent,
)
from keepalived_py.structure import field, structure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

_RUNNING = IFF_UP | IFF_RUNNING
AddressKey = tuple[bytes, int, bytes]


@unique
class ChangeKind(Enum):
    """What an event did to the table."""

    APPEARED = "the interface exists; WENT_UP follows when it runs"
    GONE = "the interface and its addresses exist no more; WENT_DOWN came before when it ran"
    RENAMED = "the interface has another name"
    WENT_UP = "the interface is up and has a carrier"
    WENT_DOWN = "the interface is down or has no carrier"
    MAC_CHANGED = "frames built for the old hardware address are stale"
    MTU_CHANGED = "the interface has another MTU"
    MASTER_CHANGED = "the interface joined or left a bridge, bond or VRF"
    ADDRESS_ADDED = "the interface has the address"
    ADDRESS_CHANGED = "flags, lifetimes or tag of the address are others (DAD ended, for example)"
    ADDRESS_REMOVED = "the interface has the address no more"


@structure(frozen=False, eq=False)
class Interface:
    """One interface; the same object as long as the kernel keeps its index.

    Attributes:
        index: the kernel's number.
        name: as it is now.
        flags: IFF_*.
        mac: hardware address, 6 bytes for Ethernet, empty for none.
        broadcast: hardware broadcast address.
        hardware_type: ARPHRD_*.
        mtu: bytes.
        lower: index of the interface below (VLAN, macvlan, the other end of a veth), 0 for none.
        master: index of the bridge, bond or VRF above, 0 for none.
        kind: "veth", "macvlan" and so on; empty for hardware.
        group: number of the interface group.
        mode: of a macvlan or ipvlan.
        mode_flags: of an ipvlan.
        vrf_table: routing table of a VRF, 0 for anything else.
        addresses: all of both families, by `Address.key`, in the order in which they came.
        link_seen: whether polling found a link; None for an interface that is not polled.
        counted_as: whether it counts as running for the time being, whatever the rest says; None for no.
    """

    index: int
    name: str
    flags: int = 0
    mac: bytes = b""
    broadcast: bytes = b""
    hardware_type: int = 0
    mtu: int = 0
    lower: int = 0
    master: int = 0
    kind: str = ""
    group: int = 0
    mode: int = 0
    mode_flags: int = 0
    vrf_table: int = 0
    addresses: dict[AddressKey, Address] = field(default_factory=dict)
    link_seen: bool | None = None
    counted_as: bool | None = None

    @property
    def has_link(self) -> bool:
        """Up with a carrier, at this moment."""
        if self.link_seen is not None:
            return self.link_seen and bool(self.flags & IFF_UP)
        return self.flags & _RUNNING == _RUNNING

    @property
    def running(self) -> bool:
        """Up with a carrier, as far as that counts."""
        return self.has_link if self.counted_as is None else self.counted_as

    @property
    def announces(self) -> bool:
        """Ethernet with address resolution: gratuitous ARP and neighbour advertisements make sense on it."""
        return len(self.mac) == ADDRESS_LENGTH and not self.flags & (IFF_NOARP | IFF_LOOPBACK)

    def addresses_of(self, family: int) -> list[Address]:
        """Return the addresses of AF_INET or AF_INET6."""
        return [address for address in self.addresses.values() if address.family == family]

    def has_address(self, address: bytes) -> bool:
        """Return whether a packed address is on the interface, whatever its prefix length."""
        return any(known[0] == address for known in self.addresses)

    def primary_address(self, excluding: Collection[bytes] = ()) -> bytes | None:
        """Return the first primary IPv4 address that is not among `excluding` (packed), or None.

        A secondary address is taken when there is no other: with a virtual address of the same network added
        before the interface's own, the kernel calls the latter secondary.
        """
        fallback = None
        for known in self.addresses.values():  # thousands, maybe: the one that is wanted mostly comes first
            if known.family == AF_INET and known.address not in excluding:
                if not known.secondary:
                    return known.address
                fallback = fallback or known.address
        return fallback

    def link_local_address(self, excluding: Collection[bytes] = ()) -> bytes | None:
        """Return the first IPv6 link-local address that may be used as a source and is not `excluding`, or None."""
        for known in self.addresses.values():
            usable = known.family == AF_INET6 and known.scope == RT_SCOPE_LINK and not known.tentative
            if usable and known.address not in excluding:
                return known.address
        return None


@structure(frozen=False)
class Change:
    """One consequence of an event.

    Attributes:
        kind: what happened.
        interface: to which one, as it is after the event.
        address: for ADDRESS_*.
        old_name: for RENAMED.
    """

    kind: ChangeKind
    interface: Interface
    address: Address | None = None
    old_name: str = ""


class InterfaceTable:
    """All interfaces by index and by name.

    Attributes:
        tells_owners: whether this kernel says who made an address (IFA_PROTO, since 5.18): it tags its own.
    """

    def __init__(self) -> None:
        self.tells_owners = False
        self._by_index: dict[int, Interface] = {}
        self._by_name: dict[str, Interface] = {}

    def __iter__(self) -> Iterator[Interface]:
        return iter(self._by_index.values())

    def __len__(self) -> int:
        return len(self._by_index)

    def by_name(self, name: str) -> Interface | None:
        """Return the interface that has this name now, or None."""
        return self._by_name.get(name)

    def by_index(self, index: int) -> Interface | None:
        """Return the interface with this index, or None."""
        return self._by_index.get(index)

    def is_foreign(self, request: AddressRequest) -> bool:
        """Return whether an address is where a request would put it, and the kernel says that it is not ours."""
        interface = self._by_index.get(request.interface)
        known = interface.addresses.get(request.key) if interface is not None else None
        return known is not None and self.tells_owners and known.protocol != PROTOCOL_KEEPALIVED

    def apply(self, event: Event) -> list[Change]:
        """Take over one event and return what it changed; the same event again changes nothing."""
        if isinstance(event, AddressEvent):
            return self._apply_address(event)
        if event.present:
            return self._apply_link(event)
        interface = self._by_index.get(event.interface)
        return [] if interface is None else self._remove(interface)

    def resynchronise(self, events: Iterable[Event]) -> list[Change]:
        """Take over a complete dump (links first) after events were lost; return the differences."""
        dump = list(events)
        indexes = {event.interface for event in dump if isinstance(event, LinkEvent)}
        known = {(event.interface, event.address.key) for event in dump if isinstance(event, AddressEvent)}
        changes = []
        for interface in list(self._by_index.values()):
            if interface.index not in indexes:
                changes += self._remove(interface)
                continue
            for address in list(interface.addresses.values()):
                if (interface.index, address.key) not in known:
                    changes += self._apply_address(AddressEvent(False, interface.index, address))
        for event in dump:
            changes += self.apply(event)
        return changes

    def _apply_link(self, event: LinkEvent) -> list[Change]:
        interface = self._by_index.get(event.interface)
        if interface is None:
            return self._add(event)
        changes = self._rename(interface, event.name) if interface.name != event.name else []
        for kind, old, new in (
            (ChangeKind.MAC_CHANGED, interface.mac, event.mac),
            (ChangeKind.MTU_CHANGED, interface.mtu, event.mtu),
            (ChangeKind.MASTER_CHANGED, interface.master, event.master),
        ):
            if old != new:
                changes.append(Change(kind, interface))
        ran = interface.running
        _copy(event, interface)
        if ran != interface.running:
            changes.append(Change(ChangeKind.WENT_DOWN if ran else ChangeKind.WENT_UP, interface))
        return changes

    def _add(self, event: LinkEvent) -> list[Change]:
        interface = Interface(event.interface, event.name)
        _copy(event, interface)
        changes = self._free_name(event.name)
        self._by_index[interface.index] = interface
        self._by_name[interface.name] = interface
        changes.append(Change(ChangeKind.APPEARED, interface))
        if interface.running:
            changes.append(Change(ChangeKind.WENT_UP, interface))
        return changes

    def _rename(self, interface: Interface, name: str) -> list[Change]:
        old_name = interface.name
        if self._by_name.get(old_name) is interface:
            del self._by_name[old_name]
        changes = self._free_name(name)
        interface.name = name
        self._by_name[name] = interface
        changes.append(Change(ChangeKind.RENAMED, interface, old_name=old_name))
        return changes

    def _free_name(self, name: str) -> list[Change]:
        """Remove the interface that had `name`: a name has one owner, so the event of its end was lost."""
        owner = self._by_name.get(name)
        return [] if owner is None else self._remove(owner)

    def _remove(self, interface: Interface) -> list[Change]:
        changes = []
        ran, interface.link_seen, interface.counted_as = interface.running, None, None
        interface.flags &= ~_RUNNING
        if ran:
            changes.append(Change(ChangeKind.WENT_DOWN, interface))
        del self._by_index[interface.index]
        if self._by_name.get(interface.name) is interface:
            del self._by_name[interface.name]
        changes.append(Change(ChangeKind.GONE, interface))
        return changes

    def _apply_address(self, event: AddressEvent) -> list[Change]:
        interface = self._by_index.get(event.interface)
        if interface is None:
            return []
        address = event.address
        if not event.present:
            known = interface.addresses.pop(address.key, None)
            return [] if known is None else [Change(ChangeKind.ADDRESS_REMOVED, interface, known)]
        known = interface.addresses.get(address.key)
        if known == address:
            return []
        interface.addresses[address.key] = address
        self.tells_owners = self.tells_owners or address.protocol != 0
        kind = ChangeKind.ADDRESS_ADDED if known is None else ChangeKind.ADDRESS_CHANGED
        return [Change(kind, interface, address)]


def _copy(event: LinkEvent, interface: Interface) -> None:
    interface.flags = event.flags
    interface.mac = event.mac
    interface.broadcast = event.broadcast
    interface.hardware_type = event.hardware_type
    interface.mtu = event.mtu
    interface.lower = event.lower
    interface.master = event.master
    interface.kind = event.kind
    interface.group = event.group
    interface.mode = event.mode
    interface.mode_flags = event.mode_flags
    interface.vrf_table = event.vrf_table
