"""The keyword table: complete, documented, and the document up to date."""

from pathlib import Path

import pytest

from keepalived_py.config.keywords import keyword_table

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "keywords.tsv"


def test_table_has_exactly_the_paths_of_the_reference() -> None:
    if not REFERENCE.exists():
        pytest.skip("the reference table is not here")
    rows = REFERENCE.read_text(encoding="utf-8").splitlines()[1:]
    assert sorted(row.path for row in keyword_table()) == sorted(row.split("\t")[0] for row in rows if row)


def test_table_agrees_with_the_reference_on_words_and_sections() -> None:
    if not REFERENCE.exists():
        pytest.skip("the reference table is not here")
    rows = [line.split("\t") for line in REFERENCE.read_text(encoding="utf-8").splitlines()[1:] if line]
    told = {(row.path, row.keyword, row.section) for row in keyword_table()}
    assert told == {(row[0], row[1], row[2]) for row in rows}


def test_every_row_has_text_in_every_column() -> None:
    empty = [row.path for row in keyword_table() if not all((row.syntax, row.type, row.range, row.default, row.help))]
    assert empty == []


def test_help_texts_are_one_line_without_a_full_stop() -> None:
    wrong = [row.path for row in keyword_table() if "\n" in row.help or row.help.endswith(".") or len(row.help) > 100]
    assert wrong == []


def test_paths_are_unique() -> None:
    paths = [row.path for row in keyword_table()]
    assert len(paths) == len(set(paths))
