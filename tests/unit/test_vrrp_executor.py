"""Announcements that take their time do not pile up."""

import socket
from collections.abc import Iterator

import pytest

from keepalived_py.config.model.vrrp import VrrpInstance
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
