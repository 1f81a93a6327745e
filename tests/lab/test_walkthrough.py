"""The walkthrough on two hosts, step by step, with this project as its keepalived."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.lab.configs import walkthrough
from tests.lab.daemon import ROOT
from tests.lab.metronome import Metronome
from tests.lab.pair import VIP, Pair, plug_pair, start_pair
from tests.lab.waiting import holds_for

if TYPE_CHECKING:
    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

INIT = "/etc/init.d/keepalived"
SEED = ROOT.parent / "shared" / "seed"


def init_script(pair: Pair) -> None:
    """Give both machines the init script, and /etc/sysconfig/keepalived with the walkthrough's options."""
    for node in (pair.first, pair.second):
        node.path(INIT).write_bytes((ROOT / "init.d" / "keepalived").read_bytes())
        node.path(INIT).chmod(0o755)
        options = (ROOT / "sysconfig" / "keepalived").read_text(encoding="utf-8")
        assert '\nKEEPALIVED_OPTIONS="-D"\n' in options
        node.path("/etc/sysconfig/keepalived").write_text(options, encoding="utf-8")


def scene(lab: Lab, name: str) -> Pair:
    """Both machines with the init script and a configuration of the walkthrough."""
    pair = plug_pair(lab)
    init_script(pair)
    pair.first.configure(walkthrough(name, "why-1"))
    pair.second.configure(walkthrough(name, "why"))
    return pair


def processes(node: Node) -> list[tuple[int, int, str]]:
    """`ps -ef | grep keep`: process, its parent, its command."""
    found = []
    for line in node.run("ps", "-ef").splitlines():
        words = line.split(maxsplit=7)
        if words[7].startswith("keepalived"):
            found.append((int(words[1]), int(words[2]), words[7]))
    return found


def address_lines(node: Node, *ends: str) -> list[str]:
    """`ip add | egrep '204|205'`."""
    return [line.strip() for line in node.ip("address").splitlines() if any(f".{end}/" in line for end in ends)]


def test_init_script_start_shows_three_processes_and_stop_shows_none(lab: Lab) -> None:
    pair = scene(lab, "single")
    pair.first.run(INIT, "start")
    found = processes(pair.first)
    assert [command for _, _, command in found] == ["keepalived -D"] * 3
    (parent, grandparent, _), *children = sorted(found)
    assert grandparent == 1
    assert [child_parent for _, child_parent, _ in children] == [parent, parent]
    assert {pid for pid, _, _ in children} == {pair.first.vrrp_pid(), pair.first.checker_pid()}
    assert parent == pair.first.parent_pid()
    assert pair.first.run("pidof", "keepalived").split() == [str(pid) for pid, _, _ in sorted(found, reverse=True)]
    assert pair.first.attempt(INIT, "status").returncode == 0
    pair.first.run(INIT, "stop")
    assert processes(pair.first) == []
    assert pair.first.attempt(INIT, "status").returncode == 3
    assert [pair.first.path(f"/run/{name}.pid").exists() for name in ("keepalived", "vrrp", "checkers")] == [False] * 3


def test_single_instance_moves_with_stop_and_start_while_a_client_pings(lab: Lab) -> None:
    pair = scene(lab, "single")
    for node in (pair.first, pair.second):
        node.run(INIT, "start")
    pair.wait_for_holder(pair.first)
    assert address_lines(pair.first, "204") == ["inet 192.168.0.204/24 scope global secondary eth0"]
    assert address_lines(pair.first, "201", "204") == [
        "inet 192.168.0.201/24 brd 192.168.0.255 scope global eth0",
        "inet 192.168.0.204/24 scope global secondary eth0",
    ]
    links = [line.split()[1].partition("@")[0] for line in pair.first.ip("-oneline", "-details", "link").splitlines()]
    assert links == ["lo:", "eth0"]
    assert address_lines(pair.second, "204") == []

    pings, metronome = pair.client.ping("192.168.0.204", 0.05), Metronome(pair.client)
    pair.wait(lambda: len(pings.answered()) > 10, 5, "the client reaches the address")
    before = time.time()
    pair.first.run(INIT, "stop")
    pair.wait_for_holder(pair.second)
    assert address_lines(pair.second, "204") == ["inet 192.168.0.204/24 scope global secondary eth0"]
    pair.wait(lambda: max(pings.answered().values()) > before + 2, 5, "the client reaches the address again")
    lost = pings.lost()
    assert lost == list(range(lost[0], lost[-1] + 1)), "one gap"
    still = metronome.stood_still(before, time.time())
    assert len(lost) < (1.0 + still) / 0.05, (
        "a resignation is heard after skew time, 0.61 s at priority 100; the walkthrough lost four seconds"
    )

    back, before = len(pings.sent()), time.time()
    pair.first.run(INIT, "start")
    pair.wait_for_holder(pair.first)
    pair.wait(lambda: max(pings.answered()) > back + 20, 8, "the client reaches the address for the third time")
    still = metronome.stood_still(before, time.time())
    assert len([number for number in pings.lost() if number > back]) <= (1 + still) / 0.05


