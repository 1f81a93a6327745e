"""What a VRRP child leaves behind for the one that replaces it, should it crash.

The supervisor owns the memory; this module owns its layout: a header (magic, number of entries), then one
fixed-size entry per instance. An entry is stamped with one struct store each time its instance adverts as
MASTER, so a child killed at any instruction leaves a record that is at most one advert old.
"""

from __future__ import annotations

import math
import struct
from zlib import crc32

_MAGIC = 0x4B41_5650
_HEADER = struct.Struct("=II")
_ENTRY = struct.Struct("=16sdd")
_STAMP = struct.Struct("=d")
_LAST_SENT_OFFSET = 16


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

    def masters(self) -> dict[bytes, tuple[float, float]]:
        """Return what the earlier child left: key -> (last advert sent at, became MASTER at)."""
        magic, count = _HEADER.unpack_from(self._memory, 0)
        if magic != _MAGIC:
            return {}
        entries = (
            _ENTRY.unpack_from(self._memory, _HEADER.size + index * _ENTRY.size)
            for index in range(min(count, self.capacity))
        )
        return {key: (sent, since) for key, sent, since in entries if sent > 0 and math.isfinite(sent)}

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
            _ENTRY.pack_into(self._memory, offset, _key(name), 0.0, 0.0)
            self._offsets[name] = offset
        _HEADER.pack_into(self._memory, 0, _MAGIC, len(self._offsets))

    def became_master(self, name: str, now: float) -> None:
        """Record that `name` has been MASTER since `now`."""
        offset = self._offsets.get(name)
        if offset is not None:
            _ENTRY.pack_into(self._memory, offset, _key(name), now, now)

    def sent_advert(self, name: str, now: float) -> None:
        """Record that `name`, MASTER, sent an advert at `now`."""
        offset = self._offsets.get(name)
        if offset is not None:
            _STAMP.pack_into(self._memory, offset + _LAST_SENT_OFFSET, now)

    def left_master(self, name: str) -> None:
        """Record that `name` is not MASTER."""
        offset = self._offsets.get(name)
        if offset is not None:
            _ENTRY.pack_into(self._memory, offset, _key(name), 0.0, 0.0)
