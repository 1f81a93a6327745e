"""What the roster makes of tracked sources and sync groups: starts, moves, priorities, reloads; no kernel is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from keepalived_py.kernel.rtnl import LinkEvent
from keepalived_py.vrrp.adoption import AdoptionRecord, Legacy
from keepalived_py.vrrp.effects import Effect
from keepalived_py.vrrp.follower import Follower
from keepalived_py.vrrp.state import State
from tests.config.checking import instance_text
from tests.simulation.groups.history import run_history
from tests.unit.vrrp.rostering import FIRST_INDEX, IdleExecutor, interface_table, make_roster, set_link
from tests.unit.vrrp.test_tracking import BLOCKS, config_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keepalived_py.vrrp.running import RunningInstance
    from keepalived_py.vrrp.state import Transition

INTERFACES = ("eth0", "eth1", "eth2")
SCRIPT = BLOCKS["script"]
GROUP = "vrrp_sync_group G1 {\n group {\n VI_1\n VI_2\n }\n}\n"


class Clock:
    """A reactor whose time is set and whose timers nobody serves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.soon: list[Callable[[], None]] = []

    def time(self) -> float:
        return self.now

    def timer(self, *_arguments: object) -> Any:
        return Timer()

    def call_soon(self, function: Callable[..., None], *arguments: Any) -> None:
        self.soon.append(lambda: function(*arguments))

    def call_later(self, *_arguments: object) -> None:
        """Nothing is served later."""


class Timer:
    when = float("inf")
    slack = 0.0

    def cancel(self) -> None:
        """Nothing is armed."""

    def move(self, when: float) -> None:
        self.when = when


