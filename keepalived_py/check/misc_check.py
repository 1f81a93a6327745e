"""MISC_CHECK: a script, whose exit status says how the server is, and perhaps its weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.check.probe import UP, ProbeResult, failed
from keepalived_py.check.task import Promise

if TYPE_CHECKING:
    from keepalived_py.execution import Command
    from keepalived_py.program import Outcome, Programs

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
        ended = Promise()
        program = self._programs.start(self._command, ended.fulfil)
        try:
            outcome: Outcome = await ended
        finally:
            program.terminate()
        return self._judged(outcome)

    def _judged(self, outcome: Outcome) -> ProbeResult:
        status = outcome.exit_code
        if outcome.succeeded:
            return CONFIGURED if self._dynamic else UP
        if self._dynamic and status is not None and status >= FIRST_WEIGHT_STATUS and not outcome.timed_out:
            return ProbeResult(ok=True, weight=status - FIRST_WEIGHT_STATUS)
        said = f": {outcome.error_line}" if outcome.error_line else ""
        return failed(f"{outcome.describe()}{said}")
