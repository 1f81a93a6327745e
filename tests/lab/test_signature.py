"""Signed adverts between daemons: takeover, keys that change under way, keys that differ, keys that are not there."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.conformance import signer
from tests.lab.configs import CALM, FAST, instance
from tests.lab.pair import VIP, Pair, plug_pair
from tests.lab.waiting import holds_for

if TYPE_CHECKING:
    from tests.lab.capturing import Capture
    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

KEY = bytes(range(32))
NEW_KEY = bytes(range(50, 114))
KEY_FILE = "/etc/keepalived/vrrp.key"
UNICAST = ("192.168.0.201", "192.168.0.130")


def signed(*lines: str) -> tuple[str, ...]:
    return ("auth_hmac {", *lines, "}")


def by_file(*lines: str) -> tuple[str, ...]:
    return signed(f"key 1 file:{KEY_FILE}", "active_key 1", *lines)


def store_key(node: Node, key: bytes = KEY) -> None:
    file = node.path(KEY_FILE)
    file.write_text(f"hex:{key.hex()}\n", encoding="ascii")
    file.chmod(0o600)


def peers(own: int) -> tuple[str, ...]:
    return (f"unicast_src_ip {UNICAST[own]}", "unicast_peer {", UNICAST[1 - own], "}")


def scenes(priority: int, own: int) -> str:
    """Version 3 to a group, version 2 to peers, and IPv6."""
    six = instance(priority, (*FAST, *by_file()), name="six", vrid=53, addresses=["fe80::53:1/64", "2001:db8::53/64"])
    two = instance(priority, (*by_file(), *peers(own)), name="two", vrid=52, addresses=["192.168.0.205/24"])
    return instance(priority, (*FAST, *by_file())) + two + six


def start(pair: Pair, config: str, other: str) -> None:
    pair.first.configure(config)
    pair.second.configure(other)
    for node in (pair.first, pair.second):
        node.start()


def wait_for_lines(pair: Pair, node: Node, text: str, count: int) -> None:
    pair.wait(
        lambda: sum(text in line for line in node.log("Keepalived_vrrp")) >= count,
        10,
        f"{text} x{count} on {node.name}",
    )


def check_signatures(capture: Capture) -> set[int]:
    """Every signed advert so far is what `signer` would have made of it; the virtual router ids seen."""
    seen = set()
    for advert in capture.adverts():
        six = ":" in advert.source
        length = 8 + advert.address_count * (16 if six else 4) + (8 if advert.version == 2 else 0)
        message, trailer = advert.payload[:length], advert.payload[length:]
        source = advert.datagram[8:24] if six else advert.datagram[12:16]
        assert trailer == signer.trailer(KEY, 1, source, message, trailer[4:12])
        assert abs(int.from_bytes(trailer[4:8]) - advert.at) < 60
        if six:
            pseudo = signer.ipv6_pseudo_header(source, advert.datagram[24:40], len(advert.payload))
            assert signer.ones_complement(pseudo + advert.payload) == b"\0\0"
        seen.add(advert.vrid)
    return seen


def test_signed_routers_of_every_kind_elect_and_hand_over(lab: Lab) -> None:
    pair = plug_pair(lab, ipv6=True)
    for node in (pair.first, pair.second):
        store_key(node)
    start(pair, scenes(150, 0), scenes(100, 1))
    vips = (VIP, "192.168.0.205/24", "2001:db8::53/64")
    for vip in vips:
        pair.wait_for_holder(pair.first, vip, 15)
    capture = pair.second.capture()
    pair.wait(lambda: check_signatures(capture) == {51, 52, 53}, 10, "signed adverts of all three")
    assert capture.adverts(outgoing=True) == []
    pair.first.stop()
    for vip in vips:
        pair.wait_for_holder(pair.second, vip, 15)
    pair.wait(
        lambda: {advert.vrid for advert in capture.adverts(outgoing=False) if advert.priority == 0} == {51, 52, 53},
        5,
        "the resignations",
    )
    text = "\n".join((*pair.first.log(), *pair.second.log()))
    assert "authentication" not in text
    assert KEY.hex() not in text


def test_keys_that_differ_are_told_on_both_sides(lab: Lab) -> None:
    pair = plug_pair(lab)
    store_key(pair.first)
    store_key(pair.second, NEW_KEY)
    start(pair, instance(150, (*FAST, *by_file())), instance(100, (*FAST, *by_file())))
    for node, other in ((pair.first, "192.168.0.130"), (pair.second, "192.168.0.201")):
        line = f"(VI_1) invalid authentication HMAC from {other} (other key, or changed on the way)"
        wait_for_lines(pair, node, line, 1)


def test_reload_rotates_the_key_without_a_transition(lab: Lab) -> None:
    pair = plug_pair(lab)
    both = (f"key 1 hex:{KEY.hex()}", f"key 2 hex:{NEW_KEY.hex()}")
    sweeps = [signed(*both, "active_key 1"), signed(*both, "active_key 2"), signed(both[1], "active_key 2")]
    config = signed(both[0], "active_key 1")
    start(pair, instance(150, (*FAST, *config)), instance(100, (*FAST, *config)))
    pair.wait_for_holder(pair.first)
    capture = pair.second.capture()
    for number, sweep in enumerate(sweeps, 1):
        for node, priority in ((pair.second, 100), (pair.first, 150)):
            node.configure(instance(priority, (*FAST, *sweep)))
            node.kill(node.parent_pid(), signal.SIGHUP)
            wait_for_lines(pair, node, "(VI_1) reconfigured, stays", number)
    pair.wait(lambda: {advert.payload[13] for advert in capture.adverts()} == {1, 2}, 10, "adverts by the new key")
    holds_for(lambda: pair.first.has(VIP) and not pair.second.has(VIP), 1.0, "the master stays")
    assert capture.adverts(outgoing=True) == []
    assert not [line for line in pair.second.log("Keepalived_vrrp") if "authentication" in line]


def test_respawned_master_goes_on_signing(lab: Lab) -> None:
    pair = plug_pair(lab)
    monotonic = by_file("anti_replay monotonic")
    for node in (pair.first, pair.second):
        store_key(node)
    start(pair, instance(150, (*CALM, *monotonic)), instance(100, (*CALM, *monotonic)))
    pair.wait_for_holder(pair.first)
    capture = pair.second.capture()
    killed = pair.first.vrrp_pid()
    pair.first.kill(killed, signal.SIGKILL)
    pair.wait(lambda: pair.first.vrrp_pid() not in {0, killed}, 10, "another child")
    before = len(capture.adverts())
    pair.wait(lambda: len(capture.adverts()) > before + 5, 10, "more adverts")
    assert check_signatures(capture) == {51}
    assert capture.adverts(outgoing=True) == []


def test_key_that_cannot_be_read_is_a_fault_and_not_an_unsigned_router(lab: Lab) -> None:
    pair = plug_pair(lab)
    store_key(pair.second)
    start(pair, instance(150, (*FAST, *by_file())), instance(100, (*FAST, *by_file())))
    pair.wait_for_holder(pair.second)
    pair.wait(
        lambda: "(VI_1) INIT -> FAULT: auth_hmac has no key 1" in pair.first.log("Keepalived_vrrp"), 5, "the reason"
    )
    store_key(pair.first)
    pair.first.kill(pair.first.parent_pid(), signal.SIGHUP)
    pair.wait_for_holder(pair.first)
    pair.wait_for_line(pair.first, "(VI_1) FAULT -> BACKUP: auth_hmac has a key")
