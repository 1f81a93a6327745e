"""IPVS requests, byte by byte against linux/ip_vs.h, and back again."""

import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.kernel import ipvs
from keepalived_py.kernel.ipvs import Destination, Service, SyncDaemon, Timeouts
from keepalived_py.kernel.ipvs_statistics import Statistics
from keepalived_py.kernel.message import (
    HEADER_LENGTH,
    MalformedMessageError,
    Message,
    attribute,
    attributes,
    message,
    split,
)

FAMILY = 0x1B
TCP = 6
WEB = Service(
    protocol=TCP, address=bytes((192, 0, 2, 1)), port=80, scheduler="rr", flags=ipvs.FLAG_PERSISTENT, timeout=360
)
SERVER = Destination(address=bytes((10, 0, 0, 2)), port=8080, method=ipvs.FORWARD_ROUTE, weight=5, upper=9, lower=3)


def payload(request: bytes) -> bytes:
    return request[HEADER_LENGTH:]


def test_service_is_added_with_everything_that_the_kernel_wants() -> None:
    request = ipvs.service_added(FAMILY, WEB)
    length, kind, flags = struct.unpack_from("=IHH", request)
    assert (length, kind, flags) == (len(request), FAMILY, 1)
    assert payload(request)[:4] == bytes((ipvs.NEW_SERVICE, 1, 0, 0))
    outer = attributes(request, HEADER_LENGTH + 4, len(request))
    inner = attributes(outer[ipvs.CMD_SERVICE], 0, len(outer[ipvs.CMD_SERVICE]))
    assert inner == {
        ipvs.SVC_AF: b"\x02\x00",
        ipvs.SVC_PROTOCOL: b"\x06\x00",
        ipvs.SVC_ADDR: bytes((192, 0, 2, 1)) + bytes(12),
        ipvs.SVC_PORT: b"\x00\x50",
        ipvs.SVC_SCHED_NAME: b"rr\0",
        ipvs.SVC_FLAGS: b"\x01\0\0\0\xff\xff\xff\xff",
        ipvs.SVC_TIMEOUT: struct.pack("=I", 360),
        ipvs.SVC_NETMASK: b"\xff\xff\xff\xff",
    }


@pytest.mark.parametrize(
    ("family", "granularity", "expected"),
    [
        (ipvs.AF_INET, b"", b"\xff\xff\xff\xff"),
        (ipvs.AF_INET, b"\1\2\3\4", b"\1\2\3\4"),
        (ipvs.AF_INET6, b"", struct.pack("=I", 128)),
        (ipvs.AF_INET6, ipvs.IPV6_GRANULARITY.pack(64), struct.pack("=I", 64)),
    ],
)
def test_granularity_is_a_mask_for_ipv4_and_a_length_for_ipv6(family: int, granularity: bytes, expected: bytes) -> None:
    assert Service(family=family, granularity=granularity).netmask == expected


def test_mark_is_all_that_identifies_a_service_with_one() -> None:
    marked = Service(mark=7, protocol=TCP, port=80, address=bytes(4))
    assert marked.key == (ipvs.AF_INET, 0, b"", 0, 7)
    request = ipvs.service_deleted(FAMILY, marked)
    outer = attributes(request, HEADER_LENGTH + 4, len(request))
    inner = attributes(outer[ipvs.CMD_SERVICE], 0, len(outer[ipvs.CMD_SERVICE]))
    assert inner == {ipvs.SVC_AF: b"\x02\x00", ipvs.SVC_FWMARK: struct.pack("=I", 7)}


def answered(request: bytes) -> tuple[Message, bytes]:
    """A request, as if it were the answer to a dump: the kernel uses the same attributes."""
    return next(split(request)), request


SERVICES = st.builds(
    Service,
    family=st.just(ipvs.AF_INET),
    protocol=st.sampled_from([6, 17, 132]),
    address=st.binary(min_size=4, max_size=4),
    port=st.integers(0, 65535),
    scheduler=st.sampled_from(["rr", "mh", "wlc"]),
    flags=st.sampled_from([0, 1, 4, 0x18, 0x38]),
    timeout=st.integers(0, 2678400),
    granularity=st.sampled_from([b"", b"\xff\xff\xff\0", b"\1\2\3\4", bytes(4)]),
    engine=st.sampled_from(["", "sip"]),
)
DESTINATIONS = st.builds(
    Destination,
    family=st.just(ipvs.AF_INET6),
    address=st.binary(min_size=16, max_size=16),
    port=st.integers(0, 65535),
    method=st.just(ipvs.FORWARD_TUNNEL),
    weight=st.integers(0, 2**31 - 1),
    upper=st.integers(0, 2**32 - 1),
    lower=st.integers(0, 2**32 - 1),
    tunnel=st.sampled_from([0, 1, 2]),
    tunnel_port=st.integers(0, 65535),
    tunnel_flags=st.sampled_from([0, 1, 2]),
)


