"""Declaring the model: one field, one keyword.

A record is a frozen class whose fields carry a `Keyword`: the word of the language, the kind of its value,
the help text, and whether it has an effect yet. Parser, dump, keyword table and manual all read it. It differs from a
`structure` in that it is made from a mapping, knows the statement it came from, and shows only what was said.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, dataclass_transform

from keepalived_py.structure import REQUIRED, FrozenStructureError, declared_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keepalived_py.config.diagnostics import Location
    from keepalived_py.config.reading import Reading
    from keepalived_py.config.scalars import Kind
    from keepalived_py.config.tree import Statement

_put = object.__setattr__


class Alias:
    """Another spelling of a keyword.

    Attributes:
        name: the spelling.
        help: what it is, for the keyword table.
        deprecated: True when its use is worth advice.
        faulty: True when its use is an error.
        syntax: its arguments where they differ from the keyword's.
        kind: its kind where it differs.
        in_effect: False when this spelling asks for something that has no effect yet.
        beyond: True for a spelling that keepalived does not know.
    """

    __slots__ = ("beyond", "deprecated", "faulty", "help", "in_effect", "kind", "name", "syntax")

    def __init__(
        self,
        name: str,
        text: str = "",
        *,
        deprecated: bool = False,
        faulty: bool = False,
        syntax: str = "",
        kind: Kind | None = None,
        in_effect: bool = True,
        beyond: bool = False,
    ) -> None:
        self.beyond = beyond
        self.name = name
        self.help = text
        self.in_effect = in_effect
        self.deprecated = deprecated
        self.faulty = faulty
        self.syntax = syntax
        self.kind = kind


class Keyword:
    """What is known about one keyword; see `keyword` for the meaning of each attribute."""

    __slots__ = (
        "aliases",
        "always",
        "attribute",
        "beyond",
        "default",
        "deprecated",
        "effect",
        "forgiving",
        "futile",
        "guard",
        "help",
        "in_effect",
        "inherits",
        "kind",
        "name",
        "once",
        "path",
        "repeat",
        "section",
        "steady",
        "syntax",
        "unset",
    )

    def __init__(self, kind: Kind, text: str, default: Any, options: Mapping[str, Any]) -> None:
        self.kind = kind
        self.help = text
        self.default = default
        self.attribute = ""
        self.name: str = options.get("name", "")
        self.syntax: str = options.get("syntax", "")
        self.unset: str = options.get("unset", "")
        self.in_effect: bool = options.get("in_effect", True)
        self.futile: bool = options.get("futile", False)
        self.beyond: bool = options.get("beyond", False)
        self.aliases: tuple[Alias, ...] = options.get("aliases", ())
        self.inherits: str = options.get("inherits", "")
        self.always: bool = options.get("always", False) or bool(self.inherits)
        self.once: bool = options.get("once", False)
        self.repeat: bool = options.get("repeat", False)
        self.forgiving: bool = options.get("forgiving", False)
        self.guard: Callable[[dict[str, Any]], None] | None = options.get("guard")
        self.deprecated: str = options.get("deprecated", "")
        self.effect: Callable[[Any, dict[str, Any], Reading], None] | None = options.get("effect")
        self.steady: bool = options.get("steady", False)
        self.path: str = options.get("path", "")
        self.section: str = options.get("section", "")


def keyword(kind: Kind, text: str, *, default: Any = REQUIRED, **options: Any) -> Any:
    """Declare a field with its keyword.

    Args:
        kind: how the words after the keyword become a value.
        text: one line of help for an operator.
        default: the value when the keyword is not there; without it the field is required.
        **options:
            name: the keyword where it is not the attribute with '-' for '_'.
            syntax: the arguments, where the kind's own text does not fit.
            unset: the default as the table shows it, when it is not simply `default`.
            in_effect: False while the keyword is accepted and has no effect.
            futile: True for a keyword that keepalived accepts without effect, as we do.
            beyond: True for a keyword of ours that keepalived does not know.
            aliases: other spellings.
            inherits: attribute of GlobalDefs whose value is taken where the block begins.
            always: written by dump even when it has its default value.
            repeat: every appearance adds one value to a tuple.
            once: a second one is an error and is ignored.
            forgiving: without its words it is an error like any other and is ignored; the rest can run.
            steady: a second one that says something else is an error and is ignored.
            guard: called with what the block has said so far; BadValueError refuses the keyword here.
            deprecated: what to use instead; using the keyword is then an error.
            effect: called with (value, values, reading) after the value has been stored.
            path: path in the table where it is not block path plus keyword.
            section: section in the table where it is not its block's.
    """
    return Keyword(kind, text, default, options)


def attribute(*, default: Any = REQUIRED) -> Any:
    """Declare a field that no keyword sets by itself."""
    return default


def sets(*names: str, instead_of: str) -> Callable[[Any, dict[str, Any], Reading], None]:
    """Return the effect of a keyword that sets other attributes instead of its own, `instead_of`."""

    def effect(value: Any, values: dict[str, Any], reading: Reading) -> None:
        del reading, values[instead_of]
        values.update(dict.fromkeys(names, value))

    return effect


class Record:
    """Base of every record: constructor, equality, freezing and pickling from the field table.

    A record stores what it was told, and its class stores the defaults: of the fifty fields of a virtual server ten
    are told. `source` is the statement that the record came from (None when it was made otherwise); it takes no
    part in equality, hash or pickle.
    """

    __slots__ = ("__dict__", "_source")

    fields_: ClassVar[dict[str, Any]]
    keywords_: ClassVar[dict[str, Keyword]]
    words_: ClassVar[dict[str, Keyword]]
    inheriting_: ClassVar[tuple[Keyword, ...]]
    defaults_: ClassVar[dict[str, Any]]
    required_: ClassVar[frozenset[str]]
    key_: ClassVar[Callable[[Any], Any]]

    def __init__(self, **values: Any) -> None:
        self._fill(values, None)

    @classmethod
    def make(cls, values: Mapping[str, Any], source: Statement | None = None) -> Self:
        """Return a record of `values` (attribute to value) that came from `source`."""
        record = cls.__new__(cls)
        record._fill(values, source)  # noqa: SLF001 (its own class)
        return record

    def _fill(self, values: Mapping[str, Any], source: Statement | None) -> None:
        told = self.__dict__
        told.update(values)
        if not told.keys() <= self.defaults_.keys():
            unknown = ", ".join(sorted(told.keys() - self.defaults_.keys()))
            raise TypeError(f"{type(self).__name__} has no field {unknown}")
        if not self.required_ <= told.keys():
            missing = ", ".join(sorted(self.required_ - told.keys()))
            raise TypeError(f"{type(self).__name__} needs {missing}")
        if source is not None:
            _put(self, "_source", source)

    @property
    def source(self) -> Statement | None:
        """The statement that the record came from."""
        return getattr(self, "_source", None)

    @property
    def told(self) -> Mapping[str, Any]:
        """The values that it does not have from its class, by attribute."""
        return self.__dict__

    def __setattr__(self, name: str, value: Any) -> None:
        raise FrozenStructureError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenStructureError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        if self.__dict__ == other.__dict__:
            return True  # without looking at what neither was told
        key = type(self).key_
        return bool(key(self) == key(other))

    def __hash__(self) -> int:
        return hash(type(self).key_(self))

    def __repr__(self) -> str:
        told = ((name, getattr(self, name)) for name in self.defaults_)
        changed = (f"{name}={value!r}" for name, value in told if value != self.defaults_[name])
        return f"{type(self).__name__}({', '.join(changed)})"

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__

    def changed(self, **values: Any) -> Self:
        """Return a copy with some fields changed that still knows its source."""
        return self.make({**self.told, **values}, self.source)

    def location(self, word: str = "") -> Location | None:
        """Return where `word` (a keyword inside the block, or an option on the line) was written.

        Without `word`, or when it is not there, the place of the record itself; None when the record
        was not read from a file.
        """
        if self.source is None:
            return None
        known = self.words_.get(word)
        spellings = (known.name, *(alias.name for alias in known.aliases)) if known else (word,)
        inner = [statement for statement in self.source.body or () if statement.words[0] in spellings]
        if inner:
            return inner[-1].at(1)
        for index, told in enumerate(self.source.words):
            if told in spellings and self.source.body is None:
                return self.source.at(index + (1 if known is not None and known.kind.minimum else 0))
        return self.source.at(0 if self.source.body is None else 1)

    def location_in(self, block: str, word: str) -> Location | None:
        """Return where `word` stands in a value block inside the block; the place of the block without it."""
        inner = (
            [statement for statement in self.source.body or () if statement.words[0] == block] if self.source else []
        )
        lines = [line for statement in inner for line in statement.body or () if word in line.words]
        return lines[-1].at(lines[-1].words.index(word)) if lines else self.location(block)


HEAD_MARK = "(head)"
"""In the path of a word that stands between the keyword of a block and its brace."""
RecordType = TypeVar("RecordType", bound=Record)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(keyword, attribute))
def record(cls: type[RecordType]) -> type[RecordType]:
    """Turn a class into a frozen record whose fields have their defaults in the class, and collect its keywords."""
    declared = declared_fields(cls)
    made: Any = cls
    made.fields_ = declared
    made.defaults_ = {name: one.default if isinstance(one, Keyword) else one for name, one in declared.items()}
    made.required_ = frozenset(name for name, default in made.defaults_.items() if default is REQUIRED)
    for name, default in made.defaults_.items():
        setattr(made, name, default)
    made.keywords_ = {}
    made.words_ = {}
    for name, known in declared.items():
        if not isinstance(known, Keyword):
            continue
        known.attribute = name
        known.name = known.name or name
        made.keywords_[name] = known
        if HEAD_MARK in known.path:
            continue  # a word of the line that opens the block, not of a line in it
        made.words_[known.name] = known
        made.words_.update(dict.fromkeys((alias.name for alias in known.aliases), known))
    made.inheriting_ = tuple(known for known in made.keywords_.values() if known.inherits)
    names = tuple(made.defaults_)
    made.key_ = staticmethod(attrgetter(*names) if names else _no_key)
    return cls


def _no_key(record: Record) -> None:
    del record
