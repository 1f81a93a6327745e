"""Virtual time, and the machines in it. Nothing here looks at a clock or sleeps."""

from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from random import Random
from typing import Any

from keepalived_py.vrrp.effects import Effect, Effects
from keepalived_py.vrrp.parameters import IPV4, MULTICAST_TTL
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.state import State
from tests.simulation.bounds import Bounds
from tests.simulation.judge import Judge
from tests.simulation.lan import Frame, Lan
from tests.simulation.node import NEVER, Node
from tests.simulation.scenario import make_scenario
from tests.simulation.timeline import Timeline

_EPOCH_NS = 1_784_000_000_000_000_000
_CLOCK_ERROR_NS = 300_000_000
_MAX_DRIFT = 200e-6
_MAX_UPTIME = 1e6
_ANNOUNCEMENTS = frozenset({Effect.ANNOUNCE, Effect.REFRESH, Effect.ANNOUNCE_LOWER_PRIORITY})


class World:
    """Machines on a LAN, driven by one heap of events.

    Attributes:
        random: the only source of chance; everything follows from its seed.
        now: real seconds since the world began.
        ends_at: when nothing happens any more.
    """

    def __init__(self, seed: int, timeline: Timeline | None = None, *, fast_path: bool = True) -> None:
        """Draw a scenario.

        Args:
            seed: any integer; the same one gives the same history.
            timeline: records everything when given.
            fast_path: whether routers may believe a repeated advert without checking it again.
        """
        self.random = Random(seed)
        self.scenario = make_scenario(self.random)
        self.now = 0.0
        self.ends_at = float("inf")
        self.lan = Lan(self.scenario, self.random)
        self.nodes = [
            Node(index, parameters, self.random.random() * _MAX_UPTIME, self._draw_rate())
            for index, parameters in enumerate(self.scenario.routers)
        ]
        self.bounds = Bounds(self.scenario)
        self.judge = Judge(self)
        self._timeline = timeline
        self._fast_path = fast_path
        self._heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._scheduled = 0
        self._by_address = {node.parameters.source_address: node for node in self.nodes}

    def at(self, time: float, action: Callable[..., None], *arguments: Any) -> None:
        """Do something at a real time; what is due at the same time happens in the order of these calls."""
        self._scheduled += 1
        heappush(self._heap, (time, self._scheduled, action, arguments))

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
        if self._timeline is not None:
            self._timeline.remark(self.now, text)

    # The life of a process

    def start(self, node: Node) -> None:
        """A process begins; the addresses that an earlier one left behind are not its own."""
        self.feed(node, "started", self._begin(node).started)

    def adopt(self, node: Node, life: int) -> None:
        """A process replaces one that crashed, unless something else has happened to it by now."""
        if node.router is not None or node.life != life:
            return
        last_sent = node.record
        if last_sent is None:
            self.start(node)
            return
        self.feed(node, "adopted", self._begin(node).adopted, last_sent, node.recorded_sequence)

    def _begin(self, node: Node) -> VirtualRouter:
        router = node.router = VirtualRouter(
            node.parameters, fast_path=self._fast_path, wall_clock=partial(self._unix_time, node.index)
        )
        node.life += 1
        node.was_adopted = node.must_yield = False
        node.sent = 0
        node.timer_at = float("inf")
        node.queue.clear()
        node.sent_local = NEVER
        node.record = None
        now = node.local(self.now)
        for reason in node.faults:
            router.fault_found(now, reason)
        if node.priority != node.parameters.priority:
            router.priority_changed(now, node.priority)
            router.instance.notes.clear()
        return router

    def _unix_time(self, index: int) -> int:
        """What a machine's wall clock shows, nanoseconds; each is off by something else."""
        return _EPOCH_NS + int(self.now * 1_000_000_000) + index * _CLOCK_ERROR_NS

    def stop(self, node: Node) -> None:
        """SIGTERM."""
        assert node.router is not None
        self.feed(node, "stopped", node.router.stopped)
        node.router = None

    def crash_process(self, node: Node) -> None:
        """SIGKILL: what it has put on the interface stays."""
        node.router = None
        node.is_paused = False
        node.queue.clear()

    def crash_machine(self, node: Node) -> None:
        """Power fails; after it returns, the clock begins at zero."""
        self.crash_process(node)
        node.holds = False
        node.record = None
        node.rate = self._draw_rate()
        node.origin = -self.now * node.rate

    def resume(self, node: Node) -> None:
        """A paused process runs again: first it hears what waits in its socket, then its timer fires."""
        assert node.router is not None
        node.is_paused = False
        self.judge.resumed(node)
        while node.queue:
            self._receive(node, node.queue.popleft())
        self.feed(node, "deadline_reached", node.router.deadline_reached)
        self.judge.drained(node)

    # Inputs

    def feed(self, node: Node, what: str, method: Callable[..., Effects], *arguments: Any) -> None:
        """Give a router one input, do what it asks for, and judge both."""
        router = node.router
        assert router is not None
        before, deadline_at = router.state, router.deadline_at
        local = node.local(self.now)
        effects = method(local, *arguments)
        if self._timeline is not None:
            self._timeline.input(self.now, node, what, arguments, before, effects)
        if effects or router.state is not before:
            self.judge.decided(node, what, before, effects, local)
            self._perform(node, effects, local)
        if router.deadline_at != deadline_at:
            self.judge.retimed(node, what, local, deadline_at)
        self.judge.fed(node, effects)
        self._arm(node)

    def _receive(self, node: Node, frame: Frame) -> None:
        router = node.router
        assert router is not None
        believed = router.counters.advert_rcvd
        if node.parameters.family == IPV4:
            self.feed(node, "datagram_received", router.datagram_received, frame.data)
        else:
            arguments = (frame.data, frame.source, MULTICAST_TTL, frame.destination)
            self.feed(node, "datagram_received", router.datagram_received, *arguments)
        if frame.is_damaged:
            self.judge.damaged(node, believed)

    def _arrive(self, node: Node, frame: Frame) -> None:
        if node.router is None or not node.has_carrier:
            return
        if not node.is_paused:
            self._receive(node, frame)
        elif len(node.queue) < self.scenario.receive_buffer:
            node.queue.append(frame)

    def _arm(self, node: Node) -> None:
        """An armed timer is left alone when the deadline moves to a later time, as the reactor does."""
        assert node.router is not None
        deadline_at = node.router.deadline_at
        if deadline_at == float("inf"):
            return
        fires_at = max(node.real(deadline_at), self.now)
        if fires_at < node.timer_at:
            node.timer_at = fires_at
            # At least a microsecond late: rounding between two clocks must not make it early.
            lateness = 1e-6 + self.random.random() * self.scenario.lateness
            self.at(fires_at + lateness, self._fire, node, node.life, fires_at)

    def _fire(self, node: Node, life: int, armed_for: float) -> None:
        if node.life != life or node.timer_at != armed_for or node.router is None:
            return
        node.timer_at = float("inf")
        if node.is_paused:
            return
        if node.router.deadline_at > node.local(self.now):
            self._arm(node)
        else:
            self.feed(node, "deadline_reached", node.router.deadline_reached)

    # Effects

    def _perform(self, node: Node, effects: Effects, local: float) -> None:
        for effect in effects:
            if effect is Effect.SEND_ADVERT:
                self._send(node, resigning=False)
                node.sent_local = local
                node.record = local if node.state is State.MASTER else None
                node.recorded_sequence = node.router.sequence if node.router else 0
            elif effect is Effect.SEND_RESIGNATION:
                self._send(node, resigning=True)
            elif effect is Effect.ADD_ADDRESSES:
                node.holds = True
            elif effect is Effect.REMOVE_ADDRESSES:
                node.holds = False
            elif effect in _ANNOUNCEMENTS:
                node.announced_at = self.now
                self.at(self.now + self.scenario.min_delay, self._announce, node)
        if node.state is not State.MASTER:
            node.record = None

    def _send(self, node: Node, *, resigning: bool) -> None:
        assert node.router is not None
        source = node.parameters.source_address
        outgoing = node.router.adverts_to_send(resigning=resigning)
        node.sent += 1
        if not node.has_carrier:
            return
        for destination, data in outgoing:
            for other in self._receivers(node, destination):
                for arrives_at, octets in self.lan.carry(self.now, node.index, other.index, data):
                    frame = Frame(octets, source, destination, octets is not data)
                    self.at(arrives_at, self._arrive, other, frame)

    def _receivers(self, node: Node, destination: bytes) -> list[Node]:
        unicast = self._by_address.get(destination)
        return [unicast] if unicast else [other for other in self.nodes if other is not node]

    def _announce(self, node: Node) -> None:
        if node.has_carrier:
            self.lan.announced(node.index)

    def _draw_rate(self) -> float:
        return 1 + (self.random.random() * 2 - 1) * _MAX_DRIFT
