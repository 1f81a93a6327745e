"""Makes, corrects and removes one virtual link at a time, and brings the table of interfaces up to date at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.errors import NetlinkError
from keepalived_py.kernel import sysctl
from keepalived_py.kernel.links import (
    MACVLAN,
    address_generation_stopped,
    link_added,
    link_corrected,
    link_deleted,
    link_group_changed,
    link_master_changed,
    link_mtu_changed,
    link_raised,
    link_renamed,
    link_requested,
    settings_changed,
)
from keepalived_py.kernel.rtnl import (
    ADD_TOLERATED,
    AF_INET,
    AF_INET6,
    IFA_F_NODAD,
    IFF_UP,
    Address,
    AddressRequest,
    LinkEvent,
    address_added,
    address_deleted,
    decode,
)
from keepalived_py.notify import vocabulary
from keepalived_py.vrrp.link_demands import OWN_SETTINGS, needs_ipv6
from keepalived_py.vrrp.parameters import IPV4
from keepalived_py.vrrp.virtual_link import Deed, deed_for, find, vrf_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from keepalived_py.kernel.interfaces import Change, Interface, InterfaceTable
    from keepalived_py.kernel.message import Message
    from keepalived_py.kernel.netlink import NetlinkSocket
    from keepalived_py.observability.log import Log
    from keepalived_py.vrrp.virtual_link import VirtualLink

IPV6_SETTINGS = {"accept_ra": "0", "autoconf": "0"}
"""A VMAC takes no routes and addresses from routers: it is one, and a backup must not be heard."""


class LinkMaker:
    """Talks to the kernel about links.

    Args:
        netlink: for requests.
        table: the interfaces of this host.
        log: of the process.

    Attributes:
        changes: what the table learned here and other parts of the process have not been told.
    """

    def __init__(self, netlink: NetlinkSocket, table: InterfaceTable, log: Log) -> None:
        self.changes: list[Change] = []
        self._netlink = netlink
        self._table = table
        self._log = log

    def ensure(self, name: str, link: VirtualLink, reserved: Collection[str], *, known: bool) -> str:
        """Have a link for the instance `name`, up and with its settings.

        Args:
            name: of the instance, for the log.
            link: what is wanted.
            reserved: names of the other links that are wanted.
            known: whether this run has made it before: then it is left alone when it is as it should be.

        Returns:
            Why it is not there, or an empty string (also while its interface below does not exist).
        """
        deed = deed_for(link, self._table, reserved)
        if deed is Deed.WAIT or (known and deed is Deed.KEEP):
            return ""
        try:
            return self._do(deed, name, link)
        except NetlinkError as problem:
            return f"cannot make {vocabulary.link_kind(link.kind)} interface {link.name} on {link.base}: {problem}"

    def _do(self, deed: Deed, name: str, link: VirtualLink) -> str:
        kind = vocabulary.link_kind(link.kind)
        if deed is Deed.REFUSE:
            return f"{kind} interface name {link.name} already exists as a non {kind} interface"
        if deed is Deed.RENAME:
            deed = self._rename(name, link)
        if deed is Deed.REPLACE:
            self._log.info(f"({name}) Removing old {kind} interface {link.name} due to conflicting interface")
            self.remove(name, link.name)
            deed = Deed.CREATE
        base = self._table.by_name(link.base)
        assert base is not None, "deed_for says WAIT without it"
        if deed is Deed.CREATE:
            self._execute(link_added(link.request(base, self._table)))
        elif deed is Deed.CORRECT:
            self._log.info(f"({name}) Update old {kind} interface {link.name} due to wrong MAC/mode")
            index = self._index(link.name)
            self._execute(link_corrected(index, link.request(base, self._table)))
        self._prepare(link, base)
        if deed is Deed.CREATE:
            self._log.verbose(vocabulary.link_made(name, link.kind, link.name))
        return ""

    def _rename(self, name: str, link: VirtualLink) -> Deed:
        """Give a link that is there its new name; where the kernel wants it to be down for that, make another."""
        found = find(link, self._table)
        assert found is not None, "deed_for says RENAME because it was found"
        self._log.info(f"({name}) renaming {vocabulary.link_kind(link.kind)} interface {found.name} to {link.name}")
        try:
            self._execute(link_renamed(found.index, link.name))
        except NetlinkError:
            self.remove(name, found.name)
            return Deed.CREATE
        self._learn(link.name)
        return Deed.KEEP

    def _prepare(self, link: VirtualLink, base: Interface) -> None:
        """Set what a link needs before it may be up, set it up, give it its address, learn of it."""
        self._learn(link.name)
        made = self._table.by_name(link.name)
        if made is None:
            return
        if link.kind == MACVLAN:
            self._execute(
                settings_changed(made.index, OWN_SETTINGS[link.family]), address_generation_stopped(made.index)
            )
        self._allow_ipv6(link)
        if not made.flags & IFF_UP:
            self._execute(link_raised(made.index))
            self._learn(link.name)
        if link.address is not None:
            self._execute(address_added(_own_address(link, made.index)))
        if link.notify:
            self._execute(link_group_changed(base.index, base.group))

    def _allow_ipv6(self, link: VirtualLink) -> None:
        """Switch IPv6 off or on; written only when it has another value, and harmless where /proc is read-only."""
        wanted = {"disable_ipv6": "0" if needs_ipv6(link) else "1"}
        if link.kind == MACVLAN and needs_ipv6(link):
            wanted = IPV6_SETTINGS | wanted
        for setting, value in wanted.items():
            path = sysctl.path_of(f"net/ipv6/conf/*/{setting}", link.name)
            if sysctl.read(path) in (None, value):
                continue
            try:
                sysctl.write(path, value)
            except OSError as problem:
                self._log.warning(f"cannot set {setting} of {link.name} to {value}: {problem.strerror}")

    def remove(self, name: str, link_name: str) -> None:
        """Remove a link of the instance `name`. Raises NetlinkError."""
        interface = self._table.by_name(link_name)
        if interface is None:
            return
        self._execute(link_deleted(interface.index))
        self.changes += self._table.apply(_gone(interface))
        self._log.verbose(vocabulary.link_removed(name, link_name))

    def follow(self, link: VirtualLink) -> None:
        """Give a link the MTU and the VRF that the interface below has by now."""
        base, made = self._table.by_name(link.base), self._table.by_name(link.name)
        if base is None or made is None:
            return
        messages = []
        if base.mtu != made.mtu:
            messages.append(link_mtu_changed(made.index, base.mtu))
        vrf = vrf_of(base, self._table)
        if vrf != vrf_of(made, self._table):
            messages.append(link_master_changed(made.index, vrf))
        try:
            self._execute(*messages)
        except NetlinkError as problem:
            self._log.error(f"cannot change {link.name} as {link.base} has changed: {problem}")

    def clean(self, link: VirtualLink, wanted: Collection[bytes]) -> None:
        """Remove addresses from a link that an earlier run left, apart from those in `wanted` (packed) and its own."""
        made = self._table.by_name(link.name)
        own = {link.address[0]} if link.address else set()
        if made is None or link.kind != MACVLAN:
            return
        stale = [one for one in made.addresses.values() if one.address not in wanted and one.address not in own]
        if stale:
            self._netlink.execute([address_deleted(_request(one, made.index)) for one in stale])

    def _execute(self, *messages: bytes) -> None:
        """Have the kernel act. Raises NetlinkError for the first refusal."""
        for refusal in self._netlink.execute(messages, ADD_TOLERATED if len(messages) == 1 else ()):
            raise refusal

    def _learn(self, name: str) -> None:
        """Ask the kernel how a link is now: its own report of it comes later."""

        def take(message: Message, buffer: bytes) -> None:
            event = decode(message.kind, buffer, message.start, message.end)
            if event is not None:
                self.changes.extend(self._table.apply(event))

        self._netlink.ask(link_requested(name), take)

    def _index(self, name: str) -> int:
        interface = self._table.by_name(name)
        return interface.index if interface is not None else 0


def _own_address(link: VirtualLink, index: int) -> AddressRequest:
    """Return the request for an ipvlan's own address."""
    assert link.address is not None
    address, prefix_length = link.address
    if link.family == IPV4:
        return AddressRequest(AF_INET, address, prefix_length, index)
    return AddressRequest(AF_INET6, address, prefix_length, index, flags=IFA_F_NODAD)


def _request(address: Address, index: int) -> AddressRequest:
    """Return the request that names an address which an interface has."""
    return AddressRequest(address.family, address.address, address.prefix_length, index, peer=address.peer)


def _gone(interface: Interface) -> LinkEvent:
    """Return the kernel's event for an interface that was removed."""
    return LinkEvent(
        False,
        interface.index,
        interface.name,
        interface.flags,
        interface.hardware_type,
        interface.mac,
        interface.broadcast,
        interface.mtu,
        interface.lower,
        interface.master,
        interface.kind,
    )
