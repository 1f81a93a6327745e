import pytest

from keepalived_py.config.diagnostics import Severity
from tests.config.checking import check_text, check_with_diagnostics, instance_text

TWO = instance_text(name="A", vrid=1) + instance_text(name="B", vrid=2, addresses="10.0.0.101")


@pytest.mark.parametrize(
    ("second", "collides"),
    [
        (instance_text(name="B", addresses="10.0.0.101"), True),
        (instance_text(name="B", interface="eth1"), False),
        (instance_text(name="B", addresses="fe80::1"), False),
        (instance_text("mcast_dst_ip 224.0.0.99", name="B", addresses="10.0.0.101"), False),
        (instance_text("unicast_peer { 10.0.0.9 }", name="B", addresses="10.0.0.101"), False),
    ],
)
def test_same_number_on_the_same_link_and_family_is_one_too_many(second: str, collides: bool) -> None:
    config, messages = check_text(instance_text(name="A") + second)
    assert [instance.name for instance in config.vrrp_instances] == (["A"] if collides else ["A", "B"])
    expected = ["(B) virtual_router_id 51 is used by A too for IPv4 on eth0: ignored"] if collides else []
    assert messages == expected


@pytest.mark.parametrize(("peers", "collides"), [("10.0.0.8", False), ("10.0.0.9", True)])
def test_unicast_instances_collide_when_they_share_source_and_peer(peers: str, collides: bool) -> None:
    one = instance_text("unicast_src_ip 10.0.0.1", "unicast_peer { 10.0.0.9 }", name="A")
    two = instance_text("unicast_src_ip 10.0.0.1", f"unicast_peer {{ {peers} }}", name="B", addresses="10.0.0.101")
    assert bool(check_text(one + two)[1]) is collides


def test_address_of_two_instances_is_advice_not_an_error() -> None:
    text = instance_text(name="A", vrid=1) + instance_text(name="B", vrid=2)
    config, diagnostics = check_with_diagnostics(text)
    assert len(config.vrrp_instances) == 2
    assert [(entry.severity, entry.message) for entry in diagnostics] == [
        (Severity.WARNING, "(B) 10.0.0.100 is an address of A too")
    ]


def test_weight_in_a_group_with_an_address_owner_is_an_error() -> None:
    text = instance_text("priority 255", name="A", vrid=1) + instance_text(
        "priority 255", name="B", vrid=2, addresses="10.0.0.101"
    )
    group = "vrrp_sync_group G {\n group {\n A\n B\n }\n track_interface {\n eth1 weight 10\n lo\n }\n}\n"

    assert check_text(text + group)[1] == ["(G) track_interface eth1: the weight is 0 since a member has priority 255"]


def test_sync_group_may_come_before_its_members() -> None:
    config, messages = check_text("vrrp_sync_group G { group { A\n B } }\n" + TWO)
    assert messages == []
    assert [group.group for group in config.vrrp_sync_groups] == [("A", "B")]


@pytest.mark.parametrize(
    ("group", "messages", "left"),
    [
        ("group { A\n C\n B }", ["(G) vrrp_instance C does not exist: ignored"], [("A", "B")]),
        ("group { A }", ["(G) the sync group has only one member"], [("A",)]),
        (
            "group { X\n Y }",
            [
                "(G) vrrp_instance X does not exist: ignored",
                "(G) vrrp_instance Y does not exist: ignored",
                "(G) no member of the sync group exists: removed",
            ],
            [],
        ),
    ],
)
def test_sync_group_keeps_the_members_that_exist(group: str, messages: list[str], left: list[tuple[str, ...]]) -> None:
    config, found = check_text(f"vrrp_sync_group G {{ {group} }}\n" + TWO)
    assert found == messages
    assert [kept.group for kept in config.vrrp_sync_groups] == left


def test_instance_in_two_groups_stays_in_the_first() -> None:
    text = "vrrp_sync_group G { group { A\n B } }\nvrrp_sync_group H { group { B } }\n" + TWO
    config, messages = check_text(text)
    assert [group.name for group in config.vrrp_sync_groups] == ["G"]
    assert messages[0] == "(H) vrrp_instance B is in sync group G already: ignored"


SCRIPT = 'track_file F { file "/tmp/f" }\n'


def test_tracked_object_must_exist_and_come_first() -> None:
    user = instance_text("track_file { F }")
    assert check_text(SCRIPT + user)[1] == []
    config, messages = check_text(user + SCRIPT)
    assert config.vrrp_instances[0].track_file == ()
    assert messages == ["(VI_1) track file F is defined after its use: ignored"]
    assert check_text(instance_text("track_file { G }") + SCRIPT)[1] == ["(VI_1) track file G not found: ignored"]
    assert check_text(SCRIPT + instance_text("track_file { F\n F }"))[1] == [
        "(VI_1) track file F is there twice: ignored"
    ]


def test_similar_name_is_suggested_for_an_unknown_object() -> None:
    text = 'track_file changes { file "/tmp/f" }\n' + instance_text("track_file { chnges }")
    assert check_text(text)[1] == ["(VI_1) track file chnges not found: ignored (did you mean 'changes'?)"]


def test_weights_of_an_owner_are_ignored_with_an_error() -> None:
    text = instance_text("priority 255", "track_interface { eth1 weight 10 }")
    config, messages = check_text(text)
    assert config.vrrp_instances[0].track_interface == ()
    assert messages == ["(VI_1) track_interface eth1: tracking it with a weight is ignored with priority 255"]


def test_weights_of_group_members_are_ignored_unless_the_group_allows_them() -> None:
    member = instance_text("track_interface { eth1 weight 10 }", name="A", vrid=1)
    other = instance_text(name="B", vrid=2, addresses="10.0.0.101")
    config, messages = check_text(member + other + "vrrp_sync_group G { group { A\n B } }")
    assert config.vrrp_instances[0].track_interface[0].weight == 0
    assert messages == ["(A) track_interface eth1: weight is ignored with membership of a sync group"]
    allowed = "vrrp_sync_group G { group { A\n B }\n sync_group_tracking_weight }"
    config, messages = check_text(member + other + allowed)
    assert config.vrrp_instances[0].track_interface[0].weight == 10
    assert messages == []
