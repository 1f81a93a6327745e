"""The text of `keepalived.json`: field names, order and kinds of numbers are what exporters decode.

A number that is whole is written without a fraction (a decoder for integers refuses `5.0`), `last_transition` with six
decimals; what keepalived writes as 0 or 1 is no boolean here either; an empty list is left out.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from math import inf
from typing import TYPE_CHECKING, Any, Final

from keepalived_py import script_text
from keepalived_py.observability.json_text import quoted
from keepalived_py.vrrp.source import SourceKind
from keepalived_py.vrrp.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.config.model import Config
    from keepalived_py.observability.counters import VrrpCounters
    from keepalived_py.vrrp.instance_dump import InstanceDump
    from keepalived_py.vrrp.running import RunningInstance
    from keepalived_py.vrrp.tracking import Tracking

_SCRIPTS: Final = (
    ("script_backup", "notify_backup"),
    ("script_master", "notify_master"),
    ("script_fault", "notify_fault"),
    ("script_stop", "notify_stop"),
    ("script_deleted", "notify_deleted"),
    ("script", "notify"),
    ("script_master_rx_lower_pri", "notify_master_rx_lower_pri"),
)
_STATISTICS: Final = (
    "advert_rcvd",
    "advert_sent",
    "become_master",
    "release_master",
    "packet_len_err",
    "advert_interval_err",
    "ip_ttl_err",
    "invalid_type_rcvd",
    "addr_list_err",
    "invalid_authtype",
    "authtype_mismatch",
    "auth_failure",
    "auth_ext_missing",
    "auth_ext_malformed",
    "auth_ext_unknown_key",
    "auth_ext_invalid_hmac",
    "auth_ext_stale",
    "auth_ext_replay",
    "pri_zero_rcvd",
    "pri_zero_sent",
)
_AUTHENTICATION_TYPES: Final = {"PASS": 1, "AH": 2}

Fields = dict[str, Any]


def document(instances: Sequence[Fields], processes: Sequence[Fields], version: int) -> str:
    """Return the whole file.

    Args:
        instances: as `instance_fields` returns them.
        processes: as `process_fields` returns them.
        version: of the layout, 1 (a list of instances) or 2 (an object, with the tracked processes).
    """
    if version == 1:
        return written(list(instances)) + "\n"
    content: Fields = {"vrrp": list(instances)}
    if processes:
        content["track_process"] = list(processes)
    return written(content) + "\n"


def written(value: Any) -> str:
    """Return a value as keepalived writes it: no blanks, `/` escaped, Decimal as it is."""
    if isinstance(value, str):
        return _escaped(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ",".join([f"{_name(key)}:{written(each)}" for key, each in value.items()]) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _escaped(text: str) -> str:
    return quoted(text).replace("/", "\\/")


_name = cache(_escaped)
"""Field names, which are the same in every instance."""


def instance_fields(dump: InstanceDump) -> Fields:
    """Return `data` and `stats` of one instance."""
    running = dump.running
    fields = {**_configured(running, dump), **_listed(running, dump)}
    authentication = running.config.authentication
    kind = authentication.auth_type if authentication is not None else None
    fields["auth_type"] = _AUTHENTICATION_TYPES.get(kind or "", 0)
    if kind:
        fields["auth_data"] = "********"
    return {"data": fields, "stats": statistics_fields(running.router.counters)}


def _configured(running: RunningInstance, dump: InstanceDump) -> Fields:
    config, router = running.config, running.router
    instance, transition = router.instance, router.transition
    state = router.state
    wanted = State[config.state] if state is State.INIT else state
    named = {"ifp_ifname": dump.interface_name} if dump.interface_name else {}
    return {
        "iname": config.name,
        "dont_track_primary": int(config.dont_track_primary),
        "skip_check_adv_addr": int(config.skip_check_adv_addr),
        "strict_mode": int(config.strict_mode),
        "vmac_ifname": dump.virtual_interface_name,
        **named,
        "master_priority": instance.master_priority,
        "last_transition": Decimal(dump.moment.seconds(transition.at if transition else inf)),
        "garp_delay": config.garp_master_delay,
        "garp_refresh": int(config.garp_master_refresh),
        "garp_rep": config.garp_master_repeat,
        "garp_refresh_rep": config.garp_master_refresh_repeat,
        "garp_lower_prio_delay": int(config.garp_lower_prio_delay),
        "garp_lower_prio_rep": config.garp_lower_prio_repeat,
        "lower_prio_no_advert": int(config.lower_prio_no_advert),
        "higher_prio_send_advert": int(config.higher_prio_send_advert),
        "vrid": config.virtual_router_id,
        "base_priority": config.priority,
        "effective_priority": instance.priority,
        "vipset": running.holding,
        "promote_secondaries": config.promote_secondaries,
        "adver_int": config.advert_int,
        "master_adver_int": float(instance.master_interval),
        "accept": int(config.accept),
        "nopreempt": config.nopreempt,
        "preempt_delay": int(config.preempt_delay),
        "state": int(state),
        "wantstate": int(wanted),
        "version": config.version,
        "smtp_alert": config.smtp_alert,
        "notify_deleted": config.notify_deleted is not None,
        **_scripts(running),
    }


def _scripts(running: RunningInstance) -> Fields:
    scripts = ((field, getattr(running.config, name)) for field, name in _SCRIPTS)
    return {
        field: script_text.command(script.words) for field, script in scripts if script is not None and script.words
    }


def _listed(running: RunningInstance, dump: InstanceDump) -> Fields:
    config = running.config
    lists: dict[str, list[str]] = {
        "vips": [dump.address(one) for one in config.virtual_ipaddress],
        "evips": [dump.address(one) for one in config.virtual_ipaddress_excluded],
        "vroutes": list(dump.entries("virtual_routes")),
        "vrules": list(dump.entries("virtual_rules")),
        "track_ifp": [one.name for one in config.track_interface],
        "track_script": [dump.script_command(one.name) for one in config.track_script],
        "track_process": [one.name for one in config.track_process],
    }
    return {name: entries for name, entries in lists.items() if entries}


def statistics_fields(counters: VrrpCounters) -> Fields:
    """Return the counters of an instance."""
    return {name: getattr(counters, name) for name in _STATISTICS}


def process_fields(config: Config, tracking: Tracking) -> list[Fields]:
    """Return what version 2 says of the tracked processes that somebody depends on."""
    fields = []
    for one in config.vrrp_track_processes:
        source = tracking.source(SourceKind.PROCESS, one.name)
        if source is None:
            continue
        entry: Fields = {"process": one.name}
        if len(one.process) > 1:
            entry["parameters"] = " ".join(one.process[1:])
        entry["param_match"] = one.param_match or ("exact" if len(one.process) > 1 else "none")
        entry["min_processes"] = one.quorum
        if one.quorum_max is not None:
            entry["max_processes"] = one.quorum_max
        entry |= {
            "current_processes": source.number,
            "have_quorum": bool(source.is_up),
            "weight": -one.weight.weight if one.weight.reverse else one.weight.weight,
            "terminate_delay": one.terminate_delay,
            "fork_delay": one.fork_delay,
            "fork_delay_timer_running": False,
            "terminate_delay_timer_running": False,
            "full_command": one.full_command,
        }
        fields.append(entry)
    return fields
