"""The accepted configuration in memory that every process shares: one writes it, nobody parses it again.

The memory is a file without a name (memfd), inherited by fork. Two header slots take turns; a header is
written after its body, and neither overwrites what the other header stands for. A reader therefore
finds a whole configuration at any moment, even when the writer died half way.

A body is several pickles. The first is for a reload (`earlier`). The third holds what only the health-check child looks
at: ten thousand real servers take a fifth of a second to load, which the VRRP child has not got between two adverts.
Those behind it hold one virtual router each, so that a process with deadlines can load one per turn of its loop
(`loading`).
"""

from __future__ import annotations

import errno
import os
import struct
import zlib
from _pickle import dumps, loads
from typing import TYPE_CHECKING, Any, Final

from keepalived_py.config.familiar import NO_PRINTS, Earlier, Prints
from keepalived_py.errors import ConfigError
from keepalived_py.garbage import collected_later

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from keepalived_py.config.model import Config

# generation, offset of the body, its length, its CRC-32; then the CRC-32 of these
_FIELDS: Final = struct.Struct("<QQQI")
_HEADER: Final = struct.Struct("<QQQII")
_BODIES: Final = 2 * _HEADER.size
_PROTOCOL: Final = 5
_ATTEMPTS: Final = 10
_SERVERS: Final = ("virtual_server_groups", "virtual_servers")
"""Keywords of `Config` that stand in the third pickle."""
_ROUTERS: Final = "vrrp_instances"
"""The keyword whose values stand in a pickle each."""
_LENGTH: Final = struct.Struct("<Q")

Header = tuple[int, int, int, int]
Staged = tuple[int, int, int]
"""A body that no header points to yet: its offset, its length, its CRC-32."""
_EMPTY: Final[Header] = (0, _BODIES, 0, 0)


class Snapshot:
    """A shared configuration with a generation number; also a `child.ConfigSource`."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def create(cls, directory: str | None = None) -> Snapshot:
        """Return an empty snapshot; children inherit it by fork, not by exec.

        Args:
            directory: where a file without a name is made instead of memory.

        Raises:
            OSError: that is not possible.
        """
        if directory is None:
            return cls(os.memfd_create("keepalived-configuration", os.MFD_CLOEXEC))
        return cls(_nameless_file(directory))

    def write(self, config: Config, prints: Prints = NO_PRINTS) -> int:
        """Put a configuration in force; return its generation, counting from 1. One process only may write."""
        return self.commit(self.stage(config, prints))

    def stage(self, config: Config, prints: Prints = NO_PRINTS) -> Staged:
        """Store a configuration beside the one in force; `commit` puts it in force, in this process or its parent."""
        body = _body(config, prints)
        _, offset, length, _ = self._newest()
        start = _BODIES if offset >= _BODIES + len(body) else offset + length
        _write_all(self._descriptor, body, start)
        return start, len(body), zlib.crc32(body)

    def commit(self, staged: Staged) -> int:
        """Put in force what was staged last; return its generation. Costs one write of 64 bytes at most."""
        generation = self._newest()[0] + 1
        fields = _FIELDS.pack(generation, *staged)
        header = fields + struct.pack("<I", zlib.crc32(fields))
        _write_all(self._descriptor, header, generation % 2 * _HEADER.size)
        return generation

    def read(self, *, servers: bool = True) -> tuple[int, Config]:
        """Return (generation, configuration) that are in force.

        Args:
            servers: False to leave virtual servers unread, and out of what is returned.

        Raises:
            ConfigError: nothing has been written yet, or the writer outruns every attempt to read.
        """
        generation, body = self._newest_body()
        steps = _steps(body, servers=servers)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return generation, end.value

    def loading(self, *, servers: bool = True) -> Generator[None, None, tuple[int, Config]]:
        """Load what is in force, in steps; the generator returns what `read` does. Raises ConfigError as `read`."""
        generation, body = self._newest_body()
        config = yield from _steps(body, servers=servers)
        return generation, config

    def _newest_body(self) -> tuple[int, bytes]:
        for _ in range(_ATTEMPTS):
            generation, offset, length, checksum = self._newest()
            if not generation:
                raise ConfigError("no configuration has been accepted yet")
            body = os.pread(self._descriptor, length, offset)
            if zlib.crc32(body) == checksum:
                return generation, body
        raise ConfigError("the configuration changes faster than it can be read")

    def earlier(self) -> Earlier:
        """Return what a reload may know of the configuration in force. Raises ConfigError as `read`."""
        parts = _parts(self._newest_body()[1])
        prints: Prints = _loaded(next(parts))
        next(parts)
        return Earlier(prints, _loaded(next(parts))[_SERVERS[1]])

    def current(self, *, servers: bool = True) -> tuple[int, Config]:
        """Return (generation, configuration) that are in force; without virtual servers if asked to."""
        return self.read(servers=servers)

    @property
    def generation(self) -> int:
        """Number of the configuration in force, counting from 1; 0 when there is none."""
        return self._newest()[0]

    @property
    def descriptors(self) -> tuple[int, ...]:
        """The file, which must stay open when a process closes what it does not need."""
        return (self._descriptor,)

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


def _body(config: Config, prints: Prints) -> bytes:
    """Return the pickles, each behind its length."""
    values = {name: getattr(config, name) for name in config.defaults_}
    servers = {name: values.pop(name) for name in _SERVERS}
    routers = values.pop(_ROUTERS)
    pickles = (dumps(part, _PROTOCOL) for part in (prints, values, servers, *routers))
    return b"".join(_LENGTH.pack(len(each)) + each for each in pickles)


def _steps(body: bytes, *, servers: bool) -> Generator[None, None, Config]:
    """Load pickle after pickle."""
    from keepalived_py.config.model import Config  # noqa: PLC0415 - whoever wrote one has imported it

    parts = _parts(body)
    next(parts)
    values: dict[str, Any] = _loaded(next(parts))
    second = next(parts)
    if servers:
        values |= _loaded(second)
    routers = []
    for part in parts:
        yield
        routers.append(_loaded(part))
    values[_ROUTERS] = tuple(routers)
    return Config(**values)


def _loaded(part: memoryview) -> Any:
    with collected_later():
        return loads(part)


def _parts(body: bytes) -> Iterator[memoryview]:
    view, start = memoryview(body), 0
    while start < len(body):
        length = _LENGTH.unpack_from(body, start)[0]
        start += _LENGTH.size + length
        yield view[start - length : start]


def _nameless_file(directory: str) -> int:
    flags = os.O_RDWR | os.O_CLOEXEC
    try:
        return os.open(directory, flags | os.O_TMPFILE, 0o600)
    except OSError as problem:
        if problem.errno not in (errno.EOPNOTSUPP, errno.EISDIR):
            raise
    # the file system, or the kernel, knows no files without a name
    path = f"{directory}/keepalived.{os.getpid()}.{os.urandom(8).hex()}"
    descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    os.unlink(path)  # noqa: PTH108 - pathlib is slow to import
    return descriptor


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
