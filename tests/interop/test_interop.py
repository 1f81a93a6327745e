"""Our router and Debian's keepalived as each other's peer: every protocol variant, each as master and as backup."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.interop.protocols import SCENES, V2_PASS, V3_IPV4, V3_UNICAST6, Scene
from tests.lab.daemon import OURS, REAL, Daemon, real_is_installed
from tests.lab.metronome import Metronome
from tests.lab.pair import Pair, plug_pair
from tests.lab.waiting import holds_for

if TYPE_CHECKING:
    from tests.lab.capturing import Capture
    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = [
    pytest.mark.lab,
    pytest.mark.interop,
    pytest.mark.skipif(not real_is_installed(), reason="Debian's keepalived is not installed"),
]

COMPLAINT = re.compile(
    r"error|invalid|mismatch|bogus|checksum|discard|ignor|reject|malformed|not present|unexpected|Traceback|wrong"
    r"|incorrect|replay|sequence|less than|bad |fail",
    re.IGNORECASE,
)
"""What either side says of packets it does not like (and of anything else it does not like)."""

PREEMPTING = re.compile(r"received lower priority \(\d+\) advert from \S+ - discarding$")
"""What a router of higher priority says of its predecessor's adverts before it takes over."""

DIRECTIONS = pytest.mark.parametrize(
    ("first", "second"), [(OURS, REAL), (REAL, OURS)], ids=["ours-is-master", "real-is-master"]
)


def complaints(node: Node) -> list[str]:
    """What a VRRP process said against anything since its start."""
    return [line for line in node.log("Keepalived_vrrp") if COMPLAINT.search(line) and not PREEMPTING.search(line)]


def wait_for_master(pair: Pair, node: Node, vips: list[str], timeout: float) -> None:
    """Wait until every virtual address is on one node only."""
    other = pair.second if node is pair.first else pair.first
    pair.wait(
        lambda: set(vips) <= set(node.addresses()) and not set(vips) & set(other.addresses()),
        timeout,
        f"{vips} on {node.name} alone",
    )


def begin(pair: Pair, config: str, other: str, vips: list[str], timeout: float) -> Capture:
    """Start both, wait for the first to be master, and listen at the second."""
    pair.first.configure(config)
    pair.second.configure(other)
    for node in (pair.first, pair.second):
        node.start()
    wait_for_master(pair, pair.first, vips, timeout)
    return pair.second.capture()


def check_adverts(capture: Capture, scene: Scene, sender: Daemon) -> None:
    """The master's adverts are as configured; the backup sends none."""
    assert capture.adverts(outgoing=True) == [], "the backup is silent"
    for protocol in scene.protocols:
        heard = [advert for advert in capture.adverts() if advert.vrid == protocol.vrid]
        assert {advert.destination for advert in heard} == {protocol.destination}, protocol.name
        assert {advert.address_count for advert in heard} == {len(protocol.vips)}, protocol.name
        hop_limit = (
            64 if sender is REAL and protocol is V3_UNICAST6 else 255
        )  # keepalived 2.2.7 leaves the default there
        assert {advert.ttl for advert in heard} == {hop_limit}, protocol.name


def check_handover(pair: Pair, capture: Capture, metronome: Metronome, scene: Scene) -> None:
    """Each instance of the second took over within skew time of the first's resignation."""
    vrids = {protocol.vrid for protocol in scene.protocols}
    pair.wait(lambda: vrids <= {advert.vrid for advert in capture.adverts(outgoing=True)}, 5, "adverts of the second")
    for protocol in scene.protocols:
        adverts = [advert for advert in capture.adverts() if advert.vrid == protocol.vrid]
        resigned = next(advert.at for advert in adverts if not advert.outgoing and advert.priority == 0)
        taken = next(advert.at for advert in adverts if advert.outgoing)
        took = taken - resigned - metronome.stood_still(resigned, taken)
        assert taken > resigned, protocol.name
        assert took < scene.interval * (256 - 100) / 256 + 0.25, protocol.name


