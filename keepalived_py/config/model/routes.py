"""Routes: one per line, options in any order, the destination among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.config.addresses import Address, NetworkName, Prefix, Realms
from keepalived_py.config.blocks import Options, written
from keepalived_py.config.fields import Alias, Record, attribute, keyword, record
from keepalived_py.config.routing_values import (
    Gateway,
    Lockable,
    Preference,
    RoundTrip,
    RouteEncapsulation,
    RouteType,
    route_type,
)
from keepalived_py.config.scalars import (
    BadValueError,
    Choice,
    Flag,
    Integer,
    Interface,
    Kind,
    Text,
    Word,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.config.addresses import IpAddress
    from keepalived_py.config.reading import Reading
    from keepalived_py.config.routing_values import Encapsulation, Metric

ON = Flag()
INTERFACE = Interface()
NUMBER = Integer(0, 0xFFFFFFFF)
LOCKABLE = Lockable(NUMBER)
BIT = Integer(0, 1, syntax="0/1")
KEEPALIVED = 18
DESTINATION = Prefix(type_name="route dest", syntax="[to] [TYPE] PREFIX / default / any / all / default6")


@record
class Nexthop(Record):
    """One of several gateways."""

    via: IpAddress | None = attribute(default=None)
    dev: str | None = attribute(default=None)
    weight: int | None = attribute(default=None)
    onlink: bool = attribute(default=False)
    encap: Encapsulation | None = attribute(default=None)
    realms: tuple[int, int] | None = attribute(default=None)


class Nexthops(Kind):
    """The words of one nexthop, up to the next one or the end of the line."""

    type_name = "sub grammar"
    syntax = "via [inet/inet6] IP / dev IF / weight 1..256 / onlink / encap ... / realms R"
    options = {  # noqa: RUF012 (never changed)
        "via": Gateway(),
        "dev": INTERFACE,
        "weight": Integer(1, 256),
        "encap": RouteEncapsulation(),
        "realms": Realms(),
    }

    def take(self, words: Sequence[str], index: int, reading: Reading) -> tuple[Nexthop, int]:
        """Return the gateway."""
        values: dict[str, Any] = {}
        first = index - 1
        while index < len(words) and words[index] != "nexthop":
            word = str(words[index])
            if word == "onlink":
                values[word] = True
                index += 1
                continue
            if word not in self.options:
                raise BadValueError(f"unknown word '{word}' after nexthop", index=index - first)
            if index + 1 >= len(words):
                raise BadValueError(f"'{word}' needs a value: the route is ignored", index=index - first)
            try:
                values[word], index = self.options[word].take(words, index + 1, reading)
            except BadValueError as bad:
                raise BadValueError(bad.reason, index=index + bad.index - first) from bad
        return Nexthop.make(values), index

    def write(self, value: Any) -> str | None:
        """Return the words."""
        told = [(name, getattr(value, name)) for name in self.options]
        parts = [f"{name} {self.options[name].write(each)}" for name, each in told if each is not None]
        return " ".join([*parts, *(["onlink"] if value.onlink else [])])


@record
class Route(Record):
    """One line of virtual_routes or static_routes.

    Attributes (beside the keywords):
        dest: (address, prefix length); (None, 0) for the default route.
    """

    dest: tuple[IpAddress | None, int] = keyword(
        DESTINATION,
        "Destination; any word that is no option is taken for it",
        name="<dest>",
        unset="required",
        aliases=(Alias("to", "Goes before the destination", syntax="PREFIX"),),
    )
    type: int = keyword(RouteType(), "Kind of route, before the destination", default=1, name="TYPE", unset="unicast")
    family: int = keyword(
        Word(4),
        "The route is an IPv4 route",
        default=0,
        name="inet",
        unset="from addresses",
        aliases=(Alias("inet6", "The route is an IPv6 route", kind=Word(6)),),
    )
    src: IpAddress | None = keyword(Address(), "Preferred source address", default=None)
    via: IpAddress | None = keyword(
        Gateway(),
        "Gateway",
        default=None,
        aliases=(Alias("gw", "Earlier spelling of via", deprecated=True), Alias("gateway", "Same as via", beyond=True)),
    )
    or_: IpAddress | None = keyword(Address(), "Deprecated: second gateway", default=None, name="or")
    from_: tuple[IpAddress | None, int] | None = keyword(
        Prefix(type_name="ip6 prefix", syntax="PREFIX"), "Source prefix (IPv6)", default=None, name="from"
    )
    tos: int = keyword(
        NetworkName("dsfield", type_name="dsfield"),
        "Type of service",
        default=0,
        aliases=(Alias("dsfield", "Same as tos"),),
    )
    table: int = keyword(NetworkName("table", 0xFFFFFFFF), "Routing table", default=254, unset="main")
    protocol: int | None = keyword(
        NetworkName("protocol", type_name="rt proto"), "Who made the route", default=None, unset="keepalived (18)"
    )
    scope: int | None = keyword(NetworkName("scope"), "Where the route is valid", default=None, unset="global")
    metric: int | None = keyword(
        NUMBER,
        "Metric; the lowest wins",
        default=None,
        aliases=(Alias("priority", "Same as metric"), Alias("preference", "Same as metric")),
    )
    dev: str | None = keyword(INTERFACE, "Interface", default=None, aliases=(Alias("oif", "Same as dev"),))
    onlink: bool = keyword(ON, "The gateway is on the link, whatever the prefixes say", default=False)
    encap: Encapsulation | None = keyword(RouteEncapsulation(), "Light-weight tunnel", default=None)
    expires: int | None = keyword(NUMBER, "Seconds until the route goes (IPv6)", default=None, syntax="SECS")
    mtu: Metric | None = keyword(LOCKABLE, "MTU along the route", default=None)
    hoplimit: int | None = keyword(Integer(0, 255), "Hop limit of packets", default=None)
    advmss: Metric | None = keyword(LOCKABLE, "Announced segment size", default=None)
    rtt: Metric | None = keyword(Lockable(RoundTrip(8)), "First estimate of the round trip", default=None)
    rttvar: Metric | None = keyword(Lockable(RoundTrip(4)), "First estimate of its variance", default=None)
    reordering: Metric | None = keyword(LOCKABLE, "Reordering to begin with", default=None)
    window: int | None = keyword(NUMBER, "Largest window announced", default=None)
    cwnd: Metric | None = keyword(LOCKABLE, "Limit of the congestion window", default=None)
    ssthresh: Metric | None = keyword(LOCKABLE, "First slow start threshold", default=None)
    realms: tuple[int, int] | None = keyword(Realms(), "Realms (IPv4)", default=None)
    rto_min: Metric | None = keyword(Lockable(RoundTrip(1)), "Shortest retransmission time", default=None)
    initcwnd: int | None = keyword(NUMBER, "First congestion window", default=None)
    initrwnd: int | None = keyword(NUMBER, "First receive window", default=None)
    features: str | None = keyword(Choice("ecn"), "Features of TCP", default=None)
    quickack: int | None = keyword(BIT, "Acknowledge at once", default=None)
    congctl: Metric | None = keyword(Lockable(Text()), "Congestion control", default=None)
    pref: int | None = keyword(Preference(), "Router preference (IPv6)", default=None)
    ttl_propagate: bool | None = keyword(
        Choice(values={"enabled": True, "disabled": False}),
        "Copy the TTL into MPLS",
        default=None,
        name="ttl-propagate",
    )
    fastopen_no_cookie: int | None = keyword(BIT, "Accept TCP fast open without cookie", default=None)
    order: str = keyword(
        Word("add"),
        "Refuse to replace an equal route",
        default="prepend",
        name="add",
        unset="prepend",
        aliases=(
            Alias("append", "Put the route after equal ones", kind=Word("append")),
            Alias("prepend", "Put the route before equal ones", kind=Word("prepend")),
        ),
    )
    no_track: bool = keyword(ON, "Do not watch whether somebody removes it", default=False)
    vrf: str | None = keyword(INTERFACE, "Use the table of this VRF", default=None)
    as_: str | None = keyword(
        Text("[to] X", type_name="ignored"), "Accepted and ignored", default=None, name="as", unset="-"
    )
    nexthop: tuple[Nexthop, ...] = keyword(Nexthops(), "Several gateways; last on the line", default=(), repeat=True)


@record
class StaticRoute(Route):
    """One line of static_routes."""

    track_group: str | None = keyword(Text(), "Track group told when the route is removed", default=None)


class RouteLine(Options):
    """The reader of one route line."""

    def __init__(self, target: type[Route]) -> None:
        super().__init__(target, {}, strict=True, finish=complete_route)

    def _read_option(self, words: Sequence[str], index: int, values: dict[str, Any], reading: Reading) -> int:
        word = words[index]
        if values.get("nexthop") and word != "nexthop":
            raise BadValueError(f"unexpected word '{word}' after nexthop", index=index)
        if word == "as":
            reading.problem("'as' is for MPLS only: it is ignored", index)
            return index + (3 if words[index + 1 : index + 2] == ["to"] else 2)
        if word == "to" or word not in self.target.words_:
            return self._read_destination(words, index, values)
        if word == "gateway":
            reading.advice("'gateway' is deprecated: use via", index)
        if word in ("gw", "or"):
            reading.problem(f"'{word}' is deprecated for routes: use {'via' if word == 'gw' else 'nexthop'}", index)
        return super()._read_option(words, index, values, reading)

    def _read_destination(self, words: Sequence[str], index: int, values: dict[str, Any]) -> int:
        index += words[index] == "to"
        number = route_type(words[index]) if index < len(words) else None
        if number is not None:
            values["type"] = number
            index += 1
        if index >= len(words):
            last = words[index - 1]
            raise BadValueError(f"'{last}' needs a destination: the route is ignored", index=index - 1)
        try:
            values["dest"] = default_route(words[index], values) or DESTINATION.parse(words[index])
        except BadValueError as bad:
            raise BadValueError(f"unknown route option '{words[index]}': the route is ignored", index=index) from bad
        return index + 1

    def write(self, value: Any) -> str:
        """Return the words of a route: the destination first, gateways last."""
        head = [] if value.type == 1 else [RouteType().format(value.type)]
        head.append(DESTINATION.format(value.dest))
        skip = ("dest", "type", "encap", "nexthop")
        told = [(known, getattr(value, name)) for name, known in value.keywords_.items() if name not in skip]
        options = [written(known, each) for known, each in told if each != known.default]
        # The options of a tunnel are those of a route: nothing that could be one of them may follow.
        if value.encap is not None:
            options.append(written(value.keywords_["encap"], value.encap))
        return " ".join([*head, *options, *(f"nexthop {Nexthops().write(hop)}" for hop in value.nexthop)])


def default_route(word: str, values: dict[str, Any]) -> tuple[None, int] | None:
    """Return the destination that `default6` stands for, and note its family."""
    if word != "default6":
        return None
    values["family"] = 6
    return None, 0


def complete_route(values: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """Return the values of a route with family and protocol settled; BadValueError drops it."""
    if "dest" not in values:
        raise BadValueError("the route has no destination: it is ignored")
    _settle_family(values)
    if not values.get("no_track"):
        if values.get("protocol", KEEPALIVED) != KEEPALIVED:
            reading.problem(f"a route with another protocol than {KEEPALIVED} cannot be tracked: protocol is reset", 1)
        values.pop("protocol", None)
    if values.get("track_group") and not values.get("dev"):
        reading.problem("track_group needs dev: it is ignored", 1)
        values["track_group"] = None
    return values


def _settle_family(values: dict[str, Any]) -> None:
    found = {values["family"]} if values.get("family") else set()
    found |= {values[name].version for name in ("src", "or_") if values.get(name) is not None}
    found |= {values[name][0].version for name in ("dest", "from_") if values.get(name) and values[name][0]}
    found |= {6} if values.keys() & {"expires", "pref"} else set()
    found |= {4} if "realms" in values else set()
    via = values.get("via")
    if via is not None and not (via.version == 6 and found == {4}):  # the kernel knows IPv4 routes via IPv6 gateways
        found.add(via.version)
    if len(found) > 1:
        raise BadValueError("IPv4 and IPv6 are mixed: the route is ignored")
    if values.get("from_") and found == {4}:
        raise BadValueError("'from' is for IPv6 routes only: the route is ignored")
    values["family"] = found.pop() if found else 4


ROUTE_LINE = RouteLine(Route)
STATIC_ROUTE_LINE = RouteLine(StaticRoute)
