"""Our adverts against those recorded from the real keepalived: the same bytes, and believed when they arrive."""

import json
import re
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from keepalived_py.vrrp.authentication import Authentication, AuthenticationHeader, AuthenticationType
from keepalived_py.vrrp.effects import Effect
from keepalived_py.vrrp.packet import ipv4_header
from keepalived_py.vrrp.parameters import IPV4, IPV6, Parameters, UnicastPeer
from keepalived_py.vrrp.rejection import Rejection
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.state import State

VECTORS = sorted((Path(__file__).parent / "vectors").glob("*.json"))
HEADER_VECTORS = [path for path in VECTORS if path.stem.startswith("v2-ah")]
PLAIN_VECTORS = [path for path in VECTORS if path not in HEADER_VECTORS]
IPV4_VECTORS = [path for path in VECTORS if "ipv6" not in path.stem]


def packed(text: str) -> bytes:
    return ip_address(text).packed


def word(config: str, keyword: str, default: str = "") -> str:
    found = re.search(rf"^\s*{keyword} (\S+)", config, re.MULTILINE)
    return found.group(1) if found else default


def block(config: str, keyword: str) -> list[str]:
    found = re.search(rf"{keyword} {{(.*?)}}", config, re.DOTALL)
    return found.group(1).split() if found else []


def configured(vector: dict[str, Any], **changes: Any) -> Parameters:
    """Parameters of the recorded sender, from its configuration text alone (and the address it had)."""
    config = vector["config"]
    source = packed(vector["adverts"][0]["source"])
    kind = {"PASS": AuthenticationType.PASSWORD, "AH": AuthenticationType.HEADER}.get(word(config, "auth_type"))
    values: dict[str, Any] = {
        "name": "recorded",
        "family": IPV4 if len(source) == 4 else IPV6,
        "version": int(word(config, "version", "2")),
        "vrid": int(word(config, "virtual_router_id")),
        "priority": int(word(config, "priority")),
        "advertisement_interval": float(word(config, "advert_int")),
        "virtual_addresses": tuple(packed(text.split("/")[0]) for text in block(config, "virtual_ipaddress")),
        "source_address": source,
        "unicast_peers": tuple(UnicastPeer(packed(text)) for text in block(config, "unicast_peer")),
    }
    if kind is not None:
        values["authentication"] = Authentication(kind, word(config, "auth_pass").encode())
    return Parameters(**{**values, **changes})


def load(path: Path) -> dict[str, Any]:
    vector: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return vector


def receive(router: VirtualRouter, now: float, packet: dict[str, Any]) -> tuple[Effect, ...]:
    if router.parameters.family == IPV4:
        return router.datagram_received(now, bytes.fromhex(packet["datagram"]))
    source, destination = packed(packet["source"]), packed(packet["destination"])
    return router.datagram_received(now, bytes.fromhex(packet["payload"]), source, packet["ttl"], destination)


def without_kernel_fields(datagram: bytes) -> bytes:
    """An IPv4 datagram without the id and the checksum, which the kernel fills in for ours."""
    return datagram[:4] + bytes(2) + datagram[6:10] + bytes(2) + datagram[12:]


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_recorded_adverts_are_believed_by_a_backup_and_its_last_one_makes_it_wait_the_skew_only(path: Path) -> None:
    vector = load(path)
    peers = (UnicastPeer(packed(vector["adverts"][0]["source"])),) if block(vector["config"], "unicast_peer") else ()
    receiver = VirtualRouter(
        configured(vector, priority=1, source_address=packed(vector["adverts"][0]["destination"]), unicast_peers=peers)
    )
    receiver.started(0.0)
    for number, packet in enumerate(vector["adverts"], start=1):
        receive(receiver, float(number), packet)
        assert receiver.deadline_at == float(number) + receiver.instance.master_down_interval
    receive(receiver, 4.0, vector["resignation"])
    skew = receiver.instance.master_down_interval - 3 * receiver.parameters.advertisement_interval
    assert receiver.deadline_at == pytest.approx(4.0 + skew, abs=1e-9)
    assert receiver.last_rejection is None
    assert (receiver.counters.advert_rcvd, receiver.counters.pri_zero_rcvd) == (4, 1)
    assert receiver.instance.master_priority == configured(vector).priority


@pytest.mark.parametrize("path", PLAIN_VECTORS, ids=lambda path: path.stem)
def test_our_advert_and_resignation_have_the_recorded_bytes(path: Path) -> None:
    vector = load(path)
    sender = VirtualRouter(configured(vector))
    for resigning, packet in ((False, vector["adverts"][0]), (True, vector["resignation"])):
        [(destination, datagram)] = sender.adverts_to_send(resigning=resigning)
        assert destination == packed(packet["destination"])
        if sender.parameters.family == IPV6:
            assert datagram.hex() == packet["payload"]
        else:
            assert datagram.hex() == without_kernel_fields(bytes.fromhex(packet["datagram"])).hex()


@pytest.mark.parametrize("path", HEADER_VECTORS, ids=lambda path: path.stem)
def test_our_authentication_header_has_the_recorded_check_value(path: Path) -> None:
    vector = load(path)
    parameters = configured(vector)
    header = AuthenticationHeader(parameters.authentication, unicast=False)
    for packet in (*vector["adverts"], vector["resignation"]):
        recorded = bytes.fromhex(packet["datagram"])
        header.sequence = int.from_bytes(recorded[28:32])
        ours = ipv4_header(
            recorded[12:16],
            recorded[16:20],
            len(recorded) - 20,
            255,
            protocol=51,
            ip_id=int.from_bytes(recorded[4:6]),
        )
        signed = header.signed(ours, bytes.fromhex(packet["payload"]))
        assert signed[20:].hex() == recorded[20:].hex()


@pytest.mark.parametrize("path", HEADER_VECTORS, ids=lambda path: path.stem)
def test_our_first_adverts_with_an_authentication_header_have_the_recorded_bytes(path: Path) -> None:
    vector = load(path)
    sender = VirtualRouter(configured(vector))
    for packet in vector["adverts"]:
        [(_, datagram)] = sender.adverts_to_send()
        recorded = bytes.fromhex(packet["datagram"])
        assert datagram.hex() == (recorded[:10] + bytes(2) + recorded[12:]).hex()


@pytest.mark.parametrize("path", IPV4_VECTORS, ids=lambda path: path.stem)
def test_recorded_advert_with_one_flipped_bit_of_its_last_octet_is_refused(path: Path) -> None:
    vector = load(path)
    datagram = bytearray.fromhex(vector["adverts"][0]["datagram"])
    datagram[-1] ^= 1
    source = packed(vector["adverts"][0]["source"])
    peers = (UnicastPeer(source),) if block(vector["config"], "unicast_peer") else ()
    receiver = VirtualRouter(configured(vector, priority=1, unicast_peers=peers))
    receiver.started(0.0)
    before = receiver.deadline_at
    assert receiver.datagram_received(1.0, bytes(datagram)) == (Effect.REPORT_NOTES,)
    expected = {"v2-pass": Rejection.PASSWORD, "v2-ah": Rejection.INTEGRITY_CHECK}
    assert receiver.last_rejection is expected.get(path.stem.rsplit("-", 1)[0], Rejection.CHECKSUM)
    assert (receiver.deadline_at, receiver.state) == (before, State.BACKUP)
