"""What virtual servers are in the kernel."""

from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest

from keepalived_py.check.service import (
    destination_of,
    full_name_of,
    name_of,
    services_of,
    sorry_destination_of,
)
from keepalived_py.config.check_values import Endpoint, Forwarding
from keepalived_py.config.model.check import GroupEntry, RealServer, VirtualServer, VirtualServerGroup
from keepalived_py.kernel import ipvs
from keepalived_py.kernel.ipvs import Destination, Service

VIP, RIP = IPv4Address("10.0.0.9"), IPv4Address("10.0.0.2")
VIP6 = IPv6Address("2001:db8::9")


def web(**changes: Any) -> VirtualServer:
    values: dict[str, Any] = {"address": VIP, "port": 80, "protocol": "TCP"}
    return VirtualServer(**(values | changes))


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (web(), Service(protocol=6, address=VIP.packed, port=80)),
        (web(protocol="SCTP", lvs_sched="rr"), Service(protocol=132, address=VIP.packed, port=80, scheduler="rr")),
        (web(address=VIP6), Service(family=ipvs.AF_INET6, protocol=6, address=VIP6.packed, port=80)),
        (VirtualServer(fwmark=7), Service(mark=7)),
        (VirtualServer(fwmark=7, ip_family="inet6"), Service(family=ipvs.AF_INET6, mark=7)),
        (
            VirtualServer(fwmark=7, real_server=(RealServer(address=VIP6),)),
            Service(family=ipvs.AF_INET6, mark=7),
        ),
        (
            web(persistence_timeout=50),
            Service(protocol=6, address=VIP.packed, port=80, flags=ipvs.FLAG_PERSISTENT, timeout=50),
        ),
        (
            web(persistence_granularity=IPv4Address("255.255.255.0"), persistence_engine="sip"),
            Service(
                protocol=6,
                address=VIP.packed,
                port=80,
                flags=ipvs.FLAG_PERSISTENT,
                timeout=360,
                granularity=b"\xff\xff\xff\0",
                engine="sip",
            ),
        ),
        (
            web(protocol="UDP", ops=True, lvs_sched="sh", sh_port=True, sh_fallback=True),
            Service(protocol=17, address=VIP.packed, port=80, scheduler="sh", flags=0x1C),
        ),
        (
            web(lvs_sched="mh", mh_port=True, flag_3=True),
            Service(protocol=6, address=VIP.packed, port=80, scheduler="mh", flags=0x30),
        ),
    ],
)
def test_virtual_server_is_one_service(server: VirtualServer, expected: Service) -> None:
    assert services_of(server, {}) == (expected,)


def test_group_is_a_service_for_each_address_and_mark_and_none_twice() -> None:
    group = VirtualServerGroup(
        name="G",
        entries=(
            GroupEntry(address=VIP, port=80),
            GroupEntry(address=IPv4Address("10.0.0.8"), last=IPv4Address("10.0.0.10"), port=80),
            GroupEntry(fwmark=5),
        ),
    )
    server = VirtualServer(group="G", protocol="TCP")
    found = [(service.address[-1:], service.port, service.mark) for service in services_of(server, {"G": group})]
    assert found == [(b"\x09", 80, 0), (b"\x08", 80, 0), (b"\x0a", 80, 0), (b"", 0, 5)]


def test_unknown_group_is_no_service() -> None:
    assert services_of(VirtualServer(group="missing"), {}) == ()


@pytest.mark.parametrize(
    ("real", "virtual", "expected"),
    [
        (RealServer(address=RIP, port=8080), web(), Destination(address=RIP.packed, port=8080, weight=3)),
        (RealServer(address=RIP), web(), Destination(address=RIP.packed, port=80, weight=3)),
        (
            RealServer(address=RIP, uthreshold=9, lthreshold=4),
            web(lvs_method=Forwarding(method="DR")),
            Destination(address=RIP.packed, port=80, weight=3, method=ipvs.FORWARD_ROUTE, upper=9, lower=4),
        ),
        (
            RealServer(address=RIP, lvs_method=Forwarding(method="TUN", tunnel="gue", port=6080, checksum="csum")),
            web(lvs_method=Forwarding(method="DR")),
            Destination(
                address=RIP.packed,
                port=80,
                weight=3,
                method=ipvs.FORWARD_TUNNEL,
                tunnel=ipvs.TUNNEL_GUE,
                tunnel_port=6080,
                tunnel_flags=ipvs.TUNNEL_CHECKSUM,
            ),
        ),
    ],
)
def test_real_server_is_a_destination(real: RealServer, virtual: VirtualServer, expected: Destination) -> None:
    assert destination_of(real, virtual, 3) == expected


def test_sorry_server_has_its_own_method_or_that_of_the_virtual_server() -> None:
    sorry = Endpoint(address=RIP, port=81)
    route = Forwarding(method="DR")
    assert sorry_destination_of(web(), 1) is None
    assert sorry_destination_of(web(sorry_server=sorry, lvs_method=route), 1) == Destination(
        address=RIP.packed, port=81, method=ipvs.FORWARD_ROUTE
    )
    own = web(sorry_server=sorry, sorry_server_lvs_method=Forwarding(method="NAT"), lvs_method=route)
    assert sorry_destination_of(own, 0) == Destination(address=RIP.packed, port=81, weight=0)


@pytest.mark.parametrize(
    ("server", "name", "full"),
    [
        (web(), "[10.0.0.9]:80", "[10.0.0.9]:tcp:80"),
        (VirtualServer(fwmark=7), "FWM 7", "FWM 7"),
        (VirtualServer(group="G", port=80, protocol="TCP"), "[G]:80", "[G]:80"),
        (web(address=VIP6, port=0), "[2001:db8::9]", "[2001:db8::9]:tcp:0"),
    ],
)
def test_virtual_server_has_a_name_for_the_log_and_one_for_pipes(server: VirtualServer, name: str, full: str) -> None:
    assert (name_of(server), full_name_of(server)) == (name, full)
