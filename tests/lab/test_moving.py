"""Virtual addresses that a reload moves, and addresses of the host that look like virtual ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab.configs import FAST, instance
from tests.lab.metronome import Metronome
from tests.lab.pair import Pair, plug_pair
from tests.lab.test_adoption import transitions
from tests.lab.test_reload import reload

if TYPE_CHECKING:
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

ONE, TWO, THREE, MOVED = (f"192.168.0.{number}/24" for number in (211, 212, 213, 220))


def configure(pair: Pair, *blocks: str) -> None:
    pair.first.configure("".join(blocks))


def pair_with(lab: Lab, *blocks: str) -> Pair:
    """Two machines of which the first runs the daemon."""
    pair = plug_pair(lab)
    configure(pair, *blocks)
    pair.first.start()
    return pair


def vi(number: int, *addresses: str, priority: int = 150, lines: tuple[str, ...] = ()) -> str:
    return instance(priority, (*FAST, *lines), name=f"VI_{number}", vrid=50 + number, addresses=addresses)


def test_address_that_moves_between_two_masters_never_leaves_the_interface_in_either_direction(lab: Lab) -> None:
    pair = pair_with(lab, vi(1, ONE, MOVED), vi(2, TWO))
    pair.wait(lambda: all(map(pair.first.has, (ONE, TWO, MOVED))), 8, "two masters")
    pair.wait_for_state(pair.first, "MASTER", 2)
    history = pair.first.watch_addresses()
    before = transitions(pair.first)
    for first, second in (((ONE,), (TWO, MOVED)), ((ONE, MOVED), (TWO,))):
        extra = f"192.168.0.{230 + len(first)}/24"  # shows that the reload has been carried out
        configure(pair, vi(1, *first, extra), vi(2, *second))
        reload(pair.first)
        pair.wait(lambda address=extra: pair.first.has(address), 8, f"{extra} after the reload")  # type: ignore[misc]
        assert pair.first.has(MOVED)
    assert history.events(MOVED) == []
    configure(pair, vi(1, ONE), vi(2, TWO))
    reload(pair.first)
    pair.wait(lambda: not pair.first.has(MOVED), 8, "nobody has the address any more")
    assert transitions(pair.first) == before


def test_address_that_becomes_excluded_and_back_never_leaves_the_interface(lab: Lab) -> None:
    excluded = ("virtual_ipaddress_excluded {", MOVED, "}")
    pair = pair_with(lab, vi(1, ONE, MOVED))
    pair.wait(lambda: all(map(pair.first.has, (ONE, MOVED))), 8, "a master")
    history = pair.first.watch_addresses()
    for block, extra in ((vi(1, ONE, TWO, lines=excluded), TWO), (vi(1, ONE, THREE, MOVED), THREE)):
        configure(pair, block)
        reload(pair.first)
        pair.wait(lambda address=extra: pair.first.has(address), 8, f"{extra} after the reload")  # type: ignore[misc]
    assert history.events(MOVED) == []
    assert pair.first.has(MOVED)


def test_address_of_an_instance_that_ends_stays_with_the_master_that_gets_it(lab: Lab) -> None:
    pair = pair_with(lab, vi(1, ONE), vi(2, TWO, MOVED))
    pair.wait(lambda: all(map(pair.first.has, (ONE, TWO, MOVED))), 8, "two masters")
    history = pair.first.watch_addresses()
    configure(pair, vi(1, ONE, MOVED))
    reload(pair.first)
    pair.wait(lambda: not pair.first.has(TWO), 8, "the second instance has ended")
    assert pair.first.has(MOVED)
    assert history.events(MOVED) == []


def test_reload_of_many_instances_keeps_the_cadence_of_each(lab: Lab) -> None:
    count = 60
    blocks = [vi(number, f"10.9.0.{number}/32") for number in range(1, count + 1)]
    pair = pair_with(lab, *blocks)
    pair.wait(lambda: len(pair.first.addresses()) >= count + 1, 20, "every instance is master")
    capture, metronome = pair.second.capture(), Metronome(pair.first)
    configure(pair, *(vi(number, f"10.9.0.{number}/32", f"10.9.1.{number}/32") for number in range(1, count + 1)))
    reload(pair.first)
    pair.wait(lambda: len(pair.first.addresses()) >= 2 * count + 1, 20, "every instance has its second address")
    seen = len(capture.adverts(outgoing=False))
    pair.wait(lambda: len(capture.adverts(outgoing=False)) > seen + 2 * count, 8, "adverts after the reload")
    adverts = capture.adverts(outgoing=False)
    for vrid in (51, 50 + count):
        own = [advert for advert in adverts if advert.vrid == vrid]
        assert max(metronome.gaps(own)) < 0.3, "three times the interval would be a lost master"


def test_address_of_the_host_that_equals_a_virtual_one_is_left_alone_and_can_be_the_source(lab: Lab) -> None:
    own = "192.168.0.201/24"
    pair = plug_pair(lab)
    pair.first.ip("link", "set", "lo", "up")
    configure(pair, instance(255, FAST, addresses=[own, ONE]))
    pair.first.start()
    history = pair.first.watch_addresses()
    pair.wait(lambda: pair.first.has(ONE), 8, "the owner is master")
    pair.first.stop()
    assert not pair.first.has(ONE)
    assert pair.first.has(own)
    assert history.events(own) == []


def test_address_of_the_host_that_equals_a_virtual_one_survives_a_start_as_backup(lab: Lab) -> None:
    pair = plug_pair(lab)
    pair.first.ip("link", "set", "lo", "up")
    pair.first.ip("address", "add", ONE, "dev", "eth0")
    history = pair.first.watch_addresses()
    configure(pair, vi(1, ONE, TWO, priority=100))
    pair.second.configure(vi(1, ONE, TWO, priority=200))
    pair.second.start()
    pair.wait(lambda: pair.second.has(TWO), 8, "the second is master")
    pair.first.start()
    line = "(VI_1) not put there by keepalived, left alone: 192.168.0.211"
    pair.wait(lambda: line in pair.first.log("Keepalived_vrrp"), 8, "the log says that the address stays")
    assert pair.first.has(ONE)
    assert history.events(ONE) == []
