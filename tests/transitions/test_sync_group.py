"""A sync group: every state, every event of a member, and the exact order of what all members do."""

from typing import Any

import pytest

from keepalived_py.vrrp.cause import Cause, Event
from keepalived_py.vrrp.effects import NOTHING, Effect
from keepalived_py.vrrp.state import State, Transition
from keepalived_py.vrrp.sync_group import SETTLED
from tests.transitions.group import FAULT, GOOD_NEWS, NOW, Done, Group, backups, faulty, masters
from tests.transitions.machine import STARTED_AT

TAKEOVER = (Effect.SEND_ADVERT, Effect.ADD_ADDRESSES, Effect.ANNOUNCE, Effect.REPORT_TRANSITION)
YIELD = (Effect.REMOVE_ADDRESSES, Effect.REPORT_TRANSITION)
PART = (Effect.SEND_ADVERT, *YIELD, Effect.REPORT_NOTES)
RESIGN = (Effect.SEND_RESIGNATION, Effect.REMOVE_ADDRESSES, Effect.REPORT_TRANSITION)
REPORT = (Effect.REPORT_TRANSITION,)
CONSULT = (Effect.CONSULT_GROUP,)
ANSWER = (
    Effect.SEND_ADVERT,
    Effect.ANNOUNCE_LOWER_PRIORITY,
    Effect.REPORT_LOWER_PRIORITY,
    Effect.REPORT_NOTES,
)


def all_want_but(name: str) -> Group:
    """A group of BACKUPs whose deadlines have come, apart from one."""
    group = backups()
    for other in group.routers:
        if other != name:
            group.time_out(other)
    return group


SCENES = {"backups": backups, "masters": masters, "faulty": faulty}

TABLE: list[tuple[str, str, str, tuple[Any, ...], str, Done]] = [
    # scene, member, input, arguments, states afterwards, what is done in which order
    ("backups", "B", "time_out", (), "BBB", [("B", CONSULT)]),
    ("backups", "B", "hear", (150,), "BBB", [("B", (Effect.REPORT_NOTES,))]),
    ("backups", "B", "fault", (), "FFF", [("B", REPORT), ("A", REPORT), ("C", REPORT)]),
    ("masters", "B", "hear", (150,), "BBB", [("B", PART), ("A", YIELD), ("C", YIELD)]),
    ("masters", "A", "hear", (150,), "BBB", [("A", PART), ("B", YIELD), ("C", YIELD)]),
    ("masters", "B", "fault", (), "FFF", [("B", RESIGN), ("A", RESIGN), ("C", RESIGN)]),
    ("faulty", "B", "fault", (), "FFF", []),
    ("faulty", "A", "repair", (), "BBB", [("A", (*CONSULT, *REPORT)), ("B", REPORT), ("C", REPORT)]),
    ("faulty", "B", "hear", (150,), "FFF", []),
]


def act(group: Group, name: str, event: str, arguments: tuple[Any, ...]) -> Done:
    if event == "fault":
        return group.tell(name, "fault_found", FAULT)
    if event == "repair":
        return group.tell(name, "fault_cleared", FAULT, GOOD_NEWS)
    done: Done = getattr(group, event)(name, *arguments)
    return done


def joined(done: Done) -> Done:
    """Put what one member does into one entry, in the order in which members appear."""
    effects: dict[str, tuple[Effect, ...]] = {}
    for name, more in done:
        effects[name] = effects.get(name, ()) + more
    return list(effects.items())


@pytest.mark.parametrize(
    ("scene", "name", "event", "arguments", "states", "done"), TABLE, ids=lambda value: str(value)[:20]
)
def test_event_of_a_member_moves_all_in_this_order(
    scene: str, name: str, event: str, arguments: tuple[Any, ...], states: str, done: Done
) -> None:
    group = SCENES[scene]()

    assert joined(act(group, name, event, arguments)) == done
    assert group.states == states


@pytest.mark.parametrize("last", ["A", "B", "C"])
def test_last_member_whose_deadline_comes_makes_all_master_in_the_order_of_the_configuration(last: str) -> None:
    group = all_want_but(last)

    assert group.time_out(last) == [(last, CONSULT), ("A", TAKEOVER), ("B", TAKEOVER), ("C", TAKEOVER)]
    assert group.states == "MMM"
    assert group.state is State.MASTER


def test_member_that_hears_a_master_again_wants_no_more_and_the_group_waits() -> None:
    group = all_want_but("C")
    group.hear("A", 150)

    assert group.time_out("C") == [("C", CONSULT)]
    assert group.states == "BBB"


def test_member_that_preempts_wants_on_while_it_hears_a_lower_priority() -> None:
    group = all_want_but("C")
    group.hear("A", 50)

    group.time_out("C")
    assert group.states == "MMM"


def test_member_that_wants_has_no_deadline_and_gets_one_when_a_master_is_heard() -> None:
    group = backups()
    group.time_out("A")
    assert group.routers["A"].deadline_at == float("inf")

    group.hear("A", 150)
    assert group.routers["A"].deadline_at == NOW + group.routers["A"].instance.master_down_interval


