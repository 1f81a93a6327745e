"""From configured routes and rules to requests: what needs an interface waits for it, every option arrives."""

from collections.abc import Callable

import pytest

from keepalived_py.config.model import Config
from keepalived_py.kernel import encapsulation, routes, rules
from keepalived_py.kernel.interfaces import InterfaceTable
from keepalived_py.kernel.rtnl import AF_INET, AF_INET6, LinkEvent
from keepalived_py.vrrp.routing import Misplaced, RoutingEntry, devices_of, place_entries, route_request
from tests.config.test_build import build_text


def table_with(*names: str, vrf: int = 0) -> InterfaceTable:
    table = InterfaceTable()
    for index, name in enumerate(names, 2):
        event = LinkEvent(True, index, name, 0x10043, 1, bytes(6), bytes(6), 1500, 0, 0, "vrf" if vrf else "veth")
        event.vrf_table = vrf
        table.apply(event)
    return table


def configured(route_lines: str = "", rule_lines: str = "") -> Config:
    config, _ = build_text(f"static_routes {{\n{route_lines}\n}}\nstatic_rules {{\n{rule_lines}\n}}")
    return config


def request_for(line: str, table: InterfaceTable) -> routes.RouteRequest:
    [route] = configured(line).static_routes
    return route_request(route, table)


def entries(config: Config, table: InterfaceTable) -> tuple[tuple[RoutingEntry, ...], tuple[Misplaced, ...]]:
    return place_entries(config.static_routes, config.static_rules, table)


def test_plain_route_is_ours_and_goes_first() -> None:
    assert request_for("10.1.0.0/16 via 10.0.0.1 dev eth0", table_with("eth0")) == routes.RouteRequest(
        AF_INET, bytes((10, 1, 0, 0)), 16, gateway=routes.Gateway(AF_INET, bytes((10, 0, 0, 1))), interface=2
    )


@pytest.mark.parametrize(
    ("words", "read", "expected"),
    [
        ("encap mpls 100/200", lambda one: one.encapsulation, encapsulation.mpls((100, 200))),
        ("encap ila 1:2:a:FFFF", lambda one: one.encapsulation, encapsulation.ila(0x00010002000AFFFF)),
        (
            "encap ip id 5 dst 192.0.2.1 ttl 9",
            lambda one: one.encapsulation,
            encapsulation.ip(encapsulation.Tunnel(5, bytes((192, 0, 2, 1)), hop_limit=9)),
        ),
        ("mtu lock 1400", lambda one: (one.metrics, one.locked), (((routes.RTAX_MTU, 1400),), 1 << routes.RTAX_MTU)),
        ("congctl reno", lambda one: one.metrics, ((routes.RTAX_CC_ALGO, "reno"),)),
        ("features ecn quickack 1", lambda one: one.metrics, ((routes.RTAX_QUICKACK, 1), (routes.RTAX_FEATURES, 1))),
        ("realms 2/3", lambda one: one.flow, 0x20003),
        ("onlink", lambda one: one.flags, routes.RTNH_F_ONLINK),
        ("append", lambda one: one.place, routes.LAST),
        ("add", lambda one: one.place, routes.EXCLUSIVE),
        ("ttl-propagate disabled", lambda one: one.ttl_propagate, False),
        ("protocol 7 no_track", lambda one: one.protocol, 7),
    ],
)
def test_option_of_a_route_arrives(words: str, read: Callable[[routes.RouteRequest], object], expected: object) -> None:
    assert read(request_for(f"10.1.0.0/16 dev eth0 {words}", table_with("eth0"))) == expected


def test_second_gateway_makes_two_ways() -> None:
    request = request_for("10.1.0.0/16 via 10.0.0.1 or 10.0.0.2 dev eth0", table_with("eth0"))
    ways = [(way.gateway and way.gateway.address, way.interface, way.weight) for way in request.nexthops]
    assert ways == [(bytes((10, 0, 0, 1)), 2, 1), (bytes((10, 0, 0, 2)), 2, 1)]
    assert (request.gateway, request.interface) == (None, 0)


