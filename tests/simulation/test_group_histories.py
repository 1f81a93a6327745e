"""Seeded histories of sync groups and trackers: every invariant of `groups.judge.Invariant` holds in each."""

import os

import pytest

from tests.simulation.groups.history import explain, run_history
from tests.simulation.groups.judge import Violation

HISTORIES = int(os.environ.get("GROUP_HISTORIES", "60"))
"""`GROUP_HISTORIES=1000` for all of them; a few in every run."""
_CHUNK = 20


@pytest.mark.parametrize("first", range(0, HISTORIES, _CHUNK))
def test_groups_disturbed_at_random_keep_every_invariant(first: int) -> None:
    calm = witnessed = moved = 0
    for seed in range(first, first + _CHUNK):
        try:
            world = run_history(seed)
        except Violation:
            pytest.fail(explain(seed), pytrace=False)
        calm += world.judge.checkpoints
        witnessed += world.judge.expectations
        moved += world.judge.moves
    # Histories in which nothing ever converged, no master ever died and nobody followed anybody would prove nothing.
    assert calm > 4 * _CHUNK
    assert witnessed > 0
    assert moved > 4 * _CHUNK


def test_same_seed_gives_the_same_history_of_groups_line_by_line() -> None:
    assert explain(3) == explain(3)


def test_explanation_ends_with_the_verdict_and_the_command_that_replays_it() -> None:
    lines = explain(3).splitlines()

    assert lines[0].startswith("seed 3: version ")
    assert lines[-2].startswith("every invariant held; converged ")
    assert lines[-1] == "replay: python -m tests.simulation.groups.history 3"
