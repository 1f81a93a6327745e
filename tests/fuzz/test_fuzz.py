"""A slice of the fuzzer in every run, and the fuzzer itself: it finds what is wrong and says how to repeat it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.fuzz.campaign import MOST_FAILURES, Campaign
from tests.fuzz.configs import ConfigBlocks
from tests.fuzz.packets import PacketBlocks

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random


def test_damaged_packets_are_accepted_or_refused() -> None:
    outcome = Campaign(PacketBlocks(), seed=2).run(20_000)
    assert outcome.failures == []
    assert outcome.cases == 20_000


def test_damaged_configurations_give_a_configuration_and_diagnostics() -> None:
    outcome = Campaign(ConfigBlocks(), seed=2).run(400)
    assert outcome.failures == []
    assert outcome.cases == 400


@pytest.mark.parametrize(("blocks", "cases"), [(PacketBlocks, 1000), (ConfigBlocks, 40)])
def test_same_seed_gives_the_same_outcomes_and_another_gives_others(
    blocks: type[PacketBlocks | ConfigBlocks], cases: int
) -> None:
    digests = [Campaign(blocks(), seed).run(cases).digest for seed in (3, 3, 4)]
    assert digests[0] == digests[1] != digests[2]


class Numbers:
    """Blocks that fail where they are told to."""

    name = "numbers"
    size = 5
    limit = 0.05

    def __init__(self, at: int, failure: Callable[[], object]) -> None:
        self._at = at
        self._failure = failure
        self._drawn = 0
        self._tried = 0

    def begin(self, random: Random) -> Callable[[], object]:
        def attempt() -> object:
            self._tried += 1
            self._drawn = random.randrange(1000)
            return self._failure() if self._tried == self._at else self._drawn

        return attempt

    def evidence(self) -> str:
        return f"number {self._drawn}"


def raise_error() -> None:
    raise ZeroDivisionError("a bug")


def spin() -> None:
    while True:
        pass


def sleep() -> None:
    time.sleep(60)


@pytest.mark.parametrize(
    ("failure", "trace"), [(raise_error, "ZeroDivisionError: a bug"), (spin, "HangError"), (sleep, "HangError")]
)
def test_finding_is_told_with_its_trace_its_case_and_the_command_that_repeats_it(
    failure: Callable[[], object], trace: str
) -> None:
    outcome = Campaign(Numbers(7, failure), seed=9).run(20)
    (text,) = outcome.failures
    assert text.startswith("case 1 of block 1: ")
    assert trace in text
    assert "\ncase: number " in text
    assert text.endswith("\nrepeat: python -m tests.fuzz numbers --seed 9 --block 1")
    assert outcome.cases == 20 - 3  # the rest of that block is left out


def test_campaign_ends_after_enough_findings() -> None:
    outcome = Campaign(AlwaysWrong(), seed=1).run(1000)
    assert len(outcome.failures) == outcome.cases == MOST_FAILURES


class AlwaysWrong(Numbers):
    """Every block fails."""

    def __init__(self) -> None:
        super().__init__(0, raise_error)

    def begin(self, random: Random) -> Callable[[], object]:
        del random
        return raise_error


def test_growth_of_memory_is_a_finding() -> None:
    kept: list[bytes] = []

    class Leak(Numbers):
        size = 1

        def begin(self, random: Random) -> Callable[[], object]:
            del random
            return lambda: kept.append(b"x" * 2**20)

    outcome = Campaign(Leak(0, raise_error), seed=1).run(80)
    assert len(outcome.failures) == 1
    assert "memory grew by" in outcome.failures[0]
