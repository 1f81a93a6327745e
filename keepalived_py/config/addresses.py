"""Kinds of value that are addresses, prefixes, ranges of addresses and names of /etc/iproute2."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any, Final

from keepalived_py.config.scalars import BLANKS, BadValueError, Kind, c_integer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keepalived_py.config.reading import Reading

    IpAddress = IPv4Address | IPv6Address

NAMES: Final[Mapping[str, Mapping[str, int]]] = {
    "scope": {"global": 0, "nowhere": 255, "host": 254, "link": 253, "site": 200},
    "table": {"default": 253, "main": 254, "local": 255},
    "protocol": {"redirect": 1, "kernel": 2, "boot": 3, "static": 4, "ra": 9, "dhcp": 16, "keepalived": 18},
    "dsfield": {"default": 0},
    "realms": {"cosmos": 0},
    "group": {"default": 0},
    "ipproto": {"icmp": 1, "tcp": 6, "udp": 17, "ipv6-icmp": 58, "sctp": 132},
}


def ip_address(text: str) -> IpAddress | None:
    """Return the address as inet_pton reads it (no zone, no prefix), or None."""
    try:
        if ":" not in text:
            return IPv4Address(text)
        return None if "%" in text else IPv6Address(text)
    except AddressValueError:
        return None


class Address(Kind):
    """An IP address.

    Args (of the constructor): `family` 4 or 6 to admit only one; `multicast` to admit only multicast;
    `tail` to drop a /mask or -range behind the address, as the language does in some places.
    """

    type_name = "ip"
    syntax = "IP"

    def __init__(self, *, family: int = 0, multicast: bool = False, tail: bool = False, type_name: str = "") -> None:
        self.family = family
        self.multicast = multicast
        self.tail = tail
        self.type_name = type_name or f"ip{family or ''}{' multicast' if multicast else ''}"

    def parse(self, text: str) -> IpAddress:
        """Return the address."""
        found = ip_address(text.partition("/")[0].partition("-")[0] if self.tail else text)
        if found is None:
            raise BadValueError(f"invalid IP address '{text}'")
        if self.family and found.version != self.family:
            raise BadValueError(f"'{text}' is not an IPv{self.family} address")
        if self.multicast and not found.is_multicast:
            raise BadValueError(f"'{text}' is not a multicast address")
        return found


class NetworkName(Kind):
    """A number that may be written as a name of /etc/iproute2: scope, table, protocol, dsfield, realms, group."""

    syntax = "N/NAME"

    def __init__(
        self, table: str, high: int = 255, *, type_name: str = "", base: str = "rt ", syntax: str = ""
    ) -> None:
        self.table = table
        self.high = high
        self.type_name = type_name or base + table
        self.limits = f"0..{high}"
        self.syntax = syntax or self.syntax

    def parse(self, text: str) -> int:
        """Return the number of a built-in name or of a number in C notation."""
        value = NAMES[self.table].get(text)
        if value is None:
            value = c_integer(text.strip(BLANKS))
        if value is None:
            raise BadValueError(f"unknown {self.table} '{text}'")
        if not 0 <= value <= self.high:
            raise BadValueError(f"{self.table} '{text}' outside range [0, {self.high}]")
        return value

    def parse_in(self, text: str, reading: Reading) -> int:
        """Return the number; names of the machine come first."""
        value = None if text[:1].isdigit() else reading.number(self.table, text)
        return self.parse(text) if value is None else value


class Realms(Kind):
    """[FROM/]TO, as (from, to); from is 0 when it is not given."""

    type_name = "rt realms"
    syntax = "[FROM/]TO"
    limits = "0..255"
    name = NetworkName("realms")

    def parse_in(self, text: str, reading: Reading) -> tuple[int, int]:
        """Return (from, to)."""
        before, slash, after = text.partition("/")
        origin = self.name.parse_in(before, reading) if slash else 0
        return origin, self.name.parse_in(after if slash else before, reading)

    def format(self, value: Any) -> str:
        """Return FROM/TO."""
        return f"{value[0]}/{value[1]}"


class Prefix(Kind):
    """PREFIX: an address and a length; `default`, `any` and `all` are the empty prefix without a family.

    The value is (address, length), or None for the empty prefix.
    """

    type_name = "prefix"
    syntax = "PREFIX/all/any/default"

    def __init__(self, *, family: int = 0, type_name: str = "prefix", syntax: str = "PREFIX/all/any/default") -> None:
        self.family = family
        self.type_name = type_name
        self.syntax = syntax

    def parse(self, text: str) -> tuple[IpAddress, int] | tuple[None, int]:
        """Return (address, prefix length)."""
        if text in ("default", "any", "all"):
            return None, 0
        before, slash, after = text.partition("/")
        found = ip_address(before)
        if found is None:
            raise BadValueError(f"invalid IP address '{text}'")
        if self.family and found.version != self.family:
            raise BadValueError(f"'{text}' is not an IPv{self.family} prefix")
        if not slash:
            return found, found.max_prefixlen
        if not after.isdigit() or not after.isascii() or int(after) > found.max_prefixlen:
            raise BadValueError(f"invalid prefix length in '{text}': use 0..{found.max_prefixlen}")
        return found, int(after)

    def format(self, value: Any) -> str:
        """Return the prefix."""
        return "default" if value[0] is None else f"{value[0]}/{value[1]}"


class Netmask(Kind):
    """An IPv4 netmask in dotted form (any bits) or a prefix length, as an address or a number."""

    type_name = "ip4 mask / 1..128"
    syntax = "NETMASK or PREFIX"

    def parse(self, text: str) -> IPv4Address | int:
        """Return the mask or the prefix length."""
        if text.isdigit() and text.isascii() and len(text) < 4 and 1 <= int(text) <= 128:
            return int(text)
        found = ip_address(text)
        if not isinstance(found, IPv4Address):
            raise BadValueError(f"invalid netmask '{text}': use 255.255.255.0 or a prefix length 1..128")
        return found
