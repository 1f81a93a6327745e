"""Statements to the typed model: each word finds its field, each field reads its words.

An unknown word is one error; an unknown block is skipped whole. Values that an instance does not set are
taken here from `global_defs`, where the order rules of the language are known: some where the instance begins,
some at the end of the configuration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.config.arguments import ScriptValue
from keepalived_py.config.blocks import Block, Lines, option_kind
from keepalived_py.config.diagnostics import did_you_mean
from keepalived_py.config.effective import settle_group, settle_instance
from keepalived_py.config.model import Config
from keepalived_py.config.model.globals import GlobalDefs
from keepalived_py.config.model.vrrp import SyncGroup, VrrpInstance
from keepalived_py.config.reading import Reading, no_names
from keepalived_py.config.scalars import UNSET, BadValueError, MissingWordError
from keepalived_py.errors import ConfigTestCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.config.diagnostics import Diagnostics
    from keepalived_py.config.familiar import Familiar
    from keepalived_py.config.fields import Keyword, Record
    from keepalived_py.config.reading import NameLookup
    from keepalived_py.config.tree import Statement

Values = dict[str, Any]


def build(
    tree: Sequence[Statement],
    diagnostics: Diagnostics,
    names: NameLookup = no_names,
    familiar: Familiar | None = None,
) -> Config:
    """Return the configuration that the statements say.

    Args:
        tree: the statements outside every block.
        diagnostics: where problems go; a missing word is an error of its own class, and the rest is still read.
        names: (table, name, (iproute_usr_dir, iproute_etc_dir)) -> number for the names of /etc/iproute2.
        familiar: virtual servers that need not be read again, by their statements.
    """
    return _Builder(Reading(diagnostics, names), familiar or {}).config(tree)


class _Builder:
    """One pass over the tree."""

    def __init__(self, reading: Reading, familiar: Familiar) -> None:
        self.reading = reading
        self.familiar = familiar
        self.drafts: dict[str, list[tuple[Values, Statement]]] = {}
        self.taken: dict[str, set[Any]] = {}

    def config(self, tree: Sequence[Statement]) -> Config:
        """Return the record of everything."""
        values: Values = {}
        self.read_body(Config, tree, values)
        defaults = GlobalDefs.make(self.reading.defaults, self.reading.block)
        instances = self.drafts.get("vrrp_instances", ())
        groups = [settle_group(draft, defaults) for draft, _ in self.drafts.get("vrrp_sync_groups", ())]
        settled = [settle_instance(draft, defaults, groups) for draft, _ in instances]
        freeze(values)
        values["global_defs"] = defaults
        values["vrrp_instances"] = tuple(
            VrrpInstance.make(draft, source) for draft, (_, source) in zip(settled, instances, strict=True)
        )
        sources = (source for _, source in self.drafts.get("vrrp_sync_groups", ()))
        values["vrrp_sync_groups"] = tuple(
            SyncGroup.make(draft, source) for draft, source in zip(groups, sources, strict=True)
        )
        return Config.make(values)

    def read_body(self, target: type[Record], body: Sequence[Statement], values: Values) -> None:
        """Read the statements of a block into `values`."""
        words = target.words_
        reading = self.reading
        for statement in body:
            reading.statement, reading.shift = statement, 0
            known = words.get(statement.words[0])
            if known is None:
                self._unknown(statement, words)
                continue
            try:
                self._read_statement(known, statement, values)
            except BadValueError as bad:
                reading.statement, reading.shift = statement, 0
                if bad.reason:
                    reading.problem(f"{statement.words[0]}: {bad.reason}", bad.index, code=bad.code)
                if bad.instead is not UNSET:
                    values[known.attribute] = bad.instead
            except MissingWordError:
                self._missing(known, statement)

    def _missing(self, known: Keyword, statement: Statement) -> None:
        if statement.text.count('"') % 2:
            return  # the quote that is not closed took the word, and has been reported
        self.reading.statement, self.reading.shift = statement, 0
        message = f"'{statement.words[0]}' needs {known.syntax or known.kind.syntax}"
        code = ConfigTestCode.ERRORS if known.forgiving else ConfigTestCode.MISSING_WORD
        self.reading.problem(message, 0, code=code)

    def _unknown(self, statement: Statement, words: dict[str, Keyword]) -> None:
        word = statement.words[0]
        skipped = "; its block is skipped" if statement.body is not None else ""
        suggestion = ""
        if not self.reading.diagnostics.full:
            suggestion = did_you_mean(word, words) or where_known(word)
        self.reading.problem(f"unknown keyword '{word}'{skipped}", 0, suggestion=suggestion)

    def _read_statement(self, known: Keyword, statement: Statement, values: Values) -> None:
        if known.guard is not None:
            known.guard(values)
        kind = known.kind
        if known.aliases:
            kind = option_kind(known, statement.words[0])
            self._report_alias(known, statement)
        if isinstance(kind, Block):
            self._read_block(known, kind, statement, values)
        elif known.once and known.attribute in values:
            raise BadValueError("it is already set: this one is ignored", index=0)
        elif isinstance(kind, Lines):
            values[known.attribute] = values.get(known.attribute, ()) + self._read_lines(kind, statement)
        else:
            value = kind.read(statement.words, self.reading)
            self._store(known, kind, value, values)
            if statement.body is not None:
                self.reading.problem(f"'{statement.words[0]}' has no block: what is between the braces is ignored")

    def _store(self, known: Keyword, kind: Any, value: Any, values: Values) -> None:
        name = known.attribute
        if known.repeat:
            values.setdefault(name, []).append(value)
            return
        if name in values and isinstance(kind, ScriptValue):
            raise BadValueError("the script is already set: this one is ignored", index=0)
        if known.steady and values.get(name, value) != value:
            raise BadValueError(f"it contradicts the {known.kind.format(values[name])} before it: this one is ignored")
        values[name] = value
        if known.effect is not None:
            known.effect(value, values, self.reading)
        if known.deprecated:
            self.reading.problem(f"'{known.name}' is deprecated: {known.deprecated}")

    def _report_alias(self, known: Keyword, statement: Statement) -> None:
        for alias in known.aliases:
            if alias.name == statement.words[0] and (alias.deprecated or alias.faulty):
                say = self.reading.problem if alias.faulty else self.reading.advice
                say(f"'{alias.name}' is deprecated: use {known.name}")

    def _read_lines(self, kind: Lines, statement: Statement) -> tuple[Any, ...]:
        if statement.body is None:
            self.reading.problem(f"missing '{{' after '{statement.words[0]}'")
            return ()
        if not statement.body and kind.needed:
            self.reading.problem(f"empty {statement.words[0]} block")
        return kind.read_body(statement.body, self.reading)

    def _read_block(self, known: Keyword, kind: Block, statement: Statement, values: Values) -> None:
        if statement in self.familiar:
            record = kind.target.make(self.familiar[statement].told, statement)
            values.setdefault(known.attribute, []).append(record)
            return
        body = statement.body
        if body is None:
            self.reading.problem(f"missing '{{' after '{statement.words[0]}'")
            body = []
        if kind.outer:
            self.reading.advice(f"'{known.name}' is deprecated: its keywords are taken for the block around it")
            self.read_body(kind.target, body, values)
            return
        target = kind.target
        inner = self._start(kind, target, statement)
        if kind.unique:
            taken = self.taken.setdefault(known.attribute, set())
            if inner[kind.unique] in taken:
                raise BadValueError(f"'{inner[kind.unique]}' is already defined: this block is ignored")
            taken.add(inner[kind.unique])
        entries = kind.entries
        if entries is not None:
            inner["entries"] = entries.read_body(body, self.reading)
        else:
            self.read_body(target, body, inner)
        self._keep(known, kind, inner, statement, values)

    def _start(self, kind: Block, target: type[Record], statement: Statement) -> Values:
        """Return what a record has before its first keyword: its head, and the global values seen so far."""
        if kind.merge:
            self.reading.block = self.reading.block or statement
            return self.reading.defaults
        inner = kind.head.read(statement.words, self.reading)
        for known in target.inheriting_:
            inner[known.attribute] = self.reading.default(known.inherits)
        return inner

    def _keep(self, known: Keyword, kind: Block, inner: Values, statement: Statement, values: Values) -> None:
        freeze(inner)
        if kind.merge:
            return
        if kind.draft:
            self.drafts.setdefault(known.attribute, []).append((inner, statement))
        elif not kind.multiple:
            if known.attribute in values:
                self.reading.statement = statement
                self.reading.problem(f"a second '{known.name}' replaces the first")
            values[known.attribute] = kind.target.make(inner, statement)
        else:
            values.setdefault(known.attribute, []).append(kind.target.make(inner, statement))


def where_known(word: str) -> str:
    """Return a suggestion for a word that is a keyword of other blocks than the one it stands in, or nothing."""
    from keepalived_py.config.keywords import blocks_with  # noqa: PLC0415 (only a configuration with errors pays for it)

    blocks = blocks_with(word)
    return f"it is a keyword of {' or '.join(blocks)}" if blocks else ""


def freeze(values: Values) -> None:
    """Turn the lists that grew while a block was read into tuples."""
    for name, value in values.items():
        if type(value) is list:
            values[name] = tuple(value)