@given(service=SERVICES)
def test_service_comes_back_as_it_went(service: Service) -> None:
    found = ipvs.service_of(*answered(ipvs.service_added(FAMILY, service)))
    assert found is not None
    assert found[0] == service


@given(destination=DESTINATIONS)
def test_destination_comes_back_as_it_went(destination: Destination) -> None:
    found = ipvs.destination_of(*answered(ipvs.destination_added(FAMILY, WEB, destination)), WEB)
    assert found is not None
    assert found[0] == destination


def test_destination_is_deleted_by_its_key_alone() -> None:
    request = ipvs.destination_deleted(FAMILY, WEB, SERVER)
    outer = attributes(request, HEADER_LENGTH + 4, len(request))
    assert set(attributes(outer[ipvs.CMD_DEST], 0, len(outer[ipvs.CMD_DEST]))) == {
        ipvs.DEST_ADDR,
        ipvs.DEST_PORT,
        ipvs.DEST_ADDR_FAMILY,
    }


@pytest.mark.parametrize(
    "daemon",
    [
        SyncDaemon(state=ipvs.SYNC_MASTER, interface="eth0"),
        SyncDaemon(
            state=ipvs.SYNC_BACKUP,
            interface="eth1",
            identity=51,
            longest=1400,
            group=ip_address("224.0.0.99").packed,
            port=9000,
            ttl=3,
        ),
    ],
)
def test_sync_daemon_comes_back_as_it_went(daemon: SyncDaemon) -> None:
    assert ipvs.daemon_of(*answered(ipvs.daemon_started(FAMILY, daemon))) == daemon


def test_timeouts_are_seconds() -> None:
    request = ipvs.timeouts_changed(FAMILY, Timeouts(tcp=900, udp=300))
    found = attributes(request, HEADER_LENGTH + 4, len(request))
    assert [struct.unpack("=I", found[kind])[0] for kind in (4, 5, 6)] == [900, 0, 300]


def test_statistics_are_counters_of_64_bits() -> None:
    counters = b"".join(attribute(kind, struct.pack("=Q", 10**12 + kind)) for kind in range(1, 11))
    inner = attribute(ipvs.SVC_AF, b"\x02\0") + attribute(ipvs.SVC_STATS64, counters)
    answer = message(FAMILY, 0, bytes(4) + attribute(ipvs.CMD_SERVICE, inner))
    found = ipvs.service_of(*answered(answer))
    assert found is not None
    assert found[1] == Statistics(*(10**12 + kind for kind in range(1, 11)))


def test_statistics_of_a_destination_tell_its_connections_now() -> None:
    counters = attribute(1, struct.pack("=Q", 9)) + attribute(10, struct.pack("=Q", 7))
    now = b"".join(
        attribute(kind, struct.pack("=I", value))
        for kind, value in ((ipvs.DEST_ACTIVE_CONNS, 3), (ipvs.DEST_INACT_CONNS, 4), (ipvs.DEST_PERSIST_CONNS, 5))
    )
    inner = attribute(ipvs.DEST_ADDR, SERVER.address) + now + attribute(ipvs.DEST_STATS64, counters)
    answer = message(FAMILY, 0, bytes(4) + attribute(ipvs.CMD_DEST, inner))
    found = ipvs.destination_of(*answered(answer), WEB)
    assert found is not None
    assert found[1] == Statistics(connections=9, byte_rate_out=7, active=3, inactive=4, persistent=5)


def test_one_service_is_asked_for_by_its_key() -> None:
    request = ipvs.service_wanted(FAMILY, WEB)
    assert payload(request)[:4] == bytes((ipvs.GET_SERVICE, 1, 0, 0))
    assert struct.unpack_from("=H", request, 6)[0] == 1  # one answer, no dump
    outer = attributes(request, HEADER_LENGTH + 4, len(request))
    assert set(attributes(outer[ipvs.CMD_SERVICE], 0, len(outer[ipvs.CMD_SERVICE]))) == {
        ipvs.SVC_AF,
        ipvs.SVC_PROTOCOL,
        ipvs.SVC_ADDR,
        ipvs.SVC_PORT,
    }


@given(data=st.binary(max_size=200))
def test_whatever_the_kernel_may_answer_is_a_value_or_a_malformed_message(data: bytes) -> None:
    answer = message(FAMILY, 0, bytes(4) + data)
    for take in (ipvs.service_of, ipvs.daemon_of):
        try:
            take(*answered(answer))
        except MalformedMessageError:
            continue
