"""Retries, weights, quorum and sorry server: tables of what follows from what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.check.health import (
    HIGHEST_WEIGHT,
    Checker,
    Event,
    RealServer,
    Verdict,
    VirtualServer,
)
from keepalived_py.check.probe import UP, ProbeResult, failed

if TYPE_CHECKING:
    from collections.abc import Sequence

SAME, FORGIVEN, WENT_UP, WENT_DOWN, STAYS_DOWN = Verdict
DOWN = failed("refused")
U, D = UP, DOWN


@pytest.mark.parametrize(
    ("retry", "rise", "alpha", "results", "verdicts"),
    [
        (0, 1, False, [U, D, U], [WENT_UP, WENT_DOWN, WENT_UP]),
        (1, 1, False, [D, D, D], [FORGIVEN, WENT_DOWN, SAME]),
        (2, 1, False, [D, D, U, D, D, D], [FORGIVEN, FORGIVEN, WENT_UP, FORGIVEN, FORGIVEN, WENT_DOWN]),
        (0, 3, False, [D, U, U, D, U, U, U], [WENT_DOWN, SAME, SAME, SAME, SAME, SAME, WENT_UP]),
        (1, 1, True, [D, D, D, U, U], [FORGIVEN, STAYS_DOWN, SAME, WENT_UP, SAME]),
        (1, 3, True, [U, U], [WENT_UP, SAME]),
        (2, 3, True, [D, U, D], [FORGIVEN, WENT_UP, FORGIVEN]),
    ],
    ids=[
        "no retry",
        "one retry",
        "a success forgets failures",
        "rise",
        "alpha",
        "the first success decides alone",
        "also after a forgiven failure",
    ],
)
def test_results_of_a_check_and_what_they_mean(
    retry: int, rise: int, alpha: bool, results: Sequence[ProbeResult], verdicts: Sequence[Verdict]
) -> None:
    checker = Checker(retry, alpha=alpha, rise=rise)
    assert [checker.observed(result) for result in results] == verdicts
    assert checker.has_run
    assert checker.last is results[-1]


def servers(*weights: int, inhibit: bool = False, alpha: bool = False) -> list[RealServer]:
    return [
        RealServer(chr(ord("a") + index), weight, inhibit=inhibit, checkers=[Checker(0, alpha=alpha)])
        for index, weight in enumerate(weights)
    ]


def observe(virtual: VirtualServer, key: str, result: ProbeResult) -> tuple[Event, ...]:
    server = virtual.servers[key]
    verdict = server.checkers[0].observed(result)
    return virtual.judged(key) if verdict in {WENT_UP, WENT_DOWN} else ()


def kinds(events: Sequence[Event]) -> list[str]:
    return [f"{event.kind.value} {event.server}".strip() for event in events]


def test_servers_live_from_the_start_unless_alpha() -> None:
    virtual = VirtualServer(servers(1, 2))
    assert kinds(virtual.started()) == ["server up a", "server up b", "quorum gained"]
    assert virtual.desired() == {"a": 1, "b": 2}
    cautious = VirtualServer(servers(1, 2, alpha=True))
    assert kinds(cautious.started()) == ["quorum lost"]
    assert cautious.desired() == {}
    assert kinds(observe(cautious, "b", UP)) == ["server up b", "quorum gained"]
    assert cautious.desired() == {"b": 2}


def test_failed_server_leaves_and_comes_back() -> None:
    virtual = VirtualServer(servers(1, 1))
    virtual.started()
    assert kinds(observe(virtual, "a", DOWN)) == ["server down a"]
    assert virtual.desired() == {"b": 1}
    assert kinds(observe(virtual, "a", UP)) == ["server up a"]
    assert virtual.desired() == {"a": 1, "b": 1}


def test_inhibited_server_stays_with_weight_zero() -> None:
    virtual = VirtualServer(servers(3, 1, inhibit=True))
    virtual.started()
    observe(virtual, "a", DOWN)
    assert virtual.desired() == {"a": 0, "b": 1}


def test_servers_that_live_stay_without_quorum_when_there_is_no_sorry_server() -> None:
    virtual = VirtualServer(servers(1, 1), quorum=2)
    virtual.started()
    assert kinds(observe(virtual, "a", DOWN)) == ["server down a", "quorum lost"]
    assert virtual.desired() == {"b": 1}


@pytest.mark.parametrize(("inhibit", "at_rest", "in_need"), [(False, {}, {"s": 1}), (True, {"s": 0}, {"s": 1})])
def test_sorry_server_is_in_exactly_while_the_quorum_is_lost(
    inhibit: bool, at_rest: dict[str, int], in_need: dict[str, int]
) -> None:
    virtual = VirtualServer(servers(1, 1), quorum=2, sorry_server="s", sorry_inhibit=inhibit)
    virtual.started()
    assert virtual.desired() == {"a": 1, "b": 1} | at_rest
    assert kinds(observe(virtual, "a", DOWN)) == ["server down a", "quorum lost", "sorry server in s"]
    assert virtual.desired() == in_need
    assert kinds(observe(virtual, "b", DOWN)) == ["server down b"]
    assert virtual.desired() == in_need
    observe(virtual, "b", UP)
    assert kinds(observe(virtual, "a", UP)) == ["server up a", "quorum gained", "sorry server out s"]
    assert virtual.desired() == {"a": 1, "b": 1} | at_rest


@pytest.mark.parametrize(
    ("down", "up", "expected"),
    [
        (["a"], [], [["server down a"]]),
        (["a", "b"], [], [["server down a"], ["server down b", "quorum lost"]]),
        (["a", "b"], ["a"], [["server down a"], ["server down b", "quorum lost"], ["server up a"]]),
        (
            ["a", "b"],
            ["a", "b"],
            [["server down a"], ["server down b", "quorum lost"], ["server up a"], ["server up b", "quorum gained"]],
        ),
    ],
)
def test_hysteresis_delays_both_the_loss_and_the_gain(
    down: Sequence[str], up: Sequence[str], expected: Sequence[Sequence[str]]
) -> None:
    """Quorum 2 and hysteresis 1 of three servers: lost below 1, that is with the last; gained from 3 on."""
    virtual = VirtualServer(servers(1, 1), quorum=1, hysteresis=1)
    virtual.started()
    heard = [kinds(observe(virtual, key, DOWN)) for key in down] + [kinds(observe(virtual, key, UP)) for key in up]
    assert heard == expected


def test_weight_is_limited_to_what_ipvs_can_keep_and_to_its_ceiling() -> None:
    server = servers(5)[0]
    for added, ceiling, expected in (
        (0, None, 5),
        (-9, None, 0),
        (2**33, None, HIGHEST_WEIGHT),
        (10, 3, 3),
        (-3, 9, 2),
    ):
        server.checkers[0].added_weight, server.ceiling = added, ceiling
        assert server.used_weight == expected


def test_changed_weight_may_cost_the_quorum() -> None:
    virtual = VirtualServer(servers(2, 2), quorum=3)
    virtual.started()
    virtual.servers["a"].checkers[0].added_weight = -2
    events = virtual.weighed("a", 2)
    assert kinds(events) == ["weight changed a", "quorum lost"]
    assert (events[0].old, events[0].new, events[1].new, events[1].threshold) == (2, 0, 2, 3)
    assert virtual.weighed("a", 0) == ()


def test_server_that_failed_adds_no_weight_of_its_own_any_more() -> None:
    checker = Checker(0, alpha=False)
    checker.added_weight = 7
    checker.observed(DOWN)
    assert checker.added_weight == 0


STEPS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([UP, DOWN]), st.integers(-3, 3)), max_size=30)


@given(
    steps=STEPS,
    weights=st.lists(st.integers(0, 4), min_size=4, max_size=4),
    quorum=st.integers(1, 6),
    hysteresis=st.integers(0, 2),
    sorry=st.sampled_from(["", "s"]),
    inhibit=st.booleans(),
    alpha=st.booleans(),
)
def test_plan_never_holds_more_than_is_alive_and_the_sorry_server_stands_in_exactly_without_quorum(
    steps: Sequence[tuple[int, ProbeResult, int]],
    weights: Sequence[int],
    quorum: int,
    hysteresis: int,
    sorry: str,
    inhibit: bool,
    alpha: bool,
) -> None:
    virtual = VirtualServer(
        servers(*weights, inhibit=inhibit, alpha=alpha), quorum=quorum, hysteresis=hysteresis, sorry_server=sorry
    )
    virtual.started()
    keys = list(virtual.servers)
    for index, result, added in steps:
        server = virtual.servers[keys[index]]
        before = server.weight
        observe(virtual, keys[index], result)
        if server.is_alive:
            server.checkers[0].added_weight = added
        virtual.weighed(keys[index], before)
        desired = virtual.desired()
        alive = {key for key, each in virtual.servers.items() if each.is_alive}
        in_use = {key for key, weight in desired.items() if weight and key != sorry}
        assert in_use <= alive
        assert (desired.get(sorry, 0) > 0) is (bool(sorry) and virtual.has_quorum is False)
        assert alive == {key for key, each in virtual.servers.items() if each.should_live}
        if not inhibit and not (sorry and virtual.has_quorum is False):
            assert set(desired) == alive
        if virtual.has_quorum:
            assert virtual.live_weight >= max(1, quorum - hysteresis)
        else:
            assert virtual.live_weight < quorum + hysteresis


@given(order=st.permutations([("a", DOWN), ("b", DOWN), ("c", DOWN), ("a", UP)]))
def test_whatever_the_order_the_same_last_results_give_the_same_plan(
    order: Sequence[tuple[str, ProbeResult]],
) -> None:
    virtual = VirtualServer(servers(1, 1, 1), quorum=2, sorry_server="s")
    virtual.started()
    last: dict[str, ProbeResult] = {}
    for key, result in order:
        observe(virtual, key, result)
        last[key] = result
    living = {key: 1 for key, result in last.items() if result.ok}
    assert virtual.desired() == (living if sum(living.values()) >= 2 else {"s": 1})
