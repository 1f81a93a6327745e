"""Kinds of value of routes and rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keepalived_py.config.addresses import Address, NetworkName
from keepalived_py.config.fields import Record, attribute, record
from keepalived_py.config.scalars import UNSET, BadValueError, Integer, Kind, MissingWordError, plain_integer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.config.addresses import IpAddress
    from keepalived_py.config.reading import Reading

ROUTE_TYPES: Final = {
    "unicast": 1,
    "local": 2,
    "broadcast": 3,
    "brd": 3,
    "anycast": 4,
    "multicast": 5,
    "blackhole": 6,
    "unreachable": 7,
    "prohibit": 8,
    "throw": 9,
    "nat": 10,
    "xresolve": 11,
}


def route_type(text: str) -> int | None:
    """Return the number of a route type (name or 0..255), or None."""
    number = ROUTE_TYPES.get(text)
    if number is None:
        number = plain_integer(text)
    return number if number is not None and 0 <= number <= 255 else None


class RouteType(Kind):
    """The word before a destination."""

    type_name = "enum"
    syntax = "local nat broadcast brd anycast multicast prohibit unreachable blackhole xresolve unicast throw or 0..255"

    def format(self, value: Any) -> str:
        """Return the name of the type."""
        return next((name for name, number in ROUTE_TYPES.items() if number == value), str(value))


@record
class Metric(Record):
    """A metric of a route; a locked one is not adapted by the kernel."""

    value: int | str = attribute()
    lock: bool = attribute(default=False)


class Lockable(Kind):
    """[lock] and a value."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.type_name, self.limits = kind.type_name, kind.limits
        self.syntax = f"[lock] {kind.syntax}"

    def take(self, words: Sequence[str], index: int, reading: Reading) -> tuple[Metric, int]:
        """Return the metric."""
        lock = words[index] == "lock"
        if index + lock >= len(words):
            raise MissingWordError
        try:
            value = self.kind.parse_in(words[index + lock], reading)
        except BadValueError as bad:
            if bad.instead is UNSET:
                raise
            reading.problem(bad.reason, index + lock)
            value = bad.instead
        return Metric(value=value, lock=lock), index + lock + 1

    def write(self, value: Any) -> str | None:
        """Return the words."""
        return f"{'lock ' if value.lock else ''}{self.kind.write(value.value)}"

    def format(self, value: Any) -> str:
        """Return the words for people."""
        return self.write(value) or ""


class RoundTrip(Kind):
    """A time of TCP: a bare number in the kernel's units, or with the suffix s, sec, secs or ms.

    The value is in the kernel's units, of which `scale` make a millisecond (8 for rtt, 4 for rttvar, 1 for rto_min).
    """

    type_name = "time"
    syntax = "TIME"
    limits = "200 ms..120 s, clipped with error"

    def __init__(self, scale: int) -> None:
        self.scale = scale

    def parse(self, text: str) -> int:
        """Return the number of units."""
        number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
        unit = text[len(number) :]
        digits = number.replace(".", "", 1)
        if unit not in ("", "s", "sec", "secs", "ms") or not digits.isdigit() or not number.isascii():
            raise BadValueError(f"invalid time '{text}': use a number with s or ms behind it")
        factor = 1 if not unit else self.scale * (1000 if unit.startswith("s") else 1)
        value = round(float(number) * factor)
        clipped = min(max(value, 200 * self.scale), 120000 * self.scale)
        if unit and clipped != value:
            raise BadValueError(f"time '{text}' is outside 200 ms..120 s", instead=clipped)
        return value


class Range(Kind):
    """A-B."""

    type_name = "range"
    syntax = "A-B"

    def __init__(self, high: int, *, single: bool = False) -> None:
        """Limit both ends; with `single` one number stands for itself."""
        self.single = single
        self.number = Integer(0, high)
        self.limits = self.number.limits

    def parse(self, text: str) -> tuple[int, int]:
        """Return (first, last)."""
        before, dash, after = text.partition("-")
        if not dash and not self.single:
            raise BadValueError(f"'{text}' is not a range: use A-B")
        first = self.number.parse(before)
        last = self.number.parse(after) if dash else first
        if last < first:
            raise BadValueError(f"range '{text}' ends before it begins")
        return first, last

    def format(self, value: Any) -> str:
        """Return A-B."""
        return f"{value[0]}-{value[1]}"


class MarkAndMask(Kind):
    """N[/MASK], as (mark, mask); mask None when it is not given."""

    type_name = "uint (base 0)"
    syntax = "N[/MASK]"
    limits = "0..4294967295"
    number = Integer(0, 0xFFFFFFFF, anybase=True)

    def parse(self, text: str) -> tuple[int, int | None]:
        """Return (mark, mask)."""
        before, slash, after = text.partition("/")
        return self.number.parse(before), self.number.parse(after) if slash else None

    def format(self, value: Any) -> str:
        """Return N or N/MASK."""
        return str(value[0]) if value[1] is None else f"{value[0]}/{value[1]}"


class Preference(Kind):
    """Router preference: low, medium, high or a number."""

    type_name = "enum"
    syntax = "low/medium/high/N"
    limits = "0..255"
    names: Final = {"low": 3, "medium": 0, "high": 1}

    def parse(self, text: str) -> int:
        """Return the number."""
        number = self.names.get(text)
        return Integer(0, 255).parse(text) if number is None else number


