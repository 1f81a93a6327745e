"""A program that is waited for: what it says, what it is told, and that it cannot hold us up."""

import time

import pytest

from keepalived_py.awaited_program import run
from keepalived_py.execution import Command


def shell(script: str, text: bytes = b"") -> Command:
    return Command(("sh", "-c", script), input=text, groups=None)


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (shell("exit 0"), ""),
        (shell("test $(cat) = hello", b"hello"), ""),
        (shell("echo why >&2; exit 3"), "why"),
        (shell("exit 3"), "ended with 3"),
        (shell("echo advice >&2; exit 0"), ""),
        (shell("kill -9 $$"), "ended with -9"),
        (Command(("/nonexistent/program",), groups=None), "cannot be run: No such file or directory"),
    ],
)
def test_outcome_is_told_in_words(command: Command, problem: str) -> None:
    assert run(command, 20.0) == problem


def test_program_that_does_not_end_is_killed() -> None:
    began = time.monotonic()
    assert run(shell("sleep 30 & sleep 30"), 0.2) == "has not ended after 0.2 s"
    assert time.monotonic() - began < 15


def test_more_complaints_than_anybody_wants_to_hear_are_cut() -> None:
    problem = run(shell("i=0; while [ $i -lt 3000 ]; do echo 0123456789 >&2; i=$((i+1)); done; exit 1"), 30.0)
    assert len(problem) <= 4096
    assert problem.startswith("0123456789\n0123456789")


def test_many_elements_reach_the_program() -> None:
    text = b"x" * 300_000
    assert run(shell("test $(wc -c) = 300000", text), 20.0) == ""
