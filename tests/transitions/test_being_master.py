"""What a MASTER does with time, with other routers, and with bad news."""

from math import inf

import pytest

from keepalived_py.structure import replace
from keepalived_py.vrrp.effects import Effect
from keepalived_py.vrrp.instance import Instance
from keepalived_py.vrrp.state import Note, State, Transition
from tests.transitions.machine import (
    DOWN_INTERVAL,
    FAULT,
    HIGHER,
    LOWER,
    NOW,
    OURS,
    STARTED_AT,
    backup,
    faulty,
    initial,
    master,
    owner,
    parameters,
)

SINCE = NOW - 0.5
"""When `master()` and `owner()` became master."""
SEND = (Effect.SEND_ADVERT,)
YIELD = (Effect.REMOVE_ADDRESSES, Effect.REPORT_TRANSITION)
ANSWER = (Effect.SEND_ADVERT, Effect.ANNOUNCE_LOWER_PRIORITY, Effect.REPORT_LOWER_PRIORITY, Effect.REPORT_NOTES)


def timeline(instance: Instance, until: float) -> list[tuple[float, tuple[Effect, ...]]]:
    """Every deadline up to a time, with what it asked for, relative to SINCE."""
    happened = []
    while instance.deadline_at <= until:
        at = instance.deadline_at
        happened.append((round(at - SINCE, 6), instance.deadline_reached(at)))
    return happened


def test_master_sends_an_advert_every_interval() -> None:
    instance = master(garp_master_delay=0.0)
    assert timeline(instance, SINCE + 3.0) == [(1.0, SEND), (2.0, SEND), (3.0, SEND)]


def test_master_that_is_late_keeps_its_cadence() -> None:
    instance = master(garp_master_delay=0.0)
    assert instance.deadline_reached(SINCE + 1.25) == SEND
    assert instance.deadline_at == SINCE + 2.0


def test_master_that_is_more_than_an_interval_late_starts_a_new_cadence() -> None:
    instance = master(garp_master_delay=0.0)
    assert instance.deadline_reached(SINCE + 2.25) == SEND
    assert instance.deadline_at == SINCE + 3.25


def test_master_announces_again_after_garp_master_delay() -> None:
    instance = master(garp_master_delay=1.5)
    announce = (Effect.ANNOUNCE,)
    assert timeline(instance, SINCE + 3.0) == [(1.0, SEND), (1.5, announce), (2.0, SEND), (3.0, SEND)]


def test_master_refreshes_from_the_second_announcement_on() -> None:
    instance = master(garp_master_delay=0.5, garp_master_refresh=2.0)
    announcements = [
        (at, effects)
        for at, effects in timeline(instance, SINCE + 5.0)
        if Effect.REFRESH in effects or Effect.ANNOUNCE in effects
    ]
    assert announcements == [(0.5, (Effect.ANNOUNCE,)), (2.5, (Effect.REFRESH,)), (4.5, (Effect.REFRESH,))]


def test_master_announces_on_interfaces_without_adverts_at_their_own_interval_until_a_reload_changes_it() -> None:
    instance = master(garp_master_delay=0.5, garp_extra_interval=2.0)
    extra = (Effect.ANNOUNCE_EXTRA,)
    found = [(at, effects) for at, effects in timeline(instance, SINCE + 4.9) if Effect.ANNOUNCE_EXTRA in effects]
    assert found == [(2.5, extra), (4.5, extra)]
    instance.reconfigured(SINCE + 5.0, replace(instance.parameters, garp_extra_interval=0.0))
    assert not any(Effect.ANNOUNCE_EXTRA in effects for _at, effects in timeline(instance, SINCE + 9.0))


def test_master_advert_goes_before_announcements_due_at_the_same_time() -> None:
    instance = master(garp_master_delay=1.0, garp_master_refresh=1.0)
    assert timeline(instance, SINCE + 2.0) == [
        (1.0, (Effect.SEND_ADVERT, Effect.ANNOUNCE)),
        (2.0, (Effect.SEND_ADVERT, Effect.REFRESH)),
    ]


