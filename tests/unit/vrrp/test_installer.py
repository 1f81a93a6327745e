"""Routes and rules with a kernel that refuses, answers late, or loses them: what is sent, said and remembered."""

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest

from keepalived_py.errors import NetlinkError
from keepalived_py.kernel.interfaces import Change, ChangeKind, Interface
from keepalived_py.kernel.message import Slice, split
from keepalived_py.kernel.routes import RTM_DELROUTE, RouteEvent, RouteRequest, requested, route_added, route_deleted
from keepalived_py.kernel.rtnl import AF_INET
from keepalived_py.vrrp import guard as guard_module
from keepalived_py.vrrp import installer as installer_module
from keepalived_py.vrrp.guard import Guard
from keepalived_py.vrrp.holdings import Holdings
from keepalived_py.vrrp.installer import RETRY, SLICE_SIZE, Installer
from keepalived_py.vrrp.restoration import CALM
from keepalived_py.vrrp.routing import RoutingEntry
from keepalived_py.vrrp.work import WorkQueue

if TYPE_CHECKING:
    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor


class Kernel:
    """A routing table, and what it refuses."""

    def __init__(self) -> None:
        self.table: set[bytes] = set()
        self.refused: dict[bytes, int] = {}
        self.log: list[tuple[str, int]] = []
        self._answers: list[NetlinkError] = []

    def send(self, part: Slice) -> None:
        self._answers = []
        for message in split(part.data):
            payload = part.data[message.start : message.end]
            prefix = payload[16:20]
            removes = message.kind == RTM_DELROUTE
            number = self._remove(prefix) if removes else self._add(prefix)
            self.log.append(("-" if removes else "+", prefix[1]))
            if number:
                self._answers.append(NetlinkError(number, errno.errorcode[number], message.sequence))

    def _add(self, prefix: bytes) -> int:
        if prefix in self.refused:
            return self.refused[prefix]
        if prefix in self.table:
            return errno.EEXIST
        self.table.add(prefix)
        return 0

    def _remove(self, prefix: bytes) -> int:
        if prefix not in self.table:
            return errno.ESRCH
        self.table.discard(prefix)
        return 0

    def collect(self, tolerated: frozenset[int]) -> list[NetlinkError]:
        return [answer for answer in self._answers if answer.errno not in tolerated]

    def close(self) -> None:
        """Nothing to close."""


class Clock:
    """A reactor whose timers fire when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.timers: list[tuple[float, Callable[..., None], tuple[Any, ...]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[..., None], *arguments: object) -> None:
        self.timers.append((self.now + delay, callback, arguments))

    def call_soon(self, callback: Callable[..., None], *arguments: object) -> None:
        self.call_later(0.0, callback, *arguments)

    def add_reader(self, *_arguments: object) -> None:
        """Nobody writes."""

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while due := [timer for timer in self.timers if timer[0] <= end]:
            first = min(due, key=lambda timer: timer[0])
            self.timers.remove(first)
            self.now = max(self.now, first[0])
            first[1](*first[2])
        self.now = end


class Lines:
    def __init__(self) -> None:
        self.said: list[str] = []

    def info(self, line: str) -> None:
        self.said.append(line)

    warning = error = info


class Scene:
    """An installer and a guard over a kernel that the test looks into."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.clock, self.lines = kernel, Clock(), Lines()
        reactor, log = cast("Reactor", self.clock), cast("Log", self.lines)
        self.installer = Installer(reactor, log, WorkQueue(reactor))
        self.guard = Guard(reactor, log, self.installer)
        self.changes = 0

    def owner(self, *numbers: int, active: bool = True) -> Holdings:
        holdings = Holdings("(VI_1)", self._changed)
        self.installer.prepare(holdings, tuple(map(entry, numbers)), ())
        if active:
            self.installer.activate(holdings, holdings)
        return holdings

    def _changed(self) -> None:
        self.changes += 1

    def steal(self, number: int, *, gone: bool = True) -> None:
        if gone:
            self.kernel.table.discard(prefix(number))
        self.guard.removed(RouteEvent(False, requested(request(number))), self.clock.now)

    def numbers(self) -> set[int]:
        return {one[1] for one in self.kernel.table}


class Deaf:
    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    kernel = Kernel()
    monkeypatch.setattr(installer_module, "NetlinkSocket", lambda: kernel)
    monkeypatch.setattr(guard_module, "RoutingMonitor", Deaf)
    return Scene(kernel)


def prefix(number: int) -> bytes:
    return bytes((10, number, 0, 0))


def request(number: int, **options: Any) -> RouteRequest:
    return RouteRequest(AF_INET, prefix(number), 16, interface=2, **options)


def entry(number: int, *, watched: bool = True, **options: Any) -> RoutingEntry:
    asked = request(number, **options)
    added, deleted = route_added(asked), route_deleted(asked)
    return RoutingEntry(f"route {number}", (added,), deleted, requested(asked), watched=watched)


def change(kind: ChangeKind) -> Change:
    return Change(kind, Interface(index=2, name="eth0"))


def test_owner_that_becomes_active_has_its_routes_and_none_when_it_ceases(scene: Scene) -> None:
    holdings = scene.owner(1, 2)
    assert scene.numbers() == {1, 2}
    scene.installer.deactivate(holdings, holdings)
    assert scene.kernel.log[-2:] == [("-", 2), ("-", 1)]
    assert scene.numbers() == set()


def test_many_routes_come_in_slices(scene: Scene) -> None:
    scene.owner(*range(SLICE_SIZE + 5))
    assert len(scene.numbers()) == SLICE_SIZE
    scene.clock.advance(0.0)
    assert len(scene.numbers()) == SLICE_SIZE + 5


