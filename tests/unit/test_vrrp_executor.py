"""Work that takes several steps: announcements do not pile up, no address is left behind."""

import socket
from collections.abc import Iterator

import pytest

from keepalived_py.config.model import GarpGroup
from keepalived_py.config.model.vrrp import VrrpInstance
from keepalived_py.errors import NetlinkError
from keepalived_py.kernel.message import Slice, split
from keepalived_py.kernel.rtnl import AF_INET, RTM_DELADDR, AddressRequest
from keepalived_py.observability.log import Log
from keepalived_py.reactor import Reactor
from keepalived_py.vrrp import announcer as announcer_module
from keepalived_py.vrrp import executor as executor_module
from keepalived_py.vrrp.adoption import AdoptionRecord
from keepalived_py.vrrp.announcer import AnnouncingBurst
from keepalived_py.vrrp.effects import Effect
from keepalived_py.vrrp.executor import Executor
from keepalived_py.vrrp.follower import Follower
from keepalived_py.vrrp.pacing import LaneKey, Pacing
from keepalived_py.vrrp.parameters import Parameters
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.running import RunningInstance
from keepalived_py.vrrp.state import Rival, Transition
from keepalived_py.vrrp.takeover import SLICE_SIZE, PlacedAddress, Takeover

LANE = LaneKey("eth0", ipv6=False)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The other end of what the executor believes to be its packet socket."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    theirs.setblocking(False)
    monkeypatch.setattr(announcer_module, "open_frame_socket", lambda: ours)
    yield theirs
    theirs.close()


class RecordingNetlink:
    """A netlink socket that remembers how many requests of each kind it was given and refuses none."""

    def __init__(self) -> None:
        self.requests: dict[int, int] = {}

    def send(self, part: Slice) -> None:
        for message in split(part.data):
            self.requests[message.kind] = self.requests.get(message.kind, 0) + 1

    def collect(self, _tolerated: frozenset[int]) -> list[NetlinkError]:
        return []

    def close(self) -> None:
        self.requests.clear()


@pytest.fixture
def netlink(monkeypatch: pytest.MonkeyPatch) -> RecordingNetlink:
    """What the executor believes to be its way to the kernel."""
    made = RecordingNetlink()
    monkeypatch.setattr(executor_module, "NetlinkSocket", lambda: made)
    return made


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    """A loop."""
    made = Reactor()
    yield made
    made.close()


@pytest.fixture
def executor(wire: socket.socket, netlink: RecordingNetlink, reactor: Reactor) -> Iterator[Executor]:
    """An executor between the three."""
    made = Executor(reactor, Log("x", syslog=False), AdoptionRecord(memoryview(bytearray(4096))))
    yield made
    made.close()


@pytest.mark.parametrize("effect", [Effect.REFRESH, Effect.ANNOUNCE_LOWER_PRIORITY])
def test_announcement_asked_for_while_another_goes_on_is_left_out(
    executor: Executor, wire: socket.socket, effect: Effect
) -> None:
    executor.announcer.pacing = Pacing(garp=60.0)
    running = RunningInstance(VrrpInstance(name="VI_1"), VirtualRouter(Parameters(name="VI_1", vrid=1)))
    running.bursts = (AnnouncingBurst([(b"one", b""), (b"two", b"")], [LANE, LANE]),)
    for _ in range(100):
        executor.perform(running, (effect,), 0.0)
    assert len(running.work) == 1
    assert wire.recv(10) == b"one"
    with pytest.raises(BlockingIOError):
        wire.recv(10)


def test_pause_of_an_interface_holds_for_all_instances_and_for_no_other_interface(
    executor: Executor, wire: socket.socket
) -> None:
    executor.announcer.pacing = Pacing(groups=[GarpGroup(garp_interval=60.0, interface="eth0")])
    for name, lane in (("A", LANE), ("B", LANE), ("C", LaneKey("eth1", ipv6=False))):
        running = RunningInstance(VrrpInstance(name=name), VirtualRouter(Parameters(name=name, vrid=1)))
        running.bursts = (AnnouncingBurst([(name.encode(), b"")] * 2, [lane] * 2),)
        executor.perform(running, (Effect.REFRESH,), 0.0)
    assert [wire.recv(10) for _ in range(3)] == [b"A", b"C", b"C"]
    with pytest.raises(BlockingIOError):
        wire.recv(10)


