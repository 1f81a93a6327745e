"""Which processes count, and when their number does."""

from __future__ import annotations

import pytest

from keepalived_py.config.model.tracking import TrackProcess
from keepalived_py.vrrp.process_census import Census
from keepalived_py.vrrp.process_pattern import ProcessPattern, pattern_of
from keepalived_py.vrrp.process_quorum import Cause, ProcessQuorum


def due_at(quorum: ProcessQuorum) -> float | None:
    return quorum.due_at


def track(*words: str, **settings: object) -> TrackProcess:
    return TrackProcess.make({"name": "p", "process": words, **settings})


def fits(definition: TrackProcess, line: str, comm: str = "") -> bool:
    words = line.split()
    pattern = pattern_of(definition)
    whole = b"".join(word.encode() + b"\0" for word in words)
    return pattern.fits((comm or words[0].rpartition("/")[2]).encode()[:15], whole[: max(pattern.longest, 1)])


def test_name_is_compared_with_the_short_name_which_is_cut() -> None:
    assert fits(track("nginx"), "/usr/sbin/nginx -g x")
    assert not fits(track("nginx"), "/usr/sbin/nginx2")
    assert not fits(track("/usr/sbin/nginx"), "/usr/sbin/nginx")
    assert fits(track("a-very-long-program-name"), "/bin/a-very-long-program-name")
    assert pattern_of(track("nginx")).longest == 0


def test_full_command_compares_the_first_word_of_the_command_line() -> None:
    assert fits(track("/usr/sbin/nginx", full_command=True), "/usr/sbin/nginx -g x")
    assert not fits(track("nginx", full_command=True), "/usr/sbin/nginx")
    assert not fits(track("/usr/sbin/ngin", full_command=True), "/usr/sbin/nginx")


def test_parameters_are_compared_exactly_unless_told_otherwise() -> None:
    assert fits(track("/bin/x", "-a", "b"), "/bin/x -a b")
    assert not fits(track("/bin/x", "-a", "b"), "/bin/x -a b c")
    assert not fits(track("/bin/x", "-a", "b"), "/bin/x -a bc")
    assert not fits(track("/bin/x", "-a", "b"), "/bin/x -a")


@pytest.mark.parametrize(
    ("match", "line", "fitting"),
    [
        ("exact", "/bin/x", True),
        ("exact", "/bin/x -a", False),
        ("initial", "/bin/x -abc d", True),
        ("partial", "/bin/x -a", True),
    ],
)
def test_param_match_without_parameters(match: str, line: str, *, fitting: bool) -> None:
    assert fits(track("/bin/x", param_match=match), line) is fitting


@pytest.mark.parametrize(
    ("match", "line", "fitting"),
    [
        ("initial", "/bin/x -a b", True),
        ("initial", "/bin/x -a bcd e", True),
        ("initial", "/bin/x -a", False),
        ("partial", "/bin/x -a b", True),
        ("partial", "/bin/x -a b c", True),
        ("partial", "/bin/x -a bc", False),
    ],
)
def test_param_match_with_parameters(match: str, line: str, *, fitting: bool) -> None:
    assert fits(track("/bin/x", "-a", "b", param_match=match), line) is fitting


NAMED = ProcessPattern(b"web", b"", whole=False, match="")
WHOLE = ProcessPattern(b"/bin/web", b"", whole=True, match="")


def test_census_follows_forks_execs_renamings_and_ends() -> None:
    census = Census({"named": NAMED, "whole": WHOLE})
    assert census.longest == 10
    assert census.seen(1, b"web", b"/bin/web\0") == {"named", "whole"}
    assert census.forked(1, 2) == {"named", "whole"}
    assert census.counts == {"named": 2, "whole": 2}
    assert census.renamed(2, b"worker") == {"named"}
    assert census.renamed(2, b"web") == {"named"}
    assert census.seen(2, b"sh", b"/bin/sh\0") == {"named", "whole"}
    assert census.seen(2, b"sh", b"/bin/sh\0") == set()
    assert census.counts == {"named": 1, "whole": 1}
    assert census.ended(1) == {"named", "whole"}
    assert census.ended(1) == set()
    assert census.counts == {"named": 0, "whole": 0}
    assert census.tracked() == set()


def test_census_ignores_what_strangers_do() -> None:
    census = Census({"named": NAMED})
    assert census.forked(7, 8) == census.ended(7) == census.renamed(7, b"x") == census.seen(7, b"x", b"") == set()
    assert census.tracked() == set()


def test_number_is_told_at_once_without_delays() -> None:
    quorum = ProcessQuorum(track("web", quorum=2))
    assert [quorum.counted(0.0, count, Cause.FORK) for count in (0, 1, 1, 2, 3, 1)] == [
        *(True, True, False),
        *(True, True, True),
    ]


def test_lost_quorum_waits_for_terminate_delay_and_comes_to_nothing_when_it_returns() -> None:
    quorum = ProcessQuorum(track("web", terminate_delay=2.0))
    quorum.counted(0.0, 1, Cause.OTHER)
    assert not quorum.counted(10.0, 0, Cause.END)
    assert due_at(quorum) == 12.0
    assert not quorum.counted(11.0, 1, Cause.FORK)
    assert due_at(quorum) is None
    assert not quorum.counted(20.0, 0, Cause.END)
    assert not quorum.counted(21.0, 0, Cause.END)
    assert due_at(quorum) == 22.0
    assert quorum.deadline_reached(0)
    assert (quorum.told, due_at(quorum)) == (0, None)
    assert not quorum.deadline_reached(0)


def test_gained_quorum_waits_for_fork_delay_but_not_when_a_program_was_executed() -> None:
    quorum = ProcessQuorum(track("web", fork_delay=2.0))
    quorum.counted(0.0, 0, Cause.OTHER)
    assert not quorum.counted(10.0, 1, Cause.FORK)
    assert due_at(quorum) == 12.0
    assert not quorum.counted(11.0, 2, Cause.OTHER)
    assert quorum.deadline_reached(2)
    quorum.counted(20.0, 0, Cause.END)
    assert quorum.counted(30.0, 1, Cause.OTHER)
    assert (quorum.told, due_at(quorum)) == (1, None)


def test_more_than_quorum_max_is_no_quorum() -> None:
    quorum = ProcessQuorum(track("web", quorum=1, quorum_max=2))
    assert [quorum.holds(count) for count in range(5)] == [False, True, True, False, False]
