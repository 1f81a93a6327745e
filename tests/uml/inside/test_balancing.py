"""Connections that IPVS really balances, from a client through directors to servers, each in its own namespaces."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lab.configs import FAST, instance
from tests.lab.daemon import OURS
from tests.lab.test_control import state
from tests.uml.inside.director import VIP, daemons, wait_for_tables, wait_until

if TYPE_CHECKING:
    import subprocess

    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

HERE = Path(__file__).parent
GATEWAY = "10.1.0.1"
ANSWERS = "/run/answers"
COUNTED = ("connections", "packets_in", "packets_out", "bytes_in", "bytes_out")
CHECK = "TCP_CHECK { connect_timeout 2 }"
SERVERS = "".join(f"  real_server 10.1.0.{host} 8080 {{\n    weight 1\n    {CHECK}\n  }}\n" for host in (11, 12))
BALANCED = f"""\
virtual_server {VIP} 80 {{
  lvs_sched rr
  lvs_method NAT
  protocol TCP
  delay_loop 0.5
  retry 0
{SERVERS}}}
"""
SERVICE = f"-A -t {VIP}:80 -s rr"
FIRST, SECOND = (f"-a -t {VIP}:80 -r 10.1.0.{host}:8080 -m -w 1" for host in (11, 12))


def serve(node: Node) -> subprocess.Popen[str]:
    """Start a server that says its node's name."""
    return node.popen(sys.executable, "-I", "-S", str(HERE / "echo_server.py"), node.name)


def add_servers(lab: Lab) -> list[Node]:
    servers = lab.add(one="10.1.0.11/24", two="10.1.0.12/24")
    for node in servers:
        node.ip("route", "add", "default", "via", GATEWAY)
    return servers


def prepare_director(node: Node) -> None:
    node.install(OURS)
    node.start_syslog(own=True)
    node.run("sysctl", "-q", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.send_redirects=0")
    node.run("sysctl", "-q", "net.ipv4.conf.eth0.send_redirects=0")


def ask(client: Node, how: str) -> None:
    client.popen(sys.executable, "-I", "-S", str(HERE / "asker.py"), VIP, f"{ANSWERS}.{how}", how)


def answers(client: Node, how: str) -> list[str]:
    return client.text(f"{ANSWERS}.{how}").split()


def counters(director: Node) -> dict[str, int]:
    """What keepalivedctl tells of the first real server."""
    found = state(director, "--counters")["virtual_servers"][0]["real_servers"][0]["counters"]
    return {name: found[name] for name in COUNTED}


def counted_by_ipvsadm(director: Node) -> dict[str, int]:
    """What ipvsadm tells of the same."""
    [line] = [line for line in director.run("ipvsadm", "-ln", "--stats", "--exact").splitlines() if ".11:" in line]
    return dict(zip(COUNTED, map(int, line.split()[2:]), strict=True))


def end(node: Node) -> None:
    """End the server of a node: its port is closed from now on."""
    node.kill(int(node.text("/run/echo.pid")), signal.SIGKILL)


def test_requests_are_balanced_and_survive_the_loss_of_a_server(lab: Lab) -> None:
    [client] = lab.add(client="192.168.0.3/24")
    [director] = lab.add(director=["192.168.0.10/24", f"{VIP}/24", f"{GATEWAY}/24"])
    one, two = add_servers(lab)
    prepare_director(director)
    serve(one)
    serve(two)
    director.configure(f"global_defs {{\n router_id director\n}}\n{BALANCED}")
    director.start("-D", "-S", "0", "-C")
    wait_for_tables(director, [SERVICE, FIRST, SECOND])
    ask(client, "short")
    wait_until(director, lambda: {"one", "two"} <= set(answers(client, "short")[-10:]), "answers of both servers")
    before = answers(client, "short").count("failed")
    end(two)
    wait_for_tables(director, [SERVICE, FIRST])
    removed = len(answers(client, "short"))
    wait_until(director, lambda: len(answers(client, "short")) > removed + 30, "thirty more requests")
    found = answers(client, "short")
    print(f"{found.count('failed') - before} of {len(found)} requests failed while the server was lost")
    assert set(found[removed + 2 :]) == {"one"}  # two may have been under way
    low, told, high = counted_by_ipvsadm(director), counters(director), counted_by_ipvsadm(director)
    assert all(0 < low[name] <= told[name] <= high[name] for name in COUNTED), (low, told, high)
    serve(two)
    wait_for_tables(director, [SERVICE, FIRST, SECOND])
    wait_until(director, lambda: {"one", "two"} <= set(answers(client, "short")[-10:]), "answers of both servers again")
    line = f"Removing service [10.1.0.12]:8080 from VS [{VIP}]:80, 1 of quorum 1 left"
    wait_until(director, lambda: line in director.log("Keepalived_healthcheckers"), line)


def runs(node: Node, role: str) -> bool:
    """Whether the sync daemon of this role runs, and no other."""
    return [line.partition(" ")[0] for line in daemons(node)] == [role]


def test_connection_survives_the_loss_of_the_master_director(lab: Lab) -> None:
    [client] = lab.add(client="192.168.0.3/24")
    first, second = lab.add(
        first=["192.168.0.10/24", "10.1.0.2/24"],
        second=["192.168.0.20/24", "10.1.0.3/24"],
    )
    for node in add_servers(lab):
        serve(node)
    defaults = "global_defs {\n router_id director\n lvs_sync_daemon eth0 VI_1\n}\n"
    for node, priority in ((first, 150), (second, 100)):
        prepare_director(node)
        addresses = [f"{VIP}/24", f"{GATEWAY}/24"]
        node.configure(defaults + instance(priority, FAST, addresses=addresses) + BALANCED)
        node.start()
        wait_for_tables(node, [SERVICE, FIRST, SECOND])
    wait_until(first, lambda: first.has(VIP) and runs(first, "master"), "the first is master")
    wait_until(second, lambda: runs(second, "backup"), "the second is backup")
    ask(client, "stream")
    ask(client, "short")
    wait_until(second, lambda: "8080" in second.run("ipvsadm", "-Lnc"), "the connections are known to the backup")
    wait_until(second, lambda: len(answers(client, "stream")) > 60, "the stream is known to the backup as it is")
    lab.cut(first)
    first.kill(first.parent_pid(), signal.SIGKILL)
    lost = len(answers(client, "short"))
    wait_until(second, lambda: second.has(VIP) and runs(second, "master"), "the second takes over")
    stream = len(answers(client, "stream"))
    wait_until(
        second,
        lambda: len(answers(client, "stream")) > stream + 20 and {"one", "two"} <= set(answers(client, "short")[-10:]),
        "the stream goes on, new requests are answered by both servers",
    )
    assert len(set(answers(client, "stream"))) == 1  # and no `failed` among them
    wait_for_tables(second, [SERVICE, FIRST, SECOND])
    failed = answers(client, "short")[lost:].count("failed")
    print(f"{failed} requests failed while the master was lost")
