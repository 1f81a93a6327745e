"""Kinds of value that only instances use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.config.addresses import Prefix, ip_address
from keepalived_py.config.fields import Record, attribute, record
from keepalived_py.config.scalars import (
    UNSET,
    BadValueError,
    Choice,
    Integer,
    Interface,
    Kind,
    MissingWordError,
    Text,
    quote,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.config.addresses import IpAddress
    from keepalived_py.config.reading import Reading

INTERFACE = Interface()
GROUP = Text("GRP")
HEX = "hex:"
FILE = "file:"
SHORTEST_KEY = 32
LONGEST_KEY = 64
IPVLAN_MODES = ("bridge", "private", "vepa")


@record
class Vmac(Record):
    """A virtual MAC interface.

    Attributes:
        name: its name; None for `vrrp.VRID`.
        mac: six octets, or five to which the VRID is added; None for the standard address.
        netlink_notify_msg: True to tell other programs about it as soon as it is up.
        group: interface group.
    """

    name: str | None = attribute(default=None)
    mac: bytes | None = attribute(default=None)
    netlink_notify_msg: bool = attribute(default=False)
    group: str | None = attribute(default=None)


class State(Choice):
    """MASTER or BACKUP; anything else counts as BACKUP."""

    def __init__(self) -> None:
        super().__init__("MASTER", "BACKUP")

    def parse(self, text: str) -> str:
        """Return the word."""
        if text not in self.values:
            raise BadValueError(f"unknown state '{text}': use MASTER or BACKUP; BACKUP is used", instead="BACKUP")
        return str(text)


class Priority(Integer):
    """1 to 255; anything else counts as 100."""

    def __init__(self) -> None:
        super().__init__(1, 255, strict=True)

    def parse(self, text: str) -> int:
        """Return the priority."""
        try:
            return super().parse(text)
        except BadValueError as bad:
            raise BadValueError(f"{bad.reason}; 100 is used", instead=100) from bad


def choose_version_3(value: Any, values: dict[str, Any], reading: Reading) -> None:
    """Give an instance with native_ipv6 the version that it needs (the effect of the keyword)."""
    del value
    if any(line.address.version == 4 for line in values.get("virtual_ipaddress", ())):
        del values["native_ipv6"]
        reading.problem("native_ipv6 contradicts the IPv4 addresses before it: it is ignored")
        return
    if values.get("version") == 2:
        reading.advice("native_ipv6 needs version 3: version 3 is used")
    values["version"] = 3


def mac_address(text: str) -> bytes | None:
    """Return the five or six octets of a MAC address, or None when it is not one."""
    parts = text.split(":")
    if len(parts) not in (5, 6) or not all(0 < len(part) <= 2 for part in parts):
        return None
    try:
        return bytes(int(part, 16) for part in parts)
    except ValueError:
        return None


class UseVmac(Kind):
    """[[name] IFNAME] [MAC] [netlink_notify_msg] [group GRP], in any order."""

    type_name = "word list"
    syntax = "[[name] IFNAME] [MAC] [netlink_notify_msg] [group GRP]"
    limits = "IFNAME max 15; MAC 6 octets or 5 (vrid appended); not multicast; not RFC VRRP range"
    minimum = 0

    def read(self, words: Sequence[str], reading: Reading) -> Vmac:
        """Return the interface that is wanted."""
        values: dict[str, Any] = {}
        index = 1
        while index < len(words):
            index = self._read_word(words, index, values, reading)
        return Vmac.make(values)

    def _read_word(self, words: Sequence[str], index: int, values: dict[str, Any], reading: Reading) -> int:
        word = words[index]
        mac = mac_address(word)
        if word == "netlink_notify_msg":
            values["netlink_notify_msg"] = True
        elif word in ("name", "group") and index + 1 < len(words):
            values[word] = named_word(words, index, reading)
            return index + 2
        elif mac is None:
            values["name"] = interface_name(words, index, reading, values.get("name"))
        elif mac[0] & 1 or mac[:4] == b"\x00\x00\x5e\x00":
            reading.problem(f"MAC address {word} is multicast or in the range of VRRP itself: it is ignored", index)
        else:
            values["mac"] = mac
        return index + 1

    def write(self, value: Any) -> str | None:
        """Return the words."""
        parts = [f"name {quote(value.name)}"] if value.name else []
        parts += [":".join(f"{octet:02x}" for octet in value.mac)] if value.mac else []
        parts += ["netlink_notify_msg"] if value.netlink_notify_msg else []
        return " ".join([*parts, f"group {quote(value.group)}"] if value.group else parts)

    def format(self, value: Any) -> str:
        """Return the words for people."""
        return self.write(value) or "on"


def named_word(words: Sequence[str], index: int, reading: Reading) -> str | None:
    """Return the word after `name` or `group`."""
    if words[index] == "name":
        return interface_name(words, index + 1, reading, None)
    return str(words[index + 1])


def interface_name(words: Sequence[str], index: int, reading: Reading, earlier: str | None) -> str | None:
    """Return the interface name at `index`, or `earlier` when it cannot be one."""
    if earlier is not None:
        reading.problem(f"unexpected word '{words[index]}': the interface already has a name", index)
        return earlier
    try:
        return INTERFACE.parse(words[index])
    except BadValueError as bad:
        reading.problem(bad.reason, index)
        return earlier


@record
class Ipvlan(Record):
    """An ipvlan interface.

    Attributes:
        name: its name; None for `vrrp.VRID`.
        address: its own address and prefix length.
        mode: bridge, private or vepa.
        group: interface group.
    """

    name: str | None = attribute(default=None)
    address: tuple[IpAddress, int] | None = attribute(default=None)
    mode: str = attribute(default="bridge")
    group: str | None = attribute(default=None)


class UseIpvlan(Kind):
    """[[name] IFNAME] [IP[/m]] [bridge/private/vepa] [group GRP]."""

    type_name = "word list"
    syntax = "[[name] IFNAME] [IP[/m]] [bridge/private/vepa] [group GRP]"
    minimum = 0
    prefix = Prefix()

    def read(self, words: Sequence[str], reading: Reading) -> Ipvlan:
        """Return the interface that is wanted."""
        values: dict[str, Any] = {}
        index = 1
        while index < len(words):
            index = self._read_word(words, index, values, reading)
        return Ipvlan.make(values)

    def _read_word(self, words: Sequence[str], index: int, values: dict[str, Any], reading: Reading) -> int:
        word = words[index]
        if word in IPVLAN_MODES:
            values["mode"] = word
        elif word in ("name", "group") and index + 1 < len(words):
            values[word] = named_word(words, index, reading)
            return index + 2
        elif ip_address(word.partition("/")[0]) is not None:
            values["address"] = self.prefix.parse(word)
        else:
            values["name"] = interface_name(words, index, reading, values.get("name"))
        return index + 1

    def write(self, value: Any) -> str | None:
        """Return the words."""
        parts = [f"name {quote(value.name)}"] if value.name else []
        parts += [f"{value.address[0]}/{value.address[1]}"] if value.address else []
        return " ".join([*parts, value.mode, *([f"group {quote(value.group)}"] if value.group else [])])

    def format(self, value: Any) -> str:
        """Return the words for people."""
        return self.write(value) or ""


@record
class HmacKey(Record):
    """A key of auth_hmac.

    Attributes:
        id: 1..255.
        value: `ascii`, `hex:DIGITS` or `file:PATH`, as written.
        octets: the key itself; of `file:` empty until the file has been read.
    """

    id: int = attribute()
    value: str = attribute()
    octets: bytes = attribute(default=b"")

    def __repr__(self) -> str:
        return f"HmacKey(id={self.id})"

    @property
    def path(self) -> str:
        """The file that holds the key; empty for a key that stands in the configuration."""
        return self.value[len(FILE) :] if self.value.startswith(FILE) else ""


def key_octets(text: bytes) -> bytes:
    """Return the key that stands in a value or in a key file: `hex:DIGITS`, or the octets themselves.

    Raises:
        BadValueError: it is no key; the reason does not repeat it.
    """
    octets = text
    if text.startswith(HEX.encode()):
        digits = text[len(HEX) :]
        if digits.translate(None, b" \t0123456789abcdefABCDEF"):
            raise BadValueError("there are other characters than hexadecimal digits in the key", index=2)
        # A digit before a blank or the end is an octet by itself, as keepalived reads it.
        parts = [part.decode() for part in digits.split()]
        octets = b"".join(bytes.fromhex(part if len(part) % 2 == 0 else f"{part[:-1]}0{part[-1]}") for part in parts)
    if not SHORTEST_KEY <= len(octets) <= LONGEST_KEY:
        raise BadValueError(
            f"the key must have {SHORTEST_KEY} to {LONGEST_KEY} bytes, this one has {len(octets)}", index=2
        )
    return octets


class HmacKeyValue(Kind):
    """ID VALUE."""

    type_name = "uint + key"
    syntax = "ID VALUE"
    limits = "ID 1..255; key 32..64 bytes"
    number = Integer(1, 255, strict=True)

    def read(self, words: Sequence[str], reading: Reading) -> HmacKey:
        """Return the key; only what can be judged without reading a file is judged."""
        del reading
        if len(words) < 3:
            raise MissingWordError
        value = str(words[2])
        octets = b"" if value.startswith(FILE) else key_octets(value.encode("utf-8", "surrogateescape"))
        return HmacKey(id=self.number.parse(words[1]), value=value, octets=octets)

    def write(self, value: Any) -> str | None:
        """Return the words."""
        return f"{value.id} {quote(value.value)}"

    def format(self, value: Any) -> str:
        """Return the words for people; the key itself is not shown."""
        return f"{value.id}"


class ChecksumCompatibility(Kind):
    """[never]: False for never, True for always."""

    type_name = "enum?"
    syntax = "[never]"
    limits = "never"
    minimum = 0

    def read(self, words: Sequence[str], reading: Reading) -> bool:
        """Return whether the old checksum is forced."""
        del reading
        if len(words) > 1 and words[1] != "never":
            raise BadValueError(f"unknown value '{words[1]}': use never or nothing", instead=UNSET)
        return len(words) < 2

    def write(self, value: Any) -> str | None:
        """Return the words."""
        return "" if value else "never"

    def format(self, value: Any) -> str:
        """Return the words for people."""
        return "always" if value else "never"
