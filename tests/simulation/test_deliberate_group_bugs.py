"""Each invariant of groups catches what was broken on purpose: the simulator is not blind."""

from collections.abc import Callable

import pytest

from keepalived_py.vrrp.cause import Cause, Event
from keepalived_py.vrrp.effects import NOTHING, Effect, Effects
from keepalived_py.vrrp.instance import Instance
from keepalived_py.vrrp.member import Member
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.state import State
from keepalived_py.vrrp.sync_group import SETTLED, SyncGroup
from keepalived_py.vrrp.tracked_item import TrackedItem
from tests.simulation.groups.history import run_history
from tests.simulation.groups.judge import Invariant, Violation

_PATIENCE = 60
"""Histories within which a bug must show."""


def _lets_the_others_stay_master(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SyncGroup, "_leave_master", lambda *_: SETTLED)


def _never_leaves_fault(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SyncGroup, "_release", lambda *_: SETTLED)


def _releases_members_while_another_has_a_fault(patch: pytest.MonkeyPatch) -> None:
    original = SyncGroup._find_culprit

    def find_culprit(self: SyncGroup, name: str) -> str:
        everybody = self.members
        self.members = {name: everybody[name]} if name in everybody else {}
        found = original(self, name)
        self.members = everybody
        return found

    patch.setattr(SyncGroup, "_find_culprit", find_culprit)


def _turns_every_weight_round(patch: pytest.MonkeyPatch) -> None:
    original = TrackedItem.contribution
    patch.setattr(TrackedItem, "contribution", lambda self, source: -original(self, source))


def _keeps_the_addresses_of_those_that_follow(patch: pytest.MonkeyPatch) -> None:
    def left_master(self: Member, now: float, cause: Cause) -> Effects:
        effects = self._yield(now, cause) if self.state is State.MASTER else NOTHING
        return tuple(effect for effect in effects if effect is not Effect.REMOVE_ADDRESSES)

    patch.setattr(Member, "left_master", left_master)


def _names_no_group(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SyncGroup, "_cause", lambda _, member, cause: Cause(f"{member}: {cause}", Event.GROUP, "G"))


def _does_not_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(VirtualRouter, "left_master", lambda self, now, cause: self.instance.left_master(now, cause))


def _never_becomes_master(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SyncGroup, "_become_master", lambda *_: SETTLED)


def _never_preempts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Instance, "_is_discarded", lambda *_: False)


def _begins_anew_after_a_crash(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Member, "adopted", lambda self, now, _: self.started(now))


def _waits_twice(patch: pytest.MonkeyPatch) -> None:
    original = Member._become_master
    patient: set[int] = set()

    def become_master(self: Member, now: float, cause: Cause) -> Effects:
        if self.state is State.BACKUP and id(self) not in patient:
            patient.add(id(self))
            self.deadline_at = now + self.master_down_interval
            return NOTHING
        patient.discard(id(self))
        return original(self, now, cause)

    patch.setattr(Member, "_become_master", become_master)


_BUGS: dict[Invariant, Callable[[pytest.MonkeyPatch], None]] = {
    Invariant.TOGETHER: _lets_the_others_stay_master,
    Invariant.FAULT: _never_leaves_fault,
    Invariant.PRIORITY: _turns_every_weight_round,
    Invariant.ADDRESSES: _keeps_the_addresses_of_those_that_follow,
    Invariant.CAUSE: _names_no_group,
    Invariant.COUNTERS: _does_not_count,
    Invariant.ONE_MASTER: _never_becomes_master,
    Invariant.BEST_MASTER: _never_preempts,
    Invariant.CALM: _begins_anew_after_a_crash,
    Invariant.TAKEOVER: _waits_twice,
}


_OTHER_BUGS = [(Invariant.TOGETHER, _releases_members_while_another_has_a_fault)]
_ALL_BUGS = [*_BUGS.items(), *_OTHER_BUGS]


def test_each_invariant_has_a_bug() -> None:
    assert set(_BUGS) == set(Invariant)


@pytest.mark.parametrize(("invariant", "bug"), _ALL_BUGS, ids=[bug.__name__.strip("_") for _, bug in _ALL_BUGS])
def test_group_broken_on_purpose_violates_the_invariant(
    invariant: Invariant, bug: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    bug(monkeypatch)
    found = set()

    for seed in range(_PATIENCE):
        try:
            run_history(seed)
        except Violation as violation:
            found.add(violation.invariant)
            if violation.invariant is invariant:
                return
    pytest.fail(f"found {found or 'nothing'}")
