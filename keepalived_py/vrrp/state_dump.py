"""The text of `keepalived.data`: everything that the VRRP process knows, for people and for programs that parse it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py import script_text
from keepalived_py.config.describe import describe_globals
from keepalived_py.kernel.rtnl import AF_INET, AF_INET6, IFF_LOOPBACK, IFF_UP
from keepalived_py.vrrp import shown
from keepalived_py.vrrp.authentication import PROTOCOL_AH
from keepalived_py.vrrp.parameters import IPV4
from keepalived_py.vrrp.reception import address_text
from keepalived_py.vrrp.state import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from keepalived_py.config.model import Config
    from keepalived_py.config.model.vrrp import SyncGroup
    from keepalived_py.kernel.interfaces import Interface
    from keepalived_py.vrrp.instance_dump import InstanceDump
    from keepalived_py.vrrp.running import RunningInstance
    from keepalived_py.vrrp.sockets import PoolSockets
    from keepalived_py.vrrp.tracker_dump import TrackerDump

_STATIC = (
    ("Static Routes", "static_routes"),
    ("Static Rules", "static_rules"),
)

_GROUP_SCRIPTS = (
    ("Backup", "notify_backup"),
    ("Master", "notify_master"),
    ("Fault", "notify_fault"),
    ("Stop", "notify_stop"),
    ("Generic", "notify"),
)


def static_lines(config: Config) -> Iterator[str]:
    """Return the sections of static entries and of their track groups."""
    if config.static_ipaddress:
        yield "------< Static Addresses >------"
        device = config.global_defs.default_interface
        yield from (f"     {shown.address(one, one.dev or device, held=True)}" for one in config.static_ipaddress)
    for heading, name in _STATIC:
        entries = getattr(config, name)
        if entries:
            yield f"------< {heading} >------"
            yield from (f"     {line}" for line in shown.entries(config, name))
    if config.track_groups:
        yield "------< Static Track groups >------"
    for group in config.track_groups:
        yield f" Track Group = {group.name}"
        yield "   VRRP instances :"
        yield from (f"     {name}" for name in group.group)


def state(
    config: Config,
    instances: Iterable[InstanceDump],
    running: Iterable[RunningInstance],
    groups: Iterable[str],
    trackers: TrackerDump,
    interfaces: Iterable[Interface],
) -> str:
    """Return the whole file.

    Args:
        config: the configuration.
        instances: in configured order.
        running: the same instances.
        groups: the lines of the sync groups.
        trackers: what is tracked.
        interfaces: of this host, by index.
    """
    lines = [*describe_globals(config), *static_lines(config)]
    topology = [line for instance in instances for line in instance.lines()]
    for heading, section in (
        ("VRRP Topology", topology),
        ("VRRP Sockpool", list(socket_lines(running))),
        ("VRRP Sync groups", list(groups)),
    ):
        lines += [f"------< {heading} >------", *section] if section else []
    lines += trackers.lines()
    lines.append("------< Interfaces >------")
    for interface in interfaces:
        lines += interface_lines(interface)
    return "\n".join(lines) + "\n"


def group_lines(config: Config, members: Mapping[str, RunningInstance]) -> Iterator[str]:
    """Return the sync groups."""
    for group in config.vrrp_sync_groups:
        states = [members[name].router.state for name in group.group if name in members]
        state = max(states, default=State.INIT)
        yield f" VRRP Sync Group = {group.name}, {state.name}"
        faults, beginning = states.count(State.FAULT), states.count(State.INIT)
        yield f"   Num member fault {faults}, num member init {beginning}"
        yield "   VRRP member instances :"
        yield from (f"     {name}" for name in group.group)
        if group.sync_group_tracking_weight:
            yield "   sync group tracking weight set"
        yield f"   Using smtp notification = {'yes' if group.smtp_alert else 'no'}"
        if group.notify_priority_changes is not None:
            yield f"   Notify priority changes = {'yes' if group.notify_priority_changes else 'no'}"
        yield from _group_scripts(group)


def _group_scripts(group: SyncGroup) -> Iterator[str]:
    for title, name in _GROUP_SCRIPTS:
        script = getattr(group, name)
        if script is not None:
            yield f"   {title} state transition script = {script_text.script(script)}"


def socket_lines(instances: Iterable[RunningInstance]) -> Iterator[str]:
    """Return the pairs of sockets, each with the instances that share it."""
    shared: dict[PoolSockets, list[RunningInstance]] = {}
    for running in instances:
        if running.sockets is not None:
            shared.setdefault(running.sockets, []).append(running)
    for sockets, users in shared.items():
        key = sockets.key
        yield f" fd_in {sockets.receiver.fileno()} fd_out = {sockets.sender.fileno()}"
        yield f"   Interface = {key.interface_name or '(none)'}"
        yield f"   Family = {'IPv4' if key.family == IPV4 else 'IPv6'}"
        yield f"   Protocol = {'AH' if key.protocol == PROTOCOL_AH else 'VRRP'}"
        yield f"   Type = {'Uni' if key.unicast else 'Multi'}cast"
        if key.unicast:
            yield f"   Address = {address_text(key.local)}"
        yield f"   Rx buf size = {sockets.receive_buffer}"
        yield "   VRRP instances"
        yield from (f"     {running.name} vrid {running.router.parameters.vrid}" for running in users)


def interface_lines(interface: Interface) -> Iterator[str]:
    """Return one interface."""
    addresses = {AF_INET: "IPv4", AF_INET6: "IPv6"}
    yield f" Name = {interface.name}"
    yield f"   index = {interface.index}"
    for family, title in addresses.items():
        found = [address_text(one.address) for one in interface.addresses_of(family)]
        yield f"   {title} address = {', '.join(found) or '(none)'}"
    if interface.mac:
        yield f"   MAC = {interface.mac.hex(':')}"
    words = ["UP" if interface.flags & IFF_UP else "DOWN", "RUNNING" if interface.running else "not RUNNING"]
    words += ["loopback"] if interface.flags & IFF_LOOPBACK else []
    yield f"   State = {', '.join(words)}"
    yield f"   MTU = {interface.mtu}"
