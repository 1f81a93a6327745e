"""Where an instance stands: the interface it is configured on, those it makes, and which of them has what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.kernel.links import IPVLAN, MACVLAN
from keepalived_py.structure import field, replace, structure
from keepalived_py.vrrp.virtual_link import IPVLAN_FLAGS, VirtualLink, find, link_name, virtual_mac

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from keepalived_py.config.model import Config
    from keepalived_py.config.model.addresses import VirtualAddress
    from keepalived_py.config.model.vrrp import VrrpInstance
    from keepalived_py.kernel.interfaces import InterfaceTable


@structure
class Footing:
    """The one place that knows which interface of an instance is which.

    Attributes:
        interface: the configured one; None for a unicast instance without one.
        main: what it runs on: its VMAC or ipvlan, else `interface`.
        adverts: where adverts leave and arrive: `main`, with vmac_xmit_base `interface`, without an interface the VRF.
        links: what is made for it, the main one first.
        conflict: why it must not run; empty when it may.
        family: 4 or 6, of the adverts.
        own_place: interface and family of the addresses that go to the VMAC that it runs on; None for none.
        devices: names of the VMACs of addresses elsewhere, by their interface and family.
        everywhere: whether all addresses elsewhere go to such a VMAC (use_vmac_addr), not only those that ask for it.
    """

    interface: str | None = None
    main: str | None = None
    adverts: str | None = None
    links: tuple[VirtualLink, ...] = ()
    conflict: str = ""
    family: int = 4
    own_place: tuple[str, int] | None = None
    devices: dict[tuple[str, int], str] = field(default_factory=dict)
    everywhere: bool = False

    @property
    def main_link(self) -> VirtualLink | None:
        """The VMAC or ipvlan that the instance runs on."""
        return self.links[0] if self.links and self.links[0].name == self.main else None

    @property
    def borrows_source(self) -> bool:
        """Whether adverts leave from an interface that has not their IPv6 source address: it would answer for it."""
        main = self.main_link
        return main is not None and main.kind == MACVLAN and main.family == 6 and self.adverts == self.main

    def device_of(self, address: VirtualAddress) -> str | None:
        """Return the name of the interface that a virtual address goes to."""
        device, family = address.dev or self.interface, address.address.version
        if device is None:
            return None
        if self.own_place == (device, family):
            return self.main
        elsewhere = device != self.interface or family != self.family
        wants_vmac = address.use_vmac or (self.everywhere and elsewhere)
        return self.devices.get((device, family), device) if wants_vmac else device

    def names(self) -> set[str]:
        """Return the interfaces on which the instance's taking part depends."""
        return {name for name in (self.interface, self.main, self.adverts) if name}


def plain_footing(instance: VrrpInstance) -> Footing:
    """Return where an instance stands that makes no interfaces."""
    interface = instance.interface
    return Footing(interface, interface, interface or instance.vrf, family=instance.family)


