"""Marks of groups, and the rules that set them; nft itself reads them where it is installed."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from keepalived_py.check.marks import MarkBook, ruleset, uses_of
from keepalived_py.check.service import services_of
from keepalived_py.config.model import Config
from keepalived_py.config.model.check import GroupEntry, RealServer, VirtualServer, VirtualServerGroup
from keepalived_py.config.model.globals import GlobalDefs
from keepalived_py.kernel.ipvs import AF_INET, AF_INET6

RANGE = GroupEntry(address=IPv4Address("10.0.0.8"), last=IPv4Address("10.0.0.200"), port=80)
SINGLE = GroupEntry(address=IPv4Address("10.0.1.1"), port=0)
SIX = GroupEntry(address=IPv6Address("2001:db8::1"), port=443)
PLAIN = VirtualServerGroup(name="G", entries=(RANGE, SINGLE, SINGLE))
BOTH = VirtualServerGroup(name="BOTH", entries=(SINGLE, SIX))
MARKED = VirtualServerGroup(name="M", entries=(SINGLE, GroupEntry(fwmark=3)))
DEFAULTS = GlobalDefs(nftables_ipvs="keepalived_ipvs")


def server(group: str, protocol: str = "TCP") -> VirtualServer:
    return VirtualServer(group=group, protocol=protocol, real_server=(RealServer(address=IPv4Address("10.0.0.2")),))


def configured(*servers: VirtualServer, defaults: GlobalDefs = DEFAULTS) -> Config:
    return Config(global_defs=defaults, virtual_servers=servers, virtual_server_groups=(PLAIN, BOTH, MARKED))


def test_each_protocol_of_a_group_of_addresses_has_a_mark() -> None:
    config = configured(server("G"), server("M"), server("G", "UDP"), server("BOTH"))
    assert MarkBook().take(config) == {("G", "TCP"): 1000, ("G", "UDP"): 1001, ("BOTH", "TCP"): 1002}


def test_marks_stay_over_reloads_and_are_not_given_twice() -> None:
    book = MarkBook()
    book.take(configured(server("G"), server("G", "UDP")))
    assert book.take(configured(server("BOTH"), server("G", "UDP"))) == {("G", "UDP"): 1001, ("BOTH", "TCP"): 1002}


def test_nothing_is_marked_without_the_keyword() -> None:
    assert list(uses_of(configured(server("G"), defaults=GlobalDefs()))) == []


def test_marked_group_is_one_service_for_each_family() -> None:
    groups = {"G": PLAIN, "BOTH": BOTH}
    [service] = services_of(server("G"), groups, {("G", "TCP"): 7})
    assert (service.family, service.mark, service.protocol) == (AF_INET, 7, 0)
    found = services_of(server("BOTH"), groups, {("BOTH", "TCP"): 8})
    assert [(one.family, one.mark) for one in found] == [(AF_INET, 8), (AF_INET6, 8)]
    assert len(services_of(server("G", "UDP"), groups, {("G", "TCP"): 7})) == 194


def test_rules_map_addresses_and_ports_to_marks() -> None:
    config = configured(server("G"), server("BOTH", "SCTP"))
    text = ruleset(config, {("G", "TCP"): 7, ("BOTH", "SCTP"): 8}, "t", "owner_1")
    assert text == (
        "add table ip t\ndelete table ip t\ntable ip t {\nchain owner_1 { }\n"
        "map tcp_map { type ipv4_addr . inet_service : mark; flags interval; "
        "elements = { 10.0.0.8-10.0.0.200 . 80 : 7, 10.0.1.1 . 0-65535 : 7 } }\n"
        "map sctp_map { type ipv4_addr . inet_service : mark; flags interval; "
        "elements = { 10.0.1.1 . 0-65535 : 8 } }\n"
        "chain in { type filter hook input priority -1; policy accept;\n"
        "meta l4proto tcp meta mark set ip daddr . tcp dport map @tcp_map return\n"
        "meta l4proto sctp meta mark set ip daddr . sctp dport map @sctp_map return\n}\n}\n"
        "add table ip6 t\ndelete table ip6 t\ntable ip6 t {\nchain owner_1 { }\n"
        "map sctp_map { type ipv6_addr . inet_service : mark; flags interval; "
        "elements = { 2001:db8::1 . 443 : 8 } }\n"
        "chain in { type filter hook input priority -1; policy accept;\n"
        "meta l4proto sctp meta mark set ip6 daddr . sctp dport map @sctp_map return\n}\n}\n"
    )
