"""`keepalivedctl`."""

import json

import pytest

from keepalived_py import control
from keepalived_py.config.keywords import keyword_table


def test_keywords_prints_one_line_per_keyword_under_the_names_of_the_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert control.main(["keywords"]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first.split("\t") == ["path", "section", "syntax", "type", "range", "default", "in_effect", "help"]
    assert [line.split("\t")[0] for line in lines] == [row.path for row in keyword_table()]


def test_keywords_as_json_has_the_fields_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert control.main(["keywords", "--json"]) == 0
    rows = {row["path"]: row for row in json.loads(capsys.readouterr().out)}
    row = rows["vrrp_instance/priority"]
    assert set(row) >= {"path", "section", "syntax", "type", "range", "default", "help", "in_effect"}
    assert (row["section"], row["in_effect"]) == ("vrrp", True)
    assert rows["global_defs/enable_dbus"]["in_effect"] is False


def test_keywords_as_markdown_is_a_document_with_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert control.main(["keywords", "--markdown"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("# ")
    assert "virtual_router_id" in text


@pytest.mark.parametrize(
    ("section", "title"),
    [
        ("8", ".TH KEEPALIVED 8 "),
        ("5", ".TH KEEPALIVED.CONF 5 "),
        ("ctl", ".TH KEEPALIVEDCTL 8 "),
        ("genhash", ".TH GENHASH 1 "),
    ],
)
def test_manual_prints_a_page(section: str, title: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert control.main(["manual", section]) == 0
    assert capsys.readouterr().out.startswith(title)


@pytest.mark.parametrize("words", [[], ["nothing"], ["manual", "7"]])
def test_unknown_verb_ends_with_2_and_shows_the_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        control.main(words)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: keepalivedctl")
