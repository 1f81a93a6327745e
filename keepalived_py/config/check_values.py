"""Kinds of value of virtual servers and their checks."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any, Final, NoReturn

from keepalived_py.config.addresses import ip_address
from keepalived_py.config.blocks import Head
from keepalived_py.config.fields import Record, attribute, record
from keepalived_py.config.scalars import (
    BadValueError,
    Integer,
    Kind,
    MissingWordError,
    quote,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.config.addresses import IpAddress
    from keepalived_py.config.reading import Reading

PORT: Final = Integer(0, 65535, syntax="PORT", strict=True)
MARK: Final = Integer(0, 0xFFFFFFFF, strict=True)
METHODS: Final = ("NAT", "DR", "TUN")
TUNNELS: Final = ("ipip", "gue", "gre")
CHECKSUMS: Final = ("nocsum", "csum", "remcsum")


_HEXADECIMAL: Final = frozenset("0123456789abcdefABCDEF")


@record
class Endpoint(Record):
    """An address and a port; port 0 is none."""

    address: IpAddress = attribute()
    port: int = attribute(default=0)


class EndpointValue(Kind):
    """IP [PORT]."""

    type_name = "ip + port"
    syntax = "IP [PORT]"
    limits = "port 1..65535"

    def read(self, words: Sequence[str], reading: Reading) -> Endpoint:
        """Return address and port."""
        return Endpoint(**read_endpoint(words, 1, reading))

    def write(self, value: Any) -> str | None:
        """Return the words."""
        return endpoint_words(value.address, value.port)

    def format(self, value: Any) -> str:
        """Return the words for people."""
        return endpoint_words(value.address, value.port)


def read_endpoint(words: Sequence[str], index: int, reading: Reading) -> dict[str, Any]:
    """Return address and port of `IP [PORT]` from word `index` on; a /mask or -range tail is dropped."""
    if len(words) <= index:
        raise MissingWordError
    text = words[index]
    address = ip_address(text) or ip_address(text.partition("/")[0].partition("-")[0])
    if address is None:
        raise BadValueError(f"invalid IP address '{text}'", index=index)
    if len(words) == index + 1:
        return {"address": address, "port": 0}
    return {"address": address, "port": read_port(words, index + 1, reading)}


def read_port(words: Sequence[str], index: int, reading: Reading) -> int:
    """Return the port at word `index`; 0 when there is none, or when it is wrong, which is reported."""
    try:
        return PORT.parse(words[index]) if len(words) > index else 0
    except BadValueError as bad:
        reading.problem(f"invalid port: {bad.reason}", index)
        return 0


def read_mark(words: Sequence[str], index: int) -> int:
    """Return the firewall mark at word `index`."""
    try:
        return MARK.parse(words[index])
    except BadValueError as bad:
        raise BadValueError(bad.reason, index=index) from bad


def endpoint_words(address: IpAddress, port: int) -> str:
    """Return the words that read as address and port."""
    return f"{address} {port}" if port else str(address)


class RealServerHead(Head):
    """IP [PORT]."""

    syntax = "IP [PORT]"

    def read(self, words: Sequence[str], reading: Reading) -> dict[str, Any]:
        """Return address and port."""
        return read_endpoint(words, 1, reading)

    def write(self, record: Any) -> str:
        """Return the words."""
        return endpoint_words(record.address, record.port)


class VirtualServerHead(Head):
    """IP [PORT], fwmark N or group NAME."""

    syntax = "IP[/m] [PORT] / fwmark N / group NAME, then"

    def read(self, words: Sequence[str], reading: Reading) -> dict[str, Any]:
        """Return what the server is reached by."""
        if len(words) < 2 or (words[1] in ("fwmark", "group") and len(words) < 3):
            raise MissingWordError
        if words[1] == "fwmark":
            return {"fwmark": read_mark(words, 2)}
        if words[1] == "group":
            return {"group": str(words[2])}
        return read_endpoint(words, 1, reading)

    def write(self, record: Any) -> str:
        """Return the words."""
        if record.fwmark is not None:
            return f"fwmark {record.fwmark}"
        return f"group {quote(record.group)}" if record.group else endpoint_words(record.address, record.port)


class AddressRange(EndpointValue):
    """Several addresses [PORT]."""

    type_name = "ip range"
    limits = "end not below start; host bits of a prefix must be 0"


class GroupAddress(Kind):
    """One line of virtual_server_group: IP, range or fwmark, as a dictionary of GroupEntry."""

    type_name = "ip + port"
    syntax = "IP [PORT]"

    def __init__(self, target: type[Record]) -> None:
        self.target = target

    def read(self, words: Sequence[str], reading: Reading) -> Any:
        """Return the entry."""
        if words[1] == "fwmark":
            return self._fwmark(words, reading)
        first, last = address_range(words[1])
        port = read_port(words, 2, reading)
        return self.target.make({"address": first, "last": last, "port": port}, reading.statement)

    def _fwmark(self, words: Sequence[str], reading: Reading) -> Any:
        if len(words) < 3:
            raise BadValueError("'fwmark' needs a number: the line is ignored")
        family = {"inet": 4, "inet6": 6}.get(words[3]) if len(words) > 3 else None
        if len(words) > 3 and family is None:
            reading.problem(f"unknown family '{words[3]}': use inet or inet6", 3)
        return self.target.make({"fwmark": read_mark(words, 2), "family": family}, reading.statement)

    def write(self, value: Any) -> str | None:
        """Return the words."""
        if value.fwmark is not None:
            family = {4: " inet", 6: " inet6"}.get(value.family, "")
            return f"fwmark {value.fwmark}{family}"
        addresses = f"{value.address}-{value.last}" if value.last else str(value.address)
        return f"{addresses} {value.port}" if value.port else addresses


def address_range(text: str) -> tuple[IpAddress, IpAddress | None]:
    """Return (first, last) of `IP`, `IP-N`, `IP-IP` or `IP/LEN`; last is None for a single address."""
    before, dash, after = text.partition("-")
    start, slash, length = before.partition("/")
    first = ip_address(start)
    if first is None:
        raise BadValueError(f"invalid IP address '{text}'")
    if slash:
        return _network(first, length, text)
    if not dash:
        return first, None
    last = ip_address(after) or _short_end(first, after)
    if last is None or last.version != first.version or int(last) < int(first):
        raise BadValueError(f"invalid address range '{text}': the end must not be below the start")
    return first, last


def _short_end(first: IpAddress, text: str) -> IpAddress | None:
    """Return the end that has the start's upper bits: last octet (decimal) or last 16 bits (hexadecimal)."""
    if first.version == 4:
        value = int(text) if text.isdigit() and text.isascii() and len(text) < 4 else 256
        return IPv4Address((int(first) & ~0xFF) | value) if value < 256 else None
    try:
        value = int(text, 16)
    except ValueError:
        return None
    return IPv6Address((int(first) & ~0xFFFF) | value) if 0 <= value < 0x10000 else None


