"""What checks say of machines that live, refuse, are deaf, are not there, or cannot be reached."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.lab.pair import plug_pair
from tests.lab.park import RESPONDER
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab
PATIENCE = "delay_loop 0.3\nwarmup 0\nretry 0\nconnect_timeout 1\n"
NEIGHBOUR = "192.168.0.130"
NEIGHBOUR_6 = "2001:db8::130"
NOBODY = "192.168.0.77"
ADDRESS, ADDRESS_6 = "10.9.9.9", "2001:db8:9::9"
VIRTUAL, VIRTUAL_6 = f"[{ADDRESS}]:80", f"[{ADDRESS_6}]:80"
BEYOND, BEYOND_6 = "10.8.8.8", "2001:db8:8::8"


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


def count(node: Node, text: str) -> int:
    return sum(text in line for line in node.log())


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
    back = f"ICMP connection to [{NEIGHBOUR}]:7 success"
    successes = count(node, back)
    other.ip("route", "del", "blackhole", "192.168.0.201/32")
    wait_for(lambda: count(node, back) > successes, 20, "it is back")
    assert node.run("cat", "/proc/sys/net/ipv4/ping_group_range") == before
    node.stop()


def test_answers_to_pings_that_are_late_or_not_ours_are_none(lab: Lab) -> None:
    pair = plug_pair(lab)
    node, other = pair.first, pair.second
    other.run("sysctl", "-q", "net.ipv4.icmp_echo_ignore_all=1")
    how = other.path("/run/ping")
    how.write_text("rightly", encoding="ascii")
    other.popen(sys.executable, "-I", "-S", RESPONDER, "ping", "0", "/run/ping")
    node.configure(virtual(4, ("PING_CHECK", NEIGHBOUR)).replace("connect_timeout 1", "connect_timeout 0.4"))
    node.start("-D", "-S", "0", "--check")
    up = f"ICMP connection to [{NEIGHBOUR}]:7 success"
    down = f"ICMP CHECK on service [{NEIGHBOUR}]:7 of {VIRTUAL} failed: no answer within 0.4 s (1 of 1)"

    def times(line: str) -> int:
        return sum(line in one for one in node.log())

    def answer(word: str, line: str) -> None:
        before = times(line)
        how.write_text(word, encoding="ascii")
        wait_for(lambda: times(line) > before, 30, lambda: "\n".join((word, *node.log())))

    says(node, up)
    for wrong in ("late", "wrong", "half", "elsewhere"):
        answer(wrong, down)
        answer("rightly", up)
    node.stop()


def test_host_that_its_router_or_we_do_not_find_is_down_for_every_check(lab: Lab) -> None:
    pair = plug_pair(lab, ipv6=True)
    node, router = pair.first, pair.second
    router.run("sysctl", "-q", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
    router.run("sysctl", "-q", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0")
    for version, where, via in ((4, BEYOND, NEIGHBOUR), (6, BEYOND_6, NEIGHBOUR_6)):
        for interface in ("all", "eth0"):  # else the router says that this host could do without it
            node.run("sysctl", "-q", f"net.ipv{version}.conf.{interface}.accept_redirects=0")
        router.ip("address", "add", f"{where.removesuffix('8')}1/{24 if version == 4 else 64}", "dev", "eth0")
        node.ip(f"-{version}", "route", "add", where, "via", via)
    asking = ("TCP_CHECK", "UDP_CHECK", "DNS_CHECK", "SMTP_CHECK")
    four, six = (tuple((check, where) for check in asking) for where in (BEYOND, BEYOND_6))
    patient = PATIENCE.replace("connect_timeout 1", "connect_timeout 20")
    node.configure((virtual(4, *four, ("UDP_CHECK", NOBODY)) + virtual(6, *six)).replace(PATIENCE, patient))
    node.start("-D", "-S", "0", "--check")
    for where in (BEYOND, BEYOND_6):
        says(
            node,
            f"TCP connection to [{where}]:7 failed: no route to host (1 of 1)",
            f"UDP_CHECK on service [{where}]:8 failed: no route to host (1 of 1)",
            f"DNS_CHECK ([{where}]:9) failed: no route to host (1 of 1)",
            f"SMTP_CHECK on service [{where}]:10 failed: no route to host (1 of 1)",
        )
    says(node, f"UDP_CHECK on service [{NOBODY}]:11 failed: no route to host (1 of 1)")
    node.stop()