class Doer(IdleExecutor):
    """An executor that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[tuple[str, str]] = []
        self.adopted: list[str] = []

    def perform(self, running: RunningInstance, effects: Sequence[Effect], _now: float) -> None:
        for effect in effects:
            if effect is Effect.REPORT_TRANSITION and (transition := running.router.transition) is not None:
                self.done.append((running.name, transition.new.name))
                self.tell(running, lambda follower, made=transition: follower.transition_made(running, made))  # type: ignore[misc]
            elif effect is Effect.SEND_ADVERT:
                self.done.append((running.name, f"advert {running.router.instance.priority}"))
        running.router.instance.notes.clear()

    def adopt(self, running: RunningInstance) -> None:
        self.adopted.append(running.name)


class Lines:
    detail = False

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, line: str) -> None:
        self.lines.append(line)

    warning = error = info


class Listener(Follower):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def transition_made(self, running: RunningInstance, transition: Transition) -> None:
        self.heard.append(f"{running.name} {transition.new.name}")

    def group_transition_made(self, name: str, transition: Transition) -> None:
        self.heard.append(f"{name} {transition.new.name}")

    def priority_changed(self, running: RunningInstance, old: int, new: int) -> None:
        self.heard.append(f"{running.name} {old} -> {new}")


class Scene:
    """A roster on a machine with three interfaces, all up."""

    def __init__(self) -> None:
        self.clock, self.log, self.executor, self.listener = Clock(), Lines(), Doer(), Listener()
        self.executor.followers.append(self.listener)
        self.table = interface_table(1, *INTERFACES)
        self.roster = make_roster(
            self.clock, self.log, self.table, self.executor, AdoptionRecord(memoryview(bytearray(4096)))
        )

    def start(self, text: str, masters: dict[bytes, Legacy] | None = None) -> None:
        self.roster.start(config_of(text), masters or {}, 0.0)

    def reload(self, text: str) -> None:
        self.roster.reload(config_of(text))
        while self.clock.soon:
            self.clock.soon.pop(0)()

    def set_link(self, name: str, *, is_up: bool) -> None:
        index = FIRST_INDEX + INTERFACES.index(name)
        self.roster.interfaces_changed(set_link(self.table, name, index, is_up=is_up))

    def script(self, *, success: bool, name: str = "it") -> None:
        tracking = self.roster.tracking
        detail = "" if success else "exit code 1"
        self.roster.sources_changed(tracking.script_finished(self.clock.now, name, success=success, detail=detail))

    def time_out(self, *names: str) -> None:
        """Let deadlines come, as late as the last of them."""
        routers = [self.roster.instances[name] for name in names]
        self.clock.now = max(running.router.deadline_at for running in routers)
        for running in routers:
            self.roster._deadline_reached(running)

    def states(self) -> dict[str, str]:
        return {name: running.router.state.name for name, running in self.roster.instances.items()}

    def priorities(self) -> dict[str, int]:
        return {name: running.router.instance.priority for name, running in self.roster.instances.items()}


@pytest.fixture
def scene() -> Scene:
    return Scene()


def members(*lines: str, script: str = "") -> str:
    second = instance_text(*lines, name="VI_2", vrid=52, interface="eth1", addresses="10.0.1.100")
    return script + instance_text(*lines) + second


# Tracking


def test_tracked_interface_that_goes_down_takes_the_instance_down_and_brings_it_back(scene: Scene) -> None:
    scene.start(instance_text("track_interface {\n eth1\n}"))

    scene.set_link("eth1", is_up=False)
    assert scene.states() == {"VI_1": "FAULT"}
    scene.set_link("eth1", is_up=True)
    assert scene.states() == {"VI_1": "BACKUP"}
    assert scene.roster.instances["VI_1"].router.transition == (
        State.FAULT,
        State.BACKUP,
        "interface eth1 is up",
        scene.clock.now,
    )


def test_interface_that_is_down_at_the_start_counts_from_the_start(scene: Scene) -> None:
    scene.set_link("eth1", is_up=False)
    scene.start(instance_text("track_interface {\n eth1 weight -30\n eth2 weight 20\n}"))

    assert scene.priorities() == {"VI_1": 90}
    assert scene.listener.heard == ["VI_1 BACKUP"]


def test_weight_changes_the_priority_without_a_transition_and_followers_hear_of_it(scene: Scene) -> None:
    scene.start(instance_text("track_interface {\n eth1 weight 20\n}"))
    scene.time_out("VI_1")
    scene.listener.heard.clear()

    scene.set_link("eth1", is_up=False)

    assert scene.priorities() == {"VI_1": 100}
    assert scene.states() == {"VI_1": "MASTER"}
    assert scene.listener.heard == ["VI_1 120 -> 100"]


def test_interface_that_disappears_is_a_fault_like_one_that_is_down(scene: Scene) -> None:
    scene.start(instance_text("track_interface {\n eth1\n}"))
    mac = bytes((2, 0, 0, 0, 0, 3))
    gone = scene.table.apply(LinkEvent(False, 3, "eth1", 0, 1, mac, mac, 1500, 0, 0, "veth"))

    scene.roster.interfaces_changed(gone)

    assert scene.roster.instances["VI_1"].router.instance.faults == ["interface eth1 is missing"]


# Scripts at the start


def test_instance_waits_for_the_first_result_of_its_script(scene: Scene) -> None:
    scene.roster.tracking.runs_scripts = True
    scene.start(SCRIPT.format(weight=0) + instance_text("track_script {\n it\n}"))
    assert scene.states() == {"VI_1": "INIT"}
    assert scene.log.lines == ["(VI_1) waits for the first result of script it"]

    scene.script(success=True)
    assert scene.states() == {"VI_1": "BACKUP"}


def test_script_that_fails_first_makes_the_instance_begin_in_fault(scene: Scene) -> None:
    scene.roster.tracking.runs_scripts = True
    scene.start(SCRIPT.format(weight=0) + instance_text("track_script {\n it\n}"))

    scene.script(success=False)

    assert scene.executor.done == [("VI_1", "FAULT")]
    assert scene.roster.instances["VI_1"].router.instance.faults == ["script it failed (exit code 1)"]


def test_instance_in_fault_begins_and_leaves_fault_only_when_its_script_is_known(scene: Scene) -> None:
    scene.roster.tracking.runs_scripts = True
    scene.set_link("eth0", is_up=False)
    scene.start(SCRIPT.format(weight=0) + instance_text("track_script {\n it\n}"))
    assert scene.states() == {"VI_1": "FAULT"}

    scene.set_link("eth0", is_up=True)
    assert scene.states() == {"VI_1": "FAULT"}
    scene.script(success=True)
    assert scene.states() == {"VI_1": "BACKUP"}


def test_fault_that_comes_while_an_instance_waits_ends_the_waiting(scene: Scene) -> None:
    scene.roster.tracking.runs_scripts = True
    scene.start(SCRIPT.format(weight=0) + instance_text("track_script {\n it\n}", "track_interface {\n eth1\n}"))

    scene.set_link("eth1", is_up=False)

    assert scene.states() == {"VI_1": "FAULT"}


def test_members_of_a_group_wait_for_the_script_of_one_of_them(scene: Scene) -> None:
    scene.roster.tracking.runs_scripts = True
    text = SCRIPT.format(weight=0) + instance_text("track_script {\n it\n}")
    scene.start(text + instance_text(name="VI_2", vrid=52, interface="eth1", addresses="10.0.1.100") + GROUP)
    assert scene.states() == {"VI_1": "INIT", "VI_2": "INIT"}

    scene.script(success=False)

    assert scene.states() == {"VI_1": "FAULT", "VI_2": "FAULT"}
    assert scene.executor.done == [("VI_1", "FAULT"), ("VI_2", "FAULT")]


def test_adopted_master_waits_for_no_script_and_keeps_the_priority_it_had(scene: Scene) -> None:
    scene.roster.tracking.runs_scripts = True
    text = "".join(SCRIPT.format(weight=weight).replace("it", name) for name, weight in (("aa", 0), ("bb", 50)))
    legacy = Legacy(scene.clock.now - 0.5, 0, 150)
    scene.start(text + instance_text("track_script {\n aa\n bb\n}"), {AdoptionRecord.key("VI_1"): legacy})
    assert scene.executor.done == [("VI_1", "advert 150")]
    assert scene.executor.adopted == ["VI_1"]

    scene.script(success=False, name="bb")
    assert scene.priorities() == {"VI_1": 100}


def test_without_anybody_who_runs_scripts_nobody_waits(scene: Scene) -> None:
    scene.start(SCRIPT.format(weight=0) + instance_text("track_script {\n it\n}"))

    assert scene.states() == {"VI_1": "BACKUP"}


# Groups


def test_members_become_master_in_one_turn_and_the_log_says_so_first(scene: Scene) -> None:
    scene.start(members() + GROUP)
    scene.log.lines.clear()

    scene.time_out("VI_1")
    assert scene.states() == {"VI_1": "BACKUP", "VI_2": "BACKUP"}
    scene.time_out("VI_2")

    assert scene.states() == {"VI_1": "MASTER", "VI_2": "MASTER"}
    assert scene.log.lines[0] == "VRRP_Group(G1) Syncing instances to MASTER state"
    assert scene.log.lines[1].startswith("(G1) BACKUP -> MASTER: sync group G1: VI_2: no advert heard for ")
    assert scene.listener.heard[-3:] == ["VI_1 MASTER", "VI_2 MASTER", "G1 MASTER"]


def test_interface_that_one_member_lost_takes_all_down(scene: Scene) -> None:
    scene.start(members() + GROUP)
    scene.time_out("VI_1", "VI_2")
    scene.listener.heard.clear()

    scene.set_link("eth1", is_up=False)

    assert scene.states() == {"VI_1": "FAULT", "VI_2": "FAULT"}
    assert scene.listener.heard == ["VI_2 FAULT", "VI_1 FAULT", "G1 FAULT"]
    scene.set_link("eth1", is_up=True)
    assert scene.states() == {"VI_1": "BACKUP", "VI_2": "BACKUP"}
    assert scene.listener.heard[3:] == ["VI_1 BACKUP", "VI_2 BACKUP", "G1 BACKUP"]


def test_group_with_a_fault_at_the_start_is_in_fault_before_its_members_begin(scene: Scene) -> None:
    scene.set_link("eth1", is_up=False)
    scene.start(members() + GROUP)

    assert scene.listener.heard == ["G1 FAULT", "VI_1 FAULT", "VI_2 FAULT"]
    assert "VRRP_Group(G1) Syncing instances to FAULT state" in scene.log.lines


def test_item_of_the_group_is_a_fault_of_every_member(scene: Scene) -> None:
    scene.start(members() + GROUP.replace("}\n}\n", "}\n track_interface {\n eth2\n }\n}\n"))
    scene.set_link("eth2", is_up=False)

    instances = [running.router.instance for running in scene.roster.instances.values()]
    assert [instance.own_faults for instance in instances] == [["interface eth2 is down"]] * 2
    scene.set_link("eth2", is_up=True)
    assert scene.states() == {"VI_1": "BACKUP", "VI_2": "BACKUP"}


def test_members_that_end_with_the_process_do_not_move_each_other_and_the_group_is_told_last(scene: Scene) -> None:
    scene.start(members() + GROUP)
    scene.time_out("VI_1", "VI_2")
    scene.listener.heard.clear()

    scene.roster.stop(keep_addresses=False)

    assert scene.listener.heard == ["VI_1 INIT", "VI_2 INIT", "G1 INIT"]


# Reloads


def test_reload_that_changes_a_weight_changes_the_priority_and_nothing_else(scene: Scene) -> None:
    text = instance_text("track_interface {\n eth1 weight WEIGHT\n}")
    scene.start(text.replace("WEIGHT", "20"))
    scene.time_out("VI_1")
    scene.executor.done.clear()

    scene.reload(text.replace("WEIGHT", "30"))

    assert scene.priorities() == {"VI_1": 130}
    assert scene.executor.done == []


def test_reload_that_changes_the_base_priority_adverts_with_the_weights_in_it(scene: Scene) -> None:
    text = instance_text("priority PRIORITY", "track_interface {\n eth1 weight 20\n}")
    scene.start(text.replace("PRIORITY", "100"))
    scene.time_out("VI_1")
    scene.executor.done.clear()
    scene.listener.heard.clear()

    scene.reload(text.replace("PRIORITY", "150"))

    assert scene.executor.done == [("VI_1", "advert 170")]
    assert scene.listener.heard == ["VI_1 120 -> 170"]
    assert scene.states() == {"VI_1": "MASTER"}


def test_reload_keeps_the_result_of_a_script(scene: Scene) -> None:
    scene.roster.tracking.runs_scripts = True
    text = SCRIPT.format(weight=0) + instance_text("track_script {\n it\n}")
    scene.start(text)
    scene.script(success=False)

    scene.reload(text.replace("weight 0", "weight 0\n rise 3"))

    assert scene.states() == {"VI_1": "FAULT"}


def test_script_that_a_reload_brings_takes_no_master_down_before_it_has_failed(scene: Scene) -> None:
    scene.roster.tracking.runs_scripts = True
    scene.start(instance_text())
    scene.time_out("VI_1")

    scene.reload(SCRIPT.format(weight=0) + instance_text("track_script {\n it\n}"))
    assert scene.states() == {"VI_1": "MASTER"}

    scene.script(success=False)
    assert scene.states() == {"VI_1": "FAULT"}


def test_reload_that_makes_a_group_of_masters_moves_nobody(scene: Scene) -> None:
    scene.start(members())
    scene.time_out("VI_1", "VI_2")
    scene.executor.done.clear()

    scene.reload(members() + GROUP)

    assert scene.executor.done == []
    assert scene.roster.groups.groups["G1"].machine.state is State.MASTER


def test_reload_that_dissolves_a_group_releases_the_member_without_a_fault(scene: Scene) -> None:
    scene.set_link("eth1", is_up=False)
    scene.start(members() + GROUP)

    scene.reload(members())

    assert scene.states() == {"VI_1": "BACKUP", "VI_2": "FAULT"}
    assert scene.listener.heard[-2:] == ["VI_1 BACKUP", "G1 INIT"]


def test_reload_that_removes_the_faulty_member_releases_the_others(scene: Scene) -> None:
    scene.set_link("eth1", is_up=False)
    third = instance_text(name="VI_3", vrid=53, interface="eth2", addresses="10.0.2.100")
    scene.start(members() + third + GROUP.replace("VI_2", "VI_2\n VI_3"))
    assert set(scene.states().values()) == {"FAULT"}

    scene.reload(instance_text() + third + GROUP.replace("VI_2", "VI_3"))

    assert scene.states() == {"VI_1": "BACKUP", "VI_3": "BACKUP"}


def test_instance_that_a_reload_adds_to_a_group_in_fault_begins_in_fault(scene: Scene) -> None:
    scene.set_link("eth0", is_up=False)
    scene.start(instance_text() + GROUP.replace("VI_2\n", ""))
    assert scene.states() == {"VI_1": "FAULT"}

    scene.reload(members() + GROUP)

    assert scene.states() == {"VI_1": "FAULT", "VI_2": "FAULT"}


def test_instance_that_a_reload_adds_to_a_group_of_masters_joins_without_an_outage(scene: Scene) -> None:
    scene.start(instance_text() + GROUP.replace("VI_2\n", ""))
    scene.time_out("VI_1")

    scene.reload(members() + GROUP)
    assert scene.states() == {"VI_1": "MASTER", "VI_2": "BACKUP"}

    scene.time_out("VI_2")
    assert scene.states() == {"VI_1": "MASTER", "VI_2": "MASTER"}


def test_reload_that_renames_a_master_moves_nobody(scene: Scene) -> None:
    scene.start(members() + GROUP)
    scene.time_out("VI_1", "VI_2")
    running = scene.roster.instances["VI_1"]
    scene.executor.done.clear()
    scene.listener.heard.clear()

    scene.reload((members() + GROUP).replace("VI_1", "other"))

    assert scene.roster.instances["other"] is running
    assert list(scene.roster.instances) == ["other", "VI_2"]
    assert list(scene.roster.groups.groups["G1"].machine.members) == ["other", "VI_2"]
    assert scene.states() == {"other": "MASTER", "VI_2": "MASTER"}
    assert scene.executor.done == [("other", "advert 100")]
    assert scene.listener.heard == []
    assert "(other) was called VI_1 before" in scene.log.lines

    scene.set_link("eth0", is_up=False)
    assert scene.states() == {"other": "FAULT", "VI_2": "FAULT"}


def test_instances_that_exchange_their_names_go_on_where_they_are(scene: Scene) -> None:
    scene.start(members())
    scene.time_out("VI_1")
    first, second = scene.roster.instances.values()

    scene.reload(members().replace("VI_1", "VI_3").replace("VI_2", "VI_1").replace("VI_3", "VI_2"))

    assert (scene.roster.instances["VI_2"], scene.roster.instances["VI_1"]) == (first, second)
    assert scene.states() == {"VI_2": "MASTER", "VI_1": "BACKUP"}


def test_name_of_an_instance_that_ends_can_be_had_by_another(scene: Scene) -> None:
    scene.start(members() + GROUP)
    scene.time_out("VI_1", "VI_2")
    running = scene.roster.instances["VI_1"]
    scene.listener.heard.clear()
    third = instance_text(name="VI_3", vrid=53, interface="eth2", addresses="10.0.2.100")

    scene.reload(
        instance_text().replace("VI_1", "VI_2") + third + "vrrp_sync_group G2 {\n group {\n VI_2\n VI_3\n }\n}\n"
    )

    assert scene.roster.instances["VI_2"] is running
    assert scene.states() == {"VI_2": "MASTER", "VI_3": "BACKUP"}
    assert scene.listener.heard == ["VI_2 INIT", "G1 INIT", "G2 MASTER", "VI_3 BACKUP"]


def test_instance_that_waits_for_its_script_begins_under_its_new_name(scene: Scene) -> None:
    scene.roster.tracking.runs_scripts = True
    text = SCRIPT.format(weight=0) + instance_text("track_script {\n it\n}")
    scene.start(text)

    scene.reload(text.replace("VI_1", "other"))
    scene.script(success=True)

    assert scene.states() == {"other": "BACKUP"}


def test_static_entry_that_is_refused_by_a_reload_finds_an_instance_that_is_about_to_end(scene: Scene) -> None:
    scene.start(members())
    roster: Any = scene.roster

    class Refused:
        def reload(self, _config: object) -> None:
            roster._judge_all()

        def faults_of(self, _name: str) -> dict[str, str]:
            return {}

    roster._static = Refused()

    scene.reload(instance_text())

    assert scene.states() == {"VI_1": "BACKUP"}


def test_history_of_groups_with_all_their_disturbances_holds() -> None:
    """One of those of tests/simulation, so that quick runs notice a roster that the simulator cannot drive."""
    assert run_history(3).judge.moves > 0
