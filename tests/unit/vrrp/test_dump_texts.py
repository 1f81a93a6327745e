"""Numbers and words of the dumps, where programs are particular about them."""

import time
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from math import inf

import pytest

from keepalived_py.config.model.addresses import VirtualAddress
from keepalived_py.vrrp import shown
from keepalived_py.vrrp.json_dump import document, written
from keepalived_py.vrrp.moment import Moment

NINE = IPv4Address("10.0.0.9")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5.0, "5"),
        (5.5, "5.5"),
        (0.01, "0.01"),
        (7, "7"),
        (True, "true"),
        (Decimal("1795704787.299224"), "1795704787.299224"),
        ("10.0.0.1/24 dev eth0", '"10.0.0.1\\/24 dev eth0"'),
        ('a"b\\\n', '"a\\"b\\\\\\n"'),
        ([], "[]"),
        ({"a": [1, {"b": False}]}, '{"a":[1,{"b":false}]}'),
    ],
)
def test_json_value_is_written_as_keepalived_writes_it(value: object, expected: str) -> None:
    assert written(value) == expected


def test_layout_one_is_a_list_and_layout_two_an_object_with_processes_if_there_are_any() -> None:
    assert document([{"a": 1}], [{"b": 2}], 1) == '[{"a":1}]\n'
    assert document([{"a": 1}], [{"b": 2}], 2) == '{"vrrp":[{"a":1}],"track_process":[{"b":2}]}\n'
    assert document([], [], 2) == '{"vrrp":[]}\n'


def test_moment_tells_when_something_was_on_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    moment = Moment(1000.0, 1795704787.0)
    assert moment.seconds(989.5) == "1795704776.500000"
    assert moment.text(989.5) == "1795704776.500000 (Thu Nov 26 14:52:56.500000 2026)"
    assert moment.seconds(-inf) == "0.000000"
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("address", "held", "expected"),
    [
        (
            VirtualAddress(address=NINE, prefix_length=24),
            True,
            "10.0.0.9/24 dev eth0 scope global set",
        ),
        (VirtualAddress(address=NINE, prefix_length=32), False, "10.0.0.9 dev eth0 scope global"),
        (
            VirtualAddress(address=NINE, prefix_length=24, broadcast=IPv4Address("10.0.0.255"), no_track=True),
            False,
            "10.0.0.9/24 brd 10.0.0.255 dev eth0 scope global no_track",
        ),
        (
            VirtualAddress(address=IPv6Address("2001:db8::9"), prefix_length=128),
            True,
            "2001:db8::9 dev eth0 scope global deprecated set",
        ),
        (
            VirtualAddress(address=IPv6Address("2001:db8::9"), prefix_length=64),
            True,
            "2001:db8::9/64 dev eth0 scope global preferred_lft forever set",
        ),
        (
            VirtualAddress(address=NINE, prefix_length=30, peer=IPv4Address("10.0.0.10"), scope=253),
            False,
            "10.0.0.9 dev eth0 scope link peer 10.0.0.10/30",
        ),
    ],
)
def test_address_shows_its_interface_in_the_field_that_exporters_read(
    address: VirtualAddress, held: bool, expected: str
) -> None:
    assert shown.address(address, "eth0", held=held) == expected
