"""Restarts, silences and reloads, decided without processes."""

import pytest

from keepalived_py.watchdog.policy import Hang, Reload, Restart, Verdict, permanent


def test_child_that_dies_at_once_is_restarted_after_growing_delays() -> None:
    restart = Restart()
    assert [restart.died(lived=0.5) for _ in range(9)] == [0, 1, 2, 4, 8, 16, 32, 60, 60]


def test_child_that_lived_a_minute_is_restarted_at_once() -> None:
    restart = Restart()
    for _ in range(5):
        restart.died(lived=1)
    assert [restart.died(lived=60), restart.died(lived=1)] == [0, 1]


@pytest.mark.parametrize(
    ("code", "expected"), [(0, False), (1, True), (2, True), (4, True), (6, False), (70, False), (None, False)]
)
def test_exit_code_is_permanent_only_when_another_attempt_would_repeat_it(code: int | None, *, expected: bool) -> None:
    assert permanent(code) is expected


def test_child_that_not_even_sigkill_ends_is_killed_again_every_two_seconds() -> None:
    hang = Hang(interval=5)
    verdicts = [hang.judge(100, now, running=True) for now in (105.0, 107.0, 107.001, 108.9, 109.0, 109.001)]
    assert [verdict is Verdict.KILL for verdict in verdicts] == [False, True, False, False, True, False]
    assert hang.look_at(100, running=True) == 111.0


def test_running_child_silent_for_its_interval_is_aborted_then_killed_after_two_seconds() -> None:
    hang = Hang(interval=5)
    times = [104.9, 105.0, 106.9, 107.0]
    assert [hang.judge(100, now, running=True) for now in times] == [
        Verdict.ALIVE,
        Verdict.ABORT,
        Verdict.ALIVE,
        Verdict.KILL,
    ]


def test_starting_child_may_be_silent_six_times_as_long() -> None:
    hang = Hang(interval=5)
    assert [hang.judge(100, now, running=False) for now in (129.9, 130)] == [Verdict.ALIVE, Verdict.ABORT]


def test_forgiven_child_is_judged_from_then_on() -> None:
    hang = Hang(interval=5)
    hang.forgive(103)
    assert [hang.judge(100, now, running=True) for now in (107.9, 108)] == [Verdict.ALIVE, Verdict.ABORT]


def test_new_process_is_not_blamed_for_the_old_ones_silence() -> None:
    hang = Hang(interval=5)
    hang.judge(100, 110, running=True)
    hang.started()
    assert hang.judge(112, 113, running=True) is Verdict.ALIVE


@pytest.mark.parametrize("now", [100.0, 104.0, 105.0])
def test_next_look_at_a_running_child_is_when_its_interval_ends(now: float) -> None:
    hang = Hang(interval=5)
    assert hang.look_at(100, running=True) == 105
    assert (hang.judge(100, now, running=True) is Verdict.ALIVE) is (now < 105)


def test_idle_reload_requested_begins_at_once() -> None:
    assert Reload().requested() is True


def test_running_reload_requested_thrice_is_followed_by_one_more() -> None:
    reload = Reload()
    reload.requested()
    reload.told({"VRRP", "Healthcheck"}, now=0)
    assert [reload.requested() for _ in range(3)] == [False, False, False]
    reload.settled("VRRP")
    assert reload.next() is False
    reload.settled("Healthcheck")
    assert [reload.next(), reload.next()] == [True, False]


def test_child_that_does_not_acknowledge_is_told_again_every_two_seconds() -> None:
    reload = Reload()
    reload.told({"VRRP", "Healthcheck"}, now=10)
    reload.settled("Healthcheck")
    assert [reload.overdue(now) for now in (11.9, 12, 13, 14)] == [set(), {"VRRP"}, set(), {"VRRP"}]


def test_child_that_never_acknowledges_is_given_up_after_thirty_seconds() -> None:
    reload = Reload()
    reload.told({"VRRP"}, now=10)
    assert [reload.given_up(now) for now in (39.9, 40, 41)] == [set(), {"VRRP"}, set()]
    assert reload.running is False


def test_reload_requested_while_the_configuration_is_read_is_queued_until_it_was_refused() -> None:
    reload = Reload()
    assert reload.requested() is True
    reload.begun()
    assert (reload.requested(), reload.next()) == (False, False)
    reload.refused()
    assert [reload.next(), reload.next()] == [True, False]


def test_reload_requested_while_the_configuration_is_read_waits_for_the_children_too() -> None:
    reload = Reload()
    reload.begun()
    reload.requested()
    reload.told({"VRRP"}, now=0)
    assert reload.next() is False
    reload.settled("VRRP")
    assert reload.next() is True
