"""The keyword table: complete, documented, and the document up to date."""

from pathlib import Path

import pytest

from keepalived_py.config.keywords import LATER, NEVER, keyword_table, not_in_effect
from keepalived_py.config.manual import escape, keyword_document, manual_page
from tests.config.test_build import build_text

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "keywords.tsv"


ADDITIONS = {
    # what the manual of keepalived 2.4.3 calls state_dump_file, stats_dump_file, json_dump_file
    f"global_defs/{name}_file_location"
    for name in ("state", "stats", "json")
}


def reference_rows() -> list[list[str]]:
    return [line.split("\t") for line in REFERENCE.read_text(encoding="utf-8").splitlines()[1:] if line]


def test_table_has_exactly_the_paths_of_the_reference_and_our_additions() -> None:
    if not REFERENCE.exists():
        pytest.skip("the reference table is not here")
    ours = [row.path for row in keyword_table() if row.beyond]
    expected = [*(row[0] for row in reference_rows()), *ADDITIONS, *ours]
    assert sorted(row.path for row in keyword_table()) == sorted(expected)


def test_table_agrees_with_the_reference_on_words_and_sections() -> None:
    if not REFERENCE.exists():
        pytest.skip("the reference table is not here")
    told = {
        (row.path, row.keyword, row.section) for row in keyword_table() if not (row.path in ADDITIONS or row.beyond)
    }
    assert told == {(row[0], row[1], row[2]) for row in reference_rows()}


def test_every_row_has_text_in_every_column() -> None:
    empty = [row.path for row in keyword_table() if not all((row.syntax, row.type, row.range, row.default, row.help))]
    assert empty == []


def test_help_texts_are_one_line_without_a_full_stop() -> None:
    wrong = [row.path for row in keyword_table() if "\n" in row.help or row.help.endswith(".") or len(row.help) > 100]
    assert wrong == []


def test_paths_are_unique() -> None:
    paths = [row.path for row in keyword_table()]
    assert len(paths) == len(set(paths))


def test_document_is_what_the_fields_say_now() -> None:
    document = Path(__file__).parents[2] / "docs" / "keywords.md"
    assert document.read_text(encoding="utf-8") == keyword_document()


def test_manual_page_has_every_keyword_of_the_table() -> None:
    page = manual_page()
    missing = [row.path for row in keyword_table() if f"\\fB{escape(row.keyword)}\\fR" not in page]
    assert missing == []


def test_manual_page_has_no_line_that_roff_takes_for_a_request() -> None:
    requests = {line.split()[0] for line in manual_page().splitlines() if line.startswith((".", "'"))}
    assert requests == {".TH", ".SH", ".SS", ".PP", ".TP", ".BR"}


def test_keywords_without_effect_are_named_once_each() -> None:
    config, _ = build_text(
        "global_defs {\nrouter_id x\nenable_traps\n}\n"
        "global_defs {\nenable_traps\nenable_dbus\n}\n"
        "virtual_server 10.0.0.1 80 {\nlvs_sched sh\nsnmp_name x\nhashed\n}"
    )
    assert list(not_in_effect(config).items()) == [
        ("global_defs/enable_dbus", LATER),
        ("global_defs/enable_traps", LATER),
        ("virtual_server/hashed", NEVER),
        ("virtual_server/snmp_name", LATER),
    ]


def test_only_snmp_waits_among_the_keywords_of_checks_and_hashed_does_nothing_in_keepalived_either() -> None:
    idle = {row.path: row.futile for row in keyword_table() if row.section == "check" and not row.in_effect}
    assert idle == {
        "virtual_server/hashed": True,
        "virtual_server/snmp_name": False,
        "virtual_server/real_server/snmp_name": False,
    }
    assert "| Accepted for old files; it never had an effect | none, as in keepalived |" in keyword_document()
