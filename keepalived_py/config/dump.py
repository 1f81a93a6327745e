"""The model as configuration text: what it reads as is what it was made from.

Values that an instance took from elsewhere are written out, and what only works on text behind it
(`script_user`, `set_supplementary_groups`, `random_seed`) is written last, so that nothing depends on its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keepalived_py.config.blocks import Block, Lines, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keepalived_py.config.fields import Keyword, Record
    from keepalived_py.config.model import Config

INDENT: Final = "    "
ORDER_DEPENDENT: Final = frozenset({"script_user", "set_supplementary_groups", "random_seed"})


def dump(config: Config) -> str:
    """Return the text of a configuration, passwords included; `build` makes an equal one of it."""
    defs = config.global_defs
    early = list(_keywords(defs, 1, skip=ORDER_DEPENDENT))
    late = list(_keywords(defs, 1, skip=frozenset(defs.keywords_) - ORDER_DEPENDENT))
    lines = list(_keywords(config, 0, skip=frozenset({"global_defs"})))
    parts = [*_braced("global_defs", early, 0), *lines, *(_braced("global_defs", late, 0) if late else ())]
    return "\n".join(parts) + "\n"


def _keywords(record: Record, depth: int, skip: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield the lines of what a record says, in the order of its fields."""
    for name, known in record.keywords_.items():
        value = getattr(record, name)
        if name in skip or known.path or value is None or (value == known.default and not known.always):
            continue
        if isinstance(known.kind, Block):
            yield from _blocks(known, known.kind, value, depth)
        elif isinstance(known.kind, Lines):
            inner = [INDENT * (depth + 1) + line for line in known.kind.write_body(value)]
            yield from _braced(known.name, inner, depth)
        else:
            yield from (INDENT * depth + line for line in _words(known, value))


def _words(known: Keyword, value: Any) -> Iterator[str]:
    for each in value if known.repeat else (value,):
        words = written(known, each)
        if words:
            yield words


def _blocks(known: Keyword, kind: Block, value: Any, depth: int) -> Iterator[str]:
    for record in value if kind.multiple else (value,):
        head = f"{known.name} {kind.head.write(record)}".rstrip()
        entries = kind.entries
        if entries is not None:
            inner = [INDENT * (depth + 1) + line for line in entries.write_body(record.entries)]
        else:
            inner = list(_keywords(record, depth + 1))
        yield from _braced(head, inner, depth)


def _braced(head: str, inner: list[str], depth: int) -> Iterator[str]:
    yield f"{INDENT * depth}{head} {{"
    yield from inner
    yield f"{INDENT * depth}}}"