def _network(first: IpAddress, length: str, text: str) -> tuple[IpAddress, IpAddress]:
    bits = int(length) if length.isdigit() and length.isascii() and len(length) < 4 else 0
    if not 1 <= bits <= first.max_prefixlen:
        raise BadValueError(f"invalid prefix length in '{text}': use 1..{first.max_prefixlen}")
    hosts = (1 << (first.max_prefixlen - bits)) - 1
    if int(first) & hosts:
        raise BadValueError(f"the host bits of '{text}' must be 0")
    return first, type(first)(int(first) | hosts)


@record
class Forwarding(Record):
    """How packets reach a real server.

    Attributes:
        method: NAT, DR or TUN.
        tunnel: ipip, gue or gre, for TUN.
        port: UDP port, for gue.
        checksum: nocsum, csum or remcsum, for gue and gre.
    """

    method: str = attribute()
    tunnel: str | None = attribute(default=None)
    port: int | None = attribute(default=None)
    checksum: str | None = attribute(default=None)


class LvsMethod(Kind):
    """NAT/DR/TUN [type ipip/gue/gre] [port N] [nocsum/csum/remcsum]."""

    type_name = "enum+opts"
    syntax = "NAT/DR/TUN [type ipip/gue/gre] [port N] [nocsum/csum/remcsum]"
    limits = "port 1..65535, gue only"

    def read(self, words: Sequence[str], reading: Reading) -> Forwarding:
        """Return the method."""
        if len(words) < 2:
            raise MissingWordError
        if words[1] not in METHODS:
            raise BadValueError(f"unknown forwarding method '{words[1]}': use NAT, DR or TUN")
        values: dict[str, Any] = {"method": str(words[1])}
        index = 2
        while index < len(words):
            index = self._read_option(words, index, values, reading)
        self._check(values)
        return Forwarding.make(values)

    def _read_option(self, words: Sequence[str], index: int, values: dict[str, Any], reading: Reading) -> int:
        word = words[index]
        if word in ("type", "port") and index + 1 >= len(words):
            raise MissingWordError
        if values["method"] != "TUN":
            reading.problem(f"'{word}' is for TUN only: it is ignored", index)
        elif word == "type" and words[index + 1] in TUNNELS:
            values["tunnel"] = str(words[index + 1])
        elif word == "port":
            values["port"] = self._port(words[index + 1], index + 1)
        elif word in CHECKSUMS:
            values["checksum"] = str(word)
        else:
            self._unknown(words, index)
        return index + (2 if word in ("type", "port") else 1)

    def _unknown(self, words: Sequence[str], index: int) -> NoReturn:
        if words[index] == "type":
            reason = f"unknown tunnel type '{words[index + 1]}': use {', '.join(TUNNELS)}"
            raise BadValueError(reason, index=index + 1)
        raise BadValueError(f"unknown word '{words[index]}': use type, port or {', '.join(CHECKSUMS)}", index=index)

    def _port(self, word: str, index: int) -> int:
        try:
            return Integer(1, 65535).parse(word)
        except BadValueError as bad:
            raise BadValueError(bad.reason, index=index) from bad

    def _check(self, values: dict[str, Any]) -> None:
        tunnel = values.get("tunnel", "ipip")
        if (tunnel == "gue") != ("port" in values):
            raise BadValueError("gue needs a port, and only gue has one")
        if (tunnel == "ipip" and "checksum" in values) or (tunnel == "gre" and values.get("checksum") == "remcsum"):
            raise BadValueError(f"{values['checksum']} is not possible with {tunnel}")

    def write(self, value: Any) -> str | None:
        """Return the words."""
        parts = [value.method, *([f"type {value.tunnel}"] if value.tunnel else [])]
        parts += [f"port {value.port}"] if value.port else []
        return " ".join([*parts, *([value.checksum] if value.checksum else [])])

    def format(self, value: Any) -> str:
        """Return the words for people."""
        return self.write(value) or ""


