"""Kinds of value that stand between braces, and lines that hold options of their own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from keepalived_py.config.scalars import UNSET, BadValueError, Kind, MissingWordError, Word, quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from keepalived_py.config.fields import Keyword, Record
    from keepalived_py.config.reading import Reading
    from keepalived_py.config.tree import Statement


class Head:
    """What stands between a block's keyword and its brace; this one is empty."""

    syntax = ""

    def read(self, words: Sequence[str], reading: Reading) -> dict[str, Any]:
        """Return the fields that the head sets; BadValueError skips the block."""
        del words, reading
        return {}

    def write(self, record: Any) -> str:
        """Return the words of the head."""
        del record
        return ""


class NameHead(Head):
    """Exactly one name; or at least one, when `exact` is false."""

    syntax = "NAME"

    def __init__(self, *, limit: int = 0, exact: bool = True) -> None:
        self.limit = limit
        self.exact = exact

    def read(self, words: Sequence[str], reading: Reading) -> dict[str, Any]:
        """Return the name."""
        del reading
        if self.exact and len(words) != 2:
            raise BadValueError(f"'{words[0]}' takes exactly one name: the block is ignored", index=2)
        if len(words) < 2:
            raise MissingWordError
        if self.limit and len(words[1]) > self.limit:
            raise BadValueError(f"name '{words[1]}' is longer than {self.limit} characters")
        return {"name": str(words[1])}

    def write(self, record: Any) -> str:
        """Return the name."""
        return quote(record.name)


ANONYMOUS = Head()
NAMED = NameHead()
NAMED_FREELY = NameHead(exact=False)


class Imported:
    """A name in a module of config.model that is imported when it is first needed."""

    __slots__ = ("_found", "_where")

    def __init__(self, where: str) -> None:
        self._where = where
        self._found: Any = None

    def get(self) -> Any:
        """Return what the name stands for."""
        if self._found is None:
            module, _, name = self._where.partition(":")
            self._found = getattr(import_module(f"keepalived_py.config.model.{module}"), name)
        return self._found


class Lines(Kind):
    """A value block: lines that are not keywords; the field is a tuple.

    Args (of the constructor): `item` reads one line (its words, all of them) or, with `loose`, each word;
    `needed`: an empty block is an error.
    """

    type_name = "value block"
    minimum = 0

    def __init__(
        self,
        item: Kind | Imported,
        *,
        syntax: str,
        loose: bool = False,
        needed: bool = False,
        head: Head = ANONYMOUS,
        empty: str = "",
    ) -> None:
        self._item = item
        self.loose = loose
        self.needed = needed
        self.head = head
        self.empty = empty
        self.syntax = f"{head.syntax} {{ {syntax} }}".lstrip()

    @property
    def item(self) -> Kind:
        """The kind of one line."""
        found = self._item.get() if isinstance(self._item, Imported) else self._item
        assert isinstance(found, Kind)
        return found

    def read_body(self, body: Sequence[Statement], reading: Reading) -> tuple[Any, ...]:
        """Return the values of the lines of a block."""
        values: list[Any] = []
        for statement in body:
            reading.statement = statement
            if statement.body is not None:
                reading.problem(f"unexpected block after '{statement.words[0]}': it is ignored")
            values.extend(self._read_line(statement.words, reading))
        return tuple(values)

    def _read_line(self, words: Sequence[str], reading: Reading) -> Iterator[Any]:
        lines = [(index, [word]) for index, word in enumerate(words)] if self.loose else [(0, list(words))]
        for index, line in lines:
            reading.shift = 1 - index
            try:
                yield self.item.read(["", *line], reading)
            except MissingWordError:
                reading.problem("the line is empty")
            except BadValueError as bad:
                reading.problem(bad.reason, bad.index, code=bad.code)
                if bad.instead is not UNSET:
                    yield bad.instead

    def write_body(self, values: Sequence[Any]) -> list[str]:
        """Return the lines that read as `values`."""
        return [self.item.write(value) or "" for value in values]

    def unset_text(self, value: Any) -> str:
        """Return `empty`: a value block starts without lines."""
        del value
        return "empty"


class Block(Kind):
    """A block of keywords that becomes one record.

    Args (of the constructor): `target` is the record class, or `module:Class` in config.model to import it only
    when such a block appears; `head` likewise; `multiple`: the field is a tuple of records; `merge`: a further block
    goes on with the same record; `unique`: field whose value may appear only once; `draft`: records are made
    after the whole configuration has been read, from what they said and what the rest says; `outer`: the keywords
    inside are said of the record around the block; `entries`: the block holds lines that fill the field `entries`.
    """

    type_name = "block"
    minimum = 0

    def __init__(
        self,
        target: type[Record] | str,
        *,
        head: Head | Imported = ANONYMOUS,
        syntax: str = "{ ... }",
        multiple: bool = False,
        merge: bool = False,
        unique: str = "",
        draft: bool = False,
        outer: bool = False,
        entries: Imported | None = None,
    ) -> None:
        self._target = Imported(target) if isinstance(target, str) else target
        self._head = head
        self._entries = entries
        self.multiple = multiple
        self.merge = merge
        self.unique = unique
        self.draft = draft
        self.outer = outer
        self.type_name = "value block" if entries else "block"
        self.syntax = f"NAME {syntax}" if isinstance(head, NameHead) else syntax

    @property
    def target(self) -> type[Record]:
        """The record class."""
        found: type[Record] = self._target.get() if isinstance(self._target, Imported) else self._target
        return found

    @property
    def head(self) -> Head:
        """How the words before the brace are read."""
        found: Head = self._head.get() if isinstance(self._head, Imported) else self._head
        return found

    @property
    def entries(self) -> Lines | None:
        """How the lines of a block of lines are read."""
        found: Lines | None = self._entries.get() if self._entries else None
        return found

    def unset_text(self, value: Any) -> str:
        """Return a dash: a block has no default of its own."""
        del value
        return "-"