def test_two_instances_crossed_over_each_take_both_addresses_and_give_one_back(lab: Lab) -> None:
    pair = scene(lab, "crossed")
    first, second = (
        "inet 192.168.0.205/24 scope global secondary eth0",
        "inet 192.168.0.204/24 scope global secondary eth0",
    )
    for node in (pair.first, pair.second):
        node.run(INIT, "start")
    pair.wait(
        lambda: (
            (address_lines(pair.first, "204", "205"), address_lines(pair.second, "204", "205")) == ([first], [second])
        ),
        8,
        "each holds the address it has the higher priority for",
    )
    pair.first.run(INIT, "stop")
    pair.wait(lambda: address_lines(pair.second, "204", "205") == [second, first], 5, "why holds both")
    assert address_lines(pair.first, "204", "205") == []
    pair.first.run(INIT, "start")
    pair.wait(
        lambda: (
            (address_lines(pair.first, "204", "205"), address_lines(pair.second, "204", "205")) == ([first], [second])
        ),
        8,
        "why-1 has its address back, why keeps its own",
    )


def test_restart_of_init_script_replaces_all_three_processes(lab: Lab) -> None:
    pair = scene(lab, "single")
    pair.first.run(INIT, "start")
    before = {pid for pid, _, _ in processes(pair.first)}
    pair.first.run(INIT, "restart")
    after = {pid for pid, _, _ in processes(pair.first)}
    assert len(after) == 3
    assert not before & after


def test_init_script_start_with_unusable_configuration_says_why_and_fails(lab: Lab) -> None:
    pair = scene(lab, "single")
    pair.first.configure("vrrp_instance VI_1 {\n    virtual_router_id\n    interface eth0\n}\n")
    done = pair.first.attempt(INIT, "start")
    assert done.returncode == 2
    assert "/etc/keepalived/keepalived.conf:2:" in done.stderr
    assert processes(pair.first) == []
    pair.first.path("/etc/keepalived/keepalived.conf").unlink()
    done = pair.first.attempt(INIT, "start")
    assert done.returncode == 6
    assert "/etc/keepalived/keepalived.conf" in done.stderr
    assert processes(pair.first) == []


def configurations_of_the_text(text: str) -> list[str]:
    """Every configuration file in the walkthrough: from its first comment on, blocks as long as blocks follow."""
    found: list[list[str]] = []
    depth = 0
    inside = False
    for line in text.splitlines():
        code = line.partition("#")[0]
        if line.startswith("! Configuration File"):
            inside = True
            found.append([])
        elif inside and depth == 0 and not code.startswith(("global_defs", "vrrp_instance")):
            inside = False
        if inside:
            found[-1].append(line)
            depth += code.count("{") - code.count("}")
    return ["\n".join(lines) + "\n" for lines in found]


@pytest.mark.skipif(not SEED.is_dir(), reason="the walkthrough's text is not here")
def test_configurations_of_the_walkthrough_verbatim_start_with_no_complaint(lab: Lab) -> None:
    configs = configurations_of_the_text(next(SEED.glob("*.txt")).read_text(encoding="utf-8"))
    assert [config.count("vrrp_instance") for config in configs] == [1, 1, 2, 2]
    pair = plug_pair(lab)
    for config in configs:
        pair.first.configure(config)
        done = pair.first.attempt("keepalived", "-t", "-f", "/etc/keepalived/keepalived.conf")
        assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
        assert "error" not in done.stderr
    pair.first.configure(configs[0])
    pair.second.configure(configs[1])
    for node in (pair.first, pair.second):
        node.start()
    pair.wait_for_holder(pair.first)


def test_higher_priority_stays_master_while_both_run(lab: Lab) -> None:
    pair = start_pair(lab, walkthrough("single", "why-1"), walkthrough("single", "why"))
    holds_for(lambda: pair.first.has(VIP) and not pair.second.has(VIP), 2, "why-1 alone holds the address")


def test_example_configurations_are_those_of_the_two_scenes() -> None:
    found = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "examples" / "walkthrough").rglob("*.conf"))
    assert found == [f"examples/walkthrough/{where}" for where in (
        "crossed/why-1.conf", "crossed/why.conf", "single/why-1.conf", "single/why.conf",
    )]  # fmt: skip
