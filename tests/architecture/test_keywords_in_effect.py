"""A keyword that the table calls "in effect" must be read by something that acts on it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from keepalived_py.config.fields import Keyword, Record
from keepalived_py.config.keywords import nested
from keepalived_py.config.model import Config
from keepalived_py.config.model.globals import GlobalDefs
from keepalived_py.config.model.vrrp import VrrpInstance

PACKAGE = Path(__file__).parents[2] / "keepalived_py"
PASSIVE = ("config/model", "config/describe.py", "config/dump.py", "config/keywords.py", "config/manual.py")
"""Modules that hold or show every field alike: being named there is no effect."""

ACTS_WITHOUT_BEING_READ = {
    "authentication": "its parts are read",
    "global_defs": "its parts are read",
    "virtual_ipaddress": "its parts are read",
    "include_check": "the expander acts on the word where it stands",
    "random_seed": "the expander acts on the word where it stands",
    "debug": "keepalived does nothing with it either",
    "no_virtual_ipaddress": "silences a check",
    "preferred_lft": "InterfaceAddress.lifetime reads it",
    "as_": "keepalived ignores it, too, and says so",
    "type_": "means nothing by itself: the action is the word behind it",
    "vrrp_min_garp": "changes other defaults where it stands",
    "nb_get_retry": "sets retry",
    "dynamic_interfaces": "every interface is dynamic: the checks accept a missing one with it",
}


def active_names() -> set[str]:
    names: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if str(path.relative_to(PACKAGE)).startswith(PASSIVE):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                names.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                names.add(node.value)
    return names


def fields_in_effect(target: type[Record] = Config, prefix: str = "") -> Iterator[tuple[str, str, Keyword]]:
    for name, known in target.keywords_.items():
        if known.in_effect and not known.futile and (known.section or "vrrp") in {"global", "vrrp", "track", "check"}:
            yield f"{prefix}{known.name}", name, known
            inner = nested(known.kind)
            if inner is not None:
                yield from fields_in_effect(inner, f"{prefix}{known.name}/")


NAMES = active_names() | {known.inherits for known in VrrpInstance.keywords_.values() if known.inherits}


@pytest.mark.parametrize(
    ("path", "attribute"), [(path, attribute) for path, attribute, _ in fields_in_effect()], ids=lambda value: value
)
def test_keyword_in_effect_is_read_by_something_that_acts(path: str, attribute: str) -> None:
    assert attribute in NAMES or attribute in ACTS_WITHOUT_BEING_READ, path


def test_keyword_whose_only_effect_is_on_others_has_one() -> None:
    assert GlobalDefs.keywords_["vrrp_min_garp"].effect is not None


def test_table_of_exceptions_names_fields_in_effect_only() -> None:
    assert ACTS_WITHOUT_BEING_READ.keys() <= {attribute for _, attribute, _ in fields_in_effect()}
