"""What is wrong with a configuration, where, and what would be right."""

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum

from keepalived_py.errors import ConfigTestCode
from keepalived_py.structure import field, structure

MOST_LENGTH_DIFFERENCE = 4
MOST_COMPARISONS = 400
MOST_DIAGNOSTICS = 1000


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
    """The collection that every stage of reading a configuration adds to; duplicates are dropped.

    Nobody reads thousands of them: beyond MOST_DIAGNOSTICS only their codes count.
    """

    _entries: dict[Diagnostic, None] = field(default_factory=dict)
    _codes: set[ConfigTestCode] = field(default_factory=set)

    @property
    def full(self) -> bool:
        """True when further diagnostics are not kept."""
        return len(self._entries) > MOST_DIAGNOSTICS

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic unless the same one is already here."""
        self._codes.add(diagnostic.code)
        if len(self._entries) < MOST_DIAGNOSTICS:
            self._entries.setdefault(diagnostic)
        elif not self.full and diagnostic not in self._entries:
            message = f"more than {MOST_DIAGNOSTICS} problems: the others are not shown"
            self._entries.setdefault(Diagnostic(Severity.ERROR, message, code=diagnostic.code))

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

    def in_order(self, files: Sequence[str]) -> list[Diagnostic]:
        """Return the diagnostics as an operator reads the files: by file, line and column, those without place last."""
        rank = {name: number for number, name in enumerate(files)}

        def key(entry: Diagnostic) -> tuple[int, int, int]:
            where = entry.location
            return (rank.get(where.file, len(rank)), where.line, where.column) if where else (len(rank) + 1, 0, 0)

        return sorted(self._entries, key=key)

    def exit_code(self) -> ConfigTestCode:
        """Return the --config-test exit code: a missing word stops everything, else the largest class."""
        if ConfigTestCode.MISSING_WORD in self._codes:
            return ConfigTestCode.MISSING_WORD
        return max(self._codes, default=ConfigTestCode.OK)
