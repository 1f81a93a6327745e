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
    name = instance.interface
    if name is None:
        return {} if source_address else {"there is no source address": "there is a source address"}
    interface = table.by_name(name)
    if interface is None:
        return {f"interface {name} is missing": f"interface {name} appeared"}
    faults = {}
    if not interface.running and not instance.dont_track_primary:
        faults[f"interface {name} is down"] = f"interface {name} came up"
    if not source_address:
        kind = "IPv4" if instance.family == IPV4 else "IPv6 link-local"
        faults[f"interface {name} has no {kind} address"] = f"interface {name} has an {kind} address"
    return faults
