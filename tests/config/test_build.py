"""From statements to the model: values, inheritance, order rules, and what is said about mistakes."""

from ipaddress import IPv4Address

import pytest

from keepalived_py.config.build import build
from keepalived_py.config.diagnostics import Diagnostics
from keepalived_py.config.model import Config
from keepalived_py.config.model.vrrp import Authentication, Peer, VrrpInstance
from keepalived_py.errors import ConfigTestCode
from tests.config.reading import read_text


def build_text(text: str) -> tuple[Config, Diagnostics]:
    statements, diagnostics = read_text(text)
    return build(statements, diagnostics), diagnostics


def messages(text: str) -> list[str]:
    return [entry.render().splitlines()[0].split(": ", 1)[1] for entry in build_text(text)[1]]


def instance(*lines: str, before: str = "", after: str = "") -> VrrpInstance:
    body = "\n".join(lines)
    config, _ = build_text(f"{before}\nvrrp_instance VI_1 {{\n{body}\n}}\n{after}")
    return config.vrrp_instances[0]


def test_instance_of_the_walkthrough_becomes_a_record() -> None:
    made = instance(
        "state MASTER",
        "interface eth0",
        "virtual_router_id 51",
        "priority 150",
        "advert_int 1",
        "authentication {",
        "auth_type PASS",
        "auth_pass 1111",
        "}",
        "virtual_ipaddress {",
        "192.168.0.205/24",
        "}",
    )
    assert (made.name, made.state, made.interface, made.priority) == ("VI_1", "MASTER", "eth0", 150)
    assert made.authentication == Authentication(auth_type="PASS", auth_pass="1111")
    assert [(entry.address, entry.prefix_length) for entry in made.virtual_ipaddress] == [
        (IPv4Address("192.168.0.205"), 24)
    ]


def test_state_master_without_priority_owns_the_addresses() -> None:
    assert instance("state MASTER").priority == 255


def test_priority_255_without_state_is_master() -> None:
    assert instance("priority 255").state == "MASTER"


def test_bad_priority_of_a_master_counts_as_100() -> None:
    assert instance("state MASTER", "priority 300").priority == 100


def test_ipv6_address_makes_version_3() -> None:
    made = instance("virtual_ipaddress {", "fe80::1/64", "}")
    assert (made.version, made.family) == (3, 6)


def test_global_version_counts_for_ipv4() -> None:
    assert instance("virtual_ipaddress {", "10.0.0.1", "}", before="global_defs {\nvrrp_version 3\n}").version == 3


def test_garp_values_are_taken_where_the_instance_begins() -> None:
    before = "global_defs {\nvrrp_garp_master_delay 7\nvrrp_garp_master_repeat 2\n}"
    after = "global_defs {\nvrrp_garp_master_delay 9\n}"
    made = instance("interface eth0", before=before, after=after)
    assert (made.garp_master_delay, made.garp_master_repeat) == (7.0, 2)


def test_min_garp_replaces_only_built_in_defaults() -> None:
    made = instance("interface eth0", before="global_defs {\nvrrp_garp_master_delay 7\nvrrp_min_garp\n}")
    assert (made.garp_master_delay, made.garp_master_repeat) == (7.0, 1)


def test_strict_mode_has_defaults_of_its_own() -> None:
    made = instance("interface eth0", before="global_defs {\nvrrp_strict\n}")
    assert (made.strict_mode, made.accept, made.garp_lower_prio_repeat, made.lower_prio_no_advert) == (
        True,
        False,
        0,
        True,
    )


def test_no_accept_and_preempt_are_opposites_of_their_partners() -> None:
    made = instance("accept", "no_accept", "nopreempt", "preempt")
    assert (made.accept, made.nopreempt) == (False, False)


def test_unicast_peers_have_ttl_limits() -> None:
    made = instance("unicast_peer {", "10.0.0.2", "10.0.0.3 min_ttl 254 max_ttl 255", "}")
    assert made.unicast_peer == (
        Peer(address=IPv4Address("10.0.0.2")),
        Peer(address=IPv4Address("10.0.0.3"), min_ttl=254, max_ttl=255),
    )


def test_address_options_are_understood_in_any_order() -> None:
    made = instance(
        "virtual_ipaddress {",
        "10.0.0.5/24 label eth0:1 brd + dev eth1 scope link no_track",
        "10.0.0.6 peer 10.1.0.0/16",
        "}",
    )
    first, second = made.virtual_ipaddress
    assert (str(first.broadcast), first.label, first.dev, first.scope, first.no_track) == (
        "10.0.0.255",
        "eth0:1",
        "eth1",
        253,
        True,
    )
    assert (str(second.peer), second.prefix_length) == ("10.1.0.0", 16)


def test_unknown_keyword_gets_a_suggestion() -> None:
    assert messages("vrrp_instance VI_1 {\nvirtual_router_ids 5\n}") == [
        "error: unknown keyword 'virtual_router_ids' (did you mean 'virtual_router_id'?)"
    ]


def test_unknown_block_is_skipped_whole_with_one_error() -> None:
    config, diagnostics = build_text(
        "vrrp_isntance VI_1 {\nfoo\nauthentication {\nbar\n}\n}\nvrrp_instance VI_2 {\n}\n"
    )
    assert [record.name for record in config.vrrp_instances] == ["VI_2"]
    assert len(diagnostics) == 1


def test_missing_word_is_an_error_of_its_own_and_reading_goes_on() -> None:
    config, diagnostics = build_text("vrrp_instance VI_1 {\npriority\nadvert_int 2\n}")
    assert diagnostics.exit_code() is ConfigTestCode.MISSING_WORD
    assert config.vrrp_instances[0].advert_int == 2.0