class FootingPlan:
    """The footings of a whole configuration, which must not get into each other's way.

    Args:
        config: the configuration.
        table: the interfaces of this host: names that are taken, and links of ours to be found again.
        group_number: returns the number of an interface group's name, or None.
        doomed: names of interfaces of ours that are about to be removed: they are free.

    Attributes:
        footings: by instance name.
    """

    def __init__(
        self,
        config: Config,
        table: InterfaceTable,
        group_number: Callable[[str], int | None],
        doomed: Collection[str] = (),
    ) -> None:
        self._table = table
        self._group_number = group_number
        self._doomed = doomed
        defaults = config.global_defs
        self._prefix = defaults.vmac_prefix
        self._address_prefix = defaults.vmac_addr_prefix or defaults.vmac_prefix
        self._groups = {name: group.name for group in config.vrrp_sync_groups for name in group.group}
        self._owners: dict[tuple[str, bytes, str], str] = {}
        self._links: dict[tuple[str, bytes], VirtualLink] = {}
        self._claimed = {name for instance in config.vrrp_instances if (name := _configured_name(instance))}
        self.footings = {instance.name: self._footing(instance) for instance in config.vrrp_instances}

    def _footing(self, instance: VrrpInstance) -> Footing:
        interface = instance.interface
        main = self._main_link(instance, interface) if interface else None
        links = [main] if main is not None else []
        devices: dict[tuple[str, int], str] = {}
        # The addresses of an instance with an ipvlan go to the interface below: its ipvlan is for adverts.
        own_place = (main.base, instance.family) if main is not None and main.kind == MACVLAN else None
        for place in _places_of_links(instance, interface):
            if place not in devices and place != own_place:
                links.append(self._address_link(instance, *place))
                devices[place] = links[-1].name
        name = main.name if main else interface
        adverts = (interface if instance.vmac_xmit_base else name) or instance.vrf
        return Footing(
            interface,
            name,
            adverts,
            tuple(links),
            self._conflict(instance.name, links),
            instance.family,
            own_place,
            devices,
            instance.use_vmac_addr,
        )

    def _main_link(self, instance: VrrpInstance, interface: str) -> VirtualLink | None:
        vmac, ipvlan, family = instance.use_vmac, instance.use_ipvlan, instance.family
        if vmac is not None:
            link = VirtualLink(
                MACVLAN,
                vmac.name or "",
                interface,
                family,
                virtual_mac(instance.virtual_router_id, family, vmac.mac),
                group=self._group(vmac.group),
                notify=vmac.netlink_notify_msg,
            )
        elif ipvlan is not None:
            own = ipvlan.address
            link = VirtualLink(
                IPVLAN,
                ipvlan.name or "",
                interface,
                family,
                flags=IPVLAN_FLAGS[ipvlan.mode],
                group=self._group(ipvlan.group),
                address=(own[0].packed, own[1]) if own else None,
            )
        else:
            return None
        return self._named(link, instance.virtual_router_id, self._prefix)

    def _address_link(self, instance: VrrpInstance, base: str, family: int) -> VirtualLink:
        configured = instance.use_vmac.mac if instance.use_vmac else None
        mac = virtual_mac(instance.virtual_router_id, family, configured)
        return self._named(
            VirtualLink(MACVLAN, "", base, family, mac), instance.virtual_router_id, self._address_prefix
        )

    def _group(self, name: str | None) -> int | None:
        return None if name is None else self._group_number(name)

    def _named(self, link: VirtualLink, vrid: int, prefix: str) -> VirtualLink:
        """Return the link with its name: the configured one, that of another instance or of before, or a free one."""
        known = self._links.get((link.base, link.mac)) if link.mac else None
        if known is not None and link.name in ("", known.name):
            return known
        if not link.name or self._is_foreign(link.name):
            found = find(link, self._table)
            name = found.name if found is not None and found.name not in self._claimed else ""
            link = replace(link, name=name or link_name(prefix, vrid, link.family, self._is_taken))
        self._claimed.add(link.name)
        self._links.setdefault((link.base, link.mac), link)
        return link

    def _is_foreign(self, name: str) -> bool:
        """Return whether a configured name belongs to an interface of another kind, which stays."""
        named = self._table.by_name(name)
        return named is not None and named.kind not in (MACVLAN, IPVLAN)

    def _is_taken(self, name: str) -> bool:
        return name in self._claimed or (name not in self._doomed and self._table.by_name(name) is not None)

    def _conflict(self, name: str, links: list[VirtualLink]) -> str:
        """Note whose the links are; return why an instance must not have one. Members of one sync group may share."""
        conflict = ""
        for link in links:
            owner = self._owners.setdefault(link.identity, name)
            group = self._groups.get(name)
            if owner != name and (group is None or self._groups.get(owner) != group):
                conflict = f"instance {owner} has the interface {link.name} already"
        return conflict


def _configured_name(instance: VrrpInstance) -> str | None:
    configured = instance.use_vmac or instance.use_ipvlan
    return configured.name if configured else None


def _places_of_links(instance: VrrpInstance, interface: str | None) -> Iterator[tuple[str, int]]:
    """Yield interface and family of addresses that go to a VMAC of their own (use_vmac_addr, use_vmac of a line)."""
    for address in (*instance.virtual_ipaddress, *instance.virtual_ipaddress_excluded):
        device, family = address.dev or interface, address.address.version
        elsewhere = device != interface or family != instance.family
        if device and (address.use_vmac or (instance.use_vmac_addr and elsewhere)):
            yield device, family
