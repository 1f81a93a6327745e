"""The manual page keepalived(8)."""

import shutil
import subprocess

import pytest

from keepalived_py.cli import OPTIONS
from keepalived_py.manual import escape, page


def test_page_has_one_entry_per_option() -> None:
    text = page()
    missing = [option.long for option in OPTIONS if f"\\fB\\-\\-{escape(option.long)}\\fR" not in text]
    assert missing == []


@pytest.mark.parametrize(
    ("text", "shown"), [("a-b", "a\\-b"), ("c:\\d", "c:\\ed"), (".x", "\\&.x"), ("'x", "\\&'x"), ("plain", "plain")]
)
def test_text_that_roff_would_read_as_commands_is_escaped(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_page_is_clean_roff() -> None:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tascii", "-P-cbou"], input=page(), capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert "use-file" in done.stdout
