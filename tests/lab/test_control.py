"""keepalivedctl and a running daemon: status and history, also amid takeover, reload and crash."""

from __future__ import annotations

import json
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.configs import CALM, FAST, instance
from tests.lab.daemon import ROOT
from tests.lab.metronome import Metronome
from tests.lab.pair import VIP, plug_pair, start_pair
from tests.lab.test_reload import reload
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    import subprocess

    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

CONTROL = "import sys; sys.path.insert(0, {!r}); from keepalived_py.control import main; sys.exit(main())"
SOCKET = "/run/keepalived/control.sock"
STRANGER = f"import socket; s = socket.socket(socket.AF_UNIX); s.connect('{SOCKET}'); print(s.recv(999))"
HAMMER = """
import socket, sys, time
path, count = sys.argv[1], int(sys.argv[2])
slowest, answered = 0.0, 0
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(path)
    stream = connection.makefile("rb")
    for _ in range(count):
        began = time.monotonic()
        connection.sendall(b"status\\n")
        while not stream.readline().startswith(b'{"end": "status"'):
            pass
        answered += 1
        slowest = max(slowest, time.monotonic() - began)
print(answered, slowest)
"""


def ask(node: Node, *words: str) -> subprocess.CompletedProcess[str]:
    return node.attempt(sys.executable, "-I", "-c", CONTROL.format(str(ROOT)), *words)


def control(node: Node, *words: str, code: int = 0) -> str:
    done = ask(node, *words)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout if done.returncode != 1 else done.stderr


