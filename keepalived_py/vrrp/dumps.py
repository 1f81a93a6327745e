"""What the VRRP process writes when it is asked by signal: state, statistics, JSON."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from keepalived_py.observability import dump_file
from keepalived_py.observability.dump_names import names_of
from keepalived_py.observability.dump_writer import DumpWriter
from keepalived_py.vrrp.moment import Moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.child import Child
    from keepalived_py.config.model import Config
    from keepalived_py.kernel.interfaces import InterfaceTable
    from keepalived_py.observability.dump_names import DumpNames
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.instance_dump import InstanceDump
    from keepalived_py.vrrp.roster import Roster
    from keepalived_py.vrrp.script_tracker import ScriptTracker

JSON = (signal.SIGRTMIN + 2, signal.SIGRTMIN + 3)
"""36 with glibc; 37 is what tools made for musl send."""
STATISTICS_CLEARED = signal.SIGRTMAX - 1


class Dumps:
    """Answers requests for dumps.

    Args:
        child: what the supervisor handed over.
        reactor: waits for the processes that write.
        roster: the instances.
        table: the interfaces of this host.
        scripts: what watches the scripts.
    """

    def __init__(
        self, child: Child, reactor: Reactor, roster: Roster, table: InterfaceTable, scripts: ScriptTracker
    ) -> None:
        self._child = child
        self._log = child.log
        self._reactor = reactor
        self._roster = roster
        self._table = table
        self._scripts = scripts
        self._writer = DumpWriter(reactor.watch_child, child.log)

    @property
    def requests(self) -> dict[int, Callable[[], None]]:
        """What to do on each signal."""
        return {
            int(signal.SIGUSR1): self._write_state,
            int(signal.SIGUSR2): self._write_statistics,
            STATISTICS_CLEARED: self._write_statistics_and_clear,
            **dict.fromkeys(JSON, self._write_json),
        }

    def _write_state(self) -> None:
        self._log.info("Printing VRRP data for process on signal")
        self._writer.write(self._names.state(), self._state)

    def _write_statistics(self) -> None:
        self._log.info("Printing VRRP stats for process on signal")
        self._writer.write(self._names.statistics, self._statistics)

    def _write_statistics_and_clear(self) -> None:
        self._write_statistics()
        for running in self._roster.instances.values():
            running.router.counters.clear()

    def _write_json(self) -> None:
        if self._roster.instances:
            self._log.info("Printing VRRP as json for process on signal")
            self._writer.write(self._names.json, self._json)

    @property
    def _config(self) -> Config:
        return self._roster.config

    @property
    def _names(self) -> DumpNames:
        namespace = self._child.options.namespace or self._config.net_namespace
        return names_of(self._config, namespace, dump_file.directory())

    # In the writing process

    def _state(self) -> str:
        from keepalived_py.vrrp.state_dump import group_lines, state  # noqa: PLC0415 - only dumps need it
        from keepalived_py.vrrp.tracker_dump import TrackerDump  # noqa: PLC0415

        instances = self._roster.instances.values()
        groups = group_lines(self._config, self._roster.instances)
        trackers = TrackerDump(self._config, self._roster.tracking, self._scripts.scripts, self._moment())
        return state(self._config, self._dumped(), instances, groups, trackers, self._table)

    def _moment(self) -> Moment:
        return Moment(self._reactor.time(), time.time())

    def _statistics(self) -> str:
        from keepalived_py.vrrp.statistics_dump import statistics  # noqa: PLC0415 - only dumps need it

        return statistics(self._roster.instances.values())

    def _json(self) -> str:
        from keepalived_py.vrrp import json_dump  # noqa: PLC0415 - only dumps need it

        config = self._config
        instances = [json_dump.instance_fields(dump) for dump in self._dumped()]
        processes = json_dump.process_fields(config, self._roster.tracking)
        return json_dump.document(instances, processes, config.global_defs.json_version)

    def _dumped(self) -> list[InstanceDump]:
        from keepalived_py.vrrp.instance_dump import InstanceDump, Surroundings  # noqa: PLC0415 - only dumps need it

        moment = self._moment()
        groups = {name: group.name for group in self._config.vrrp_sync_groups for name in group.group}
        tracking = self._roster.tracking
        return [
            InstanceDump(
                running,
                moment,
                Surroundings(self._roster.interface(running), tracking, groups.get(running.name, "")),
            )
            for running in self._roster.instances.values()
        ]
