"""The keyword table: every word of the language, read from the fields of the model."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from keepalived_py.config.blocks import Block, Lines, Options
from keepalived_py.config.directives import DIRECTIVES
from keepalived_py.config.fields import Record
from keepalived_py.config.model import Config
from keepalived_py.structure import REQUIRED, structure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keepalived_py.config.fields import Alias, Keyword
    from keepalived_py.config.scalars import Kind

LATER: Final = "is not in effect in this release"
NEVER: Final = "has no effect, as in keepalived"


@structure
class KeywordRow:
    """One row of the table; the columns are text, ready to print.

    Attributes:
        path: where the word stands: blocks and keyword joined by `/`.
        keyword: the word itself.
        section: global, vrrp, track, check, bfd or other.
        syntax: what follows the word; `-` for nothing.
        type: kind of value.
        range: what it may be; `-` for no limit of its own.
        default: what counts without it; `-` where that makes no sense.
        help: one line for an operator.
        in_effect: False when the word is accepted and has no effect.
        futile: True when that is so in keepalived, too, and remains so.
        beyond: True for a word of ours that keepalived does not know.
    """

    path: str
    keyword: str
    section: str
    syntax: str
    type: str
    range: str
    default: str
    help: str
    in_effect: bool
    beyond: bool = False
    futile: bool = False


def keyword_table() -> list[KeywordRow]:
    """Return every row: keywords, their other spellings, options on lines, directives of the language itself."""
    rows = list(_rows(Config, "", "global", in_effect=True, beyond=False))
    rows += [
        KeywordRow(f"(lexer)/{word}", word, "other", syntax, kind, limits, "-", text, in_effect=True)
        for word, syntax, kind, limits, text in DIRECTIVES
    ]
    return rows


def _rows(target: type[Record], prefix: str, section: str, *, in_effect: bool, beyond: bool) -> Iterator[KeywordRow]:
    for known in target.keywords_.values():
        where = known.section or section
        effective = in_effect and known.in_effect and not known.futile
        for alias in (None, *known.aliases):
            acts = effective and (alias is None or alias.in_effect)
            row = _row(known, alias, prefix, where, in_effect=acts, beyond=beyond)
            yield row
            inner = nested(known.kind)
            if inner is not None:
                yield from _rows(inner, f"{row.path}/", where, in_effect=effective, beyond=row.beyond)


def _row(
    known: Keyword, alias: Alias | None, prefix: str, section: str, *, in_effect: bool, beyond: bool
) -> KeywordRow:
    kind = alias.kind if alias and alias.kind else known.kind
    name = alias.name if alias else known.name
    return KeywordRow(
        path=(known.path if not alias else "") or f"{prefix}{name}",
        keyword=name,
        section=section,
        syntax=(alias.syntax if alias else "") or known.syntax or kind.syntax,
        type=kind.type_name,
        range=kind.limits,
        default=default_text(known, kind),
        help=alias.help if alias else known.help,
        in_effect=in_effect,
        beyond=beyond or known.beyond or (alias is not None and alias.beyond),
        futile=known.futile,
    )


def default_text(known: Keyword, kind: Kind) -> str:
    """Return what the table shows as default."""
    if known.unset:
        return known.unset
    return "-" if known.default is REQUIRED else kind.unset_text(known.default)


def nested(kind: Kind) -> type[Record] | None:
    """Return the record whose keywords stand inside a block or on a line of this kind, or None."""
    if isinstance(kind, Block):
        entries = kind.entries
        return kind.target if entries is None else nested(entries)
    if isinstance(kind, Lines):
        return nested(kind.item)
    target: type[Record] | None = kind.target if isinstance(kind, Options) else getattr(kind, "target", None)
    return target


@cache
def _homes() -> dict[str, list[str]]:
    """Return keyword to the names of the blocks that know it, outermost first."""
    found: dict[str, list[str]] = {}
    _find_homes(Config, "the top level", found)
    return found


def _find_homes(target: type[Record], name: str, found: dict[str, list[str]]) -> None:
    inner: list[tuple[type[Record], str]] = []
    for word, known in target.words_.items():
        blocks = found.setdefault(word, [])
        if name not in blocks:
            blocks.append(name)
        if isinstance(known.kind, Block) and known.kind.entries is None:
            inner.append((known.kind.target, word))
    for block, word in inner:
        _find_homes(block, word, found)


def blocks_with(word: str) -> list[str]:
    """Return the names of up to three blocks that know a keyword."""
    return _homes().get(word, [])[:3]


def not_in_effect(config: Config) -> dict[str, str]:
    """Return the paths of the keywords that a configuration uses without effect, sorted, to what is said of each."""
    found: dict[str, str] = {}
    _collect(config, "", found)
    return dict(sorted(found.items()))


def _collect(record: Record, prefix: str, found: dict[str, str]) -> None:
    for name, value in record.told.items():
        known = record.keywords_.get(name)
        if known is None or value == known.default or (known.always and not _was_written(record, known)):
            continue
        for alias in known.aliases:
            if not alias.in_effect and _uses(record, alias):
                found[f"{prefix}{alias.name}"] = LATER
        if not known.in_effect or known.futile:
            found[known.path or f"{prefix}{known.name}"] = NEVER if known.futile else LATER
        elif isinstance(known.kind, (Block, Lines)):
            inside = f"{known.path or f'{prefix}{known.name}'}/"
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, Record):
                    _collect(each, inside, found)


def _was_written(record: Record, known: Keyword) -> bool:
    """Return whether a keyword that always has a value stands in the text that the record was read from."""
    return _uses(record, known) or any(_uses(record, alias) for alias in known.aliases)


def _uses(record: Record, spelling: Keyword | Alias) -> bool:
    """Return whether a spelling stands in the text that the record was read from."""
    body = record.source.body or () if record.source else ()
    return any(statement.words[0] == spelling.name for statement in body)
