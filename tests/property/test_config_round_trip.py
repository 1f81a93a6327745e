"""The law of the dump: its text reads as the configuration that it was made from, whatever that says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepalived_py.config.blocks import Block
from keepalived_py.config.dump import dump
from keepalived_py.config.model import Config
from keepalived_py.config.model.globals import GlobalDefs
from tests.config.strategies import keyword_values, records
from tests.config.test_build import build_text

if TYPE_CHECKING:
    from keepalived_py.config.fields import Keyword

SLOW = settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def differences(one: Any, other: Any) -> dict[str, tuple[Any, Any]]:
    return {
        name: (getattr(one, name), getattr(other, name))
        for name in one.defaults_
        if getattr(one, name) != getattr(other, name)
    }


def read_back(config: Config) -> Config:
    text = dump(config)
    again, diagnostics = build_text(text)
    problems = [entry.render() for entry in diagnostics if "is deprecated" not in entry.message]
    assert problems == [], text
    return again


@given(defs=records(GlobalDefs))
@settings(SLOW, max_examples=10)
def test_global_definitions_of_any_content_read_back(defs: GlobalDefs) -> None:
    config = Config(global_defs=defs)
    assert differences(defs, read_back(config).global_defs) == {}


ROOT_BLOCKS = [
    known
    for name, known in Config.keywords_.items()
    if name not in ("global_defs", "vrrp_instances", "vrrp_sync_groups")
]


@pytest.mark.parametrize("known", ROOT_BLOCKS, ids=lambda known: known.name)
@given(data=st.data())
@SLOW
def test_one_block_of_any_content_reads_back(known: Keyword, data: st.DataObject) -> None:
    value = data.draw(keyword_values(known))
    if isinstance(known.kind, Block) and known.kind.unique:
        value = tuple({record.name: record for record in value}.values())
    config = Config.make({known.attribute: value})
    assert differences(config, read_back(config)) == {}


@pytest.mark.parametrize("name", ["vrrp_instances", "vrrp_sync_groups"])
@given(data=st.data())
@SLOW
def test_instance_or_group_of_any_content_reads_back_once_it_is_complete(name: str, data: st.DataObject) -> None:
    known = Config.keywords_[name]
    assert isinstance(known.kind, Block)
    record = data.draw(records(known.kind.target, known.kind.head))
    config = Config.make({name: (record,)})
    complete = read_back(config)
    assert read_back(complete) == complete
    (made,) = getattr(complete, name)
    changed = differences(record, made)
    assert all(known.kind.target.keywords_[attribute].inherits or attribute in COMPLETED for attribute in changed)


COMPLETED = frozenset({"garp_extra_if", "unicast_ttl"})
