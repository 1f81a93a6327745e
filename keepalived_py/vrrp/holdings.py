"""The routes and rules of one owner (an instance, or the static entries) while the daemon runs."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from keepalived_py.structure import field, structure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keepalived_py.vrrp.restoration import Restoration
    from keepalived_py.vrrp.routing import Misplaced, RoutingEntry


@structure(frozen=False, eq=False)
class Holdings:
    """What an owner has in the kernel, or would have; a worker of its own for what is not part of a takeover.

    Attributes:
        label: how log lines begin: "(VI_1)" or "static".
        changed: called when an entry could not be added, or could, or was given up.
        entries: what is to be in the kernel while `active`; routes first.
        misplaced: what cannot be told to the kernel now.
        active: whether the owner wants them in the kernel: it is MASTER.
        refused: what the kernel did not take, with its words.
        stale: what a reload took away and is not removed yet.
        restorations: how often other programs removed what.
        pending: entries that are put back after a pause.
        given_up: entries that other programs keep removing.
        work: additions and removals outside a takeover.
        turn: as of every worker.
    """

    label: str
    changed: Callable[[], None]
    entries: tuple[RoutingEntry, ...] = ()
    misplaced: tuple[Misplaced, ...] = ()
    active: bool = False
    refused: dict[RoutingEntry, str] = field(default_factory=dict)
    stale: tuple[RoutingEntry, ...] = ()
    restorations: dict[RoutingEntry, Restoration] = field(default_factory=dict)
    pending: set[RoutingEntry] = field(default_factory=set)
    given_up: set[RoutingEntry] = field(default_factory=set)
    work: deque[Iterator[float]] = field(default_factory=deque)
    turn: int = 0

    def replace(self, entries: tuple[RoutingEntry, ...], misplaced: tuple[Misplaced, ...]) -> None:
        """Make `entries` those of the owner; what was remembered of others is forgotten."""
        self.entries, self.misplaced = entries, misplaced
        known = set(entries)
        self.refused = {entry: words for entry, words in self.refused.items() if entry in known}
        self.restorations = {entry: history for entry, history in self.restorations.items() if entry in known}
        self.pending &= known
        self.given_up &= known

    def forget(self) -> None:
        """The owner does not want its entries in the kernel any more."""
        self.active = False
        self.refused.clear()
        self.pending.clear()

    def to_install(self) -> list[RoutingEntry]:
        """Return what may be added at any time: not what waits for its turn, nor what others were left to have."""
        return [entry for entry in self.entries if entry not in self.pending and entry not in self.given_up]
