"""Virtual servers from the start over reloads to the end, with real connections on loopback and tables in memory."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from keepalived_py.config.check_values import Endpoint
from keepalived_py.config.model import Config
from tests.unit.check.stage import LOOPBACK, Stage, port, real, virtual

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def listeners() -> Iterator[list[socket.socket]]:
    made = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    yield made
    for each in made:
        each.close()


def test_server_that_dies_leaves_and_the_sorry_server_stands_in(stage: Stage, listeners: list[socket.socket]) -> None:
    first, second = map(port, listeners)
    sorry = Endpoint(address=LOOPBACK, port=9)
    config = Config(virtual_servers=(virtual(real(first), real(second, weight=4), quorum=4, sorry_server=sorry),))
    stage.farm.start(config)
    assert stage.tables.weights() == {80: {first: 1, second: 4}}
    listeners[1].close()
    stage.wait(lambda: stage.tables.weights() == {80: {9: 1}})
    decided = [line for line in stage.log.lines if "connection" not in line]
    assert decided == [
        f"Removing service [127.0.0.1]:{second} from VS [192.0.2.1]:80, 1 of quorum 4 left",
        "Lost quorum 4-0=4 > 1 for VS [192.0.2.1]:80",
        "Adding sorry server [127.0.0.1]:9 to VS [192.0.2.1]:80",
        "Removing alive servers from the pool for VS [192.0.2.1]:80",
    ]
    assert f"TCP connection to [127.0.0.1]:{second} failed: refused (2 of 2)" in stage.log.lines


def test_reload_of_the_same_touches_nothing_and_a_changed_weight_is_one_edit(
    stage: Stage, listeners: list[socket.socket]
) -> None:
    first, second = map(port, listeners)
    before = Config(virtual_servers=(virtual(real(first)), virtual(real(second), port=81)))
    stage.farm.start(before)
    stage.tables.commands.clear()
    again = Config(virtual_servers=(virtual(real(first)), virtual(real(second), port=81)))
    stage.farm.reload(again, before)
    assert stage.tables.commands == []
    heavier = Config(virtual_servers=(virtual(real(first)), virtual(real(second, weight=7), port=81)))
    stage.farm.reload(heavier, again)
    assert [(one.action.name, one.destination and one.destination.weight) for one in stage.tables.commands] == [
        ("CHANGE_DESTINATION", 7)
    ]
    changed = [line for line in stage.log.lines if line.startswith("Changing")]
    assert changed == [f"Changing weight from 1 to 7 for active service [127.0.0.1]:{second} of VS [192.0.2.1]:81"]


def test_dead_server_stays_dead_over_a_reload_and_its_check_goes_on(
    stage: Stage, listeners: list[socket.socket]
) -> None:
    first, second = map(port, listeners)
    before = Config(virtual_servers=(virtual(real(first), real(second)),))
    stage.farm.start(before)
    listeners[1].close()
    stage.wait(lambda: stage.tables.weights() == {80: {first: 1}})
    after = Config(virtual_servers=(virtual(real(first), real(second), lvs_sched="rr"),))
    stage.farm.reload(after, before)
    assert stage.tables.weights() == {80: {first: 1}}
    with socket.create_server(("127.0.0.1", second)):
        stage.wait(lambda: stage.tables.weights() == {80: {first: 1, second: 1}})


def test_server_and_check_that_a_reload_takes_away_are_gone(stage: Stage, listeners: list[socket.socket]) -> None:
    first, second = map(port, listeners)
    before = Config(virtual_servers=(virtual(real(first), real(second)), virtual(real(second), port=81)))
    stage.farm.start(before)
    after = Config(virtual_servers=(virtual(real(first)),))
    stage.farm.reload(after, before)
    assert stage.tables.weights() == {80: {first: 1}}
    listeners[1].close()
    lines = len(stage.log.lines)
    stage.reactor.call_later(0.2, stage.reactor.stop)
    stage.reactor.run_forever()
    assert all(str(second) not in line for line in stage.log.lines[lines:])


def test_alpha_keeps_servers_out_until_their_first_success(stage: Stage, listeners: list[socket.socket]) -> None:
    first = port(listeners[0])
    config = Config(virtual_servers=(virtual(real(first), real(9), alpha=True),))
    stage.farm.start(config)
    assert stage.tables.weights() == {80: {}}
    stage.wait(lambda: stage.tables.weights() == {80: {first: 1}})


@pytest.mark.parametrize(("keep", "left"), [(False, {}), (True, {80: {7: 1}})])
def test_end_empties_the_tables_unless_they_are_to_be_kept(keep: bool, left: dict[int, Any]) -> None:
    stage = Stage()
    stage.farm.start(Config(virtual_servers=(virtual(real(7, tcp_check=())),)))
    stage.farm.stop(keep=keep)
    assert stage.tables.weights() == left
    stage.reactor.close()