class Gateway(Kind):
    """[inet/inet6] IP."""

    type_name = "ip"
    syntax = "[inet/inet6] IP"

    def take(self, words: Sequence[str], index: int, reading: Reading) -> tuple[IpAddress, int]:
        """Return the address."""
        del reading
        family = {"inet": 4, "inet6": 6}.get(words[index], 0)
        index += family > 0
        if index >= len(words):
            raise MissingWordError
        return Address(family=family).parse(words[index]), index + 1


@record
class Encapsulation(Record):
    """Light-weight tunnelling of a route.

    Attributes:
        kind: ip, ip6, mpls or ila.
        id: tunnel id.
        dst, src: tunnel ends.
        tos: tos or traffic class.
        ttl: ttl or hop limit.
        flags: tunnel flags.
        labels: MPLS labels.
        locator: ILA locator, as written.
    """

    kind: str = attribute()
    id: int | None = attribute(default=None)
    dst: IpAddress | None = attribute(default=None)
    src: IpAddress | None = attribute(default=None)
    tos: int | None = attribute(default=None)
    ttl: int | None = attribute(default=None)
    flags: int | None = attribute(default=None)
    labels: tuple[int, ...] = attribute(default=())
    locator: str | None = attribute(default=None)


HEXADECIMAL: Final = frozenset("0123456789abcdefABCDEF")
OCTET: Final = Integer(0, 255)
TRAFFIC_CLASS: Final = NetworkName("dsfield")
TUNNEL_OPTIONS: Final[dict[str, dict[str, tuple[str, Kind]]]] = {
    "ip": {
        "id": ("id", Integer(0, 2**64 - 1)),
        "dst": ("dst", Address(family=4)),
        "src": ("src", Address(family=4)),
        "tos": ("tos", TRAFFIC_CLASS),
        "ttl": ("ttl", OCTET),
        "flags": ("flags", Integer(0, 65535)),
    },
    "ip6": {
        "id": ("id", Integer(0, 2**64 - 1)),
        "dst": ("dst", Address(family=6)),
        "src": ("src", Address(family=6)),
        "tc": ("tos", TRAFFIC_CLASS),
        "hoplimit": ("ttl", OCTET),
        "flags": ("flags", Integer(0, 65535)),
    },
}


def _locator(text: str) -> str:
    """Return an ILA locator as it was written: four hexadecimal numbers of 16 bits."""
    parts = text.split(":")
    if len(parts) != 4 or not all(1 <= len(part) <= 4 and set(part) <= HEXADECIMAL for part in parts):
        raise BadValueError(f"'{text}' is no ILA locator: use A:B:C:D")
    return text


class RouteEncapsulation(Kind):
    """What follows `encap`."""

    type_name = "sub grammar"
    syntax = (
        "ip [id N] [dst IP] [src IP] [tos N] [ttl N] [flags N] / ip6 [id N] [dst IP] [src IP] [tc N] [hoplimit N]"
        " [flags N] / mpls L[/L...] / ila A:B:C:D"
    )
    limits = "id 64 bit; ttl hoplimit 0..255; flags 0..65535"

    def take(self, words: Sequence[str], index: int, reading: Reading) -> tuple[Encapsulation, int]:
        """Return the encapsulation."""
        kind = str(words[index])
        if kind in TUNNEL_OPTIONS:
            return self._take_tunnel(kind, words, index + 1, reading)
        if kind not in ("mpls", "ila"):
            raise BadValueError(f"unknown encapsulation '{kind}': use ip, ip6, mpls or ila")
        if index + 1 >= len(words):
            raise MissingWordError
        if kind == "ila":
            return Encapsulation(kind=kind, locator=_locator(str(words[index + 1]))), index + 2
        labels = tuple(Integer(0, 0xFFFFF).parse(label) for label in words[index + 1].split("/"))
        return Encapsulation(kind=kind, labels=labels), index + 2

    def _take_tunnel(self, kind: str, words: Sequence[str], index: int, reading: Reading) -> tuple[Encapsulation, int]:
        known = TUNNEL_OPTIONS[kind]
        values: dict[str, Any] = {"kind": kind}
        while index < len(words) and words[index] in known:
            name, value_kind = known[words[index]]
            if index + 1 >= len(words):
                raise MissingWordError
            values[name] = value_kind.parse_in(words[index + 1], reading)
            index += 2
        if values.keys().isdisjoint({"dst", "id"}):
            raise BadValueError(f"encap {kind} needs dst or id")
        return Encapsulation.make(values), index

    def write(self, value: Any) -> str | None:
        """Return the words."""
        if value.kind == "mpls":
            return "mpls " + "/".join(map(str, value.labels))
        if value.kind == "ila":
            return f"ila {value.locator}"
        told = ((word, getattr(value, name)) for word, (name, _) in TUNNEL_OPTIONS[value.kind].items())
        return " ".join([value.kind, *(f"{word} {number}" for word, number in told if number is not None)])

    def format(self, value: Any) -> str:
        """Return the words for people."""
        return self.write(value) or ""
