"""The RFC ledger names tests; they must exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LEDGER = ROOT / "docs" / "rfc" / "rfc9568.md"
ROW = re.compile(r"^\| (?P<id>[WTSR]\d+) \| (?P<cells>.*) \|$", re.MULTILINE)
ROWS = {
    match["id"]: [cell.strip() for cell in match["cells"].split(" | ")] for match in ROW.finditer(LEDGER.read_text())
}


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("name", ROWS)
def test_ledger_row_names_existing_modules_and_existing_positive_and_negative_tests(name: str) -> None:
    _section, _demand, where, positive, negative = ROWS[name]
    modules = re.findall(r"`(.+?)`", where)
    assert modules
    assert all((ROOT / "keepalived_py" / "vrrp" / module).is_file() for module in modules)
    assert positive != negative
    for cell in (positive, negative):
        found = re.fullmatch(r"`(?P<path>[^:]+)::(?P<test>\w+)(\[(?P<case>.+)\])?`", cell)
        assert found is not None
        path = ROOT / "tests" / found["path"]
        assert found["test"] in functions_of(path)
        assert found["case"] is None or f'"{found["case"]}"' in path.read_text(encoding="utf-8")


def test_ledger_has_rows_of_every_kind_with_ids_in_order() -> None:
    for kind, count in {"W": 12, "T": 5, "S": 12, "R": 13}.items():
        assert [name for name in ROWS if name.startswith(kind)] == [f"{kind}{number}" for number in range(1, count + 1)]