class Options(Kind):
    """A line of words that becomes one record: first words by position, then options in any order.

    Args (of the constructor): `target` is the record class; `first`: the attributes set by
    position, and their kinds;
    `drop_unknown`: an unknown option drops the whole line instead of being ignored alone; `strict`: so does a bad
    value; `finish`: settles the values of a whole line.
    """

    type_name = "sub grammar"

    def __init__(
        self,
        target: type[Record],
        first: Mapping[str, Kind],
        *,
        type_name: str = "sub grammar",
        syntax: str = "",
        drop_unknown: bool = False,
        strict: bool = False,
        finish: Callable[[dict[str, Any], Reading], dict[str, Any]] | None = None,
    ) -> None:
        self.target = target
        self.first = first
        self.type_name = type_name
        self.syntax = syntax
        self.drop_unknown = drop_unknown
        self.strict = strict
        self.finish = finish
        self.minimum = len(first)

    def read(self, words: Sequence[str], reading: Reading) -> Any:
        """Return the record of a line (words[0] is the keyword, or empty in a value block)."""
        if len(words) <= len(self.first):
            raise MissingWordError
        values: dict[str, Any] = {}
        self._take_first(words, values, reading)
        index = len(self.first) + 1
        while index < len(words):
            index = self._read_option(words, index, values, reading)
        if self.finish is not None:
            values = self.finish(values, reading)
        return self.target.make(values, reading.statement)

    def _take_first(self, words: Sequence[str], values: dict[str, Any], reading: Reading) -> None:
        """Set the attributes that go by position."""
        for index, (name, kind) in enumerate(self.first.items(), 1):
            try:
                values[name] = kind.parse_in(words[index], reading)
            except BadValueError as bad:
                raise BadValueError(bad.reason, index=index, code=bad.code) from bad

    def _read_option(self, words: Sequence[str], index: int, values: dict[str, Any], reading: Reading) -> int:
        """Read the option at `index`; return the index after it."""
        word = words[index]
        known = self.target.words_.get(word)
        if known is None or known.attribute in self.first:
            return self._unknown(word, index, reading)
        kind = option_kind(known, word)
        if not kind.minimum:
            values[known.attribute] = kind.read(words[index : index + 1], reading)
            return index + 1
        if index + 1 >= len(words):
            self._missing(word, index)
        return self._take(known, words, index, values, reading)

    def _unknown(self, word: str, index: int, reading: Reading) -> int:
        from keepalived_py.config.diagnostics import did_you_mean  # noqa: PLC0415

        if self.drop_unknown:
            raise BadValueError(f"unknown option '{word}': the line is ignored", index=index)
        reading.problem(f"unknown option '{word}'", index, suggestion=did_you_mean(word, self.target.words_))
        return index + 1

    def _missing(self, word: str, index: int) -> NoReturn:
        """Refuse an option that stands at the end of the line without its value."""
        raise BadValueError(f"'{word}' needs a value: the line is ignored", index=index)

    def _take(self, known: Keyword, words: Sequence[str], index: int, values: dict[str, Any], reading: Reading) -> int:
        """Read the value of the option at `index`; return the index after it."""
        kind = option_kind(known, words[index])
        try:
            value, after = kind.take(words, index + 1, reading)
        except MissingWordError:
            self._missing(words[index], index)
        except BadValueError as bad:
            if known.once or self.strict:
                raise BadValueError(bad.reason, index=index + bad.index, code=bad.code) from bad
            reading.problem(f"{words[index]}: {bad.reason}", index + bad.index)
            value, after = bad.instead, index + 2
        if value is not UNSET:
            values[known.attribute] = (*values.get(known.attribute, ()), value) if known.repeat else value
        return after

    def write(self, value: Any) -> str:
        """Return the words of a record."""
        parts = [kind.write(getattr(value, name)) or "" for name, kind in self.first.items()]
        for name, known in self.target.keywords_.items():
            told = getattr(value, name)
            if name not in self.first and told != self.target.defaults_[name]:
                parts += [written(known, each) for each in (told if known.repeat else (told,))]
        return " ".join(parts)

    def format(self, value: Any) -> str:
        """Return the words of a record."""
        return self.write(value)


def written(known: Keyword, value: Any) -> str:
    """Return the words that read as `value`: the keyword and its arguments, or the spelling that stands for it."""
    for alias in known.aliases:
        if isinstance(alias.kind, Word) and alias.kind.value == value:
            return alias.name
    words = known.kind.write(value)
    return "" if words is None else f"{known.name} {words}".rstrip()


def option_kind(known: Keyword, word: str) -> Kind:
    """Return the kind of a keyword as spelled `word`."""
    if word == known.name:
        return known.kind
    return next((alias.kind for alias in known.aliases if alias.name == word and alias.kind), known.kind)
