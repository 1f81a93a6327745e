"""The manual pages."""

import re
import shutil
import subprocess

import pytest

from keepalived_py.check import genhash
from keepalived_py.cli import OPTIONS
from keepalived_py.config import manual as config_manual
from keepalived_py.control_manual import control_page
from keepalived_py.genhash_manual import genhash_page
from keepalived_py.manual import escape, manual_page


def test_page_of_the_command_has_one_entry_per_option() -> None:
    text = manual_page()
    missing = [option.long for option in OPTIONS if f"\\fB\\-\\-{escape(option.long)}\\fR" not in text]
    assert missing == []


def test_page_of_genhash_has_one_entry_per_option_and_no_other() -> None:
    found = re.findall(r"^\\fB\\-(\S)\\fR, \\fB\\-\\-(\S+?)\\fR", genhash_page(), re.MULTILINE)
    assert [(letter, name.replace("\\-", "-")) for letter, name in found] == [
        (letter, name) for name, letter, _, _ in genhash.OPTIONS
    ]


@pytest.mark.parametrize(
    ("text", "shown"), [("a-b", "a\\-b"), ("c:\\d", "c:\\ed"), (".x", "\\&.x"), ("'x", "\\&'x"), ("plain", "plain")]
)
def test_text_that_roff_would_read_as_commands_is_escaped(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
@pytest.mark.parametrize(
    ("page", "word"),
    [
        (manual_page(), "use-file"),
        (config_manual.manual_page(), "virtual_router_id"),
        (control_page(), "history"),
        (genhash_page(), "MARK"),
    ],
    ids=["8", "5", "ctl", "genhash"],
)
def test_page_is_clean_roff(page: str, word: str) -> None:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tascii", "-P-cbou"], input=page, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert word in done.stdout
