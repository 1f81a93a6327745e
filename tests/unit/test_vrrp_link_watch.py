"""Links that are debounced and polled before the instances hear of them."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import pytest

from keepalived_py.config.tracking_values import InterfaceDelay
from keepalived_py.kernel.interfaces import ChangeKind, InterfaceTable
from keepalived_py.kernel.rtnl import IFF_RUNNING, IFF_UP, LinkEvent
from keepalived_py.reactor import Reactor
from keepalived_py.vrrp import link_watch as module
from keepalived_py.vrrp.interface_delays import InterfaceDelays
from keepalived_py.vrrp.link_polling import polled_interfaces
from keepalived_py.vrrp.link_watch import LinkWatch
from tests.config.checking import check_text, instance_text
from tests.unit.looping import Lines, run_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keepalived_py.config.model import Config
    from keepalived_py.kernel.interfaces import Change, Interface

UP = IFF_UP | IFF_RUNNING
MAC = bytes.fromhex("020000000001")


class Wire:
    """An interface eth0 in a table."""

    def __init__(self) -> None:
        self.table = InterfaceTable()
        self.set(UP)

    def counts(self) -> bool:
        return self.interface.running

    @property
    def interface(self) -> Interface:
        found = self.table.by_name("eth0")
        assert found is not None
        return found

    def event(self, flags: int, *, present: bool = True) -> LinkEvent:
        return LinkEvent(present, 2, "eth0", flags, 1, MAC, b"\xff" * 6, 1500, lower=0, master=0, kind="veth")

    def set(self, flags: int) -> list[Change]:
        return self.table.apply(self.event(flags))

    def remove(self) -> list[Change]:
        return self.table.apply(self.event(0, present=False))


def kinds(changes: list[Change]) -> list[ChangeKind]:
    return [change.kind for change in changes]


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def delays() -> InterfaceDelays:
    made = InterfaceDelays()
    made.take([InterfaceDelay.make({"interface": "eth0", "down": 2.0, "up": 3.0})])
    return made


def test_lost_link_counts_after_its_delay(wire: Wire, delays: InterfaceDelays) -> None:
    assert delays.reviewed(10.0, wire.set(IFF_UP)) == []
    assert wire.counts()
    assert not wire.interface.has_link
    assert delays.due_at == 12.0
    assert delays.deadline_reached(11.9) == []
    assert kinds(delays.deadline_reached(12.0)) == [ChangeKind.WENT_DOWN]
    assert not wire.counts()
    assert delays.due_at == inf
    assert delays.notes == ["Interface eth0 is down: that counts in 2 s"]


def test_link_that_returns_within_the_delay_never_went(wire: Wire, delays: InterfaceDelays) -> None:
    delays.reviewed(10.0, wire.set(IFF_UP))
    assert delays.reviewed(11.0, wire.set(UP)) == []
    assert wire.counts()
    assert delays.due_at == inf
    assert delays.reviewed(20.0, wire.set(IFF_UP)) == []
    assert delays.due_at == 22.0


def test_link_that_comes_up_counts_after_the_other_delay(wire: Wire, delays: InterfaceDelays) -> None:
    delays.reviewed(0.0, wire.set(IFF_UP))
    delays.deadline_reached(2.0)
    assert delays.reviewed(10.0, wire.set(UP)) == []
    assert not wire.counts()
    assert kinds(delays.deadline_reached(13.0)) == [ChangeKind.WENT_UP]
    assert wire.counts()


def test_flapping_link_does_not_extend_its_delay(wire: Wire, delays: InterfaceDelays) -> None:
    delays.reviewed(0.0, wire.set(IFF_UP))
    delays.reviewed(1.0, wire.set(IFF_UP | 0x1000))
    assert delays.due_at == 2.0


def test_interface_that_is_deleted_is_gone_at_once(wire: Wire, delays: InterfaceDelays) -> None:
    delays.reviewed(0.0, wire.set(IFF_UP))
    assert kinds(delays.reviewed(1.0, wire.remove())) == [ChangeKind.WENT_DOWN, ChangeKind.GONE]
    assert delays.due_at == inf


def test_reload_without_the_delay_makes_a_waiting_change_count(wire: Wire, delays: InterfaceDelays) -> None:
    delays.reviewed(0.0, wire.set(IFF_UP))
    assert kinds(delays.take([])) == [ChangeKind.WENT_DOWN]
    assert not wire.counts()
    assert kinds(delays.reviewed(1.0, wire.set(UP))) == [ChangeKind.WENT_UP]


def test_delay_of_zero_is_none(wire: Wire) -> None:
    delays = InterfaceDelays()
    delays.take([InterfaceDelay.make({"interface": "eth0", "down": 0.0, "up": 1.0})])
    assert kinds(delays.reviewed(0.0, wire.set(IFF_UP))) == [ChangeKind.WENT_DOWN]
    assert delays.reviewed(0.0, wire.set(UP)) == []


class Answers:
    """Drivers that answer as the test says."""

    links: dict[str, bool | None]

    def ask(self, method: str, interface: str) -> bool | None:
        assert interface == "eth0"
        return self.links.get(method)

    def close(self) -> None:
        pass


@pytest.fixture
def loop() -> Iterator[Reactor]:
    made = Reactor(longest_sleep=0.02)
    yield made
    made.close()


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    monkeypatch.setattr(module, "LinkStatus", Answers)
    monkeypatch.setattr(module, "POLL_INTERVAL", 0.05)
    Answers.links = {"ETHTOOL": True, "IOCTL": True}
    return Answers()


def config(text: str) -> Config:
    return check_text(text + instance_text(""))[0]


def test_polled_interface_is_what_polling_finds(wire: Wire, loop: Reactor, answers: Answers) -> None:
    told: list[Change] = []
    log = Lines()
    watch = LinkWatch(loop, log, wire.table, told.extend)
    watch.take(config("linkbeat_interfaces {\n eth0 MII\n}\n"))
    assert told == []
    assert wire.counts()
    answers.links["ETHTOOL"] = False
    run_until(loop, lambda: told)
    assert kinds(told) == [ChangeKind.WENT_DOWN]
    assert not wire.counts()
    answers.links["ETHTOOL"] = True
    run_until(loop, lambda: len(told) == 2)
    assert kinds(told)[1:] == [ChangeKind.WENT_UP]
    assert log.lines == [
        "Using MII-BMSR/ETHTOOL NIC polling thread(s)...",
        "(eth0): Configured linkbeat type MII not supported, using ETHTOOL",
        "Linkbeat reports eth0 down",
        "Linkbeat reports eth0 up",
    ]
    watch.stop()


def test_polling_that_ends_believes_the_kernel_again(wire: Wire, loop: Reactor, answers: Answers) -> None:
    told: list[Change] = []
    watch = LinkWatch(loop, Lines(), wire.table, told.extend)
    answers.links["ETHTOOL"] = False
    watch.take(config("linkbeat_interfaces {\n eth0\n}\n"))
    assert not wire.counts()
    watch.take(config(""))
    assert wire.counts()
    assert kinds(told) == [ChangeKind.WENT_UP]
    watch.stop()


def test_polled_change_waits_for_its_delay(wire: Wire, loop: Reactor, answers: Answers) -> None:
    told: list[Change] = []
    watch = LinkWatch(loop, Lines(), wire.table, told.extend)
    watch.take(config("linkbeat_interfaces {\n eth0\n}\ninterface_up_down_delays {\n eth0 0.3 0\n}\n"))
    answers.links["ETHTOOL"] = False
    run_until(loop, lambda: not wire.interface.has_link)
    assert wire.counts()
    run_until(loop, lambda: told)
    assert kinds(told) == [ChangeKind.WENT_DOWN]
    watch.stop()


def test_interfaces_that_are_polled() -> None:
    assert polled_interfaces(config("")) == {}
    assert polled_interfaces(config("linkbeat_interfaces {\n eth0 ETHTOOL\n}\n")) == {"eth0": "ETHTOOL"}
    assert polled_interfaces(config("linkbeat_use_polling\n")) == {"eth0": None}
    instance = config("").vrrp_instances[0].changed(linkbeat_use_polling=True)
    assert polled_interfaces(config("").changed(vrrp_instances=(instance,))) == {"eth0": None}
