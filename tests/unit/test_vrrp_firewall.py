"""When rules are loaded, what waits for them, and what is said when they cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from keepalived_py.errors import NetlinkError
from keepalived_py.kernel.interfaces import InterfaceTable
from keepalived_py.program import Outcome
from keepalived_py.vrrp import firewall as module
from keepalived_py.vrrp.firewall import Firewall
from keepalived_py.vrrp.footing import plain_footing
from keepalived_py.vrrp.ruleset import Demands, GroupMembership
from tests.config.checking import check_text, instance_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.config.model import Config
    from keepalived_py.execution import Command

PLAIN = instance_text()
REFUSING = instance_text("no_accept")
MORE = instance_text("no_accept", addresses="10.0.0.100\n 10.0.0.101")
GOOD, BAD = Outcome(0), Outcome(1, error_line="Error: syntax error")
OPEN = "Firewall: nft: Error: syntax error: packets to addresses with no_accept are accepted"
IN_FORCE = (
    "Firewall: nftables tables keepalived are in force: 1 addresses refuse packets, 0 VMACs send no membership reports"
)


class Programs:
    """Programs that end when the test says so."""

    def __init__(self) -> None:
        self.started: list[tuple[str, Callable[[Outcome], object]]] = []

    def start(self, command: Command, done: Callable[[Outcome], object]) -> None:
        self.started.append((command.input.decode(), done))

    def end(self, outcome: Outcome = GOOD) -> str:
        text, done = self.started.pop(0)
        done(outcome)
        return text


class Log:
    """The lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.info = self.error = self.lines.append


