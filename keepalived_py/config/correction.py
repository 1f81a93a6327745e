"""One record under examination: what is said about it, and what it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from keepalived_py.config.fields import Record

if TYPE_CHECKING:
    from keepalived_py.config.diagnostics import Diagnostics, Location
    from keepalived_py.errors import ConfigTestCode

RecordType = TypeVar("RecordType", bound=Record)


class Correction(Generic[RecordType]):
    """A record and the changes that its errors force.

    Attributes:
        record: the record as it is now.
        dropped: True when nothing of it can be used.
    """

    __slots__ = ("_diagnostics", "_label", "dropped", "record")

    def __init__(self, record: RecordType, label: str, diagnostics: Diagnostics) -> None:
        """Begin with a record that messages call `label`."""
        self.record = record
        self.dropped = False
        self._label = label
        self._diagnostics = diagnostics

    def says(self, keyword: str) -> bool:
        """Return whether the block itself holds a keyword."""
        source = self.record.source
        return source is not None and any(statement.words[0] == keyword for statement in source.body or ())

    def error(
        self, message: str, keyword: str = "", *, at: Location | None = None, code: ConfigTestCode | None = None
    ) -> None:
        """Record an error at a keyword of the block (or at its head)."""
        where = at or self.record.location(keyword)
        text = f"({self._label}) {message}"
        if code is None:
            self._diagnostics.error(text, where)
        else:
            self._diagnostics.error(text, where, code=code)

    def warning(self, message: str, keyword: str = "", *, at: Location | None = None) -> None:
        """Record advice that no exit code tells of."""
        self._diagnostics.warning(f"({self._label}) {message}", at or self.record.location(keyword))

    def fix(self, message: str, keyword: str = "", *, at: Location | None = None, **values: Any) -> None:
        """Record an error and what the record becomes because of it."""
        self.error(message, keyword, at=at)
        self.record = self.record.changed(**values)

    def drop(self, message: str, keyword: str = "") -> None:
        """Record an error because of which nothing of the record can be used."""
        self.error(message, keyword)
        self.dropped = True
