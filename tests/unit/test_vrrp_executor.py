"""Work that takes several steps: announcements do not pile up, no address is left behind."""

import socket
from collections.abc import Iterator

import pytest

from keepalived_py.config.model.vrrp import VrrpInstance
from keepalived_py.errors import NetlinkError
from keepalived_py.kernel.message import Slice, split
from keepalived_py.kernel.rtnl import AF_INET, RTM_DELADDR, AddressRequest
from keepalived_py.kernel.transmit import Burst
from keepalived_py.observability.log import Log
from keepalived_py.reactor import Reactor
from keepalived_py.vrrp import executor as executor_module
from keepalived_py.vrrp.adoption import AdoptionRecord
from keepalived_py.vrrp.effects import Effect
from keepalived_py.vrrp.executor import Executor
from keepalived_py.vrrp.parameters import IPV4, IPV6, Parameters
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.running import RunningInstance
from keepalived_py.vrrp.takeover import SLICE_SIZE, PlacedAddress, Takeover


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The other end of what the executor believes to be its packet socket."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    theirs.setblocking(False)
    monkeypatch.setattr(executor_module, "open_frame_socket", lambda: ours)
    yield theirs
    theirs.close()


@pytest.mark.parametrize("effect", [Effect.REFRESH, Effect.ANNOUNCE_LOWER_PRIORITY])
def test_announcement_asked_for_while_another_goes_on_is_left_out(wire: socket.socket, effect: Effect) -> None:
    reactor = Reactor()
    executor = Executor(reactor, Log("x", syslog=False), AdoptionRecord(memoryview(bytearray(4096))))
    executor.frame_pause = {IPV4: 60.0, IPV6: 60.0}
    running = RunningInstance(VrrpInstance(name="VI_1"), VirtualRouter(Parameters(name="VI_1", vrid=1)))
    running.bursts = (Burst([(b"one", b""), (b"two", b"")]),)
    for _ in range(100):
        executor.perform(running, (effect,), 0.0)
    assert len(running.work) == 1
    assert wire.recv(10) == b"one"
    with pytest.raises(BlockingIOError):
        wire.recv(10)
    executor.close()
    reactor.close()


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


def placed(number: int) -> PlacedAddress:
    packed = bytes((10, 0, number >> 8, number & 255))
    return PlacedAddress(AddressRequest(AF_INET, packed, 32, 2), "eth0", str(number), b"")


def test_change_of_state_amid_a_reload_leaves_no_address_behind(
    wire: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    netlink = RecordingNetlink()
    monkeypatch.setattr(executor_module, "NetlinkSocket", lambda: netlink)
    reactor = Reactor()
    executor = Executor(reactor, Log("x", syslog=False), AdoptionRecord(memoryview(bytearray(4096))))
    running = RunningInstance(VrrpInstance(name="VI_1"), VirtualRouter(Parameters(name="VI_1", vrid=1)))
    executor.prepare(running, Takeover(placed(number) for number in range(200)))
    running.holding = True
    executor.prepare(running, Takeover([placed(0)]))
    assert netlink.requests == {RTM_DELADDR: SLICE_SIZE}
    executor.perform(running, (Effect.REMOVE_ADDRESSES,), 0.0)
    executor.finish(running)
    assert netlink.requests[RTM_DELADDR] == SLICE_SIZE + 1 + 199
    assert running.stale.addresses == ()
    executor.close()
    reactor.close()
