"""`rise`, `fall` and `init_fail` against sequences of results."""

import pytest

from keepalived_py.vrrp.script_counter import ScriptCounter

GOOD, BAD, UNKNOWN = True, False, None


def verdicts(counter: ScriptCounter, results: str) -> list[bool | None]:
    """Return the verdict after each result: `+` is a success, `-` a failure."""
    told = []
    for result in results:
        before = counter.is_up
        assert counter.finished(success=result == "+") is (counter.is_up is not before)
        told.append(counter.is_up)
    return told


@pytest.mark.parametrize(
    ("rise", "fall", "init_fail", "results", "expected"),
    [
        (1, 1, False, "+-+", [GOOD, BAD, GOOD]),
        # The first result decides alone, whatever rise and fall are.
        (3, 3, False, "+", [GOOD]),
        (3, 3, False, "-", [BAD]),
        (3, 2, False, "+--", [GOOD, GOOD, BAD]),
        (3, 2, False, "+-+--", [GOOD, GOOD, GOOD, GOOD, BAD]),
        (3, 2, False, "-+++", [BAD, BAD, BAD, GOOD]),
        (3, 2, False, "-++-+++", [BAD, BAD, BAD, BAD, BAD, BAD, GOOD]),
        # With init_fail the first successes must be as many as later.
        (3, 2, True, "+++", [BAD, BAD, GOOD]),
        (1, 1, True, "-+", [BAD, GOOD]),
    ],
)
def test_sequence_of_results_gives_the_verdicts(
    rise: int, fall: int, init_fail: bool, results: str, expected: list[bool | None]
) -> None:
    assert verdicts(ScriptCounter(rise, fall, init_fail=init_fail), results) == expected


def test_script_without_a_result_is_unknown_and_one_with_init_fail_is_bad() -> None:
    assert ScriptCounter(1, 1).is_up is UNKNOWN
    assert ScriptCounter(1, 1, init_fail=True).is_up is BAD


@pytest.mark.parametrize(
    ("results", "expected"), [("", 2), ("+", 4), ("+-", 3), ("+--", 0), ("-", 0), ("-+", 1), ("-++", 2), ("-+++", 4)]
)
def test_result_is_counted_as_keepalived_does(results: str, expected: int) -> None:
    counter = ScriptCounter(3, 2)
    verdicts(counter, results)

    assert counter.result == expected


def test_failures_before_and_after_a_reload_are_one_streak() -> None:
    earlier, later = ScriptCounter(1, 3), ScriptCounter(1, 3)
    verdicts(earlier, "+--")

    later.continues(earlier)

    assert verdicts(later, "-") == [BAD]


def test_count_stays_in_range_when_a_reload_lowers_the_limits() -> None:
    earlier, later = ScriptCounter(1, 5), ScriptCounter(2, 1)
    verdicts(earlier, "+----")

    later.continues(earlier)

    assert later.result == 2


def test_another_rise_after_a_reload_keeps_the_verdict() -> None:
    earlier, later = ScriptCounter(1, 1), ScriptCounter(5, 5, init_fail=True)
    earlier.finished(success=True)

    later.continues(earlier)

    assert later.is_up is GOOD
