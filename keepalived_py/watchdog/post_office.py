"""The sockets through which the children reach each other, made before they are forked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py import channel
from keepalived_py.child import Post

if TYPE_CHECKING:
    from collections.abc import Iterable


class PostOffice:
    """One pair of sockets for every process: all write to one end, the process reads the other.

    The parent keeps both ends, so that messages outlive the process for which they are.

    Args:
        processes: the children that will run.
    """

    def __init__(self, processes: Iterable[str]) -> None:
        names = list(processes)
        self._pairs = {name: channel.pair() for name in names} if len(names) > 1 else {}

    def post(self, process: str) -> Post | None:
        """Return the ends of one process; None when it is alone."""
        if process not in self._pairs:
            return None
        outboxes = {name: write for name, (_, write) in self._pairs.items() if name != process}
        return Post(self._pairs[process][0], outboxes)

    def keep_only(self, process: str) -> None:
        """Let go of what is not for one process, in the child of that kind."""
        for name, (read, write) in self._pairs.items():
            (write if name == process else read).close()

    def close(self) -> None:
        """Close everything, in the parent."""
        for ends in self._pairs.values():
            for end in ends:
                end.close()
        self._pairs.clear()
