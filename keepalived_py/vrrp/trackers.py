"""What watches the world for the instances: scripts, files, processes; it tells `Tracking`, and whom that concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.file_tracker import FileTracker
from keepalived_py.vrrp.process_tracker import ProcessTracker
from keepalived_py.vrrp.script_tracker import ScriptTracker
from keepalived_py.vrrp.source import SourceKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.config.model import Config
    from keepalived_py.observability.log import Log
    from keepalived_py.program import Programs
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.tracking import Names, Tracking


class Trackers:
    """The trackers of one process.

    Args:
        reactor: clock and timers.
        log: of the process.
        programs: runs scripts.
        tracking: is told what was seen; knows what is tracked.
        changed: called with the instances that what was seen concerns.

    Attributes:
        scripts: runs the scripts; keeps their last runs.
        files: reads the files.
        processes: counts the processes.
    """

    def __init__(
        self,
        reactor: Reactor,
        log: Log,
        programs: Programs,
        tracking: Tracking,
        changed: Callable[[Names], object],
    ) -> None:
        self.scripts = ScriptTracker(reactor, log, programs, self._script_finished)
        self.files = FileTracker(reactor, log, self._file_read)
        self.processes = ProcessTracker(reactor, log, self._processes_counted)
        self._tracking = tracking
        self._changed = changed
        tracking.runs_scripts = True

    def start(self, config: Config, *, respawned: bool = False) -> None:
        """Begin to watch what `tracking` says is tracked.

        Args:
            config: the configuration.
            respawned: whether another process was here before: files are not initialised again.
        """
        if not respawned:
            self.files.initialise(config.track_files)
        self.take(config)

    def take(self, config: Config) -> None:
        """Watch what is tracked in a new configuration; `tracking` has taken it already."""
        defaults = config.global_defs
        self.files.take(self._tracked(SourceKind.FILE, config.track_files))
        self.scripts.take(self._tracked(SourceKind.SCRIPT, config.vrrp_scripts))
        self.processes.take(
            self._tracked(SourceKind.PROCESS, config.vrrp_track_processes),
            defaults.process_monitor_rcv_bufs or 0,
            forced=defaults.process_monitor_rcv_bufs_force,
        )

    def stop(self) -> None:
        """Watch nothing any more."""
        self.scripts.stop()
        self.files.stop()
        self.processes.stop()

    def _tracked(self, kind: SourceKind, definitions: tuple[Any, ...]) -> list[Any]:
        names = set(self._tracking.names(kind))
        return [definition for definition in definitions if definition.name in names]

    def _script_finished(self, now: float, name: str, *, success: bool, detail: str) -> bool:
        return self._tell(self._tracking.script_finished(now, name, success=success, detail=detail))

    def _file_read(self, now: float, name: str, number: int) -> None:
        self._tell(self._tracking.file_read(now, name, number))

    def _processes_counted(self, now: float, name: str, count: int) -> None:
        self._tell(self._tracking.processes_counted(now, name, count))

    def _tell(self, names: Names) -> bool:
        if names:
            self._changed(names)
        return bool(names)
