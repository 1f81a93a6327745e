"""What keeps an instance from taking part: its interface, its source address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.vrrp.parameters import IPV4

if TYPE_CHECKING:
    from keepalived_py.config.model.vrrp import VrrpInstance
    from keepalived_py.kernel.interfaces import InterfaceTable


def faults_of(instance: VrrpInstance, table: InterfaceTable, source_address: bytes) -> dict[str, str]:
    """Return the reasons for FAULT, each with what is to be said when it is gone.

    Args:
        instance: as configured.
        table: the interfaces of this host.
        source_address: packed; empty while there is none.
    """
    faults = {}
    if instance.unicast_fault_no_peer and not instance.unicast_peer:
        faults["no unicast peer is configured"] = "a unicast peer is configured"
    if instance.auth_hmac is not None and instance.auth_hmac.signing_key is None:
        # Without a key adverts would be neither signed nor verified: another router had better be master.
        faults[f"auth_hmac has no key {instance.auth_hmac.active_key}"] = "auth_hmac has a key"
    name = instance.interface
    if name is None:
        return faults if source_address else faults | {"there is no source address": "there is a source address"}
    interface = table.by_name(name)
    if interface is None:
        return faults | {f"interface {name} is missing": f"interface {name} appeared"}
    if not interface.running and not instance.dont_track_primary:
        faults[f"interface {name} is down"] = f"interface {name} came up"
    configured = instance.unicast_src_ip or instance.mcast_src_ip
    if instance.track_src_ip and configured is not None and not interface.has_address(configured.packed):
        faults[f"interface {name} has no address {configured}"] = f"interface {name} has address {configured}"
    if not source_address:
        kind = "IPv4" if instance.family == IPV4 else "IPv6 link-local"
        faults[f"interface {name} has no {kind} address"] = f"interface {name} has an {kind} address"
    return faults
