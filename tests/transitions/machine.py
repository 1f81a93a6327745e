"""Elections brought into each state by inputs alone, for the tables of this directory."""

from typing import Any

from keepalived_py.vrrp.instance import Instance
from keepalived_py.vrrp.parameters import Parameters
from keepalived_py.vrrp.state import State

OURS = bytes((10, 0, 0, 2))
LOWER = bytes((10, 0, 0, 1))
HIGHER = bytes((10, 0, 0, 3))
STARTED_AT = 100.0
NOW = 101.0
"""When a table's input happens: every instance below is in its state and no deadline has passed."""
FAULT = "interface eth0 went down"
DOWN_INTERVAL = 3.609375
"""3 * 1 s + (256 - 100) / 256 s."""


def parameters(**changes: Any) -> Parameters:
    """Priority 100, one second, version 2, preempting."""
    values: dict[str, Any] = {"name": "VI_1", "vrid": 51, "source_address": OURS}
    return Parameters(**{**values, **changes})


def initial(**changes: Any) -> Instance:
    return Instance(parameters(**changes))


def backup(**changes: Any) -> Instance:
    instance = initial(**changes)
    instance.started(STARTED_AT)
    assert instance.state is State.BACKUP
    return instance


def master(**changes: Any) -> Instance:
    """Master since NOW - 0.5, last advert sent then."""
    instance = initial(**changes)
    instance.started(NOW - 0.5 - instance.master_down_interval)
    instance.deadline_reached(NOW - 0.5)
    instance.notes.clear()
    assert instance.state is State.MASTER
    return instance


def owner(**changes: Any) -> Instance:
    """Address owner, master since NOW - 0.5."""
    instance = initial(priority=255, **changes)
    instance.started(NOW - 0.5)
    assert instance.state is State.MASTER
    return instance


def faulty(**changes: Any) -> Instance:
    instance = initial(**changes)
    instance.fault_found(STARTED_AT, FAULT)
    instance.started(STARTED_AT)
    assert instance.state is State.FAULT
    return instance