def test_master_reconfigured_with_a_refresh_begins_to_refresh() -> None:
    instance = master(garp_master_delay=0.0)
    assert instance.reconfigured(NOW, parameters(garp_master_delay=0.0, garp_master_refresh=0.75)) == SEND
    assert instance.deadline_reached(NOW + 0.75) == (Effect.REFRESH,)
    assert instance.reconfigured(NOW + 0.8, parameters(garp_master_delay=0.0)) == SEND
    assert instance.deadline_at == NOW + 1.8


def test_master_answers_a_lower_priority_advert_twice() -> None:
    instance = master(garp_master_delay=0.0, garp_lower_prio_delay=0.25)
    assert instance.advert_received(NOW, HIGHER, 50, 1.0) == ANSWER
    text = "Received advert from 10.0.0.3 with lower priority 50, ours 100, forcing new election"
    assert instance.notes == [Note(text)]
    assert instance.deadline_reached(NOW + 0.25) == (Effect.ANNOUNCE_LOWER_PRIORITY,)
    assert instance.deadline_at == NOW + 1.0


@pytest.mark.parametrize("priority", [0, 50])
def test_master_answers_a_flood_of_adverts_ten_times_at_once_and_ten_times_an_interval(priority: int) -> None:
    instance = master(garp_master_delay=0.0, garp_lower_prio_delay=0.0)
    answered = [bool(instance.advert_received(NOW, HIGHER, priority, 1.0)) for _ in range(1000)]
    assert answered == [True] * 10 + [False] * 990
    later = [bool(instance.advert_received(NOW + 0.001 * step, HIGHER, priority, 1.0)) for step in range(1, 1001)]
    assert sum(later) in {9, 10}


def test_master_with_lower_prio_no_advert_announces_only_and_keeps_its_timer() -> None:
    instance = master(garp_master_delay=0.0, lower_prio_no_advert=True, garp_lower_prio_delay=0.0)
    assert instance.advert_received(NOW, HIGHER, 50, 1.0) == ANSWER[1:]
    assert instance.notes == [Note("Received advert from 10.0.0.3 with lower priority 50, ours 100")]
    assert instance.deadline_at == SINCE + 1.0


def test_master_without_lower_prio_repeat_answers_with_an_advert_only() -> None:
    instance = master(garp_master_delay=0.0, garp_lower_prio_repeat=0)
    assert instance.advert_received(NOW, HIGHER, 50, 1.0) == (
        SEND[0],
        Effect.REPORT_LOWER_PRIORITY,
        Effect.REPORT_NOTES,
    )
    assert instance.deadline_at == NOW + 1.0


def test_master_priority_zero_advert_is_answered_and_restarts_the_advert_timer() -> None:
    instance = master(garp_master_delay=0.0)
    assert instance.advert_received(NOW, HIGHER, 0, 1.0) == (Effect.SEND_ADVERT, Effect.REPORT_NOTES)
    assert (instance.state, instance.deadline_at) == (State.MASTER, NOW + 1.0)


def test_master_higher_priority_advert_yields_and_waits_for_the_new_master() -> None:
    instance = master()
    assert instance.advert_received(NOW, LOWER, 150, 1.0) == (Effect.SEND_ADVERT, *YIELD, Effect.REPORT_NOTES)
    cause = "higher priority advert from 10.0.0.1 (150 > 100)"
    assert instance.transition == Transition(State.MASTER, State.BACKUP, cause, NOW)
    assert (instance.deadline_at, instance.master_address, instance.master_priority) == (
        NOW + DOWN_INTERVAL,
        LOWER,
        150,
    )


def test_master_of_version_3_yields_with_the_new_masters_interval() -> None:
    instance = master(version=3)
    instance.advert_received(NOW, LOWER, 150, 0.5)
    assert instance.deadline_at == pytest.approx(NOW + 1.5 + 156 * 0.5 / 256, abs=1e-6)


def test_master_yields_to_an_equal_priority_from_a_higher_address_only() -> None:
    instance = master()
    instance.advert_received(NOW, LOWER, 100, 1.0)
    assert instance.state is State.MASTER
    instance.advert_received(NOW, HIGHER, 100, 1.0)
    cause = "advert with equal priority 100 from 10.0.0.3, a higher address than ours"
    assert instance.transition == Transition(State.MASTER, State.BACKUP, cause, NOW)


