"""Words, statements and blocks: the shape of a configuration before any keyword is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from keepalived_py.config.diagnostics import Location


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One physical line that words came from.

    Attributes:
        file: path of the file.
        number: 1-based line number.
        text: the physical line without its newline; bytes that are not UTF-8 are surrogate-escaped.
    """

    file: str
    number: int
    text: str


class Word(str):
    """A word of the configuration: a `str` that knows whether it was quoted and where it stood.

    Attributes:
        column: 1-based column in its physical line; 0 when it came out of a definition.
        quoted: True when double quotes were around it.
    """

    __slots__ = ("column", "quoted")

    column: int
    quoted: bool

    def __new__(cls, text: str, column: int = 0, *, quoted: bool = False) -> Self:
        """Make a word of `text`."""
        word = super().__new__(cls, text)
        word.column = column
        word.quoted = quoted
        return word


@dataclass(slots=True)
class Statement:
    """One line of the configuration after comments, definitions and conditions: words and maybe a block.

    Attributes:
        words: the words, keyword first; never empty (an anonymous block has no statement).
        line: where it stands.
        raw: the text after the keyword, comments removed, quotes and escapes untouched (script values,
            include patterns and regular expressions are read from it).
        body: the statements between the braces; None when there are no braces.
        close_line: the line of the closing brace; None without a body.
    """

    words: list[Word]
    line: SourceLine
    raw: str = ""
    body: list[Statement] | None = None
    close_line: SourceLine | None = None

    @property
    def keyword(self) -> Word:
        """The first word."""
        return self.words[0]

    @property
    def arguments(self) -> list[Word]:
        """The words after the first."""
        return self.words[1:]

    def at(self, index: int = 0) -> Location:
        """Return the location of word `index` (of the last word when there are fewer)."""
        word = self.words[min(index, len(self.words) - 1)]
        return Location(self.line.file, self.line.number, word.column, self.line.text)
