"""IPVS as a whole: what is flushed, kept, adopted; timeouts, sync daemons, namespaces. `ipvsadm` judges."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from keepalived_py.notify.vocabulary import LINK_WATCH
from tests.lab.configs import FAST, instance
from tests.lab.daemon import OURS
from tests.uml.inside.director import (
    VIP,
    config,
    daemons,
    tables,
    virtual_server,
    wait_for_tables,
    wait_until,
)

if TYPE_CHECKING:
    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

CHECKERS_ONLY = ("-D", "-S", "0", "-C")
SERVICE = f"-A -t {VIP}:80 -s rr"
FIRST, SECOND = (f"-a -t {VIP}:80 -r 192.168.0.{host}:8080 -m -w 1" for host in (11, 12))
STRANGER = "-A -t 10.9.9.9:99 -s wlc"
TWO = virtual_server("192.168.0.11 8080", "192.168.0.12 8080")


@pytest.fixture
def node(lab: Lab) -> Node:
    [made] = lab.add(director="192.168.0.10/24")
    made.install(OURS)
    made.start_syslog(own=True)
    made.run("ipvsadm", "-C")
    made.run("ipvsadm", "-A", "-t", "10.9.9.9:99", "-s", "wlc")
    return made


def restart_checker(node: Node) -> None:
    """SIGKILL the health-check child and wait until its successor is at work."""
    old, starts = node.checker_pid(), node.log("Keepalived_healthcheckers").count(LINK_WATCH)
    node.kill(old, signal.SIGKILL)
    wait_until(node, lambda: node.checker_pid() not in (0, old), "a new health-check child")
    wait_until(node, lambda: node.log("Keepalived_healthcheckers").count(LINK_WATCH) > starts, "it is at work")


def test_services_come_and_go_and_those_of_others_stay(node: Node) -> None:
    node.configure(config(TWO, "lvs_flush_on_stop VS"))
    node.start(*CHECKERS_ONLY)
    wait_for_tables(node, [STRANGER, SERVICE, FIRST, SECOND])
    node.stop()
    assert tables(node) == [STRANGER]


def test_flush_at_start_and_at_stop(node: Node) -> None:
    node.configure(config(TWO, "lvs_flush\nlvs_flush_on_stop"))
    node.start(*CHECKERS_ONLY)
    wait_for_tables(node, [SERVICE, FIRST, SECOND])
    node.run("ipvsadm", "-A", "-t", "10.9.9.9:99", "-s", "wlc")
    node.stop()
    assert tables(node) == []


def test_option_keeps_the_tables_and_the_next_start_takes_them_as_they_are(node: Node) -> None:
    node.configure(config(TWO))
    node.start(*CHECKERS_ONLY, "-I")
    wait_for_tables(node, [STRANGER, SERVICE, FIRST, SECOND])
    node.stop()
    assert sorted(tables(node)) == sorted([STRANGER, SERVICE, FIRST, SECOND])
    node.run("ipvsadm", "-E", "-t", f"{VIP}:80", "-s", "wlc")
    node.configure(config(virtual_server("192.168.0.12 8080")))
    node.start(*CHECKERS_ONLY)
    wait_for_tables(node, [STRANGER, SERVICE, SECOND])


def test_crashed_child_is_followed_by_one_that_touches_nothing(node: Node) -> None:
    node.configure(config(TWO, "lvs_flush"))
    node.start(*CHECKERS_ONLY)
    wait_for_tables(node, [SERVICE, FIRST, SECOND])
    # A weight that only IPVS knows would be put right; what is not configured would be flushed or removed at a start.
    node.run("ipvsadm", "-A", "-t", "10.9.9.9:99", "-s", "wlc")
    restart_checker(node)
    wait_for_tables(node, [STRANGER, SERVICE, FIRST, SECOND])
    node.stop()
    assert tables(node) == [STRANGER]


def timeouts(node: Node) -> str:
    return node.run("ipvsadm", "-ln", "--timeout").strip()


def test_timeouts_are_set_and_given_back(node: Node) -> None:
    before = timeouts(node)
    assert before == "Timeout (tcp tcpfin udp): 900 120 300"
    node.configure(config(TWO, "lvs_timeouts tcp 7200 udp 60"))
    node.start(*CHECKERS_ONLY)
    wait_until(node, lambda: timeouts(node) == "Timeout (tcp tcpfin udp): 7200 120 60", "timeouts")
    node.configure(config(TWO))
    node.kill(node.parent_pid(), signal.SIGHUP)
    wait_until(node, lambda: timeouts(node) == before, "timeouts of the kernel")
    node.configure(config(TWO, "lvs_timeouts tcpfin 30"))
    node.kill(node.parent_pid(), signal.SIGHUP)
    wait_until(node, lambda: timeouts(node) == "Timeout (tcp tcpfin udp): 900 30 300", "other timeouts")
    node.stop()
    assert timeouts(node) == before


def test_both_sync_daemons_run_without_an_instance(node: Node) -> None:
    node.run("ipvsadm", "--start-daemon", "master", "--mcast-interface", "eth0", "--syncid", "9")
    node.configure(config(TWO, "lvs_sync_daemon eth0 id 3 maxlen 1400 port 8888 ttl 2 group 224.0.0.99"))
    node.start(*CHECKERS_ONLY)
    expected = [
        f"{role} sync daemon (mcast=eth0, syncid=3, maxlen=1400, group=224.0.0.99, port=8888, ttl=2)"
        for role in ("backup", "master")
    ]
    wait_until(node, lambda: daemons(node) == expected, "both daemons")
    restart_checker(node)
    assert daemons(node) == expected
    node.stop()
    assert daemons(node) == []


def test_sync_daemon_follows_the_instance(node: Node) -> None:
    def running() -> list[str]:
        return [line.partition(", maxlen")[0] for line in daemons(node)]

    synced = "lvs_sync_daemon eth0 VI_1"
    node.configure(instance(100, (*FAST, "state BACKUP")) + config(TWO, synced))
    node.start()
    wait_until(node, lambda: running() == ["master sync daemon (mcast=eth0, syncid=51"], "the daemon of a master")
    restart_checker(node)
    node.ip("link", "set", "eth0", "down")
    wait_until(node, lambda: running() == ["backup sync daemon (mcast=eth0, syncid=51"], "the daemon of a backup")
    node.ip("link", "set", "eth0", "up")
    wait_until(node, lambda: running() == ["master sync daemon (mcast=eth0, syncid=51"], "the daemon of a master")
    node.stop()
    assert daemons(node) == []


def test_tables_of_another_namespace(node: Node) -> None:
    node.ip("netns", "add", "blue")
    node.ip("-n", "blue", "link", "set", "lo", "up")
    node.configure("net_namespace_ipvs blue\n" + config(TWO))
    node.start(*CHECKERS_ONLY)

    def there() -> list[str]:
        return sorted(node.ip("netns", "exec", "blue", "ipvsadm", "-Sn").splitlines())

    wait_until(node, lambda: there() == sorted([SERVICE, FIRST, SECOND]), "tables of the namespace")
    assert tables(node) == [STRANGER]
    node.stop()
    assert there() == []


def test_group_is_a_service_for_each_address_where_nftables_refuses(node: Node) -> None:
    """Debian's User Mode Linux is built without nftables for IPv4."""
    group = f"virtual_server_group G {{\n {VIP} 80\n 192.168.0.20-22 8000\n}}\n"
    server = TWO.replace(f"virtual_server {VIP} 80", "virtual_server group G")
    node.configure(config(group + server, "nftables_ipvs"))
    node.start(*CHECKERS_ONLY)
    expected = [STRANGER]
    for place in (f"{VIP}:80", *(f"192.168.0.{host}:8000" for host in (20, 21, 22))):
        expected += [f"-A -t {place} -s rr", *(f"-a -t {place} -r 192.168.0.{host}:8080 -m -w 1" for host in (11, 12))]
    wait_for_tables(node, expected)
    said = "every address is a service of its own"
    wait_until(node, lambda: any(said in line for line in node.log()), said)
    node.stop()
    assert tables(node) == [STRANGER]
