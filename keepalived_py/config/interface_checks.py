"""Whether the interfaces that a configuration names exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.config.fields import Record
from keepalived_py.config.scalars import Interface
from keepalived_py.errors import ConfigTestCode

if TYPE_CHECKING:
    from keepalived_py.config.diagnostics import Diagnostics
    from keepalived_py.config.environment import Environment
    from keepalived_py.config.model import Config

# What instances and track_interface name is checked with them; a VMAC is made, not found.
_ELSEWHERE = frozenset({"track_interface", "use_vmac", "use_ipvlan", "interface"})


def check_interfaces(config: Config, environment: Environment, diagnostics: Diagnostics) -> bool:
    """Report every interface that does not exist; return whether VRRP needs one of them."""
    _check_watched(config, environment, diagnostics)
    if config.global_defs.dynamic_interfaces:
        return False
    missing = False
    for instance in config.vrrp_instances:
        if instance.interface and not environment.interface_exists(instance.interface):
            missing = True
        for record in _inner(instance):
            missing = _check_record(record, instance.name, environment, diagnostics) or missing
    for word in ("static_ipaddress", "static_routes", "static_rules"):
        for line in getattr(config, word):
            for record in (line, *_inner(line)):
                missing = _check_record(record, word, environment, diagnostics) or missing
    for group in config.garp_groups:
        for name in (group.interface, *group.interfaces):
            if name and not environment.interface_exists(name):
                missing = True
                inside = name in group.interfaces
                where = group.location_in("interfaces", name) if inside else group.location("interface")
                diagnostics.error(f"garp_group: interface {name} does not exist", where)
    return missing


def _check_watched(config: Config, environment: Environment, diagnostics: Diagnostics) -> None:
    """Interfaces to watch must exist whatever dynamic_interfaces says."""
    for word, entries in (
        ("linkbeat_interfaces", config.linkbeat_interfaces),
        ("interface_up_down_delays", config.interface_up_down_delays),
    ):
        for entry in entries:
            if not environment.interface_exists(entry.interface):
                message = f"{word}: interface {entry.interface} does not exist"
                diagnostics.error(message, entry.location(), code=ConfigTestCode.BAD_ENVIRONMENT)


def _inner(record: Record) -> list[Record]:
    """Return the records inside a record, at any depth."""
    found: list[Record] = []
    for word in record.keywords_:
        value: Any = getattr(record, word)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Record) and word not in _ELSEWHERE:
                found += [item, *_inner(item)]
    return found


def _check_record(record: Record, label: str, environment: Environment, diagnostics: Diagnostics) -> bool:
    """Report the interfaces one record names that do not exist; return whether there are any."""
    missing = False
    for attribute, keyword in record.keywords_.items():
        name: Any = getattr(record, attribute)
        if isinstance(keyword.kind, Interface) and isinstance(name, str) and not environment.interface_exists(name):
            missing = True
            diagnostics.error(f"({label}) interface {name} does not exist", record.location(keyword.name))
    return missing
