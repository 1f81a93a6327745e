"""One instance while the daemon runs: its configuration, its machine and what it holds in the kernel."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING

from keepalived_py.observability.budget import LineBudget
from keepalived_py.reactor import COALESCE
from keepalived_py.structure import field, structure
from keepalived_py.vrrp.footing import Footing
from keepalived_py.vrrp.state import State
from keepalived_py.vrrp.takeover import Takeover

EARLY = 0.01
"""Share of its interval that a periodic advert may leave early, together with those of other instances."""

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keepalived_py.config.model.vrrp import SyncGroup as VrrpSyncGroup
    from keepalived_py.config.model.vrrp import VrrpInstance
    from keepalived_py.kernel.transmit import Burst
    from keepalived_py.reactor import Timer
    from keepalived_py.vrrp.announcer import AnnouncingBurst
    from keepalived_py.vrrp.follower import Follower
    from keepalived_py.vrrp.holdings import Holdings
    from keepalived_py.vrrp.restoration import Restoration
    from keepalived_py.vrrp.router import VirtualRouter
    from keepalived_py.vrrp.sockets import PoolSockets
    from keepalived_py.vrrp.sync_group import SyncGroup

NOTES_AT_ONCE = 20
"""Log lines that adverts of other routers may cause at once, per instance."""
NOTES_INTERVAL = 5.0
"""Seconds for each further one."""


@structure(frozen=False, eq=False)
class RunningGroup:
    """What belongs to one sync group.

    Attributes:
        config: as configured now.
        machine: decides what its members do together.
    """

    config: VrrpSyncGroup
    machine: SyncGroup

    @property
    def name(self) -> str:
        """The name of the group."""
        return self.config.name


@structure(frozen=False, eq=False)
class RunningInstance:
    """What belongs to one instance; the executor and the process change it.

    Attributes:
        config: as configured now.
        router: its machine.
        footing: which of its interfaces is which.
        timer: armed for the router's deadline.
        sockets: where its adverts leave; None while its interface is missing.
        socket_problem: why it has no sockets although its interface is there; empty when that is not so.
        takeover: its addresses, prebuilt.
        bursts: the announcing frames of each slice of `takeover`, prebuilt.
        misplaced: addresses whose interface does not exist.
        holdings: its routes and rules; None without any.
        devices: names of the interfaces that its routes need.
        stale: addresses that a reload took away and that may still be on their interfaces.
        ended: whether it is an instance no more: timers that still come for it do nothing.
        holding: whether the addresses are ours: added, or being added.
        announced: whether the addresses being added are announced once as they come.
        adding: pieces of work that add addresses and have not ended.
        inherited_priority: effective priority of a crashed predecessor; 0 without one.
        faults: reasons that the machine was told, with what is to be said when each is gone.
        given_up: addresses that other programs keep removing; the instance leaves them to others for a while.
        extra_announcement: one frame for each interface that has addresses but no adverts; None without any.
        source_announcement: frame that tells unicast peers where our source address is; None without one.
        work: netlink and announcement work still to be done, in order; values are pauses in seconds.
        turn: number of the scheduled step; a step with another number is stale.
        untold: news that followers have not heard yet, in order.
        send_problems: why adverts do not leave, by packed destination.
        notes_budget: how many log lines adverts of others may cause.
        restorations: history of the addresses that other programs removed, by packed address.
    """

    config: VrrpInstance
    router: VirtualRouter
    footing: Footing = field(default_factory=Footing)
    timer: Timer = field(init=False)
    sockets: PoolSockets | None = None
    socket_problem: str = ""
    takeover: Takeover = field(default_factory=lambda: Takeover(()))
    holdings: Holdings | None = None
    devices: frozenset[str] = frozenset()
    stale: Takeover = field(default_factory=lambda: Takeover(()))
    bursts: tuple[AnnouncingBurst, ...] = ()
    misplaced: tuple[str, ...] = ()
    ended: bool = False
    holding: bool = False
    announced: bool = False
    adding: int = 0
    inherited_priority: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)
    extra_announcement: Burst | None = None
    source_announcement: Burst | None = None
    work: deque[Iterator[float]] = field(default_factory=deque)
    turn: int = 0
    untold: deque[Callable[[Follower], None]] = field(default_factory=deque)
    send_problems: dict[bytes, str] = field(default_factory=dict)
    notes_budget: LineBudget = field(default_factory=lambda: LineBudget(NOTES_AT_ONCE, NOTES_INTERVAL))
    restorations: dict[bytes, Restoration] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The instance's name."""
        return self.config.name

    def rename(self, name: str) -> bool:
        """Have another name; return whether it is another one."""
        if name == self.name:
            return False
        self.config = self.config.changed(name=name)
        if self.holdings is not None:
            self.holdings.label = f"({name})"
        return True

    def arm(self) -> None:
        """Set the timer to the router's deadline; later than before costs one store."""
        router, timer = self.router, self.timer
        deadline = router.deadline_at
        if deadline == inf:
            timer.cancel()
        elif deadline != timer.when:
            is_master = router.state is State.MASTER
            timer.slack = max(COALESCE, EARLY * router.parameters.advertisement_interval) if is_master else COALESCE
            timer.move(deadline)
