"""Which processes count for which vrrp_track_process, kept true by what the processes do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keepalived_py.vrrp.process_pattern import ProcessPattern

Names = frozenset[str]
NOBODY: Names = frozenset()


class Census:
    """The processes that are tracked.

    Args:
        patterns: by name of the vrrp_track_process.

    Attributes:
        patterns: what is looked for.
        counts: how many processes there are, by name.
        longest: bytes of a command line that must be read to judge a process; 0 when names are enough.
    """

    def __init__(self, patterns: Mapping[str, ProcessPattern]) -> None:
        self.counts = dict.fromkeys(patterns, 0)
        self.longest = max((pattern.longest for pattern in patterns.values()), default=0)
        self.patterns = dict(patterns)
        self._by_process: dict[int, Names] = {}

    # Inputs: each returns the names whose counts have changed

    def forked(self, parent: int, pid: int) -> Names:
        """A process copied itself: the copy is called the same."""
        return self._set(pid, self._by_process.get(parent, NOBODY))

    def ended(self, pid: int) -> Names:
        """A process has ended."""
        return self._set(pid, NOBODY)

    def seen(self, pid: int, comm: bytes, line: bytes) -> Names:
        """A process executed a program, or was found running."""
        names = [name for name, pattern in self.patterns.items() if pattern.fits(comm, line)]
        return self._set(pid, frozenset(names))

    def renamed(self, pid: int, comm: bytes) -> Names:
        """A process changed its short name; its command line is the same."""
        kept = {name for name in self._by_process.get(pid, NOBODY) if self.patterns[name].whole}
        named = {name for name, pattern in self.patterns.items() if not pattern.whole and pattern.fits(comm, b"")}
        return self._set(pid, frozenset(kept | named))

    def tracked(self) -> set[int]:
        """Return the processes that count for something."""
        return set(self._by_process)

    def _set(self, pid: int, names: Names) -> Names:
        before = self._by_process.pop(pid, NOBODY)
        if names:
            self._by_process[pid] = names
        for name in before - names:
            self.counts[name] -= 1
        for name in names - before:
            self.counts[name] += 1
        return before ^ names
