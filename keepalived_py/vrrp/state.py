"""The four states of a virtual router and the record of a change between them."""

from enum import IntEnum, unique
from typing import NamedTuple

from keepalived_py.vrrp.cause import Cause, Event


@unique
class State(IntEnum):
    """Initialize, Backup and Active of RFC 9568 section 6.4 and keepalived's FAULT, with keepalived's numbers."""

    INIT = 0
    BACKUP = 1
    MASTER = 2
    FAULT = 3


class Transition(NamedTuple):
    """One change of state.

    Attributes:
        old: state that was left.
        new: state that was entered.
        cause: e.g. `no advert from 10.0.0.1 for 3.609 s (priority 100)`; a `Cause` when the machine made it.
        at: monotonic seconds.
    """

    old: State
    new: State
    cause: str
    at: float

    @property
    def event(self) -> Event:
        """The kind of event that caused it."""
        return self.cause.event if isinstance(self.cause, Cause) else Event.OTHER

    @property
    def source(self) -> str:
        """Who or what caused it: an address or a name; empty for nobody."""
        return self.cause.source if isinstance(self.cause, Cause) else ""


class Rival(NamedTuple):
    """Another master of our virtual router, heard while we are master too.

    Attributes:
        source: packed address.
        reason: why the two do not settle it, in words.
        at: monotonic seconds.
    """

    source: bytes
    reason: str
    at: float


class Note(NamedTuple):
    """One log line that is not a transition.

    Attributes:
        text: line without the instance name.
        detail: True when it belongs to the detailed log (`-D`) only.
    """

    text: str
    detail: bool = False
