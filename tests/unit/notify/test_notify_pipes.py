"""Pipes and the scripts that read them, with real programs."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from keepalived_py.config.arguments import Fifo
from keepalived_py.notify import pipes as pipes_module
from keepalived_py.notify.pipes import NotifyPipes, Wish
from tests.unit.notify.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READ = 'echo "reading $*" >> told; exec 3<>"$1"; while read -r line <&3; do echo "$line" >> told; done'


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


@pytest.fixture
def pipes(bench: Bench) -> Iterator[NotifyPipes]:
    made = NotifyPipes(bench.loop, bench.log, bench.programs)
    yield made
    made.stop_readers()
    made.close()
    bench.until(lambda: not bench.programs.running)


def wish(bench: Bench, text: str = "", name: str = "pipe", label: str = "") -> Wish:
    script = bench.script(text, f"{label}reader") if text else None
    return Wish(Fifo(path=str(bench.directory / name)), script, label)


def test_script_is_started_with_the_path_and_reads_the_lines(bench: Bench, pipes: NotifyPipes) -> None:
    pipes.configure([wish(bench, READ)])
    pipes.write(b"one\n")
    pipes.write(b"two\n")
    bench.until(lambda: len(bench.lines()) == 3)
    assert bench.lines() == [f"reading {bench.directory}/pipe", "one", "two"]


def test_every_pipe_gets_every_line_and_one_path_is_one_pipe(bench: Bench, pipes: NotifyPipes) -> None:
    other = wish(bench, READ.replace("told", "told.other"), "other", "vrrp_")
    pipes.configure([wish(bench, READ), other, wish(bench, "echo never >> told", "pipe", "lvs_")])
    pipes.write(b"line\n")
    bench.until(lambda: len(bench.lines()) == 2 and len(bench.lines("told.other")) == 2)
    assert bench.lines() == [f"reading {bench.directory}/pipe", "line"]
    assert bench.log.lines == [f"notify FIFO {bench.directory}/pipe is configured twice: ignoring lvs_notify_fifo"]


def test_reload_starts_the_reader_anew_and_keeps_the_pipe_and_its_lines(bench: Bench, pipes: NotifyPipes) -> None:
    pipes.configure([wish(bench)])
    pipes.write(b"waits\n")
    inode = os.stat(bench.directory / "pipe").st_ino  # noqa: PTH116
    pipes.configure([wish(bench, READ)])
    bench.until(lambda: len(bench.lines()) == 0)
    pipes.configure([wish(bench, READ)])
    bench.until(lambda: "waits" in bench.lines())
    assert os.stat(bench.directory / "pipe").st_ino == inode  # noqa: PTH116
    pipes.configure([wish(bench, READ)])
    bench.until(lambda: bench.lines().count(f"reading {bench.directory}/pipe") >= 2)
    assert len(bench.programs.running) == 1, "never two readers of one pipe"


@pytest.mark.parametrize("replaced", [False, True])
def test_reload_makes_a_pipe_that_others_removed_and_takes_one_that_they_made(
    bench: Bench, pipes: NotifyPipes, *, replaced: bool
) -> None:
    path = bench.directory / "pipe"
    pipes.configure([wish(bench)])
    path.unlink()
    if replaced:
        os.mkfifo(path)

    pipes.configure([wish(bench)])
    pipes.write(b"heard\n")

    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    assert os.read(descriptor, 100) == b"heard\n"
    os.close(descriptor)
    assert bench.log.lines == [f"notify FIFO {path} was removed or replaced: opening it again"]
    pipes.configure([])
    assert path.exists() is replaced


def test_lines_that_are_written_during_a_reload_are_for_the_new_reader(bench: Bench, pipes: NotifyPipes) -> None:
    text = (
        """trap '' TERM; echo ready >> told; exec 3<>"$1"; while read -r line <&3; do echo "1st $line" >> told; done"""
    )
    pipes.configure([wish(bench, text)])
    bench.until(lambda: bench.lines() == ["ready"])
    pipes.configure([wish(bench, text.replace("1st", "2nd"), label="vrrp_")])
    pipes.write(b"one\n")
    pipes.write(b"two\n")
    bench.until(lambda: len(bench.lines()) == 4)
    assert bench.lines() == ["ready", "ready", "2nd one", "2nd two"]


def test_lines_that_wait_for_a_new_reader_are_bounded_and_in_order(
    bench: Bench, pipes: NotifyPipes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipes_module, "MOST_HELD", 2)
    pipes.configure([wish(bench, "trap '' TERM; echo ready >> told; sleep 60 & wait; wait")])
    bench.until(lambda: bench.lines() == ["ready"])
    pipes.configure([wish(bench)])
    for word in (b"1", b"2", b"3", b"4"):
        pipes.write(word + b"\n")
    descriptor = os.open(bench.directory / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert os.read(descriptor, 100) == b"1\n2\n3\n", "the fourth waits again"
    pipes.close()
    assert os.read(descriptor, 100) == b"4\n"
    os.close(descriptor)


def test_pipe_that_is_no_longer_configured_goes_with_its_reader(bench: Bench, pipes: NotifyPipes) -> None:
    pipes.configure([wish(bench, READ)])
    bench.until(bench.lines)
    pipes.configure([])
    assert not os.path.lexists(bench.directory / "pipe")
    bench.until(lambda: not bench.programs.running)
    pipes.write(b"nowhere\n")


def test_reader_that_fails_is_started_again_and_one_that_is_done_is_not(
    bench: Bench, pipes: NotifyPipes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipes_module, "FIRST_PAUSE", 0.05)
    pipes.configure([wish(bench, "echo run >> told; test $(wc -l < told) -ge 3")])
    bench.until(lambda: "notify fifo script exited with status 0" in bench.log.lines)
    assert bench.lines() == ["run"] * 3
    assert bench.log.lines == [
        "notify fifo script exited with status 1: starting it again in 0.05 s",
        "notify fifo script exited with status 1: starting it again in 0.1 s",
        "notify fifo script exited with status 0",
    ]


def test_stopped_reader_stays_ended_and_lines_can_be_written_still(bench: Bench, pipes: NotifyPipes) -> None:
    pipes.configure([wish(bench, READ)])
    bench.until(bench.lines)
    pipes.stop_readers()
    bench.until(lambda: not bench.programs.running)
    pipes.write(b"last\n")
    descriptor = os.open(bench.directory / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert os.read(descriptor, 100) == b"last\n"
    os.close(descriptor)
    pipes.close()
    assert not os.path.lexists(bench.directory / "pipe")
    assert bench.log.lines == []


def test_pipe_that_cannot_be_used_starts_no_reader(bench: Bench, pipes: NotifyPipes) -> None:
    (bench.directory / "pipe").write_text("a file", encoding="utf-8")
    pipes.configure([wish(bench, READ)])
    pipes.write(b"line\n")
    assert bench.programs.running == ()
    assert stat.S_ISREG(os.stat(bench.directory / "pipe").st_mode)  # noqa: PTH116
