"""How large the receive buffers of adverts become."""

import pytest

from keepalived_py.config.model.globals import GlobalDefs
from keepalived_py.vrrp.authentication import Authentication, AuthenticationType
from keepalived_py.vrrp.parameters import IPV4, IPV6, Parameters
from keepalived_py.vrrp.receive_buffer import LARGEST, BufferPolicy, advert_length, total
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.timers import VERSION_2, VERSION_3

SOURCES = {IPV4: bytes((192, 0, 2, 1)), IPV6: b"\xfe\x80" + bytes(13) + b"\1"}


@pytest.mark.parametrize(
    ("policy", "own", "share"),
    [
        (BufferPolicy(), None, 0),
        (BufferPolicy(), 5000, 5000),
        (BufferPolicy(7000), None, 7000),
        (BufferPolicy(7000), 5000, 5000),
        (BufferPolicy(0), None, 0),
        (BufferPolicy("MTU"), None, 3 * 1500),
        (BufferPolicy("ADVERT", 10), None, 10 * 40),
        (BufferPolicy("ADVERT", 10), 5000, 5000),
    ],
)
def test_share_of_an_instance(policy: BufferPolicy, own: int | None, share: int) -> None:
    assert policy.share(own, advert=40, mtu=1500) == share


def test_policy_is_what_the_configuration_says() -> None:
    assert BufferPolicy.of(GlobalDefs()) == BufferPolicy(None, 3)
    defs = GlobalDefs(vrrp_rx_bufs_policy="ADVERT", vrrp_rx_bufs_multiplier=9)
    assert BufferPolicy.of(defs) == BufferPolicy("ADVERT", 9)


def test_shares_add_up_to_what_the_kernel_can_be_told() -> None:
    assert total([]) == 0
    assert total([100, 200]) == 300
    assert total([LARGEST, 1]) == LARGEST


@pytest.mark.parametrize("count", [1, 7])
@pytest.mark.parametrize(
    ("family", "version", "kind"),
    [
        (IPV4, VERSION_2, AuthenticationType.NONE),
        (IPV4, VERSION_2, AuthenticationType.PASSWORD),
        (IPV4, VERSION_2, AuthenticationType.HEADER),
        (IPV4, VERSION_3, AuthenticationType.NONE),
        (IPV6, VERSION_3, AuthenticationType.NONE),
    ],
)
def test_length_of_an_advert_is_that_of_the_bytes_sent(
    family: int, version: int, kind: AuthenticationType, count: int
) -> None:
    size = 4 if family == IPV4 else 16
    parameters = Parameters(
        name="VI_1",
        family=family,
        version=version,
        vrid=51,
        priority=100,
        advertisement_interval=1.0,
        virtual_addresses=tuple(bytes(size - 1) + bytes((number,)) for number in range(1, count + 1)),
        source_address=SOURCES[family],
        multicast_destination=bytes((224, 0, 0, 18)) if family == IPV4 else b"\xff\x02" + bytes(13) + b"\x12",
        authentication=Authentication(kind, b"secret"),
    )
    ((_, datagram),) = VirtualRouter(parameters).adverts_to_send()
    assert advert_length(parameters) == len(datagram)
