"""Health checks side by side with keepalived.

What the kernel's IPVS has a part in runs inside User Mode Linux, which has it. There the processor's time is counted in
ticks and every system call is dear, so that what checks cost is measured on the machine's own kernel too, where
keepalived gets a stand-in for IPVS (stand_in.c). For start and reload, in whose time the commands for IPVS count, ours
gets it too.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import document, installed
from bench.table import Aim, Row
from tests.lab.daemon import ROOT
from tests.uml.machine import run_inside, why_not

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.daemon import Daemon

OTHER = "BENCH_KEEPALIVED"
"""Environment variable: the path of another build of keepalived, which runs too."""
MODULES = ("ip_vs", "ip_vs_rr")
TIMEOUT = 900.0
"""Seconds for one scenario."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What one kernel runs.

    Attributes:
        name: what `--only` looks for.
        plan: for `checks_inside`, but for the builds.
        rows: by name of the figure.
        uml: whether it runs inside User Mode Linux.
        quick: whether it is part of a quick run.
    """

    name: str
    plan: dict[str, Any]
    rows: dict[str, Row]
    uml: bool
    quick: bool = True


def scenarios(*, quick: bool) -> list[Scenario]:
    """Return everything that can be measured, in the order of the table."""
    keywords = ("TCP_CHECK", "HTTP_GET")
    every = [_processor(keyword, count, quick) for keyword in keywords for count in (100, 1000, 5000)]
    every += [_processor(keyword, count, quick, uml=True) for keyword in keywords for count in (100, 1000)]
    late = Row("closed port: server out of IPVS after its due check, 100 servers", "ms", Aim(at_most=20))
    rounds = {"rounds": 3 if quick else 10, "repeat": 1}
    return [
        *every,
        Scenario("checks: detection", {"scenario": "detection", "count": 100, **rounds}, {"late": late}, uml=True),
        _services(quick, uml=False),
        _services(quick, uml=True),
    ]


def _services(quick: bool, *, uml: bool) -> Scenario:
    where = " (UML)" if uml else ""
    start, reload = f"exec until 1,000 virtual servers x 4 are in IPVS{where}", f"reload of them with one change{where}"
    rows = {
        "start": Row(start, "ms", Aim(ratio=1)),
        "start used": Row(f"{start}: processor time", "ms"),
        "reload": Row(reload, "ms", Aim(ratio=1)),
        "reload used": Row(f"{reload}: processor time", "ms"),
    }
    rounds = {"rounds": 1, "repeat": 2 if quick else 3} if uml else {"rounds": 2, "repeat": 3 if quick else 5}
    plan = {"scenario": "services", "count": 1000, "stand_in": not uml, **rounds}
    return Scenario(f"checks: services{where}", plan, rows, uml=uml)


def _processor(keyword: str, count: int, quick: bool, *, uml: bool = False) -> Scenario:
    text = f"{count:,} {keyword} a second{' (UML)' if uml else ''}"
    rows = {
        "per check": Row(f"{text}: processor time per check", "us", Aim(ratio=1)),
        "rate": Row(f"{text}: checks made of those due", "%"),
        "load": Row(f"{text}: processor used", "%"),
    }
    plan = {"scenario": keyword, "count": count, "seconds": 5 if quick else 10, "repeat": 2 if quick else 3}
    return Scenario(f"checks: {text}", plan, rows, uml=uml, quick=count < 5000 and not uml)


def builds(arms: list[Daemon], *, real: bool) -> dict[str, str]:
    """Return the programs by the name of their samples.

    Args:
        arms: ours is among them, unless it is left out.
        real: whether keepalived runs too.
    """
    found = {arm.name: arm.original for arm in arms if arm.name == "ours" and arm.original}
    others = {"real": "/usr/sbin/keepalived", "other": os.environ.get(OTHER, "")} if real else {}
    return found | {name: path for name, path in others.items() if path and Path(path).exists()}


def measure(programs: dict[str, str], only: str, *, quick: bool) -> list[Row]:
    """Run the chosen scenarios and return their rows."""
    chosen = [one for one in scenarios(quick=quick) if only in one.name and (one.quick or not quick)]
    began = time.monotonic()
    rows: list[Row] = []
    for scenario in chosen:
        for result in _results(scenario, programs):
            if "problem" in result:
                print(f"# {scenario.name}, {result['build']}: {result['problem']}", file=sys.stderr)
            else:
                scenario.rows[result["name"]].samples.setdefault(result["build"], []).append(result["value"])
        rows += scenario.rows.values()
        print(f"# {time.monotonic() - began:5.0f} s  {scenario.name}", file=sys.stderr)
    return rows


def _results(scenario: Scenario, programs: dict[str, str]) -> Iterator[dict[str, Any]]:
    if scenario.uml and (problem := why_not()):
        print(f"# not measured: {problem}", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="keepalived-bench-") as name:
        request, results = Path(name, "plan"), Path(name, "results")
        builds = programs if scenario.uml else _with_stand_in(programs, ours="stand_in" in scenario.plan)
        request.write_text(json.dumps(scenario.plan | {"builds": builds}), encoding="utf-8")
        results.touch()
        words = [sys.executable, "-B", "-m", "bench.checks_inside", str(request), str(results)]
        if scenario.uml:
            outcome = run_inside(words, MODULES, TIMEOUT)
            if outcome.code:
                print(f"# exit code {outcome.code}: {outcome.console[-2000:]}", file=sys.stderr)
        else:
            prepared = ["unshare", "--net", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /run && exec "$@"', "sh"]
            subprocess.run([*prepared, *words], check=False, timeout=TIMEOUT, cwd=ROOT)
        yield from map(json.loads, results.read_text(encoding="utf-8").splitlines())


def _with_stand_in(programs: dict[str, str], *, ours: bool) -> dict[str, str]:
    """Return the programs with what lets keepalived, or both, go on without IPVS; without a C compiler only ours."""
    if shutil.which("cc") is None:
        print("# keepalived is not measured without IPVS: there is no C compiler", file=sys.stderr)
        return {name: path for name, path in programs.items() if name == "ours" and not ours}
    library = installed.PLACE / "stand_in.so"
    source = Path(__file__).with_name("stand_in.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(source)], check=True)
    return {name: path if name == "ours" and not ours else f"{path}+{library}" for name, path in programs.items()}


class Neighbours:
    """How many processors other work kept busy: all that is not this program, its children and idleness."""

    def __init__(self) -> None:
        self._began = self._now()

    @staticmethod
    def _now() -> tuple[float, float, float]:
        ticks = [int(word) for word in Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
        own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        busy = (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")
        return time.monotonic(), busy, sum(one.ru_utime + one.ru_stime for one in own)

    def text(self) -> str:
        """Return the answer since this was made."""
        at, busy, own = (now - then for now, then in zip(self._now(), self._began, strict=True))
        return f"{max(busy - own, 0) / at:.1f} of {os.cpu_count()} processors busy with other work meanwhile"


def names_of(programs: dict[str, str]) -> dict[str, str]:
    """Return what the columns of the samples are called."""
    return {name: document.version(path) for name, path in programs.items() if name != "ours"}
