"""Virtual time, the LANs, and the machines with their sync groups. Nothing here looks at a clock or sleeps."""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING, Any

from tests.simulation.bounds import Bounds
from tests.simulation.groups.judge import Judge
from tests.simulation.groups.machine import Machine
from tests.simulation.groups.plan import SCRIPTS, configuration, make_plan
from tests.simulation.lan import Frame, Lan
from tests.unit.vrrp.rostering import set_link

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.config.model import Config
    from keepalived_py.kernel.interfaces import Change, InterfaceTable
    from keepalived_py.vrrp.running import RunningInstance

SCRIPT_INTERVALS = 1.5
"""Advertisement intervals between two runs of a script."""


class World:
    """Machines on LANs, driven by one heap of events.

    Attributes:
        random: the only source of chance; everything follows from its seed.
        now: real seconds since the world began.
        ends_at: when nothing happens any more.
        lines: everything that happened, when asked for.
    """

    def __init__(self, seed: int, *, records: bool = False) -> None:
        self.random = Random(seed)
        self.plan = make_plan(self.random)
        self.now = 0.0
        self.ends_at = float("inf")
        self.lines: list[str] | None = [] if records else None
        self._heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._scheduled = 0
        scenario = self.plan.scenario()
        self.bounds = Bounds(scenario)
        self.lans = [Lan(scenario, self.random) for _ in range(self.plan.lans)]
        self.machines = [Machine(self, index, one, self.random) for index, one in enumerate(self.plan.machines)]
        self.judge = Judge(self)

    def at(self, time: float, action: Callable[..., None], *arguments: Any) -> None:
        """Do something at a real time; what is due at the same time happens in the order of these calls."""
        self._scheduled += 1
        heappush(self._heap, (time, self._scheduled, action, arguments))

    def at_local(self, machine: Machine, local: float, action: Callable[..., None], *arguments: Any) -> None:
        """Do something when the clock of a machine shows this, or a little later."""
        lateness = 1e-6 + self.random.random() * self.plan.lateness
        self.at(max(machine.real(local), self.now) + lateness, action, *arguments)

    def run(self) -> None:
        """Let the history happen.

        Raises:
            judge.Violation: an invariant did not hold.
        """
        heap = self._heap
        while heap and heap[0][0] <= self.ends_at:
            self.now, _, action, arguments = heappop(heap)
            action(*arguments)

    def remark(self, text: str) -> None:
        """Tell the timeline what happens outside the routers."""
        if self.lines is not None:
            self.lines.append(f"{self.now:12.6f}  ----  {text}")

    def log(self, machine: Machine, text: str) -> None:
        """Tell the timeline what a machine logs."""
        if self.lines is not None:
            self.lines.append(f"{self.now:12.6f}  m{machine.index}    {text}")

    def configuration(self, machine: Machine) -> Config:
        """Return the file of a machine."""
        return configuration(self.plan, machine.plan)

    # Processes

    def start(self, machine: Machine, *, respawned: bool = False) -> None:
        """A process begins, and so do its scripts."""
        machine.begin(respawned=respawned)
        self.judge.told(machine)
        for name in SCRIPTS:
            self._run_script_later(machine, name, first=True)

    def stop(self, machine: Machine) -> None:
        """SIGTERM."""
        assert machine.roster is not None
        machine.roster.stop(keep_addresses=False)
        machine.transitions.clear()
        machine.end()

    def resume(self, machine: Machine) -> None:
        """A paused process runs again: it hears what waits in its sockets, then its timers fire."""
        machine.is_paused = False
        while machine.queue:
            self._receive(machine, *machine.queue.popleft())
        overdue, machine.overdue = machine.overdue, []
        for timer in overdue:
            timer.serve()

    def reload(self, machine: Machine) -> None:
        """SIGHUP."""
        assert machine.roster is not None
        machine.is_reloading = True
        machine.roster.reload(self.configuration(machine), lambda: self._reloaded(machine))
        self.judge.told(machine)

    def _reloaded(self, machine: Machine) -> None:
        machine.is_reloading = False

    # What is tracked

    def link(self, table: InterfaceTable, name: str, index: int, *, is_up: bool) -> list[Change]:
        """Bring an interface up or down."""
        return set_link(table, name, index, is_up=is_up)

    def link_changed(self, machine: Machine, name: str) -> None:
        """Netlink tells the process."""
        changes = self.link(machine.table, name, machine.index_of(name), is_up=machine.is_up(name))
        if machine.roster is not None:
            machine.roster.interfaces_changed(changes)
            self.judge.told(machine)

    def file_written(self, machine: Machine) -> None:
        """Inotify tells the process."""
        machine.tell_file()
        self.judge.told(machine)

    def _run_script_later(self, machine: Machine, name: str, *, first: bool = False) -> None:
        pause = (
            self.plan.interval
            * (self.random.choice((0.1, 5.0)) if first else SCRIPT_INTERVALS)
            * (0.9 + 0.2 * self.random.random())
        )
        self.at(self.now + pause, self._run_script, machine, name, machine.life)

    def _run_script(self, machine: Machine, name: str, life: int) -> None:
        if machine.life != life or machine.roster is None:
            return
        if not machine.is_paused:
            success = machine.scripts[name]
            before = self.judge.look(machine)
            machine.verdicts[name].add(success)
            tracking = machine.roster.tracking
            names = tracking.script_finished(machine.time(), name, success=success, detail="exit code 1")
            if names:
                machine.roster.sources_changed(names)
                if self.judge.look(machine) != before:
                    self.judge.disturbed()
                self.judge.told(machine)
        self._run_script_later(machine, name)

    # The network

    def send(self, machine: Machine, running: RunningInstance, *, resigning: bool) -> None:
        """A member sends what it has to send."""
        lan = self.plan.members[int(running.name[3:])]
        source = running.router.instance.source_address
        for destination, data in running.router.adverts_to_send(resigning=resigning):
            if not machine.links[lan]:
                continue
            for other in self.machines:
                if other is not machine:
                    for arrives_at, octets in self.lans[lan].carry(self.now, machine.index, other.index, data):
                        frame = Frame(octets, source, destination, octets is not data)
                        self.at(arrives_at, self._arrive, other, lan, frame)

    def _arrive(self, machine: Machine, lan: int, frame: Frame) -> None:
        if machine.roster is None or not machine.links[lan]:
            return
        if machine.is_paused:
            machine.queue.append((lan, frame))
        else:
            self._receive(machine, lan, frame)

    def _receive(self, machine: Machine, lan: int, frame: Frame) -> None:
        """As the pool of sockets does: the virtual router id decides which member hears it."""
        assert machine.roster is not None
        vrid = frame.data[21]
        running = machine.members.get(f"VI_{vrid - 50}")
        if running is None or self.plan.members[vrid - 50] != lan:
            return
        now = machine.time()
        effects = running.router.datagram_received(now, frame.data)
        if effects:
            machine.roster.perform(running, effects, now)
        running.arm()
        self.judge.told(machine)
