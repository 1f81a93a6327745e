"""What the children tell each other: records of one size, so that a datagram is one record and nothing needs parsing.

BFD sessions tell the VRRP child and the health-check child that they came up or went down; the VRRP child tells the
health-check child the state of its instances (the sync daemon and `ha_suspend` follow them). A child that was started
anew sends `REPEAT`, and is told the state of everything once more.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

NAME_BYTES = 128
"""Longest name that is sent whole; longer ones are told apart by what fits."""
_RECORD = struct.Struct(f"=BBHHxxd{NAME_BYTES}s")
SIZE = _RECORD.size


class Subject(IntEnum):
    """What a record is about."""

    BFD_SESSION = 1
    INSTANCE = 2
    REPEAT = 3


class SessionState(IntEnum):
    """Whether a BFD session is up."""

    DOWN = 0
    UP = 1


class InstanceState(IntEnum):
    """State of a VRRP instance, with keepalived's numbers; STOP for one that has ended."""

    STOP = 0
    BACKUP = 1
    MASTER = 2
    FAULT = 3


class Message(NamedTuple):
    """One record.

    Attributes:
        subject: what it is about.
        name: of the session or instance.
        state: SessionState or InstanceState.
        at: monotonic seconds of the change.
        priority: effective priority of an instance, 0 for anything else.
        vrid: virtual router id of an instance, 0 for anything else.
    """

    subject: Subject
    name: str = ""
    state: int = 0
    at: float = 0.0
    priority: int = 0
    vrid: int = 0

    def pack(self) -> bytes:
        """Return the record."""
        name = fitting(self.name)
        return _RECORD.pack(self.subject, self.state, self.priority, self.vrid, self.at, name)


def unpack(record: bytes) -> Message | None:
    """Return what a record says; None for one that nobody of ours has made."""
    if len(record) != SIZE:
        return None
    subject, state, priority, vrid, at, name = _RECORD.unpack(record)
    if subject not in _SUBJECTS:
        return None
    return Message(Subject(subject), name.rstrip(b"\0").decode("utf-8", "surrogateescape"), state, at, priority, vrid)


def fitting(name: str) -> bytes:
    """Return the bytes of a name that fit."""
    return name.encode("utf-8", "surrogateescape")[:NAME_BYTES]


_SUBJECTS = frozenset(Subject)
