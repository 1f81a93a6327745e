"""Servers that come back slowly, and weights that an operator orders."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from keepalived_py.check.observations import SESSION
from keepalived_py.check.slow_start import ceiling
from keepalived_py.config.model import Config
from keepalived_py.config.model.checkers import BfdCheck, TcpCheck
from keepalived_py.config.model.globals import GlobalDefs
from tests.unit.check.stage import Stage, port, real, virtual

if TYPE_CHECKING:
    from keepalived_py.check.running import RunningVirtual
    from keepalived_py.config.model.check import RealServer


def watched(number: int, name: str, **changes: Any) -> RealServer:
    return real(number, tcp_check=(), bfd_check=(BfdCheck(name=name),), **changes)


def begin(stage: Stage, *servers: RealServer, **changes: Any) -> Config:
    config = Config(virtual_servers=(virtual(*servers, **changes),))
    stage.farm.start(config)
    return config


def only(stage: Stage) -> RunningVirtual:
    (one,) = stage.farm.virtuals.values()
    return one


def flap(stage: Stage, name: str) -> None:
    stage.farm.observed(SESSION, name, seen=False)
    stage.farm.observed(SESSION, name, seen=True)


@pytest.mark.parametrize(
    ("weight", "elapsed", "seconds", "expected"),
    [(100, 0.0, 10.0, 1), (100, 5.0, 10.0, 50), (100, 10.0, 10.0, None), (1, 0.0, 10.0, None), (3, 9.9, 10.0, 2)],
)
def test_ceiling_rises_in_a_straight_line(weight: int, elapsed: float, seconds: float, expected: int | None) -> None:
    assert ceiling(weight, elapsed, seconds) == expected


def test_server_that_comes_back_gets_its_weight_little_by_little(stage: Stage) -> None:
    begin(stage, watched(7, "a", weight=100), watched(8, "b", weight=50), slow_start=3.0)
    assert stage.tables.weights() == {80: {7: 100, 8: 50}}
    flap(stage, "a")
    assert stage.tables.weights() == {80: {7: 1, 8: 50}}
    assert only(stage).health.live_weight == 150
    seen: list[int] = []

    def is_whole() -> bool:
        seen.append(stage.tables.weights()[80][7])
        return seen[-1] == 100

    stage.wait(is_whole)
    assert seen == sorted(seen)
    assert any(1 < weight < 100 for weight in seen)


def test_only_server_has_its_whole_weight_at_once(stage: Stage) -> None:
    begin(stage, watched(7, "a", weight=100), watched(8, "b", weight=50, slow_start=0.0), slow_start=60.0)
    flap(stage, "a")
    assert stage.tables.weights() == {80: {7: 1, 8: 50}}
    stage.farm.observed(SESSION, "b", seen=False)
    assert stage.tables.weights() == {80: {7: 100}}
    stage.farm.observed(SESSION, "b", seen=True)
    assert stage.tables.weights() == {80: {7: 100, 8: 50}}


def test_slow_start_goes_on_over_a_reload(stage: Stage) -> None:
    before = begin(stage, watched(7, "a", weight=100), watched(8, "b", weight=50), slow_start=2.0)
    flap(stage, "a")
    servers = watched(7, "a", weight=100), watched(8, "b", weight=40)
    stage.farm.reload(Config(virtual_servers=(virtual(*servers, slow_start=2.0),)), before)
    assert stage.tables.weights()[80][7] < 100
    stage.wait(lambda: stage.tables.weights() == {80: {7: 100, 8: 40}})


def test_drained_server_gets_no_more_connections_until_it_is_enabled_also_over_a_reload(stage: Stage) -> None:
    before = begin(stage, watched(7, "a", weight=3), watched(8, "b"))
    one = only(stage)
    stage.farm.order(one, one.reals["[127.0.0.1]:7"], 0)
    assert stage.tables.weights() == {80: {7: 0, 8: 1}}
    assert stage.log.lines == [
        "Draining service [127.0.0.1]:7 of VS [192.0.2.1]:80, as ordered at the control socket",
        "Changing weight from 3 to 0 for active service [127.0.0.1]:7 of VS [192.0.2.1]:80",
    ]
    after = Config(virtual_servers=(virtual(watched(7, "a", weight=5), watched(8, "b")),))
    stage.farm.reload(after, before)
    assert stage.tables.weights() == {80: {7: 0, 8: 1}}
    one = only(stage)
    stage.farm.order(one, one.reals["[127.0.0.1]:7"], 9)
    assert stage.tables.weights() == {80: {7: 9, 8: 1}}
    stage.farm.order(one, one.reals["[127.0.0.1]:7"], None)
    assert stage.tables.weights() == {80: {7: 5, 8: 1}}


def test_drained_server_that_fails_leaves_and_comes_back_drained(stage: Stage) -> None:
    begin(stage, watched(7, "a"), watched(8, "b"))
    one = only(stage)
    stage.farm.order(one, one.reals["[127.0.0.1]:7"], 0)
    stage.farm.observed(SESSION, "a", seen=False)
    assert stage.tables.weights() == {80: {8: 1}}
    stage.farm.observed(SESSION, "a", seen=True)
    assert stage.tables.weights() == {80: {7: 0, 8: 1}}


SHARED = GlobalDefs(share_checks=True)


def test_shared_check_asks_once_for_all_virtual_servers(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        check = TcpCheck(delay_loop=0.02, delay_before_retry=0.01, warmup=0.0, retry=1)
        server = real(port(listener), tcp_check=(check,))
        other = real(port(listener), tcp_check=(check,), weight=2)
        servers = (virtual(server), virtual(server, port=81), virtual(other, port=82, delay_loop=7.0))
        before = Config(virtual_servers=servers, global_defs=SHARED)
        stage.farm.start(before)
        first, second, third = [watch.schedule for _, _, watch in stage.farm.places()]
        assert first is not None
        assert second is not None
        assert third is not None
        stage.wait(lambda: first.runs > 2 and third.runs > 2)
        assert first.runs == second.runs
        after = Config(virtual_servers=servers[1:], global_defs=SHARED)
        stage.farm.reload(after, before)
        runs = second.runs
        stage.wait(lambda: second.runs > runs)
    stage.wait(lambda: stage.tables.weights() == {81: {}, 82: {}})