def test_refusal_is_said_once_and_tried_again_until_the_kernel_takes_it(scene: Scene) -> None:
    scene.kernel.refused[prefix(1)] = errno.ENETUNREACH
    holdings = scene.owner(1, 2)
    assert (scene.numbers(), list(holdings.refused.values())) == ({2}, ["ENETUNREACH"])
    scene.clock.advance(3 * RETRY)
    assert scene.lines.said == ["(VI_1) cannot add route 1: ENETUNREACH"]
    del scene.kernel.refused[prefix(1)]
    scene.clock.advance(RETRY)
    assert scene.numbers() == {1, 2}
    assert scene.lines.said[1:] == ["(VI_1) route 1 is in the kernel now"]
    assert (holdings.refused, scene.changes) == ({}, 2)


def test_changes_of_interfaces_bring_back_what_went_silently(scene: Scene) -> None:
    scene.owner(1, 2)
    scene.kernel.table.clear()
    for _ in range(10):
        scene.installer.interfaces_changed([change(ChangeKind.WENT_UP)])
    scene.clock.advance(1.0)
    assert scene.numbers() == {1, 2}
    assert len(scene.kernel.log) == 4
    assert scene.lines.said == []


def test_route_without_tracking_comes_back_with_its_interface_only(scene: Scene) -> None:
    holdings = Holdings("(VI_1)", lambda: None)
    scene.installer.prepare(holdings, (entry(1, watched=False), entry(2)), ())
    scene.kernel.refused[prefix(1)] = errno.ENETUNREACH
    scene.installer.activate(holdings, holdings)
    scene.kernel.refused.clear()
    scene.installer.interfaces_changed([change(ChangeKind.ADDRESS_ADDED)])
    scene.clock.advance(1.0)
    assert scene.numbers() == {1, 2}, "what was refused is asked for again"
    scene.kernel.table.clear()
    scene.installer.interfaces_changed([change(ChangeKind.ADDRESS_ADDED)])
    scene.clock.advance(1.0)
    assert scene.numbers() == {2}, "an address that came took no route away"
    scene.installer.interfaces_changed([change(ChangeKind.WENT_DOWN), change(ChangeKind.ADDRESS_ADDED)])
    scene.clock.advance(1.0)
    assert scene.numbers() == {1, 2}


def test_stolen_route_is_put_back_at_once_and_then_after_longer_and_longer_pauses(scene: Scene) -> None:
    holdings = scene.owner(1)
    waits = []
    for attempt in range(1, 6):
        scene.steal(1)
        began = scene.clock.now
        while not scene.numbers():
            scene.clock.advance(0.5)
        waits.append(scene.clock.now - began)
        assert scene.lines.said[-1] == (
            f"(VI_1) route 1 was removed by another program: put back (attempt {attempt} of 5)"
        )
    assert waits == [0.0, 1.0, 2.0, 4.0, 8.0]
    scene.steal(1)
    assert {one.text for one in holdings.given_up} == {"route 1"}
    assert "again and again" in scene.lines.said[-1]
    scene.installer.reinstall()
    assert scene.numbers() == set(), "it is left to who wants it gone"
    scene.clock.advance(CALM)
    assert (scene.numbers(), holdings.given_up, scene.changes) == ({1}, set(), 2)


def test_route_that_is_there_after_all_was_not_stolen(scene: Scene) -> None:
    holdings = scene.owner(1)
    for _ in range(20):
        scene.steal(1, gone=False)
    assert (scene.lines.said, holdings.given_up) == ([], set())


def test_route_that_goes_with_its_interface_again_and_again_is_nobodys_theft(scene: Scene) -> None:
    holdings = scene.owner(1)
    for _ in range(20):
        scene.kernel.refused[prefix(1)] = errno.ENETDOWN
        scene.steal(1)
        scene.kernel.refused.clear()
        scene.installer.interfaces_changed([change(ChangeKind.WENT_UP)])
        scene.clock.advance(0.2)
        assert scene.numbers() == {1}
    assert holdings.given_up == set()
    assert not any("another program" in line for line in scene.lines.said)


def test_route_of_an_owner_that_ceased_is_not_put_back(scene: Scene) -> None:
    holdings = scene.owner(1)
    scene.steal(1)
    scene.steal(1)
    scene.installer.deactivate(holdings, holdings)
    scene.clock.advance(10.0)
    assert scene.numbers() == set()


def test_route_that_moves_between_owners_in_a_reload_is_never_removed(scene: Scene) -> None:
    first, second = scene.owner(1, 2), scene.owner(3)
    scene.installer.reloading = True
    scene.installer.prepare(first, (entry(1),), ())
    scene.installer.prepare(second, (entry(2), entry(3)), ())
    scene.installer.reloading = False
    for holdings in (first, second):
        scene.installer.remove_stale(holdings)
    assert scene.numbers() == {1, 2, 3}
    assert not any(sign == "-" for sign, _ in scene.kernel.log)


def test_route_with_another_option_takes_the_place_of_the_old_one(scene: Scene) -> None:
    holdings = scene.owner(1, 2)
    scene.kernel.log.clear()
    scene.installer.prepare(holdings, (entry(1), entry(2, metrics=((2, 1400),))), ())
    assert scene.kernel.log == [("-", 2), ("+", 2)]


def test_leftovers_are_removed_and_named_and_those_of_active_owners_are_not(scene: Scene) -> None:
    scene.owner(1)
    scene.kernel.table.add(prefix(2))
    backup = scene.owner(1, 2, 3, active=False)
    scene.installer.remove_leftovers(backup)
    scene.clock.advance(0.0)
    assert scene.numbers() == {1}
    assert scene.lines.said == ["(VI_1) removing what an earlier run left: route 2"]
