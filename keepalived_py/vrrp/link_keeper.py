"""Knows which instance stands on which interfaces, has them made and kept, and removes what nobody wants any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.config.name_tables import NameTables
from keepalived_py.errors import NetlinkError
from keepalived_py.kernel.interfaces import ChangeKind
from keepalived_py.kernel.link_settings import LinkSettings
from keepalived_py.kernel.links import MACVLAN
from keepalived_py.kernel.netlink import NetlinkSocket
from keepalived_py.notify import vocabulary
from keepalived_py.vrrp.footing import Footing, FootingPlan, plain_footing
from keepalived_py.vrrp.link_demands import demands, reverse_path_demands
from keepalived_py.vrrp.link_maker import LinkMaker
from keepalived_py.vrrp.parameters import IPV4
from keepalived_py.vrrp.restoration import CALM, Restoration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from keepalived_py.config.model import Config
    from keepalived_py.config.model.vrrp import VrrpInstance
    from keepalived_py.kernel.interfaces import Change, InterfaceTable
    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.virtual_link import VirtualLink

_OF_LINKS = frozenset({
    ChangeKind.APPEARED, ChangeKind.GONE, ChangeKind.RENAMED, ChangeKind.MTU_CHANGED, ChangeKind.MASTER_CHANGED,
})  # fmt: skip

ANOTHER_TRY = 5.0
"""Seconds before a link that could not be made is tried again."""


class LinkKeeper:
    """The virtual links of all instances, and the kernel settings that go with them.

    Args:
        reactor: clock and timers.
        log: of the process.
        table: the interfaces of this host; what is made here is in it at once.
        memory: outlives this process: what settings were before.

    Attributes:
        problems: why an instance has not its links, by its name.
        told: is called with what became of links out of turn.
    """

    def __init__(self, reactor: Reactor, log: Log, table: InterfaceTable, memory: memoryview) -> None:
        self.problems: dict[str, str] = {}
        self.told: Callable[[list[Change]], None] = lambda _changes: None
        self._reactor = reactor
        self._log = log
        self._table = table
        self._netlink = NetlinkSocket()
        self._maker = LinkMaker(self._netlink, table, log)
        self._settings = LinkSettings(self._netlink, table, memory, log.verbose, log.warning)
        self._groups = NameTables()
        self._config: Config | None = None
        self._footings: dict[str, Footing] = {}
        self._made: dict[str, str] = {}
        """Instances for which links were made or found, by the name of the link."""
        self._losses: dict[str, Restoration] = {}

    def close(self) -> None:
        """Close the socket."""
        self._netlink.close()

    def plan(self, config: Config, kept: Iterable[Footing] = ()) -> None:
        """Find out where the instances of a configuration will stand, and set what they need; `make` follows.

        Args:
            config: the configuration.
            kept: where instances stand that go on.
        """
        self._config = config
        self._footings = self.foresee(config, kept)
        for instance in config.vrrp_instances:
            self._compare_name(instance)
        self._demand()

    def _compare_name(self, instance: VrrpInstance) -> None:
        """Say that a configured name could not be had."""
        configured = instance.use_vmac or instance.use_ipvlan
        main = self._footings[instance.name].main_link
        if configured and configured.name and main is not None and configured.name != main.name:
            kind = vocabulary.link_kind(main.kind)
            what = f"{kind} interface name {configured.name} already exists as a non {kind} interface"
            self._log.error(f"({instance.name}) {what}: {main.name} is used")

    def foresee(self, config: Config, kept: Iterable[Footing] = ()) -> dict[str, Footing]:
        """Return where the instances of a configuration would stand, by name; `kept` as for `plan`."""
        doomed = self._made.keys() - _names(kept)
        return FootingPlan(config, self._table, self._group_number, doomed).footings

    def make(self, instance: VrrpInstance) -> Footing:
        """Make what is planned for an instance and return where it stands.

        What an earlier run left on an interface that is found again is removed, but for addresses that instances have.
        """
        footing = self._footings.get(instance.name) or plain_footing(instance)
        for link in () if footing.conflict else footing.links:
            is_new = link.name not in self._made
            self._ensure(link, instance.name)
            if is_new:
                self._maker.clean(link, self._addresses())
        return footing

    def discard(self, kept: Iterable[Footing]) -> None:
        """Remove every link that is neither planned nor stood on now by instances that have not been changed yet."""
        wanted = _names(kept) | _names(self._footings.values())
        for name in [name for name in self._made if name not in wanted]:
            self._remove(name, self._made[name])

    def stop(self, *, keep: bool) -> None:
        """Remove every link and put every setting back, or with `keep` leave all as it is."""
        if keep:
            return
        for name, owner in list(self._made.items()):
            self._remove(name, owner)
        self._footings = {}
        self._settings.require({})

    def take_changes(self) -> list[Change]:
        """Return what became of links since the last call."""
        changes, self._maker.changes = self._maker.changes, []
        return changes

    def interfaces_changed(self, changes: Iterable[Change]) -> bool:
        """Make links again whose interface below came back or that others removed; return whether any was concerned."""
        names: set[str] = set()
        for change in changes:
            if change.kind in _OF_LINKS:
                names |= {change.interface.name, change.old_name}
        concerned = [(link, owner) for link, owner in self._wanted() if names & {link.base, link.name}]
        for link, owner in concerned:
            if self._table.by_name(link.base) is None:
                continue
            if self._table.by_name(link.name) is None and link.name in self._made and self._was_lost(link, changes):
                self._lost(link, owner)
            else:
                self._ensure(link, owner)
                self._maker.follow(link)
        if concerned or any(name for name in names):
            self._demand()
        return bool(concerned)

    # Inside

    def _wanted(self) -> Iterator[tuple[VirtualLink, str]]:
        """Yield every link with the first instance that wants it."""
        seen = set()
        for owner, footing in self._footings.items():
            for link in () if footing.conflict else footing.links:
                if link.name not in seen:
                    seen.add(link.name)
                    yield link, owner

    def _ensure(self, link: VirtualLink, owner: str) -> None:
        planned = _names(self._footings.values())
        problem = self._maker.ensure(owner, link, planned - {link.name}, known=link.name in self._made)
        if problem:
            if self.problems.get(owner) != problem:
                self._log.error(f"({owner}) {problem}")
            self.problems[owner] = problem
            self._reactor.call_later(ANOTHER_TRY, self._make_again, link.name)
            return
        self.problems.pop(owner, None)
        if self._table.by_name(link.name) is not None:
            self._made[link.name] = owner

    def _was_lost(self, link: VirtualLink, changes: Iterable[Change]) -> bool:
        """Return whether somebody removed the link itself, and not the interface below with it."""
        gone = {change.interface.name for change in changes if change.kind is ChangeKind.GONE}
        return link.name in gone and link.base not in gone

    def _lost(self, link: VirtualLink, owner: str) -> None:
        """Another program removed a link: make it again, but do not fight for ever."""
        delay = self._losses.setdefault(link.name, Restoration()).removed(self._reactor.time())
        self._log.warning(f"({owner}) interface {link.name} was removed by another program")
        self._reactor.call_later(CALM if delay is None else delay, self._make_again, link.name)

    def _make_again(self, name: str) -> None:
        for link, owner in self._wanted():
            if link.name == name:
                self._ensure(link, owner)
        self._demand()
        self.told(self.take_changes())

    def _remove(self, name: str, owner: str) -> None:
        del self._made[name]
        try:
            self._maker.remove(owner, name)
        except NetlinkError as problem:
            self._log.error(f"({owner}) Error removing VMAC interface {name}: {problem}")

    def _demand(self) -> None:
        """Give kernel settings the values that the configuration needs on the interfaces that there are."""
        if self._config is None:
            return
        wanted = demands(self._config, self._footings)
        own = {link.name for link, _owner in self._wanted() if link.kind == MACVLAN and link.family == IPV4}
        if own:
            others = [interface.name for interface in self._table if interface.name not in own]
            wanted |= reverse_path_demands(others, self._settings.original)
        self._settings.require(wanted)

    def _addresses(self) -> set[bytes]:
        assert self._config is not None
        return {
            address.address.packed
            for instance in self._config.vrrp_instances
            for address in (*instance.virtual_ipaddress, *instance.virtual_ipaddress_excluded)
        }

    def _group_number(self, name: str) -> int | None:
        if name.isdigit():
            return int(name)
        number = self._groups.number("group", name)
        if number is None:
            self._log.error(f"unknown interface group {name}: that of the interface below is used")
        return number


def _names(footings: Iterable[Footing]) -> set[str]:
    return {link.name for footing in footings for link in footing.links}
