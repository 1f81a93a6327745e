"""One run of a vrrp_script, as it is kept for people."""

from __future__ import annotations

from typing import NamedTuple

RUNS_KEPT = 10
"""Runs of each script that are remembered."""


class ScriptRun(NamedTuple):
    """A run that has ended, or was given up.

    Attributes:
        started_at: monotonic seconds.
        duration: seconds.
        success: whether it counts as a success.
        exit_code: None when a signal ended it or it could not be run.
        detail: how it ended: `exited with status 1`, `timed out after 2.0 s`, `could not be run: ...`.
        error_line: the last line that it wrote on standard error.
    """

    started_at: float
    duration: float
    success: bool
    exit_code: int | None
    detail: str
    error_line: str
