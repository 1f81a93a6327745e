"""From configuration to what the kernel and the election machine are told."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from keepalived_py.kernel.ethernet import ADDRESS_LENGTH
from keepalived_py.kernel.links import IPVLAN, MACVLAN
from keepalived_py.kernel.rtnl import (
    IFA_F_DADFAILED,
    IFA_F_HOMEADDRESS,
    IFA_F_MANAGETEMPADDR,
    IFA_F_MCAUTOJOIN,
    IFA_F_NODAD,
    IFA_F_NOPREFIXROUTE,
    INFINITE_LIFETIME,
    PROTOCOL_KEEPALIVED,
    RT_SCOPE_LINK,
    AddressRequest,
)
from keepalived_py.vrrp.authentication import NO_AUTHENTICATION, Authentication, AuthenticationType
from keepalived_py.vrrp.parameters import IPV4, MULTICAST_TTL, Parameters, UnicastPeer, most_addresses
from keepalived_py.vrrp.signature import SignatureMode, Signing, SigningKey
from keepalived_py.vrrp.takeover import PlacedAddress
from keepalived_py.vrrp.timers import MISSED_ADVERTS, VERSION_2
from keepalived_py.vrrp.virtual_link import modified_eui64

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.config.model.addresses import InterfaceAddress
    from keepalived_py.config.model.globals import GlobalDefs
    from keepalived_py.config.model.vrrp import VrrpInstance
    from keepalived_py.kernel.interfaces import Interface, InterfaceTable
    from keepalived_py.vrrp.footing import Footing

DEFAULT_MTU = 1500
LEAST_WINDOW = 5
MOST_WINDOW = 300
"""Bounds of the time window that follows from the advertisement interval, seconds."""
_TYPES = {"PASS": AuthenticationType.PASSWORD, "AH": AuthenticationType.HEADER}
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


def place(
    address: InterfaceAddress, device: str | None, table: InterfaceTable, forwards: Callable[[str], bool]
) -> PlacedAddress | None:
    """Return where a configured address goes, or None while its interface does not exist.

    Args:
        address: one line of virtual_ipaddress or static_ipaddress.
        device: name of the interface (`Footing.device_of`).
        table: the interfaces of this host.
        forwards: whether the interface of this name forwards IPv6.
    """
    interface = table.by_name(device or "")
    if interface is None:
        return None
    is_ipv4 = address.address.version == 4
    return PlacedAddress(
        _request(address, interface),
        interface.name,
        str(address.address),
        interface.mac if interface.announces else b"",
        router=not is_ipv4 and forwards(interface.name),
        watched=not address.no_track,
        wire=_wire(interface, table),
    )


def _wire(interface: Interface, table: InterfaceTable) -> str:
    below = table.by_index(interface.lower) if interface.kind in (MACVLAN, IPVLAN) else None
    return below.name if below is not None else interface.name


def _request(address: InterfaceAddress, interface: Interface) -> AddressRequest:
    lifetime = address.lifetime
    return AddressRequest(
        _FAMILIES[address.address.version],
        address.address.packed,
        address.prefix_length,
        interface.index,
        scope=address.scope,
        label=address.label or "",
        broadcast=address.broadcast.packed if address.broadcast else b"",
        peer=address.peer.packed if address.peer else b"",
        flags=_flags(address),
        preferred_lifetime=None if lifetime == INFINITE_LIFETIME else lifetime,
    )


def _flags(address: InterfaceAddress) -> int:
    wanted = {
        IFA_F_HOMEADDRESS: address.home,
        IFA_F_MANAGETEMPADDR: address.mngtmpaddr,
        IFA_F_NOPREFIXROUTE: address.noprefixroute,
        IFA_F_MCAUTOJOIN: address.autojoin,
        # The old master may still have the address when we take it: duplicate detection would disable it.
        IFA_F_NODAD: address.address.version == 6 and not address.nodad,
    }
    return sum(flag for flag, is_wanted in wanted.items() if is_wanted)


def source_of(instance: VrrpInstance, footing: Footing, table: InterfaceTable) -> bytes:
    """Return the packed source address of an instance's adverts; empty while there is none.

    A VMAC has none of its own: its adverts come from the address of the interface below, an ipvlan's from its own.
    """
    configured = instance.unicast_src_ip or instance.mcast_src_ip
    if configured is not None:
        return configured.packed
    link = footing.main_link
    if link is not None and link.kind == IPVLAN and (link.address is not None or instance.family == IPV4):
        return link.address[0] if link.address else b""
    name = footing.main if link is not None and link.kind == IPVLAN else footing.interface
    interface = table.by_name(name or "")
    if interface is None:
        return b""
    virtual = {one.address.packed for one in (*instance.virtual_ipaddress, *instance.virtual_ipaddress_excluded)}
    found = _source_among(instance, interface, virtual)
    if not found and table.tells_owners:
        # The interface's only address is a virtual one: the owner of an address may send from it.
        ours = {known.address for known in interface.addresses.values() if known.protocol == PROTOCOL_KEEPALIVED}
        found = _source_among(instance, interface, virtual & ours)
    return found or (_borrowed(interface, virtual) if footing.borrows_source else b"")


def _source_among(instance: VrrpInstance, interface: Interface, excluding: set[bytes]) -> bytes:
    if instance.family == IPV4:
        return interface.primary_address(excluding) or b""
    return interface.link_local_address(excluding) or b""


def _borrowed(interface: Interface, virtual: set[bytes]) -> bytes:
    """Return the link-local address that an interface has, will have or might have: a VMAC can send from it already."""
    for known in interface.addresses_of(socket.AF_INET6):
        if known.scope == RT_SCOPE_LINK and known.address not in virtual and not known.flags & IFA_F_DADFAILED:
            return known.address
    return modified_eui64(interface.mac) if len(interface.mac) == ADDRESS_LENGTH else b""


def parameters_of(
    instance: VrrpInstance,
    global_defs: GlobalDefs,
    source_address: bytes,
    startup_delay: float,
    mtu: int = DEFAULT_MTU,
) -> Parameters:
    """Return what the election machine is told about a configured instance.

    Args:
        instance: with the inherited values resolved.
        global_defs: for the multicast groups.
        source_address: packed; empty while there is none.
        startup_delay: seconds.
        mtu: of the interface; what does not fit into one advert is treated as excluded from it.
    """
    group = instance.mcast_dst_ip or (
        global_defs.vrrp_mcast_group4 if instance.family == IPV4 else global_defs.vrrp_mcast_group6
    )
    return Parameters(
        name=instance.name,
        family=instance.family,
        version=instance.version,
        vrid=instance.virtual_router_id,
        priority=instance.priority,
        advertisement_interval=instance.advert_int,
        virtual_addresses=_advertised(instance, mtu),
        source_address=source_address,
        multicast_destination=group.packed,
        unicast_peers=tuple(UnicastPeer(one.address.packed, one.min_ttl, one.max_ttl) for one in instance.unicast_peer),
        ttl=MULTICAST_TTL if instance.unicast_ttl is None else instance.unicast_ttl,
        check_unicast_source=instance.check_unicast_src,
        preempt_mode=not instance.nopreempt,
        preempt_delay=instance.preempt_delay,
        startup_delay=startup_delay,
        down_timer_adverts=instance.down_timer_adverts,
        garp_master_delay=float(instance.garp_master_delay),
        garp_master_repeat=instance.garp_master_repeat,
        garp_master_refresh=float(instance.garp_master_refresh),
        garp_master_refresh_repeat=instance.garp_master_refresh_repeat,
        garp_extra_interval=instance.garp_extra_if.seconds if instance.garp_extra_if else 0.0,
        garp_lower_prio_delay=float(instance.garp_lower_prio_delay),
        garp_lower_prio_repeat=instance.garp_lower_prio_repeat,
        lower_prio_no_advert=instance.lower_prio_no_advert,
        higher_prio_send_advert=instance.higher_prio_send_advert,
        skip_check_adv_addr=instance.skip_check_adv_addr,
        v3_checksum_as_v2=instance.v3_checksum_as_v2,
        old_unicast_checksum=instance.old_unicast_checksum,
        owner_ignore_adverts=instance.owner_ignore_adverts,
        timer_expired_backup=instance.timer_expired_backup or 0,
        authentication=_authentication(instance),
        signing=signing_of(instance),
    )


def _advertised(instance: VrrpInstance, mtu: int) -> tuple[bytes, ...]:
    header = _authentication(instance).type is AuthenticationType.HEADER
    own = tuple(one.address.packed for one in instance.virtual_ipaddress if one.address.version == instance.family)
    signing = signing_of(instance)
    trailer = signing.trailer_length if signing else 0
    return own[: most_addresses(instance.family, instance.version, mtu, header=header, trailer=trailer)]


def _authentication(instance: VrrpInstance) -> Authentication:
    configured = instance.authentication
    if configured is None or configured.auth_type is None or instance.auth_hmac:
        return NO_AUTHENTICATION
    if instance.version != VERSION_2 or instance.family != IPV4:
        return NO_AUTHENTICATION
    return Authentication(_TYPES[configured.auth_type], (configured.auth_pass or "").encode("utf-8", "surrogateescape"))


def signing_of(instance: VrrpInstance) -> Signing | None:
    """Return the keys and rules of `auth_hmac`; None without it, and without a key to sign with."""
    configured = instance.auth_hmac
    if configured is None or configured.signing_key is None:
        return None
    window = configured.time_window or min(max(MISSED_ADVERTS * int(instance.advert_int), LEAST_WINDOW), MOST_WINDOW)
    return Signing(
        tuple(SigningKey(key.id, key.octets) for key in configured.key),
        configured.signing_key.id,
        SignatureMode(configured.mode),
        window if configured.anti_replay == "time" else None,
    )
