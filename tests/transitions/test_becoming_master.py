"""From BACKUP to MASTER, when and why."""

from math import inf

import pytest

from keepalived_py.vrrp.effects import Effect
from keepalived_py.vrrp.state import Note, State, Transition
from tests.transitions.machine import DOWN_INTERVAL, HIGHER, LOWER, NOW, STARTED_AT, backup, initial, parameters

BECOME_MASTER = (Effect.SEND_ADVERT, Effect.ADD_ADDRESSES, Effect.ANNOUNCE, Effect.REPORT_TRANSITION)


def test_init_started_with_priority_255_becomes_master_at_once() -> None:
    instance = initial(priority=255)
    assert instance.started(NOW) == BECOME_MASTER
    assert instance.transition == Transition(State.INIT, State.MASTER, "address owner (priority 255)", NOW)
    assert instance.deadline_at == NOW + 1.0


def test_init_started_with_priority_254_waits_a_master_down_interval_first() -> None:
    instance = initial(priority=254)
    assert instance.started(NOW) == (Effect.REMOVE_ADDRESSES, Effect.REPORT_TRANSITION)
    assert instance.transition == Transition(State.INIT, State.BACKUP, "started", NOW)
    assert instance.deadline_at == NOW + 3.007812  # 2 / 256 s, cut below a microsecond


def test_init_started_with_startup_delay_starts_its_timer_after_it() -> None:
    instance = initial(startup_delay=10.0)
    instance.started(NOW)
    assert instance.deadline_at == NOW + 10.0 + DOWN_INTERVAL


def test_owner_started_with_startup_delay_becomes_master_when_it_ends() -> None:
    instance = initial(priority=255, startup_delay=10.0)
    instance.started(NOW)
    assert (instance.state, instance.deadline_at) == (State.BACKUP, NOW + 10.0)
    assert instance.deadline_reached(NOW + 10.0) == BECOME_MASTER
    assert instance.transition == Transition(State.BACKUP, State.MASTER, "address owner (priority 255)", NOW + 10.0)


def test_backup_advert_during_startup_delay_is_not_believed() -> None:
    instance = initial(startup_delay=10.0)
    instance.started(NOW)
    before = instance.deadline_at
    assert instance.advert_received(NOW + 9.9, LOWER, 150, 1.0) == ()
    assert (instance.deadline_at, instance.master_address) == (before, b"")


def test_backup_silence_from_the_start_says_that_nothing_was_heard() -> None:
    instance = backup()
    assert instance.deadline_reached(STARTED_AT + DOWN_INTERVAL) == BECOME_MASTER
    assert instance.transition is not None
    assert instance.transition.cause == "no advert heard for 3.609 s (priority 100)"


def test_backup_silence_of_a_known_master_names_it_and_how_long_it_was() -> None:
    instance = backup()
    instance.advert_received(NOW, LOWER, 150, 1.0)
    instance.notes.clear()
    assert instance.deadline_at == NOW + DOWN_INTERVAL
    assert instance.deadline_reached(NOW + 4.0) == BECOME_MASTER
    assert instance.transition == Transition(
        State.BACKUP, State.MASTER, "no advert from 10.0.0.1 for 4.000 s (priority 100)", NOW + 4.0
    )


def test_backup_deadline_one_microsecond_early_does_nothing() -> None:
    instance = backup()
    assert instance.deadline_reached(instance.deadline_at - 1e-6) == ()
    assert instance.state is State.BACKUP


def test_backup_priority_zero_advert_waits_the_skew_only_and_is_the_cause() -> None:
    instance = backup()
    instance.advert_received(NOW, LOWER, 150, 1.0)
    instance.advert_received(NOW + 0.5, LOWER, 0, 1.0)
    instance.notes.clear()
    assert instance.deadline_at == NOW + 0.5 + 0.609375
    assert instance.deadline_reached(NOW + 0.5 + 0.609375) == BECOME_MASTER
    assert instance.transition is not None
    assert instance.transition.cause == "advert with priority 0 from 10.0.0.1"


def test_backup_priority_zero_advert_in_version_3_waits_the_skew_of_the_masters_interval() -> None:
    instance = backup(version=3)
    instance.advert_received(NOW, LOWER, 150, 0.1)
    instance.advert_received(NOW, LOWER, 0, 0.1)
    assert instance.deadline_at == pytest.approx(NOW + 156 * 0.1 / 256, abs=1e-6)


def test_backup_new_master_after_priority_zero_gets_a_whole_interval() -> None:
    instance = backup()
    instance.advert_received(NOW, LOWER, 0, 1.0)
    instance.advert_received(NOW + 0.2, HIGHER, 120, 1.0)
    assert instance.deadline_at == NOW + 0.2 + DOWN_INTERVAL
    instance.deadline_reached(instance.deadline_at)
    assert instance.transition is not None
    assert instance.transition.cause == "no advert from 10.0.0.3 for 3.609 s (priority 100)"


