from ipaddress import ip_address
from typing import Any

import pytest

from keepalived_py.config.model.addresses import VirtualAddress
from keepalived_py.config.model.globals import GlobalDefs
from keepalived_py.config.model.vrrp import Authentication, AuthHmac, Peer, VrrpInstance
from keepalived_py.config.vrrp_values import HmacKey
from keepalived_py.kernel.interfaces import InterfaceTable
from keepalived_py.kernel.rtnl import (
    AF_INET,
    AF_INET6,
    IFA_F_HOMEADDRESS,
    IFA_F_NODAD,
    IFA_F_NOPREFIXROUTE,
    IFA_F_TENTATIVE,
    IFF_RUNNING,
    IFF_UP,
    RT_SCOPE_LINK,
    Address,
    AddressEvent,
    AddressRequest,
    LinkEvent,
)
from keepalived_py.structure import replace
from keepalived_py.vrrp.authentication import AuthenticationType
from keepalived_py.vrrp.faults import faults_of
from keepalived_py.vrrp.footing import Footing, plain_footing
from keepalived_py.vrrp.parameters import UnicastPeer
from keepalived_py.vrrp.placement import parameters_of, place, source_of
from keepalived_py.vrrp.signature import SignatureMode, Signing, SigningKey
from keepalived_py.vrrp.virtual_link import VirtualLink, modified_eui64

MAC = bytes.fromhex("020000000001")
LINK_LOCAL = ip_address("fe80::1").packed
OWN = ip_address("192.168.0.201").packed


def table(*, flags: int = IFF_UP | IFF_RUNNING, addresses: bool = True) -> InterfaceTable:
    interfaces = InterfaceTable()
    interfaces.apply(LinkEvent(True, 2, "eth0", flags, 1, MAC, b"\xff" * 6, 1500, 0, 0, "veth"))
    if addresses:
        interfaces.apply(AddressEvent(True, 2, Address(AF_INET, OWN, 24, 0, 0)))
        interfaces.apply(AddressEvent(True, 2, Address(AF_INET6, LINK_LOCAL, 64, RT_SCOPE_LINK, 0)))
    return interfaces


def virtual(text: str, prefix_length: int, **options: Any) -> VirtualAddress:
    return VirtualAddress(address=ip_address(text), prefix_length=prefix_length, **options)


def instance(**options: Any) -> VrrpInstance:
    values: dict[str, Any] = {
        "name": "VI_1",
        "interface": "eth0",
        "virtual_router_id": 51,
        "priority": 150,
        "version": 2,
        "advert_int": 1.0,
        "virtual_ipaddress": (virtual("192.168.0.204", 24),),
    }
    return VrrpInstance(**(values | options))


def source(configured: VrrpInstance, interfaces: InterfaceTable) -> bytes:
    return source_of(configured, plain_footing(configured), interfaces)


def faults(configured: VrrpInstance, interfaces: InterfaceTable, own: bytes) -> dict[str, str]:
    return faults_of(configured, plain_footing(configured), interfaces, own)


def never(_name: str) -> bool:
    return False


def test_address_without_dev_goes_to_the_interface_of_the_instance() -> None:
    placed = place(virtual("192.168.0.204", 24), "eth0", table(), never)
    assert placed is not None
    assert placed.request == AddressRequest(AF_INET, ip_address("192.168.0.204").packed, 24, 2)
    assert (placed.interface_name, placed.text, placed.mac) == ("eth0", "192.168.0.204", MAC)


def test_address_on_a_missing_interface_has_no_place() -> None:
    assert place(virtual("192.168.0.204", 24), "eth7", table(), never) is None