def test_resignation_leaves_the_wish_of_a_member_alone() -> None:
    group = all_want_but("C")
    group.hear("A", 0)

    group.time_out("C")
    assert group.states == "MMM"


def test_causes_name_the_member_that_made_the_others_move() -> None:
    group = masters()
    group.tell("B", "fault_found", FAULT)

    causes = {name: router.transition.cause for name, router in group.routers.items() if router.transition}
    assert causes == {"A": f"sync group G1: B: {FAULT}", "B": FAULT, "C": f"sync group G1: B: {FAULT}"}
    assert group.group.transition == Transition(State.MASTER, State.FAULT, f"sync group G1: B: {FAULT}", NOW)


def test_cause_of_a_move_says_that_it_came_from_the_group() -> None:
    group = masters()
    group.hear("C", 150)

    cause = group.routers["A"].transition.cause if group.routers["A"].transition else ""
    assert isinstance(cause, Cause)
    assert (cause, cause.event, cause.source) == (
        "sync group G1: C: higher priority advert from 10.0.0.3 (150 > 100)",
        Event.GROUP,
        "G1",
    )


def test_member_whose_deadline_came_last_tells_its_own_cause_and_the_others_name_it() -> None:
    group = all_want_but("C")
    group.time_out("C")

    causes = [router.transition.cause for router in group.routers.values() if router.transition]
    assert causes[0] == f"sync group G1: C: {causes[2]}"
    assert causes[2].startswith("no advert heard for ")


def test_group_reports_its_own_transitions_once() -> None:
    group = masters()
    group.tell("B", "fault_found", FAULT)
    assert group.reported() is group.group.transition

    group.tell("C", "fault_found", FAULT)
    assert group.reported() is None


def test_masters_of_a_group_advertise_each_for_itself() -> None:
    group = masters()

    assert group.tell("B", "deadline_reached", now=NOW + 0.5) == [("B", (Effect.SEND_ADVERT,))]
    assert group.states == "MMM"


# FAULT


def test_group_stays_in_fault_until_the_last_members_fault_is_gone() -> None:
    group = faulty()
    group.tell("B", "fault_found", "interface eth2 is down")

    assert joined(group.tell("A", "fault_cleared", FAULT, GOOD_NEWS)) == [("A", CONSULT)]
    assert group.states == "FFF"
    assert joined(group.tell("B", "fault_cleared", "interface eth2 is down")) == [
        ("B", (*CONSULT, *REPORT)),
        ("A", REPORT),
        ("C", REPORT),
    ]
    assert group.states == "BBB"


def test_reasons_of_the_held_members_name_whoever_is_still_in_fault() -> None:
    group = faulty()
    group.tell("B", "fault_found", "interface eth2 is down")
    assert group.routers["C"].instance.faults == [f"sync group G1: A: {FAULT}"]

    group.tell("A", "fault_cleared", FAULT, GOOD_NEWS)
    assert group.routers["C"].instance.faults == ["sync group G1: B: interface eth2 is down"]
    assert group.routers["A"].instance.faults == ["sync group G1: B: interface eth2 is down"]


def test_member_with_two_faults_keeps_the_group_in_fault_until_both_are_gone() -> None:
    group = faulty()
    group.tell("A", "fault_found", "script chk failed")

    assert group.tell("A", "fault_cleared", FAULT) == []
    group.tell("A", "fault_cleared", "script chk failed")
    assert group.states == "BBB"


def test_good_news_of_one_member_is_the_cause_of_all() -> None:
    group = faulty()
    group.tell("A", "fault_cleared", FAULT, GOOD_NEWS)

    causes = [router.transition.cause for router in group.routers.values() if router.transition]
    assert causes == [GOOD_NEWS, f"sync group G1: A: {GOOD_NEWS}", f"sync group G1: A: {GOOD_NEWS}"]


def test_members_that_left_fault_listen_for_a_whole_master_down_interval() -> None:
    group = faulty()
    group.tell("A", "fault_cleared", FAULT, GOOD_NEWS)

    assert [router.deadline_at for router in group.routers.values()] == [NOW + 3.609375] * 3


def test_held_member_hears_nothing_and_wants_nothing() -> None:
    group = faulty()

    assert group.tell("B", "deadline_reached", now=NOW + 100) == []
    assert group.routers["B"].instance.wish is None


# Start


def test_group_with_a_fault_at_the_start_begins_in_fault_with_one_transition_each() -> None:
    group = Group()
    group.routers["C"].fault_found(NOW, FAULT)
    group.start()

    assert group.states == "FFF"
    transitions = [router.transition for router in group.routers.values()]
    assert [one.old for one in transitions if one] == [State.INIT] * 3
    assert [one.cause for one in transitions if one] == [f"sync group G1: C: {FAULT}"] * 2 + [FAULT]


def test_group_of_address_owners_becomes_master_when_the_last_has_started() -> None:
    group = Group("A", "B", priority=255)
    group.group.settle(NOW)
    assert group.tell("A", "started") == [("A", (*YIELD, *CONSULT))]

    assert joined(group.tell("B", "started")) == [("B", (*YIELD, *CONSULT, *TAKEOVER)), ("A", TAKEOVER)]
    assert group.states == "MM"


