"""Runs the vrrp_scripts at their intervals and tells what came of it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from keepalived_py.notify import vocabulary
from keepalived_py.observability.budget import LineBudget
from keepalived_py.script_command import command_of
from keepalived_py.vrrp.script_run import RUNS_KEPT, ScriptRun

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keepalived_py.config.model.tracking import VrrpScript
    from keepalived_py.observability.log import Log
    from keepalived_py.program import Outcome, Program, Programs
    from keepalived_py.reactor import Reactor, Timer

LINES_AT_ONCE = 5
LINES_INTERVAL = 10.0
"""Log lines about one script: five at once, then one in ten seconds. New verdicts are not among them."""


class Finished(Protocol):
    """Is told of each result."""

    def __call__(self, now: float, name: str, *, success: bool, detail: str) -> bool:
        """Take a result; return whether it changed the verdict on the script."""


class WatchedScript:
    """One script: when it runs next, the run that is on, the runs that were.

    Attributes:
        definition: its block in the configuration.
        due_at: when the next run starts.
        timer: for that.
        program: the run that has not ended, overdue or not.
        runs: the last ones, oldest first.
        skipped: runs that did not take place because the one before had not ended.
        last_status: exit code of the last run that had one.
        budget: of lines about what runs have said.
        skips_budget: of lines about runs that were skipped; hundreds of them must not silence the others.
    """

    def __init__(self, definition: VrrpScript, now: float) -> None:
        self.definition = definition
        self.due_at = now
        self.timer: Timer | None = None
        self.program: Program | None = None
        self.started_at = now
        self.overdue = False
        self.runs: deque[ScriptRun] = deque(maxlen=RUNS_KEPT)
        self.skipped = 0
        self.last_status = 0
        self.last_problem = ""
        self.budget = LineBudget(LINES_AT_ONCE, LINES_INTERVAL)
        self.skips_budget = LineBudget(LINES_AT_ONCE, LINES_INTERVAL)

    @property
    def name(self) -> str:
        """Its name."""
        return self.definition.name

    @property
    def state(self) -> str:
        """What it does now, in keepalived's words."""
        if self.program is None:
            return "idle"
        return "requested termination" if self.overdue else "running"

    def advance(self, now: float) -> None:
        """Set the time of the next run: on the grid of the interval, however late this one is."""
        interval = self.definition.interval
        self.due_at += interval
        if self.due_at <= now:
            self.due_at += interval * ((now - self.due_at) // interval + 1)


class ScriptTracker:
    """All scripts that are tracked.

    Args:
        reactor: clock and timers.
        log: of the process.
        programs: runs them.
        finished: is told of each result.

    Attributes:
        scripts: by name.
    """

    def __init__(self, reactor: Reactor, log: Log, programs: Programs, finished: Finished) -> None:
        self.scripts: dict[str, WatchedScript] = {}
        self._reactor = reactor
        self._log = log
        self._programs = programs
        self._finished = finished

    def take(self, definitions: Iterable[VrrpScript]) -> None:
        """Run these scripts, those that somebody tracks, from now on, and no others.

        One whose command line and user are the same goes on as it was, results and all.
        """
        now = self._reactor.time()
        earlier, self.scripts = self.scripts, {}
        for definition in definitions:
            script = earlier.get(definition.name)
            if script is not None and script.definition.script == definition.script:
                del earlier[definition.name]
                script.definition = definition
                script.due_at = min(script.due_at, now + definition.interval)
            else:
                script = WatchedScript(definition, now)
            self.scripts[definition.name] = script
        for script in earlier.values():
            self._forget(script)
        if self.scripts:
            self._programs.prepare()
        for script in self.scripts.values():
            self._arm(script)

    def stop(self) -> None:
        """Run nothing any more; what runs is ended."""
        self.take(())

    @staticmethod
    def _forget(script: WatchedScript) -> None:
        if script.timer is not None:
            script.timer.cancel()
        if script.program is not None:
            script.program.terminate()

    def _arm(self, script: WatchedScript) -> None:
        if script.timer is None:
            script.timer = self._reactor.timer(self._run, script)
        script.timer.move(script.due_at)

    def _run(self, script: WatchedScript) -> None:
        now = self._reactor.time()
        script.advance(now)
        self._arm(script)
        if script.program is not None:
            script.skipped += 1
            if script.skips_budget.allows(now):
                self._log.info(vocabulary.script_skipped(script.name, overdue=script.overdue))
            return
        definition = script.definition
        assert definition.script is not None
        timeout = definition.timeout or definition.interval
        script.started_at, script.overdue = now, False
        script.program = self._programs.start(
            command_of(definition.script, timeout=timeout),
            lambda outcome: self._ended(script, outcome),
            lambda: self._overran(script),
        )

    def _overran(self, script: WatchedScript) -> None:
        """Its time is over: that is a failure now, whenever it ends and however."""
        if self.scripts.get(script.name) is not script:
            return
        now = self._reactor.time()
        script.overdue = True
        self._conclude(script, now, success=False, detail="timed_out", reason="")

    def _ended(self, script: WatchedScript, outcome: Outcome) -> None:
        if self.scripts.get(script.name) is not script:  # a reload replaced it meanwhile
            return
        now = self._reactor.time()
        script.program = None
        run = ScriptRun(
            script.started_at,
            outcome.duration,
            outcome.succeeded,
            outcome.exit_code,
            outcome.describe(),
            outcome.error_line,
        )
        script.runs.append(run)
        if outcome.lost or script.overdue:  # no result, or one that was told
            return
        self._report_status(script, now, outcome)
        self._conclude(script, now, success=outcome.succeeded, detail="", reason=outcome.describe())

    def _report_status(self, script: WatchedScript, now: float, outcome: Outcome) -> None:
        if outcome.problem != script.last_problem:
            script.last_problem = outcome.problem
            if outcome.problem:
                self._say(script, now, vocabulary.script_not_run(script.name, outcome.problem))
        if outcome.exit_code is not None and outcome.exit_code != script.last_status:
            script.last_status = outcome.exit_code
            self._say(script, now, vocabulary.script_returning(script.name, outcome.exit_code))
            if outcome.exit_code and outcome.error_line:
                self._say(script, now, vocabulary.script_said(script.name, outcome.error_line))

    def _conclude(self, script: WatchedScript, now: float, *, success: bool, detail: str, reason: str) -> None:
        said = detail or ("succeeded" if success else f"failed ({reason})")
        if self._finished(now, script.name, success=success, detail=detail or reason):
            self._log.info(vocabulary.script_verdict(script.name, said))

    def _say(self, script: WatchedScript, now: float, text: str) -> None:
        if script.budget.allows(now):
            self._log.info(text)