def test_backup_lower_priority_advert_is_discarded_and_preempted_when_the_timer_runs_out() -> None:
    instance = backup()
    assert instance.advert_received(NOW, LOWER, 99, 1.0) == (Effect.REPORT_NOTES,)
    assert instance.deadline_at == STARTED_AT + DOWN_INTERVAL
    assert instance.notes == [Note("received lower priority (99) advert from 10.0.0.1 - discarding")]
    instance.notes.clear()
    assert instance.deadline_reached(instance.deadline_at) == BECOME_MASTER
    assert instance.transition is not None
    assert instance.transition.cause == "preempting 10.0.0.1 (priority 100 > 99)"


def test_backup_lower_priority_advert_without_preemption_is_followed() -> None:
    instance = backup(preempt_mode=False)
    instance.advert_received(NOW, LOWER, 50, 1.0)
    assert (instance.deadline_at, instance.master_address) == (NOW + DOWN_INTERVAL, LOWER)


def test_backup_equal_priority_advert_is_followed_whatever_its_address() -> None:
    for source in (LOWER, HIGHER):
        instance = backup()
        instance.advert_received(NOW, source, 100, 1.0)
        assert instance.deadline_at == NOW + DOWN_INTERVAL


def test_backup_version_3_learns_the_masters_interval() -> None:
    instance = backup(version=3)
    instance.advert_received(NOW, LOWER, 150, 0.25)
    assert instance.master_interval == 0.25
    assert instance.deadline_at == pytest.approx(NOW + 3 * 0.25 + 156 * 0.25 / 256, abs=1e-6)
    assert Note("advertisement interval updated from 1000ms to 250ms by master", detail=True) in instance.notes


def test_backup_version_3_does_not_learn_an_interval_of_zero() -> None:
    instance = backup(version=3)
    instance.advert_received(NOW, LOWER, 150, 0.0)
    assert (instance.master_interval, instance.deadline_at) == (1.0, NOW + DOWN_INTERVAL)


def test_master_of_version_3_goes_back_to_its_own_interval() -> None:
    instance = backup(version=3)
    instance.advert_received(NOW, LOWER, 150, 0.25)
    instance.deadline_reached(NOW + 2.0)
    assert (instance.master_interval, instance.deadline_at) == (1.0, NOW + 3.0)


def test_backup_preempt_delay_follows_the_lower_master_until_it_is_over() -> None:
    instance = backup(preempt_delay=10.0)
    instance.advert_received(NOW, LOWER, 50, 1.0)
    assert Note("start preempt delay (10.000000)", detail=True) in instance.notes
    instance.advert_received(NOW + 9.9, LOWER, 50, 1.0)
    assert instance.deadline_at == NOW + 9.9 + DOWN_INTERVAL
    instance.advert_received(NOW + 10.0, LOWER, 50, 1.0)
    assert instance.deadline_at == NOW + 9.9 + DOWN_INTERVAL
    instance.deadline_reached(NOW + 9.9 + DOWN_INTERVAL)
    assert instance.state is State.MASTER


def test_backup_preempt_delay_ends_when_a_better_master_is_heard() -> None:
    instance = backup(preempt_delay=10.0)
    instance.advert_received(NOW, LOWER, 50, 1.0)
    instance.advert_received(NOW + 5.0, HIGHER, 150, 1.0)
    assert Note("stop preempt delay", detail=True) in instance.notes
    instance.advert_received(NOW + 11.0, LOWER, 50, 1.0)
    assert instance.deadline_at == NOW + 11.0 + DOWN_INTERVAL


def test_backup_preempt_delay_does_not_hold_back_when_the_master_falls_silent() -> None:
    instance = backup(preempt_delay=100.0)
    instance.advert_received(NOW, LOWER, 50, 1.0)
    instance.deadline_reached(NOW + DOWN_INTERVAL)
    assert instance.state is State.MASTER


@pytest.mark.parametrize(("adverts", "expected"), [(1, 1.609375), (2, 2.609375), (5, 5.609375)])
def test_backup_down_timer_adverts_decides_how_many_may_be_missed(adverts: int, expected: float) -> None:
    assert backup(down_timer_adverts=adverts).deadline_at == STARTED_AT + expected


