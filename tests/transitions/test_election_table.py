"""The whole table: every state and every input, the exact effects in their order, and the state afterwards."""

from collections.abc import Callable

import pytest

from keepalived_py.vrrp.effects import Effect, Effects
from keepalived_py.vrrp.instance import Instance
from keepalived_py.vrrp.state import State
from tests.transitions.machine import (
    FAULT,
    HIGHER,
    LOWER,
    NOW,
    OURS,
    backup,
    faulty,
    initial,
    master,
    owner,
    parameters,
)

Input = Callable[[Instance], Effects]

SEND = Effect.SEND_ADVERT
RESIGN = Effect.SEND_RESIGNATION
ADD = Effect.ADD_ADDRESSES
REMOVE = Effect.REMOVE_ADDRESSES
ANNOUNCE = Effect.ANNOUNCE
ANSWER = Effect.ANNOUNCE_LOWER_PRIORITY
LOWER_HEARD = Effect.REPORT_LOWER_PRIORITY
REPORT = Effect.REPORT_TRANSITION
NOTES = Effect.REPORT_NOTES

INPUTS: dict[str, Input] = {
    "started": lambda it: it.started(NOW),
    "adopted": lambda it: it.adopted(NOW, NOW - 1.0),
    "higher_priority_advert": lambda it: it.advert_received(NOW, LOWER, 150, 1.0),
    "equal_priority_advert_from_higher_address": lambda it: it.advert_received(NOW, HIGHER, it.priority, 1.0),
    "equal_priority_advert_from_lower_address": lambda it: it.advert_received(NOW, LOWER, it.priority, 1.0),
    "equal_priority_advert_from_our_address": lambda it: it.advert_received(NOW, OURS, it.priority, 1.0),
    "lower_priority_advert": lambda it: it.advert_received(NOW, HIGHER, 50, 1.0),
    "zero_priority_advert": lambda it: it.advert_received(NOW, HIGHER, 0, 1.0),
    "early_deadline": lambda it: it.deadline_reached(NOW),
    "deadline": lambda it: it.deadline_reached(max(NOW, min(it.deadline_at, NOW + 10.0))),
    "fault_found": lambda it: it.fault_found(NOW, "no address on eth0"),
    "known_fault_found": lambda it: it.fault_found(NOW, FAULT),
    "fault_cleared": lambda it: it.fault_cleared(NOW, FAULT),
    "unknown_fault_cleared": lambda it: it.fault_cleared(NOW, "never found"),
    "priority_changed": lambda it: it.priority_changed(NOW, 90),
    "same_priority": lambda it: it.priority_changed(NOW, it.priority),
    "source_address_changed": lambda it: it.source_address_changed(NOW, HIGHER),
    "reconfigured": lambda it: it.reconfigured(NOW, parameters(priority=it.parameters.priority, garp_master_repeat=7)),
    "reconfigured_alike": lambda it: it.reconfigured(NOW, parameters(priority=it.parameters.priority)),
    "stopped": lambda it: it.stopped(NOW),
}

BECOME_MASTER = (SEND, ADD, ANNOUNCE, REPORT)
YIELD = (REMOVE, REPORT)

