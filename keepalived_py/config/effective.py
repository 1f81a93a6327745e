"""What an instance or a group will run with: what it says, completed from its own words and the global defaults.

The functions change nothing that was said; contradictions are the business of `checks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keepalived_py.config.model.globals import GlobalDefs

    Values = dict[str, Any]

OWNER: Final = 255
DEFAULT_PRIORITY: Final = 100
HIGHEST_TTL: Final = 255


def settle_instance(values: Values, defaults: GlobalDefs, groups: Sequence[Mapping[str, Any]]) -> Values:
    """Return the values of an instance, complete.

    Args:
        values: attribute to value, for what the block says or inherited where it began.
        defaults: the global definitions at the end of the configuration.
        groups: the values of the sync groups.
    """
    settled = dict(values)
    _settle_protocol(settled, defaults)
    _settle_strictness(settled, defaults)
    _settle_alerts(settled, defaults, groups)
    if any(peer.min_ttl > 0 or peer.max_ttl < HIGHEST_TTL for peer in settled.get("unicast_peer", ())):
        settled["check_unicast_src"] = True
    if settled.get("garp_extra_if") is None:
        settled["garp_extra_if"] = defaults.vrrp_garp_extra_if
    return settled


def _settle_protocol(values: Values, defaults: GlobalDefs) -> None:
    """Family decides the version; state and priority decide each other."""
    if values.get("native_ipv6"):
        values["version"] = 3
    values.setdefault("version", 3 if family(values) == 6 else defaults.vrrp_version)
    values.setdefault("priority", OWNER if values.get("state") == "MASTER" else DEFAULT_PRIORITY)
    values.setdefault("state", "MASTER" if values["priority"] == OWNER else "BACKUP")


def family(values: Mapping[str, Any]) -> int:
    """Return 4 or 6, the family of an instance: that of its addresses, else of its source, else of its peers.

    Args:
        values: what is known of `native_ipv6`, `virtual_ipaddress`, `unicast_src_ip`, `mcast_src_ip`, `unicast_peer`.
    """
    if values.get("native_ipv6"):
        return 6
    for line in values.get("virtual_ipaddress", ())[:1]:
        return int(line.address.version)
    for name in ("unicast_src_ip", "mcast_src_ip"):
        if values.get(name) is not None:
            return int(values[name].version)
    return next((int(peer.address.version) for peer in values.get("unicast_peer", ())), 4)


def _settle_strictness(values: Values, defaults: GlobalDefs) -> None:
    """Strict mode has defaults of its own."""
    strict = values.setdefault("strict_mode", defaults.vrrp_strict)
    owner = values["priority"] == OWNER
    delay, repeat = defaults.vrrp_garp_lower_prio_delay, defaults.vrrp_garp_lower_prio_repeat
    delay = defaults.vrrp_garp_master_delay if delay is None else delay
    repeat = defaults.vrrp_garp_master_repeat if repeat is None else repeat
    values.setdefault("accept", owner or not strict)
    values.setdefault("garp_lower_prio_delay", 0.0 if strict else delay)
    values.setdefault("garp_lower_prio_repeat", 0 if strict else repeat)
    values.setdefault("lower_prio_no_advert", strict or defaults.vrrp_lower_prio_no_advert)
    values.setdefault("higher_prio_send_advert", not strict and defaults.vrrp_higher_prio_send_advert)
    values.setdefault("owner_ignore_adverts", owner and (strict or defaults.vrrp_owner_ignore_adverts))


def _settle_alerts(values: Values, defaults: GlobalDefs, groups: Sequence[Mapping[str, Any]]) -> None:
    values.setdefault("smtp_alert", mail_default(defaults))
    told = (group.get("notify_priority_changes") for group in groups if values["name"] in group.get("group", ()))
    chosen = next((value for value in told if value is not None), defaults.vrrp_notify_priority_changes)
    values.setdefault("notify_priority_changes", chosen)


def mail_default(defaults: GlobalDefs) -> bool:
    """Return whether mails about VRRP are sent by default."""
    if defaults.smtp_alert_vrrp is not None:
        return defaults.smtp_alert_vrrp
    return bool(defaults.smtp_alert)


def settle_group(values: Values, defaults: GlobalDefs) -> Values:
    """Return the values of a sync group, complete."""
    return {"smtp_alert": mail_default(defaults), **values}