@DIRECTIONS
@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES.keys())
def test_routers_of_both_kinds_hand_over_at_stop_and_preempt_at_start_without_complaint(
    lab: Lab, scene: Scene, first: Daemon, second: Daemon
) -> None:
    pair, vips = plug_pair(lab, first, second, ipv6=True), scene.vips()
    capture = begin(pair, scene.config(150, 0), scene.config(100, 1), vips, scene.down(150) + 3)
    metronome = Metronome(pair.second)
    holds_for(lambda: not pair.second.has(vips[0]), scene.down(100) + 0.2, "the backup hears the master and stays")
    check_adverts(capture, scene, first)

    pair.first.stop()
    wait_for_master(pair, pair.second, vips, scene.down(100) + 1)
    check_handover(pair, capture, metronome, scene)

    pair.first.start()
    wait_for_master(pair, pair.first, vips, scene.down(150) + 3)
    backup_since = time.time()
    holds_for(lambda: not pair.second.has(vips[0]), 1.2 * scene.interval, "the former master is backup")
    heard = len(capture.adverts(outgoing=False))
    pair.wait(lambda: len(capture.adverts(outgoing=False)) > heard, 5, "what came before is recorded")
    assert all(advert.at < backup_since for advert in capture.adverts(outgoing=True))
    assert [complaints(pair.first), complaints(pair.second)] == [[], []]


@DIRECTIONS
def test_higher_priority_with_nopreempt_comes_back_as_backup(lab: Lab, first: Daemon, second: Daemon) -> None:
    pair, vips = plug_pair(lab, first, second), list(V3_IPV4.vips)
    begin(pair, V3_IPV4.config(150, 0, ("nopreempt",)), V3_IPV4.config(100, 1), vips, 5)
    pair.first.stop()
    wait_for_master(pair, pair.second, vips, 3)
    pair.first.start()
    pair.wait(pair.first.vrrp_pid, 5, "the VRRP child runs")
    holds_for(lambda: pair.second.has(vips[0]) and not pair.first.has(vips[0]), 1.5, "the lower priority stays master")
    pair.second.stop()
    wait_for_master(pair, pair.first, vips, 3)
    assert [complaints(pair.first), complaints(pair.second)] == [[], []]


@DIRECTIONS
def test_wrong_password_makes_two_masters_and_both_say_so(lab: Lab, first: Daemon, second: Daemon) -> None:
    pair, vip = plug_pair(lab, first, second), V2_PASS.vips[0]
    pair.first.configure(V2_PASS.config(150, 0))
    pair.second.configure(V2_PASS.config(100, 1).replace("1111", "2222"))
    for node in (pair.first, pair.second):
        node.start()
    pair.wait(lambda: pair.first.has(vip) and pair.second.has(vip), 8, "two masters")
    pair.wait(lambda: complaints(pair.first) and complaints(pair.second), 5, "a complaint of each")


@DIRECTIONS
def test_silent_master_is_covered_after_master_down_interval(lab: Lab, first: Daemon, second: Daemon) -> None:
    pair, vips = plug_pair(lab, first, second), list(V3_IPV4.vips)
    capture = begin(pair, V3_IPV4.config(150, 0), V3_IPV4.config(100, 1), vips, 5)
    metronome = Metronome(pair.second)
    pair.wait(lambda: len(capture.adverts()) >= 3, 5, "adverts of the master")
    lab.cut(pair.first)
    pair.wait(lambda: capture.adverts(outgoing=True), 3, "the backup adverts")
    last, first_own = capture.adverts(outgoing=False)[-1].at, capture.adverts(outgoing=True)[0].at
    down = 3 * 0.1 + 0.1 * (256 - 100) / 256
    assert down - 0.01 <= first_own - last
    assert first_own - last - metronome.stood_still(last, first_own) < down + 0.25
