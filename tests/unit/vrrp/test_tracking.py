"""What tracked sources add up to, from configuration text to faults, priorities and the ladder."""

from functools import partial

import pytest

from keepalived_py.config.build import build
from keepalived_py.config.checks import check
from keepalived_py.config.environment import PathStatus, RecordedEnvironment
from keepalived_py.config.model import Config
from keepalived_py.vrrp.cause import Cause, Event
from keepalived_py.vrrp.source import SourceKind
from keepalived_py.vrrp.tracked_item import Rung
from keepalived_py.vrrp.tracking import Tracking
from tests.config.checking import instance_text
from tests.config.reading import read_text

NOW = 100.0
DIRECTORY, PROGRAM = PathStatus(0o040755), PathStatus(0o100755)
MACHINE = RecordedEnvironment(
    interfaces=frozenset({"lo", "eth0", "eth1", "eth2"}),
    paths={"/": DIRECTORY, "/bin": DIRECTORY, "/bin/true": PROGRAM, "/bin/false": PROGRAM},
    users={"root": (0, 0)},
)
BLOCKS = {
    "interface": "",
    "script": 'vrrp_script it {{\n script "/bin/true"\n weight {weight}\n}}\n',
    "file": "track_file it {{\n file /it\n weight {weight}\n}}\n",
    "process": "vrrp_track_process it {{\n process it\n quorum 2\n quorum_max 3\n weight {weight}\n}}\n",
    "bfd": "bfd_instance it {{\n neighbor_ip 10.0.0.9\n weight {weight}\n}}\n",
}
UP, DOWN, UNKNOWN = "up", "down", "unknown"


def config_of(text: str) -> Config:
    statements, diagnostics = read_text("global_defs {\n enable_script_security\n script_user root\n}\n" + text)
    return check(build(statements, diagnostics), MACHINE, diagnostics)


def tracking_of(text: str) -> Tracking:
    return Tracking(config_of(text), runs_scripts=True)


def one_item(kind: str, weight: str, *, priority: int = 100) -> Tracking:
    """Return the tracking of VI_1, which tracks one source of a kind, called `it` (an interface: eth1)."""
    line = f"eth1 weight {weight}" if kind == "interface" else "it"
    body = f"track_{kind} {{\n {line}\n}}"
    return tracking_of(BLOCKS[kind].format(weight=weight) + instance_text(f"priority {priority}", body))


def tell(tracking: Tracking, kind: str, state: str, now: float = NOW) -> tuple[str, ...]:
    """Bring the only source into a state; a file that is up holds 0, one that is down 1."""
    if state == UNKNOWN:
        return ()
    is_up = state == UP
    inputs = {
        "interface": partial(tracking.interface_changed, now, "eth1", is_up=is_up),
        "script": partial(tracking.script_finished, now, "it", success=is_up, detail="exit code 1"),
        "file": partial(tracking.file_read, now, "it", 0 if is_up else 1),
        "process": partial(tracking.processes_counted, now, "it", 2 if is_up else 1),
        "bfd": partial(tracking.bfd_changed, now, "it", is_up=is_up),
    }
    return inputs[kind]()


@pytest.mark.parametrize("kind", ["interface", "script", "process", "bfd"])
@pytest.mark.parametrize(
    ("weight", "state", "added"),
    [
        ("20", UP, 20),
        ("20", DOWN, 0),
        ("-20", UP, 0),
        ("-20", DOWN, -20),
        ("20 reverse", UP, -20),
        ("20 reverse", DOWN, 0),
        ("-20 reverse", UP, 0),
        ("-20 reverse", DOWN, 20),
        ("20", UNKNOWN, 0),
        ("-20", UNKNOWN, 0),
    ],
)
def test_weight_counts_in_one_state_of_its_source(kind: str, weight: str, state: str, added: int) -> None:
    tracking = one_item(kind, weight)
    tell(tracking, kind, state)

    assert tracking.priority("VI_1") == 100 + added
    assert tracking.faults("VI_1") == {}


