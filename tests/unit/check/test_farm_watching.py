"""Checks that ask nobody, virtual servers that follow their address, and what a reload leaves alone."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from keepalived_py.check.observations import FILE, SESSION
from keepalived_py.config.arguments import Weight
from keepalived_py.config.model import Config
from keepalived_py.config.model.check import GroupEntry, VirtualServer, VirtualServerGroup
from keepalived_py.config.model.checkers import BfdCheck, FileCheck, TcpCheck
from keepalived_py.config.model.tracking import TrackFile
from tests.unit.check.stage import VIP, Stage, real, virtual

if TYPE_CHECKING:
    from keepalived_py.check.running import Watch

LOAD = FileCheck(track_file="load")
NEVER = TcpCheck(warmup=3600.0, retry=0)


def with_file(weight: int, *servers: VirtualServer) -> Config:
    return Config(virtual_servers=servers, track_files=(TrackFile(name="load", weight=Weight(weight=weight)),))


def begin(stage: Stage, config: Config) -> None:
    stage.farm.observations.configure(config.track_files)
    stage.farm.start(config)


def only_watch(stage: Stage) -> Watch:
    ((_, _, watch),) = stage.farm.places()
    return watch


def test_number_in_a_file_changes_the_weight(stage: Stage) -> None:
    stage.farm.observed(FILE, "load", 2)
    begin(stage, with_file(3, virtual(real(7, tcp_check=(), file_check=(LOAD,), weight=10))))
    assert stage.tables.weights() == {80: {7: 16}}
    stage.farm.observed(FILE, "load", -1)
    assert stage.tables.weights() == {80: {7: 7}}
    assert stage.log.lines[-1] == "Changing weight from 16 to 7 for active service [127.0.0.1]:7 of VS [192.0.2.1]:80"
    stage.farm.observed(FILE, "another", 5)
    assert stage.tables.weights() == {80: {7: 7}}


def test_number_in_a_file_without_weight_is_a_failure_from_the_start(stage: Stage) -> None:
    stage.farm.observations.files["load"] = 1
    begin(stage, with_file(0, virtual(real(7, tcp_check=(), file_check=(LOAD,)), alpha=True)))
    assert stage.tables.weights() == {80: {}}
    stage.farm.observed(FILE, "load", 0)
    assert stage.tables.weights() == {80: {7: 1}}
    stage.farm.observed(FILE, "load", 4)
    assert stage.tables.weights() == {80: {}}
    assert "Tracked file load of [127.0.0.1]:7 failed: the number is 4 (1 of 1)" in stage.log.lines


def test_other_weight_of_the_file_counts_after_a_reload(stage: Stage) -> None:
    stage.farm.observations.files["load"] = 2
    server = virtual(real(7, tcp_check=(), file_check=(LOAD,)))
    before, after = with_file(1, server), with_file(5, server)
    begin(stage, before)
    assert stage.tables.weights() == {80: {7: 3}}
    stage.farm.observations.configure(after.track_files)
    stage.farm.reload(after, before)
    assert stage.tables.weights() == {80: {7: 11}}


def test_bfd_session_takes_its_server_away_and_brings_it_back(stage: Stage) -> None:
    begin(stage, Config(virtual_servers=(virtual(real(7, tcp_check=(), bfd_check=(BfdCheck(name="peer"),))),)))
    stage.farm.observed(SESSION, "peer", seen=True)
    assert stage.log.lines == ["BFD check of [peer] RS([127.0.0.1]:tcp:7) is UP"]
    stage.farm.observed(SESSION, "peer", seen=False)
    assert stage.tables.weights() == {80: {}}
    stage.farm.observed(SESSION, "peer", seen=False)
    stage.farm.observed(SESSION, "peer", seen=True)
    assert stage.tables.weights() == {80: {7: 1}}
    assert [line for line in stage.log.lines if "BFD" in line] == [
        f"BFD check of [peer] RS([127.0.0.1]:tcp:7) is {state}" for state in ("UP", "DOWN", "UP")
    ]


def test_checks_rest_while_the_address_is_elsewhere(stage: Stage) -> None:
    stage.farm.take_addresses(frozenset())
    begin(stage, Config(virtual_servers=(virtual(real(7, tcp_check=(NEVER,)), ha_suspend=True),)))
    schedule = only_watch(stage).schedule
    assert schedule is not None
    rests = [schedule.suspended]
    for present in (VIP.packed, b"\0\0\0\0"):
        stage.farm.take_addresses(frozenset({present}))
        rests.append(schedule.suspended)
    assert rests == [True, False, True]
    assert stage.tables.weights() == {80: {7: 1}}
    what = "healthchecker for service [127.0.0.1]:7 for VS [192.0.2.1]:80"
    assert stage.log.lines == [f"Suspending {what}", f"Activating {what}", f"Suspending {what}"]


def test_check_keeps_state_and_counters_when_its_patience_changes(stage: Stage) -> None:
    before = Config(virtual_servers=(virtual(real(9, tcp_check=(TcpCheck(delay_loop=0.01, warmup=0.0, retry=0),))),))
    begin(stage, before)
    watch = only_watch(stage)
    stage.wait(lambda: stage.tables.weights() == {80: {}})
    after = Config(virtual_servers=(virtual(real(9, tcp_check=(TcpCheck(delay_loop=0.02, retry=4, rise=2),))),))
    stage.farm.reload(after, before)
    kept = only_watch(stage)
    assert kept.checker is watch.checker
    assert kept.schedule is watch.schedule
    assert (kept.checker.retry, kept.checker.rise, kept.settings.delay_loop) == (4, 2, 0.02)
    assert stage.tables.weights() == {80: {}}


def test_check_that_asks_something_else_begins_anew_and_its_living_server_stays(stage: Stage) -> None:
    before = Config(virtual_servers=(virtual(real(9, tcp_check=(NEVER,))),))
    begin(stage, before)
    first = only_watch(stage)
    elsewhere = TcpCheck(warmup=3600.0, connect_port=99)
    after = Config(virtual_servers=(virtual(real(9, tcp_check=(elsewhere,)), alpha=True),))
    stage.tables.commands.clear()
    stage.farm.reload(after, before)
    second = only_watch(stage)
    assert first.schedule is not second.schedule
    assert first.schedule is not None
    assert first.schedule.suspended
    assert stage.tables.weights() == {80: {9: 1}}
    assert stage.tables.commands == []


def test_service_that_moves_into_a_group_is_edited_and_not_removed(stage: Stage) -> None:
    before = Config(virtual_servers=(virtual(real(9, tcp_check=())),))
    begin(stage, before)
    stage.tables.commands.clear()
    group = VirtualServerGroup(name="web", entries=(GroupEntry(address=IPv4Address(VIP), port=80),))
    moved = VirtualServer(group="web", protocol="TCP", real_server=(real(9, tcp_check=()),))
    stage.farm.reload(Config(virtual_servers=(moved,), virtual_server_groups=(group,)), before)
    assert stage.tables.weights() == {80: {9: 1}}
    assert stage.tables.commands == []


def test_real_server_that_a_reload_takes_away_is_told_of(stage: Stage) -> None:
    before = Config(virtual_servers=(virtual(real(8, tcp_check=()), real(9, tcp_check=())),))
    begin(stage, before)
    stage.farm.reload(Config(virtual_servers=(virtual(real(8, tcp_check=())),)), before)
    assert stage.tables.weights() == {80: {8: 1}}
    assert stage.log.lines == ["Removing service [127.0.0.1]:9 from VS [192.0.2.1]:80, 1 of quorum 1 left"]
