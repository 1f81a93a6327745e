"""The keyword table as documents: keepalived.conf(5) and docs/keywords.md.

`python -m keepalived_py.config.manual` prints the manual page, with `--markdown` the document.
"""

from __future__ import annotations

import sys
from itertools import groupby
from typing import TYPE_CHECKING, Final

from keepalived_py.config.keywords import LATER, NEVER, keyword_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keepalived_py.config.keywords import KeywordRow

TITLES: Final = {
    "global": "GLOBAL SETTINGS",
    "vrrp": "VRRP",
    "track": "TRACKED FILES AND PROCESSES",
    "check": "VIRTUAL SERVERS AND HEALTH CHECKS",
    "bfd": "BFD",
    "other": "THE LANGUAGE ITSELF",
}
INTRODUCTION: Final = """\
The configuration is made of words, separated by blanks. The first word of a line is a keyword; the words
after it are its arguments. Braces after a keyword hold a block.

A word in double quotes may hold blanks, comment signs and braces. Everything from # or ! to the end of the
line is a comment, outside double quotes.

BOOL is one of on, true, yes, off, false, no. SECS may have a fraction where the range shows one. A script
with arguments is one quoted word, which may be followed by a user and a group.

A keyword that is not in effect is accepted, checked and kept, and has no effect in this release, or never has
one, as in keepalived; the daemon names such keywords when it starts.

keepalived --config-test reads the file and reports every problem with its place; keepalivedctl keywords
prints this table."""
MARKDOWN_HEAD: Final = """# Keywords

Every word of the configuration language, read from the fields of the model (`keepalived_py/config/model/`);
regenerate with `python -m keepalived_py.config.manual --markdown > docs/keywords.md`.
The column "in effect" says `no` where a keyword is accepted without effect in this release,
`none, as in keepalived` where it is accepted and never has one,
and `ours` where a keyword has its effect here and is not known to keepalived.
"""


def manual_page() -> str:
    """Return keepalived.conf(5) in the man macros of roff."""
    lines = ['.TH KEEPALIVED.CONF 5 "" "keepalived-py" "File formats"', ".SH NAME"]
    lines += ["keepalived.conf \\- configuration of keepalived", ".SH DESCRIPTION"]
    for paragraph in INTRODUCTION.split("\n\n"):
        lines += [".PP", *map(escape, paragraph.splitlines())]
    for section, title in TITLES.items():
        lines.append(f".SH {title}")
        lines += _section(section)
    lines += [".SH FILES", "/etc/keepalived/keepalived.conf", ".SH SEE ALSO", ".BR keepalived (8)"]
    return "\n".join(lines) + "\n"


def _section(section: str) -> Iterator[str]:
    rows = [row for row in keyword_table() if row.section == section]
    ordered = sorted(rows, key=lambda row: row.path.count("/") > 0)
    for block, members in groupby(ordered, key=block_of):
        if block and block != "(lexer)":
            yield f".SS {escape(block)}"
        for row in members:
            yield from _entry(row)


def block_of(row: KeywordRow) -> str:
    """Return the path of the block that a row stands in; empty for the top level."""
    return row.path.removesuffix(row.keyword).rstrip("/")


def _entry(row: KeywordRow) -> Iterator[str]:
    yield ".TP"
    syntax = "" if row.syntax == "-" else f" {escape(row.syntax)}"
    yield f"\\fB{escape(row.keyword)}\\fR{syntax}"
    yield escape(f"{row.help}.")
    facts = [f"Type: {row.type}."]
    facts += [f"Range: {row.range}."] if row.range != "-" else []
    facts += [f"Default: {row.default}."] if row.default != "-" else []
    facts += [] if row.in_effect else [f"It {NEVER if row.futile else LATER}."]
    facts += ["Not known to keepalived."] if row.beyond else []
    yield escape(" ".join(facts))


def escape(text: str) -> str:
    """Return `text` so that roff prints it as it is."""
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain


def keyword_document() -> str:
    """Return docs/keywords.md."""
    lines = [MARKDOWN_HEAD]
    for section, rows in groupby(
        sorted(keyword_table(), key=lambda row: list(TITLES).index(row.section)), key=lambda row: row.section
    ):
        lines += [f"## {TITLES[section].capitalize()}", ""]
        lines += ["| path | syntax | type | range | default | help | in effect |", "|---|---|---|---|---|---|---|"]
        lines += [_markdown_row(row) for row in rows]
        lines.append("")
    return "\n".join(lines)


def _markdown_row(row: KeywordRow) -> str:
    effect = ("ours" if row.beyond else "") if row.in_effect else "none, as in keepalived" if row.futile else "no"
    columns = (row.syntax, row.type, row.range, row.default, row.help, effect)
    return " | ".join([f"| `{row.path}`", *(_cell(column) for column in columns)]) + " |"


def _cell(text: str) -> str:
    """Return `text` for a table cell."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def main(arguments: Sequence[str]) -> None:
    """Print one of the documents."""
    sys.stdout.write(keyword_document() if "--markdown" in arguments else manual_page())


if __name__ == "__main__":
    main(sys.argv[1:])
