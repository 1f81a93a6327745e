"""Why a virtual router did what it did: one line for people, the kind of event and its source for programs."""

from enum import Enum, unique
from typing import Self

from keepalived_py.vrrp.reception import address_text


@unique
class Event(Enum):
    """What kind of thing made a router change, for whoever counts or filters; a `Cause` says it in words."""

    OTHER = "other"
    STARTED = "started"
    STOPPED = "stopped"
    OWNER = "address owner"
    ADOPTED = "crashed process replaced"
    SILENCE = "no advert heard"
    RESIGNATION = "resignation heard"
    PREEMPTION = "lower priority preempted"
    HIGHER_PRIORITY = "higher priority heard"
    HIGHER_ADDRESS = "equal priority, higher address heard"
    OVERSLEPT = "did not run in time"
    FAULT = "fault found"
    FAULT_CLEARED = "fault cleared"
    GROUP = "sync group"
    PRIORITY = "priority changed"
    LOWER_PRIORITY = "lower priority heard as master"
    DUAL_MASTER = "another master heard"


class Cause(str):
    """Why something happened: one line without the instance name, which also says what kind of event it was.

    Attributes:
        event: the kind.
        source: who or what it came from: another router's address, a tracker's or group's name; empty for nobody.
    """

    __slots__ = ("event", "source")

    event: Event
    source: str

    def __new__(cls, text: str, event: Event = Event.OTHER, source: str = "") -> Self:
        """Make a cause from its line."""
        cause = super().__new__(cls, text)
        cause.event, cause.source = event, source
        return cause


def fault(reason: str, event: Event = Event.FAULT) -> Cause:
    """Return the cause of a fault that came (or, with that event, went); one that says its event already keeps it."""
    return reason if isinstance(reason, Cause) else Cause(reason, event)


def owner(priority: int) -> Cause:
    """Return why an address owner becomes master."""
    return Cause(f"address owner (priority {priority})", Event.OWNER)


def silence(master: bytes, waited: float, priority: int) -> Cause:
    """Return why the deadline of a BACKUP makes it master.

    Args:
        master: packed address of the master that it followed; empty for none.
        waited: seconds.
        priority: its own.
    """
    source = address_text(master) if master else ""
    whom = f"from {source}" if source else "heard"
    return Cause(f"no advert {whom} for {waited:.3f} s (priority {priority})", Event.SILENCE, source)


def resignation(source: bytes) -> Cause:
    """Return why a BACKUP becomes master after an advert with priority 0."""
    sender = address_text(source)
    return Cause(f"advert with priority 0 from {sender}", Event.RESIGNATION, sender)


def preemption(source: bytes, mine: int, received: int) -> Cause:
    """Return why a BACKUP takes over from a living master."""
    sender = address_text(source)
    return Cause(f"preempting {sender} (priority {mine} > {received})", Event.PREEMPTION, sender)


def superior(source: bytes, mine: int, received: int) -> Cause:
    """Return why a master yields to another one."""
    sender = address_text(source)
    if received > mine:
        text = f"higher priority advert from {sender} ({received} > {mine})"
        return Cause(text, Event.HIGHER_PRIORITY, sender)
    text = f"advert with equal priority {received} from {sender}, a higher address than ours"
    return Cause(text, Event.HIGHER_ADDRESS, sender)


def oversleep(slept: float, patience: float) -> Cause:
    """Return why a master that did not run for `slept` seconds steps down."""
    return Cause(f"sent no advert for {slept:.3f} s, peers waited {patience:.3f} s", Event.OVERSLEPT)


def group(name: str, member: str, cause: str) -> Cause:
    """Return why a member of a sync group follows another one."""
    return Cause(
        f"sync group {name}: {member}: {cause}" if member else f"sync group {name}: {cause}", Event.GROUP, name
    )


def group_fault(name: str) -> Cause:
    """Return what keeps a member in FAULT that has a reason of its own too."""
    return Cause(f"sync group {name} is in FAULT", Event.GROUP, name)