class HexText(Kind):
    """Hexadecimal digits, blanks allowed; with `wildcard` also x for any digit."""

    def __init__(self, *, wildcard: bool = False) -> None:
        self.digits = frozenset("0123456789abcdefABCDEF" + ("xX" if wildcard else ""))
        self.type_name = "hex string?" if wildcard else "hex string"
        self.syntax = "[HEX ...]" if wildcard else "HEX ..."
        self.limits = "digits or x wildcard nibbles" if wildcard else "digits, blanks allowed"
        self.minimum = 0 if wildcard else 1

    def read(self, words: Sequence[str], reading: Reading) -> str:
        """Return the digits, two for each byte, in lower case."""
        del reading
        if len(words) - 1 < self.minimum:
            raise MissingWordError
        pairs: list[str] = []
        for index, word in enumerate(words[1:], 1):
            if not set(word) <= self.digits:
                raise BadValueError(f"'{word}' is not hexadecimal", index=index)
            even = word if len(word) % 2 == 0 else f"0{word}"
            pairs += [even[at : at + 2].lower() for at in range(0, len(even), 2)]
        return "".join(pairs)

    def write(self, value: Any) -> str | None:
        """Return the digits."""
        return str(value)


class StatusCodes(Kind):
    """CODE[-CODE] ..., as a tuple of (first, last)."""

    type_name = "range list"
    syntax = "CODE[-CODE] ..."
    limits = "100..599"
    number = Integer(100, 599, strict=True)

    def read(self, words: Sequence[str], reading: Reading) -> tuple[tuple[int, int], ...]:
        """Return the ranges."""
        if len(words) < 2:
            raise MissingWordError
        found: list[tuple[int, int]] = []
        for index, word in enumerate(words[1:], 1):
            try:
                found.append(self._range(word))
            except BadValueError as bad:
                reading.problem(bad.reason, index)
        if not found:
            raise BadValueError("no status code is left")
        return tuple(found)

    def _range(self, word: str) -> tuple[int, int]:
        before, dash, after = word.partition("-")
        first = self.number.parse(before)
        last = self.number.parse(after) if dash else first
        if last < first:
            raise BadValueError(f"range '{word}' ends before it begins")
        return first, last

    def write(self, value: Any) -> str | None:
        """Return the ranges."""
        return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in value)

    def format(self, value: Any) -> str:
        """Return the ranges."""
        return self.write(value) or ""