@pytest.mark.parametrize(
    ("kind", "state", "reason", "good_news"),
    [
        ("interface", DOWN, "interface eth1 is down", "interface eth1 is up"),
        ("script", DOWN, "script it failed (exit code 1)", "script it succeeded"),
        ("file", DOWN, "track file it holds 1", "track file it holds 0"),
        ("process", DOWN, "process it lost its quorum (1 of 2)", "process it has its quorum"),
        ("bfd", DOWN, "BFD session it is down", "BFD session it is up"),
    ],
)
def test_without_a_weight_a_source_that_is_down_means_fault(kind: str, state: str, reason: str, good_news: str) -> None:
    tracking = one_item(kind, "0")
    tell(tracking, kind, state)

    assert tracking.faults("VI_1") == {reason: good_news}
    assert tracking.priority("VI_1") == 100

    tell(tracking, kind, UP)
    assert tracking.faults("VI_1") == {}


def test_fault_says_which_source_it_came_from() -> None:
    tracking = one_item("script", "0")
    tell(tracking, "script", DOWN)
    [(reason, good_news)] = tracking.faults("VI_1").items()

    assert isinstance(reason, Cause)
    assert isinstance(good_news, Cause)
    assert [(one.event, one.source) for one in (reason, good_news)] == [
        (Event.FAULT, "it"),
        (Event.FAULT_CLEARED, "it"),
    ]


@pytest.mark.parametrize(
    ("kind", "reason", "good_news"),
    [
        ("interface", "interface eth1 is up", "interface eth1 is down"),
        ("script", "script it succeeded", "script it failed"),
        ("file", "track file it holds 0", "track file it does not hold 0"),
        ("process", "process it has its quorum", "process it lost its quorum"),
        ("bfd", "BFD session it is up", "BFD session it is down"),
    ],
)
def test_reversed_without_a_weight_a_source_that_is_up_means_fault(kind: str, reason: str, good_news: str) -> None:
    tracking = one_item(kind, "0 reverse")
    tell(tracking, kind, UP)

    assert tracking.faults("VI_1") == {reason: good_news}

    tell(tracking, kind, DOWN)
    assert tracking.faults("VI_1") == {}


@pytest.mark.parametrize("kind", ["interface", "script", "file", "process", "bfd"])
@pytest.mark.parametrize("weight", ["0", "0 reverse", "5"])
def test_source_of_which_nothing_is_known_is_no_fault_and_adds_nothing(kind: str, weight: str) -> None:
    tracking = one_item(kind, weight)

    assert tracking.faults("VI_1") == {}
    assert tracking.priority("VI_1") == 100


@pytest.mark.parametrize(
    ("weight", "number", "added"),
    [
        ("1", 30, 30),
        ("1", -30, -30),
        ("-2", 30, -60),
        ("2 reverse", 30, -60),
        ("1", 253, 253),
        ("1", 2**31, 253),
        ("1", -253, -253),
        ("-254", 0, 0),
    ],
)
def test_number_in_a_file_is_multiplied_by_its_weight(weight: str, number: int, added: int) -> None:
    tracking = one_item("file", weight)
    tracking.file_read(NOW, "it", number)

    assert tracking.priority("VI_1") == 100 + added
    assert tracking.faults("VI_1") == {}


@pytest.mark.parametrize(("weight", "number"), [("1", -254), ("-254", 1), ("127 reverse", 2), ("1", -(2**31))])
def test_product_below_the_limit_means_fault_and_adds_nothing(weight: str, number: int) -> None:
    tracking = one_item("file", weight)
    tracking.file_read(NOW, "it", number)

    factor = -int(weight.split(maxsplit=1)[0]) if "reverse" in weight else int(weight)
    reason = f"track file it holds {number}, times {factor} below -253"
    assert tracking.faults("VI_1") == {reason: "track file it is above the limit again"}
    assert tracking.priority("VI_1") == 100


@pytest.mark.parametrize(("count", "is_fault"), [(0, True), (1, True), (2, False), (3, False), (4, True)])
def test_number_of_processes_is_compared_with_both_limits(count: int, is_fault: bool) -> None:
    tracking = one_item("process", "0")
    tracking.processes_counted(NOW, "it", count)

    assert bool(tracking.faults("VI_1")) is is_fault


def test_more_processes_than_allowed_are_named() -> None:
    tracking = one_item("process", "0")
    tracking.processes_counted(NOW, "it", 4)

    assert list(tracking.faults("VI_1")) == ["process it lost its quorum (4, at most 3)"]


