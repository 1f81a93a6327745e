"""Addresses that an instance or the machine gets: one per line, with options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.config.addresses import Address, NetworkName, Prefix
from keepalived_py.config.arguments import FOREVER
from keepalived_py.config.blocks import Options, written
from keepalived_py.config.fields import Alias, Record, attribute, keyword, record
from keepalived_py.config.scalars import BadValueError, Flag, Integer, Interface, Kind, Text, quote

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Address, IPv6Address

    from keepalived_py.config.reading import Reading

ON = Flag()
PREFIX = Prefix(type_name="ip", syntax="IP[/PREFIX]")


class Broadcast(Kind):
    """An IPv4 address, or + or - for the address with its host bits set or cleared."""

    type_name = "ip4"
    syntax = "IP / + / -"

    def parse(self, text: str) -> Any:
        """Return the address, or the sign, which `AddressLine` replaces."""
        return text if text in ("+", "-") else Address(family=4).parse(text)


class PreferredLifetime(Kind):
    """Seconds or `forever`."""

    type_name = "uint"
    syntax = "SECS/forever"
    limits = "0..4294967295"
    number = Integer(0, FOREVER)

    def parse(self, text: str) -> int:
        """Return the seconds; 4294967295 for ever."""
        return FOREVER if text == "forever" else self.number.parse(text)

    def format(self, value: Any) -> str:
        """Return the word."""
        return "forever" if value == FOREVER else str(value)


@record
class InterfaceAddress(Record):
    """What every address entry has.

    Attributes (beside the keywords):
        prefix_length: length of the prefix; of the peer's prefix where there is a peer.
    """

    address: IPv4Address | IPv6Address = keyword(PREFIX, "The address, first word of the line", name="<address>")
    prefix_length: int = attribute()
    dev: str | None = keyword(
        Interface(), "Interface that gets the address", default=None, unset="instance interface", once=True
    )
    scope: int = keyword(NetworkName("scope"), "Where the address is valid (IPv4)", default=0, unset="global")
    broadcast: IPv4Address | None = keyword(
        Broadcast(),
        "Broadcast address; + sets the host bits, - clears them",
        default=None,
        unset="0.0.0.0",  # noqa: S104 (what the kernel shows for no broadcast address)
        once=True,
        aliases=(Alias("brd", "Same as broadcast"),),
    )
    label: str | None = keyword(Text(limit=15), "Label of the address (IPv4)", default=None, once=True)
    peer: IPv4Address | IPv6Address | None = keyword(
        Prefix(type_name="ip", syntax="IP"), "Other end of a point-to-point link", default=None
    )
    home: bool = keyword(ON, "Mark the address as mobile IPv6 home address", default=False)
    nodad: bool = keyword(ON, "Leave duplicate address detection to the kernel", default=False, name="-nodad")
    mngtmpaddr: bool = keyword(ON, "Let the kernel make temporary addresses from it", default=False)
    noprefixroute: bool = keyword(ON, "Add no route for the prefix", default=False)
    autojoin: bool = keyword(ON, "Join the multicast group that the address is", default=False)
    no_track: bool = keyword(ON, "Do not watch whether somebody removes it", default=False)
    preferred_lft: int | None = keyword(
        PreferredLifetime(), "Preferred lifetime", default=None, unset="v6 /128: 0, else forever"
    )

    @property
    def lifetime(self) -> int:
        """The preferred lifetime in seconds that the kernel is told; 4294967295 for ever."""
        if self.preferred_lft is not None:
            return self.preferred_lft
        return 0 if self.address.version == 6 and self.prefix_length == 128 else FOREVER

    def __str__(self) -> str:
        return f"{self.address}/{self.prefix_length}"


@record
class VirtualAddress(InterfaceAddress):
    """One line of virtual_ipaddress or virtual_ipaddress_excluded."""

    use_vmac: bool = keyword(ON, "Put the address on a VMAC interface of its own", default=False)


@record
class StaticAddress(InterfaceAddress):
    """One line of static_ipaddress."""

    track_group: str | None = keyword(Text(), "Track group told when the address is removed", default=None, once=True)


class AddressLine(Options):
    """The reader of one address line."""

    def __init__(self, target: type[InterfaceAddress]) -> None:
        super().__init__(target, {"address": PREFIX}, finish=complete_address)

    def _take_first(self, words: Sequence[str], values: dict[str, Any], reading: Reading) -> None:
        try:
            values["address"], values["prefix_length"] = PREFIX.parse(words[1])
        except BadValueError as bad:
            address, _ = PREFIX.parse(words[1].partition("/")[0])
            reading.problem(bad.reason, 1)
            values["address"], values["prefix_length"] = address, address.max_prefixlen if address else 0
        if values["address"] is None:
            raise BadValueError(f"'{words[1]}' is not an address")

    def write(self, value: Any) -> str:
        """Return the words of an address."""
        told = [
            written(known, getattr(value, name)) for name, known in value.keywords_.items() if self._told(name, value)
        ]
        return " ".join([address_words(value), *told])

    def _told(self, name: str, value: Any) -> bool:
        return name not in ("address", "peer") and getattr(value, name) != value.defaults_[name]


def complete_address(values: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """Return the values of an address with peer and broadcast settled and what its family has not left out."""
    if values.get("peer") is not None:
        _settle_peer(values, reading)
    if values["address"].version == 6:
        _drop_ipv4_options(values, reading)
    elif values.get("broadcast") in ("+", "-"):
        _settle_broadcast(values, reading)
    if values.get("broadcast") is not None and values.get("peer") is not None:
        reading.problem("broadcast and peer exclude each other: broadcast is ignored", 1)
        values["broadcast"] = None
    return values


def _settle_peer(values: dict[str, Any], reading: Reading) -> None:
    peer, length = values.pop("peer")
    address = values["address"]
    if peer is None or peer.version != address.version:
        reading.problem("the peer must be an address of the same family: it is ignored", 1)
        return
    if values["prefix_length"] != address.max_prefixlen:
        reading.problem("the prefix belongs to the peer when there is one: the address's prefix is ignored", 1)
    values["peer"], values["prefix_length"] = peer, length


def _drop_ipv4_options(values: dict[str, Any], reading: Reading) -> None:
    if "broadcast" in values:
        raise BadValueError("an IPv6 address has no broadcast address: the line is ignored")
    for name in ("scope", "label"):
        if values.pop(name, None):
            reading.problem(f"{name} is for IPv4 addresses only: it is ignored", 1)


def _settle_broadcast(values: dict[str, Any], reading: Reading) -> None:
    length = values["prefix_length"]
    sign = values.pop("broadcast")
    if length > 30:
        reading.problem(f"prefix length {length} is too long for a broadcast address", 1)
        return
    address = values.get("peer") or values["address"]
    hosts = 0xFFFFFFFF >> length
    number = int(address) | hosts if sign == "+" else int(address) & ~hosts
    values["broadcast"] = type(address)(number)


def address_words(address: InterfaceAddress) -> str:
    """Return an address as `ip address` shows it: ADDRESS[/LENGTH] or ADDRESS peer PEER/LENGTH."""
    if address.peer is None:
        return str(address)
    return f"{address.address} peer {quote(str(address.peer))}/{address.prefix_length}"
