"""The page that says where each check is tested names every check, every common condition and only tests there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keepalived_py.config.model.check import RealServer

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "development" / "checkers.md").read_text(encoding="utf-8")
SECTIONS = {part.partition("\n")[0]: part for part in PAGE.split("\n## ")[1:]}
COMMON = {"up", "down", "slow", "refused", "garbage", "half-open", "cut off", "oversized"}
KEYWORDS = {known.name for known in RealServer.keywords_.values() if known.name.endswith(("_CHECK", "_GET"))}
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
}


def test_every_check_has_a_section() -> None:
    assert SECTIONS.keys() == KEYWORDS


@pytest.mark.parametrize("keyword", sorted(KEYWORDS))
def test_every_check_is_tested_in_every_common_condition(keyword: str) -> None:
    rows = [line.strip("| ").split(" | ") for line in SECTIONS[keyword].splitlines() if line.startswith("| ")][2:]
    assert all(len(row) == 3 and re.search(r"`test_\w+`", row[2]) for row in rows), rows
    assert {row[0].rstrip("*") for row in rows} >= COMMON


def test_every_test_that_is_named_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert named
    assert named - TESTS == set()