def test_missing_interface_counts_as_down_and_is_called_missing() -> None:
    tracking = one_item("interface", "0")
    tracking.interface_changed(NOW, "eth1", is_up=None)

    assert tracking.faults("VI_1") == {"interface eth1 is missing": "interface eth1 is up"}
    assert tracking.ladder("VI_1")[0].state == "missing"


@pytest.mark.parametrize("kind", ["interface", "script", "file", "process", "bfd"])
def test_change_names_those_who_track_the_source_and_a_repetition_nobody(kind: str) -> None:
    tracking = one_item(kind, "10")

    assert tell(tracking, kind, DOWN) == ("VI_1",)
    assert tell(tracking, kind, DOWN) == ()
    assert tell(tracking, kind, UP) == ("VI_1",)


def test_stranger_among_the_sources_concerns_nobody() -> None:
    tracking = one_item("script", "10")

    assert tracking.script_finished(NOW, "other", success=True) == ()
    assert tracking.interface_changed(NOW, "eth9", is_up=True) == ()
    assert tracking.file_read(NOW, "other", 1) == ()
    assert tracking.processes_counted(NOW, "other", 1) == ()
    assert tracking.bfd_changed(NOW, "other", is_up=True) == ()


def test_sum_may_leave_the_range_and_comes_back_into_it() -> None:
    """Nothing is lost by limiting: the sum is computed from what is, not from the last sum."""
    tracking = tracking_of(
        "".join(f'vrrp_script s{number} {{\n script "/bin/true"\n weight -100\n}}\n' for number in range(3))
        + instance_text("track_script {\n s0\n s1\n s2\n}")
    )
    for number in range(3):
        tracking.script_finished(NOW, f"s{number}", success=False)
    assert tracking.priority("VI_1") == -200

    tracking.script_finished(NOW, "s0", success=True)
    tracking.script_finished(NOW, "s1", success=True)
    assert tracking.priority("VI_1") == 0


def test_address_owner_keeps_its_priority() -> None:
    tracking = one_item("bfd", "-50", priority=255)
    tell(tracking, "bfd", DOWN)

    assert tracking.priority("VI_1") == 255


def test_weight_of_the_item_stands_before_that_of_the_script_and_keeps_its_sense() -> None:
    tracking = tracking_of(
        'vrrp_script a {\n script "/bin/true"\n weight 10 reverse\n}\n'
        + instance_text("track_script {\n a weight 20\n}")
        + instance_text("track_script {\n a weight 20 noreverse\n}", name="VI_2", vrid=52, addresses="10.0.0.101")
    )
    assert tracking.script_finished(NOW, "a", success=True) == ("VI_1", "VI_2")

    assert tracking.priority("VI_1") == 80
    assert tracking.priority("VI_2") == 120


def test_interface_that_a_member_runs_on_is_not_tracked_twice() -> None:
    tracking = tracking_of(members() + group_text("track_interface {\n eth0 weight 20\n eth1\n}"))

    assert [rung.name for rung in tracking.ladder("VI_1")] == ["eth1"]
    assert [rung.name for rung in tracking.ladder("VI_2")] == ["eth0", "eth1"]


def test_interface_that_is_no_fault_by_itself_may_have_a_weight_in_the_group() -> None:
    tracking = tracking_of(members("dont_track_primary") + group_text("track_interface {\n eth0 weight 20\n}"))
    tracking.interface_changed(NOW, "eth0", is_up=True)

    assert tracking.priority("VI_1") == 120


@pytest.mark.parametrize(
    "block",
    [
        "virtual_ipaddress_excluded {{\n 10.0.9.1 dev eth1{}\n}}",
        "virtual_routes {{\n 10.9.0.0/16 dev eth1{}\n}}",
        "virtual_rules {{\n from 10.9.0.0/16 iif eth1 table 5{}\n}}",
        "virtual_rules {{\n from 10.9.0.0/16 oif eth1 table 5{}\n}}",
    ],
)
def test_interface_of_an_address_route_or_rule_means_fault_unless_it_is_not_tracked(block: str) -> None:
    tracked, untracked = (tracking_of(instance_text(block.format(word))) for word in ("", " no_track"))
    tracked.interface_changed(NOW, "eth1", is_up=False)

    assert list(tracked.faults("VI_1")) == ["interface eth1 is down"]
    assert untracked.sources == {}


