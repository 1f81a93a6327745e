"""Each invariant catches a router that was broken on purpose: the simulator is not blind."""

from collections.abc import Callable
from typing import Any

import pytest

from keepalived_py.vrrp import instance, reception
from keepalived_py.vrrp.announcements import Announcements
from keepalived_py.vrrp.cause import Cause
from keepalived_py.vrrp.effects import NOTHING, Effect, Effects
from keepalived_py.vrrp.instance import Instance
from keepalived_py.vrrp.router import VirtualRouter
from keepalived_py.vrrp.state import State
from keepalived_py.vrrp.timers import master_down_interval
from tests.simulation.history import explain, run_history
from tests.simulation.judge import Invariant, Violation

_PATIENCE = 200
"""Histories within which a bug must show."""


def _never_becomes_master(patch: pytest.MonkeyPatch) -> None:
    original = Instance.deadline_reached

    def deadline_reached(self: Instance, now: float) -> Effects:
        return NOTHING if self.state is State.BACKUP else original(self, now)

    patch.setattr(Instance, "deadline_reached", deadline_reached)


def _never_preempts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Instance, "_is_discarded", lambda *_: False)


def _loses_patience_after_one_advert(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(instance, "master_down_interval", lambda *_: 0.5)


def _waits_twice_as_long(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(instance, "master_down_interval", lambda *arguments: 2 * master_down_interval(*arguments))


def _ignores_priority_zero(patch: pytest.MonkeyPatch) -> None:
    original = Instance._advert_as_backup

    def advert_as_backup(self: Instance, now: float, source: bytes, priority: int, interval: float) -> Effects:
        return original(self, now, source, priority or self.master_priority or 254, interval)

    patch.setattr(Instance, "_advert_as_backup", advert_as_backup)


def _never_yields(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Instance, "_yield_to", lambda *_: NOTHING)


def _yields_in_silence(patch: pytest.MonkeyPatch) -> None:
    original = Instance._yield_to

    def yield_to(self: Instance, *arguments: Any) -> Effects:
        return tuple(effect for effect in original(self, *arguments) if effect is not Effect.SEND_ADVERT)

    patch.setattr(Instance, "_yield_to", yield_to)


def _adoption_starts_anew(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Instance, "adopted", lambda self, now, _: self.started(now))


def _masters_in_spite_of_a_fault(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Instance, "fault_found", lambda *_: NOTHING)


def _keeps_addresses_when_it_yields(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(instance, "_YIELD", (Effect.REPORT_TRANSITION,))


def _announces_before_it_has_the_addresses(patch: pytest.MonkeyPatch) -> None:
    reversed_order = (Effect.SEND_ADVERT, Effect.ANNOUNCE, Effect.ADD_ADDRESSES, Effect.REPORT_TRANSITION)
    patch.setattr(instance, "_BECOME_MASTER", reversed_order)


def _announces_as_backup(patch: pytest.MonkeyPatch) -> None:
    original = Instance._advert_as_backup

    def advert_as_backup(self: Instance, *arguments: Any) -> Effects:
        return (Effect.REFRESH, *original(self, *arguments))

    patch.setattr(Instance, "_advert_as_backup", advert_as_backup)


def _does_not_answer_the_clients_of_a_rival(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Announcements, "answer", lambda *_: NOTHING)


def _does_not_notice_that_it_slept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Instance, "_has_overslept", lambda *_: False)


def _takes_an_interval_for_a_time(patch: pytest.MonkeyPatch) -> None:
    original = Instance._follow

    def follow(self: Instance, *arguments: Any) -> None:
        original(self, *arguments)
        self.deadline_at = self.master_down_interval

    patch.setattr(Instance, "_follow", follow)


def _says_no_cause(patch: pytest.MonkeyPatch) -> None:
    original = Instance._enter
    patch.setattr(Instance, "_enter", lambda self, now, state, _: original(self, now, state, Cause("")))


def _does_not_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(VirtualRouter, "_counted", lambda _, _now, effects: effects)


def _does_not_report_notes(patch: pytest.MonkeyPatch) -> None:
    original = Instance.advert_received

    def advert_received(self: Instance, *arguments: Any) -> Effects:
        return tuple(effect for effect in original(self, *arguments) if effect is not Effect.REPORT_NOTES)

    patch.setattr(Instance, "advert_received", advert_received)


def _believes_any_checksum(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reception, "_checksum_is_valid", lambda *_: True)


_BUGS: dict[Invariant, Callable[[pytest.MonkeyPatch], None]] = {
    Invariant.ONE_MASTER: _never_becomes_master,
    Invariant.BEST_MASTER: _never_preempts,
    Invariant.CALM: _loses_patience_after_one_advert,
    Invariant.TAKEOVER: _waits_twice_as_long,
    Invariant.HANDOVER: _ignores_priority_zero,
    Invariant.RIVALRY: _never_yields,
    Invariant.PARTING: _yields_in_silence,
    Invariant.ADOPTION: _adoption_starts_anew,
    Invariant.FAULT: _masters_in_spite_of_a_fault,
    Invariant.ADDRESSES: _keeps_addresses_when_it_yields,
    Invariant.ORDER: _announces_before_it_has_the_addresses,
    Invariant.ANNOUNCED: _announces_as_backup,
    Invariant.CACHE: _does_not_answer_the_clients_of_a_rival,
    Invariant.OVERSLEPT: _does_not_notice_that_it_slept,
    Invariant.DEADLINE: _takes_an_interval_for_a_time,
    Invariant.CAUSE: _says_no_cause,
    Invariant.COUNTERS: _does_not_count,
    Invariant.NOTES: _does_not_report_notes,
    Invariant.CORRUPTION: _believes_any_checksum,
}


def _first_violations(wanted: Invariant) -> tuple[int, Violation] | None:
    """The first seed that violates the invariant; a bug may show in other ways before."""
    for seed in range(_PATIENCE):
        try:
            run_history(seed)
        except Violation as violation:
            if violation.invariant is wanted:
                return seed, violation
    return None


@pytest.mark.parametrize("invariant", Invariant, ids=lambda invariant: invariant.name.lower())
def test_router_broken_on_purpose_violates_the_invariant(invariant: Invariant, monkeypatch: pytest.MonkeyPatch) -> None:
    _BUGS[invariant](monkeypatch)

    assert _first_violations(invariant) is not None


def test_violation_is_explained_and_replays_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    _never_yields(monkeypatch)
    found = _first_violations(Invariant.RIVALRY)

    assert found is not None
    assert explain(found[0]).splitlines()[-2:] == [
        str(found[1]),
        f"replay: python -m tests.simulation.replay {found[0]}",
    ]
