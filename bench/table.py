"""The result as a table: our figure, keepalived's, their ratio, the aim and whether it is met."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HEAD = ("what", "unit", "keepalived-py", "spread", "keepalived", "spread", "ratio", "aim", "met")


@dataclass(frozen=True, slots=True)
class Aim:
    """What our median has to reach: all bounds that are given.

    Attributes:
        at_most: in the row's unit.
        ratio: times keepalived's median.
    """

    at_most: float | None = None
    ratio: float | None = None

    def text(self) -> str:
        """Return the aim for the table."""
        bounds = [] if self.at_most is None else [f"<= {self.at_most:g}"]
        return ", ".join([*bounds, *([] if self.ratio is None else [f"<= {self.ratio:.3g} x"])])

    def is_met(self, ours: float, theirs: float | None) -> bool | None:
        """Return whether it is reached; None when there is no aim, or nothing to compare with."""
        if self.at_most is None and self.ratio is None:
            return None
        if self.ratio is not None and theirs is None:
            return None
        absolute = self.at_most is None or ours <= self.at_most
        return absolute and (self.ratio is None or theirs is None or ours <= self.ratio * theirs)


@dataclass(slots=True)
class Row:
    """One figure of both daemons.

    Attributes:
        what: the row's name.
        unit: of the samples.
        aim: for our median.
        samples: by daemon, "ours" and "real".
    """

    what: str
    unit: str
    aim: Aim = field(default_factory=Aim)
    samples: dict[str, list[float]] = field(default_factory=dict)

    def cells(self) -> tuple[str, ...]:
        """Return one cell per column of HEAD."""
        ours, theirs = self.samples.get("ours", []), self.samples.get("real", [])
        mine = statistics.median(ours) if ours else None
        other = statistics.median(theirs) if theirs else None
        ratio = f"{mine / other:.2f}" if mine is not None and other else ""
        met = None if mine is None else self.aim.is_met(mine, other)
        word = "" if met is None else "yes" if met else "NO"
        values = (*_figures(ours), *_figures(theirs))
        return (self.what, self.unit, *values, ratio, self.aim.text(), word)


def _figures(samples: list[float]) -> tuple[str, str]:
    if not samples:
        return "", ""
    spread = f"{_number(min(samples))}..{_number(max(samples))}" if len(samples) > 1 else ""
    return _number(statistics.median(samples)), spread


def _number(value: float) -> str:
    """Return three significant digits without an exponent."""
    size = abs(value)
    return f"{value:.0f}" if size >= 100 or value == int(value) else f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def render(rows: Iterable[Row]) -> str:
    """Return the table in Markdown."""
    return _aligned([HEAD, *(row.cells() for row in rows)])


def render_builds(rows: Iterable[Row], builds: dict[str, str]) -> str:
    """Return a table with a column and a ratio for every build of keepalived.

    Args:
        rows: their aims hold against every build.
        builds: the heading by the name of the samples.
    """
    head = ["what", "unit", "keepalived-py", "spread"]
    for title in builds.values():
        head += [title, "ratio"]
    return _aligned([(*head, "aim", "met"), *(_against(row, builds) for row in rows)])


def _against(row: Row, builds: dict[str, str]) -> tuple[str, ...]:
    ours = row.samples.get("ours", [])
    cells = [row.what, row.unit, *_figures(ours)]
    mine = statistics.median(ours) if ours else None
    verdicts = []
    for build in builds:
        samples = row.samples.get(build, [])
        other = statistics.median(samples) if samples else None
        cells += ["" if other is None else _number(other), f"{mine / other:.2f}" if mine is not None and other else ""]
        if mine is not None:
            verdicts.append(row.aim.is_met(mine, other))
    met = [one for one in verdicts if one is not None]
    return (*cells, row.aim.text(), "" if not met else "yes" if all(met) else "NO")


def _aligned(lines: list[tuple[str, ...]]) -> str:
    """Return a table whose columns are aligned so that it reads well as plain text too."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in (lines[0], rule, *lines[1:])
    )
