"""Physical lines to logical lines: includes, conditions, definitions, repetitions, and braces set apart."""

from __future__ import annotations

import re
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from keepalived_py.config import include, repetition
from keepalived_py.config.definitions import DefinitionError, Definitions, parse_definition
from keepalived_py.config.include import Check
from keepalived_py.config.lexer import decode_lines, find_brace, split_words, strip_comment
from keepalived_py.config.tree import SourceLine
from keepalived_py.errors import ConfigTestCode
from keepalived_py.structure import structure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keepalived_py.config.diagnostics import Diagnostics, Location
    from keepalived_py.config.include import Files, IncludeProblem

MAX_INCLUDE_DEPTH = 32
MAX_FILES = 5000
MAX_GENERATED_LINES = 50_000
_MAX_PASSES = 100
_SPECIAL = re.compile(r'[{}#!"$\\@~]')
_CONDITION = re.compile(r"@(\^?)([^ \t]*)[ \t]+(.*)", re.DOTALL)
_Piece = tuple[str, SourceLine, int]


@structure(frozen=False)
class _File:
    """A file being read."""

    name: str
    path: str
    lines: Iterator[tuple[int, str]]
    checks: Check


@structure(frozen=False)
class _Generated:
    """Lines that came out of a multi-line definition or a repetition."""

    line: SourceLine
    texts: Iterator[str]


@structure(frozen=False)
class _OpenDefinition:
    """A multi-line definition whose end has not been seen."""

    name: str
    lines: list[str]