def test_second_instance_of_a_name_is_ignored() -> None:
    config, _ = build_text("vrrp_instance A {\npriority 1\n}\nvrrp_instance A {\npriority 2\n}")
    assert [record.priority for record in config.vrrp_instances] == [1]


def test_long_password_is_cut_and_reported() -> None:
    text = "vrrp_instance A {\nauthentication {\nauth_type PASS\nauth_pass 123456789\n}\n}"
    config, diagnostics = build_text(text)
    assert config.vrrp_instances[0].authentication == Authentication(auth_type="PASS", auth_pass="12345678")
    assert diagnostics.exit_code() is ConfigTestCode.ERRORS


def test_zero_garp_interval_is_out_of_range() -> None:
    assert messages("global_defs {\nvrrp_garp_interval 0\n}") == [
        "error: vrrp_garp_interval: number '0' outside range [0.000001, 4294.967295]"
    ]


def test_script_takes_the_script_user_seen_so_far() -> None:
    made = instance("notify '/bin/a b' ", before="global_defs {\nscript_user nobody\n}")
    assert made.notify is not None
    assert (made.notify.words, made.notify.user) == (("/bin/a", "b"), "nobody")


def test_block_without_brace_is_reported() -> None:
    assert messages("vrrp_instance VI_1 {\nauthentication\n}") == ["error: missing '{' after 'authentication'"]


def test_scheduler_flag_before_its_scheduler_is_refused() -> None:
    text = "virtual_server 10.0.0.1 80 {\nsh-port\nlvs_sched sh\nreal_server 10.0.0.2 80 {\n}\n}"
    assert messages(text) == ["error: sh-port: the scheduler must be set to sh before this keyword"]


def test_host_block_of_smtp_check_sets_the_check_around_it() -> None:
    text = "virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 80 {\nSMTP_CHECK {\nhost {\nconnect_port 26\n}\n}\n}\n}"
    config, _ = build_text(text)
    assert config.virtual_servers[0].real_server[0].smtp_check[0].connect_port == 26


def test_value_knows_where_it_was_written() -> None:
    config, _ = build_text("vrrp_instance A {\n  priority 7\n}")
    place = config.vrrp_instances[0].location("priority")
    assert place is not None
    assert (place.line, place.column) == (2, 12)


@pytest.mark.parametrize("word", ["fwmark 7", "group G"])
def test_word_of_the_head_is_unknown_inside_the_block(word: str) -> None:
    config, diagnostics = build_text(f"virtual_server 10.0.0.1 80 {{\n{word}\nprotocol TCP\n}}")
    assert [entry.message for entry in diagnostics] == [f"unknown keyword '{word.split(maxsplit=1)[0]}'"]
    assert config.virtual_servers[0].fwmark is None


def test_family_without_addresses_is_that_of_the_source() -> None:
    made = instance("unicast_src_ip fe80::1", "unicast_peer {", "10.0.0.2", "}")
    assert (made.family, made.version) == (6, 3)


def test_ttl_limit_of_a_peer_turns_the_source_check_on() -> None:
    made = instance("unicast_peer {", "10.0.0.2 min_ttl 255", "}")
    assert made.check_unicast_src


def test_mail_default_of_vrrp_beats_the_general_one() -> None:
    made = instance("interface eth0", before="global_defs {\nsmtp_alert on\nsmtp_alert_vrrp off\n}")
    assert made.smtp_alert is False


def test_notify_of_priority_changes_follows_the_sync_group() -> None:
    made = instance("interface eth0", after="vrrp_sync_group G {\ngroup {\nVI_1\n}\nnotify_priority_changes\n}")
    assert made.notify_priority_changes


def test_track_process_delay_sets_both_delays() -> None:
    config, _ = build_text("vrrp_track_process p {\nprocess x\ndelay 2\nfork_delay 3\n}")
    assert (config.vrrp_track_processes[0].terminate_delay, config.vrrp_track_processes[0].fork_delay) == (2.0, 3.0)


def test_route_takes_an_unknown_word_for_its_destination() -> None:
    made = instance("virtual_routes {", "blackhole 10.9.0.0/16 metric 5", "inet6 default via fe80::1 dev eth0", "}")
    assert [(route.type, route.family, route.metric, route.dev) for route in made.virtual_routes] == [
        (6, 4, 5, None),
        (1, 6, None, "eth0"),
    ]


def test_rule_without_action_is_ignored_and_one_without_preference_counts_down() -> None:
    text = "static_rules {\nfrom 10.0.0.0/8\nfrom 10.0.0.0/8 table 5\nto 10.1.0.0/16 blackhole\n}"
    config, _ = build_text(text)
    assert [(rule.preference, rule.table, rule.action) for rule in config.static_rules] == [
        (16384, 5, None),
        (16383, None, "blackhole"),
    ]
    assert len(messages(text)) == 3


def test_keyword_of_another_block_is_told_where_it_belongs() -> None:
    text = "virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 80 {\npersistence_timeout 50\n}\n}\n"
    assert messages(text) == ["error: unknown keyword 'persistence_timeout' (it is a keyword of virtual_server)"]


def test_ideographic_space_in_a_word_is_pointed_out() -> None:
    assert messages("vrrp_instance A {\nvirtual_router_id 51\u3000\n}\n") == [
        "error: virtual_router_id: invalid number '51\u3000': use 1..255 (U+3000 in it looks like a blank and is none)"
    ]


def test_column_after_a_value_block_is_that_of_the_word() -> None:
    _, diagnostics = build_text("vrrp_instance A {\nvirtual_ipaddress {\n10.0.0.1\n}\nuse_vmac one two\n}\n")
    assert [(entry.location.line, entry.location.column) for entry in diagnostics if entry.location] == [(5, 14)]
