"""Run the bench: `python -m bench [--quick] [--markdown] [--only WORD]`, as root."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench import checks, document, installed, scenarios
from bench.stand import open_stand
from bench.table import Aim, Row, render, render_builds
from tests.lab.daemon import REAL, real_is_installed
from tests.lab.topology import why_not

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.scenarios import Figures
    from bench.stand import Stand
    from tests.lab.daemon import Daemon


@dataclass(frozen=True, slots=True)
class Plan:
    """One scenario and the rows that it fills.

    Attributes:
        name: what `--only` looks for.
        run: the scenario.
        rows: by name of the figure; figures without a row are not shown.
        repeat: how often each daemon runs it.
        quick: how often with `--quick`; 0 leaves it out.
    """

    name: str
    run: Callable[[Stand, Daemon], Figures]
    rows: dict[str, Row] = field(default_factory=dict)
    repeat: int = 2
    quick: int = 1


def _lateness(interval: float, cycles: int, repeat: int, quick: int = 0) -> Plan:
    text = f"{interval * 1000:g} ms interval"
    rows = {
        "late": Row(f"lateness of the first advert, {text}", "ms", Aim(at_most=0.5)),
        "first ARP": Row(f"advert to first ARP, {text}", "ms"),
    }
    return Plan(
        f"lateness {text}", lambda stand, arm: scenarios.lateness(stand, arm, interval, cycles), rows, repeat, quick
    )


def _together(interval: float) -> Plan:
    text = f"255 instances failing over at once, {interval * 1000:g} ms interval"
    rows = {
        "median late": Row(f"{text}: median lateness", "ms"),
        "worst late": Row(f"{text}: worst", "ms"),
    }
    return Plan(text, lambda stand, arm: scenarios.together(stand, arm, 255, interval), rows, 1, 0)


def _takeover(count: int, ratio: float | None, median: float | None, repeat: int = 2, quick: int = 1) -> Plan:
    rows = {
        "last address": Row(f"takeover, {count} VIPs: last address present", "ms"),
        "median announced": Row(f"takeover, {count} VIPs: median VIP announced", "ms", Aim(ratio=median)),
        "all announced": Row(f"takeover, {count} VIPs: every VIP announced once", "ms", Aim(ratio=ratio)),
        "advert gap": Row(f"takeover, {count} VIPs: longest advert gap", "intervals", Aim(at_most=1.1)),
    }
    name = f"takeover {count} VIPs"
    return Plan(name, lambda stand, arm: scenarios.takeover(stand, arm, count), rows, repeat, quick)


def _load(count: int, interval: float, quick: int) -> list[Plan]:
    text = f"{count} instance{'s' if count > 1 else ''} at {interval * 1000:g} ms"
    heard = {"per advert": Row(f"processor time per advert as BACKUP, {text}", "us", Aim(ratio=2))}
    sent = {
        "per advert": Row(f"processor time per advert as MASTER, {text}", "us", Aim(ratio=1)),
        "share sent": Row(f"adverts sent of those due, {text}", "%"),
    }
    return [
        Plan(f"backup {text}", lambda stand, arm: scenarios.backup(stand, arm, count, interval), heard, 1, quick),
        Plan(f"master {text}", lambda stand, arm: scenarios.master(stand, arm, count, interval), sent, 1, quick),
    ]


def _steadiness(interval: float) -> Plan:
    text = f"255 instances at {interval * 1000:g} ms on both nodes"
    rows = {"transitions": Row(f"false transitions in 5 s, {text}", "", Aim(at_most=0))}
    return Plan(
        f"steadiness {text}",
        lambda stand, arm: scenarios.steadiness(stand, arm, 255, interval, 5),
        rows,
        1,
        int(interval < 0.1),
    )


def plans() -> list[Plan]:
    """Return everything that can be measured, in the order of the table."""
    memory = {
        "RSS parent + VRRP": Row("RSS of parent and VRRP child", "MB"),
        "PSS parent + VRRP": Row("PSS of parent and VRRP child", "MB", Aim(at_most=25)),
        "PSS all": Row("PSS of all processes", "MB"),
    }
    first = {"first advert": Row("exec to first advert (priority 255)", "ms", Aim(at_most=100))}
    loads = [
        plan for interval in (0.1, 0.01) for count in (1, 50, 255) for plan in _load(count, interval, int(count == 255))
    ]
    return [
        _lateness(0.01, 20, 2, 1),
        _lateness(0.1, 8, 2),
        _lateness(1.0, 3, 1),
        _together(0.1),
        _takeover(1, None, None, 1, 0),
        _takeover(100, None, None, 1, 0),
        _takeover(1000, 0.5, 1 / 3),
        _takeover(5000, 0.75, 1 / 3),
        *loads,
        _steadiness(0.1),
        _steadiness(0.01),
        Plan("start", scenarios.start, first, 7, 2),
        Plan("memory", scenarios.resident, memory, 1),
        Plan("configuration", scenarios.configuration, {
            "read": Row("50,000 lines (10,000 real servers) read, typed, checked", "s", Aim(at_most=1)),
        }, 1),
    ]  # fmt: skip


def run(plan: Plan, stand: Stand, arms: list[Daemon], repeat: int) -> None:
    """Run one plan with all daemons in turn."""
    for _ in range(repeat):
        for arm in arms:
            try:
                figures = plan.run(stand, arm)
            except (AssertionError, OSError, LookupError, subprocess.SubprocessError) as problem:
                print(f"# {plan.name}, {arm}: {problem}", file=sys.stderr)
                continue
            for name, row in plan.rows.items():
                row.samples.setdefault(arm.name, []).extend(figures.get(name, []))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="five minutes instead of half an hour, fewer repetitions")
    parser.add_argument("--only", default="", metavar="WORD", help="only scenarios whose name contains it")
    parser.add_argument("--arm", choices=("ours", "real"), help="only one of the daemons")
    parser.add_argument("--markdown", action="store_true", help="write the table into docs/performance.md")
    options = parser.parse_args()
    if problem := why_not():
        print(problem, file=sys.stderr)
        return 1
    arms = [installed.install()] if options.arm != "real" else []
    if options.arm != "ours":
        arms += [REAL] if real_is_installed() else []
    rows = measure(arms, options.only, quick=options.quick)
    if rows:
        _show(document.VRRP, render(rows), options.markdown)
    neighbours = checks.Neighbours()
    programs = checks.builds(arms, real=options.arm != "ours")
    if rows := checks.measure(programs, options.only, quick=options.quick):
        table = render_builds(rows, checks.names_of(programs))
        _show(document.CHECKS, table, options.markdown, f"; {neighbours.text()}")
    return 0


def _show(name: str, table: str, markdown: bool, remark: str = "") -> None:
    print(table)
    if markdown:
        document.write(name, table, remark)


def measure(arms: list[Daemon], only: str, *, quick: bool) -> list[Row]:
    """Run the chosen plans and return their rows."""
    rows: list[Row] = []
    began = time.monotonic()
    chosen = [(plan, plan.quick if quick else plan.repeat) for plan in plans() if only in plan.name]
    if not chosen:
        return rows
    with open_stand() as stand:
        for plan, repeat in chosen:
            if repeat:
                run(plan, stand, arms, repeat)
                rows += plan.rows.values()
                print(f"# {time.monotonic() - began:5.0f} s  {plan.name}", file=sys.stderr)
    return rows


if __name__ == "__main__":
    sys.exit(main())
