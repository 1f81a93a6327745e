"""A program that is waited for: at the start, when nothing else may happen before it has done its work."""

from __future__ import annotations

import os
import select
import signal
import time
from typing import TYPE_CHECKING

from keepalived_py.execution import execute

if TYPE_CHECKING:
    from keepalived_py.execution import Command, Execution

LONGEST_COMPLAINT = 4096


def run(command: Command, seconds: float) -> str:
    """Run a program to its end; return "" when it succeeded, else why not, in words.

    Args:
        command: what to run.
        seconds: after which it is killed.
    """
    try:
        execution = execute(command)
    except OSError as problem:
        return f"cannot be started: {problem.strerror}"
    give_up_at = time.monotonic() + seconds
    try:
        said = _listen(execution, give_up_at)
        if said is None:
            os.killpg(execution.pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(execution.pid, 0)[1])
    finally:
        os.close(execution.refusal)
        if execution.error >= 0:
            os.close(execution.error)
    if said is None:
        return f"has not ended after {seconds:g} s"
    refusal, complaint = said
    if refusal:
        return f"cannot be run: {refusal}"
    return "" if status == 0 else complaint or f"ended with {status}"


def _listen(execution: Execution, give_up_at: float) -> tuple[str, str] | None:
    """Return what exec and then the program said until it closed its ends; None when the time was over first."""
    heard = {descriptor: b"" for descriptor in (execution.refusal, execution.error) if descriptor >= 0}
    poll = select.poll()
    for descriptor in heard:
        poll.register(descriptor, select.POLLIN)
    open_ends = set(heard)
    while open_ends:
        events = poll.poll(max(0.0, give_up_at - time.monotonic()) * 1000)
        if not events:
            return None
        for descriptor, _ in events:
            octets = os.read(descriptor, LONGEST_COMPLAINT)
            heard[descriptor] = (heard[descriptor] + octets)[:LONGEST_COMPLAINT]
            if not octets:
                poll.unregister(descriptor)
                open_ends.discard(descriptor)
    texts = [octets.decode(errors="replace").strip() for octets in heard.values()]
    return texts[0], texts[1] if len(texts) > 1 else ""
