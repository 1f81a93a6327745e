"""`keepalivedctl`: what keepalived's own command line has no option for.

A name of its own, so that `pidof keepalived` and `killall keepalived` never hit it.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from keepalived_py import __version__, manual
from keepalived_py.config import manual as config_manual
from keepalived_py.config.keywords import KeywordRow, keyword_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


COLUMNS = ("path", "section", "syntax", "type", "range", "default", "in_effect", "help")


def main(words: Sequence[str] | None = None) -> int:
    """Run `keepalivedctl` with these words (default: the process's own); return the exit code."""
    arguments = _parser().parse_args(words)
    if arguments.verb == "keywords":
        _print(keywords(arguments.format))
    elif arguments.section == 8:
        _print(manual.manual_page())
    else:
        _print(config_manual.manual_page())
    return 0


def as_json(rows: Iterable[KeywordRow]) -> str:
    """Return the keyword table as a JSON array of objects."""
    columns = KeywordRow.__match_args__
    told = [{name: getattr(row, name) for name in columns} for row in rows]
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def as_text(rows: Iterable[KeywordRow]) -> str:
    """Return the keyword table as lines of tab-separated columns, the first one their names."""
    cells = [[_cell(getattr(row, column)) for column in COLUMNS] for row in rows]
    return "".join("\t".join(line) + "\n" for line in [list(COLUMNS), *cells])


def _cell(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def keywords(form: str) -> str:
    """Return the keyword table as `text`, `json` or `markdown`."""
    if form == "markdown":
        return config_manual.keyword_document()
    rows = keyword_table()
    return as_json(rows) if form == "json" else as_text(rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="keepalivedctl", description="Tools around the keepalived daemon.")
    parser.add_argument("--version", action="version", version=f"keepalived-py {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    table = verbs.add_parser("keywords", help="print every keyword of the configuration language")
    choice = table.add_mutually_exclusive_group()
    choice.add_argument("--json", dest="format", action="store_const", const="json", help="as a JSON array")
    choice.add_argument("--markdown", dest="format", action="store_const", const="markdown", help="as a document")
    table.set_defaults(format="text")
    page = verbs.add_parser("manual", help="print a manual page in roff")
    page.add_argument("section", type=int, choices=(5, 8), help="5: keepalived.conf, 8: keepalived")
    return parser


def _print(text: str) -> None:
    """Print, and end quietly when the reader (head, less) has seen enough."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stderr.close()
