"""The accepted configuration in memory that every process shares: one writes it, nobody parses it again.

The memory is a file without a name (memfd), inherited by fork. Two header slots take turns; a header is
written after its body, and neither overwrites what the other header stands for. A reader therefore
finds a whole configuration at any moment, even when the writer died half way.
"""

from __future__ import annotations

import os
import struct
import zlib
from _pickle import dumps, loads
from typing import TYPE_CHECKING, Final

from keepalived_py.errors import ConfigError

if TYPE_CHECKING:
    from keepalived_py.config.model import Config

# generation, offset of the body, its length, its CRC-32; then the CRC-32 of these
_FIELDS: Final = struct.Struct("<QQQI")
_HEADER: Final = struct.Struct("<QQQII")
_BODIES: Final = 2 * _HEADER.size
_PROTOCOL: Final = 5
_ATTEMPTS: Final = 10

Header = tuple[int, int, int, int]
_EMPTY: Final[Header] = (0, _BODIES, 0, 0)


class Snapshot:
    """A shared configuration with a generation number; also a `child.ConfigSource`."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def create(cls) -> Snapshot:
        """Return an empty snapshot; children inherit it by fork, not by exec."""
        return cls(os.memfd_create("keepalived-configuration", os.MFD_CLOEXEC))

    def write(self, config: Config) -> int:
        """Put a configuration in force; return its generation, counting from 1. One process only may write."""
        body = dumps(config, _PROTOCOL)
        generation, offset, length, _ = self._newest()
        start = _BODIES if offset >= _BODIES + len(body) else offset + length
        _write_all(self._descriptor, body, start)
        fields = _FIELDS.pack(generation + 1, start, len(body), zlib.crc32(body))
        header = fields + struct.pack("<I", zlib.crc32(fields))
        _write_all(self._descriptor, header, (generation + 1) % 2 * _HEADER.size)
        return generation + 1

    def read(self) -> tuple[int, Config]:
        """Return (generation, configuration) that are in force.

        Raises:
            ConfigError: nothing has been written yet, or the writer outruns every attempt to read.
        """
        for _ in range(_ATTEMPTS):
            generation, offset, length, checksum = self._newest()
            if not generation:
                raise ConfigError("no configuration has been accepted yet")
            body = os.pread(self._descriptor, length, offset)
            if zlib.crc32(body) == checksum:
                config: Config = loads(body)
                return generation, config
        raise ConfigError("the configuration changes faster than it can be read")

    def current(self) -> tuple[int, Config]:
        """Return (generation, configuration) that are in force."""
        return self.read()

    @property
    def size(self) -> int:
        """Bytes that the configuration in force takes."""
        return self._newest()[2]

    def close(self) -> None:
        """Let go of the memory; other processes keep theirs."""
        os.close(self._descriptor)

    def _newest(self) -> Header:
        """Return the valid header with the higher generation."""
        raw = os.pread(self._descriptor, _BODIES, 0)
        slots = (raw[at : at + _HEADER.size] for at in (0, _HEADER.size))
        return max((header for header in map(_header, slots) if header), default=_EMPTY)


def _header(raw: bytes) -> Header | None:
    """Return the fields of a header slot, or None when it was never, or not wholly, written."""
    if len(raw) != _HEADER.size:
        return None
    *fields, checksum = _HEADER.unpack(raw)
    generation, offset, length, body_checksum = fields
    if zlib.crc32(raw[: _FIELDS.size]) != checksum or not generation:
        return None
    return generation, offset, length, body_checksum


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    """Write all of `data`; a memfd takes everything unless memory runs out, which raises OSError."""
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written
