"""What happened, in a ring that outlives the process that wrote it.

The memory is the supervisor's; this is its layout: slots of one size, each a record with its number and a checksum. A
process that is killed amid a store leaves one slot that does not check, and nothing else.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOT_SIZE = 512
_CHECKSUM = struct.Struct("=I")
_NUMBERS = struct.Struct("=HQddiiddd")
"""Octets of the texts, number of the record, monotonic and wall-clock time, old and new priority, timers, lateness."""
_TEXTS_AT = _CHECKSUM.size + _NUMBERS.size
_LIMITS = (14, 80, 8, 8, 40, 64, 45, 180)
"""Most octets of each text, in the order of `Record`'s texts; with their lengths they fit into a slot."""


class Record(NamedTuple):
    """One thing that happened. Times are seconds, texts are cut to fit.

    Attributes:
        kind: transition, priority, dual master, lower priority, group, start or reload.
        instance: whose it is, of a group record the group; empty for the whole process.
        old: state before; empty where there is none.
        new: state after.
        event: what kind of thing caused it.
        source: whom that came from: a router's address, a tracker or group.
        master: address of the master that the instance followed last; empty for none.
        cause: one line.
        at: on the monotonic clock.
        wall: since 1970.
        old_priority: effective priority when the record before was made; 0 for none.
        priority: effective priority.
        advertisement_interval: between the adverts of the master that is followed, or our own.
        master_down_interval: of silence that a BACKUP waits.
        lateness: by which the loop served its last deadline late.
        number: counts the records of this daemon from 1.
    """

    kind: str
    instance: str
    old: str
    new: str
    event: str
    source: str
    master: str
    cause: str
    at: float
    wall: float
    old_priority: int = 0
    priority: int = 0
    advertisement_interval: float = 0.0
    master_down_interval: float = 0.0
    lateness: float = 0.0
    number: int = 0

    @property
    def texts(self) -> tuple[str, ...]:
        """The fields that are text."""
        return self.kind, self.instance, self.old, self.new, self.event, self.source, self.master, self.cause


class History:
    """The ring. What an earlier process wrote stays, and numbers go on from there.

    Args:
        memory: all of it; zero at first.

    Attributes:
        capacity: records that fit.
        last_number: of the newest record; 0 for none.
    """

    def __init__(self, memory: memoryview) -> None:
        self._memory = memory
        self.capacity = len(memory) // SLOT_SIZE
        self.last_number = max((number for number, _ in self._numbered()), default=0)

    def append(self, record: Record) -> int:
        """Store a record in place of the oldest and return its number."""
        number = self.last_number + 1
        data = encoded(record._replace(number=number))
        offset = self._offset(number)
        self._memory[offset : offset + len(data)] = data
        self.last_number = number
        return number

    def newest(self, count: int | None = None) -> Iterator[Record]:
        """Return the newest records, the oldest of them first; each is read when it is asked for."""
        numbered = sorted(self._numbered())
        for number, offset in numbered if count is None else numbered[max(0, len(numbered) - count) :]:
            record = decoded(self._memory[offset : offset + SLOT_SIZE])
            if record is not None and record.number == number:
                yield record

    def _offset(self, number: int) -> int:
        return (number - 1) % self.capacity * SLOT_SIZE

    def _numbered(self) -> Iterator[tuple[int, int]]:
        """Return number and offset of every whole record. Memory that was never written is not touched."""
        for offset in range(0, self.capacity * SLOT_SIZE, SLOT_SIZE):
            slot = self._memory[offset : offset + SLOT_SIZE]
            number = _number(slot)
            if number and self._offset(number) == offset:
                yield number, offset
            elif not any(slot[:_TEXTS_AT]):
                return


def encoded(record: Record) -> bytes:
    """Return the octets of a record, at most SLOT_SIZE."""
    texts = b"".join(_text(text, limit) for text, limit in zip(record.texts, _LIMITS, strict=True))
    priorities = (record.old_priority, record.priority)
    timers = (record.advertisement_interval, record.master_down_interval, record.lateness)
    numbers = _NUMBERS.pack(len(texts), record.number, record.at, record.wall, *priorities, *timers)
    body = numbers + texts
    return _CHECKSUM.pack(crc32(body)) + body


def decoded(slot: memoryview | bytes) -> Record | None:
    """Return the record in a slot; None for one that is empty, torn or damaged."""
    if not _number(slot):
        return None
    _, number, at, wall, old_priority, priority, interval, down_interval, lateness = _NUMBERS.unpack_from(
        slot, _CHECKSUM.size
    )
    position = _TEXTS_AT
    texts = []
    for _ in _LIMITS:
        end = position + 1 + slot[position]
        texts.append(bytes(slot[position + 1 : end]).decode("utf-8", "surrogateescape"))
        position = end
    kind, instance, old, new, event, source, master, cause = texts
    return Record(
        *(kind, instance, old, new, event, source, master, cause),
        *(at, wall, old_priority, priority, interval, down_interval, lateness, number),
    )


def _number(slot: memoryview | bytes) -> int:
    """Return the number of the record in a slot; 0 when there is no whole one."""
    [checksum] = _CHECKSUM.unpack_from(slot, 0)
    length, number = struct.unpack_from("=HQ", slot, _CHECKSUM.size)
    end = _TEXTS_AT + int(length)
    is_whole = end <= len(slot) and crc32(slot[_CHECKSUM.size : end]) == checksum
    return int(number) if is_whole else 0


def _text(text: str, limit: int) -> bytes:
    """Return a text with its length before it, cut between two characters."""
    octets = text.encode("utf-8", "surrogateescape")
    if len(octets) > limit:
        octets = octets[:limit].decode("utf-8", "ignore").encode("utf-8")
    return bytes((len(octets),)) + octets
