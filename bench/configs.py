"""The configurations of the bench."""

from __future__ import annotations

OWN_PRIORITY = 100
"""Of the daemon as BACKUP; the scripted master has 200."""


def instances(
    count: int, interval: float, priority: int = OWN_PRIORITY, *, extra: int = 0, lines: tuple[str, ...] = ()
) -> str:
    """Return `count` version 3 instances with one address each.

    Args:
        count: VRIDs 1 to `count`, whose addresses are 10.1.0.VRID.
        interval: seconds between adverts.
        priority: of all of them.
        extra: further addresses of each as virtual_ipaddress_excluded.
        lines: further lines of each.
    """
    return "\n".join(_instance(vrid, interval, priority, extra, lines) for vrid in range(1, count + 1))


def _instance(vrid: int, interval: float, priority: int, extra: int, lines: tuple[str, ...]) -> str:
    own = [f"vrrp_instance VI_{vrid} {{", "state BACKUP", "interface eth0", f"virtual_router_id {vrid}"]
    own += [f"priority {priority}", "version 3", f"advert_int {interval:g}", *lines]
    own += ["virtual_ipaddress {", f"10.1.0.{vrid}/32", "}"]
    if extra:
        own.append("virtual_ipaddress_excluded {")
        own += [f"10.2.{number // 250}.{number % 250 + 1}/32" for number in range(extra)]
        own.append("}")
    return "\n".join([*own, "}"]) + "\n"
