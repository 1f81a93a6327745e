"""What is told to IPVS as a whole: leftovers flushed, timeouts, synchronisation daemons that follow an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.check.sync_daemons import configured_daemon, is_the_same, wanted_daemons
from keepalived_py.kernel.ipvs import SYNC_BACKUP, SYNC_MASTER, SyncDaemon, Timeouts
from keepalived_py.messages import InstanceState

if TYPE_CHECKING:
    from keepalived_py.check.ipvs_sync import IpvsSync
    from keepalived_py.config.model import Config
    from keepalived_py.messages import Message
    from keepalived_py.observability.log import Log

_ROLES = {SYNC_MASTER: "master", SYNC_BACKUP: "backup"}
ALL = "ALL"
"""lvs_flush_on_stop without a word."""


class Director:
    """Keeps IPVS as a whole as the configuration wants it.

    Args:
        kernel: the way to IPVS.
        log: of the process.
    """

    def __init__(self, kernel: IpvsSync, log: Log) -> None:
        self._kernel = kernel
        self._log = log
        self._config: Config | None = None
        self._before: Timeouts | None = None
        self._daemons: dict[int, SyncDaemon] = {}
        self._states: dict[str, int] = {}

    @staticmethod
    def is_needed(config: Config) -> bool:
        """Return whether there is anything to do in IPVS at all."""
        return bool(config.virtual_servers) or configured_daemon(config) is not None

    def start(self, config: Config, *, adopt: bool) -> None:
        """Begin.

        Args:
            config: the configuration.
            adopt: an earlier process crashed: what it put into the kernel stays.
        """
        if self._kernel.is_available:
            if config.global_defs.lvs_flush and not adopt:
                self._kernel.flush()
            self._find_daemons(config, adopt=adopt)
        self.reload(config, waits=adopt)

    def reload(self, config: Config, *, waits: bool = False) -> None:
        """Take another configuration.

        Args:
            config: the configuration.
            waits: leave daemons that follow an instance alone until its state is known.
        """
        self._config = config
        self._set_timeouts(config)
        daemon = configured_daemon(config)
        if not (waits and daemon is not None and daemon.inst is not None and daemon.inst not in self._states):
            self._set_daemons()

    def stop(self, *, keep: bool) -> None:
        """End; called before the virtual servers end.

        Args:
            keep: services and destinations stay in the kernel.
        """
        if self._config is not None and self._config.global_defs.lvs_flush_on_stop == ALL and not keep:
            self._kernel.flush()
        for state in tuple(self._daemons):
            self._stop_daemon(state)
        self._restore_timeouts()

    def instance_changed(self, message: Message) -> None:
        """A VRRP instance is in another state, or told again which one it is in."""
        self._states[message.name] = message.state
        daemon = configured_daemon(self._config) if self._config is not None else None
        if daemon is not None and daemon.inst == message.name:
            self._set_daemons()

    # Timeouts

    def _set_timeouts(self, config: Config) -> None:
        wanted = config.global_defs.lvs_timeouts
        if wanted is None:
            self._restore_timeouts()
            return
        if self._before is None:
            self._before = self._kernel.timeouts()
        before = self._before or Timeouts()
        self._kernel.set_timeouts(
            Timeouts(wanted.tcp or before.tcp, wanted.tcpfin or before.tcp_fin, wanted.udp or before.udp)
        )

    def _restore_timeouts(self) -> None:
        """Set the timeouts to what they were before us."""
        if self._before is not None:
            self._kernel.set_timeouts(self._before)
            self._before = None

    # Synchronisation daemons

    def _find_daemons(self, config: Config, *, adopt: bool) -> None:
        """End daemons that an earlier run left behind, or take them for ours."""
        if configured_daemon(config) is None:
            return
        self._daemons = {daemon.state: daemon for daemon in self._kernel.daemons()}
        if not adopt:
            for state in tuple(self._daemons):
                self._stop_daemon(state)

    def _set_daemons(self) -> None:
        assert self._config is not None
        daemon = configured_daemon(self._config)
        followed = daemon.inst if daemon is not None else None
        state = self._states.get(followed or "", InstanceState.BACKUP)
        wanted = {one.state: one for one in wanted_daemons(self._config, state)}
        for role, running in tuple(self._daemons.items()):
            if role not in wanted or not is_the_same(wanted[role], running):
                self._stop_daemon(role)
        for role, one in wanted.items():
            if role not in self._daemons and self._kernel.start_daemon(one):
                self._daemons[role] = one
                why = f", {followed} is {InstanceState(state).name}" if followed is not None else ""
                self._log.info(f"IPVS sync daemon: {_ROLES[role]} on {one.interface}, id {one.identity}{why}")

    def _stop_daemon(self, state: int) -> None:
        self._kernel.stop_daemon(state)
        del self._daemons[state]
