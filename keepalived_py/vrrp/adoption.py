"""What a VRRP child leaves behind for the one that replaces it, should it crash.

The supervisor owns the memory; this module owns its layout: a header (magic, number of entries), then one
fixed-size entry per instance. An entry is stamped with one struct store each time its instance adverts as
MASTER, so a child killed at any instruction leaves a record that is at most one advert old.
"""

from __future__ import annotations

import math
import struct
from typing import NamedTuple
from zlib import crc32

_MAGIC = 0x4B41_5650
_HEADER = struct.Struct("=II")
_ENTRY = struct.Struct("=16sdQI")
_STAMP = struct.Struct("=dQI")
_STAMP_OFFSET = 16


class Legacy(NamedTuple):
    """What an instance that was MASTER left.

    Attributes:
        last_sent_at: when it sent its last advert, seconds of the monotonic clock.
        sequence: number of its last authentication header; 0 without such headers.
        priority: of that advert; 0 when it is not known.
    """

    last_sent_at: float
    sequence: int
    priority: int = 0


NO_LEGACY = Legacy(-math.inf, 0)
"""What an instance starts with that nobody died for."""


def _key(name: str) -> bytes:
    """Return the 16 bytes that stand for an instance name: how it begins, and a checksum of all of it."""
    encoded = name.encode("utf-8", "surrogateescape")
    return encoded[:12].ljust(12, b"\0") + crc32(encoded).to_bytes(4, "big")


class AdoptionRecord:
    """The shared record of which instances were MASTER and when each sent its last advert.

    Times are seconds of the monotonic clock, which all processes of one boot share.

    Args:
        memory: the shared area; its contents are those of the earlier child until `start` is called.
    """

    def __init__(self, memory: memoryview) -> None:
        self._memory = memory
        self._offsets: dict[str, int] = {}
        self.capacity = (len(memory) - _HEADER.size) // _ENTRY.size

    def masters(self) -> dict[bytes, Legacy]:
        """Return what the instances of the earlier child that were MASTER left, by `key`."""
        magic, count = _HEADER.unpack_from(self._memory, 0)
        if magic != _MAGIC:
            return {}
        entries = (
            _ENTRY.unpack_from(self._memory, _HEADER.size + index * _ENTRY.size)
            for index in range(min(count, self.capacity))
        )
        return {key: Legacy(sent, *more) for key, sent, *more in entries if sent > 0 and math.isfinite(sent)}

    @staticmethod
    def key(name: str) -> bytes:
        """Return the key under which `masters` knows the instance called `name`."""
        return _key(name)

    def start(self, names: list[str]) -> None:
        """Lay out one entry per instance, none of them MASTER; instances beyond the capacity are not recorded."""
        _HEADER.pack_into(self._memory, 0, 0, 0)
        self._offsets = {}
        for index, name in enumerate(names[: self.capacity]):
            offset = _HEADER.size + index * _ENTRY.size
            _ENTRY.pack_into(self._memory, offset, _key(name), 0.0, 0, 0)
            self._offsets[name] = offset
        _HEADER.pack_into(self._memory, 0, _MAGIC, len(self._offsets))

    def sent_advert(self, name: str, now: float, sequence: int, priority: int) -> None:
        """Record that `name`, MASTER, sent an advert at `now` with this number in its authentication header."""
        offset = self._offsets.get(name)
        if offset is not None:
            _STAMP.pack_into(self._memory, offset + _STAMP_OFFSET, now, sequence, priority)

    def left_master(self, name: str) -> None:
        """Record that `name` is not MASTER."""
        offset = self._offsets.get(name)
        if offset is not None:
            _ENTRY.pack_into(self._memory, offset, _key(name), 0.0, 0, 0)
