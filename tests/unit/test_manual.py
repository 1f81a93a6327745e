"""The manual pages."""

import shutil
import subprocess

import pytest

from keepalived_py.cli import OPTIONS
from keepalived_py.config.keywords import keyword_table
from keepalived_py.manual import escape, keepalived, keepalived_conf


def test_page_of_the_command_has_one_entry_per_option() -> None:
    text = keepalived()
    missing = [option.long for option in OPTIONS if f"\\fB\\-\\-{escape(option.long)}\\fR" not in text]
    assert missing == []


def test_page_of_the_configuration_has_one_entry_per_keyword() -> None:
    lines = keepalived_conf().split("\n")
    entries = [line.split("\\fR")[0] for line in lines if line.startswith("\\fB")]
    assert sorted(entries) == sorted(f"\\fB{escape(row.path)}" for row in keyword_table())


@pytest.mark.parametrize(
    ("text", "shown"), [("a-b", "a\\-b"), ("c:\\d", "c:\\ed"), (".x", "\\&.x"), ("'x", "\\&'x"), ("plain", "plain")]
)
def test_text_that_roff_would_read_as_commands_is_escaped(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
@pytest.mark.parametrize(
    ("page", "word"), [(keepalived(), "use-file"), (keepalived_conf(), "virtual_router_id")], ids=["8", "5"]
)
def test_page_is_clean_roff(page: str, word: str) -> None:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tascii", "-P-cbou"], input=page, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert word in done.stdout
