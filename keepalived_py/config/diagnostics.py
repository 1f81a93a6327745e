"""What is wrong with a configuration, where, and what would be right."""

from collections.abc import Iterable, Iterator
from enum import IntEnum

from keepalived_py.errors import ConfigTestCode
from keepalived_py.structure import field, structure

MOST_LENGTH_DIFFERENCE = 4
MOST_COMPARISONS = 400


class Severity(IntEnum):
    """How much a diagnostic matters."""

    WARNING = 1
    ERROR = 2


@structure
class Location:
    """A place in the configuration text.

    Attributes:
        file: path as the operator wrote it (or as the include found it).
        line: 1-based physical line.
        column: 1-based column, in characters of that physical line; 0 when the whole line is meant.
        text: the physical line, without its newline, for the caret display.
    """

    file: str
    line: int
    column: int = 0
    text: str = ""


@structure
class Diagnostic:
    """One problem, said once.

    Attributes:
        severity: WARNING is advice; ERROR means that something was dropped or changed.
        message: what is wrong, in one sentence without a final full stop.
        location: where, or None when no single place is to blame.
        code: the class of problem for the exit code of --config-test; OK when upstream would say nothing.
        suggestion: what would be right ("did you mean ..."), or empty.
    """

    severity: Severity
    message: str
    location: Location | None = None
    code: ConfigTestCode = ConfigTestCode.ERRORS
    suggestion: str = ""

    def render(self) -> str:
        """Return `FILE:LINE:COL: error: text`, then the source line and a caret where they are known."""
        where = self.location
        head = f"{self.severity.name.lower()}: {self.message}"
        if self.suggestion:
            head += f" ({self.suggestion})"
        if where is None:
            return head
        lines = [f"{where.file}:{where.line}:{max(where.column, 1)}: {head}"]
        if where.text:
            indent = "".join("\t" if c == "\t" else " " for c in where.text[: max(where.column - 1, 0)])
            lines += [f"    {where.text}", f"    {indent}^"]
        return "\n".join(lines)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a suggestion for a word that is not among the known ones, or an empty string.

    Only words of similar length are compared, and not more than a few hundred: each comparison takes microseconds,
    and a configuration may have thousands of unknown words.
    """
    from difflib import get_close_matches  # noqa: PLC0415 (only a configuration with errors pays for it)

    known = list(known)
    same = next((name for name in known if name.lower() == word.lower()), "")
    if same:
        return f"did you mean '{same}'?"
    similar = [name for name in known if abs(len(name) - len(word)) <= MOST_LENGTH_DIFFERENCE]
    near = get_close_matches(word, similar, n=1, cutoff=0.7) if len(similar) <= MOST_COMPARISONS else []
    return f"did you mean '{near[0]}'?" if near else ""


@structure(frozen=False)
class Diagnostics:
    """The collection that every stage of reading a configuration adds to; duplicates are dropped."""

    _entries: dict[Diagnostic, None] = field(default_factory=dict)

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic unless the same one is already here."""
        self._entries.setdefault(diagnostic)

    def error(
        self,
        message: str,
        location: Location | None = None,
        *,
        code: ConfigTestCode = ConfigTestCode.ERRORS,
        suggestion: str = "",
    ) -> None:
        """Record an error."""
        self.add(Diagnostic(Severity.ERROR, message, location, code, suggestion))

    def warning(
        self,
        message: str,
        location: Location | None = None,
        *,
        code: ConfigTestCode = ConfigTestCode.OK,
        suggestion: str = "",
    ) -> None:
        """Record a warning."""
        self.add(Diagnostic(Severity.WARNING, message, location, code, suggestion))

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def exit_code(self) -> ConfigTestCode:
        """Return the --config-test exit code: a missing word stops everything, else the largest class."""
        codes = {entry.code for entry in self._entries}
        if ConfigTestCode.MISSING_WORD in codes:
            return ConfigTestCode.MISSING_WORD
        return max(codes, default=ConfigTestCode.OK)