def test_backup_priority_change_moves_the_deadline_by_the_difference_of_skew() -> None:
    instance = backup()
    assert instance.priority_changed(NOW, 228) == (Effect.REPORT_NOTES,)
    assert instance.deadline_at == STARTED_AT + 3.0 + 28 / 256
    assert instance.notes == [Note("Changing effective priority from 100 to 228")]
    assert (instance.state, instance.transition and instance.transition.new) == (State.BACKUP, State.BACKUP)


def test_backup_priority_change_after_priority_zero_moves_the_skew() -> None:
    instance = backup()
    instance.advert_received(NOW, LOWER, 0, 1.0)
    instance.priority_changed(NOW, 228)
    assert instance.deadline_at == NOW + 28 / 256


@pytest.mark.parametrize(("asked", "effective"), [(-300, 1), (0, 1), (255, 254), (1000, 254), (7, 7)])
def test_priority_change_is_limited_to_1_to_254(asked: int, effective: int) -> None:
    instance = backup()
    instance.priority_changed(NOW, asked)
    assert instance.priority == effective


def test_owner_priority_never_changes() -> None:
    instance = initial(priority=255)
    instance.started(NOW)
    assert instance.priority_changed(NOW, 10) == ()
    assert instance.priority == 255


def test_backup_reconfigured_alike_keeps_its_deadline() -> None:
    instance = backup()
    instance.advert_received(NOW, LOWER, 150, 1.0)
    assert instance.reconfigured(NOW + 1.0, parameters()) == ()
    assert instance.deadline_at == NOW + DOWN_INTERVAL


def test_backup_reconfigured_with_another_interval_keeps_what_has_passed() -> None:
    instance = backup()
    instance.advert_received(NOW, LOWER, 150, 1.0)
    instance.reconfigured(NOW + 1.0, parameters(advertisement_interval=2.0))
    assert instance.deadline_at == NOW + 6.609375


def test_backup_of_version_3_reconfigured_keeps_the_learned_interval() -> None:
    instance = backup(version=3)
    instance.advert_received(NOW, LOWER, 150, 0.25)
    before = instance.deadline_at
    instance.reconfigured(NOW, parameters(version=3, advertisement_interval=2.0))
    assert (instance.master_interval, instance.deadline_at) == (0.25, before)


def test_reconfigured_into_another_virtual_router_is_refused() -> None:
    with pytest.raises(ValueError, match="another one"):
        backup().reconfigured(NOW, parameters(vrid=52))


def test_reconfigured_without_a_changed_priority_keeps_the_tracked_one() -> None:
    instance = backup()
    instance.priority_changed(NOW, 42)
    instance.reconfigured(NOW, parameters(garp_master_repeat=9))
    assert instance.priority == 42
    instance.reconfigured(NOW, parameters(priority=120))
    assert instance.priority == 120


def test_init_adopted_within_the_peers_patience_is_master_without_a_transition() -> None:
    instance = initial()
    assert instance.adopted(NOW, NOW - 2.9) == (Effect.SEND_ADVERT,)
    assert (instance.state, instance.transition, instance.deadline_at) == (State.MASTER, None, NOW + 1.0)


def test_init_adopted_too_late_listens_first() -> None:
    instance = initial()
    assert instance.adopted(NOW, NOW - 3.0) == (Effect.REMOVE_ADDRESSES, Effect.REPORT_TRANSITION)
    assert instance.state is State.BACKUP


def test_init_adopted_with_a_fault_goes_to_fault() -> None:
    instance = initial()
    instance.fault_found(NOW, "no interface eth0")
    assert instance.adopted(NOW, NOW - 0.1) == (Effect.REMOVE_ADDRESSES, Effect.REPORT_TRANSITION)
    assert (instance.state, instance.deadline_at) == (State.FAULT, inf)


def test_backup_forgets_an_earlier_priority_zero_when_it_was_master_since() -> None:
    instance = backup()
    instance.advert_received(NOW, LOWER, 0, 1.0)
    instance.deadline_reached(NOW + 1.0)
    instance.advert_received(NOW + 2.0, LOWER, 150, 1.0)
    instance.reconfigured(NOW + 2.0, parameters(advertisement_interval=2.0))
    assert instance.deadline_at == NOW + 2.0 + 6.609375


def test_backup_without_preemption_has_no_preempt_delay_to_start() -> None:
    instance = backup(preempt_mode=False, preempt_delay=10.0)
    instance.advert_received(NOW, LOWER, 50, 1.0)
    assert [note.text for note in instance.notes] == ["master set to 10.0.0.1"]
    assert instance.repeats_until == inf


def test_backup_that_is_no_owner_never_takes_the_priority_of_one() -> None:
    instance = backup()
    instance.advert_received(NOW, LOWER, 150, 1.0)
    instance.advert_received(NOW, HIGHER, 120, 1.0)
    assert instance.priority == 100
