"""Virtual addresses that go: put back when another program took them, and no suspicion of what we did ourselves."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any, cast

import pytest

from keepalived_py.config.model.addresses import VirtualAddress
from keepalived_py.config.model.vrrp import VrrpInstance
from keepalived_py.kernel.interfaces import Change, ChangeKind, InterfaceTable
from keepalived_py.kernel.rtnl import AF_INET, Address, AddressEvent, LinkEvent
from keepalived_py.vrrp.defender import LONGEST, SILENCE, Defender
from keepalived_py.vrrp.footing import plain_footing
from keepalived_py.vrrp.parameters import Parameters
from keepalived_py.vrrp.placement import place
from keepalived_py.vrrp.restoration import DELAYS
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.running import RunningInstance
from keepalived_py.vrrp.takeover import Takeover
from tests.unit.looping import Lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.executor import Executor
    from keepalived_py.vrrp.takeover import PlacedAddress

MAC = bytes.fromhex("020000000001")
OCTETS = bytes((10, 0, 1, 7))


class Clock:
    """A reactor whose time the test sets; it has one timer."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.when: float | None = None
        self.later: list[float] = []

    def time(self) -> float:
        return self.now

    def timer(self, callback: Callable[[], None]) -> Clock:
        self.callback = callback
        return self

    def move(self, when: float) -> None:
        self.when = when

    def call_later(self, delay: float, *_call: object) -> None:
        self.later.append(delay)

    def wait(self) -> None:
        """Let the time pass until the timer fires, if it is armed."""
        if self.when is not None:
            self.now, self.when = self.when, None
            self.callback()


class Scene:
    """A master with one address, as the kernel tells of it."""

    def __init__(self) -> None:
        self.table = InterfaceTable()
        self.table.apply(LinkEvent(True, 2, "eth0", 0x10043, 1, MAC, MAC, 1500, 0, 0, "veth"))
        address = VirtualAddress(address=IPv4Address(OCTETS), prefix_length=24)
        config = VrrpInstance(name="VI_1", interface="eth0", virtual_ipaddress=(address,))
        placed = place(address, "eth0", self.table, lambda _name: False)
        assert placed is not None
        router = VirtualRouter(Parameters(name="VI_1", vrid=1))
        self.running = RunningInstance(config, router, plain_footing(config))
        self.running.takeover, self.running.holding = Takeover([placed]), True
        self.clock, self.log = Clock(), Lines()
        self.restored: list[PlacedAddress] = []
        self.judged: list[RunningInstance] = []
        executor: Any = self
        self.defender = Defender(
            cast("Reactor", self.clock), self.log, self.table, cast("Executor", executor), self.judged.append
        )
        self.kernel_tells(added=True)

    def restore(self, _running: RunningInstance, placed: PlacedAddress) -> None:
        """Be the executor."""
        self.restored.append(placed)

    def kernel_tells(self, *, added: bool) -> None:
        """Let the address come or go, and the roster hear of it."""
        for change in self.table.apply(AddressEvent(added, 2, Address(AF_INET, OCTETS, 24, 0, 0))):
            self._hear(change)
        self.defender.heard(self.clock.now)

    def _hear(self, change: Change) -> None:
        if change.kind is ChangeKind.ADDRESS_REMOVED:
            self.defender.address_removed(self.running, change)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_address_that_another_program_removes_is_put_back_when_nothing_more_is_heard(scene: Scene) -> None:
    scene.kernel_tells(added=False)
    assert scene.restored == []
    assert scene.clock.when == scene.clock.now + SILENCE
    scene.clock.wait()
    assert scene.restored == list(scene.running.takeover.addresses)
    assert scene.log.lines == [
        "(VI_1) virtual address 10.0.1.7 on eth0 was removed by another program: putting it back (attempt 1 of 5)"
    ]


def test_address_is_put_back_though_others_change_interfaces_all_the_time(scene: Scene) -> None:
    began = scene.clock.now
    scene.kernel_tells(added=False)
    while scene.clock.when is not None and scene.clock.when > scene.clock.now:
        scene.clock.now = min(scene.clock.when, scene.clock.now + SILENCE / 2)
        scene.defender.heard(scene.clock.now)
    scene.clock.wait()
    assert scene.restored == list(scene.running.takeover.addresses)
    assert scene.clock.now == pytest.approx(began + LONGEST)


def test_fight_that_is_lost_leaves_the_address_to_another_router(scene: Scene) -> None:
    for _ in range(len(DELAYS) + 1):
        scene.kernel_tells(added=False)
        scene.clock.wait()
        scene.kernel_tells(added=True)
    assert scene.clock.later[: len(DELAYS) - 1] == list(DELAYS[1:])
    assert scene.judged == [scene.running]
    assert scene.running.given_up == {"10.0.1.7"}


def test_master_that_was_backup_for_a_moment_hears_late_of_what_it_did_itself_and_accuses_nobody(scene: Scene) -> None:
    for _ in range(len(DELAYS) + 1):
        scene.kernel_tells(added=False)
        scene.clock.now += SILENCE / 2
        scene.kernel_tells(added=True)
        scene.clock.wait()
    assert (scene.restored, scene.log.lines, scene.judged) == ([], [], [])


def test_address_that_is_still_being_added_is_not_missing_and_one_that_is_missing_then_is(scene: Scene) -> None:
    scene.running.adding = 1
    scene.kernel_tells(added=False)
    for _ in range(10):
        scene.clock.wait()
    assert scene.restored == []
    scene.running.adding = 0
    scene.clock.wait()
    assert len(scene.restored) == 1


def test_instance_that_is_backup_by_then_defends_nothing(scene: Scene) -> None:
    scene.kernel_tells(added=False)
    scene.running.holding = False
    scene.clock.wait()
    assert (scene.restored, scene.log.lines) == ([], [])
    assert scene.clock.when is None
