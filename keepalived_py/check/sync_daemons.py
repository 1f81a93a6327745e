"""Which of the kernel's synchronisation daemons shall run: connections of the master are known to its backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.config.model.globals import SyncDaemon as SyncDaemonConfig
from keepalived_py.kernel.ipvs import SYNC_BACKUP, SYNC_MASTER, SyncDaemon
from keepalived_py.messages import InstanceState
from keepalived_py.structure import replace

if TYPE_CHECKING:
    from keepalived_py.config.model import Config

DEFAULT_GROUP = bytes((224, 0, 0, 81))
"""What the kernel takes when no group is named (ip_vs_sync.c: IP_VS_SYNC_GROUP)."""


def configured_daemon(config: Config) -> SyncDaemonConfig | None:
    """Return what `lvs_sync_daemon` says, or the deprecated `lvs_sync_daemon_interface` of the first instance."""
    daemon = config.global_defs.lvs_sync_daemon
    if daemon is not None:
        return daemon
    for instance in config.vrrp_instances:
        if instance.lvs_sync_daemon_interface:
            return SyncDaemonConfig(ifname=instance.lvs_sync_daemon_interface, inst=instance.name)
    return None


def wanted_daemons(config: Config, state: int) -> tuple[SyncDaemon, ...]:
    """Return the daemons that shall run now.

    Args:
        config: the configuration.
        state: InstanceState of the instance that decides; without such an instance both daemons run.
    """
    daemon = configured_daemon(config)
    if daemon is None:
        return ()
    if daemon.inst is None:
        states: tuple[int, ...] = (SYNC_MASTER, SYNC_BACKUP)
    else:
        states = (SYNC_MASTER,) if state == InstanceState.MASTER else (SYNC_BACKUP,)
    identity = _router_id(config, daemon.inst) if daemon.id is None else daemon.id
    return tuple(
        SyncDaemon(
            state=state,
            interface=daemon.ifname,
            identity=identity,
            longest=daemon.maxlen or 0,
            group=daemon.group.packed if daemon.group is not None else DEFAULT_GROUP,
            port=daemon.port,
            ttl=daemon.ttl,
        )
        for state in states
    )


def _router_id(config: Config, name: str | None) -> int:
    """Return the virtual router id of an instance; 0 without one."""
    return next((one.virtual_router_id or 0 for one in config.vrrp_instances if one.name == name), 0)


def is_the_same(wanted: SyncDaemon, running: SyncDaemon) -> bool:
    """Return whether a daemon that runs is the one that is wanted; the kernel fills in a length that was left open."""
    if not wanted.longest:
        return wanted == replace(running, longest=0)
    return wanted == running