def placed(number: int) -> PlacedAddress:
    packed = bytes((10, 0, number >> 8, number & 255))
    return PlacedAddress(AddressRequest(AF_INET, packed, 32, 2), "eth0", str(number), b"")


def test_change_of_state_amid_a_reload_leaves_no_address_behind(executor: Executor, netlink: RecordingNetlink) -> None:
    running = RunningInstance(VrrpInstance(name="VI_1"), VirtualRouter(Parameters(name="VI_1", vrid=1)))
    executor.prepare(running, Takeover(placed(number) for number in range(200)))
    running.holding = True
    executor.prepare(running, Takeover([placed(0)]))
    assert netlink.requests == {RTM_DELADDR: SLICE_SIZE}
    executor.perform(running, (Effect.REMOVE_ADDRESSES,), 0.0)
    executor.finish(running)
    assert netlink.requests[RTM_DELADDR] == SLICE_SIZE + 1 + 199
    assert running.stale.addresses == ()


class Listener(Follower):
    """A follower that remembers what it was told, and how many frames had left by then."""

    def __init__(self, wire: socket.socket) -> None:
        self.heard: list[tuple[str, int]] = []
        self._wire = wire
        self._frames = 0

    def transition_made(self, running: RunningInstance, transition: Transition) -> None:
        self.heard.append((transition.new.name, self._count()))

    def lower_priority_heard(self, running: RunningInstance) -> None:
        self.heard.append(("lower priority", self._count()))

    def dual_master_found(self, running: RunningInstance, rival: Rival) -> None:
        self.heard.append((rival.reason, self._count()))

    def priority_changed(self, running: RunningInstance, old: int, new: int) -> None:
        self.heard.append((f"{old} {new}", self._count()))

    def group_transition_made(self, name: str, transition: Transition) -> None:
        self.heard.append((f"{name} {transition.new.name}", self._count()))

    def _count(self) -> int:
        while True:
            try:
                self._wire.recv(100)
            except BlockingIOError:
                return self._frames
            self._frames += 1


def test_followers_hear_of_every_transition_in_order_and_after_the_frames_of_the_takeover(
    executor: Executor, reactor: Reactor, wire: socket.socket
) -> None:
    listener = Listener(wire)
    executor.followers.append(listener)
    router = VirtualRouter(Parameters(name="VI_1", vrid=1, garp_master_repeat=2, source_address=bytes((10, 9, 9, 9))))
    running = RunningInstance(VrrpInstance(name="VI_1"), router)
    executor.prepare(running, Takeover(placed(number) for number in range(SLICE_SIZE + 1)))
    running.bursts = (
        AnnouncingBurst([(b"one", b"")] * SLICE_SIZE, [LANE] * SLICE_SIZE),
        AnnouncingBurst([(b"two", b"")], [LANE]),
    )
    executor.perform(running, router.started(0.0), 0.0)
    executor.perform(running, router.deadline_reached(router.deadline_at), 0.0)
    assert listener.heard == []
    while executor.work.working:
        reactor.call_soon(reactor.stop)
        reactor.run_forever()
    assert listener.heard == [("BACKUP", 2 * (SLICE_SIZE + 1)), ("MASTER", 2 * (SLICE_SIZE + 1))]
    executor.perform(running, router.stopped(1.0), 1.0)
    executor.finish(running)
    assert [state for state, _ in listener.heard] == ["BACKUP", "MASTER", "INIT"]


def test_instance_is_adding_until_the_last_slice_is_with_the_kernel_or_its_state_changes(
    executor: Executor,
) -> None:
    running = RunningInstance(VrrpInstance(name="VI_1"), VirtualRouter(Parameters(name="VI_1", vrid=1)))
    executor.prepare(running, Takeover(placed(number) for number in range(2 * SLICE_SIZE)))
    executor.perform(running, (Effect.ADD_ADDRESSES,), 0.0)
    assert running.adding == 1
    executor.perform(running, (Effect.REMOVE_ADDRESSES,), 0.0)
    assert running.adding == 0
    executor.perform(running, (Effect.ADD_ADDRESSES,), 0.0)
    executor.restore(running, running.takeover.addresses[0])
    assert running.adding == 2
    executor.finish(running)
    assert running.adding == 0
