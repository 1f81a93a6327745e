"""The virtual addresses of one instance as bytes: everything that becoming MASTER needs, built beforehand.

A takeover is cut into slices. Each slice is one netlink batch and the frames that announce its addresses, so that with
thousands of addresses the first are reachable long before the last are in, and adverts keep their cadence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.kernel.arp import gratuitous_request
from keepalived_py.kernel.message import batch
from keepalived_py.kernel.ndisc import unsolicited_advertisement
from keepalived_py.kernel.rtnl import AF_INET, address_added, address_deleted
from keepalived_py.structure import structure
from keepalived_py.vrrp.pacing import LaneKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from keepalived_py.kernel.message import Batch
    from keepalived_py.kernel.rtnl import AddressRequest

FIRST_SEQUENCE = 1
"""Number of the first message of each batch: the answers to a slice are collected before the next one is sent."""
SLICE_SIZE = 64
"""Addresses per netlink batch: about 4 ms of the kernel's time on an interface that holds 5,000 already."""


@structure
class PlacedAddress:
    """One virtual address on the interface that it goes to.

    Attributes:
        request: what netlink is told.
        interface_name: for the log.
        text: the address for the log, without its prefix length.
        mac: hardware address that announcements name; empty when the interface has none (nothing is announced).
        router: whether the interface forwards IPv6 (RFC 4861 section 4.4, R flag).
        watched: whether it is put back when another program removes it (not `no_track`).
        foreign: whether somebody else had put it there before us: it is not ours to remove.
        wire: name of the interface that frames really leave from, below a VMAC; empty for `interface_name`.
    """

    request: AddressRequest
    interface_name: str
    text: str
    mac: bytes
    router: bool = False
    watched: bool = True
    foreign: bool = False
    wire: str = ""

    @property
    def lane(self) -> LaneKey:
        """What its announcements are counted under."""
        return LaneKey(self.wire or self.interface_name, self.request.family != AF_INET)

    @property
    def key(self) -> tuple[int, bytes, int]:
        """What the kernel knows it by: interface, packed address, prefix length."""
        return self.request.interface, self.request.address, self.request.prefix_length

    def frame(self) -> bytes:
        """Return the frame that announces the address."""
        if self.request.family == AF_INET:
            return gratuitous_request(self.request.address, self.mac)
        return unsolicited_advertisement(self.request.address, self.mac, router=self.router)


@structure
class Announcement:
    """The frames that one interface sends, in the order of their addresses, and what each is counted under."""

    interface: int
    frames: tuple[bytes, ...]
    lanes: tuple[LaneKey, ...]


class Takeover:
    """Netlink batches and frames for a set of placed addresses, in their configured order.

    Attributes:
        addresses: what it is made of.
        additions: netlink requests to add them all, in slices of SLICE_SIZE.
        removable: those that are ours to remove.
        removals: netlink requests to remove those.
        announcements: per slice of `additions`, the frames per interface.
        by_key: the addresses by `PlacedAddress.key`.
    """

    __slots__ = ("additions", "addresses", "announcements", "by_key", "removable", "removals")

    def __init__(self, addresses: Iterable[PlacedAddress]) -> None:
        self.addresses = tuple(addresses)
        requests = [placed.request for placed in self.addresses]
        self.additions: Batch = batch([address_added(one) for one in requests], FIRST_SEQUENCE, SLICE_SIZE)
        self.removable = tuple(placed for placed in self.addresses if not placed.foreign)
        removals = [address_deleted(placed.request) for placed in self.removable]
        self.removals: Batch = batch(removals, FIRST_SEQUENCE, SLICE_SIZE)
        self.announcements = tuple(
            _announcements(self.addresses[first : first + SLICE_SIZE])
            for first in range(0, len(self.addresses), SLICE_SIZE)
        )
        self.by_key = {placed.key: placed for placed in self.addresses}

    @property
    def has_foreign(self) -> bool:
        """Whether somebody else had put one of the addresses on its interface before us."""
        return len(self.removable) < len(self.addresses)

    def without(self, other: Takeover) -> Takeover:
        """Return the takeover of those addresses that `other` has not (a reload adds or removes only these)."""
        known = {placed.request for placed in other.addresses}
        return Takeover(placed for placed in self.addresses if placed.request not in known)

    def replaced_in(self, other: Takeover) -> Takeover:
        """Return the takeover of those addresses that `other` has with other options, under the same key."""
        return Takeover(one for one in self.addresses if other.by_key.get(one.key, one).request != one.request)

    def beyond(self, other: Takeover) -> Takeover:
        """Return the takeover of those addresses whose key `other` does not have."""
        return Takeover(placed for placed in self.addresses if placed.key not in other.by_key)

    def moved_since(self, other: Takeover) -> list[PlacedAddress]:
        """Return the addresses that `other` has too, but with another hardware address."""
        known = {placed.request: placed.mac for placed in other.addresses}
        return [placed for placed in self.addresses if known.get(placed.request, placed.mac) != placed.mac]


def _announcements(addresses: Sequence[PlacedAddress]) -> tuple[Announcement, ...]:
    announced: dict[int, list[PlacedAddress]] = {}
    for placed in addresses:
        if placed.mac:
            announced.setdefault(placed.request.interface, []).append(placed)
    return tuple(
        Announcement(interface, tuple(one.frame() for one in found), tuple(one.lane for one in found))
        for interface, found in announced.items()
    )