def test_address_on_the_interface_of_an_instance_that_does_not_track_it_changes_nothing() -> None:
    tracking = tracking_of(instance_text("dont_track_primary", addresses="10.0.0.100 dev eth0"))

    assert tracking.sources == {}


def test_interface_of_an_address_means_fault_whatever_weight_it_is_tracked_with() -> None:
    block = "virtual_ipaddress_excluded {\n 10.0.9.1 dev eth1\n}"
    tracking = tracking_of(instance_text(block, "track_interface {\n eth1 weight 20\n}"))

    assert [rung.weight for rung in tracking.ladder("VI_1")] == [0]


def test_unweighted_script_is_awaited_until_it_has_ended_once() -> None:
    tracking = one_item("script", "0")
    assert tracking.awaited("VI_1") == ("it",)

    tell(tracking, "script", DOWN)
    assert tracking.awaited("VI_1") == ()


def test_script_that_cannot_mean_fault_is_not_awaited() -> None:
    assert one_item("script", "10").awaited("VI_1") == ()


def test_script_with_init_fail_is_a_fault_at_once_and_not_awaited() -> None:
    tracking = tracking_of(
        'vrrp_script a {\n script "/bin/true"\n init_fail\n}\n' + instance_text("track_script {\n a\n}")
    )

    assert tracking.awaited("VI_1") == ()
    assert tracking.faults("VI_1") == {"script a failed": "script a succeeded"}


def group_text(*lines: str) -> str:
    return "\n".join(["vrrp_sync_group G1 {", "group {", "VI_1", "VI_2", "}", *lines, "}"]) + "\n"


def members(*lines: str, priority: int = 100) -> str:
    first = instance_text(f"priority {priority}", *lines)
    return first + instance_text(name="VI_2", vrid=52, interface="eth2", addresses="10.0.2.100")


def test_item_of_a_group_counts_for_every_member() -> None:
    tracking = tracking_of(members() + group_text("track_interface {\n eth1 weight 30\n}"))

    assert tracking.interface_changed(NOW, "eth1", is_up=True) == ("VI_1", "VI_2")
    assert [tracking.priority(name) for name in ("VI_1", "VI_2")] == [130, 130]
    assert tracking.ladder("VI_2") == (Rung(SourceKind.INTERFACE, "eth1", 30, False, "G1", "up", 30, ""),)


@pytest.mark.parametrize(
    ("own", "of_group", "effective"),
    [
        ("eth1", "eth1 weight 30", 0),
        ("eth1 weight 10", "eth1 weight 30", 30),
        ("eth1 weight 10", "eth1", 0),
    ],
)
def test_weight_of_the_group_counts_unless_the_member_means_fault(own: str, of_group: str, effective: int) -> None:
    tracking = tracking_of(
        members(f"track_interface {{\n {own}\n}}")
        + group_text("sync_group_tracking_weight", f"track_interface {{\n {of_group}\n}}")
    )

    assert [rung.weight for rung in tracking.ladder("VI_1")] == [effective]


@pytest.mark.parametrize("keyword", ["sync_group_tracking_weight", "global_tracking"])
def test_member_keeps_its_own_weights_when_the_group_allows_it(keyword: str) -> None:
    text = members("track_interface {\n eth1 weight 30\n}")

    allowed, forbidden = tracking_of(text + group_text(keyword)), tracking_of(text + group_text())

    assert [rung.weight for rung in allowed.ladder("VI_1")] == [30]
    assert [rung.weight for rung in forbidden.ladder("VI_1")] == [0]


def test_group_with_an_address_owner_has_no_weights() -> None:
    tracking = tracking_of(members(priority=255) + group_text("track_interface {\n eth1 weight 30\n}"))
    tracking.interface_changed(NOW, "eth1", is_up=False)

    assert [list(tracking.faults(name)) for name in ("VI_1", "VI_2")] == [["interface eth1 is down"]] * 2


