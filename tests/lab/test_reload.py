"""SIGHUP: all or nothing, and nothing where nothing changed."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.lab.configs import FAST, instance
from tests.lab.metronome import Metronome
from tests.lab.pair import VIP, start_pair
from tests.lab.test_adoption import transitions

if TYPE_CHECKING:
    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

CONFIG = "/etc/keepalived/keepalived.conf"


def reload(node: Node) -> None:
    """Ask the parent to read its configuration again."""
    node.kill(node.parent_pid(), signal.SIGHUP)


def test_reload_of_an_unchanged_configuration_changes_nothing_and_misses_no_advert(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    history, capture, metronome = pair.first.watch_addresses(), pair.second.capture(), Metronome(pair.first)
    before, pids = transitions(pair.first), (pair.first.parent_pid(), pair.first.vrrp_pid(), pair.first.checker_pid())
    for node in (pair.first, pair.second):
        reload(node)
        pair.wait_for_line(node, "Reload finished", ident="Keepalived")
    seen = len(capture.adverts(outgoing=False))
    pair.wait(lambda: len(capture.adverts(outgoing=False)) > seen + 5, 5, "adverts after the reload")
    assert max(metronome.gaps(capture.adverts(outgoing=False))) < 0.2, "twice the interval would be a missed advert"
    assert history.events(VIP) == []
    assert transitions(pair.first) == before
    assert (pair.first.parent_pid(), pair.first.vrrp_pid(), pair.first.checker_pid()) == pids
    assert pair.first.has(VIP)
    assert not pair.second.has(VIP)


def test_reload_with_another_address_swaps_it_and_the_master_stays(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    addresses = (VIP, "192.168.0.205/24")
    other = instance(150, name="VI_2", vrid=52, addresses=["192.168.0.206/24"])
    pair.first.configure(instance(150, addresses=addresses) + other)
    pair.second.configure(instance(100, addresses=addresses))
    history = pair.first.watch_addresses()
    for node in (pair.first, pair.second):
        reload(node)
    pair.wait_for_holder(pair.first, "192.168.0.205/24")
    pair.wait_for_holder(pair.first, "192.168.0.206/24")
    assert history.events(VIP) == []
    pair.first.configure(instance(150))
    pair.second.configure(instance(100))
    for node in (pair.first, pair.second):
        reload(node)
    pair.wait(
        lambda: not pair.first.has("192.168.0.205/24") and not pair.first.has("192.168.0.206/24"),
        5,
        "what was taken out of the configuration leaves the interface",
    )
    assert history.events(VIP) == []
    assert not pair.second.has("192.168.0.205/24")


def test_reload_with_lower_priority_hands_over(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    pair.first.configure(instance(50))
    reload(pair.first)
    pair.wait_for_holder(pair.second)


def test_reload_of_a_bad_configuration_leaves_everything_running_and_says_why(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    history, capture, metronome = pair.first.watch_addresses(), pair.second.capture(), Metronome(pair.first)
    before, pids = transitions(pair.first), (pair.first.parent_pid(), pair.first.vrrp_pid(), pair.first.checker_pid())
    pair.first.configure(instance(150).replace("virtual_router_id 51", "virtual_router_id 999"))
    reload(pair.first)
    pair.wait(
        lambda: any(f"{CONFIG}:4:" in line and "error" in line for line in pair.first.log("Keepalived")),
        5,
        "the reason, with its line, in the log",
    )
    seen = len(capture.adverts())
    pair.wait(lambda: len(capture.adverts()) > seen + 5, 5, "adverts go on")
    assert max(metronome.gaps(capture.adverts(outgoing=False))) < 0.2
    assert (pair.first.parent_pid(), pair.first.vrrp_pid(), pair.first.checker_pid()) == pids
    assert (history.events(VIP), transitions(pair.first)) == ([], before)
    pair.first.configure(instance(150, addresses=(VIP, "192.168.0.205/24")))
    reload(pair.first)
    pair.wait(lambda: pair.first.has("192.168.0.205/24"), 5, "the mended file is taken")


def test_ten_reloads_in_a_row_end_with_the_last_configuration(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    for last in range(210, 220):
        pair.first.configure(instance(150, FAST, addresses=(VIP, f"192.168.0.{last}/24")))
        reload(pair.first)
    pair.wait(
        lambda: (
            [address for address in pair.first.addresses() if address.startswith("192.168.0.21")]
            == ["192.168.0.219/24"]
        ),
        10,
        "the last address and no other",
    )
    assert pair.first.has(VIP)
