"""Running cases: a time limit for each, memory watched, failures told so that they can be repeated."""

from __future__ import annotations

import gc
import signal
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType

MOST_FAILURES = 10
REPORT_EVERY = 60
"""Reports of progress in one campaign."""
WARM_UP = 10
"""The tenth part of a campaign after which memory may not grow any more."""
GROWTH_KIB = 32 * 1024
PAGE_KIB = 4


class Blocks(Protocol):
    """What is fuzzed.

    Attributes:
        name: as the command line knows it.
        size: cases in one block.
        limit: seconds of processor time that one case may take; it may take ten times as long in all.
    """

    name: str
    size: int
    limit: float

    def begin(self, random: Random) -> Callable[[], object]:
        """Return a function that makes and tries the next case of a block and returns its outcome.

        What that raises is a finding; `evidence` then tells what the case was.
        """

    def evidence(self) -> str:
        """Describe the case tried last."""


class HangError(Exception):
    """A case took longer than it may."""


@dataclass(slots=True)
class Outcome:
    """What became of a campaign.

    Attributes:
        cases: how many were tried.
        failures: a text for each finding.
        digest: of all outcomes in order: the same seed gives the same digest.
        growth_kib: resident memory at the end less that after the warm-up.
    """

    cases: int = 0
    failures: list[str] = field(default_factory=list)
    digest: str = ""
    growth_kib: int = 0


class Campaign:
    """Blocks of one seed.

    Args:
        blocks: what is fuzzed.
        seed: any integer.
        report: told of progress and of findings.
    """

    def __init__(self, blocks: Blocks, seed: int, report: Callable[[str], object] = lambda _line: None) -> None:
        self._blocks = blocks
        self._seed = seed
        self._report = report

    def run(self, cases: int) -> Outcome:
        """Try this many cases, rounded up to whole blocks."""
        return self.run_blocks(range(-(-cases // self._blocks.size)))

    def run_blocks(self, numbers: range) -> Outcome:
        """Try blocks; memory is compared between the warm-up and the end."""
        outcome, digest = Outcome(), sha256()
        warm, after_warm_up = 0, len(numbers) // WARM_UP
        with _alarms():
            for done, number in enumerate(numbers):
                for result in self._outcomes(number, outcome):
                    digest.update(repr(result).encode("utf-8", "surrogateescape"))
                if done == after_warm_up:
                    warm = resident_kib()
                if done % (len(numbers) // REPORT_EVERY + 1) == 0:
                    self._report(f"{self._blocks.name}: {outcome.cases} cases, {resident_kib() // 1024} MiB")
                if len(outcome.failures) >= MOST_FAILURES:
                    break
        outcome.digest = digest.hexdigest()[:16]
        outcome.growth_kib = resident_kib() - warm if warm else 0
        if outcome.growth_kib > GROWTH_KIB:
            self._fail(outcome, f"memory grew by {outcome.growth_kib} KiB after the warm-up")
        return outcome

    def _outcomes(self, number: int, outcome: Outcome) -> Iterable[object]:
        attempt = self._blocks.begin(Random(f"{self._seed}/{number}"))
        for index in range(self._blocks.size):
            outcome.cases += 1
            _limit(self._blocks.limit)
            try:
                result = attempt()
            except Exception as problem:  # noqa: BLE001 - the finding
                _limit(0)
                trace = "".join(traceback.format_exception(problem)[-8:])
                command = f"python -m tests.fuzz {self._blocks.name} --seed {self._seed} --block {number}"
                self._fail(
                    outcome,
                    f"case {index} of block {number}: {trace}case: {self._blocks.evidence()}\nrepeat: {command}",
                )
                return
            _limit(0)
            yield result

    def _fail(self, outcome: Outcome, text: str) -> None:
        outcome.failures.append(text)
        self._report(f"FAILURE: {text}")


@contextmanager
def _alarms() -> Iterator[None]:
    def ring(_number: int, _frame: FrameType | None) -> None:
        raise HangError

    before = {number: signal.signal(number, ring) for number in (signal.SIGALRM, signal.SIGPROF)}
    try:
        yield
    finally:
        _limit(0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _limit(seconds: float) -> None:
    """Ring after so many seconds of processor time, or ten times as many in all; never after 0."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, seconds * 10)


def resident_kib() -> int:
    """Resident memory of this process, garbage collected."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE_KIB