class Pattern(Kind):
    """A regular expression: one quoted word with the escapes of a script value."""

    type_name = "quoted string"
    syntax = "PATTERN"

    def read(self, words: Sequence[str], reading: Reading) -> str:
        """Return the expression."""
        from keepalived_py.config.script_words import ScriptSyntaxError, split_command  # noqa: PLC0415

        if len(words) < 2:
            raise MissingWordError
        try:
            found = split_command(reading.statement.raw if reading.statement else quote(words[1]))
        except ScriptSyntaxError as problem:
            raise BadValueError(str(problem)) from problem
        if len(found) != 1:
            raise BadValueError("the expression must be one quoted word", index=2)
        return found[0]

    def write(self, value: Any) -> str | None:
        """Return the quoted word, with what could be misread escaped."""
        from keepalived_py.config.arguments import escape_word  # noqa: PLC0415

        return f'"{escape_word(value)}"'


class StackSizes(Kind):
    """START MAX."""

    type_name = "2 uint"
    syntax = "START MAX"
    limits = "START not above MAX"
    number = Integer(1, 0x7FFFFFFF)

    def read(self, words: Sequence[str], reading: Reading) -> tuple[int, int]:
        """Return both sizes in bytes."""
        del reading
        if len(words) < 3:
            raise MissingWordError
        start, most = self.number.parse(words[1]), self.number.parse(words[2])
        if start > most:
            raise BadValueError("the first size must not be above the second")
        return start, most

    def write(self, value: Any) -> str | None:
        """Return both sizes."""
        return f"{value[0]} {value[1]}"


_TOKEN: Final = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""Characters of the name of a header (RFC 9110 section 5.6.2)."""


class TwoWords(Kind):
    """Two words, as a tuple."""

    def __init__(self, syntax: str, type_name: str) -> None:
        self.syntax = syntax
        self.type_name = type_name

    def read(self, words: Sequence[str], reading: Reading) -> tuple[str, str]:
        """Return both words."""
        del reading
        if len(words) < 3:
            raise MissingWordError
        return str(words[1]), " ".join(words[2:])

    def write(self, value: Any) -> str | None:
        """Return both words."""
        return f"{quote(value[0])} {quote(value[1])}"


class HeaderField(TwoWords):
    """NAME VALUE of a header of HTTP."""

    limits = "NAME: a token; no control characters"

    def __init__(self) -> None:
        super().__init__("NAME VALUE", "header")

    def read(self, words: Sequence[str], reading: Reading) -> tuple[str, str]:
        """Return name and value."""
        name, value = super().read(words, reading)
        if not name or not _TOKEN.issuperset(name):
            raise BadValueError(f"'{name}' is no name of a header")
        if any(ord(character) < 32 for character in value):
            raise BadValueError("a header cannot hold control characters", index=2)
        return name, value


class Digest(Kind):
    """An MD5 digest in hexadecimal digits."""

    type_name = "hex"
    syntax = "MD5"
    limits = "32 digits"

    def parse(self, text: str) -> str:
        """Return the digest."""
        if len(text) != 32 or not _HEXADECIMAL.issuperset(text):
            raise BadValueError(f"invalid digest '{text}': use 32 hexadecimal digits")
        return str(text)


class DnsName(Kind):
    """A domain name."""

    syntax = "DOMAIN"
    limits = "no empty label"

    def parse(self, text: str) -> str:
        """Return the name."""
        labels = text.rstrip(".").split(".") if text != "." else ["."]
        if not all(labels) or any(len(label) > 63 for label in labels) or len(text) > 255:
            raise BadValueError(f"invalid domain name '{text}': each label has 1 to 63 characters")
        return str(text)
