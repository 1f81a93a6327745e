"""What the event socket of routes and rules lets through, with iproute2 as the one who changes them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from keepalived_py.kernel.routes import RouteEvent
from keepalived_py.kernel.routing_monitor import RoutingMonitor
from keepalived_py.kernel.rules import RoutingRule
from tests.lab.wire import Wire, ip

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.lab, pytest.mark.skipif(os.geteuid() != 0, reason="needs root")]


@pytest.fixture
def monitor() -> Iterator[RoutingMonitor]:
    wire = Wire()
    made = RoutingMonitor()
    yield made
    made.close()
    wire.close()


def test_only_our_routes_that_go_replacements_and_rules_that_go_are_heard(monitor: RoutingMonitor) -> None:
    for protocol in ("static", "bgp"):
        for number in range(20):
            ip(f"route add blackhole 10.1.{number}.0/24 proto {protocol}")
            ip(f"route del blackhole 10.1.{number}.0/24")
    ip("route add blackhole 10.2.0.0/16 proto 18")
    ip("-6 route add blackhole 2001:db8::/32 proto 18")
    ip("rule add from 10.3.0.0/16 table 7 priority 100")
    assert monitor.drain(100) == []
    ip("route del blackhole 10.2.0.0/16")
    ip("-6 route del blackhole 2001:db8::/32")
    ip("rule del priority 100")
    ip("route add blackhole 10.4.0.0/16")
    ip("route replace unreachable 10.4.0.0/16")
    heard = monitor.drain(100)
    assert heard is not None
    told = [(one.present, one.route.key[1][:2], one.route.type) for one in heard if isinstance(one, RouteEvent)]
    assert told == [(False, b"\x0a\x02", 6), (False, b"\x20\x01", 6), (True, b"\x0a\x04", 7)]
    [rule] = [one for one in heard if isinstance(one, RoutingRule)]
    assert rule.header == (2, 0, 16, 0, 7, 2)
