"""Several daemons on one machine: told apart by `instance`, or in network namespaces of their own."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.lab.daemon import OURS, REAL, Daemon, real_is_installed
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

CONFIG = """\
{first}
global_defs {{
    vrrp_garp_master_delay 0
}}
vrrp_instance {name} {{
    interface eth0
    virtual_router_id {vrid}
    advert_int 0.1
    version 3
    priority 200
    virtual_ipaddress {{
        10.9.0.{vrid}/24
    }}
}}
"""
DAEMONS = [
    OURS,
    pytest.param(REAL, marks=pytest.mark.skipif(not real_is_installed(), reason="keepalived is not installed")),
]


def plug(lab: Lab, daemon: Daemon = OURS) -> Node:
    (node,) = lab.add(one=["192.168.0.201/24"])
    node.install(daemon)
    node.start_syslog()
    return node


def launch(node: Node, name: str, vrid: int, first: str, *options: str) -> None:
    path = f"/etc/keepalived/{name}.conf"
    node.path(path).write_text(CONFIG.format(first=first, name=name, vrid=vrid), encoding="utf-8")
    node.run("keepalived", "-D", "-S", "0", "-P", "-f", path, *options)


def wait(node: Node, condition: Callable[[], object]) -> None:
    wait_for(condition, 10, lambda: "\n".join(node.log()))


def pid_in(node: Node, path: str) -> int:
    return int(node.text(path).strip() or 0)


def in_namespace(node: Node, namespace: str, address: str) -> bool:
    return address in node.run("ip", "-n", namespace, "-brief", "address", "show", "dev", "eth0")


def add_namespace(node: Node, name: str) -> None:
    node.ip("netns", "add", name)
    node.ip("link", "add", "eth0", "netns", name, "type", "veth", "peer", "name", f"to-{name}")
    node.ip("link", "set", f"to-{name}", "up")
    node.ip("-n", name, "link", "set", "eth0", "up")
    node.ip("-n", name, "address", "add", "10.9.0.250/24", "dev", "eth0")


@pytest.mark.parametrize("daemon", DAEMONS, ids=str)
def test_two_daemons_with_names_run_side_by_side_and_stop_one_by_one(lab: Lab, daemon: Daemon) -> None:
    node = plug(lab, daemon)
    for vrid, name in ((1, "red"), (2, "blue")):
        launch(node, name, vrid, f"instance {name}")
    wait(node, lambda: node.has("10.9.0.1") and node.has("10.9.0.2"))
    pids = {name: pid_in(node, f"/run/keepalived/keepalived_{name}.pid") for name in ("red", "blue")}
    children = {name: pid_in(node, f"/run/keepalived/vrrp_{name}.pid") for name in ("red", "blue")}
    assert len({*pids.values(), *children.values()} - {0}) == 4
    wait(node, lambda: node.log("Keepalived_vrrp_red") and node.log("Keepalived_vrrp_blue"))
    node.kill(pids["red"], signal.SIGTERM)
    wait(node, lambda: not node.is_running(pids["red"]))
    assert (node.has("10.9.0.1"), node.has("10.9.0.2")) == (False, True)
    assert not node.path("/run/keepalived/keepalived_red.pid").exists()
    assert node.is_running(children["blue"])


@pytest.mark.parametrize(
    ("first", "option"), [("net_namespace red", []), ("", ["-s", "red"]), ("net_namespace other", ["-s", "red"])]
)
def test_daemon_in_a_namespace_works_there_and_keeps_its_pid_files_apart(
    lab: Lab, first: str, option: list[str]
) -> None:
    node = plug(lab)
    add_namespace(node, "red")
    launch(node, "one", 1, first, *option)
    launch(node, "two", 2, "")
    wait(node, lambda: in_namespace(node, "red", "10.9.0.1") and node.has("10.9.0.2"))
    assert not node.has("10.9.0.1")
    parent, child = (pid_in(node, f"/run/keepalived/red/{name}.pid") for name in ("keepalived", "vrrp"))
    assert node.run("ip", "netns", "identify", str(child)).strip() == "red"
    wait(node, lambda: node.log("Keepalived_vrrp_red"))
    assert node.parent_pid() not in (0, parent)
    path = node.path("/etc/keepalived/one.conf")
    path.write_text(path.read_text().replace("net_namespace other", "net_namespace another"))
    node.kill(parent, signal.SIGHUP)
    wait(node, lambda: "Reload finished" in node.log("Keepalived_red"))
    node.kill(parent, signal.SIGTERM)
    wait(node, lambda: not node.is_running(parent))
    assert not in_namespace(node, "red", "10.9.0.1")
    assert not node.path("/run/keepalived/red/keepalived.pid").exists()


def test_namespace_and_name_go_together(lab: Lab) -> None:
    node = plug(lab)
    add_namespace(node, "red")
    launch(node, "one", 1, "net_namespace red\ninstance first")
    wait(node, lambda: in_namespace(node, "red", "10.9.0.1"))
    assert pid_in(node, "/run/keepalived/red/keepalived_first.pid")
    wait(node, lambda: node.log("Keepalived_vrrp_red_first"))


def test_namespace_that_does_not_exist_ends_the_start_with_its_name(lab: Lab) -> None:
    node = plug(lab)
    node.configure("net_namespace nowhere\n")
    done = node.attempt("keepalived", "-D", "-S", "0")
    assert done.returncode == 2
    assert "Unable to open network namespace nowhere: No such file or directory" in done.stderr


def test_pid_files_may_have_a_directory_of_their_own(lab: Lab) -> None:
    node = plug(lab)
    launch(node, "one", 1, "use_pid_dir")
    wait(node, lambda: node.has("10.9.0.1"))
    assert pid_in(node, "/run/keepalived/keepalived.pid")
    assert pid_in(node, "/run/keepalived/vrrp.pid")
    assert not node.path("/run/keepalived.pid").exists()
