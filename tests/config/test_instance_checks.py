import pytest

from keepalived_py.config.environment import RecordedEnvironment
from tests.config.checking import check_text, instance_text, only_instance
from tests.config.test_build import build_text

MACHINE = RecordedEnvironment(interfaces=frozenset({"lo", "eth0", "eth1"}))


def test_plain_instance_passes_without_a_word() -> None:
    instance, messages = only_instance(instance_text())
    assert messages == []
    assert (instance.name, instance.priority, instance.version, instance.state) == ("VI_1", 100, 2, "BACKUP")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("virtual_router_id", "(VI_1) virtual_router_id is not set"),
        ("interface", "(VI_1) interface is not set"),
    ],
)
def test_instance_without_its_identity_is_dropped(lines: str, message: str) -> None:
    config, messages = check_text(instance_text(without=lines))
    assert config.vrrp_instances == ()
    assert messages == [message]


def test_loopback_interface_drops_the_instance() -> None:
    config, messages = check_text(instance_text(interface="lo"))
    assert config.vrrp_instances == ()
    assert messages == ["(VI_1) the loopback interface lo cannot carry VRRP"]


def test_missing_interface_is_an_error_unless_interfaces_are_dynamic() -> None:
    text = instance_text(interface="eth9")
    assert check_text(text)[1] == ["(VI_1) interface eth9 does not exist"]
    config, messages = check_text("global_defs { dynamic_interfaces }\n" + text)
    assert messages == []
    assert [instance.interface for instance in config.vrrp_instances] == ["eth9"]


@pytest.mark.parametrize(
    ("version", "interval", "used", "count"),
    [
        (2, "1", 1.0, 0),
        (2, "0.5", 1.0, 1),
        (2, "1.4", 1.0, 1),
        (2, "2.5", 3.0, 1),
        (3, "0.5", 0.5, 0),
        (3, "0.123", 0.12, 1),
        (3, "40.95", 40.95, 0),
        (3, "77", 40.95, 1),
    ],
)
def test_interval_is_rounded_to_what_the_version_can_say(version: int, interval: str, used: float, count: int) -> None:
    instance, messages = only_instance(instance_text(f"version {version}", f"advert_int {interval}"))
    assert instance.advert_int == pytest.approx(used)
    assert len(messages) == count


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["version 3", "authentication { auth_type PASS\n auth_pass x }"], "VRRP version 3 has no authentication"),
        (["authentication { auth_type PASS }"], "authentication has no auth_pass"),
        (
            ["strict_mode on", "authentication { auth_type PASS\n auth_pass x }"],
            "strict mode has no authentication",
        ),
    ],
)
def test_authentication_that_cannot_be_used_is_ignored_with_an_error(lines: list[str], message: str) -> None:
    instance, messages = only_instance(instance_text(*lines))
    assert instance.authentication is None
    assert messages == [f"(VI_1) {message}: authentication is ignored"]


def test_state_master_with_ah_becomes_backup() -> None:
    instance, messages = only_instance(
        instance_text("state MASTER", "priority 150", "authentication { auth_type AH\n auth_pass x }")
    )
    assert instance.state == "BACKUP"
    assert len(messages) == 1


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        (["state MASTER", "priority 150", "nopreempt"], "nopreempt"),
        (["priority 255", "nopreempt"], "nopreempt"),
        (["state MASTER", "priority 150", "preempt_delay 5"], "preempt_delay"),
        (["nopreempt", "preempt_delay 5"], "preempt_delay"),
    ],
)
def test_preemption_that_contradicts_the_state_is_ignored_with_an_error(lines: list[str], word: str) -> None:
    instance, messages = only_instance(instance_text(*lines))
    assert len(messages) == 1
    assert word in messages[0]
    assert not (instance.nopreempt if word == "nopreempt" else instance.preempt_delay)


def test_strict_state_must_match_the_owner_priority() -> None:
    instance, messages = only_instance(instance_text("strict_mode on", "state MASTER", "priority 100"))
    assert instance.state == "BACKUP"
    assert messages == ["(VI_1) in strict mode state MASTER and priority 255 go together: state is BACKUP"]


@pytest.mark.parametrize(
    ("line", "attribute", "value"),
    [
        ("preempt_delay 3", "preempt_delay", 0.0),
        ("down_timer_adverts 5", "down_timer_adverts", 3),
        ("garp_lower_prio_repeat 2", "garp_lower_prio_repeat", 0),
        ("lower_prio_no_advert off", "lower_prio_no_advert", True),
        ("higher_prio_send_advert on", "higher_prio_send_advert", False),
        ("accept", "accept", False),
    ],
)
def test_strict_mode_resets_what_it_does_not_allow(line: str, attribute: str, value: object) -> None:
    instance, messages = only_instance(instance_text("strict_mode on", line))
    assert getattr(instance, attribute) == value
    assert len(messages) == 1


def test_unicast_words_without_peers_are_reported_and_multicast_stays() -> None:
    instance, messages = only_instance(instance_text("unicast_src_ip 10.0.0.1"))
    assert instance.unicast_peer == ()
    assert messages == ["(VI_1) unicast without unicast_peer: multicast is used (deprecated)"]


def test_strict_mode_with_unicast_peers_drops_the_instance() -> None:
    config, messages = check_text(instance_text("strict_mode on", "unicast_peer { 10.0.0.2 }"))
    assert config.vrrp_instances == ()
    assert messages == ["(VI_1) strict mode allows no unicast peers"]


