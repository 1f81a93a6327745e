"""Plans: whatever is there and whatever is wanted, the commands lead from one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.check.plan import Action, Command, Entry, Table, carried_out, changes
from keepalived_py.kernel.ipvs import Destination, Service

if TYPE_CHECKING:
    from collections.abc import Sequence

WEB = Service(protocol=6, address=bytes((10, 0, 0, 9)), port=80, scheduler="rr")


def destination(number: int, weight: int = 1) -> Destination:
    return Destination(address=bytes((10, 0, 1, number)), port=80, weight=weight)


def table(service: Service, *destinations: Destination) -> Table:
    return {service.key: Entry(service, {one.key: one for one in destinations})}


def copied(original: Table) -> Table:
    """A table that commands can be carried out in."""
    return {key: Entry(entry.service, dict(entry.destinations)) for key, entry in original.items()}


def plan(desired: Table, applied: Table) -> list[tuple[Action, int]]:
    """The actions, with the last octet of the destination."""
    return [
        (command.action, command.destination.address[-1] if command.destination else 0)
        for command in changes(desired, applied)
    ]


def test_new_service_comes_before_its_destinations() -> None:
    assert plan(table(WEB, destination(1), destination(2)), {}) == [
        (Action.ADD_SERVICE, 0),
        (Action.ADD_DESTINATION, 1),
        (Action.ADD_DESTINATION, 2),
    ]


def test_service_that_goes_takes_its_destinations_along() -> None:
    assert plan({}, table(WEB, destination(1))) == [(Action.DELETE_SERVICE, 0)]


def test_destination_that_comes_is_added_before_the_one_that_goes_is_removed() -> None:
    assert plan(table(WEB, destination(2)), table(WEB, destination(1))) == [
        (Action.ADD_DESTINATION, 2),
        (Action.DELETE_DESTINATION, 1),
    ]


def test_other_scheduler_and_other_weight_are_edits() -> None:
    other = Service(protocol=6, address=WEB.address, port=80, scheduler="wlc")
    assert plan(table(other, destination(1, 5)), table(WEB, destination(1))) == [
        (Action.CHANGE_SERVICE, 0),
        (Action.CHANGE_DESTINATION, 1),
    ]


def test_nothing_is_done_where_nothing_changed() -> None:
    assert plan(table(WEB, destination(1)), table(WEB, destination(1))) == []


SERVICES = st.builds(
    Service,
    protocol=st.sampled_from([6, 17]),
    address=st.sampled_from([bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2))]),
    port=st.sampled_from([80, 443]),
    scheduler=st.sampled_from(["rr", "wlc"]),
    timeout=st.sampled_from([0, 300]),
)
DESTINATIONS = st.builds(
    Destination,
    address=st.integers(1, 4).map(lambda number: bytes((10, 0, 1, number))),
    port=st.just(80),
    weight=st.integers(0, 3),
)
TABLES = st.lists(st.tuples(SERVICES, st.lists(DESTINATIONS, max_size=4)), max_size=5).map(
    lambda entries: {
        service.key: Entry(service, {one.key: one for one in destinations}) for service, destinations in entries
    }
)


@given(desired=TABLES, applied=TABLES)
def test_commands_lead_to_what_is_wanted_and_never_empty_a_service_on_the_way(desired: Table, applied: Table) -> None:
    now = copied(applied)
    done: list[Command] = []
    for command in changes(desired, applied):
        carried_out(now, command)
        done.append(command)
        _assert_served(now, desired, applied)
    assert now == desired
    assert list(changes(desired, now)) == []
    assert len({(command.action, command.service.key, command.destination) for command in done}) == len(done)


def _assert_served(now: Table, desired: Table, applied: Table) -> None:
    for key, entry in now.items():
        was, will_be = applied.get(key), desired.get(key)
        if was is not None and was.destinations and will_be is not None and will_be.destinations:
            assert entry.destinations


@given(desired=TABLES, applied=TABLES, refused=st.sets(st.integers(0, 10)))
def test_what_was_refused_is_asked_for_again(desired: Table, applied: Table, refused: Sequence[int]) -> None:
    now = copied(applied)
    for index, command in enumerate(list(changes(desired, applied))):
        if index not in refused:
            carried_out(now, command)
    for command in list(changes(desired, now)):
        carried_out(now, command)
    assert now == desired
