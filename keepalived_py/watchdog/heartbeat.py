"""Memory that a supervisor shares with its children: signs of life, and what must outlive a child.

One anonymous shared mapping, made before the first fork. Each kind of child has a slot: the time of its last stamp,
the number of the configuration it has in effect, a record area of its own, and one for its history.
"""

from __future__ import annotations

import mmap

RECORD_SIZE = 64 * 1024
HISTORY_SIZE = 128 * 1024
"""Bytes for what happened; the kernel gives memory for the pages that have been written only."""
_WORD = 8
_RECORD_OFFSET = mmap.PAGESIZE
_HISTORY_OFFSET = _RECORD_OFFSET + RECORD_SIZE
_SLOT_SIZE = _HISTORY_OFFSET + HISTORY_SIZE


class Slot:
    """One child's part of the shared memory; the child stamps, the supervisor reads.

    Stamp and generation are eight aligned bytes each, stored by assignment, which the processors that we run on do in
    one piece. `struct.pack_into` does not: it clears the bytes first, and whoever reads then sees a zero.
    """

    def __init__(self, memory: memoryview) -> None:
        self._stamp = memory[:_WORD].cast("d")
        self._generation = memory[_WORD : 2 * _WORD].cast("Q")
        self.record = memory[_RECORD_OFFSET:_HISTORY_OFFSET]
        self.history = memory[_HISTORY_OFFSET:]

    def beat(self, now: float) -> None:
        """Stamp that the child's loop is alive at `now` (seconds, monotonic)."""
        self._stamp[0] = now

    def acknowledge(self, generation: int) -> None:
        """Say that configuration `generation` is in effect in the child."""
        self._generation[0] = generation

    @property
    def stamp(self) -> float:
        """The time of the last stamp."""
        return self._stamp[0]

    @property
    def generation(self) -> int:
        """The configuration that the child has in effect; 0 before it has any."""
        return self._generation[0]

    def vacate(self, now: float) -> None:
        """Make the slot ready for another process; the record stays for it to read."""
        self.beat(now)
        self.acknowledge(0)


class SharedMemory:
    """The mapping for `count` children."""

    def __init__(self, count: int) -> None:
        self._mapping = mmap.mmap(-1, _SLOT_SIZE * count)

    def slot(self, index: int) -> Slot:
        """Return the part that belongs to child number `index`."""
        start = _SLOT_SIZE * index
        return Slot(memoryview(self._mapping)[start : start + _SLOT_SIZE])