def test_master_with_a_new_source_address_decides_ties_with_it() -> None:
    instance = master()
    instance.source_address_changed(NOW, bytes((10, 0, 0, 9)))
    instance.advert_received(NOW, HIGHER, 100, 1.0)
    assert instance.state is State.MASTER


def test_master_that_hears_its_own_address_stays_and_says_so() -> None:
    instance = master(garp_master_delay=0.0)
    assert instance.advert_received(NOW, OURS, 100, 1.0) == (Effect.REPORT_NOTES,)
    text = "WARNING - equal priority advert received from another host with our address"
    assert instance.notes == [Note(text)]
    assert instance.deadline_at == SINCE + 1.0


def test_master_yields_in_silence_to_one_with_another_interval() -> None:
    instance = master(version=3)
    assert instance.advert_received(NOW, LOWER, 150, 0.5) == (*YIELD, Effect.REPORT_NOTES)


def test_master_with_higher_prio_send_advert_answers_whatever_the_interval_before_it_yields() -> None:
    instance = master(version=3, higher_prio_send_advert=True)
    assert instance.advert_received(NOW, LOWER, 150, 0.5) == (Effect.SEND_ADVERT, *YIELD, Effect.REPORT_NOTES)


def preempting() -> Instance:
    """Master since SINCE, by preempting LOWER (priority 50)."""
    instance = backup(garp_master_delay=0.0, garp_lower_prio_delay=0.0)
    instance.advert_received(STARTED_AT, LOWER, 50, 1.0)
    instance.deadline_at = SINCE
    instance.deadline_reached(SINCE)
    instance.notes.clear()
    return instance


def test_parting_advert_of_the_master_just_preempted_is_answered_without_a_word() -> None:
    instance = preempting()
    assert instance.advert_received(SINCE + 0.1, LOWER, 50, 1.0) == (Effect.SEND_ADVERT, Effect.ANNOUNCE_LOWER_PRIORITY)
    assert instance.notes == []


@pytest.mark.parametrize(("source", "now"), [(HIGHER, SINCE + 0.1), (LOWER, SINCE + 1.0)], ids=["other", "later"])
def test_lower_priority_advert_that_is_no_parting_one_is_named(source: bytes, now: float) -> None:
    effects = preempting().advert_received(now, source, 50, 1.0)
    assert effects[-2:] == (Effect.REPORT_LOWER_PRIORITY, Effect.REPORT_NOTES)


def test_master_priority_change_keeps_the_state_and_the_timer() -> None:
    instance = master(garp_master_delay=0.0)
    instance.priority_changed(NOW, 10)
    assert (instance.state, instance.priority, instance.deadline_at) == (State.MASTER, 10, SINCE + 1.0)


def test_master_that_knows_of_no_other_router_sleeps_as_long_as_it_likes() -> None:
    instance = master()
    assert Effect.SEND_ADVERT in instance.deadline_reached(NOW + 1000.0)
    assert instance.state is State.MASTER


def test_master_that_overslept_its_peers_patience_yields_before_it_sends() -> None:
    instance = master(garp_lower_prio_delay=0.0)
    instance.advert_received(NOW, LOWER, 50, 1.0)
    patience = 3.0 + 206 / 256
    assert instance.deadline_reached(NOW + patience) == YIELD
    cause = "sent no advert for 3.805 s, peers waited 3.805 s"
    assert instance.transition == Transition(State.MASTER, State.BACKUP, cause, NOW + patience)
    assert instance.deadline_at == NOW + patience + DOWN_INTERVAL


def test_master_that_slept_a_little_less_goes_on() -> None:
    instance = master(garp_lower_prio_delay=0.0)
    instance.advert_received(NOW, LOWER, 50, 1.0)
    assert Effect.SEND_ADVERT in instance.deadline_reached(NOW + 3.0 + 206 / 256 - 0.001)
    assert instance.state is State.MASTER