def test_ladder_shows_every_step_in_the_order_of_the_kinds() -> None:
    tracking = tracking_of(
        BLOCKS["script"].format(weight="0")
        + BLOCKS["file"].format(weight="2")
        + instance_text("track_file {\n it\n}", "track_script {\n it\n}", "track_interface {\n eth1 weight -5\n}")
    )
    tracking.interface_changed(NOW, "eth1", is_up=False)
    tracking.script_finished(NOW, "it", success=False, detail="timed out")
    tracking.file_read(NOW, "it", 7)

    rungs = tracking.ladder("VI_1")
    assert [(rung.kind.value, rung.name, rung.state, rung.contribution, rung.fault) for rung in rungs] == [
        ("interface", "eth1", "down", -5, ""),
        ("script", "it", "bad", 0, "script it failed (timed out)"),
        ("file", "it", "7", 14, ""),
    ]


@pytest.mark.parametrize("kind", ["interface", "script", "file", "process", "bfd"])
def test_reload_keeps_what_is_known_of_a_source_whose_weight_changed(kind: str) -> None:
    before, after = (
        BLOCKS[kind].format(weight=weight)
        + instance_text(f"track_{kind} {{\n {'eth1' if kind == 'interface' else 'it'} weight {weight}\n}}")
        for weight in ("-10", "-20")
    )
    tracking = tracking_of(before)
    tell(tracking, kind, DOWN)
    changed_at = next(iter(tracking.sources.values())).changed_at

    tracking.reconfigured(config_of(after))

    source = next(iter(tracking.sources.values()))
    assert (source.is_up, source.changed_at) == (False, changed_at)
    assert tracking.ladder("VI_1")[0].weight == -20


CHANGED_DEFINITIONS = {
    "script": ("/bin/true", "/bin/false"),
    "file": ("file /it", "file /other"),
    "process": ("quorum 2", "quorum 1"),
    "bfd": ("10.0.0.9", "10.0.0.8"),
}


@pytest.mark.parametrize("kind", CHANGED_DEFINITIONS)
@pytest.mark.parametrize(("weight", "effective"), [("20", 100), ("-20", 80)])
def test_reload_with_another_definition_moves_no_priority_before_more_is_known(
    kind: str, weight: str, effective: int
) -> None:
    text = BLOCKS[kind].format(weight=weight) + instance_text("priority 100", f"track_{kind} {{\n it\n}}")
    tracking = tracking_of(text)
    tell(tracking, kind, DOWN)
    before = tracking.priority("VI_1")

    tracking.reconfigured(config_of(text.replace(*CHANGED_DEFINITIONS[kind])))

    assert tracking.priority("VI_1") == before
    assert kind == "file" or before == effective
    assert not tracking.is_incomplete("VI_1")


def test_first_result_of_another_script_of_the_same_name_decides_alone() -> None:
    text = BLOCKS["script"].format(weight="0\n rise 3\n fall 3\n init_fail") + instance_text("track_script {\n it\n}")
    tracking = tracking_of(text)
    for _ in range(3):
        tell(tracking, "script", UP)
    other = text.replace("/bin/true", "/bin/false")

    tracking.reconfigured(config_of(other))
    assert tracking.faults("VI_1") == {}
    tracking.reconfigured(config_of(other))  # a second reload before the first result
    assert tracking.faults("VI_1") == {}

    assert tell(tracking, "script", DOWN) == ("VI_1",)
    assert list(tracking.faults("VI_1")) == ["script it failed (exit code 1)"]


def test_script_that_failed_keeps_its_instance_in_fault_until_its_successor_succeeds() -> None:
    text = BLOCKS["script"].format(weight="0") + instance_text("track_script {\n it\n}")
    tracking = tracking_of(text)
    tell(tracking, "script", DOWN)

    tracking.reconfigured(config_of(text.replace("/bin/true", "/bin/false")))
    assert list(tracking.faults("VI_1")) == ["script it failed (exit code 1)"]

    tell(tracking, "script", UP)
    assert tracking.faults("VI_1") == {}


def test_reload_takes_sources_and_instances_away() -> None:
    tracking = one_item("script", "0")
    tell(tracking, "script", DOWN)

    tracking.reconfigured(config_of(instance_text(name="VI_2")))

    assert tracking.sources == {}
    assert tracking.faults("VI_1") == {}
    assert tracking.priority("VI_2") == 100
