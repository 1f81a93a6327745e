"""Two masters: what made them is named, and after a split everybody finds the one that stays."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.configs import FAST, PASS, SECOND, instance
from tests.lab.daemon import OURS, REAL, Daemon, real_is_installed
from tests.lab.pair import VIP, Pair, plug_pair, start_pair
from tests.lab.test_control import control, state

if TYPE_CHECKING:
    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

ADDRESS = VIP.partition("/")[0]


def hardware_address(node: Node) -> str:
    [link] = json.loads(node.ip("-json", "link", "show", "dev", "eth0"))
    return str(link["address"])


def believed(client: Node) -> str:
    """The hardware address that the client has for the virtual address."""
    entries = json.loads(client.ip("-json", "neigh", "show", ADDRESS) or "[]")
    return str(entries[0].get("lladdr", "")) if entries else ""


def split_and_heal(lab: Lab, pair: Pair) -> None:
    """Let the backup and the client live apart until both routers are master, then bring them together again.

    That happens right after an advert of the backup: the next one is the master's, and it is the backup that hears of
    the other first.
    """
    lab.split(pair.second, pair.client)
    pair.wait(lambda: pair.second.has(VIP), 10, "the backup alone becomes master")
    assert pair.first.has(VIP), "two masters, each in its part"
    pair.client.ip("neigh", "flush", "dev", "eth0")  # what is asked for now is believed for a while
    pair.wait(lambda: pair.client.attempt("ping", "-c1", "-W1", ADDRESS).returncode == 0, 5, "it answers")
    assert believed(pair.client) == hardware_address(pair.second)
    capture = pair.client.capture()
    pair.wait(lambda: capture.adverts(outgoing=False), 5, "an advert of the backup")
    lab.heal()


def records(node: Node) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(control(node, "history", "--json"))["records"]
    return found


@pytest.mark.parametrize(
    "survivor",
    [
        OURS,
        pytest.param(REAL, marks=pytest.mark.skipif(not real_is_installed(), reason="keepalived is not installed")),
    ],
    ids=str,
)
def test_clients_of_the_loser_find_the_survivor_after_a_split_though_it_has_not_heard_the_loser(
    lab: Lab, survivor: Daemon
) -> None:
    lines = (*SECOND, "garp_master_delay 1")  # its second announcement shall not help
    pair = start_pair(lab, instance(150, lines), instance(100, lines), survivor)
    split_and_heal(lab, pair)
    pair.wait(lambda: believed(pair.client) == hardware_address(pair.first), 3, "the client finds the survivor")
    pair.wait_for_holder(pair.first)
    [yielded] = [record for record in records(pair.second) if record["event"] == "higher priority heard"]
    assert (yielded["source"], yielded["new"]) == ("192.168.0.201", "BACKUP")


def test_master_whose_peer_has_another_password_names_it_and_both_are_seen(lab: Lab) -> None:
    other = tuple(word.replace("1111", "2222") for word in PASS)
    pair = plug_pair(lab)
    pair.first.configure(instance(150, (*SECOND, *PASS)))
    pair.second.configure(instance(100, (*SECOND, *other)))
    for node in (pair.first, pair.second):
        node.start()
    pair.wait(lambda: pair.first.has(VIP) and pair.second.has(VIP), 10, "both become master")
    why = "authentication password mismatch; both routers may be MASTER"
    for node, peer in ((pair.first, "192.168.0.130"), (pair.second, "192.168.0.201")):
        said = re.compile(rf"\(VI_1\) \d+ adverts from {peer} dropped in \d+ s: {why}")
        pair.wait(lambda node=node, said=said: any(map(said.fullmatch, node.log("Keepalived_vrrp"))), 15, "the cause")  # type: ignore[misc]
        lines = [line for line in node.log("Keepalived_vrrp") if peer in line]
        assert f"(VI_1) authentication password mismatch with {peer}" in lines
        assert len(lines) < 5
        [found] = state(node)["instances"]
        assert (found["rival"]["source"], found["rival"]["reason"]) == (peer, "authentication password mismatch")
        [known] = found["peers"]
        assert (known["source"], known["adverts"]) == (peer, 0)
        assert known["refused"][0]["total"] >= 3
        assert [record["source"] for record in records(node) if record["kind"] == "dual master"] == [peer]
        assert "  WARNING   " in control(node, "status")


def test_unicast_peer_with_another_virtual_router_id_is_named(lab: Lab) -> None:
    pair = plug_pair(lab)
    pair.first.configure(instance(150, (*FAST, "unicast_peer {", "192.168.0.130", "}")))
    pair.second.configure(instance(100, (*FAST, "unicast_peer {", "192.168.0.201", "}"), vrid=52))
    for node in (pair.first, pair.second):
        node.start()
    line = "(VI_1) advert from 192.168.0.130 is for virtual router 52, not 51"
    pair.wait(lambda: any(line in said for said in pair.first.log("Keepalived_vrrp")), 10, "the cause")
    pair.wait(
        lambda: state(pair.first)["instances"][0]["rival"]["reason"] == "virtual router id mismatch", 5, "the rival"
    )
