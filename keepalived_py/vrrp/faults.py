"""What keeps an instance from taking part: its interface, its source address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.kernel.rtnl import IFF_UP
from keepalived_py.vrrp.parameters import IPV4

if TYPE_CHECKING:
    from keepalived_py.config.model.vrrp import VrrpInstance
    from keepalived_py.kernel.interfaces import InterfaceTable
    from keepalived_py.vrrp.footing import Footing


def faults_of(instance: VrrpInstance, footing: Footing, table: InterfaceTable, source_address: bytes) -> dict[str, str]:
    """Return the reasons for FAULT, each with what is to be said when it is gone.

    Args:
        instance: as configured.
        footing: where it stands.
        table: the interfaces of this host.
        source_address: packed; empty while there is none.
    """
    faults = {}
    if instance.unicast_fault_no_peer and not instance.unicast_peer:
        faults["no unicast peer is configured"] = "a unicast peer is configured"
    if instance.auth_hmac is not None and instance.auth_hmac.signing_key is None:
        # Without a key adverts would be neither signed nor verified: another router had better be master.
        faults[f"auth_hmac has no key {instance.auth_hmac.active_key}"] = "auth_hmac has a key"
    if footing.conflict:
        faults[footing.conflict] = "its interface is its own now"
    name = footing.interface
    if name is None:
        vrf = _missing(footing.adverts, table)
        return (
            faults | vrf
            if source_address
            else faults | vrf | {"there is no source address": "there is a source address"}
        )
    missing = _missing(name, table) or _missing(footing.main, table)
    interface = table.by_name(name)
    if missing or interface is None:
        return faults | missing
    if not instance.dont_track_primary:
        faults |= _down(footing, table)
    configured = instance.unicast_src_ip or instance.mcast_src_ip
    if instance.track_src_ip and configured is not None and not interface.has_address(configured.packed):
        faults[f"interface {name} has no address {configured}"] = f"interface {name} has address {configured}"
    if not source_address:
        kind = "IPv4" if instance.family == IPV4 else "IPv6 link-local"
        owner = name if footing.main_link is None or footing.main_link.mac else footing.main  # an ipvlan has its own
        faults[f"interface {owner} has no {kind} address"] = f"interface {owner} has an {kind} address"
    return faults


def _missing(name: str | None, table: InterfaceTable) -> dict[str, str]:
    if name is None or table.by_name(name) is not None:
        return {}
    return {f"interface {name} is missing": f"interface {name} appeared"}


def _down(footing: Footing, table: InterfaceTable) -> dict[str, str]:
    """Return the fault of an interface that is down.

    A VMAC has the carrier of the interface below, which the kernel may report a moment later: up is enough for it.
    """
    faults = {}
    for name in filter(None, {footing.interface: None, footing.main: None}):
        interface = table.by_name(name)
        is_own = name != footing.interface
        if interface is not None and not (interface.flags & IFF_UP if is_own else interface.running):
            faults[f"interface {name} is down"] = f"interface {name} came up"
    return faults
