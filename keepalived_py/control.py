"""`keepalivedctl`: what keepalived's own command line has no option for.

A name of its own, so that `pidof keepalived` and `killall keepalived` never hit it.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from keepalived_py import __version__, control_verbs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from keepalived_py.config.keywords import KeywordRow


COLUMNS = ("path", "section", "syntax", "type", "range", "default", "in_effect", "help")


def main(words: Sequence[str] | None = None) -> int:
    """Run `keepalivedctl` with these words (default: the process's own); return the exit code."""
    arguments = parser().parse_args(words)
    if arguments.verb in {"status", "history", "real-server"}:
        return control_verbs.run(arguments)
    if arguments.verb == "keywords":
        _print(keywords(arguments.format))
    else:
        _print(manual_page(arguments.section))
    return 0


def manual_page(section: str) -> str:
    """Return a manual page in roff: `5`, `8`, `genhash` or, of this program, `ctl`."""
    if section == "5":
        from keepalived_py.config import manual as config_manual  # noqa: PLC0415 - status is to be quick

        return config_manual.manual_page()
    if section == "8":
        from keepalived_py import manual  # noqa: PLC0415

        return manual.manual_page()
    if section == "genhash":
        from keepalived_py import genhash_manual  # noqa: PLC0415

        return genhash_manual.genhash_page()
    from keepalived_py import control_manual  # noqa: PLC0415

    return control_manual.control_page()


def as_json(rows: Sequence[KeywordRow]) -> str:
    """Return the keyword table as a JSON array of objects."""
    columns = type(rows[0]).__match_args__
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
    from keepalived_py.config import manual as config_manual  # noqa: PLC0415 - status is to be quick
    from keepalived_py.config.keywords import keyword_table  # noqa: PLC0415

    if form == "markdown":
        return config_manual.keyword_document()
    rows = keyword_table()
    return as_json(rows) if form == "json" else as_text(rows)


def parser() -> argparse.ArgumentParser:
    """Return the reader of this program's command line."""
    made = argparse.ArgumentParser(prog="keepalivedctl", description="Tools around the keepalived daemon.")
    made.add_argument("--version", action="version", version=f"keepalived-py {__version__}")
    verbs = made.add_subparsers(dest="verb", required=True, metavar="VERB")
    control_verbs.add_to(verbs)
    table = verbs.add_parser("keywords", help="print every keyword of the configuration language")
    choice = table.add_mutually_exclusive_group()
    choice.add_argument("--json", dest="format", action="store_const", const="json", help="as a JSON array")
    choice.add_argument("--markdown", dest="format", action="store_const", const="markdown", help="as a document")
    table.set_defaults(format="text")
    page = verbs.add_parser("manual", help="print a manual page in roff")
    page.add_argument(
        "section",
        choices=("5", "8", "ctl", "genhash"),
        help="5: keepalived.conf, 8: keepalived, ctl: this program, genhash: genhash",
    )
    return made


def _print(text: str) -> None:
    """Print, and end quietly when the reader (head, less) has seen enough."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stderr.close()
