"""Kernel settings that must have certain values while they are needed, and their old ones afterwards, crash or not."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from keepalived_py.errors import NetlinkError
from keepalived_py.kernel import sysctl
from keepalived_py.kernel.links import IPV4_DEVCONF, settings_changed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keepalived_py.kernel.interfaces import InterfaceTable
    from keepalived_py.kernel.netlink import NetlinkSocket

_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_LENGTH_BYTES = 4


class LinkSettings:
    """Settings under /proc/sys by name ("net/ipv4/conf/eth0/arp_ignore"): changed together, put back one by one.

    What they were is kept in memory that outlives this process, so that its successor can put them back.

    Args:
        netlink: changes settings of interfaces where /proc/sys is read-only, as in containers.
        table: the interfaces of this host.
        memory: shared with a successor; what it holds now is taken over.
        tell: hears of every change, as a line for the log.
        complain: hears of settings that cannot be changed, once each.
    """

    def __init__(
        self,
        netlink: NetlinkSocket,
        table: InterfaceTable,
        memory: memoryview,
        tell: Callable[[str], None],
        complain: Callable[[str], None],
    ) -> None:
        self._netlink = netlink
        self._table = table
        self._memory = memory
        self._tell = tell
        self._complain = complain
        self._refused: set[str] = set()
        self._changed: dict[str, tuple[int, str, str]] = _read(memory)
        """Index of the interface (0 for none), old value and ours, by name."""

    def original(self, name: str) -> str | None:
        """Return the value that a setting had before it was changed here; None when there is no such setting."""
        known = self._changed.get(name)
        return known[1] if known and known[0] == self._index(name) else sysctl.read(sysctl.path_of(name))

    def require(self, wanted: Mapping[str, str]) -> None:
        """Give every setting its value, in this order, and put back, in reverse order, what is required no more."""
        for name in reversed(list(self._changed)):
            if name not in wanted:
                self._restore(name)
        for name, value in wanted.items():
            self._change(name, value)
        self._remember()

    def _change(self, name: str, value: str) -> None:
        index = self._index(name)
        known = self._changed.get(name)
        current = sysctl.read(sysctl.path_of(name))
        if current is None:
            self._changed.pop(name, None)
            return
        original = known[1] if known and known[0] == index else current
        if current != value:
            if not self._write(name, index, value):
                return
            self._tell(f"NOTICE: setting sysctl {_shown(name)} from {current} to {value}")
        if original == value:
            self._changed.pop(name, None)
        else:
            self._changed[name] = index, original, value

    def _restore(self, name: str) -> None:
        """Put a setting back, unless its interface is another one by now, or somebody else has changed it."""
        index, original, ours = self._changed.pop(name)
        is_ours = index == self._index(name) and sysctl.read(sysctl.path_of(name)) == ours
        if is_ours and self._write(name, index, original):
            self._tell(f"NOTICE: resetting sysctl {_shown(name)} to {original}")

    def _write(self, name: str, index: int, value: str) -> bool:
        try:
            sysctl.write(sysctl.path_of(name), value)
        except OSError as problem:
            if problem.errno in _READ_ONLY and self._write_by_netlink(name, index, value):
                return True
            if name not in self._refused:
                self._refused.add(name)
                self._complain(f"cannot set sysctl {_shown(name)} to {value}: {problem.strerror}")
            return False
        return True

    def _write_by_netlink(self, name: str, index: int, value: str) -> bool:
        setting = name.rpartition("/")[2]
        if not index or not name.startswith("net/ipv4/conf/") or setting not in IPV4_DEVCONF:
            return False
        try:
            return not self._netlink.execute([settings_changed(index, {setting: int(value)})])
        except NetlinkError:
            return False

    def _index(self, name: str) -> int:
        interface = self._table.by_name(name.split("/")[3]) if name.count("/") == 4 else None
        return interface.index if interface is not None else 0

    def _remember(self) -> None:
        """Write down what was changed; more than the memory holds is forgotten, oldest first."""
        lines = [f"{name} {index} {original} {value}\n" for name, (index, original, value) in self._changed.items()]
        while len(text := "".join(lines).encode("utf-8", "surrogateescape")) + _LENGTH_BYTES > len(self._memory):
            del lines[0]
        self._memory[:_LENGTH_BYTES] = bytes(_LENGTH_BYTES)  # what is half written counts as nothing
        self._memory[_LENGTH_BYTES : _LENGTH_BYTES + len(text)] = text
        self._memory[:_LENGTH_BYTES] = len(text).to_bytes(_LENGTH_BYTES, "big")


def _shown(name: str) -> str:
    """Return the name as sysctl(8) takes it: with dots, unless an interface has one in its name."""
    return name if "." in name else name.replace("/", ".")


def _read(memory: memoryview) -> dict[str, tuple[int, str, str]]:
    length = int.from_bytes(memory[:_LENGTH_BYTES], "big")
    if not 0 < length <= len(memory) - _LENGTH_BYTES:
        return {}
    text = bytes(memory[_LENGTH_BYTES : _LENGTH_BYTES + length]).decode("utf-8", "surrogateescape")
    entries = [line.split(" ") for line in text.splitlines()]  # neither interface names nor values have blanks
    return {name: (int(index), original, value) for name, index, original, value in entries}
