"""Routes and rules as they are configured, turned into what the kernel is told about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.kernel import encapsulation, routes, rules
from keepalived_py.kernel.rtnl import AF_INET, AF_INET6, PROTOCOL_KEEPALIVED
from keepalived_py.structure import structure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keepalived_py.config.addresses import IpAddress
    from keepalived_py.config.model.routes import Nexthop, Route
    from keepalived_py.config.model.rules import Rule
    from keepalived_py.config.routing_values import Encapsulation
    from keepalived_py.kernel.interfaces import InterfaceTable

_FAMILIES = {4: AF_INET, 6: AF_INET6}
_PLACES = {"add": routes.EXCLUSIVE, "append": routes.LAST, "prepend": routes.FIRST}
_METRICS = {
    "mtu": routes.RTAX_MTU,
    "window": routes.RTAX_WINDOW,
    "rtt": routes.RTAX_RTT,
    "rttvar": routes.RTAX_RTTVAR,
    "ssthresh": routes.RTAX_SSTHRESH,
    "cwnd": routes.RTAX_CWND,
    "advmss": routes.RTAX_ADVMSS,
    "reordering": routes.RTAX_REORDERING,
    "hoplimit": routes.RTAX_HOPLIMIT,
    "initcwnd": routes.RTAX_INITCWND,
    "rto_min": routes.RTAX_RTO_MIN,
    "initrwnd": routes.RTAX_INITRWND,
    "quickack": routes.RTAX_QUICKACK,
    "congctl": routes.RTAX_CC_ALGO,
    "fastopen_no_cookie": routes.RTAX_FASTOPEN_NO_COOKIE,
}
_ACTIONS = {
    "nop": rules.FR_ACT_NOP,
    "blackhole": rules.FR_ACT_BLACKHOLE,
    "unreachable": rules.FR_ACT_UNREACHABLE,
    "prohibit": rules.FR_ACT_PROHIBIT,
    "l3mdev": rules.FR_ACT_TO_TBL,
}


@structure
class RoutingEntry:
    """One route or rule, ready for the kernel.

    Attributes:
        text: for the log, as configured: "route 10.1.0.0/16 via 10.0.0.1".
        additions: the messages that add it; for an IPv6 route one for each way, because the kernel completes none.
        removal: the message that removes it.
        reported: how the kernel tells of it.
        watched: whether it is put back when another program removes it.
        group: track group of a static entry; empty for none.
    """

    text: str
    additions: tuple[bytes, ...]
    removal: bytes
    reported: routes.Route | rules.RoutingRule
    watched: bool
    group: str = ""

    def is_told_by(self, event: routes.RouteEvent | rules.RoutingRule) -> bool:
        """Return whether an event says that this entry is not there any more."""
        if isinstance(event, rules.RoutingRule):
            return self.reported == event
        if not isinstance(self.reported, routes.Route):
            return False
        if event.present:  # another route has been put in the place of whatever had its key
            return self.reported.key == event.route.key and not self.reported.is_told_by(event.route)
        return self.reported.is_told_by(event.route)


@structure
class Misplaced:
    """An entry that cannot be told to the kernel while something is missing.

    Attributes:
        text: as of a RoutingEntry.
        reason: "there is no interface eth7".
        group: track group of a static entry; empty for none.
    """

    text: str
    reason: str
    group: str = ""


class MissingError(Exception):
    """An interface is not there."""


def place_entries(
    configured_routes: Iterable[Route], configured_rules: Iterable[Rule], table: InterfaceTable
) -> tuple[tuple[RoutingEntry, ...], tuple[Misplaced, ...]]:
    """Return what the kernel can be told now, routes first, and what it cannot be told.

    Args:
        configured_routes: lines of virtual_routes or static_routes.
        configured_rules: lines of virtual_rules or static_rules.
        table: the interfaces of this host.
    """
    placed: list[RoutingEntry] = []
    misplaced: list[Misplaced] = []
    for route in configured_routes:
        text = route_text(route)
        try:
            placed.append(_route_entry(route, text, table))
        except MissingError as missing:
            misplaced.append(Misplaced(text, str(missing), getattr(route, "track_group", None) or ""))
    placed += [_rule_entry(rule) for rule in configured_rules]
    return tuple(placed), tuple(misplaced)


def devices_of(configured_routes: Iterable[Route]) -> frozenset[str]:
    """Return the names of all interfaces that some routes need."""
    names = {
        name for route in configured_routes for name in (route.dev, route.vrf, *(one.dev for one in route.nexthop))
    }
    return frozenset(name for name in names if name is not None)


def route_text(route: Route) -> str:
    """Return a route as it is configured, without what concerns only us."""
    from keepalived_py.config.model.routes import ROUTE_LINE  # noqa: PLC0415 (not needed without routes)

    return f"route {ROUTE_LINE.write(_plain(route))}"


def rule_text(rule: Rule) -> str:
    """Return a rule as it is configured, without what concerns only us."""
    from keepalived_py.config.model.rules import RULE_LINE  # noqa: PLC0415 (not needed without rules)

    return f"rule {RULE_LINE.write(_plain(rule))}"


def _plain(entry: Route | Rule) -> Route | Rule:
    changes: dict[str, Any] = {"no_track": False}
    if hasattr(entry, "track_group"):
        changes["track_group"] = None
    prefixes = [getattr(entry, name, None) for name in ("dest", "from_", "to")]
    if entry.family == 4 or any(prefix and prefix[0] for prefix in prefixes):
        changes["family"] = 0
    return entry.changed(**changes)


def _route_entry(route: Route, text: str, table: InterfaceTable) -> RoutingEntry:
    request = route_request(route, table)
    return RoutingEntry(
        text,
        tuple(map(routes.route_added, routes.split_ways(request))),
        routes.route_deleted(request),
        routes.requested(request),
        # The kernel itself removes a route that expires: nobody is to be fought about it.
        watched=not route.no_track and route.expires is None,
        group=getattr(route, "track_group", None) or "",
    )


def _rule_entry(rule: Rule) -> RoutingEntry:
    request = rule_request(rule)
    return RoutingEntry(
        rule_text(rule),
        (rules.rule_added(request),),
        rules.rule_deleted(request),
        rules.rule_requested(request),
        watched=not rule.no_track,
        group=getattr(rule, "track_group", None) or "",
    )


def route_request(route: Route, table: InterfaceTable) -> routes.RouteRequest:
    """Return what the kernel is told about a route. Raises MissingError."""
    destination, length = route.dest
    source, source_length = route.from_ or (None, 0)
    metrics, locked = _metrics(route)
    ways = _ways(route, table)
    return routes.RouteRequest(
        _FAMILIES[route.family],
        destination=destination.packed if destination else b"",
        prefix_length=length,
        source=source.packed if source else b"",
        source_length=source_length,
        tos=route.tos,
        table=_table(route, table),
        protocol=PROTOCOL_KEEPALIVED if route.protocol is None else route.protocol,
        scope=route.scope,
        type=route.type,
        gateway=None if ways else _gateway(route.via),
        interface=0 if route.or_ else _index(route.dev, table),
        preferred_source=route.src.packed if route.src else b"",
        metric=route.metric,
        flags=routes.RTNH_F_ONLINK if route.onlink else 0,
        encapsulation=_encapsulation(route.encap),
        flow=_flow(route.realms),
        expires=route.expires,
        metrics=metrics,
        locked=locked,
        preference=route.pref,
        ttl_propagate=route.ttl_propagate,
        nexthops=ways,
        place=_PLACES[route.order],
    )


def _table(route: Route, table: InterfaceTable) -> int:
    if route.vrf is None:
        return route.table
    interface = table.by_name(route.vrf)
    if interface is None or not interface.vrf_table:
        raise MissingError(f"there is no VRF {route.vrf}")
    return interface.vrf_table


def _index(name: str | None, table: InterfaceTable) -> int:
    if name is None:
        return 0
    interface = table.by_name(name)
    if interface is None:
        raise MissingError(f"there is no interface {name}")
    return interface.index


def _gateway(address: IpAddress | None) -> routes.Gateway | None:
    return None if address is None else routes.Gateway(_FAMILIES[address.version], address.packed)


def _flow(realms: tuple[int, int] | None) -> int:
    return realms[0] << 16 | realms[1] if realms else 0


def _ways(route: Route, table: InterfaceTable) -> tuple[routes.Nexthop, ...]:
    """Return several ways: those of `nexthop`, or of `via` and the deprecated `or`."""
    if route.or_ is not None:
        interface = _index(route.dev, table)
        gateways = [_gateway(one) for one in (route.via, route.or_) if one is not None]
        return tuple(routes.Nexthop(gateway, interface) for gateway in gateways)
    return tuple(_nexthop(one, table) for one in route.nexthop)


def _nexthop(nexthop: Nexthop, table: InterfaceTable) -> routes.Nexthop:
    return routes.Nexthop(
        _gateway(nexthop.via),
        _index(nexthop.dev, table),
        nexthop.weight or 1,
        routes.RTNH_F_ONLINK if nexthop.onlink else 0,
        _flow(nexthop.realms),
        _encapsulation(nexthop.encap),
    )


def _metrics(route: Route) -> tuple[tuple[tuple[int, int | str], ...], int]:
    """Return the metrics that are configured, and the bits of the locked ones."""
    found: list[tuple[int, int | str]] = []
    locked = 0
    for name, kind in _METRICS.items():
        metric = getattr(route, name)
        if metric is None:
            continue
        found.append((kind, metric if isinstance(metric, int) else metric.value))
        locked |= (not isinstance(metric, int) and metric.lock) << kind
    if route.features == "ecn":
        found.append((routes.RTAX_FEATURES, routes.RTAX_FEATURE_ECN))
    return tuple(found), locked


def _encapsulation(configured: Encapsulation | None) -> encapsulation.Encapsulation | None:
    if configured is None:
        return None
    if configured.kind == "mpls":
        return encapsulation.mpls(configured.labels)
    if configured.kind == "ila":
        return encapsulation.ila(_locator(configured.locator or ""))
    tunnel = encapsulation.Tunnel(
        configured.id,
        configured.dst.packed if configured.dst else b"",
        configured.src.packed if configured.src else b"",
        configured.tos,
        configured.ttl,
        configured.flags,
    )
    kinds = {"ip": encapsulation.LWTUNNEL_ENCAP_IP, "ip6": encapsulation.LWTUNNEL_ENCAP_IP6}
    return encapsulation.ip(tunnel, kinds[configured.kind])


def _locator(text: str) -> int:
    """Return the 64 bits that A:B:C:D (four hexadecimal numbers of 16 bits) stands for."""
    number = 0
    for part in text.split(":"):
        number = number << 16 | int(part, 16)
    return number


def rule_request(rule: Rule) -> rules.RuleRequest:
    """Return what the kernel is told about a rule."""
    source, source_length = rule.from_ or (None, 0)
    destination, destination_length = rule.to or (None, 0)
    mark, mask = rule.fwmark or (None, None)
    return rules.RuleRequest(
        _FAMILIES[rule.family],
        _action(rule),
        rule.preference,
        source=source.packed if source else b"",
        source_length=source_length,
        destination=destination.packed if destination else b"",
        destination_length=destination_length,
        tos=rule.tos,
        inverted=rule.not_,
        table=rule.table or 0,
        l3mdev=rule.action == "l3mdev",
        goto=rule.goto,
        mark=mark,
        mask=mask,
        flow=_flow(rule.realms),
        suppressed_prefix_length=rule.suppress_prefixlength,
        suppressed_group=rule.suppress_ifgroup,
        incoming=rule.iif or "",
        outgoing=rule.oif or "",
        tunnel_id=rule.tunnel_id or 0,
        users=rule.uidrange,
        protocol=PROTOCOL_KEEPALIVED if rule.protocol is None else rule.protocol,
        ip_protocol=rule.ipproto,
        source_ports=rule.sport,
        destination_ports=rule.dport,
    )


def _action(rule: Rule) -> int:
    if rule.goto is not None:
        return rules.FR_ACT_GOTO
    return rules.FR_ACT_TO_TBL if rule.action is None else _ACTIONS[rule.action]
