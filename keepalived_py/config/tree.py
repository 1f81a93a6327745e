"""Statements and blocks: the shape of a configuration before any keyword is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.config.concealment import conceal
from keepalived_py.config.diagnostics import Diagnostics, Location
from keepalived_py.config.lexer import BLANKS, split_words, word_columns

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DEPTH = 40


class SourceLine:
    """One physical line that words came from: a class without machinery, for there are as many as lines.

    Attributes:
        file: path of the file.
        number: 1-based line number.
        text: the physical line without its newline; bytes that are not UTF-8 are surrogate-escaped.
        order: place in the order of reading, across files.
    """

    __slots__ = ("file", "number", "order", "text")

    def __init__(self, file: str, number: int, text: str, order: int = 0) -> None:
        self.file = file
        self.number = number
        self.text = text
        self.order = order

    def location(self, column: int = 0) -> Location:
        """Return the place of a 1-based column of this line; secrets in it are not shown."""
        return Location(self.file, self.number, column, conceal(self.text))


class Statement:
    """One line of the configuration after comments, definitions and conditions: words and maybe a block.

    Attributes:
        words: the words without their quotes, keyword first; never empty (an anonymous block has no statement).
        line: the physical line it came from (of the reference, when it came out of a definition).
        text: the text that was split into words: comments removed, definitions expanded, quotes untouched.
        start: index in `line.text` where the statement starts.
        body: the statements between the braces; None when there are no braces.
        whole: outside every block: the text with that of all statements inside; the text alone for others.
    """

    __slots__ = ("body", "line", "start", "text", "whole", "words")

    def __init__(self, words: list[str], line: SourceLine, text: str = "", start: int = 0) -> None:
        self.words = words
        self.line = line
        self.text = text
        self.start = start
        self.body: list[Statement] | None = None
        self.whole = text

    @property
    def keyword(self) -> str:
        """The first word."""
        return self.words[0]

    @property
    def arguments(self) -> list[str]:
        """The words after the first."""
        return self.words[1:]

    @property
    def raw(self) -> str:
        """The text after the keyword, quotes and escapes untouched, for script values, patterns and expressions."""
        text = self.text.strip(BLANKS)
        length = len(self.words[0])
        return text[length + 2 if text.startswith('"') else length :].lstrip(BLANKS)

    def at(self, index: int = 0) -> Location:
        """Return the location of word `index` (of the last word when there are fewer).

        A word that came out of a definition stands where the definition is used.
        """
        text = self.line.text
        columns = word_columns(text, self.start)
        if len(columns) < len(self.words) and "$" in text[self.start :]:
            reference = next((column for column in columns if "$" in text[column - 1 :].split(" ", 1)[0]), 0)
            before = columns.index(reference) if reference else 0
            column = columns[index] if index < before else reference or 1
        else:
            column = columns[min(index, len(columns) - 1, len(self.words) - 1)] if columns else 0
        return self.line.location(column)


class _Parser:
    """The open blocks while lines arrive."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.diagnostics = diagnostics
        self.top: list[Statement] = []
        self.body = self.top
        self.bodies: list[list[Statement]] = []
        self.owners: list[Statement | None] = []
        self.texts: list[str] = []
        self.last: Statement | None = None
        self.last_brace: SourceLine | None = None

    def open(self, line: SourceLine, start: int) -> None:
        """Enter the block of the statement just read; a block of nothing is read and dropped."""
        owner = self.last
        self.bodies.append(self.body)
        self.owners.append(owner)
        self.body = []
        if owner is None:
            message = "unexpected '{': no keyword stands before it, the block is ignored"
            self.diagnostics.error(message, line.location(start + 1))
        elif len(self.owners) > MAX_DEPTH:
            self.diagnostics.error("blocks are nested too deeply, the block is ignored", owner.at())
            owner.body = []
        else:
            owner.body = self.body
        self.last = None
        self.last_brace = line

    def close(self, line: SourceLine, start: int) -> None:
        """Leave the innermost block."""
        self.last = None
        if not self.bodies:
            self.diagnostics.error("extra '}': no block is open", line.location(start + 1))
            return
        self.body = self.bodies.pop()
        owner = self.owners.pop()
        if owner is not None and not self.bodies:
            owner.whole = "\n".join(self.texts)

    def end(self) -> None:
        """Report the blocks that nobody closed."""
        count = len(self.owners)
        if not count:
            return
        owner = next((owner for owner in reversed(self.owners) if owner is not None), None)
        where = owner.at() if owner else self.last_brace.location() if self.last_brace else None
        blocks = "this block is" if count == 1 else f"{count} blocks are not closed; the innermost of them is"
        self.diagnostics.error(f"missing '}}': {blocks} never closed", where)


def parse(lines: Iterable[tuple[str, SourceLine, int]], diagnostics: Diagnostics) -> list[Statement]:
    """Build the statements of a whole configuration.

    Args:
        lines: logical lines as `expand.Expander.lines` yields them: the text, which is either one brace alone or
            has no brace outside quotes; its physical line; the index in that line where it starts.
        diagnostics: where missing and extra braces are reported.
    """
    parser = _Parser(diagnostics)
    for text, line, start in lines:
        if not parser.bodies and text != "{":
            parser.texts.clear()
        parser.texts.append(text)
        if text == "{":
            parser.open(line, start)
        elif text == "}":
            parser.close(line, start)
        elif words := split_words(text):
            parser.last = statement = Statement(words, line, text, start)
            parser.body.append(statement)
    parser.end()
    return parser.top
