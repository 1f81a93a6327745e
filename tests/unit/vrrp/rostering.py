"""A roster on a machine that is only written down: no kernel, no sockets, no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from keepalived_py.kernel.interfaces import InterfaceTable
from keepalived_py.kernel.rtnl import AF_INET, Address, AddressEvent, LinkEvent
from keepalived_py.vrrp.footing import plain_footing
from keepalived_py.vrrp.roster import Roster

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keepalived_py.config.model.vrrp import VrrpInstance
    from keepalived_py.kernel.interfaces import Change
    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.adoption import AdoptionRecord
    from keepalived_py.vrrp.executor import Executor
    from keepalived_py.vrrp.follower import Follower
    from keepalived_py.vrrp.link_keeper import LinkKeeper
    from keepalived_py.vrrp.running import RunningInstance

LINK_UP, LINK_DOWN = 0x10043, 0x1003
FIRST_INDEX = 2


class Nothing:
    """Stands in for whatever makes sockets, interfaces and frames."""

    log_unknown_vrids = False
    buffer_policy = None

    def nothing(self, *_arguments: object, **_named: object) -> None:
        """Do nothing."""

    place = open_sockets = fit_sockets = settle = detach = plan = discard = stop = nothing

    def mtu(self, _instance: object) -> int:
        """Of any interface."""
        return 1500

    def make(self, instance: VrrpInstance) -> Any:
        """Make no interface."""
        return plain_footing(instance)

    def interfaces_changed(self, _changes: object) -> bool:
        """Nothing of ours is concerned."""
        return False

    def take_changes(self) -> list[Change]:
        """Nothing was changed."""
        return []


class IdleExecutor:
    """An executor without addresses, routes and frames; who derives from it performs effects."""

    recorder = None

    def __init__(self) -> None:
        self.followers: list[Follower] = []

    def tell(self, _running: RunningInstance, news: Callable[[Follower], None]) -> None:
        """Let followers hear at once."""
        for follower in self.followers:
            news(follower)

    def tell_together(self, _members: Sequence[RunningInstance], news: Callable[[Follower], None]) -> None:
        """Let followers hear at once."""
        for follower in self.followers:
            news(follower)

    def nothing(self, *_arguments: object) -> None:
        """There is nothing to be prepared, moved or finished."""

    finish = reload_begins = reload_ends = interfaces_changed = nothing


def set_link(table: InterfaceTable, name: str, index: int, *, is_up: bool) -> list[Change]:
    """Bring an interface up or down, or make it; return what the kernel tells of that."""
    mac = bytes((2, 0, 0, 0, 0, index))
    flags = LINK_UP if is_up else LINK_DOWN
    return table.apply(LinkEvent(True, index, name, flags, 1, mac, mac, 1500, 0, 0, "veth"))


def interface_table(host: int, *names: str) -> InterfaceTable:
    """Return a table of interfaces that are up, with the addresses 10.0.INDEX.HOST."""
    table = InterfaceTable()
    for index, name in enumerate(names, FIRST_INDEX):
        set_link(table, name, index, is_up=True)
        table.apply(AddressEvent(True, index, Address(AF_INET, bytes((10, 0, index, host)), 24, 0, 0)))
    return table


def make_roster(clock: object, log: object, table: InterfaceTable, executor: object, record: AdoptionRecord) -> Roster:
    """Return a roster that touches nothing but what is given to it."""
    nothing = Nothing()
    roster = Roster(
        cast("Reactor", clock),
        cast("Log", log),
        table,
        cast("Executor", executor),
        record,
        cast("LinkKeeper", nothing),
    )
    inside: Any = roster
    inside._pool = inside._outfitter = nothing
    inside._take_globals = nothing.nothing
    return roster
