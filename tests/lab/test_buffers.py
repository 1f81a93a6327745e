"""Receive buffers as the kernel shows them, and what happens when they are too small."""

from __future__ import annotations

import signal
import socket
import sys
from pathlib import Path
from socket import AF_INET, AF_NETLINK
from typing import TYPE_CHECKING

import pytest

from tests.lab.daemon import OURS
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

VIP = "192.168.0.204/24"


def config(*lines: str) -> str:
    settings = "\n    ".join(lines)
    return f"""\
global_defs {{
    {settings}
}}
vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 51
    advert_int 0.1
    version 3
    priority 200
    virtual_ipaddress {{
        {VIP}
    }}
}}
vrrp_instance VI_2 {{
    interface eth0
    virtual_router_id 52
    advert_int 0.1
    version 3
    priority 200
    virtual_ipaddress {{
        192.168.0.205/24
        192.168.0.206/24
    }}
}}
"""


def start(lab: Lab, text: str) -> Node:
    (node,) = lab.add(one=["192.168.0.201/24"])
    node.install(OURS)
    node.start_syslog()
    node.configure(text)
    node.start("-D", "-S", "0", "-P")
    wait(node, lambda: node.has(VIP))
    return node


def wait(node: Node, condition: Callable[[], object]) -> None:
    wait_for(condition, 10, lambda: "\n".join(node.log()))


def reload(node: Node, text: str) -> None:
    count = node.log().count("Keepalived: Reload finished")
    node.configure(text)
    node.kill(node.parent_pid(), signal.SIGHUP)
    wait(node, lambda: node.log().count("Keepalived: Reload finished") > count)


def buffers(node: Node, family: socket.AddressFamily) -> set[int]:
    """Sizes of the receive buffers of the VRRP child's raw sockets of one family, as it asked for them."""
    program = Path(__file__).with_name("sockets.py")
    text = node.run(sys.executable, "-I", "-S", str(program), str(node.vrrp_pid()))
    rows = [[int(word) for word in line.split()] for line in text.splitlines()]
    return {size // 2 for found, kind, size in rows if (found, kind) == (family, socket.SOCK_RAW)}


def test_buffer_of_adverts_follows_the_policy_from_reload_to_reload(lab: Lab) -> None:
    node = start(lab, config("vrrp_rx_bufs_policy 30000"))
    assert 60_000 in buffers(node, AF_INET)
    reload(node, config("vrrp_rx_bufs_policy MTU", "vrrp_rx_bufs_multiplier 20"))
    assert 2 * 20 * 1500 in buffers(node, AF_INET)
    reload(node, config("vrrp_rx_bufs_policy advert", "vrrp_rx_bufs_multiplier 500"))
    assert 500 * (20 + 8 + 4) + 500 * (20 + 8 + 8) in buffers(node, AF_INET)
    reload(node, config())
    assert 1024 * 1024 in buffers(node, AF_INET)


def test_netlink_buffers_are_as_large_as_configured(lab: Lab) -> None:
    node = start(lab, config("vrrp_netlink_monitor_rcv_bufs 50000", "vrrp_netlink_cmd_rcv_bufs 60000"))
    assert {50_000, 60_000} <= buffers(node, AF_NETLINK)
    reload(node, config("vrrp_netlink_monitor_rcv_bufs 9000000", "vrrp_netlink_monitor_rcv_bufs_force"))
    assert 9_000_000 in buffers(node, AF_NETLINK)
    assert 60_000 not in buffers(node, AF_NETLINK)


def test_address_that_goes_away_among_events_that_are_lost_is_put_back(lab: Lab) -> None:
    node = start(lab, config("vrrp_netlink_monitor_rcv_bufs 1", "vrrp_netlink_cmd_rcv_bufs 1"))
    pid = node.vrrp_pid()
    node.kill(pid, signal.SIGSTOP)
    script = "for n in $(seq 200); do echo address add 10.0.0.$n/32 dev lo; done"
    node.run("sh", "-c", f"( {script}; echo address del {VIP} dev eth0 ) | ip -batch -")
    assert not node.has(VIP)
    node.kill(pid, signal.SIGCONT)
    wait(node, lambda: node.has(VIP))
    assert node.vrrp_pid() == pid