def test_address_owner_waits_for_a_member_that_owns_nothing() -> None:
    group = Group("A", "B")
    owner = Group("A", priority=255).routers["A"]
    group.routers["A"] = owner
    group.group.regrouped(group.routers)
    group.start()
    assert group.states == "BB"

    group.time_out("B")
    assert group.states == "MM"


def test_group_is_init_until_all_members_have_started() -> None:
    group = Group()
    states = [(group.tell(name, "started"), group.state)[1] for name in group.routers]

    assert states == [State.INIT, State.INIT, State.BACKUP]
    assert group.done == [("C", YIELD)]


# Adoption and members that come later


def adopted(second_is_too: bool) -> Group:
    group = Group("A", "B")
    group.group.settle(NOW)
    group.tell("A", "adopted", NOW - 1.0)
    group.tell("B", "adopted", NOW - 1.0 if second_is_too else NOW - 100.0)
    return group


def test_members_adopted_together_go_on_as_a_group_of_masters_without_a_transition() -> None:
    group = adopted(second_is_too=True)

    assert group.done == [("B", (Effect.SEND_ADVERT, *CONSULT))]
    assert group.states == "MM"
    assert group.state is State.MASTER


def test_member_that_was_not_adopted_joins_when_its_deadline_comes() -> None:
    group = adopted(second_is_too=False)
    assert group.states == "MB"
    assert group.state is State.MASTER

    assert joined(group.time_out("B")) == [("B", (*CONSULT, *TAKEOVER))]
    assert group.states == "MM"


def test_group_yields_when_a_member_that_joins_finds_another_master() -> None:
    group = adopted(second_is_too=False)

    assert joined(group.hear("B", 150)) == [("B", (Effect.REPORT_NOTES, *CONSULT)), ("A", YIELD)]
    assert group.states == "BB"
    assert group.state is State.BACKUP


def test_group_made_of_a_master_and_a_follower_of_another_master_is_backup() -> None:
    group = Group("A", "B")
    group.group.regrouped({})
    group.routers["A"].instance.group = group.routers["B"].instance.group = ""
    group.tell("A", "started", now=STARTED_AT)
    group.tell("B", "started", now=STARTED_AT)
    group.time_out("A")
    group.hear("B", 150)
    assert group.states == "MB"

    group.group.regrouped(group.routers)
    settlement = group.group.settle(NOW)

    assert [(move.name, move.effects) for move in settlement.moves] == [("A", YIELD)]
    assert group.state is State.BACKUP


def test_member_that_leaves_a_group_in_fault_is_in_fault_no_more() -> None:
    group = faulty()

    assert group.routers["B"].left_group(NOW) == REPORT
    assert group.routers["B"].state is State.BACKUP


def test_member_that_wanted_and_leaves_becomes_master_at_once() -> None:
    group = backups()
    group.time_out("B")

    assert group.routers["B"].left_group(NOW) == NOTHING
    assert group.routers["B"].deadline_at == NOW
    assert group.routers["B"].deadline_reached(NOW) == TAKEOVER


def test_group_whose_faulty_member_was_taken_away_leaves_fault() -> None:
    group = faulty()
    rest = {name: router for name, router in group.routers.items() if name != "A"}
    group.group.regrouped(rest)

    settlement = group.group.settle(NOW)

    assert [(move.name, move.effects) for move in settlement.moves] == [("B", REPORT), ("C", REPORT)]
    assert group.group.transition == Transition(
        State.FAULT, State.BACKUP, "sync group G1: no member with a fault is left", NOW
    )


def test_group_without_members_does_nothing() -> None:
    group = backups()
    group.group.regrouped({})

    assert group.group.settle(NOW) is SETTLED


# Rivals


def test_lower_priority_heard_by_one_master_makes_the_others_announce_too() -> None:
    group = masters()

    assert group.hear("B", 50) == [
        ("B", (*ANSWER, *CONSULT)),
        ("A", (Effect.ANNOUNCE_LOWER_PRIORITY,)),
        ("C", (Effect.ANNOUNCE_LOWER_PRIORITY,)),
    ]
    assert group.reported() is None


def test_second_announcement_because_of_a_rival_is_not_handed_on() -> None:
    group = masters(advertisement_interval=100.0, garp_master_delay=0.0)
    group.hear("B", 50)

    for name in ("A", "B"):
        assert group.tell(name, "deadline_reached", now=NOW + 5.0) == [(name, (Effect.ANNOUNCE_LOWER_PRIORITY,))]


def test_overslept_member_makes_the_group_yield() -> None:
    group = masters()
    group.routers["B"].instance.highest_other_priority = 90
    later = NOW + 60.0

    done = joined(group.tell("B", "deadline_reached", now=later))

    assert done == [("B", YIELD), ("A", YIELD), ("C", YIELD)]


# Numbers


def test_counters_of_moved_members_count_as_if_they_had_moved_alone() -> None:
    group = masters()
    group.tell("B", "fault_found", FAULT)

    counted = [(router.counters.become_master, router.counters.release_master) for router in group.routers.values()]
    assert counted == [(1, 1)] * 3
