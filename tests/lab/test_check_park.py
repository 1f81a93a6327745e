"""A running daemon and real servers for every kind of check: each breaks in its own way, and comes back."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.daemon import OURS
from tests.lab.park import CASES, TIMEOUT, Case, Park, configuration, told, virtual_address, why_not
from tests.lab.test_control import ask
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tests.lab.node import Node
    from tests.lab.topology import Lab

    Results = dict[str, dict[str, Any]]

pytestmark = [pytest.mark.lab, pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")]
CHECKER = "Keepalived_healthcheckers"
SERVERS, DIRECTOR = "192.168.0.130", "192.168.0.201"
AGENT = CASES[-1]
IN_TIME = f"{TIMEOUT:.1f} s"
LOCAL = {"script that fails", "number in a file"}
NETWORKED = [case for case in CASES if case.name not in LOCAL and case is not AGENT]


def checks(node: Node) -> Results:
    """What `keepalivedctl status --json` says of the check of each case; empty while nobody knows of them."""
    done = ask(node, "status", "--json")
    found = json.loads(done.stdout).get("virtual_servers", []) if done.returncode == 0 else []
    pairs = zip(CASES, found, strict=True) if found else ()
    return {case.name: virtual["real_servers"][0]["checks"][0] for case, virtual in pairs}


def wait_for_results(node: Node, cases: Iterable[Case], fits: Callable[[Case, str], bool], *, up: bool) -> Results:
    """Wait until the checks of these cases are up, or down, and what they have found last fits."""
    wanted = tuple(cases)

    def settled() -> Results:
        found = checks(node)
        there = bool(found) and all(found[case.name]["has_run"] and found[case.name]["is_up"] is up for case in wanted)
        return found if there and all(fits(case, found[case.name]["result"]) for case in wanted) else {}

    return wait_for(settled, 60, lambda: "\n".join((*map(str, checks(node).items()), *node.log())))


def wait_for_success(node: Node) -> None:
    wait_for_results(node, CASES, lambda _, result: result == "success", up=True)


def wait_for_moves(node: Node, cases: Iterable[Case], fits: Callable[[list[str]], bool]) -> None:
    """Wait until the log has told how the servers of these cases moved."""
    wanted = tuple(cases)
    wait_for(lambda: all(fits(moves(node, case)) for case in wanted), 20, lambda: "\n".join(node.log()))


def moves(node: Node, case: Case) -> list[str]:
    """How the server of a case came (`up`) and went (`down`), as the log says it; why it went stands a line before."""
    server, virtual = f"[{SERVERS}]:{case.port}", f"VS [{virtual_address(case)}]:80"
    log = node.log(CHECKER)
    found = []
    for before, line in pairwise(log):
        if line.startswith(f"Removing service {server} from {virtual}, 0 of quorum 1 left"):
            assert " failed: " in before
            found.append("down")
        elif line.startswith(f"Adding service {server} to {virtual}"):
            found.append("up")
    return found


def test_every_server_breaks_in_its_own_way_and_comes_back(lab: Lab, tmp_path: Path) -> None:
    director, servers = lab.add(director=f"{DIRECTOR}/24", servers=f"{SERVERS}/24")
    director.install(OURS)
    director.start_syslog()
    park = Park(servers, director, tmp_path)
    park.start()
    director.configure(configuration(SERVERS, 0.2))
    director.start("-D", "-S", "0", "--check")
    wait_for_success(director)

    for case in CASES:
        case.breaks(park)
    broken = wait_for_results(director, CASES, lambda case, result: result.startswith(case.cause), up=False)
    wait_for_moves(director, CASES, lambda found: found[-1:] == ["down"])
    for case in CASES:
        found = broken[case.name]
        if found["runs"] is not None:
            assert 1 <= found["failures"] < found["runs"]
            assert found["duration"] > (TIMEOUT if case.cause.endswith(IN_TIME) else 0)
    for case in CASES:
        case.mends(park)
    wait_for_success(director)
    wait_for_moves(director, CASES, lambda found: found[-2:] == ["down", "up"])

    # The whole machine hears everything, and nothing that it says arrives.
    servers.ip("route", "add", "blackhole", f"{DIRECTOR}/32")
    silent = wait_for_results(
        director, NETWORKED, lambda _, result: result.partition(" (")[0].endswith(IN_TIME), up=False
    )
    assert silent[AGENT.name]["result"] == "success"  # whether the server works is another check's business
    servers.ip("route", "del", "blackhole", f"{DIRECTOR}/32")
    wait_for_success(director)

    def words(case: Case) -> list[str]:
        return [word for word, name in told(director) if name == case.name]

    wait_for(lambda: all(words(case)[-1:] == ["up"] for case in CASES), 20, lambda: f"{told(director)}")
    assert {words(case)[0] for case in CASES} == {"down"}
    wait_for_moves(director, NETWORKED, lambda found: len(found) >= 4)
    director.stop()