def test_route_of_a_vrf_goes_into_its_table() -> None:
    assert request_for("10.1.0.0/16 via 10.0.0.1 vrf red", table_with("red", vrf=77)).table == 77


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("10.1.0.0/16 dev eth9", "there is no interface eth9"),
        ("10.1.0.0/16 via 10.0.0.1 vrf eth0", "there is no VRF eth0"),
        ("10.1.0.0/16 nexthop via 10.0.0.1 dev eth0 nexthop dev eth8", "there is no interface eth8"),
    ],
)
def test_route_whose_interface_is_missing_has_to_wait(line: str, reason: str) -> None:
    placed, misplaced = entries(configured(line), table_with("eth0"))
    assert (placed, misplaced) == ((), (Misplaced(f"route {line}", reason),))
    assert devices_of(configured(line).static_routes) >= {reason.rsplit(maxsplit=1)[-1]}


def test_routes_come_before_rules_and_both_are_named_as_configured() -> None:
    config = configured("2001:db8::/32 dev eth0 no_track", "from 10.2.0.0/16 table 7 priority 100")
    placed, _ = entries(config, table_with("eth0"))
    assert [entry.text for entry in placed] == [
        "route 2001:db8::/32 dev eth0",
        "rule from 10.2.0.0/16 table 7 preference 100",
    ]
    assert [entry.watched for entry in placed] == [False, True]


def test_route_that_expires_is_not_watched() -> None:
    [entry], _ = entries(configured("2001:db8::/32 dev eth0 expires 30"), table_with("eth0"))
    assert not entry.watched


def test_ipv6_route_of_two_ways_is_two_messages() -> None:
    line = "2001:db8::/32 nexthop via fe80::1 dev eth0 nexthop via fe80::2 dev eth0"
    [entry], _ = entries(configured(line), table_with("eth0"))
    assert len(entry.additions) == 2


def test_route_that_another_replaced_is_gone_and_one_replaced_by_itself_is_not() -> None:
    table = table_with("eth0")
    [entry], _ = entries(configured("10.1.0.0/16 via 10.0.0.1 dev eth0"), table)
    other = routes.requested(request_for("10.1.0.0/16 via 10.0.0.2 dev eth0", table))
    assert isinstance(entry.reported, routes.Route)
    assert entry.is_told_by(routes.RouteEvent(True, other))
    assert not entry.is_told_by(routes.RouteEvent(True, entry.reported))
    assert not entry.is_told_by(routes.RouteEvent(False, other))


@pytest.mark.parametrize(
    ("words", "action"),
    [
        ("table 7", rules.FR_ACT_TO_TBL),
        ("l3mdev", rules.FR_ACT_TO_TBL),
        ("goto 300", rules.FR_ACT_GOTO),
        ("nop", rules.FR_ACT_NOP),
        ("blackhole", rules.FR_ACT_BLACKHOLE),
        ("unreachable", rules.FR_ACT_UNREACHABLE),
        ("type prohibit", rules.FR_ACT_PROHIBIT),
    ],
)
def test_action_of_a_rule_arrives(words: str, action: int) -> None:
    config = configured(rule_lines=f"from 10.2.0.0/16 preference 100 {words}")
    [entry], _ = entries(config, table_with())
    expected = rules.RuleRequest(
        AF_INET,
        action,
        100,
        bytes((10, 2, 0, 0)),
        16,
        table=7 if "table" in words else 0,
        goto=300 if "goto" in words else None,
        l3mdev=words == "l3mdev",
    )
    assert entry.additions == (rules.rule_added(expected),)


def test_ipv6_rule_for_everything_keeps_its_family_in_the_log() -> None:
    [entry], _ = entries(configured(rule_lines="inet6 from all table 7 preference 100"), table_with())
    assert entry.text.startswith("rule inet6 ")
    assert isinstance(entry.reported, rules.RoutingRule)
    assert entry.reported.header[0] == AF_INET6
