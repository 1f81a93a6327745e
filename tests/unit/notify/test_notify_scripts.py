"""Notify scripts with real programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keepalived_py.config.arguments import Script
from keepalived_py.notify import queue
from keepalived_py.notify import scripts as scripts_module
from keepalived_py.notify.event import News
from keepalived_py.notify.scripts import AT_ONCE, NotifyScripts
from tests.unit.notify.bench import Bench, task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT = 'echo "begin $*" >> told; while ! test -e go; do sleep 0.01; done; echo "end $*" >> told'


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


@pytest.fixture
def scripts(bench: Bench) -> NotifyScripts:
    return NotifyScripts(bench.loop, bench.log, bench.programs)


def test_scripts_of_one_event_run_in_order_and_know_their_words_and_environment(
    bench: Bench, scripts: NotifyScripts
) -> None:
    slow = bench.script("sleep 0.2; echo slow $* $KEEPALIVED_EVENT >> told", "slow")
    quick = bench.script("echo quick $* >> told", "quick")
    scripts.run([task(slow, News.MASTER), task(quick, News.MASTER)])
    bench.until(lambda: len(bench.lines()) == 2)
    assert bench.lines() == ["slow MASTER MASTER", "quick MASTER"]
    assert bench.log.lines == []


def test_instances_do_not_wait_for_each_other(bench: Bench, scripts: NotifyScripts) -> None:
    script = bench.script(WAIT)
    scripts.run([task(script, News.MASTER, "A")])
    scripts.run([task(script, News.MASTER, "B")])
    bench.until(lambda: bench.lines() == ["begin MASTER"] * 2)
    (bench.directory / "go").touch()
    bench.until(lambda: len(bench.lines()) == 4)
    bench.until(lambda: not scripts._subjects)


def test_states_that_pass_are_logged_as_left_out(bench: Bench, scripts: NotifyScripts) -> None:
    script = bench.script(WAIT)
    for news in (News.BACKUP, News.MASTER, News.FAULT):
        scripts.run([task(script, news)])
    assert bench.log.lines == ["(VI_1) MASTER has passed while a notify script ran: not told to scripts"]
    (bench.directory / "go").touch()
    bench.until(lambda: len(bench.lines()) == 4)
    assert bench.lines() == ["begin BACKUP", "end BACKUP", "begin FAULT", "end FAULT"]


def test_failing_and_missing_scripts_are_told_in_the_log_and_hold_up_nothing(
    bench: Bench, scripts: NotifyScripts
) -> None:
    failing, good = bench.script("exit 3", "failing"), bench.script("echo $* >> told", "good")
    missing = Script(words=("/no/such/script",), path="/no/such/script")
    scripts.run([task(failing, News.MASTER), task(missing, News.MASTER), task(good, News.MASTER)])
    bench.until(bench.lines)
    assert bench.log.lines == [
        f"(VI_1) notify script {bench.directory}/failing for MASTER exited with status 3",
        "(VI_1) notify script /no/such/script for MASTER could not be run: No such file or directory",
    ]


def test_script_that_hangs_is_left_alone_when_something_newer_has_waited_long_enough(
    bench: Bench, scripts: NotifyScripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PATIENCE", 0.3)
    script = bench.script(WAIT)
    scripts.run([task(script, News.MASTER)])
    bench.until(lambda: bench.lines() == ["begin MASTER"])
    scripts.run([task(script, News.BACKUP)])
    bench.until(lambda: bench.lines() == ["begin MASTER", "begin BACKUP"])
    assert [line for line in bench.log.lines if "no longer waiting for it" in line]
    (bench.directory / "go").touch()
    bench.until(lambda: len(bench.lines()) == 4)
    assert sorted(bench.lines()[2:]) == ["end BACKUP", "end MASTER"], "none was killed"
    bench.until(lambda: not scripts._subjects)


def test_oldest_of_too_many_hanging_scripts_is_ended(
    bench: Bench, scripts: NotifyScripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PATIENCE", 0.1)
    monkeypatch.setattr(queue, "MOST_LEFT", 1)
    script = bench.script(
        "trap 'echo ended $* >> told; exit' TERM; echo begin $* >> told; while :; do sleep 0.01; done"
    )
    for count, news in enumerate((News.MASTER, News.BACKUP, News.FAULT), 1):
        scripts.run([task(script, news)])
        bench.until(lambda count=count: len(bench.lines()) >= count)  # type: ignore[misc]
    bench.until(lambda: "ended MASTER" in bench.lines())
    assert "(VI_1) too many notify scripts hang: ending the oldest" in bench.log.lines
    assert "ended BACKUP" not in bench.lines()
    for program in bench.programs.running:
        program.terminate()
    bench.until(lambda: not bench.programs.running)


def test_parallel_mode_starts_everything_at_once(bench: Bench, scripts: NotifyScripts) -> None:
    scripts.parallel = True
    script = bench.script(WAIT)
    for news in (News.BACKUP, News.MASTER, News.FAULT):
        scripts.run([task(script, news)])
    bench.until(lambda: len(bench.lines()) == 3)
    assert sorted(bench.lines()) == ["begin BACKUP", "begin FAULT", "begin MASTER"]
    (bench.directory / "go").touch()
    bench.until(lambda: len(bench.lines()) == 6)


def test_end_waits_until_the_last_scripts_have_run_in_order(
    bench: Bench, scripts: NotifyScripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripts_module, "FAREWELL", 60.0)
    finished: list[float] = []
    slow = bench.script("sleep 0.2; echo $* >> told")
    scripts.run([task(slow, News.STOP, word="first"), task(slow, News.STOP, word="second")])
    scripts.finish(lambda: finished.append(bench.loop.time()))
    bench.until(lambda: finished)
    assert bench.lines() == ["STOP first", "STOP second"]


def test_end_starts_what_is_left_after_a_moment_and_kills_nothing(bench: Bench, scripts: NotifyScripts) -> None:
    finished: list[float] = []
    script = bench.script(WAIT)
    scripts.run([task(script, News.MASTER)])
    bench.until(lambda: bench.lines() == ["begin MASTER"])
    scripts.run([task(script, News.STOP, word="first"), task(script, News.STOP, word="second")])
    began = bench.loop.time()
    scripts.finish(lambda: finished.append(bench.loop.time()))
    bench.until(lambda: finished)
    assert finished[0] - began >= 0.9
    bench.until(lambda: len(bench.lines()) == 3)
    (bench.directory / "go").touch()
    bench.until(lambda: len(bench.lines()) == 6)
    assert {"end MASTER", "end STOP first", "end STOP second"} <= set(bench.lines())


def test_scripts_of_many_instances_start_a_few_at_a_time_and_hanging_ones_hold_up_none_for_long(
    bench: Bench, scripts: NotifyScripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripts_module, "FIRST_MOMENT", 5.0)
    script = bench.script(WAIT)
    for number in range(AT_ONCE + 3):
        scripts.run([task(script, News.MASTER, f"VI_{number}")])
    bench.until(lambda: len(bench.lines()) == AT_ONCE)
    assert len(bench.programs.running) == AT_ONCE
    assert len(scripts._due) == 3
    bench.until(lambda: len(bench.lines()) == AT_ONCE + 3, 60.0)
    (bench.directory / "go").touch()
    bench.until(lambda: not scripts._subjects)


def test_end_lets_no_script_wait_for_its_turn(bench: Bench, scripts: NotifyScripts) -> None:
    finished: list[bool] = []
    script = bench.script(WAIT)
    for number in range(3 * AT_ONCE):
        scripts.run([task(script, News.STOP, f"VI_{number}")])
    scripts.finish(lambda: finished.append(True))
    assert len(bench.programs.running) == 3 * AT_ONCE
    (bench.directory / "go").touch()
    bench.until(lambda: finished)
    bench.until(lambda: len(bench.lines()) == 6 * AT_ONCE)


def test_end_with_nothing_to_do_comes_at_once(bench: Bench, scripts: NotifyScripts) -> None:
    finished: list[bool] = []
    scripts.finish(lambda: finished.append(True))
    bench.loop.run_once()
    assert finished == [True]