def test_master_that_overslept_and_hears_a_lower_master_first_yields_and_follows_without_preemption() -> None:
    instance = master(preempt_mode=False)
    at = NOW + 10.0
    assert instance.advert_received(at, LOWER, 50, 1.0) == (*YIELD, Effect.REPORT_NOTES)
    assert (instance.state, instance.master_address, instance.deadline_at) == (State.BACKUP, LOWER, at + DOWN_INTERVAL)


def test_master_that_overslept_believes_the_configured_priority_of_its_peer() -> None:
    instance = master(timer_expired_backup=254, preempt_mode=False)
    assert instance.deadline_reached(SINCE + 3.1) == YIELD


def test_owner_that_overslept_stays_master() -> None:
    instance = owner()
    instance.advert_received(NOW, LOWER, 50, 1.0)
    assert Effect.SEND_ADVERT in instance.deadline_reached(NOW + 100.0)


def test_owner_gives_another_owner_two_adverts_and_then_yields_with_a_lower_priority() -> None:
    instance = owner(garp_master_delay=0.0, garp_lower_prio_repeat=0, lower_prio_no_advert=True)
    instance.advert_received(NOW, LOWER, 255, 1.0)
    assert "CONFIGURATION ERROR: local instance and 10.0.0.1 are both" in instance.notes[0].text
    assert timeline(instance, SINCE + 2.0) == [(1.0, SEND), (2.0, SEND)]
    assert instance.state is State.MASTER
    instance.notes.clear()
    effects = instance.advert_received(SINCE + 2.5, LOWER, 255, 1.0)
    assert effects == (Effect.SEND_ADVERT, *YIELD, Effect.REPORT_NOTES)
    assert instance.priority == 254
    assert (
        instance.notes[0].text
        == "10.0.0.1 is still advertising as address owner, please resolve - reducing our priority"
    )


def test_owner_that_yielded_to_another_reclaims_its_priority_when_that_one_is_gone() -> None:
    instance = owner(garp_lower_prio_repeat=0, lower_prio_no_advert=True)
    instance.advert_received(NOW, LOWER, 255, 1.0)
    timeline(instance, SINCE + 2.0)
    instance.advert_received(SINCE + 2.5, LOWER, 255, 1.0)
    instance.notes.clear()
    at = instance.deadline_at
    assert instance.deadline_reached(at)[0] is Effect.SEND_ADVERT
    assert (instance.state, instance.priority) == (State.MASTER, 255)
    assert "Restoring our priority to 255" in instance.notes[0].text


@pytest.mark.parametrize(
    ("source", "priority", "ours"),
    [(LOWER, 255, 254), (LOWER, 254, 255), (LOWER, 120, 255), (HIGHER, 120, 255), (HIGHER, 255, 255)],
    ids=["still the rival", "rival with less", "rival with much less", "somebody else", "another rival"],
)
def test_owner_that_yielded_keeps_its_lower_priority_only_while_the_rival_advertises(
    source: bytes, priority: int, ours: int
) -> None:
    instance = owner(garp_lower_prio_repeat=0, lower_prio_no_advert=True)
    instance.advert_received(NOW, LOWER, 255, 1.0)
    timeline(instance, SINCE + 2.0)
    instance.advert_received(SINCE + 2.5, LOWER, 255, 1.0)
    instance.advert_received(SINCE + 3.0, source, priority, 1.0)
    assert (instance.state, instance.priority) == (State.BACKUP, ours)


def test_owner_whose_rival_falls_silent_says_so_and_stays() -> None:
    instance = owner(garp_master_delay=0.0, garp_lower_prio_repeat=0, lower_prio_no_advert=True)
    instance.advert_received(NOW, LOWER, 255, 1.0)
    instance.notes.clear()
    assert timeline(instance, SINCE + 3.2)[2:] == [(3.0, SEND), (3.2, (Effect.REPORT_NOTES,))]
    assert instance.notes == [Note("the other address owner appears to have stopped advertising")]
    assert (instance.state, instance.priority) == (State.MASTER, 255)


def test_owner_with_the_lower_address_yields_to_the_other_owner_at_once() -> None:
    instance = owner()
    assert instance.advert_received(NOW, HIGHER, 255, 1.0) == (Effect.SEND_ADVERT, *YIELD, Effect.REPORT_NOTES)
    assert "CONFIGURATION ERROR" in instance.notes[0].text


