"""What instances say against each other: sync groups, and two instances with one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.config.correction import Correction
from keepalived_py.config.diagnostics import did_you_mean
from keepalived_py.config.instance_checks import OWNER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keepalived_py.config.diagnostics import Diagnostics
    from keepalived_py.config.model import Config
    from keepalived_py.config.model.globals import GlobalDefs
    from keepalived_py.config.model.vrrp import SyncGroup, VrrpInstance

TRACKERS = ("track_interface", "track_script", "track_file", "track_process", "track_bfd")


def check_groups(
    groups: Iterable[SyncGroup], instances: Iterable[VrrpInstance], diagnostics: Diagnostics
) -> tuple[SyncGroup, ...]:
    """Return the sync groups with the members that exist and are in no other group."""
    by_name = {instance.name: instance for instance in instances}
    taken: dict[str, str] = {}
    kept: list[SyncGroup] = []
    for group in groups:
        check = Correction(group, group.name, diagnostics)
        if not group.group:
            check.drop("the sync group has no members: removed", "group")
            continue
        members = [name for name in group.group if _is_member(check, name, by_name, taken)]
        if not members:
            check.drop("no member of the sync group exists: removed", "group")
            continue
        taken.update(dict.fromkeys(members, group.name))
        check.record = group.changed(group=tuple(members))
        _check_members(check, [by_name[name] for name in members])
        kept.append(check.record)
    return tuple(kept)


def _is_member(check: Correction[Any], name: str, instances: dict[str, Any], taken: dict[str, str]) -> bool:
    if name not in instances:
        hint = did_you_mean(name, instances)
        message = f"vrrp_instance {name} does not exist: ignored{f' ({hint})' if hint else ''}"
        check.error(message, at=check.record.location_in("group", name))
        return False
    if name in taken:
        check.error(
            f"vrrp_instance {name} is in sync group {taken[name]} already: ignored",
            at=check.record.location_in("group", name),
        )
        return False
    return True


def _check_members(check: Correction[Any], members: list[VrrpInstance]) -> None:
    if len(members) == 1:
        check.error("the sync group has only one member", "group")
    if len({member.priority == OWNER for member in members}) > 1:
        check.error(f"some members have priority {OWNER} and some have not: they can never agree", "group")
    if any(member.priority == OWNER for member in members):
        _check_owned(check)
    for word in TRACKERS:
        names = {entry.name for entry in getattr(check.record, word)}
        for member in members:
            for entry in getattr(member, word):
                if entry.name in names:
                    message = f"{word} {entry.name} is tracked by the group and by its member {member.name}"
                    check.error(message, at=entry.location())


def _check_owned(check: Correction[Any]) -> None:
    """Report weights in a group with an address owner, whose priority cannot change: there is only FAULT."""
    for word in TRACKERS:
        for entry in getattr(check.record, word):
            if entry.weight:
                message = f"{word} {entry.name}: the weight is 0 since a member has priority {OWNER}"
                check.error(message, at=entry.location())


def check_conflicts(
    instances: Iterable[VrrpInstance], defaults: GlobalDefs, diagnostics: Diagnostics
) -> tuple[VrrpInstance, ...]:
    """Return the instances without those whose virtual_router_id another one on the same link has."""
    kept: list[VrrpInstance] = []
    links: dict[tuple[Any, ...], list[VrrpInstance]] = {}
    for instance in instances:
        space = (instance.family, instance.virtual_router_id, bool(instance.unicast_peer))
        rivals = links.setdefault(space, [])
        rival = next((other for other in rivals if _collide(instance, other, defaults)), None)
        if rival is None:
            rivals.append(instance)
            kept.append(instance)
            continue
        check = Correction(instance, instance.name, diagnostics)
        link = f"IPv{instance.family} on {instance.interface or instance.unicast_src_ip}"
        message = f"virtual_router_id {instance.virtual_router_id} is used by {rival.name} too for {link}: ignored"
        check.drop(message, "virtual_router_id")
    _check_shared_addresses(kept, diagnostics)
    return tuple(kept)


def _collide(one: VrrpInstance, other: VrrpInstance, defaults: GlobalDefs) -> bool:
    """Return whether two instances of one family and number, both unicast or both not, hear each other."""
    if one.unicast_peer:
        if one.interface and other.interface and one.interface != other.interface:
            return False
        same_source = one.unicast_src_ip == other.unicast_src_ip
        peers = {peer.address for peer in one.unicast_peer} & {peer.address for peer in other.unicast_peer}
        return same_source and bool(peers)
    default = defaults.vrrp_mcast_group4 if one.family == 4 else defaults.vrrp_mcast_group6
    return one.interface == other.interface and (one.mcast_dst_ip or default) == (other.mcast_dst_ip or default)


def check_track_groups(config: Config, diagnostics: Diagnostics) -> Config:
    """Check what static addresses, routes and rules say of track groups."""
    names = {group.name for group in config.track_groups}
    changed: dict[str, Any] = {}
    for word in ("static_ipaddress", "static_routes", "static_rules"):
        lines = getattr(config, word)
        for line in lines:
            if line.track_group is not None and line.track_group not in names:
                hint = did_you_mean(line.track_group, names)
                message = (
                    f"({word}) track_group {line.track_group} does not exist: ignored{f' ({hint})' if hint else ''}"
                )
                diagnostics.error(message, line.location("track_group"))
                changed[word] = [*changed.get(word, ()), line]
    kept = {
        word: tuple(line.changed(track_group=None) if line in wrong else line for line in getattr(config, word))
        for word, wrong in changed.items()
    }
    return config.changed(**kept) if kept else config


def check_mentions(config: Config, diagnostics: Diagnostics) -> Config:
    """Check what names instances from outside: track groups and the synchronisation daemon."""
    names = {instance.name for instance in config.vrrp_instances}
    groups = []
    for group in config.track_groups:
        check = Correction(group, group.name, diagnostics)
        for name in group.group:
            if name not in names:
                check.error(f"vrrp_instance {name} does not exist: ignored", at=group.location_in("group", name))
        members = tuple(name for name in group.group if name in names)
        if not members:
            check.drop("the track group has no members: removed", "group")
        else:
            groups.append(group.changed(group=members))
    daemon = config.global_defs.lvs_sync_daemon
    defaults = config.global_defs
    if daemon is not None and daemon.inst is not None and daemon.inst not in names:
        diagnostics.error(f"lvs_sync_daemon: vrrp_instance {daemon.inst} does not exist: ignored", daemon.location())
        defaults = defaults.changed(lvs_sync_daemon=None)
    return config.changed(track_groups=tuple(groups), global_defs=defaults)


def _check_shared_addresses(instances: Iterable[VrrpInstance], diagnostics: Diagnostics) -> None:
    """Advise when two instances bring the same address to the same interface: both would add and remove it."""
    owners: dict[tuple[Any, ...], VrrpInstance] = {}
    for instance in instances:
        for entry in (*instance.virtual_ipaddress, *instance.virtual_ipaddress_excluded):
            owner = owners.setdefault((entry.address, entry.dev or instance.interface), instance)
            if owner is not instance:
                check = Correction(instance, instance.name, diagnostics)
                check.warning(f"{entry.address} is an address of {owner.name} too", at=entry.location())
