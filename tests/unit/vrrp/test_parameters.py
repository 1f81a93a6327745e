"""What cannot be put on the wire is refused when it is said."""

from typing import Any

import pytest

from keepalived_py.vrrp.authentication import Authentication, AuthenticationType
from keepalived_py.vrrp.parameters import IPV6, MULTICAST_IPV4, MULTICAST_IPV6, Parameters, UnicastPeer, most_addresses
from tests.unit.vrrp.wire import GROUP6, OURS, SENDER, SENDER6


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"virtual_addresses": (SENDER6,)}, "not of family 4"),
        ({"source_address": SENDER6}, "not of family 4"),
        ({"unicast_peers": (UnicastPeer(SENDER6),)}, "not of family 4"),
        ({"family": IPV6, "version": 3, "source_address": OURS}, "not of family 6"),
        (
            {"family": IPV6, "version": 2, "authentication": Authentication(AuthenticationType.PASSWORD, b"x")},
            "version 2 for family 6 has no authentication",
        ),
        ({"version": 4}, "no VRRP version 4"),
        ({"version": 3, "authentication": Authentication(AuthenticationType.PASSWORD, b"x")}, "no authentication"),
        ({"vrid": 0}, "out of range"),
        ({"vrid": 256}, "out of range"),
        ({"priority": 0}, "out of range"),
        ({"priority": 256}, "out of range"),
        ({"virtual_addresses": (SENDER,) * 256}, "out of range"),
    ],
)
def test_impossible_parameters_are_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Parameters(**{"name": "VI_1", "vrid": 51, **changes})


def test_destinations_are_the_peers_or_the_group() -> None:
    assert Parameters(name="a", vrid=1).destinations == (MULTICAST_IPV4,)
    assert Parameters(name="a", vrid=1, multicast_destination=bytes((224, 0, 0, 99))).destinations == (b"\xe0\0\0\x63",)
    assert Parameters(name="a", vrid=1, family=IPV6, version=3).destinations == (MULTICAST_IPV6,)
    assert MULTICAST_IPV6 == GROUP6
    assert Parameters(name="a", vrid=1, unicast_peers=(UnicastPeer(SENDER), UnicastPeer(OURS))).destinations == (
        SENDER,
        OURS,
    )


def test_only_priority_255_is_the_owner() -> None:
    assert Parameters(name="a", vrid=1, priority=255).is_owner
    assert not Parameters(name="a", vrid=1, priority=254).is_owner


def test_password_is_padded_with_zeros_and_cut_at_eight_octets() -> None:
    assert Authentication(AuthenticationType.PASSWORD, b"1111").padded_key == b"1111\0\0\0\0"
    assert Authentication(AuthenticationType.PASSWORD, b"0123456789").padded_key == b"01234567"


@pytest.mark.parametrize(
    ("family", "version", "mtu", "header", "expected"),
    [
        (4, 2, 1500, False, 255),
        (4, 3, 1500, False, 255),
        (6, 3, 1500, False, 89),
        (6, 3, 9000, False, 255),
        (4, 2, 576, False, 131),
        (4, 2, 576, True, 125),
        (4, 2, 40, False, 0),
    ],
)
def test_advert_lists_as_many_addresses_as_fit_into_a_frame(
    family: int, version: int, mtu: int, header: bool, expected: int
) -> None:
    assert most_addresses(family, version, mtu, header=header) == expected
