"""MISC_CHECK: a script, whose exit status says how the server is, and perhaps its weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.check.probe import UP, ProbeResult, failed
from keepalived_py.check.task import Promise, pause

if TYPE_CHECKING:
    from keepalived_py.execution import Command
    from keepalived_py.program import Outcome, Programs

MOST_LOST = 3
"""How often a run is repeated of which nobody knows how it ended."""
RESTART_INTERVAL = 1.1
"""Seconds before that; a little more than `program.RESTART_INTERVAL`."""
FIRST_WEIGHT_STATUS = 2
"""With misc_dynamic the status less this is the weight."""


CONFIGURED = ProbeResult(ok=True, added=0)
"""With misc_dynamic status 0 brings the configured weight back."""


class MiscCheck:
    """Runs a script.

    Args:
        programs: starts it.
        command: what is run, with its user and its timeout.
        dynamic: whether status 2 to 255 is a weight of 0 to 253.
    """

    def __init__(self, programs: Programs, command: Command, *, dynamic: bool = False) -> None:
        self._programs = programs
        self._command = command
        self._dynamic = dynamic

    async def probe(self) -> ProbeResult:
        """Run it once; a run that is given up is ended."""
        outcome = await self._run()
        for _ in range(MOST_LOST):
            if not outcome.lost:
                break
            # Nothing is known of the server: the process that starts programs has died, and is started anew.
            await pause(RESTART_INTERVAL)
            outcome = await self._run()
        return self._judged(outcome)

    async def _run(self) -> Outcome:
        ended = Promise()
        program = self._programs.start(self._command, ended.fulfil)
        try:
            outcome: Outcome = await ended
        finally:
            program.terminate()
        return outcome

    def _judged(self, outcome: Outcome) -> ProbeResult:
        status = outcome.exit_code
        if outcome.succeeded:
            return CONFIGURED if self._dynamic else UP
        if self._dynamic and status is not None and status >= FIRST_WEIGHT_STATUS and not outcome.timed_out:
            return ProbeResult(ok=True, weight=status - FIRST_WEIGHT_STATUS)
        said = f": {outcome.error_line}" if outcome.error_line else ""
        return failed(f"{outcome.describe()}{said}")