class Expander:
    """Yields the logical lines of a configuration.

    Attributes:
        files_read: every file that was opened, in order.
        size: bytes read.
        include_failed: True when an include check that is active found something wrong.
    """

    def __init__(self, files: Files, definitions: Definitions, diagnostics: Diagnostics, checks: Check) -> None:
        """Prepare to read.

        Args:
            files: the file system.
            definitions: the built-in definitions; the configuration adds its own.
            diagnostics: where problems go.
            checks: include checks that are active from the start.
        """
        self.files_read: list[str] = []
        self.size = 0
        self.include_failed = False
        self._files = files
        self._definitions = definitions
        self._diagnostics = diagnostics
        self._checks = checks
        self._sources: list[_File | _Generated] = []
        self._open: list[_File] = []
        self._waiting: list[tuple[int, list[str]]] = []
        self._collecting: _OpenDefinition | None = None
        self._generated = 0
        self._order = 0

    def lines(self, pattern: str) -> Iterator[_Piece]:
        """Yield the logical lines of the file (or files) `pattern` names and of all they include.

        Each is the text, its physical line and the index in that line where it starts. The text is one brace
        alone, or has no brace outside double quotes. When nothing could be read, `files_read` stays empty.
        """
        found, problems = include.find_files(pattern, Check.NONE, self._files)
        for problem in problems:
            self._diagnostics.warning(problem.message)
        self._waiting.append((0, found[::-1]))
        while self._sources or self._next_file(None):
            source = self._sources[-1]
            if isinstance(source, _File):
                yield from self._file_lines(source)
            else:
                yield from self._generated_lines(source)
            if self._sources and self._sources[-1] is source:
                self._leave(source)
        self._end_definition()

    def _file_lines(self, source: _File) -> Iterator[_Piece]:
        """Yield lines of a file until it ends or another source comes before its next line."""
        special, name = _SPECIAL.search, source.name
        for number, text in source.lines:
            self._order = order = self._order + 1
            line = SourceLine(name, number, text, order)
            if self._collecting:
                self._collect(text)
                continue
            found = special(text)
            if found is None and "include" not in text and "random_seed" not in text:
                yield text, line, 0
                continue
            if found is not None and "include" not in text:
                at = found.start()
                brace = text[at]
                if brace == "{" and at + 1 == len(text):
                    if at and not text[:at].isspace():
                        yield text[:at], line, 0
                    yield brace, line, at
                    continue
                if brace == "}" and text.strip(" \t") == "}":
                    yield brace, line, at
                    continue
            yield from self._logical(text, line)
            if self._sources[-1] is not source:
                return

    def _generated_lines(self, source: _Generated) -> Iterator[_Piece]:
        """Yield lines out of definitions and repetitions, a bounded number of them."""
        for text in source.texts:
            self._generated += 1
            if self._generated > MAX_GENERATED_LINES:
                message = f"definitions and repetitions make more than {MAX_GENERATED_LINES} lines"
                self._diagnostics.error(message, source.line.location())
                self._sources = [kept for kept in self._sources if isinstance(kept, _File)]
                return
            if self._collecting:
                self._collect(text)
                continue
            yield from self._examine(text, source.line, 0)
            if self._sources[-1] is not source:
                return

    def _leave(self, source: _File | _Generated) -> None:
        """Drop a source that has ended and go on where it was entered."""
        self._sources.pop()
        if isinstance(source, _File):
            self._open.pop()
            self._checks = source.checks
            self._definitions.directory = dirname(self._open[-1].path) if self._open else ""
            self._next_file(None)

    def _logical(self, text: str, line: SourceLine) -> Iterator[_Piece]:
        """Yield the logical lines of one physical line that has something special in it."""
        start = len(text) - len(text.lstrip(" \t"))
        text, unterminated = strip_comment(text)
        if unterminated:
            self._diagnostics.error("unterminated quote", line.location(line.text.rfind('"') + 1))
        yield from self._examine(text, line, start)

    def _examine(self, text: str, line: SourceLine, start: int) -> Iterator[_Piece]:
        """Yield the pieces of a line between braces; what follows a brace is read as a line of its own."""
        while text:
            resolved = self._resolve(text, line, start)
            if not resolved or self._take_include(resolved, line, start):
                return
            exact = resolved == text
            at = find_brace(resolved)
            if at < 0:
                self._notice(resolved)
                yield resolved, line, start
                return
            if at:
                yield resolved[:at], line, start
            brace = start + at if exact else start
            yield resolved[at], line, brace
            text = resolved[at + 1 :].lstrip(" \t")
            if exact:
                start += len(resolved) - len(text)

    def _resolve(self, text: str, line: SourceLine, start: int) -> str:
        """Apply condition, definition, repetition and references; return what is left to read as configuration."""
        if "$" not in text and text[0] not in "@~":
            return text
        where = line.location(start + 1)
        for _ in range(_MAX_PASSES):
            if text.startswith("@"):
                text = self._condition(text)
            if text.startswith("$") and (definition := parse_definition(text)):
                self._define(*definition)
                return ""
            if repetition.is_repetition(text):
                self._repeat(text, line, where)
                return ""
            if "$" not in text or text.startswith("~"):
                return text
            before = text
            text = self._substitute(text, line, where)
            if text == before or ("$" not in text and text[:1] not in {"@", "~"}):
                return text
        self._diagnostics.error("definitions and conditions do not come to an end", where)
        return ""

    def _condition(self, text: str) -> str:
        """Return the rest of a line `@ID rest` or `@^ID rest` when its condition holds, else nothing."""
        found = _CONDITION.match(text)
        if not found:
            return ""
        wanted = not found.group(1)
        return found.group(3) if (found.group(2) == self._definitions.config_id) is wanted else ""

    def _define(self, name: str, value: str) -> None:
        """Store a definition, or start to collect the lines of one."""
        if not value.endswith("\\"):
            self._definitions.define(name, (value,))
            return
        first = value[:-1].rstrip(" \t")
        self._collecting = _OpenDefinition(name, [first] if first else [])

    def _collect(self, text: str) -> None:
        r"""Add a line to the open definition; the first line without `\` ends it, a comment does not."""
        definition = self._collecting
        if not definition:
            return
        value, _ = strip_comment(text)
        continues = text.rstrip(" \t").endswith("\\")
        value = value.removesuffix("\\").rstrip(" \t") if continues else value
        if value:
            definition.lines.append(value)
        if not continues:
            self._end_definition()

    def _end_definition(self) -> None:
        definition = self._collecting
        if definition:
            self._definitions.define(definition.name, tuple(definition.lines) or ("",))
        self._collecting = None

    def _substitute(self, text: str, line: SourceLine, where: Location) -> str:
        """Return the line with references replaced and comments stripped again."""
        try:
            result = self._definitions.substitute(text)
        except DefinitionError as error:
            self._diagnostics.error(f"{error}, the line is ignored", where)
            return ""
        for name in result.undefined:
            self._diagnostics.error(f"'${{{name}}}' is not defined", where)
        if result.following:
            self._sources.append(_Generated(line, iter(result.following)))
        if result.text == text:
            return text
        text, unterminated = strip_comment(result.text)
        if unterminated:
            self._diagnostics.error("unterminated quote after definitions were replaced", where)
        return text

    def _repeat(self, text: str, line: SourceLine, where: Location) -> None:
        """Enter a `~SEQ` or `~LST`."""
        try:
            if text.startswith("~LST"):
                wanted = repetition.parse_list(text)
            else:
                bounds = self._definitions.substitute(repetition.sequence_bounds(text))
                wanted = repetition.parse_sequence(text, bounds.text)
        except (repetition.RepetitionError, DefinitionError) as error:
            self._diagnostics.error(f"invalid repetition: {error}", where)
            return
        self._sources.append(_Generated(line, self._copies(wanted)))

    def _copies(self, wanted: repetition.Repetition) -> Iterator[str]:
        for values in wanted.values:
            for name, value in zip(wanted.names, values, strict=True):
                self._definitions.define(name, (value,))
            yield wanted.template

    def _notice(self, text: str) -> None:
        """Act on the two keywords that change how later lines are read."""
        if text.startswith("include_check"):
            words = split_words(text)
            if words[0] == "include_check":
                # What is wrong with the words is said where the keyword is read.
                self._checks = include.parse_include_check(words[1:], self._checks)
        elif text.startswith("random_seed"):
            words = split_words(text)
            if len(words) > 1 and words[1].isascii() and words[1].isdigit():
                self._definitions.random.seed(int(words[1][:20]))

    def _take_include(self, text: str, line: SourceLine, start: int) -> bool:
        """Enter the files of an include line; return whether it is one."""
        statement = include.parse_include(text) if text.startswith("include") else None
        if not statement:
            return False
        pattern, checks = statement
        where = line.location(start + 1)
        if len(self._open) >= MAX_INCLUDE_DEPTH:
            self._diagnostics.error(f"includes are nested deeper than {MAX_INCLUDE_DEPTH}", where)
            return True
        active = checks | self._checks
        directory = dirname(self._open[-1].name)
        found, problems = include.find_files(join(directory, pattern), active, self._files)
        for problem in problems:
            self._report(problem, active, where)
        self._waiting.append((len(self._open), found[::-1]))
        self._next_file(where, active)
        return True

    def _report(self, problem: IncludeProblem, active: Check, where: Location | None) -> None:
        """Say what is wrong with an include: an error when its check is active."""
        if problem.check & active:
            self.include_failed = True
            self._diagnostics.error(problem.message, where, code=ConfigTestCode.SECURITY)
        elif not problem.silent:
            self._diagnostics.warning(problem.message, where)

    def _next_file(self, where: Location | None, active: Check = Check.NONE) -> bool:
        """Enter the next file of the innermost include that waits at this depth."""
        while self._waiting and self._waiting[-1][0] == len(self._open):
            paths = self._waiting[-1][1]
            if not paths:
                self._waiting.pop()
            elif self._enter(paths.pop(), where, active):
                return True
        return False

    def _enter(self, name: str, where: Location | None, active: Check) -> bool:
        """Open a file; return False when it cannot or must not be read."""
        path = normpath(self._files.absolute(name))
        refusal = self._refusal(path)
        if refusal:
            self._diagnostics.error(refusal, where)
            return False
        try:
            data = self._files.read(name)
        except OSError as error:
            message = f"configuration file '{name}' cannot be read: {error.strerror}"
            if where is None:
                self._diagnostics.error(message, code=ConfigTestCode.BAD_ENVIRONMENT)
            else:
                self._report(include.IncludeProblem(Check.READ, message), active, where)
            return False
        if self.size + len(data) > include.MAX_BYTES:
            limit = f"{include.MAX_BYTES >> 20} MiB"
            self._diagnostics.error(
                f"configuration file '{name}' is not read: all files together exceed {limit}", where
            )
            return False
        self.files_read.append(name)
        self.size += len(data)
        lines = enumerate(decode_lines(data, name, self._diagnostics), 1)
        source = _File(name, path, lines, self._checks)
        self._definitions.directory = dirname(path)
        self._sources.append(source)
        self._open.append(source)
        return True

    def _refusal(self, path: str) -> str:
        """Return why a file must not be read, or an empty string."""
        if any(source.path == path for source in self._open):
            return f"configuration file '{path}' includes itself"
        if len(self.files_read) >= MAX_FILES:
            return f"more than {MAX_FILES} configuration files: '{path}' is not read"
        return ""
