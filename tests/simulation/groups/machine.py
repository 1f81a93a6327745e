"""One machine: its clock, its links, what its scripts would say, and the roster of its process."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from keepalived_py.vrrp.adoption import AdoptionRecord
from keepalived_py.vrrp.effects import Effect
from keepalived_py.vrrp.state import State
from tests.simulation.groups.plan import EXTRA_INTERFACE, FILE, SCRIPTS, lan_name
from tests.simulation.groups.verdict import Verdict
from tests.unit.vrrp.rostering import FIRST_INDEX, IdleExecutor, interface_table, make_roster

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from keepalived_py.vrrp.roster import Roster
    from keepalived_py.vrrp.running import RunningInstance
    from tests.simulation.groups.plan import MachinePlan
    from tests.simulation.groups.world import World
    from tests.simulation.lan import Frame

NEVER = float("-inf")


class Timer:
    """A deadline on the machine's clock, served by the world."""

    def __init__(self, machine: Machine, callback: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        self.when: float | None = None
        self.slack = 0.0
        self._machine = machine
        self._callback = callback
        self._arguments = arguments
        self._life = machine.life

    def move(self, when: float) -> None:
        """Fire at another time."""
        self.when = when
        self._machine.world.at_local(self._machine, when, self._fire, when)

    def cancel(self) -> None:
        """Do not fire."""
        self.when = None

    def _fire(self, when: float) -> None:
        machine = self._machine
        if self.when is None or self._life != machine.life or machine.roster is None:
            return
        if machine.is_paused:
            machine.overdue.append(self)
        elif self.when == when:
            self.serve()

    def serve(self) -> None:
        """The time has come."""
        if self.when is not None and self.when <= self._machine.time():
            self.when = None
            self._callback(*self._arguments)
            self._machine.world.judge.told(self._machine)


class Machine(IdleExecutor):
    """One machine.

    Attributes:
        index: place on every LAN.
        plan: what is configured.
        links: per LAN, whether its interface works.
        extra_link: whether the tracked interface works.
        scripts: by name, what it would say at the next run.
        verdicts: by name, what the judge makes of what it said since the process began.
        number: what the file holds.
        roster: of the process; None while there is none.
        is_paused: the process does not run, but is there.
        queue: what has arrived meanwhile: LAN and frame.
        overdue: timers that would have fired meanwhile.
        adopted: members that went on as master where a crashed process stopped.
        is_reloading: amid a reload.
        holds: members whose addresses are on the interfaces; survives the process.
        memory: what a process leaves for the next one.
        life: counts processes.
        transitions: members that changed state in the input that is being judged, with the cause.
    """

    def __init__(self, world: World, index: int, plan: MachinePlan, random: Random) -> None:
        self.world = world
        self.index = index
        self.plan = plan
        self.origin = random.random() * 1e6
        self.rate = 1 + (random.random() * 2 - 1) * 200e-6
        self.links = [True] * world.plan.lans
        self.extra_link = True
        self.scripts = dict.fromkeys(SCRIPTS, True)
        self.verdicts: dict[str, Verdict] = {}
        self.number = 0
        self.roster: Roster | None = None
        self.is_paused = False
        self.queue: deque[tuple[int, Frame]] = deque()
        self.overdue: list[Timer] = []
        self.holds: set[str] = set()
        self.adopted: set[str] = set()
        self.is_reloading = False
        self.memory = bytearray(4096)
        self.life = 0
        self.transitions: list[tuple[str, State, str]] = []
        super().__init__()
        self.detail = False
        self.table = self._make_table()

    # The clock, as a reactor

    def time(self) -> float:
        """What the machine's monotonic clock shows."""
        return self.origin + self.world.now * self.rate

    def real(self, local: float) -> float:
        """When the clock shows this."""
        return (local - self.origin) / self.rate

    def timer(self, callback: Callable[..., object], *arguments: Any) -> Timer:
        """Return a timer that is not armed."""
        return Timer(self, callback, arguments)

    def call_soon(self, callback: Callable[..., object], *arguments: Any) -> None:
        """Call at the same time, after everything that is being done."""
        life = self.life

        def call() -> None:
            if life == self.life and self.roster is not None:
                callback(*arguments)
                self.world.judge.told(self)

        self.world.at(self.world.now, call)

    # The log

    def info(self, line: str) -> None:
        """Put a line into the timeline."""
        self.world.log(self, line)

    warning = error = info

    # The life of a process

    def begin(self, *, respawned: bool) -> None:
        """A process starts."""
        self.life += 1
        self.queue.clear()
        self.overdue.clear()
        self.verdicts = {name: Verdict(self.plan.rise, self.plan.fall) for name in SCRIPTS}
        self.adopted.clear()
        self.is_reloading = False
        self.table = self._make_table()
        record = AdoptionRecord(memoryview(self.memory))
        masters = record.masters() if respawned else {}
        self.roster = make_roster(self, self, self.table, self, record)
        self._record = record
        self.roster.tracking.runs_scripts = True
        self.roster.start(self.world.configuration(self), masters, 0.0)
        # What a crashed process left; there is no interface here on which the roster could find it.
        self.holds = {name for name, running in self.members.items() if running.router.state is State.MASTER}
        self.tell_file()

    def tell_file(self) -> None:
        """The file is read."""
        if self.roster is not None:
            self.roster.sources_changed(self.roster.tracking.file_read(self.time(), FILE, self.number))

    def end(self) -> None:
        """The process is gone without a word."""
        self.roster = None
        self.is_paused = False
        self.life += 1

    def index_of(self, interface: str) -> int:
        """Return the kernel's number of an interface."""
        return FIRST_INDEX + [*map(lan_name, range(self.world.plan.lans)), EXTRA_INTERFACE].index(interface)

    def _make_table(self) -> Any:
        names = [lan_name(lan) for lan in range(self.world.plan.lans)]
        table = interface_table(1 + self.index, *names, EXTRA_INTERFACE)
        for name, is_up in zip((*names, EXTRA_INTERFACE), (*self.links, self.extra_link), strict=True):
            self.world.link(table, name, FIRST_INDEX + [*names, EXTRA_INTERFACE].index(name), is_up=is_up)
        return table

    # What the executor does

    def perform(self, running: RunningInstance, effects: Sequence[Effect], now: float) -> None:
        """Do what a member asks for."""
        name, router = running.name, running.router
        for effect in effects:
            if effect in {Effect.SEND_ADVERT, Effect.SEND_RESIGNATION}:
                self.world.send(self, running, resigning=effect is Effect.SEND_RESIGNATION)
                if router.state is State.MASTER:
                    self._record.sent_advert(name, now, router.sequence, router.instance.priority)
            elif effect is Effect.ADD_ADDRESSES:
                self.holds.add(name)
            elif effect is Effect.REMOVE_ADDRESSES:
                self.holds.discard(name)
                self._record.left_master(name)
            elif effect is Effect.REPORT_TRANSITION and router.transition is not None:
                self.transitions.append((name, router.state, router.transition.cause))
                self.info(f"({name}) {router.transition.old.name} -> {router.state.name}: {router.transition.cause}")
        router.instance.notes.clear()

    def adopt(self, running: RunningInstance) -> None:
        """The addresses are there already."""
        self.adopted.add(running.name)
        self.holds.add(running.name)

    # What can be seen of it

    @property
    def members(self) -> dict[str, RunningInstance]:
        """Of the running process."""
        return self.roster.instances if self.roster is not None else {}

    @property
    def states(self) -> set[State]:
        """Of all members."""
        return {running.router.state for running in self.members.values()}

    @property
    def is_running(self) -> bool:
        """Whether a process reacts."""
        return self.roster is not None and not self.is_paused

    @property
    def is_master(self) -> bool:
        """Whether the whole group is master here."""
        return self.is_running and self.states == {State.MASTER}

    def is_up(self, interface: str) -> bool:
        """Whether an interface works."""
        return self.extra_link if interface == EXTRA_INTERFACE else self.links[int(interface[3:])]