def test_master_fault_resigns_first_and_forgets_every_deadline() -> None:
    instance = master()
    assert instance.fault_found(NOW, FAULT) == (Effect.SEND_RESIGNATION, *YIELD)
    assert instance.transition == Transition(State.MASTER, State.FAULT, FAULT, NOW)
    assert instance.deadline_at == inf


def test_fault_ends_with_the_last_reason_only() -> None:
    instance = backup()
    instance.fault_found(NOW, FAULT)
    assert instance.fault_found(NOW + 1.0, "no address on eth0") == ()
    assert instance.fault_cleared(NOW + 2.0, FAULT) == ()
    assert instance.faults == ["no address on eth0"]
    assert instance.fault_cleared(NOW + 3.0, "no address on eth0", "10.0.0.2 added to eth0") == (
        Effect.REPORT_TRANSITION,
    )
    assert instance.transition == Transition(State.FAULT, State.BACKUP, "10.0.0.2 added to eth0", NOW + 3.0)
    assert instance.deadline_at == NOW + 3.0 + DOWN_INTERVAL


def test_fault_cleared_without_a_cause_names_the_reason() -> None:
    instance = faulty()
    instance.fault_cleared(NOW, FAULT)
    assert instance.transition is not None
    assert instance.transition.cause == "no longer: interface eth0 went down"


def test_fault_of_an_owner_ends_in_backup_for_a_master_down_interval() -> None:
    instance = initial(priority=255)
    instance.fault_found(NOW, FAULT)
    instance.started(NOW)
    instance.fault_cleared(NOW, FAULT)
    assert (instance.state, instance.deadline_at) == (State.BACKUP, NOW + 3.003906)


def test_fault_forgets_the_interval_and_the_master_it_knew_before() -> None:
    instance = backup(version=3)
    instance.advert_received(NOW, LOWER, 150, 0.25)
    instance.fault_found(NOW, FAULT)
    instance.fault_cleared(NOW, FAULT)
    assert (instance.master_interval, instance.master_address) == (1.0, b"")
    assert instance.deadline_at == NOW + DOWN_INTERVAL


def test_fault_cleared_during_the_startup_delay_waits_for_its_end() -> None:
    instance = initial(startup_delay=20.0)
    instance.fault_found(NOW, FAULT)
    instance.started(NOW)
    instance.fault_cleared(NOW + 1.0, FAULT)
    assert instance.deadline_at == NOW + 20.0 + DOWN_INTERVAL


def test_master_stopped_resigns_removes_and_reports() -> None:
    instance = master()
    assert instance.stopped(NOW) == (Effect.SEND_RESIGNATION, *YIELD)
    assert instance.transition == Transition(State.MASTER, State.INIT, "stopped", NOW)
    assert (instance.deadline_at, instance.stopped(NOW)) == (inf, ())


def test_master_remembers_the_peers_it_heard_as_backup_when_it_oversleeps() -> None:
    instance = backup()
    instance.advert_received(NOW, LOWER, 150, 1.0)
    instance.deadline_reached(NOW + 4.0)
    assert instance.deadline_reached(NOW + 4.0 + 3.5) == YIELD
    assert instance.transition is not None
    assert instance.transition.cause == "sent no advert for 3.500 s, peers waited 3.414 s"


def test_adopted_master_announces_again_after_garp_master_delay() -> None:
    instance = initial(garp_master_delay=0.5)
    instance.adopted(NOW, NOW - 0.5)
    assert instance.deadline_reached(NOW + 0.5) == (Effect.ANNOUNCE,)


def test_master_reconfigured_takes_another_source_and_another_peer_priority_over() -> None:
    instance = master()
    instance.reconfigured(NOW, parameters(source_address=HIGHER, timer_expired_backup=200))
    assert (instance.source_address, instance.highest_other_priority) == (HIGHER, 200)
    instance.reconfigured(NOW, parameters(source_address=b"", timer_expired_backup=0))
    assert (instance.source_address, instance.highest_other_priority) == (HIGHER, 200)
