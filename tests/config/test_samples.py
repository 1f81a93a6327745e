"""Every row of the keyword table: a valid use counts and is dumped, an invalid one is blamed where it stands."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from keepalived_py.config.build import build
from keepalived_py.config.checks import check
from keepalived_py.config.diagnostics import Severity
from keepalived_py.config.dump import dump
from keepalived_py.config.environment import PathStatus, RecordedEnvironment
from keepalived_py.config.keywords import keyword_table
from keepalived_py.config.lexer import split_words
from tests.config.reading import read_text
from tests.config.samples.table import samples

if TYPE_CHECKING:
    from keepalived_py.config.diagnostics import Diagnostic
    from keepalived_py.config.model import Config
    from tests.config.samples.notation import Bad, Sample

DIRECTORY, PROGRAM = PathStatus(0o040755), PathStatus(0o100755)
MACHINE = RecordedEnvironment(
    interfaces=frozenset({"lo", "eth0", "eth1", "eth2"}),
    users={"root": (0, 0), "nobody": (65534, 65534)},
    paths={
        "/": DIRECTORY,
        "/bin": DIRECTORY,
        "/bin/true": PROGRAM,
        "/bin/sleep": PROGRAM,
    },
)
SAMPLES = samples()
NO_DIFFERENCE = {
    # what they say is what counts without them, or what the configuration around the use says too
    "vrrp_instance/accept",
    "vrrp_instance/preempt",
    "global_defs/enable_script_security",
}


def understand(text: str) -> tuple[Config, list[Diagnostic]]:
    statements, diagnostics = read_text(text)
    config = check(build(statements, diagnostics), MACHINE, diagnostics)
    return config, list(diagnostics)


def is_advice_on_spelling(entry: Diagnostic) -> bool:
    words = ("is deprecated", "nftables tables keepalived are used", "nftables needs no ipsets")
    return entry.severity is Severity.WARNING and any(each in entry.message for each in words)


def test_every_keyword_of_the_table_has_one_sample() -> None:
    rows = [row.path for row in keyword_table() if not row.path.startswith("(lexer)/")]
    assert sorted(sample.path for sample in SAMPLES) == sorted(rows)


@pytest.mark.parametrize("sample", [each for each in SAMPLES if each.valid], ids=lambda each: each.path)
def test_valid_use_is_understood_changes_the_model_and_is_dumped(sample: Sample) -> None:
    config, diagnostics = understand(sample.around(sample.valid))
    assert [entry.render() for entry in diagnostics if not is_advice_on_spelling(entry)] == []
    text = dump(config)
    dumped = [Counter(split_words(line)) for line in text.splitlines()]
    for line in sample.dumped.split("\n"):
        # Options of a line are dumped in an order of their own, and what was inherited beside them.
        assert any(Counter(split_words(line)) <= words for words in dumped), text
    again, _ = understand(text)
    assert again == config


@pytest.mark.parametrize("sample", [each for each in SAMPLES if each.valid], ids=lambda each: each.path)
def test_valid_use_means_something_else_than_its_absence(sample: Sample) -> None:
    without, _ = understand(sample.around(""))
    config, _ = understand(sample.around(sample.valid))
    assert (config != without) == (sample.path not in NO_DIFFERENCE)


@pytest.mark.parametrize(
    ("sample", "bad"),
    [pytest.param(each, bad, id=f"{each.path}-{index}") for each in SAMPLES for index, bad in enumerate(each.bad)],
)
def test_invalid_use_is_blamed_on_its_word_and_told_what_would_be_right(sample: Sample, bad: Bad) -> None:
    _, diagnostics = understand(sample.around(bad.text))
    told = [
        (entry.location.line, entry.location.column, f"{entry.message} {entry.suggestion}")
        for entry in diagnostics
        if entry.location is not None
    ]
    assert any((line, column) == (bad.line, bad.column) and bad.says in text for line, column, text in told), (
        bad,
        [entry.render() for entry in diagnostics],
    )