def state(node: Node, *words: str, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(control(node, "status", "--json", *words, code=code))
    return found


def known(node: Node) -> dict[str, dict[str, Any]]:
    """The instances of a node by their names, as long as it takes none."""
    done = ask(node, "status", "--json")
    return {one["name"]: one for one in json.loads(done.stdout)["instances"]} if done.returncode == 0 else {}


def is_in(node: Node, name: str, state: str) -> bool:
    return name in (instances := known(node)) and instances[name]["state"] == state


def hears_somebody(node: Node) -> bool:
    [instance] = state(node)["instances"]
    return any(peer["age"] < 2 for peer in instance["peers"])


def test_status_tells_master_and_backup_why_they_are_and_what_they_hear(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    [master] = state(pair.first)["instances"]
    assert (master["state"], master["master"], master["priority"]) == ("MASTER", "192.168.0.201", 150)
    there = [{"address": VIP, "interface": "eth0", "is_present": True}]
    pair.wait(lambda: state(pair.first)["instances"][0]["addresses"] == there, 5, "the master sees its address")
    pair.wait(lambda: hears_somebody(pair.second), 5, "the backup has heard the master, just now")
    found = state(pair.second)
    [backup] = found["instances"]
    assert (backup["state"], backup["master"], backup["master_priority"]) == ("BACKUP", "192.168.0.201", 150)
    assert [(peer["source"], peer["priority"], peer["refused"]) for peer in backup["peers"]] == [
        ("192.168.0.201", 150, [])
    ]
    assert backup["addresses"] == [{"address": VIP, "interface": "eth0", "is_present": False}]
    assert (found["parent"]["pid"], found["vrrp"]["pid"]) == (pair.second.parent_pid(), pair.second.vrrp_pid())
    assert {child["name"] for child in found["children"]} == {"VRRP", "Healthcheck"}
    assert all(child["running"] and child["heartbeat_age"] < 60 for child in found["children"])
    text = control(pair.second, "status")
    assert "VI_1  BACKUP for " in text
    assert max(map(len, text.splitlines())) <= 80
    assert "there is no instance VI_9" in control(pair.second, "status", "--instance", "VI_9", code=1)


def test_status_shows_what_lowers_the_priority_and_which_member_holds_the_group_down(lab: Lab) -> None:
    group = "vrrp_sync_group VG {\n group {\n VI_1\n VI_2\n }\n}\n"
    tracking = (*FAST, "track_interface {", "wire1 weight -30", "}")
    other = instance(150, name="VI_2", vrid=52, interface="wire2", addresses=("192.168.7.1/24",))
    pair = plug_pair(lab)
    for name, address in (("wire1", "192.168.6.2/24"), ("wire2", "192.168.7.2/24")):
        pair.first.ip("link", "add", name, "type", "veth", "peer", "name", f"{name}-end")
        pair.first.ip("link", "set", f"{name}-end", "up")
        pair.first.ip("address", "add", address, "dev", name)
    pair.first.ip("link", "set", "wire1", "up")
    third = instance(150, tracking, name="VI_3", vrid=53, addresses=("192.168.0.208/24",))
    pair.first.configure(group + instance(150) + other + third)
    pair.first.start()

    pair.wait(lambda: is_in(pair.first, "VI_2", "FAULT"), 5, "the other member is in FAULT")
    held = {"name": "VG", "state": "FAULT", "held_down_by": ["VI_2"]}
    instances = known(pair.first)
    assert [one["group"] for one in instances.values()] == [held, held, None]
    assert instances["VI_1"]["state"] == "FAULT"
    assert instances["VI_2"]["faults"][0] == "interface wire2 is down"
    pair.first.ip("link", "set", "wire2", "up")
    pair.wait(lambda: is_in(pair.first, "VI_1", "MASTER"), 10, "the group is up")
    assert known(pair.first)["VI_1"]["group"]["held_down_by"] == []
    pair.wait(lambda: is_in(pair.first, "VI_3", "MASTER"), 10, "the instance that tracks")
    pair.first.ip("link", "set", "wire1", "down")
    pair.wait(lambda: known(pair.first)["VI_3"]["priority"] == 120, 5, "the priority follows")
    found = known(pair.first)["VI_3"]
    [rung] = [rung for rung in found["ladder"] if rung["weight"]]
    assert (rung["kind"], rung["name"], rung["state"], rung["contribution"]) == ("interface", "wire1", "down", -30)
    assert (found["state"], found["configured_priority"]) == ("MASTER", 150)
    records = json.loads(control(pair.first, "history", "--json", "--instance", "VI_3"))["records"]
    [changed] = [record for record in records if record["kind"] == "priority"]
    assert (changed["old_priority"], changed["priority"]) == (150, 120)


def test_history_keeps_the_causes_over_a_crash_and_goes_on_after_it(lab: Lab) -> None:
    pair = start_pair(lab, instance(150, CALM), instance(100, CALM))
    old = pair.first.vrrp_pid()
    pair.first.kill(old, signal.SIGKILL)
    pair.wait(lambda: pair.first.vrrp_pid() not in (0, old), 5, "a new VRRP child")
    pair.wait(lambda: is_in(pair.first, "VI_1", "MASTER"), 5, "it is master")
    records = json.loads(control(pair.first, "history", "--json"))["records"]
    assert [record["number"] for record in records] == list(range(1, len(records) + 1))
    told = [(record["kind"], record["old"], record["new"], record["event"]) for record in records]
    assert told[:3] == [
        ("start", "", "", ""),
        ("transition", "INIT", "BACKUP", "started"),
        ("transition", "BACKUP", "MASTER", "no advert heard"),
    ]
    assert told[3] == ("start", "", "", "")
    assert told[4] == ("adoption", "MASTER", "MASTER", "crashed process replaced")
    became = records[2]
    assert became["cause"].startswith("no advert heard for ")
    assert (became["priority"], became["advertisement_interval"]) == (150, 0.5)
    assert abs(became["lateness"]) < 5
    assert len(json.loads(control(pair.first, "history", "--json", "--last", "2"))["records"]) == 2
    text = control(pair.first, "history", "--instance", "VI_1")
    assert "VI_1  BACKUP -> MASTER" in text
    assert max(map(len, text.splitlines())) <= 80


def test_parent_answers_for_a_child_that_is_dead_and_tells_what_it_left(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    dead = "! there is no VRRP process: it died, the next is started in "

    def told() -> str:
        """The status after one more death: the more of them, the longer is the pause before the next process."""
        living = pair.first.vrrp_pid()
        if living:
            pair.first.attempt("kill", "-KILL", str(living))
        done = ask(pair.first, "status")
        return done.stdout if done.returncode == 3 and dead in done.stdout else ""

    assert "VI_1  BACKUP -> MASTER" in wait_for(told, 30, "the word of the parent")


def test_thousand_questions_delay_no_advert_and_each_is_answered(lab: Lab) -> None:
    pair = start_pair(lab, instance(150), instance(100))
    capture, metronome = pair.second.capture(), Metronome(pair.first)
    pair.wait(lambda: len(capture.adverts(outgoing=False)) > 3, 5, "adverts")
    done = pair.first.run(sys.executable, "-I", "-c", HAMMER, SOCKET, "1000")
    answered, slowest = done.split()
    seen = len(capture.adverts(outgoing=False))
    pair.wait(lambda: len(capture.adverts(outgoing=False)) > seen + 3, 5, "adverts after it")
    adverts = capture.adverts(outgoing=False)
    assert int(answered) == 1000
    assert float(slowest) < 20
    assert max(metronome.gaps(adverts)) < 0.2, "twice the interval would be a missed advert"
    assert len(adverts) <= round((adverts[-1].at - adverts[0].at) / 0.1) + 1, "and none is sent twice"
    assert pair.first.has(VIP)
    assert not pair.second.has(VIP)


def test_questions_amid_a_takeover_and_reloads_are_answered(lab: Lab) -> None:
    many = [f"10.9.{number // 250}.{number % 250 + 1}/32" for number in range(1000)]
    pair = start_pair(lab, instance(150, addresses=(VIP,)), instance(100, addresses=(VIP,)))
    asking = pair.second.popen(sys.executable, "-I", "-c", HAMMER, SOCKET, "300")
    excluded = " ".join(("virtual_ipaddress_excluded {", *(f"\n{each}" for each in many), "\n}"))
    pair.second.configure(instance(200, (*FAST, excluded)))
    reload(pair.second)
    pair.wait_for_holder(pair.second, timeout=20)
    answer, _ = asking.communicate(timeout=120)
    assert answer.split()[0] == "300", answer
    found = state(pair.second)["instances"][0]
    assert len(found["addresses"]) == 1001
    pair.wait(
        lambda: all(each["is_present"] for each in state(pair.second)["instances"][0]["addresses"]), 20, "all are there"
    )
    assert found["cause"].startswith("preempting 192.168.0.201"), pair.story()


def test_socket_is_for_root_and_the_group_and_goes_with_the_daemon(lab: Lab) -> None:
    config = "global_defs {\n control_group games\n}\n" + instance(150)
    pair = start_pair(lab, config, "global_defs {\n control_socket off\n}\n" + instance(100))
    mode = pair.first.run("stat", "-c", "%a %U:%G", SOCKET, f"{SOCKET}.parent").splitlines()
    assert mode == ["660 root:games", "660 root:games"]
    assert pair.second.attempt("test", "-e", SOCKET).returncode == 1
    refused = pair.first.attempt("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
                                 sys.executable, "-I", "-c", HAMMER, SOCKET, "1")  # fmt: skip
    assert "PermissionError" in refused.stderr
    for groups in (("--regid=games", "--clear-groups"), ("--regid=nogroup", "--groups=games")):
        allowed = pair.first.attempt("setpriv", "--reuid=nobody", *groups,
                                     sys.executable, "-I", "-c", HAMMER, SOCKET, "1")  # fmt: skip
        assert allowed.stdout.split()[:1] == ["1"], allowed.stderr
    pair.first.run("chmod", "666", SOCKET)
    words = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", sys.executable, "-I", "-c")
    stranger = pair.first.attempt(*words, STRANGER)
    assert "permission denied" in stranger.stdout, stranger.stderr
    pair.first.stop()
    assert pair.first.attempt("test", "-e", SOCKET).returncode == 1
    assert pair.first.attempt("test", "-e", f"{SOCKET}.parent").returncode == 1
