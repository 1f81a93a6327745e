"""What the firewall is asked for, and the text that nft gets."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from keepalived_py.structure import replace
from keepalived_py.vrrp.footing import Footing, plain_footing
from keepalived_py.vrrp.ruleset import Demands, GroupMembership, demands_of, ruleset
from keepalived_py.vrrp.virtual_link import VirtualLink
from tests.config.checking import check_text, instance_text

INDICES = {"eth0": 2, "eth1": 3}
FOUR, SIX, LOCAL = (ip_address(text).packed for text in ("192.0.2.1", "2001:db8::1", "fe80::1"))


def demands(text: str, footings: dict[str, Footing] | None = None) -> Demands:
    config, _ = check_text(text)
    standing = {instance.name: plain_footing(instance) for instance in config.vrrp_instances}
    return demands_of(config, standing | (footings or {}), lambda name: INDICES.get(name, 0))


def test_accepting_instances_and_address_owners_need_no_firewall() -> None:
    owner = instance_text("priority 255", "no_accept", name="VI_2", vrid=52, addresses="10.0.0.101")
    strict_owner = instance_text("priority 255", "strict_mode", name="VI_3", vrid=53, addresses="10.0.0.102")
    wanted = demands(instance_text() + owner + strict_owner)
    assert wanted == Demands()
    assert wanted.empty


@pytest.mark.parametrize("lines", [("no_accept",), ("strict_mode",), ("no_accept", "state MASTER", "priority 254")])
def test_refusing_instance_names_its_advertised_and_its_excluded_addresses(lines: tuple[str, ...]) -> None:
    excluded = "virtual_ipaddress_excluded {\n 10.0.0.200\n 2001:db8::200\n}"
    wanted = demands(instance_text(*lines, excluded))
    assert wanted.refused == {ip_address(text).packed for text in ("10.0.0.100", "10.0.0.200", "2001:db8::200")}
    assert wanted.refused_on == frozenset()


def test_link_local_address_is_refused_on_its_interface_only() -> None:
    text = instance_text("no_accept", addresses="fe80::1\n fe80::2 dev eth1\n 2001:db8::1")
    wanted = demands(text)
    assert wanted.refused == {SIX}
    assert wanted.refused_on == {(LOCAL, "eth0"), (ip_address("fe80::2").packed, "eth1")}
    by_index = demands("global_defs { nftables_ifindex }\n" + text)
    assert by_index.refused_on == {(LOCAL, 2), (ip_address("fe80::2").packed, 3)}


def test_link_local_address_on_an_interface_that_is_not_there_waits_for_it_when_indices_count() -> None:
    text = instance_text("no_accept", addresses="fe80::1 dev eth7\n 2001:db8::1")
    assert demands(text).refused_on == {(LOCAL, "eth7")}
    assert demands("global_defs { nftables_ifindex }\n" + text).refused_on == frozenset()


def test_link_local_address_on_a_vmac_is_refused_there() -> None:
    link = VirtualLink("macvlan", "vrrp.51", "eth0", 6)
    footing = Footing("eth0", "vrrp.51", "vrrp.51", (link,), family=6, own_place=("eth0", 6))
    wanted = demands(instance_text("no_accept", "use_vmac", addresses="fe80::1"), {"VI_1": footing})
    assert wanted.refused_on == {(LOCAL, "vrrp.51")}
    assert wanted.memberships == {GroupMembership(6, "vrrp.51", 2)}


def test_vmac_of_addresses_of_both_families_sends_neither_kind_of_report() -> None:
    link = VirtualLink("macvlan", "vrrp.51", "eth0", 4)
    devices = {("eth0", 6): "vrrp.51"}
    footing = Footing("eth0", "vrrp.51", "vrrp.51", (link,), own_place=("eth0", 4), devices=devices)
    excluded = "virtual_ipaddress_excluded {\n 2001:db8::200 use_vmac\n}"
    wanted = demands(instance_text("use_vmac", excluded), {"VI_1": footing})
    assert wanted.memberships == {GroupMembership(4, "vrrp.51", 2), GroupMembership(6, "vrrp.51", 2)}


@pytest.mark.parametrize("link", [VirtualLink("ipvlan", "vrrp.51", "eth0", 4), VirtualLink("macvlan", "v", "eth9", 4)])
def test_ipvlan_and_vmac_without_its_base_have_no_rule(link: VirtualLink) -> None:
    footing = Footing("eth0", link.name, link.name, (link,))
    assert demands(instance_text("use_vmac"), {"VI_1": footing}).memberships == frozenset()


def test_settings_come_from_the_global_definitions() -> None:
    text = "global_defs {\n nftables mine\n nftables_priority -7\n nftables_counters\n}\n"
    wanted = demands(text + instance_text("no_accept"))
    assert (wanted.table, wanted.priority, wanted.counters, wanted.by_index) == ("mine", -7, True, False)


def test_no_demand_removes_both_tables_in_one_transaction() -> None:
    assert ruleset(Demands()) == (
        "add table ip keepalived\ndelete table ip keepalived\nadd table ip6 keepalived\ndelete table ip6 keepalived\n"
    )


def test_ipv4_addresses_are_refused_coming_and_going() -> None:
    assert ruleset(Demands(refused=frozenset({FOUR, ip_address("192.0.2.2").packed}))).partition(
        "ip6 keepalived\ndelete"
    )[2] == (
        " table ip6 keepalived\n"
        "table ip keepalived {\n"
        "\tchain owner { }\n"
        "\tset vips { type ipv4_addr; elements = { 192.0.2.1, 192.0.2.2 }; }\n"
        "\tchain in {\n\t\ttype filter hook input priority -1; policy accept;\n\t\tip daddr @vips drop\n\t}\n"
        "\tchain out {\n\t\ttype filter hook output priority -1; policy accept;\n\t\tip saddr @vips drop\n\t}\n"
        "}\n"
    )


def test_neighbour_discovery_comes_before_every_refusal_of_ipv6() -> None:
    everything = Demands(
        refused=frozenset({SIX}),
        refused_on=frozenset({(LOCAL, "eth0")}),
        memberships=frozenset({GroupMembership(6, "vrrp.51", 2)}),
        priority=-7,
        counters=True,
    )
    text = ruleset(everything)
    assert text.partition("table ip6 keepalived {\n")[2] == (
        "\tchain owner { }\n"
        '\tmap vmac_map { type ifname : iface_index; elements = { "vrrp.51" : 2 }; }\n'
        '\tset vmac_set { type ifname; elements = { "vrrp.51" }; }\n'
        "\tset vips { type ipv6_addr; elements = { 2001:db8::1 }; }\n"
        '\tset vips_link_local { type ipv6_addr . ifname; elements = { fe80::1 . "eth0" }; }\n'
        "\tchain in {\n\t\ttype filter hook input priority -7; policy accept;\n"
        "\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n"
        "\t\tip6 daddr . iifname @vips_link_local counter drop\n"
        "\t\tip6 daddr @vips counter drop\n\t}\n"
        "\tchain out {\n\t\ttype filter hook output priority -7; policy accept;\n"
        "\t\ticmpv6 type { mld-listener-report, mld2-listener-report } dup to ip6 daddr device oifname map @vmac_map "
        "counter drop\n"
        "\t\ticmpv6 type nd-router-solicit oifname @vmac_set counter drop\n"
        "\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n"
        "\t\tip6 saddr . oifname @vips_link_local counter drop\n"
        "\t\tip6 saddr @vips counter drop\n\t}\n"
        "}\n"
    )


def test_igmp_alone_needs_no_rule_about_incoming_packets() -> None:
    text = ruleset(Demands(memberships=frozenset({GroupMembership(4, "vrrp.51", 2)})))
    assert "chain in" not in text
    assert "table ip6 keepalived {" not in text
    assert "\t\tip protocol igmp dup to ip daddr device oifname map @vmac_map drop\n" in text


def test_interface_whose_name_nft_cannot_say_is_refused_everywhere() -> None:
    footing = Footing('e"0', 'e"0', 'e"0')
    wanted = demands(instance_text("no_accept", addresses="fe80::1"), {"VI_1": footing})
    assert wanted.refused == {LOCAL}
    assert wanted.refused_on == frozenset()


def test_same_demands_in_another_order_are_the_same_text() -> None:
    one = Demands(refused=frozenset({FOUR, SIX}), refused_on=frozenset({(LOCAL, "a"), (LOCAL, "b")}))
    other = replace(one, refused=frozenset({SIX, FOUR}), refused_on=frozenset({(LOCAL, "b"), (LOCAL, "a")}))
    assert ruleset(one) == ruleset(other)
