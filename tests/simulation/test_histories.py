"""A thousand seeded histories of two to five routers: every invariant of `judge.Invariant` holds in each."""

import pytest

from tests.simulation.history import explain, run_history
from tests.simulation.judge import Violation

HISTORIES = 1000
_CHUNK = 50


@pytest.mark.parametrize("first", range(0, HISTORIES, _CHUNK))
def test_routers_disturbed_at_random_keep_every_invariant(first: int) -> None:
    calm = witnessed = 0
    for seed in range(first, first + _CHUNK):
        try:
            world = run_history(seed)
        except Violation:
            pytest.fail(explain(seed), pytrace=False)
        calm += world.judge.checkpoints
        witnessed += world.judge.expectations
    # Histories in which nothing ever converged, or no master ever died, would prove nothing.
    assert calm > 5 * _CHUNK
    assert witnessed > _CHUNK / 5


def test_same_seed_gives_the_same_history_line_by_line() -> None:
    assert explain(18) == explain(18)


def test_another_seed_gives_another_history() -> None:
    assert explain(18) != explain(8)


@pytest.mark.parametrize("seed", range(40))
def test_router_without_its_fast_path_lives_the_same_history(seed: int) -> None:
    assert explain(seed, fast_path=False) == explain(seed)


def test_explanation_ends_with_the_verdict_and_the_command_that_replays_it() -> None:
    lines = explain(18).splitlines()

    assert lines[0] == "seed 18: v2 header"
    assert lines[-2].startswith("every invariant held; converged ")
    assert lines[-1] == "replay: python -m tests.simulation.replay 18"
