"""Kinds of value: what their words mean, and what is said about words that mean nothing."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest

from keepalived_py.config.addresses import Address, Netmask, NetworkName, Prefix, Realms
from keepalived_py.config.arguments import Maybe, Script, ScriptValue, escape_command, split_group
from keepalived_py.config.check_values import HexText, LvsMethod, StatusCodes, address_range
from keepalived_py.config.global_values import IncludeCheck, Umask
from keepalived_py.config.reading import Reading
from keepalived_py.config.routing_values import RoundTrip
from keepalived_py.config.scalars import (
    UNSET,
    BadValueError,
    Boolean,
    Choice,
    Integer,
    Kind,
    MissingWordError,
    Seconds,
    Text,
    c_integer,
    quote,
)
from keepalived_py.config.script_words import split_command, split_value
from keepalived_py.config.vrrp_values import UseVmac, Vmac

USEC = Seconds("0.000001", "4294.967295")


def read(kind: Kind, text: str, names: Any = None) -> Any:
    reading = Reading() if names is None else Reading(names=names)
    return kind.read(["keyword", *text.split()], reading)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Integer(0, 255), "255", 255),
        (Integer(-1, 99), "-1", -1),
        (Integer(0, 10), "+7", 7),
        (Integer(0, 255, anybase=True), "0x10", 16),
        (Integer(0, 255, anybase=True), "010", 8),
        (USEC, "0.5", 0.5),
        (USEC, "1", 1.0),
        (USEC, ".25", 0.25),
        (Seconds("1", "4294967", places=3, scale=1000), "10", 0.01),
        (Boolean(), "yes", True),
        (Boolean(), "off", False),
        (Boolean(), "", True),
        (Choice("TCP", "UDP", anycase=True), "udp", "UDP"),
        (Address(), "10.0.0.1", IPv4Address("10.0.0.1")),
        (Address(tail=True), "10.0.0.1/24", IPv4Address("10.0.0.1")),
        (Address(), "fe80::1", IPv6Address("fe80::1")),
        (Prefix(), "10.0.0.0/8", (IPv4Address("10.0.0.0"), 8)),
        (Prefix(), "any", (None, 0)),
        (Netmask(), "24", 24),
        (Netmask(), "255.255.255.0", IPv4Address("255.255.255.0")),
        (NetworkName("scope"), "link", 253),
        (NetworkName("table", 2**32 - 1), "main", 254),
        (Realms(), "3/4", (3, 4)),
        (Realms(), "4", (0, 4)),
        (Maybe(Integer(1, 9), 5), "", 5),
        (Umask(), "022", 0o022),
        (Umask(), "IRUSR|IWUSR", 0o600),
        (Umask(), "IRWXG | IROTH", 0o074),
        (IncludeCheck(), "", ()),
        (IncludeCheck(), "read -match", ("read", "-match")),
        (HexText(), "00ff 1", "00ff01"),
        (StatusCodes(), "200-299 404", ((200, 299), (404, 404))),
        (RoundTrip(8), "1s", 8000),
        (RoundTrip(1), "250ms", 250),
        (RoundTrip(4), "7", 7),
        (
            UseVmac(),
            "name v1 02:00:00:00:01 netlink_notify_msg",
            Vmac(name="v1", mac=b"\2\0\0\0\1", netlink_notify_msg=True),
        ),
    ],
)
def test_words_of_a_kind_have_their_meaning(kind: Kind, text: str, value: Any) -> None:
    assert read(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "text", "reason", "instead"),
    [
        (Integer(1, 255), "256", "number '256' outside range [1, 255]", UNSET),
        (Integer(1, 255), "5x", "invalid number '5x': use 1..255", 5),
        (Integer(1, 255, strict=True), "5x", "invalid number '5x': use 1..255", UNSET),
        (Integer(0, 255), "0x10", "invalid number '0x10': use 0..255", 0),
        (Integer(1, 5, zero=1), "0", "number '0' outside range [1, 5]", 1),
        (Integer(0, 9), "\u0663", "invalid number '\u0663': use 0..9", UNSET),
        (USEC, "0", "number '0' outside range [0.000001, 4294.967295]", UNSET),
        (USEC, "0.1234567", "number '0.1234567' has more than 6 decimals", 0.123457),
        (USEC, "1s", "invalid number '1s': use 0.000001..4294.967295", 1.0),
        (USEC, "-1", "invalid number '-1': use 0.000001..4294.967295", UNSET),
        (Boolean(), "maybe", "invalid value 'maybe': use one of on, true, yes, off, false, no", UNSET),
        (Choice("PASS", "AH"), "pass", "unknown value 'pass': use one of PASS, AH", UNSET),
        (Address(), "10.0.0.01", "invalid IP address '10.0.0.01'", UNSET),
        (Address(), "fe80::1%eth0", "invalid IP address 'fe80::1%eth0'", UNSET),
        (Address(family=4), "::1", "'::1' is not an IPv4 address", UNSET),
        (Address(multicast=True), "10.0.0.1", "'10.0.0.1' is not a multicast address", UNSET),
        (Prefix(), "10.0.0.0/33", "invalid prefix length in '10.0.0.0/33': use 0..32", UNSET),
        (NetworkName("scope"), "moon", "unknown scope 'moon'", UNSET),
        (Umask(), "01000", "umask '01000' outside range [0, 0777]", UNSET),
        (
            Text(limit=8, cut=True),
            "123456789",
            "longer than 8 characters: the first 8 are used",
            "12345678",
        ),
        (HexText(), "0g", "'0g' is not hexadecimal", UNSET),
        (LvsMethod(), "TUN type gue", "gue needs a port, and only gue has one", UNSET),
        (RoundTrip(1), "1ms", "time '1ms' is outside 200 ms..120 s", 200),
    ],
)
def test_bad_words_are_refused_with_what_would_be_right(kind: Kind, text: str, reason: str, instead: Any) -> None:
    with pytest.raises(BadValueError) as refused:
        read(kind, text)
    assert (refused.value.reason, refused.value.instead) == (reason, instead)


@pytest.mark.parametrize("kind", [Integer(0, 1), USEC, Text(), Address(), LvsMethod(), ScriptValue(), Umask()])
def test_keyword_without_its_word_is_missing_it(kind: Kind) -> None:
    with pytest.raises(MissingWordError):
        read(kind, "")


def test_name_of_the_machine_wins_over_a_built_in_name() -> None:
    assert read(NetworkName("table", 2**32 - 1), "main", lambda table, name, directories: 7) == 7


@pytest.mark.parametrize(
    ("text", "value"),
    [("0x1F", 31), ("-0x1", -1), ("017", 15), ("0", 0), ("08", None), ("0x", None), ("", None), ("1_0", None)],
)
def test_c_notation_is_read_as_c_does(text: str, value: int | None) -> None:
    assert c_integer(text) == value


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("10.0.0.1", "10.0.0.1", None),
        ("10.0.0.1-9", "10.0.0.1", "10.0.0.9"),
        ("10.0.0.1-10.0.1.0", "10.0.0.1", "10.0.1.0"),
        ("10.0.0.0/30", "10.0.0.0", "10.0.0.3"),
        ("2001:db8::1-ff", "2001:db8::1", "2001:db8::ff"),
    ],
)
def test_ranges_of_addresses_have_ends(text: str, first: str, last: str | None) -> None:
    found = address_range(text)
    assert (str(found[0]), None if found[1] is None else str(found[1])) == (first, last)


@pytest.mark.parametrize("text", ["10.0.0.9-1", "10.0.0.1-256", "10.0.0.1/24", "10.0.0.1-::1", "x", "10.0.0.0/0"])
def test_bad_ranges_of_addresses_are_refused(text: str) -> None:
    with pytest.raises(BadValueError):
        address_range(text)


@pytest.mark.parametrize(
    ("words", "owner"),
    [
        ([], (None, None, False)),
        (["u"], ("u", None, False)),
        (["u", "g"], ("u", "g", False)),
        (["u", ":g"], ("u", "g", True)),
        (["u", ":", "g"], ("u", "g", True)),
        (["u", ":"], ("u", None, True)),
    ],
)
def test_owner_words_name_user_group_and_supplementary_groups(words: list[str], owner: Any) -> None:
    assert split_group(words) == owner


@pytest.mark.parametrize("words", [("/bin/x",), ("/bin/x", 'a "b"', "c'd", "e\\f", "", "\n\t#!{}"), ("é", "\udcff")])
def test_escaped_command_splits_into_the_same_words(words: tuple[str, ...]) -> None:
    (value,) = split_value(escape_command(words))
    assert tuple(split_command(value)) == words


def test_script_without_user_has_none_of_its_own() -> None:
    assert read(ScriptValue(), "/bin/x") == Script(words=("/bin/x",))


@pytest.mark.parametrize(
    ("text", "written"),
    [("a", "a"), ("", '""'), ("a b", '"a b"'), ("#a", '"#a"'), ("@a", '"@a"'), ("a\u3000", '"a\u3000"')],
)
def test_words_that_would_be_misread_are_quoted(text: str, written: str) -> None:
    assert quote(text) == written
