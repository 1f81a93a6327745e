"""The same routes and rules given to us and to Debian's keepalived: iproute2 sees the same in both kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab.configs import FAST, instance
from tests.lab.daemon import OURS, REAL, real_is_installed
from tests.lab.pair import plug_pair

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = [
    pytest.mark.lab,
    pytest.mark.interop,
    pytest.mark.skipif(not real_is_installed(), reason="Debian's keepalived is not installed"),
]

VIP = "192.168.0.204/24"
ROUTES = (
    "10.1.1.0/24 dev eth0",
    "to 10.1.2.0/24 oif eth0",
    "10.1.3.0/24 via 192.168.0.3",
    "10.1.4.0/24 via inet 192.168.0.3 dev eth0",
    "10.1.6.0/24 dev eth0 src 192.168.0.204",
    "10.1.7.0/24 dev eth0 table 1000",
    "10.1.8.0/24 dev eth0 table 100",
    "10.1.9.0/24 dev eth0 metric 7",
    "10.1.10.0/24 dev eth0 priority 8",
    "10.1.11.0/24 dev eth0 preference 9",
    "10.1.12.0/24 dev eth0 scope link",
    "10.1.13.0/24 dev eth0 tos 0x10",
    "10.1.14.0/24 dev eth0 dsfield 8",
    "10.1.15.0/24 dev eth0 protocol static no_track",
    "10.1.16.0/24 via 10.250.0.1 dev eth0 onlink",
    "10.1.17.0/24 dev eth0 mtu 1400",
    "10.1.18.0/24 dev eth0 mtu lock 1400",
    "10.1.19.0/24 dev eth0 hoplimit 32",
    "10.1.20.0/24 dev eth0 advmss 1000",
    "10.1.21.0/24 dev eth0 advmss lock 1000 mtu 1300",
    "10.1.22.0/24 dev eth0 rtt 300ms",
    "10.1.23.0/24 dev eth0 rttvar 1s",
    "10.1.24.0/24 dev eth0 rto_min 250ms",
    "10.1.25.0/24 dev eth0 reordering 5",
    "10.1.26.0/24 dev eth0 window 10000",
    "10.1.27.0/24 dev eth0 cwnd lock 20",
    "10.1.28.0/24 dev eth0 ssthresh 30",
    "10.1.29.0/24 dev eth0 realms 2/3",
    "10.1.30.0/24 dev eth0 realms 4",
    "10.1.31.0/24 dev eth0 initcwnd 11",
    "10.1.32.0/24 dev eth0 initrwnd 12",
    "10.1.33.0/24 dev eth0 features ecn",
    "10.1.34.0/24 dev eth0 quickack 1",
    "10.1.35.0/24 dev eth0 congctl reno",
    "10.1.36.0/24 dev eth0 congctl lock cubic",
    "10.1.37.0/24 dev eth0 fastopen_no_cookie 1",
    "10.1.38.0/24 dev eth0 add",
    "10.1.39.0/24 dev eth0 append",
    "10.1.40.0/24 dev eth0 prepend",
    "10.1.41.0/24 nexthop via 192.168.0.3 dev eth0 weight 3 nexthop via 192.168.0.4 dev eth0",
    "10.1.42.0/24 nexthop via 192.168.0.3 dev eth0 nexthop via 10.250.0.1 dev eth0 onlink weight 256",
    "10.1.43.0/24 via 192.168.0.3 or 192.168.0.4",
    "10.1.44.0/24 dev eth0 encap ip id 5 dst 192.0.2.1 src 192.0.2.2 tos 8 ttl 9",
    "10.1.45.0/24 dev eth0 encap ip6 id 5 dst 2001:db8::1 src 2001:db8::2 tc 8 hoplimit 9",
    "blackhole 10.1.50.0/24",
    "unreachable 10.1.51.0/24 table 1000",
    "prohibit 10.1.52.0/24",
    "throw 10.1.53.0/24 table 1000",
    "local 10.1.54.0/24 dev lo scope host",
    "broadcast 10.1.55.255 dev eth0 scope link",
    "multicast 225.1.0.0/16 dev eth0",
    "unicast 10.1.56.0/24 dev eth0",
    "default via 192.168.0.3 table 1001",
    "0.0.0.0/0 via 192.168.0.3 table 1002",
    "10.1.57.1 dev eth0",
    "2001:db8:1::/64 dev eth0",
    "2001:db8:2::/64 via 2001:db8::3",
    "2001:db8:3::/64 via fe80::5 dev eth0 metric 7",
    "2001:db8:4::/64 dev eth0 src 2001:db8::204",
    "2001:db8:5::/64 dev eth0 table 1000 mtu 1400 hoplimit 7",
    "2001:db8:6::/64 dev eth0 pref high",
    "2001:db8:7::/64 dev eth0 pref low",
    "2001:db8:8::/64 dev eth0 from 2001:db8:9::/64",
    "2001:db8:10::/64 nexthop via fe80::5 dev eth0 weight 2 nexthop via fe80::6 dev eth0",
    "blackhole 2001:db8:11::/64",
    "unreachable 2001:db8:12::/64",
    "default via fe80::5 dev eth0 table 1003",
    "2001:db8:13::1 dev eth0 encap ip6 dst 2001:db8::1",
    "2001:db8:14::/64 via fe80::5 dev eth0 advmss 1000 initcwnd 5 quickack 1 congctl reno",
)
RULES = (
    "from 10.2.1.0/24 table 1000 preference 101",
    "to 10.2.2.0/24 lookup 100 order 102",
    "from 10.2.3.0/24 to 10.2.4.1 table main priority 103",
    "not from 10.2.5.0/24 table 1000 preference 104",
    "from 10.2.6.0/24 tos 0x10 table 1000 preference 105",
    "from 10.2.6.0/24 dsfield 8 table 1000 preference 106",
    "fwmark 7 table 1000 preference 107",
    "fwmark 0x10/0xff table 1000 preference 108",
    "from 10.2.7.0/24 realms 2/3 table 1000 preference 109",
    "from 10.2.8.0/24 table main suppress_prefixlength 0 preference 110",
    "from 10.2.9.0/24 table main sup_pl 8 preference 111",
    "from 10.2.10.0/24 table main suppress_ifgroup 5 preference 112",
    "from 10.2.11.0/24 table main sup_group default preference 113",
    "iif eth0 table 1000 preference 114",
    "dev lo table 1000 preference 115",
    "oif eth0 table 1000 preference 116",
    "from 10.2.12.0/24 tunnel-id 77 table 1000 preference 117",
    "uidrange 100-200 table 1000 preference 118",
    "from 10.2.13.0/24 protocol 4 no_track table 1000 preference 119",
    "ipproto tcp dport 80-90 table 1000 preference 120",
    "ipproto 17 sport 1000-2000 table 1000 preference 121",
    "from 10.2.14.0/24 goto 200 preference 122",
    "from 10.2.15.0/24 type goto 200 preference 123",
    "from 10.2.16.0/24 nop preference 124",
    "from 10.2.17.0/24 blackhole preference 125",
    "from 10.2.18.0/24 unreachable preference 126",
    "from 10.2.19.0/24 prohibit preference 127",
    "from all table 1000 preference 128",
    "to default table 1000 preference 129",
    "from 10.2.20.0/24 table 1000 preference 200",
    "from 2001:db8:20::/48 table 1000 preference 130",
    "from 2001:db8:21::/48 to 2001:db8:22::1 iif eth0 fwmark 9 prohibit preference 132",
    "from 2001:db8:23::/48 uidrange 5-6 ipproto icmp dport 1-2 table 100 preference 133",
)
BEYOND = {
    "10.1.60.0/24 via inet6 fe80::5 dev eth0": "10.1.60.0/24 via inet6 fe80::5 dev eth0 proto keepalived",
    "10.1.61.0/24 gateway 192.168.0.3": "10.1.61.0/24 via 192.168.0.3 dev eth0 proto keepalived",
    "inet 10.1.62.0/24 dev eth0": "10.1.62.0/24 dev eth0 proto keepalived",
    "2001:db8:30::/64 dev eth0 expires 300 no_track": "2001:db8:30::/64 dev eth0 proto keepalived metric 1024 expires",
    "10.1.63.0/24 nexthop via inet6 fe80::5 dev eth0 weight 3 nexthop via 192.168.0.3 dev eth0": "via inet6 fe80::5",
    "10.1.64.0/24 nexthop dev eth0 encap ip dst 192.0.2.1 nexthop dev eth0": "nexthop encap ip id 0 src 0.0.0.0",
}
"""Routes that 2.2.7 refuses or shows with a count-down, and what iproute2 shows of ours."""
BEYOND_RULES = {
    "inet6 from all table 1000 preference 140": "140: from all lookup 1000 proto keepalived",
    "iif nowhere0 table 1000 preference 141 no_track": "141: from all iif nowhere0 [detached] lookup 1000",
    "sport 99 table 1000 preference 142": "142: from all sport 99 lookup 1000 proto keepalived",
}


def routing(node: Node) -> list[str]:
    """Every route and rule of both families."""
    shown = (("route", "show", "table", "all"), ("rule",), ("-6", "rule"))
    return sorted(" ".join(line.split()) for words in shown for line in node.ip(*words).splitlines())


def added(node: Node, before: list[str]) -> list[str]:
    """What is there now and was not before, without what comes with the addresses."""
    return [line for line in routing(node) if line not in before and "proto kernel" not in line]


def configuration(vrid: int, routes: Iterable[str] = ROUTES, rules: Iterable[str] = RULES) -> str:
    blocks = ("virtual_routes {", *routes, "}", "virtual_rules {", *rules, "}")
    excluded = ("virtual_ipaddress_excluded {", "2001:db8::204/64", "}")
    return instance(150, (*FAST, *excluded, *blocks), vrid=vrid, addresses=[VIP])


def prepare(node: Node) -> list[str]:
    node.ip("link", "set", "lo", "up")
    return routing(node)


def test_same_routes_and_rules_are_in_both_kernels_and_none_after_the_stop(lab: Lab) -> None:
    pair = plug_pair(lab, OURS, REAL, ipv6=True)
    nodes = (pair.first, pair.second)
    before = [prepare(node) for node in nodes]
    for node, vrid in zip(nodes, (51, 52), strict=True):
        node.configure(configuration(vrid))
        node.start()
    for node in nodes:
        pair.wait(lambda node=node: "133:" in node.ip("-6", "rule"), 20, f"{node.name} is master")  # type: ignore[misc]
    ours, real = (added(node, known) for node, known in zip(nodes, before, strict=True))
    assert ours == real
    assert len(ours) > len(ROUTES) + len(RULES), "routes of several ways take more than a line"
    for node, known in zip(nodes, before, strict=True):
        node.stop()
        assert routing(node) == known


def test_routes_and_rules_beyond_those_of_the_real_one_are_in_the_kernel_and_go_with_the_stop(lab: Lab) -> None:
    pair = plug_pair(lab, ipv6=True)
    before = prepare(pair.first)
    pair.first.configure(configuration(51, BEYOND, BEYOND_RULES))
    pair.first.start()
    pair.wait(lambda: "140:" in pair.first.ip("-6", "rule") and "142:" in pair.first.ip("rule"), 20, "a master")
    found = "\n".join(added(pair.first, before))
    assert [line for line in (*BEYOND.values(), *BEYOND_RULES.values()) if line not in found] == [], found
    pair.first.stop()
    assert routing(pair.first) == before
