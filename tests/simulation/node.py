"""One machine of the simulated LAN: its clock, its interface, its process, and what the executor has done on it."""

from collections import deque
from dataclasses import dataclass, field

from keepalived_py.vrrp.parameters import OWNER_PRIORITY, Parameters
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.state import State
from tests.simulation.lan import Frame

NEVER = float("-inf")


@dataclass(slots=True)
class Node:
    """One machine. `at` in a name of the world's time is real seconds, `local` is its own monotonic clock.

    Attributes:
        index: place on the LAN.
        parameters: what is configured.
        origin: what its monotonic clock showed when the world began.
        rate: seconds its clock advances per real second.
        router: the process's virtual router; None while no process runs.
        priority: effective priority that tracking wants.
        is_paused: the process does not run, but is there.
        has_carrier: the interface works.
        faults: reasons for FAULT that the process has been told.
        queue: datagrams that wait in the socket of a paused process.
        holds: whether the virtual addresses are on the interface; survives the process.
        record: local time of the last advert as master, for a process that replaces this one; None if not master.
        recorded_sequence: number of the authentication header of that advert.
        was_adopted: this process went on as the master that its predecessor was.
        life: counts processes, so that what was meant for a dead one finds nobody.
        master_since: real time since when it has been master.
        announced_at: real time of the last announcement.
        yielded_at: real time at which it last answered the advert that it yielded to.
        sent_local: local time of the last advert.
        must_yield: it slept beyond its peers' patience as master and has not stepped down yet.
        timer_at: real time for which its timer is armed.
        sent: adverts that the executor of this process was asked for.
    """

    index: int
    parameters: Parameters
    origin: float
    rate: float
    router: VirtualRouter | None = None
    priority: int = 0
    is_paused: bool = False
    has_carrier: bool = True
    faults: list[str] = field(default_factory=list)
    queue: deque[Frame] = field(default_factory=deque)
    holds: bool = False
    record: float | None = None
    recorded_sequence: int = 0
    was_adopted: bool = False
    life: int = 0
    master_since: float = 0.0
    announced_at: float = NEVER
    yielded_at: float = NEVER
    sent_local: float = NEVER
    must_yield: bool = False
    timer_at: float = float("inf")
    sent: int = 0

    def __post_init__(self) -> None:
        self.priority = self.parameters.priority

    def local(self, now: float) -> float:
        """What the machine's monotonic clock shows."""
        return self.origin + now * self.rate

    def real(self, local: float) -> float:
        """When the machine's monotonic clock shows this."""
        return (local - self.origin) / self.rate

    @property
    def effective_priority(self) -> int:
        """What tracking makes of the configured priority; an address owner keeps its own."""
        return OWNER_PRIORITY if self.parameters.is_owner else max(1, min(self.priority, OWNER_PRIORITY - 1))

    @property
    def rank(self) -> tuple[int, bytes]:
        """Who yields to whom."""
        return self.effective_priority, self.parameters.source_address

    @property
    def state(self) -> State:
        """Of the process; INIT while there is none."""
        return self.router.state if self.router else State.INIT

    @property
    def is_running(self) -> bool:
        """Whether a process reacts."""
        return self.router is not None and not self.is_paused

    @property
    def is_eligible(self) -> bool:
        """Whether nothing keeps it from being master."""
        return self.is_running and self.has_carrier and not self.faults

    @property
    def is_master(self) -> bool:
        """Whether a running process is master."""
        return self.is_running and self.state is State.MASTER
