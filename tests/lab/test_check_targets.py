"""What checks say of machines that live, refuse, are deaf, and are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab.pair import plug_pair
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = [pytest.mark.lab, pytest.mark.timeout(90)]
PATIENCE = "delay_loop 0.3\nwarmup 0\nretry 0\nconnect_timeout 1\n"
NEIGHBOUR = "192.168.0.130"
NEIGHBOUR_6 = "2001:db8::130"
NOBODY = "192.168.0.77"
ADDRESS, ADDRESS_6 = "10.9.9.9", "2001:db8:9::9"
VIRTUAL, VIRTUAL_6 = f"[{ADDRESS}]:80", f"[{ADDRESS_6}]:80"


def virtual(family: int, *checks: tuple[str, str]) -> str:
    """A virtual server whose real servers have one check each."""
    address = ADDRESS if family == 4 else ADDRESS_6
    servers = [
        f"real_server {where} {port} {{\n{check} {{\n{PATIENCE}}}\n}}" for port, (check, where) in enumerate(checks, 7)
    ]
    return "\n".join((f"virtual_server {address} 80 {{\nlvs_sched rr\nlvs_method NAT\nprotocol TCP", *servers, "}\n"))


def says(node: Node, *lines: str) -> None:
    wait_for(lambda: not missing(node, lines), 30, lambda: "\n".join((*missing(node, lines), "not in", *node.log())))


def missing(node: Node, lines: Sequence[str]) -> list[str]:
    said = node.log()
    return [line for line in lines if not any(line in one for one in said)]


def test_checks_tell_living_refusing_deaf_and_absent_machines_apart(lab: Lab) -> None:
    pair = plug_pair(lab, ipv6=True)
    node, other = pair.first, pair.second
    four = (("PING_CHECK", NEIGHBOUR), ("TCP_CHECK", NEIGHBOUR), ("UDP_CHECK", NEIGHBOUR), ("PING_CHECK", NOBODY))
    six = (("PING_CHECK", NEIGHBOUR_6), ("SMTP_CHECK", NEIGHBOUR_6), ("DNS_CHECK", NEIGHBOUR_6))
    node.configure(virtual(4, *four) + virtual(6, *six))
    before = node.run("cat", "/proc/sys/net/ipv4/ping_group_range")
    node.start("-D", "-S", "0")
    says(
        node,
        f"ICMP connection to [{NEIGHBOUR}]:7 success",
        f"TCP connection to [{NEIGHBOUR}]:8 failed: refused (1 of 1)",
        f"UDP_CHECK on service [{NEIGHBOUR}]:9 failed: refused (1 of 1)",
        f"ICMP CHECK on service [{NOBODY}]:10 of {VIRTUAL} failed: ",
        f"ICMP connection to [{NEIGHBOUR_6}]:7 success",
        f"SMTP_CHECK on service [{NEIGHBOUR_6}]:8 failed: refused (1 of 1)",
        f"DNS_CHECK ([{NEIGHBOUR_6}]:9) failed: refused (1 of 1)",
    )
    # It hears everything, and nothing that it says arrives.
    other.ip("route", "add", "blackhole", "192.168.0.201/32")
    other.ip("-6", "route", "add", "blackhole", "2001:db8::201/128")
    says(
        node,
        f"ICMP CHECK on service [{NEIGHBOUR}]:7 of {VIRTUAL} failed: no answer within 1.0 s (1 of 1)",
        f"ICMP CHECK on service [{NEIGHBOUR_6}]:7 of {VIRTUAL_6} failed: no answer within 1.0 s (1 of 1)",
    )
    other.ip("route", "del", "blackhole", "192.168.0.201/32")
    back = f"ICMP connection to [{NEIGHBOUR}]:7 success"
    wait_for(lambda: sum(back in line for line in node.log()) == 2, 20, "it is back")
    assert node.run("cat", "/proc/sys/net/ipv4/ping_group_range") == before
    node.stop()
