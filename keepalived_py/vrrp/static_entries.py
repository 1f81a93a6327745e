"""Addresses, routes and rules that are always there: added before the first instance begins, removed at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.errors import NetlinkError
from keepalived_py.kernel.interfaces import ChangeKind
from keepalived_py.kernel.netlink import NetlinkSocket
from keepalived_py.kernel.rtnl import ADD_TOLERATED, DELETE_TOLERATED, address_added, address_deleted
from keepalived_py.structure import replace
from keepalived_py.vrrp.holdings import Holdings
from keepalived_py.vrrp.placement import place
from keepalived_py.vrrp.restoration import CALM, DELAYS, Restoration
from keepalived_py.vrrp.routing import devices_of, place_entries
from keepalived_py.vrrp.work import NO_PAUSE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from keepalived_py.config.model import Config
    from keepalived_py.config.model.addresses import StaticAddress
    from keepalived_py.config.model.routes import Route
    from keepalived_py.config.model.rules import Rule
    from keepalived_py.kernel.interfaces import Change, InterfaceTable
    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.executor import Executor
    from keepalived_py.vrrp.routing import Misplaced, RoutingEntry
    from keepalived_py.vrrp.takeover import PlacedAddress

SLICE_SIZE = 64
"""Addresses per netlink batch."""
SETTLE = 0.05
"""Seconds after which the reason for the end of an address is known: it may have gone with its interface."""
_MOVES = frozenset({ChangeKind.APPEARED, ChangeKind.GONE, ChangeKind.RENAMED})
_RETURNS = frozenset({ChangeKind.WENT_UP, ChangeKind.WENT_DOWN})


class StaticEntries:
    """Owns what no instance owns.

    Args:
        reactor: clock and timers.
        log: of the process.
        table: the interfaces of this host.
        executor: for routes and rules, and its work queue.
        judge: called when an instance may have to look at its faults again (`track_group`).
    """

    def __init__(
        self, reactor: Reactor, log: Log, table: InterfaceTable, executor: Executor, judge: Callable[[], None]
    ) -> None:
        self._reactor = reactor
        self._log = log
        self._table = table
        self._executor = executor
        self._judge = judge
        self._netlink = NetlinkSocket()
        self._holdings = Holdings("static", judge)
        self._config: Config | None = None
        self._addresses: dict[StaticAddress, PlacedAddress] = {}
        self._refused: dict[StaticAddress, str] = {}
        self._given_up: set[StaticAddress] = set()
        self._restorations: dict[StaticAddress, Restoration] = {}

    # Begin, reload, end

    def start(self, config: Config) -> None:
        """Add everything, before the first instance begins."""
        self.reload(config)
        self._executor.work.finish(self._holdings)

    def reload(self, config: Config) -> None:
        """Make the entries those of `config`; what stays is not touched."""
        installer = self._executor.installer()
        self._config = config
        self._place_addresses()
        if not self._holdings.active:
            installer.activate(self._holdings, self._holdings)
        installer.prepare(self._holdings, *place_entries(config.static_routes, config.static_rules, self._table))

    def stop(self, *, keep: bool) -> None:
        """Remove everything, unless it is to be kept, and close the socket."""
        installer = self._executor.installer()
        if not keep:
            installer.deactivate(self._holdings, self._holdings)
            ours = [placed for placed in self._addresses.values() if not placed.foreign]
            self._executor.work.add(self._holdings, self._removing(ours))
            self._executor.work.finish(self._holdings)
        installer.leave(self._holdings)
        self._netlink.close()

    # Addresses

    def _place_addresses(self) -> None:
        """Find out where each address goes now; add what is new, remove what is gone."""
        assert self._config is not None
        default = self._config.global_defs.default_interface
        old, self._addresses = self._addresses, {}
        for address in self._config.static_ipaddress:
            found = place(address, address.dev or default, self._table, lambda _interface: False)
            if found is None:
                if address not in self._refused:
                    self._log.warning(
                        f"static address {address} has to wait: there is no interface {address.dev or default}"
                    )
                self._refused[address] = "its interface is missing"
                continue
            before = old.get(address)
            foreign = self._table.is_foreign(found.request) if before is None else before.foreign
            self._addresses[address] = replace(found, foreign=foreign)
        self._forget_others()
        kept = {placed.request for placed in self._addresses.values()}
        gone = [placed for placed in old.values() if placed.request not in kept and not placed.foreign]
        known = {placed.request for placed in old.values()}
        self._executor.work.add(self._holdings, self._removing(gone))
        added = [address for address, placed in self._addresses.items() if placed.request not in known]
        self._executor.work.add(self._holdings, self._adding(added))

    def _forget_others(self) -> None:
        assert self._config is not None
        configured = set(self._config.static_ipaddress)
        self._given_up &= configured
        self._refused = {address: words for address, words in self._refused.items() if address in configured}
        self._restorations = {one: history for one, history in self._restorations.items() if one in configured}

    def _adding(self, addresses: Sequence[StaticAddress]) -> Iterator[float]:
        for first in range(0, len(addresses), SLICE_SIZE):
            if first:
                yield NO_PAUSE
            part = [address for address in addresses[first : first + SLICE_SIZE] if address in self._addresses]
            messages = [address_added(self._addresses[address].request) for address in part]
            refusals = self._execute(messages, ADD_TOLERATED)
            words = {part[one.sequence]: str(one) for one in refusals}
            for address in part:
                self._note(address, words.get(address))

    def _note(self, address: StaticAddress, words: str | None) -> None:
        """Remember whether the kernel took an address; a refusal is said once."""
        before = self._refused.pop(address, None)
        if words is not None:
            self._refused[address] = words
            if words != before:
                self._log.error(f"cannot add static address {address}: {words}")
        if words != before:
            self._judge()

    def _removing(self, addresses: Sequence[PlacedAddress]) -> Iterator[float]:
        for first in range(0, len(addresses), SLICE_SIZE):
            if first:
                yield NO_PAUSE
            part = addresses[first : first + SLICE_SIZE]
            for refusal in self._execute([address_deleted(placed.request) for placed in part], DELETE_TOLERATED):
                self._log.error(f"cannot remove static address {part[refusal.sequence].text}: {refusal}")

    def _execute(self, messages: list[bytes], tolerated: frozenset[int]) -> list[NetlinkError]:
        try:
            return self._netlink.execute(messages, tolerated) if messages else []
        except NetlinkError as problem:
            self._log.error(f"cannot change {len(messages)} static addresses: {problem}")
            return []

    # Interfaces

    def interfaces_changed(self, changes: Iterable[Change]) -> None:
        """Links and addresses changed: put back what went, add what can be added now."""
        names, moved, returned = self._interfaces(), False, False
        for change in changes:
            if change.kind is ChangeKind.ADDRESS_REMOVED:
                self._address_removed(change)
            elif names.intersection((change.interface.name, change.old_name)):
                moved |= change.kind in _MOVES
                returned |= change.kind in _RETURNS
        if moved and self._config is not None:
            self.reload(self._config)
        if moved or returned:
            missing = [address for address, placed in self._addresses.items() if not self._is_present(placed)]
            self._executor.work.add(self._holdings, self._adding(missing))
            self._judge()

    def _interfaces(self) -> set[str]:
        config = self._config
        if config is None:
            return set()
        default = config.global_defs.default_interface
        names = {address.dev or default for address in config.static_ipaddress}
        rules = {name for rule in config.static_rules for name in (rule.iif, rule.oif) if name}
        return names | rules | devices_of(config.static_routes)

    def _is_present(self, placed: PlacedAddress) -> bool:
        interface = self._table.by_index(placed.request.interface)
        return interface is not None and placed.request.key in interface.addresses

    def _address_removed(self, change: Change) -> None:
        assert change.address is not None
        key = (change.interface.index, change.address.address, change.address.prefix_length)
        for address, placed in self._addresses.items():
            if placed.key == key and placed.watched:
                # IPv6 addresses go before the interface is said to be down.
                self._reactor.call_later(SETTLE, self._defend, address)

    def _defend(self, address: StaticAddress) -> None:
        """Put an address back, within bounds; one that went with its interface waits for it."""
        placed = self._addresses.get(address)
        if placed is None or address in self._given_up or self._is_present(placed) or not self._is_up(placed):
            return
        history = self._restorations.setdefault(address, Restoration())
        delay = history.removed(self._reactor.time())
        what = f"static address {address} on {placed.interface_name} was removed by another program"
        if delay is None:
            self._log.error(f"{what} again and again: leaving it alone for {CALM:g} s")
            self._given_up.add(address)
            self._reactor.call_later(CALM, self._try_again, address)
            self._judge()
            return
        self._log.warning(f"{what}: putting it back (attempt {history.attempts} of {len(DELAYS)})")
        self._addresses[address] = replace(placed, foreign=False)
        self._reactor.call_later(delay, self._put_back, address)

    def _is_up(self, placed: PlacedAddress) -> bool:
        interface = self._table.by_index(placed.request.interface)
        return interface is not None and interface.running

    def _put_back(self, address: StaticAddress) -> None:
        if address in self._addresses and address not in self._given_up:
            self._executor.work.add(self._holdings, self._adding([address]))

    def _try_again(self, address: StaticAddress) -> None:
        self._given_up.discard(address)
        self._put_back(address)
        self._judge()

    # Track groups

    def faults_of(self, instance: str) -> dict[str, str]:
        """Return what keeps an instance out because its track group follows a static entry.

        Returns:
            Reasons for FAULT, each with what is to be said when it is gone.
        """
        config = self._config
        groups = {one.name for one in config.track_groups if instance in one.group} if config is not None else set()
        if not groups or config is None:
            return {}
        return {reason: cleared for group, reason, cleared in self._absences(config) if group in groups}

    def _absences(self, config: Config) -> Iterator[tuple[str | None, str, str]]:
        """Yield (track group, reason, what is said when it is gone) of everything that is not as it should be."""
        default = config.global_defs.default_interface
        for address in config.static_ipaddress:
            if not address.no_track:
                yield from self._interface_down(address.track_group, address.dev or default)
                if address in self._given_up or address in self._refused:
                    text = f"static address {address}"
                    yield address.track_group, f"{text} is missing", f"{text} can be there again"
        for route in config.static_routes:
            if route.dev and not route.no_track:
                yield from self._interface_down(_group_of(route), route.dev)
        for rule in config.static_rules:
            if rule.iif and not rule.no_track:
                yield from self._interface_down(_group_of(rule), rule.iif)
        holdings = self._holdings
        missing: list[RoutingEntry | Misplaced] = [*holdings.misplaced, *holdings.refused, *holdings.given_up]
        for entry in missing:
            yield entry.group, f"static {entry.text} is missing", f"static {entry.text} can be there again"

    def _interface_down(self, group: str | None, name: str) -> Iterator[tuple[str | None, str, str]]:
        interface = self._table.by_name(name)
        if interface is None or not interface.running:
            yield group, f"interface {name} of a static entry is down", f"interface {name} of a static entry came up"


def _group_of(line: Route | Rule) -> str | None:
    group: str | None = getattr(line, "track_group", None)
    return group
