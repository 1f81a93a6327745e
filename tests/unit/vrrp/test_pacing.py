"""Pauses between announcements: per interface, per group, whichever instances they are of."""

from __future__ import annotations

import pytest

from keepalived_py.config.model import GarpGroup
from keepalived_py.config.model.globals import GlobalDefs
from keepalived_py.vrrp.pacing import LaneKey, Pacing, pacing_of

GROUPS = (
    GarpGroup(garp_interval=0.5, interfaces=("eth1", "eth2")),
    GarpGroup(gna_interval=2.0, interface="eth3"),
)


def key(interface: str, *, ipv6: bool = False) -> LaneKey:
    return LaneKey(interface, ipv6)


def waits(pacing: Pacing, *keys: LaneKey, now: float = 10.0) -> list[float | None]:
    lanes = [pacing.lane(one) for one in keys]
    return [None if lane is None else lane.reserve(now) for lane in lanes]


def test_nothing_waits_when_nothing_is_configured() -> None:
    assert waits(Pacing(), key("eth0"), key("eth0"), key("eth0", ipv6=True)) == [None, None, None]
    assert not Pacing().pauses([key("eth0")])


def test_each_interface_without_a_group_has_the_global_pauses_for_itself() -> None:
    pacing = pacing_of(GlobalDefs(vrrp_garp_interval=1.0), ())
    assert waits(pacing, key("eth0"), key("eth0"), key("eth9"), key("eth0")) == [0.0, 1.0, 0.0, 2.0]
    assert waits(pacing, key("eth0", ipv6=True)) == [None]


def test_time_that_passed_is_not_waited_for_again() -> None:
    pacing = Pacing(garp=1.0)
    assert waits(pacing, key("eth0"), now=10.0) == [0.0]
    assert waits(pacing, key("eth0"), now=10.25) == [0.75]
    assert waits(pacing, key("eth0"), now=20.0) == [0.0]


def test_interfaces_of_a_group_share_its_pause_and_have_no_other() -> None:
    pacing = Pacing(garp=1.0, gna=1.0, groups=GROUPS)
    assert waits(pacing, key("eth1"), key("eth2"), key("eth1")) == [0.0, 0.5, 1.0]
    assert waits(pacing, key("eth1", ipv6=True)) == [None]
    assert waits(pacing, key("eth3"), key("eth3", ipv6=True), key("eth3", ipv6=True)) == [None, 0.0, 2.0]


@pytest.mark.parametrize(("name", "expected"), [("eth1", True), ("eth3", False), ("eth9", False)])
def test_frames_are_held_back_only_where_a_pause_is_configured(name: str, *, expected: bool) -> None:
    assert Pacing(groups=GROUPS).pauses([key(name)]) is expected
