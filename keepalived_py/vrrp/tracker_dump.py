"""What is tracked, in `keepalived.data`: scripts, files, processes, BFD sessions, and who depends on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py import script_text
from keepalived_py.vrrp.source import SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keepalived_py.config.model import Config
    from keepalived_py.config.model.tracking import TrackFile, TrackProcess, VrrpScript
    from keepalived_py.vrrp.moment import Moment
    from keepalived_py.vrrp.script_tracker import WatchedScript
    from keepalived_py.vrrp.tracking import Tracking


class TrackerDump:
    """All trackers at one moment.

    Args:
        config: the configuration.
        tracking: what was found out.
        scripts: what the scripts do and did, by name.
        moment: now.
    """

    def __init__(
        self, config: Config, tracking: Tracking, scripts: Mapping[str, WatchedScript], moment: Moment
    ) -> None:
        self._config = config
        self._tracking = tracking
        self._scripts = scripts
        self._moment = moment

    def lines(self) -> Iterator[str]:
        """Return a section for each kind of tracker that is configured and in use."""
        sections = (
            (SourceKind.SCRIPT, "VRRP Scripts", self._config.vrrp_scripts, self._script),
            (SourceKind.FILE, "VRRP Track files", self._config.track_files, self._file),
            (SourceKind.PROCESS, "VRRP Track processes", self._config.vrrp_track_processes, self._process),
            (SourceKind.BFD, "VRRP Track BFDs", self._config.bfd_instances, self._session),
        )
        for kind, heading, definitions, describe in sections:
            used: list[Any] = [one for one in definitions if self._tracking.users(kind, one.name)]
            if used:
                yield f"------< {heading} >------"
            for one in used:
                yield from describe(one)

    def _script(self, script: VrrpScript) -> Iterator[str]:
        source = self._tracking.source(SourceKind.SCRIPT, script.name)
        counter = source.counter if source is not None else None
        told = script.script
        user, group = (script.user.user, script.user.group) if script.user else (None, None)
        yield f" VRRP Script = {script.name}"
        yield f"   Command = {script_text.command(told.words) if told else ''}"
        yield f"   Interval = {_seconds(script.interval)} sec"
        yield f"   Timeout = {_seconds(script.timeout or script.interval)} sec"
        yield f"   Weight = {_weight(script.weight)}"
        yield f"   Rise = {script.rise}"
        yield f"   Fall = {script.fall}"
        yield f"   Result = {counter.result if counter else 0}"
        yield "   Insecure = no"
        waits = counter is not None and counter.is_up is None
        yield f"   Init state = {'INIT' if waits else 'unknown'}"
        yield f"   Status = {'GOOD' if counter and counter.is_up else 'BAD'}"
        yield f"   Script uid:gid = {script_text.owner(user, group)}"
        yield "   VRRP instances :"
        yield from self._users(SourceKind.SCRIPT, script.name)
        watched = self._scripts.get(script.name)
        yield f"   State = {watched.state if watched else 'idle'}"
        if watched is not None and watched.runs:
            yield "   Last runs :"
        for run in watched.runs if watched is not None else ():
            said = f", {run.error_line}" if run.error_line else ""
            yield f"     {self._moment.text(run.started_at)}: {run.detail}, {run.duration:.3f} s{said}"

    def _file(self, file: TrackFile) -> Iterator[str]:
        source = self._tracking.source(SourceKind.FILE, file.name)
        yield f" Track file = {file.name}"
        yield f"   File = {file.file or ''}"
        yield f"   Status = {source.number if source else 0}"
        yield f"   Weight = {_weight(file.weight)}"
        yield from self._users(SourceKind.FILE, file.name)

    def _process(self, process: TrackProcess) -> Iterator[str]:
        source = self._tracking.source(SourceKind.PROCESS, process.name)
        yield f" VRRP Track process = {process.name}"
        yield f"   Process = {process.process[0] if process.process else ''}"
        if len(process.process) > 1:
            yield f"   Parameters = {' '.join(process.process[1:])}"
            yield f"   Param match{f' = {process.param_match}' if process.param_match not in {None, 'exact'} else ''}"
        yield f"   Min processes = {process.quorum}"
        if process.quorum_max is not None:
            yield f"   Max processes = {process.quorum_max}"
        yield f"   Current processes = {source.number if source else 0}"
        yield f"   Have quorum = {'true' if source and source.is_up else 'false'}"
        yield f"   Weight = {_weight(process.weight)}"
        yield f"   Terminate delay = {process.terminate_delay:f}s"
        yield f"   Fork delay = {process.fork_delay:f}s"
        yield f"   Full command = {'true' if process.full_command else 'false'}"
        yield from self._users(SourceKind.PROCESS, process.name)

    def _session(self, session: Any) -> Iterator[str]:
        source = self._tracking.source(SourceKind.BFD, session.name)
        yield f" VRRP Track BFD = {session.name}"
        yield f"   Weight = {_weight(session.weight)}"
        yield f"   Bfd is {'up' if source and source.is_up else 'down'}"
        yield from self._users(SourceKind.BFD, session.name)

    def _users(self, kind: SourceKind, name: str) -> Iterator[str]:
        yield "   Tracking instances :"
        for instance in self._tracking.users(kind, name):
            for rung in self._tracking.ladder(instance):
                if (rung.kind, rung.name) == (kind, name):
                    yield f"     {instance}, weight {rung.weight}{' reverse' if rung.reverse else ''}"


def _seconds(value: float) -> str:
    """Return seconds, with three decimals when they are not whole."""
    return f"{value:.0f}" if value == int(value) else f"{value:.3f}"


def _weight(weight: Any) -> str:
    return f"{weight.weight}{' reverse' if weight.reverse else ''}"