def test_options_of_an_address_reach_netlink() -> None:
    placed = place(
        virtual(
            "192.168.0.204",
            24,
            scope=RT_SCOPE_LINK,
            label="eth0:1",
            broadcast=ip_address("192.168.0.255"),
            home=True,
            noprefixroute=True,
            preferred_lft=60,
            no_track=True,
        ),
        "eth0",
        table(),
        never,
    )
    assert placed is not None
    request = placed.request
    assert (request.scope, request.label, request.broadcast) == (RT_SCOPE_LINK, "eth0:1", bytes((192, 168, 0, 255)))
    assert request.flags == IFA_F_HOMEADDRESS | IFA_F_NOPREFIXROUTE
    assert request.preferred_lifetime == 60
    assert not placed.watched


def test_ipv6_address_skips_duplicate_detection_and_says_whether_we_forward() -> None:
    placed = place(virtual("2001:db8::1", 64), "eth0", table(), lambda name: name == "eth0")
    assert placed is not None
    assert placed.request.flags == IFA_F_NODAD
    assert placed.router


def test_ipv6_address_may_ask_for_duplicate_detection() -> None:
    placed = place(virtual("2001:db8::1", 64, nodad=True), "eth0", table(), never)
    assert placed is not None
    assert placed.request.flags == 0


def test_ipv6_host_address_is_deprecated_so_that_it_is_no_source() -> None:
    placed = place(virtual("2001:db8::1", 128), "eth0", table(), never)
    assert placed is not None
    assert placed.request.preferred_lifetime == 0


def test_source_is_the_first_address_that_is_not_virtual() -> None:
    interfaces = table()
    assert source(instance(), interfaces) == OWN
    assert source(instance(virtual_ipaddress=(virtual("192.168.0.201", 24),)), interfaces) == b""


def test_source_of_an_ipv6_instance_is_link_local() -> None:
    assert source(instance(virtual_ipaddress=(virtual("fe80::99", 64),), version=3), table()) == LINK_LOCAL


def test_configured_source_wins() -> None:
    assert source(instance(mcast_src_ip=ip_address("10.0.0.1")), table()) == bytes((10, 0, 0, 1))


def test_parameters_follow_the_configuration() -> None:
    parameters = parameters_of(
        instance(
            authentication=Authentication(auth_type="PASS", auth_pass="1111"),
            unicast_peer=(Peer(address=ip_address("192.168.0.130"), min_ttl=10, max_ttl=64),),
            unicast_ttl=33,
            nopreempt=True,
        ),
        GlobalDefs(),
        OWN,
        2.5,
    )
    assert parameters.virtual_addresses == (ip_address("192.168.0.204").packed,)
    assert parameters.authentication.type is AuthenticationType.PASSWORD
    assert parameters.authentication.key == b"1111"
    assert parameters.unicast_peers == (UnicastPeer(ip_address("192.168.0.130").packed, 10, 64),)
    assert (parameters.ttl, parameters.preempt_mode, parameters.startup_delay) == (33, False, 2.5)


def test_addresses_beyond_what_an_advert_can_list_are_not_in_it() -> None:
    many = tuple(virtual(f"10.0.{number >> 8}.{number & 255}", 32) for number in range(300))
    configured = instance(virtual_ipaddress=many)
    assert len(parameters_of(configured, GlobalDefs(), OWN, 0).virtual_addresses) == 255
    assert len(parameters_of(configured, GlobalDefs(), OWN, 0, mtu=576).virtual_addresses) == 131


def test_version_3_has_no_authentication() -> None:
    configured = instance(version=3, authentication=Authentication(auth_type="PASS", auth_pass="1111"))
    assert parameters_of(configured, GlobalDefs(), OWN, 0).authentication.type is AuthenticationType.NONE


@pytest.mark.parametrize(
    ("interfaces", "own", "expected"),
    [
        (table(), OWN, {}),
        (InterfaceTable(), b"", {"interface eth0 is missing": "interface eth0 appeared"}),
        (table(flags=IFF_UP), OWN, {"interface eth0 is down": "interface eth0 came up"}),
        (
            table(addresses=False),
            b"",
            {"interface eth0 has no IPv4 address": "interface eth0 has an IPv4 address"},
        ),
    ],
)
def test_each_fault_is_named_with_its_end(interfaces: InterfaceTable, own: bytes, expected: dict[str, str]) -> None:
    assert faults(instance(), interfaces, own) == expected