class Bench:
    """A firewall and what is around it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.programs, self.log = Programs(), Log()
        self.ran: list[str] = []
        self.problem = ""
        self.problems: list[str] = []
        self.removed: list[str] = []
        self.there: dict[int, bool] = {}
        monkeypatch.setattr(module, "run", self._run)
        monkeypatch.setattr(module, "remove_tables", self._remove)
        monkeypatch.setattr(module, "find_tables", self._find)
        self.firewall = Firewall(cast("Any", self.programs), cast("Any", self.log), InterfaceTable(), "one")
        self.calls: list[str] = []

    def _run(self, command: Command, seconds: float) -> str:
        assert seconds == module.PATIENCE
        self.ran.append(command.input.decode())
        return self.problems.pop(0) if self.problems else self.problem

    def _remove(self, table: str, owner: str) -> dict[int, bool]:
        assert owner == "owner_7a6c86f1"
        self.removed.append(table)
        return self.there

    def _find(self, table: str, owner: str) -> dict[int, bool]:
        assert (table, owner) == ("keepalived", "owner_7a6c86f1")
        return self.there

    def begin(self, text: str, *, in_place: bool = False) -> None:
        self.firewall.begin(*self.standing(text), in_place=in_place)

    def change(self, text: str, name: str = "") -> None:
        self.firewall.change(*self.standing(text), lambda: self.calls.append(name))

    @staticmethod
    def standing(text: str) -> tuple[Config, dict[str, Any]]:
        config, _ = check_text(text)
        return config, {one.name: plain_footing(one) for one in config.vrrp_instances}


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def test_first_rules_are_in_force_when_begin_returns(bench: Bench) -> None:
    bench.begin(REFUSING)
    assert ["10.0.0.100" in text for text in bench.ran] == [True]
    assert (bench.log.lines, bench.firewall.problem) == ([IN_FORCE], "")


def test_nothing_is_run_where_nothing_is_refused(bench: Bench) -> None:
    bench.begin(PLAIN)
    bench.change(PLAIN, "same")
    bench.firewall.end()
    assert (bench.ran, bench.programs.started, bench.log.lines) == ([], [], [])
    assert (bench.removed, bench.calls) == (["keepalived"], ["same"])


def test_tables_of_an_earlier_run_are_removed_where_nothing_is_refused(bench: Bench) -> None:
    bench.there = {2: True, 10: False}
    bench.begin(PLAIN)
    assert bench.log.lines == ["Firewall: removed the nftables tables keepalived that an earlier run left"]


def test_successor_of_a_crashed_process_does_not_wait_for_rules_that_are_there(bench: Bench) -> None:
    bench.begin(REFUSING, in_place=True)
    assert bench.ran == []
    assert "10.0.0.100" in bench.programs.end()
    assert bench.log.lines == [IN_FORCE]


def test_reload_goes_on_at_once_when_nothing_changes_and_after_the_rules_when_something_does(bench: Bench) -> None:
    bench.begin(REFUSING)
    bench.change(REFUSING, "same")
    assert bench.calls == ["same"]
    bench.change(MORE, "more")
    assert bench.calls == ["same"]
    assert "10.0.0.101" in bench.programs.end()
    assert bench.calls == ["same", "more"]


def test_reloads_that_come_together_wait_for_the_last_rules_and_go_on_in_order(bench: Bench) -> None:
    bench.begin(PLAIN)
    bench.change(REFUSING, "first")
    bench.change(MORE, "second")
    bench.change(MORE, "third")
    assert len(bench.programs.started) == 1
    assert "10.0.0.101" not in bench.programs.end()
    assert bench.calls == []
    assert "10.0.0.101" in bench.programs.end()
    assert bench.calls == ["first", "second", "third"]
    assert bench.programs.started == []


def test_rules_that_are_wanted_no_more_are_removed_by_a_reload(bench: Bench) -> None:
    bench.begin(REFUSING)
    bench.change(PLAIN, "plain")
    assert "chain" not in bench.programs.end()
    assert bench.log.lines[-1] == "Firewall: no rules are needed any more, nftables tables keepalived removed"
    bench.firewall.end()
    assert bench.removed == []


def test_refusal_is_told_and_the_reload_goes_on(bench: Bench) -> None:
    bench.begin(PLAIN)
    bench.change(REFUSING, "reload")
    bench.programs.end(BAD)
    assert (bench.log.lines, bench.calls) == ([OPEN], ["reload"])
    assert (bench.firewall.problem, bench.firewall.warnings) == ("Error: syntax error", [OPEN])


def test_rules_that_could_not_be_loaded_are_tried_again_by_the_next_change(bench: Bench) -> None:
    bench.problem = "Error: syntax error"
    bench.begin(REFUSING)
    assert bench.log.lines == [OPEN]
    bench.change(REFUSING, "again")
    bench.programs.end()
    assert (bench.log.lines, bench.calls, bench.firewall.problem) == ([OPEN, IN_FORCE], ["again"], "")
    assert bench.firewall.warnings == []


def test_interfaces_that_come_and_go_try_nothing_again_but_new_demands(bench: Bench) -> None:
    bench.problem = "Error: syntax error"
    bench.begin(REFUSING)
    bench.firewall.review(*bench.standing(REFUSING))
    assert bench.programs.started == []
    bench.firewall.review(*bench.standing(MORE))
    assert "10.0.0.101" in bench.programs.end()


@pytest.mark.parametrize("at_start", [True, False])
def test_kernel_that_cannot_move_membership_reports_still_refuses_packets(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, at_start: bool
) -> None:
    memberships = frozenset({GroupMembership(4, "vrrp.51", 2)})
    whole = Demands(refused=frozenset({bytes((10, 0, 0, 100))}), memberships=memberships)
    monkeypatch.setattr(module, "demands_of", lambda *_: whole)
    tried = []
    if at_start:
        bench.problems = ["Error: Could not process rule: No such file or directory", ""]
        bench.begin(REFUSING)
        tried = bench.ran
    else:
        bench.change(REFUSING, "reload")
        tried.append(
            bench.programs.end(Outcome(1, error_line="Error: Could not process rule: No such file or directory"))
        )
        tried.append(bench.programs.end())
    assert ["igmp" in text for text in tried] == [True, False]
    assert ["10.0.0.100" in text for text in tried] == [True, True]
    assert bench.log.lines[0] == (
        "Firewall: nft: Error: Could not process rule: No such file or directory; loading no_accept alone"
    )
    assert bench.calls == ([] if at_start else ["reload"])


def test_program_that_cannot_be_run_is_described(bench: Bench) -> None:
    bench.begin(PLAIN)
    bench.change(REFUSING)
    bench.programs.end(Outcome(None, problem="No such file or directory"))
    assert bench.log.lines == [
        "Firewall: nft: could not be run: No such file or directory: packets to addresses with no_accept are accepted"
    ]


def test_end_removes_the_tables_and_calls_nobody(bench: Bench) -> None:
    bench.begin(REFUSING)
    bench.change(MORE, "late")
    bench.firewall.forget()
    bench.programs.end()
    bench.firewall.end()
    assert (bench.removed, bench.calls) == (["keepalived"], [])


def test_tables_that_cannot_be_removed_are_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(table: str, _owner: str) -> dict[int, bool]:
        raise NetlinkError(1, f"Operation not permitted for {table}")

    bench.begin(REFUSING)
    monkeypatch.setattr(module, "remove_tables", refuse)
    bench.begin(PLAIN)
    assert bench.log.lines == [IN_FORCE]  # who may not look for leftovers has left none
    bench.firewall.end()
    assert bench.log.lines[-1] == (
        "Firewall: cannot remove the nftables tables keepalived: Operation not permitted for keepalived"
    )


@pytest.mark.parametrize(("there", "count"), [({}, 0), ({2: True}, 0), ({2: True, 10: False}, 1)])
def test_table_of_somebody_else_is_replaced_with_a_warning(bench: Bench, there: dict[int, bool], count: int) -> None:
    bench.there = there
    bench.begin(REFUSING)
    assert [("two daemons need two names" in line) for line in bench.log.lines] == [True] * count + [False]
    assert "chain owner_7a6c86f1 { }" in bench.ran[0]


def test_table_of_somebody_else_is_left_alone_where_nothing_is_refused(bench: Bench) -> None:
    bench.there = {2: False}
    bench.begin(PLAIN)
    assert bench.log.lines == []
