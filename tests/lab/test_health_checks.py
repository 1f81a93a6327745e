"""The health-check child of a running daemon, on a kernel without IPVS: checks, orders, dumps and reloads work."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.configs import FAST, instance
from tests.lab.pair import plug_pair
from tests.lab.test_control import ask as control_ask
from tests.lab.test_control import control, state
from tests.lab.test_dumps import ask
from tests.lab.test_reload import reload
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

CHECKER = "Keepalived_healthcheckers"
DUMP = "/run/tmp/keepalived_check.data"
FILES = "global_defs {\n    lvs_notify_fifo /run/lvs_fifo\n}\ntrack_file load {\n    file /run/load\n}\n"
CLOSED = "TCP_CHECK {\n    delay_loop 0.2\n    warmup 0\n    retry 1\n    delay_before_retry 0.1\n}\n"
FILE = "FILE_CHECK {\n    track_file load\n}\n"


def virtual(address: str, *lines: str, weight: int = 5) -> str:
    servers = (
        f"real_server 127.0.0.1 9 {{\nweight {weight}\n{CLOSED}}}",
        f"real_server 127.0.0.1 8 {{\nweight 2\n{FILE}}}",
    )
    common = ("lvs_sched rr", "lvs_method NAT", "protocol TCP", *lines, *servers)
    return f"virtual_server {address} 80 {{\n" + "\n".join(common) + "\n}\n"


def servers(node: Node, index: int = 0) -> list[dict[str, Any]]:
    """The real servers of a virtual server; empty while no health-check process answers."""
    done = control_ask(node, "status", "--json")
    found: list[dict[str, Any]] = json.loads(done.stdout).get("virtual_servers", []) if done.returncode == 0 else []
    return found[index]["real_servers"] if found else []


def suspends(node: Node) -> bool:
    return bool(state(node)["virtual_servers"][1]["suspended"])


def logged(node: Node, text: str) -> bool:
    return any(text in line for line in node.log(CHECKER))


def says(node: Node, text: str) -> None:
    wait_for(lambda: logged(node, text), 20, lambda: "\n".join((text, "not in", *node.log())))


def test_checks_orders_files_and_addresses_decide_who_is_used(lab: Lab) -> None:
    node = plug_pair(lab).first
    node.ip("link", "set", "lo", "up")
    node.path("/run/load").write_text("3\n", encoding="utf-8")
    config = instance(150, FAST) + FILES + virtual("10.9.9.9") + virtual("192.168.0.204", "ha_suspend", weight=6)
    node.configure(config)
    node.start("-D", "-S", "0")

    removed = "Removing service [127.0.0.1]:9 from VS [10.9.9.9]:80, 5 of quorum 1 left"
    says(node, removed)
    assert logged(node, "TCP connection to [127.0.0.1]:9 failed: refused (2 of 2)")
    first, second = servers(node)
    assert (first["is_alive"], first["checks"][0]["result"]) == (False, "refused")
    assert (second["weight"], second["checks"][0]["is_up"]) == (5, True)
    wait_for(lambda: not suspends(node), 20, "the node is master and checks")

    node.path("/run/load").write_text("4\n", encoding="utf-8")
    wait_for(lambda: servers(node)[1]["weight"] == 6, 20, "the file changes the weight")

    assert control(node, "real-server", "10.9.9.9:80", "127.0.0.1:8", "--drain") == (
        "  [127.0.0.1]:8  up, drained\n    FILE_CHECK [127.0.0.1]:8: up, success\n"
    )
    assert "there is no virtual server 10.9.9.8:80" in control(
        node, "real-server", "10.9.9.8:80", "127.0.0.1:8", "--drain", code=1
    )
    says(node, "Lost quorum 1-0=1 > 0 for VS [10.9.9.9]:80")
    node.configure(config.replace("weight 2", "weight 3"))
    reload(node)
    wait_for(lambda: servers(node)[1]["configured_weight"] == 3, 20, "the reload")
    assert servers(node)[1]["weight"] == 0
    assert not servers(node)[0]["is_alive"]
    control(node, "real-server", "10.9.9.9:80", "127.0.0.1:8", "--enable")
    assert servers(node)[1]["weight"] == 7

    dump = ask(node, signal.SIGUSR1, DUMP).splitlines()
    at = dump.index(" [10.9.9.9]:tcp:80 -> [127.0.0.1]:tcp:9")
    assert dump[at + 1 : at + 4] == ["   Enabled = yes", "   Up = no", "   Has run = yes"]
    node.stop()
    says(node, "Terminating Healthchecker child process on signal")


def test_daemon_without_vrrp_checks_and_survives_the_crash_of_its_child(lab: Lab) -> None:
    node = plug_pair(lab).first
    node.ip("link", "set", "lo", "up")
    node.configure(FILES + virtual("10.9.9.9"))
    node.start("-D", "-S", "0", "--check")
    wait_for(lambda: [server["is_alive"] for server in servers(node)] == [False, True], 20, "the checks")
    before = node.checker_pid()
    node.kill(before, signal.SIGKILL)
    wait_for(lambda: node.checker_pid() not in {0, before}, 20, "another child")
    wait_for(lambda: [server["is_alive"] for server in servers(node)] == [False, True], 20, "the checks again")