def test_interface_that_is_not_tracked_may_be_down() -> None:
    assert faults(instance(dont_track_primary=True), table(flags=0), OWN) == {}


def test_unicast_instance_without_peers_may_be_kept_in_fault() -> None:
    found = faults(instance(unicast_fault_no_peer=True), table(), OWN)
    assert found == {"no unicast peer is configured": "a unicast peer is configured"}


def test_configured_source_that_is_missing_is_a_fault_when_it_is_tracked() -> None:
    own = ip_address("192.168.0.99")
    configured = instance(mcast_src_ip=own)
    assert faults(configured, table(), own.packed) == {}
    tracked = instance(mcast_src_ip=own, track_src_ip=True)
    assert list(faults(tracked, table(), own.packed)) == ["interface eth0 has no address 192.168.0.99"]


def test_version_2_for_ipv6_runs_without_authentication() -> None:
    six = instance(
        virtual_ipaddress=(virtual("fe80::204", 64),), authentication=Authentication(auth_type="PASS", auth_pass="1111")
    )
    parameters = parameters_of(six, GlobalDefs(), LINK_LOCAL, 0.0)
    assert (parameters.family, parameters.version) == (6, 2)
    assert parameters.authentication.type is AuthenticationType.NONE


def signed(**options: Any) -> Signing | None:
    values: dict[str, Any] = {"key": (HmacKey(id=7, value="file:/k", octets=bytes(32)),), "active_key": 7, **options}
    return parameters_of(instance(auth_hmac=AuthHmac(**values)), GlobalDefs(), OWN, 0.0).signing


@pytest.mark.parametrize(
    ("options", "mode", "window"),
    [
        ({}, SignatureMode.ENFORCE, 5),
        ({"mode": "permissive", "time_window": 77}, SignatureMode.PERMISSIVE, 77),
        ({"mode": "receive-only", "anti_replay": "monotonic", "time_window": 7}, SignatureMode.RECEIVE_ONLY, None),
    ],
)
def test_signing_is_what_auth_hmac_says(options: dict[str, Any], mode: SignatureMode, window: int | None) -> None:
    assert signed(**options) == Signing((SigningKey(7, bytes(32)),), 7, mode, window)


@pytest.mark.parametrize(("interval", "window"), [(0.1, 5), (1.0, 5), (2.0, 6), (2.9, 6), (40.0, 120), (255.0, 300)])
def test_window_follows_from_the_interval(interval: float, window: int) -> None:
    configured = AuthHmac(key=(HmacKey(id=7, value="x", octets=bytes(32)),), active_key=7)
    made = parameters_of(instance(version=3, advert_int=interval, auth_hmac=configured), GlobalDefs(), OWN, 0.0)
    assert made.signing is not None
    assert made.signing.time_window == window


def test_instance_without_the_key_that_signs_is_in_fault_and_unsigned() -> None:
    keyless = instance(auth_hmac=AuthHmac(active_key=7))
    assert parameters_of(keyless, GlobalDefs(), OWN, 0.0).signing is None
    assert faults_of(keyless, plain_footing(keyless), table(), OWN) == {"auth_hmac has no key 7": "auth_hmac has a key"}


def test_signed_advert_has_room_for_one_ipv6_address_less() -> None:
    addresses = tuple(virtual(f"fe80::{number:x}", 64) for number in range(1, 100))
    for mode, count in (("enforce", 88), ("receive-only", 89)):
        hmac = AuthHmac(key=(HmacKey(id=7, value="x", octets=bytes(32)),), active_key=7, mode=mode)
        six = instance(version=3, virtual_ipaddress=addresses, auth_hmac=hmac)
        assert len(parameters_of(six, GlobalDefs(), LINK_LOCAL, 0.0).virtual_addresses) == count