def test_addresses_of_another_family_are_ignored_with_an_error() -> None:
    text = instance_text("unicast_src_ip 10.0.0.1", "unicast_peer { 10.0.0.2\n fe80::1 }")
    instance, messages = only_instance(text)
    assert [str(peer.address) for peer in instance.unicast_peer] == ["10.0.0.2"]
    assert messages == ["(VI_1) unicast peer fe80::1 is not of the instance's family: ignored"]


def test_address_that_is_there_twice_is_kept_once() -> None:
    text = instance_text(addresses="10.0.0.100/24\n 10.0.0.101\n 10.0.0.100 dev eth1")
    instance, messages = only_instance(text)
    assert [str(entry) for entry in instance.virtual_ipaddress] == ["10.0.0.100/24", "10.0.0.101/32"]
    assert messages == ["(VI_1) 10.0.0.100 is there twice: the second is ignored"]


def test_instance_without_address_is_dropped_only_where_one_is_required() -> None:
    config, messages = check_text(instance_text(without="virtual_ipaddress"))
    assert len(config.vrrp_instances) == 1
    assert messages == ["(VI_1) no virtual_ipaddress: at least one is sensible"]
    config, messages = check_text(instance_text("version 3", without="virtual_ipaddress"))
    assert config.vrrp_instances == ()
    assert messages == ["(VI_1) no virtual_ipaddress: at least one is required"]


def test_first_ipv6_address_that_is_not_link_local_is_an_error_in_strict_mode_only() -> None:
    text = instance_text(addresses="2001:db8::1\n fe80::1")
    assert only_instance(text)[1] == []
    assert len(only_instance("global_defs { vrrp_strict }\n" + text)[1]) == 1


def test_own_interface_is_not_tracked_twice() -> None:
    instance, messages = only_instance(instance_text("track_interface { eth0\n eth1 }"))
    assert [entry.name for entry in instance.track_interface] == ["eth1"]
    assert messages == ["(VI_1) track_interface eth0 is the instance's own interface: ignored"]


def test_more_addresses_than_an_advert_holds_move_to_the_excluded_ones() -> None:
    addresses = "\n".join(f"10.1.{n // 250}.{n % 250 + 1}" for n in range(260))
    instance, messages = only_instance(instance_text(addresses=addresses))
    assert (len(instance.virtual_ipaddress), len(instance.virtual_ipaddress_excluded)) == (255, 5)
    assert len(messages) == 1


def test_native_ipv6_before_ipv4_addresses_drops_them() -> None:
    _, messages = check_text(
        instance_text("native_ipv6", "virtual_ipaddress {\n10.0.0.1\n}", without="virtual_ipaddress")
    )
    assert messages == [
        "(VI_1) 10.0.0.1 is not of family IPv6 of the instance: ignored",
        "(VI_1) no virtual_ipaddress: at least one is required",
    ]


def test_native_ipv6_behind_ipv4_addresses_is_ignored() -> None:
    config, diagnostics = build_text(instance_text("native_ipv6"))
    assert [entry.message for entry in diagnostics] == [
        "native_ipv6 contradicts the IPv4 addresses before it: it is ignored"
    ]
    assert (config.vrrp_instances[0].family, config.vrrp_instances[0].version) == (4, 2)


def test_native_ipv6_with_version_2_uses_version_3_and_says_so() -> None:
    text = instance_text("version 2", "native_ipv6", addresses="fe80::1", without="virtual_ipaddress")
    config, diagnostics = build_text(text)
    assert [entry.message for entry in diagnostics] == ["native_ipv6 needs version 3: version 3 is used"]
    assert config.vrrp_instances[0].version == 3


def test_second_version_that_differs_is_ignored_and_one_that_agrees_is_not_worth_a_word() -> None:
    config, diagnostics = build_text(instance_text("version 3", "version 2", "version 3"))
    assert config.vrrp_instances[0].version == 3
    assert [entry.message for entry in diagnostics] == ["version: it contradicts the 3 before it: this one is ignored"]


def test_strict_mode_has_the_standard_virtual_mac() -> None:
    vmac = "use_vmac vm0 02:00:00:00:00:01"
    instance, messages = only_instance(instance_text(vmac, "version 3", "strict_mode on"))
    assert "(VI_1) in strict mode a VMAC has the standard address: the other is ignored" in messages
    assert instance.use_vmac is not None
    assert (instance.use_vmac.name, instance.use_vmac.mac) == ("vm0", None)
    instance, _ = only_instance(instance_text(vmac, "version 3"))
    assert instance.use_vmac is not None
    assert instance.use_vmac.mac == bytes.fromhex("020000000001")


def test_ipvlan_has_an_address_of_the_family_of_the_instance() -> None:
    assert only_instance(instance_text("use_ipvlan ipv0 10.0.0.5/24"))[1] == []
    assert only_instance(instance_text("use_ipvlan ipv0"))[1] == [
        "(VI_1) an IPv4 ipvlan needs an address: the instance stays in FAULT"
    ]
    instance, messages = only_instance(instance_text("use_ipvlan ipv0 2001:db8::5/64"))
    assert messages == ["(VI_1) the ipvlan's address 2001:db8::5 is not of the instance's family: ignored"]
    assert instance.use_ipvlan is not None
    assert instance.use_ipvlan.address is None
