"""Numbers in files and states of sessions, and what checks make of them."""

import pytest

from keepalived_py.check.observations import FAULT, FILE, SESSION, Observations, judged
from keepalived_py.check.probe import UP, ProbeResult, failed
from keepalived_py.config.arguments import Weight
from keepalived_py.config.model.checkers import BfdCheck, FileCheck, TcpCheck
from keepalived_py.config.model.tracking import TrackFile


@pytest.mark.parametrize(
    ("number", "weight", "reverse", "expected"),
    [
        (0, 0, False, ProbeResult(ok=True, added=0)),
        (3, 0, False, failed("the number is 3")),
        (3, 0, True, ProbeResult(ok=True, added=0)),
        (0, 0, True, failed("the number is 0")),
        (3, 2, False, ProbeResult(ok=True, added=6)),
        (3, 2, True, ProbeResult(ok=True, added=-6)),
        (-3, 2, False, ProbeResult(ok=True, added=-6)),
        (FAULT, 1, False, failed(f"the number is {FAULT}")),
        (FAULT + 1, 1, False, ProbeResult(ok=True, added=FAULT + 1)),
        (2**31, 254, False, ProbeResult(ok=True, added=2**31 - 1)),
    ],
)
def test_number_and_weight_make_a_result(number: int, weight: int, reverse: bool, expected: ProbeResult) -> None:
    assert judged(number, Weight(weight=weight, reverse=reverse)) == expected


def test_weight_of_the_check_goes_before_that_of_the_file() -> None:
    seen = Observations()
    seen.configure([TrackFile(name="load", weight=Weight(weight=2))])
    assert seen.result_of(FILE, FileCheck(track_file="load")) is None
    seen.files["load"] = 5
    assert seen.result_of(FILE, FileCheck(track_file="load")) == ProbeResult(ok=True, added=10)
    own = FileCheck(track_file="load", weight=Weight(weight=-1))
    assert seen.result_of(FILE, own) == ProbeResult(ok=True, added=-5)


def test_session_that_was_not_heard_of_says_nothing() -> None:
    seen = Observations()
    assert seen.result_of(SESSION, BfdCheck(name="peer")) is None
    seen.sessions["peer"] = True
    assert seen.result_of(SESSION, BfdCheck(name="peer")) == UP
    seen.sessions["peer"] = False
    assert seen.result_of(SESSION, BfdCheck(name="peer")) == failed("session is down")
    assert seen.result_of("TCP_CHECK", TcpCheck()) is None