VMAC = VirtualLink("macvlan", "vrrp.51", "eth0", 4, bytes.fromhex("00005e000133"))
IPVLAN = VirtualLink("ipvlan", "ipv0", "eth0", 4, address=(bytes((10, 0, 0, 5)), 24))


def standing(link: VirtualLink, flags: int, base_flags: int = IFF_UP | IFF_RUNNING) -> tuple[Footing, InterfaceTable]:
    """An instance on a link of its own, and the interfaces."""
    interfaces = table(flags=base_flags)
    interfaces.apply(LinkEvent(True, 9, link.name, flags, 1, link.mac, b"", 1500, 2, 0, link.kind))
    return Footing("eth0", link.name, link.name, (link,), own_place=("eth0", 4)), interfaces


@pytest.mark.parametrize(
    ("flags", "base_flags", "expected"),
    [
        (IFF_UP, IFF_UP | IFF_RUNNING, []),
        (0, IFF_UP | IFF_RUNNING, ["interface vrrp.51 is down"]),
        (IFF_UP | IFF_RUNNING, IFF_UP, ["interface eth0 is down"]),
    ],
    ids=["up, its carrier not reported yet", "set down", "no carrier below"],
)
def test_vmac_is_down_when_it_is_set_down_or_the_interface_below_is(
    flags: int, base_flags: int, expected: list[str]
) -> None:
    footing, interfaces = standing(VMAC, flags, base_flags)
    assert list(faults_of(instance(), footing, interfaces, OWN)) == expected
    assert faults_of(instance(dont_track_primary=True), footing, interfaces, OWN) == {}


def test_instance_whose_vmac_is_missing_or_another_ones_is_in_fault() -> None:
    footing, interfaces = standing(VMAC, IFF_UP)
    missing = faults_of(instance(), footing, table(), OWN)
    assert missing == {"interface vrrp.51 is missing": "interface vrrp.51 appeared"}
    taken = replace(footing, conflict="instance VI_2 has the interface vrrp.51 already")
    assert list(faults_of(instance(), taken, interfaces, OWN)) == ["instance VI_2 has the interface vrrp.51 already"]


def test_adverts_of_an_ipvlan_come_from_its_own_address_and_without_one_from_none() -> None:
    footing, interfaces = standing(IPVLAN, IFF_UP)
    assert source_of(instance(), footing, interfaces) == bytes((10, 0, 0, 5))
    footing, interfaces = standing(replace(IPVLAN, address=None), IFF_UP)
    assert source_of(instance(), footing, interfaces) == b""
    assert list(faults_of(instance(), footing, interfaces, b"")) == ["interface ipv0 has no IPv4 address"]


def test_ipv6_vmac_borrows_a_link_local_address_that_is_not_ready_or_makes_one() -> None:
    six = instance(version=3, virtual_ipaddress=(virtual("fe80::99", 64),))
    footing, _ = standing(replace(VMAC, family=6), IFF_UP)
    interfaces = table(addresses=False)
    assert source_of(six, footing, interfaces) == modified_eui64(MAC)
    assert source_of(six, plain_footing(six), interfaces) == b""
    interfaces.apply(AddressEvent(True, 2, Address(AF_INET6, LINK_LOCAL, 64, RT_SCOPE_LINK, IFA_F_TENTATIVE)))
    assert source_of(six, footing, interfaces) == LINK_LOCAL
    assert source_of(six, plain_footing(six), interfaces) == b""


def test_address_on_a_vmac_is_paced_with_the_interface_below() -> None:
    _, interfaces = standing(VMAC, IFF_UP)
    placed = place(virtual("192.168.0.204", 24), "vrrp.51", interfaces, never)
    assert placed is not None
    assert (placed.mac, placed.request.interface, placed.lane.interface) == (VMAC.mac, 9, "eth0")
