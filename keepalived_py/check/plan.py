"""From what the kernel's tables hold to what they shall hold: the commands, in an order that hurts nobody.

Services and destinations that stay are edited, never removed and added again, so that their connections survive; what
comes is added before what goes is taken away, so that no service is without servers in between.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keepalived_py.kernel.ipvs import Destination, DestinationKey, Service, ServiceKey


@unique
class Action(Enum):
    """What is done to one entry."""

    ADD_SERVICE = "add the service"
    CHANGE_SERVICE = "change the service"
    DELETE_SERVICE = "delete the service with its destinations"
    ADD_DESTINATION = "add the destination"
    CHANGE_DESTINATION = "change the destination"
    DELETE_DESTINATION = "delete the destination"


class Command(NamedTuple):
    """One change of a table.

    Attributes:
        action: what is done.
        service: to which service, or in which.
        destination: to which destination; None when the service is meant.
    """

    action: Action
    service: Service
    destination: Destination | None = None


class Entry(NamedTuple):
    """A service with its destinations."""

    service: Service
    destinations: dict[DestinationKey, Destination]


Table = dict["ServiceKey", Entry]
"""The services by their keys."""


def changes(desired: Mapping[ServiceKey, Entry], applied: Mapping[ServiceKey, Entry]) -> Iterator[Command]:
    """Yield the commands that turn `applied` into `desired`."""
    for key, entry in desired.items():
        yield from _changes_of_one(entry, applied.get(key))
    for key, entry in applied.items():
        if key not in desired:
            yield Command(Action.DELETE_SERVICE, entry.service)


def _changes_of_one(wanted: Entry, present: Entry | None) -> Iterator[Command]:
    service = wanted.service
    if present is None:
        yield Command(Action.ADD_SERVICE, service)
    elif present.service != service:
        yield Command(Action.CHANGE_SERVICE, service)
    there: Mapping[DestinationKey, Destination] = present.destinations if present is not None else {}
    for key, destination in wanted.destinations.items():
        if key not in there:
            yield Command(Action.ADD_DESTINATION, service, destination)
        elif there[key] != destination:
            yield Command(Action.CHANGE_DESTINATION, service, destination)
    for key, destination in there.items():
        if key not in wanted.destinations:
            yield Command(Action.DELETE_DESTINATION, service, destination)


def carried_out(table: Table, command: Command) -> None:
    """Make in `table` the change that the kernel has acknowledged."""
    action, service, destination = command
    key = service.key
    if action is Action.DELETE_SERVICE:
        table.pop(key, None)
    elif destination is None:
        table[key] = Entry(service, table[key].destinations if key in table else {})
    else:
        destinations = table.setdefault(key, Entry(service, {})).destinations
        if action is Action.DELETE_DESTINATION:
            destinations.pop(destination.key, None)
        else:
            destinations[destination.key] = destination