ROWS: dict[str, tuple[Callable[[], Instance], dict[str, tuple[Effects, State]]]] = {
    "init": (
        initial,
        {
            "started": (YIELD, State.BACKUP),
            "adopted": ((SEND,), State.MASTER),
            "higher_priority_advert": ((), State.INIT),
            "equal_priority_advert_from_higher_address": ((), State.INIT),
            "equal_priority_advert_from_lower_address": ((), State.INIT),
            "equal_priority_advert_from_our_address": ((), State.INIT),
            "lower_priority_advert": ((), State.INIT),
            "zero_priority_advert": ((), State.INIT),
            "early_deadline": ((), State.INIT),
            "deadline": ((), State.INIT),
            "fault_found": ((), State.INIT),
            "known_fault_found": ((), State.INIT),
            "fault_cleared": ((), State.INIT),
            "unknown_fault_cleared": ((), State.INIT),
            "priority_changed": ((NOTES,), State.INIT),
            "same_priority": ((), State.INIT),
            "source_address_changed": ((), State.INIT),
            "reconfigured": ((), State.INIT),
            "reconfigured_alike": ((), State.INIT),
            "stopped": ((), State.INIT),
        },
    ),
    "backup": (
        backup,
        {
            "started": ((), State.BACKUP),
            "adopted": ((), State.BACKUP),
            "higher_priority_advert": ((NOTES,), State.BACKUP),
            "equal_priority_advert_from_higher_address": ((NOTES,), State.BACKUP),
            "equal_priority_advert_from_lower_address": ((NOTES,), State.BACKUP),
            "equal_priority_advert_from_our_address": ((NOTES,), State.BACKUP),
            "lower_priority_advert": ((NOTES,), State.BACKUP),
            "zero_priority_advert": ((NOTES,), State.BACKUP),
            "early_deadline": ((), State.BACKUP),
            "deadline": (BECOME_MASTER, State.MASTER),
            "fault_found": ((REPORT,), State.FAULT),
            "known_fault_found": ((REPORT,), State.FAULT),
            "fault_cleared": ((), State.BACKUP),
            "unknown_fault_cleared": ((), State.BACKUP),
            "priority_changed": ((NOTES,), State.BACKUP),
            "same_priority": ((), State.BACKUP),
            "source_address_changed": ((), State.BACKUP),
            "reconfigured": ((), State.BACKUP),
            "reconfigured_alike": ((), State.BACKUP),
            "stopped": ((REPORT,), State.INIT),
        },
    ),
    "master": (
        master,
        {
            "started": ((), State.MASTER),
            "adopted": ((), State.MASTER),
            "higher_priority_advert": ((SEND, *YIELD, NOTES), State.BACKUP),
            "equal_priority_advert_from_higher_address": ((SEND, *YIELD, NOTES), State.BACKUP),
            "equal_priority_advert_from_lower_address": ((SEND, ANSWER, LOWER_HEARD, NOTES), State.MASTER),
            "equal_priority_advert_from_our_address": ((NOTES,), State.MASTER),
            "lower_priority_advert": ((SEND, ANSWER, LOWER_HEARD, NOTES), State.MASTER),
            "zero_priority_advert": ((SEND, NOTES), State.MASTER),
            "early_deadline": ((), State.MASTER),
            "deadline": ((SEND,), State.MASTER),
            "fault_found": ((RESIGN, REMOVE, REPORT), State.FAULT),
            "known_fault_found": ((RESIGN, REMOVE, REPORT), State.FAULT),
            "fault_cleared": ((), State.MASTER),
            "unknown_fault_cleared": ((), State.MASTER),
            "priority_changed": ((NOTES,), State.MASTER),
            "same_priority": ((), State.MASTER),
            "source_address_changed": ((), State.MASTER),
            "reconfigured": ((SEND,), State.MASTER),
            "reconfigured_alike": ((), State.MASTER),
            "stopped": ((RESIGN, REMOVE, REPORT), State.INIT),
        },
    ),
    "owner": (
        owner,
        {
            "started": ((), State.MASTER),
            "adopted": ((), State.MASTER),
            "higher_priority_advert": ((SEND, ANSWER, LOWER_HEARD, NOTES), State.MASTER),
            "equal_priority_advert_from_higher_address": ((SEND, *YIELD, NOTES), State.BACKUP),
            "equal_priority_advert_from_lower_address": ((SEND, ANSWER, LOWER_HEARD, NOTES), State.MASTER),
            "equal_priority_advert_from_our_address": ((NOTES,), State.MASTER),
            "lower_priority_advert": ((SEND, ANSWER, LOWER_HEARD, NOTES), State.MASTER),
            "zero_priority_advert": ((SEND, NOTES), State.MASTER),
            "early_deadline": ((), State.MASTER),
            "deadline": ((SEND,), State.MASTER),
            "fault_found": ((RESIGN, REMOVE, REPORT), State.FAULT),
            "known_fault_found": ((RESIGN, REMOVE, REPORT), State.FAULT),
            "fault_cleared": ((), State.MASTER),
            "unknown_fault_cleared": ((), State.MASTER),
            "priority_changed": ((), State.MASTER),
            "same_priority": ((), State.MASTER),
            "source_address_changed": ((), State.MASTER),
            "reconfigured": ((SEND,), State.MASTER),
            "reconfigured_alike": ((), State.MASTER),
            "stopped": ((RESIGN, REMOVE, REPORT), State.INIT),
        },
    ),
    "fault": (
        faulty,
        {
            "started": ((), State.FAULT),
            "adopted": ((), State.FAULT),
            "higher_priority_advert": ((), State.FAULT),
            "equal_priority_advert_from_higher_address": ((), State.FAULT),
            "equal_priority_advert_from_lower_address": ((), State.FAULT),
            "equal_priority_advert_from_our_address": ((), State.FAULT),
            "lower_priority_advert": ((), State.FAULT),
            "zero_priority_advert": ((), State.FAULT),
            "early_deadline": ((), State.FAULT),
            "deadline": ((), State.FAULT),
            "fault_found": ((), State.FAULT),
            "known_fault_found": ((), State.FAULT),
            "fault_cleared": ((REPORT,), State.BACKUP),
            "unknown_fault_cleared": ((), State.FAULT),
            "priority_changed": ((NOTES,), State.FAULT),
            "same_priority": ((), State.FAULT),
            "source_address_changed": ((), State.FAULT),
            "reconfigured": ((), State.FAULT),
            "reconfigured_alike": ((), State.FAULT),
            "stopped": ((REPORT,), State.INIT),
        },
    ),
}


@pytest.mark.parametrize(("start", "name"), [(start, name) for start in ROWS for name in INPUTS])
def test_election_table(start: str, name: str) -> None:
    make, row = ROWS[start]
    instance = make()
    before = instance.transition
    effects = INPUTS[name](instance)
    assert (effects, instance.state) == row[name]
    assert (REPORT in effects) == (instance.transition is not before)
    assert (NOTES in effects) == bool(instance.notes)


@pytest.mark.parametrize("start", ROWS)
def test_every_state_has_a_row_for_every_input(start: str) -> None:
    assert set(ROWS[start][1]) == set(INPUTS)
