"""What each process takes from `global_defs`, and how far lateness raises its priority."""

from typing import Any

import pytest

from keepalived_py.config.model.globals import GlobalDefs
from keepalived_py.process_settings import (
    BFD,
    CHECKER,
    VRRP,
    ProcessSettings,
    kept,
    parents_name,
    raised,
    settings_of,
)

KEYWORDS = {VRRP: "vrrp", CHECKER: "checker", BFD: "bfd"}


@pytest.mark.parametrize("process", [VRRP, CHECKER, BFD])
def test_every_keyword_of_a_process_reaches_it_and_no_other(process: str) -> None:
    prefix = KEYWORDS[process]
    values: Any = {
        f"{prefix}_process_name": "mine",
        f"{prefix}_priority": -3,
        f"{prefix}_rt_priority": 7,
        f"{prefix}_rlimit_rttime": 20_000,
        f"{prefix}_no_swap": True,
        f"{prefix}_cpu_affinity": (1,),
    }
    defs = GlobalDefs(**values)
    expected = ProcessSettings(
        name="mine", nice=-3, realtime=7, time_limit=0.02, processors=(1,), locked=True, late_after=1.0
    )
    assert settings_of(process, defs) == expected
    assert [settings_of(other, defs) for other in KEYWORDS if other != process] == [ProcessSettings()] * 2


@pytest.mark.parametrize(
    ("defs", "names"),
    [
        (GlobalDefs(), ["keepalived", "keepalived", "keepalived", "keepalived"]),
        (GlobalDefs(process_names=True), ["keepalived", "keepalived_vrrp", "keepalived_lvs", "keepalived_bfd"]),
        (GlobalDefs(process_name="main"), ["main", "main", "main", "main"]),
        (GlobalDefs(process_name="main", vrrp_process_name="v"), ["main", "v", "main", "main"]),
        (
            GlobalDefs(process_names=True, bfd_process_name="b"),
            ["keepalived", "keepalived_vrrp", "keepalived_lvs", "b"],
        ),
    ],
)
def test_names_of_the_processes(defs: GlobalDefs, names: list[str]) -> None:
    assert [parents_name(defs), *(settings_of(process, defs).name for process in (VRRP, CHECKER, BFD))] == names


@pytest.mark.parametrize(("keyword", "highest"), [(-1, 0), (0, 0), (3, 3)])
def test_automatic_priority_ends_at_its_limit(keyword: int, highest: int) -> None:
    defs = GlobalDefs(max_auto_priority=keyword, min_auto_priority_delay=2_500)
    settings = settings_of(VRRP, defs)
    assert (settings.highest_realtime, settings.late_after) == (highest, 0.0025)
    assert raised(0, settings) == min(1, highest)
    assert raised(highest, settings) == highest


@pytest.mark.parametrize(
    ("running_at", "realtime", "highest", "expected"),
    [(0, 0, 0, 0), (0, 5, 0, 5), (4, 0, 0, 0), (4, 0, 9, 4), (4, 0, 2, 2), (4, 2, 0, 2), (4, 5, 9, 5), (7, 5, 9, 7)],
)
def test_reload_keeps_what_lateness_has_raised_as_far_as_allowed(
    running_at: int, realtime: int, highest: int, expected: int
) -> None:
    assert kept(running_at, ProcessSettings(realtime=realtime, highest_realtime=highest)) == expected
