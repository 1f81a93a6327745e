"""Puts routes and rules into the kernel, takes them out, and tries again what the kernel does not take yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.errors import NetlinkError
from keepalived_py.kernel.interfaces import ChangeKind
from keepalived_py.kernel.message import batch
from keepalived_py.kernel.netlink import NetlinkSocket
from keepalived_py.kernel.routes import DELETE_TOLERATED, Route
from keepalived_py.kernel.rtnl import ADD_TOLERATED
from keepalived_py.vrrp.work import NO_PAUSE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from keepalived_py.kernel.interfaces import Change
    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.holdings import Holdings
    from keepalived_py.vrrp.routing import Misplaced, RoutingEntry
    from keepalived_py.vrrp.work import Worker, WorkQueue

SLICE_SIZE = 64
"""Routes or rules per netlink batch."""
RETRY = 5.0
"""Seconds after which the kernel is asked again to take what it refused, if no interface changes before."""
SETTLE = 0.1
"""Seconds in which changes of interfaces are gathered before entries that may have gone with them are added again."""
_TAKES_ROUTES = frozenset(
    {
        ChangeKind.APPEARED,
        ChangeKind.GONE,
        ChangeKind.WENT_UP,
        ChangeKind.WENT_DOWN,
        ChangeKind.MASTER_CHANGED,
        ChangeKind.ADDRESS_REMOVED,
    }
)
"""Changes with which the kernel may have removed routes; any other one only makes it take what it refused before."""


class Installer:
    """Owns the netlink socket of routes and rules.

    Args:
        reactor: timers.
        log: of the process.
        work: where what takes more than one step goes on.

    Attributes:
        active: the holdings that are in the kernel.
        reloading: whether what is stale stays until the reload has reached every owner.
    """

    def __init__(self, reactor: Reactor, log: Log, work: WorkQueue) -> None:
        self.active: set[Holdings] = set()
        self.reloading = False
        self._reactor = reactor
        self._log = log
        self._work = work
        self._socket = NetlinkSocket()
        self._retry_planned = False
        self._settling = False
        self._may_be_missing = False

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    # What owners ask for

    def prepare(self, holdings: Holdings, entries: tuple[RoutingEntry, ...], misplaced: tuple[Misplaced, ...]) -> None:
        """Make `entries` those of an owner; if it is active, add and remove the difference."""
        self._complain(holdings, misplaced)
        old = holdings.entries
        holdings.replace(entries, misplaced)
        if not holdings.active:
            return
        kept, known = _messages_of(entries), _messages_of(old)
        gone = [entry for entry in old if entry.additions not in kept]
        added = [entry for entry in entries if entry.additions not in known]
        replaced = _in_the_way(gone, added)
        if replaced:
            self._work.add(holdings, self._removing(holdings, replaced))
        if added:
            self._work.add(holdings, self._installing(holdings, added))
        holdings.stale = (*holdings.stale, *(entry for entry in gone if entry not in replaced))
        self.remove_stale(holdings)

    def activate(self, holdings: Holdings, worker: Worker) -> None:
        """The owner wants its entries in the kernel: `worker` adds them when the work that it has is done."""
        holdings.active = True
        self.active.add(holdings)
        if holdings.entries:
            self._work.add(worker, self._installing(holdings, holdings.entries))
        self.remove_stale(holdings)

    def deactivate(self, holdings: Holdings, worker: Worker) -> None:
        """The owner does not want them any more: `worker` removes rules, then routes, the last ones first."""
        self._work.drop(holdings)
        was_active = holdings.active
        holdings.forget()
        self.active.discard(holdings)
        if was_active and self.reloading:
            holdings.stale = (*holdings.stale, *holdings.entries)
        elif was_active and holdings.entries:
            self._work.add(worker, self._removing(holdings, holdings.entries[::-1]))
        if holdings.stale and not self.reloading:
            self._work.add(worker, self._removing_stale(holdings))

    def leave(self, holdings: Holdings) -> None:
        """The owner ends, and leaves its entries as they are."""
        self._work.drop(holdings)
        holdings.forget()
        self.active.discard(holdings)

    def remove_stale(self, holdings: Holdings) -> None:
        """Remove what a reload took away from an owner and no other one has got."""
        if holdings.stale and not self.reloading:
            self._work.add(holdings, self._removing_stale(holdings))

    def remove_leftovers(self, holdings: Holdings) -> None:
        """Remove what an earlier process may have left; the protocol tells it from equal entries of others."""
        if holdings.entries and not holdings.active:
            self._work.add(holdings, self._removing_leftovers(holdings))

    def interfaces_changed(self, changes: Iterable[Change]) -> None:
        """Routes go with interfaces and addresses, of which the kernel does not always tell: add them again soon."""
        if not self.active:
            return
        self._may_be_missing |= any(change.kind in _TAKES_ROUTES for change in changes)
        if not self._settling:
            self._settling = True
            self._reactor.call_later(SETTLE, self._settled)

    def _settled(self) -> None:
        self._settling = False
        unwatched = self._may_be_missing
        self._may_be_missing = False
        self.reinstall(unwatched=unwatched)

    def reinstall(self, *, unwatched: bool = True) -> None:
        """Add whatever may be missing; what is there stays as it is.

        Args:
            unwatched: also what is left to other programs when they remove it (`no_track`).
        """
        for holdings in self.active:
            wanted = [
                entry for entry in holdings.to_install() if unwatched or entry.watched or entry in holdings.refused
            ]
            if wanted and holdings.work:
                continue  # it is being added already
            if wanted:
                self._work.add(holdings, self._installing(holdings, wanted))

    def restore(self, holdings: Holdings, entry: RoutingEntry) -> str | None:
        """Put one entry back at once.

        Returns:
            An empty string when it was missing, None when it was there, else the kernel's words of refusal.
        """
        refusals = self._execute(holdings, list(entry.additions), frozenset())
        if refusals is None:
            return "no answer"
        words = [str(one) for one in refusals if one.errno not in ADD_TOLERATED]
        if words:
            self._refuse(holdings, entry, words[0], "cannot put back")
            holdings.changed()
            return words[0]
        return None if len(refusals) == len(entry.additions) else ""

    # Steps

    def _removing_stale(self, holdings: Holdings) -> Iterator[float]:
        stale = holdings.stale
        yield from self._removing(holdings, stale[::-1])
        holdings.stale = tuple(entry for entry in holdings.stale if entry not in stale)

    def _removing_leftovers(self, holdings: Holdings) -> Iterator[float]:
        found: list[RoutingEntry] = []
        for part in self._parts(holdings.entries[::-1]):
            yield NO_PAUSE
            asked = self._unclaimed(part)
            refusals = self._execute(holdings, [entry.removal for entry in asked], frozenset())
            refused = {refusal.sequence for refusal in refusals or ()}
            found += [entry for index, entry in enumerate(asked) if refusals is not None and index not in refused]
        if found:
            texts = ", ".join(entry.text for entry in found[:5]) + (", ..." if len(found) > 5 else "")
            self._log.info(f"{holdings.label} removing what an earlier run left: {texts}")

    def _installing(self, holdings: Holdings, entries: Sequence[RoutingEntry]) -> Iterator[float]:
        for index, part in enumerate(self._parts(entries)):
            if index:
                yield NO_PAUSE
            owners = [entry for entry in part for _message in entry.additions]
            messages = [message for entry in part for message in entry.additions]
            refusals = self._execute(holdings, messages, ADD_TOLERATED)
            if refusals is not None:
                self._note(holdings, part, {owners[one.sequence]: str(one) for one in refusals})

    def _removing(self, holdings: Holdings, entries: Sequence[RoutingEntry]) -> Iterator[float]:
        for index, part in enumerate(self._parts(entries)):
            if index:
                yield NO_PAUSE
            asked = self._unclaimed(part)
            for refusal in self._execute(holdings, [entry.removal for entry in asked], DELETE_TOLERATED) or ():
                self._log.error(f"{holdings.label} cannot remove {asked[refusal.sequence].text}: {refusal}")

    def _parts(self, entries: Sequence[RoutingEntry]) -> Iterator[Sequence[RoutingEntry]]:
        for first in range(0, len(entries), SLICE_SIZE):
            yield entries[first : first + SLICE_SIZE]

    def _unclaimed(self, entries: Sequence[RoutingEntry]) -> list[RoutingEntry]:
        """Return those that no owner wants in the kernel: some may have moved from one to another."""
        claimed = {entry.additions for holdings in self.active for entry in holdings.entries}
        return [entry for entry in entries if entry.additions not in claimed]

    def _execute(
        self, holdings: Holdings, messages: list[bytes], tolerated: Collection[int]
    ) -> list[NetlinkError] | None:
        """Have the kernel carry out messages; return what it refused, numbered from 0, or None for no answer."""
        if not messages:
            return []
        try:
            self._socket.send(batch(messages, 0, len(messages)).slices[0])
            return self._socket.collect(tolerated)
        except NetlinkError as problem:
            self._log.error(f"{holdings.label} cannot change {len(messages)} routes or rules: {problem}")
            return None

    # Refusals

    def _note(self, holdings: Holdings, entries: Sequence[RoutingEntry], refusals: dict[RoutingEntry, str]) -> None:
        before = dict(holdings.refused)
        for entry in entries:
            words = refusals.get(entry)
            if words is not None:
                self._refuse(holdings, entry, words, "cannot add")
            elif holdings.refused.pop(entry, None) is not None:
                self._log.info(f"{holdings.label} {entry.text} is in the kernel now")
        if before != holdings.refused:
            holdings.changed()

    def _refuse(self, holdings: Holdings, entry: RoutingEntry, words: str, complaint: str) -> None:
        """Remember a refusal and try again later; it is said once."""
        if holdings.refused.get(entry) != words:
            holdings.refused[entry] = words
            self._log.error(f"{holdings.label} {complaint} {entry.text}: {words}")
        if not self._retry_planned:
            self._retry_planned = True
            self._reactor.call_later(RETRY, self._retry)

    def _retry(self) -> None:
        self._retry_planned = False
        for holdings in self.active:
            again = [entry for entry in holdings.to_install() if entry in holdings.refused]
            if again:
                self._work.add(holdings, self._installing(holdings, again))

    def _complain(self, holdings: Holdings, misplaced: tuple[Misplaced, ...]) -> None:
        for one in misplaced:
            if one not in holdings.misplaced:
                self._log.warning(f"{holdings.label} {one.text} has to wait: {one.reason}")


def _messages_of(entries: Sequence[RoutingEntry]) -> set[tuple[bytes, ...]]:
    return {entry.additions for entry in entries}


def _in_the_way(gone: Sequence[RoutingEntry], added: Sequence[RoutingEntry]) -> list[RoutingEntry]:
    """Return the routes that must go before others with the same key come: the kernel would take one for the other."""
    keys = {entry.reported.key for entry in added if isinstance(entry.reported, Route)}
    return [entry for entry in gone if isinstance(entry.reported, Route) and entry.reported.key in keys]
