"""Which kernel settings the configuration needs to have which values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.kernel.links import MACVLAN
from keepalived_py.vrrp.parameters import IPV4

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from keepalived_py.config.model import Config
    from keepalived_py.vrrp.footing import Footing
    from keepalived_py.vrrp.virtual_link import VirtualLink

REVERSE_PATH = "net/ipv4/conf/{}/rp_filter"
LOCAL_IGMP = "net/ipv4/igmp_link_local_mcast_reports"

OWN_SETTINGS: dict[int, dict[str, int]] = {
    4: {"arp_ignore": 1, "accept_local": 1, "rp_filter": 0, "promote_secondaries": 1},
    6: {"arp_ignore": 1},
}
"""What a VMAC gets under net/ipv4/conf, by the family that it is for.

It answers ARP for its own addresses only, accepts what the other interfaces of this host send, and is not measured by
the routes of the interface below, which has the same network.
"""


def needs_ipv6(link: VirtualLink) -> bool:
    """Return whether IPv6 may run on a link: where it is not needed, it would only make itself heard."""
    return link.family != IPV4


def demands(config: Config, footings: Mapping[str, Footing]) -> dict[str, str]:
    """Return the values that settings of this host's own interfaces must have, by name.

    An interface below a VMAC for IPv4 must not answer ARP for the VMAC's addresses, nor ask in their name: the answer
    to a packet for a virtual address leaves through it, and whom it asks for a hardware address would learn its own.
    """
    wanted: dict[str, str] = {}
    for footing in footings.values():
        for link in footing.links:
            if link.kind == MACVLAN and link.family == IPV4:
                wanted[f"net/ipv4/conf/{link.base}/arp_ignore"] = "1"
                wanted[f"net/ipv4/conf/{link.base}/arp_filter"] = "1"
                wanted[f"net/ipv4/conf/{link.base}/arp_announce"] = "2"
    for instance in config.vrrp_instances:
        if instance.promote_secondaries and instance.interface:
            wanted[f"net/ipv4/conf/{instance.interface}/promote_secondaries"] = "1"
    if config.global_defs.disable_local_igmp:
        wanted[LOCAL_IGMP] = "0"
    return wanted


def reverse_path_demands(interfaces: Iterable[str], original: Callable[[str], str | None]) -> dict[str, str]:
    """Return what turns the reverse path filter off for VMACs and leaves it as it is for everything else.

    The kernel uses the greater of `all` and an interface's own value, so `all` must be 0, and what it did goes to
    every interface, and to `default` for those to come.

    Args:
        interfaces: names of all interfaces that are not VMACs.
        original: returns the value of a setting before we changed it.
    """
    everywhere = original(REVERSE_PATH.format("all")) or "0"
    if everywhere == "0":
        return {}
    wanted = {}
    for name in ("default", *interfaces):
        setting = REVERSE_PATH.format(name)
        own = original(setting)
        if own is not None and int(own) < int(everywhere):
            wanted[setting] = everywhere
    wanted[REVERSE_PATH.format("all")] = "0"
    return wanted
