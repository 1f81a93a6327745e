"""What every reader of a statement may ask and say while a configuration is being built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keepalived_py.config.diagnostics import Diagnostics
from keepalived_py.errors import ConfigTestCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.config.diagnostics import Location
    from keepalived_py.config.tree import Statement

    Directories = tuple[str | None, str | None]
    NameLookup = Callable[[str, str, Directories], int | None]


ZERO_WIDTH: Final = frozenset("\u200b\u200c\u200d\u2060\ufeff")


def no_names(table: str, name: str, directories: Directories = (None, None)) -> int | None:
    """Know no name beyond the built-in ones."""
    del table, name, directories
    return None


class Reading:
    """The state of one pass over the tree.

    Attributes:
        diagnostics: where problems go.
        names: (table, name, directories) -> number, for the names of /etc/iproute2; tables are `scope`, `table`,
            `protocol`, `dsfield`, `realms`, `group`, `ipproto`.
        statement: the statement being read.
        shift: how far word numbers are ahead of the statement's own (1 on a line of a value block, which
            has no keyword).
        preferences: family -> the next number for a rule without one.
        defaults: what `global_defs` has said so far, attribute to value.
        block: the first `global_defs` block.
    """

    __slots__ = (
        "block",
        "defaults",
        "diagnostics",
        "names",
        "preferences",
        "shift",
        "statement",
    )

    def __init__(self, diagnostics: Diagnostics | None = None, names: NameLookup = no_names) -> None:
        self.diagnostics = Diagnostics() if diagnostics is None else diagnostics
        self.names = names
        self.statement: Statement | None = None
        self.shift = 0
        self.preferences: dict[int, int] = {}
        self.defaults: dict[str, Any] = {}
        self.block: Statement | None = None

    def at(self, index: int = 0) -> Location | None:
        """Return the place of word `index` of the statement being read."""
        return self.statement.at(max(index - self.shift, 0)) if self.statement else None

    def default(self, name: str) -> Any:
        """Return what `global_defs` has said so far about attribute `name`, or its built-in default."""
        from keepalived_py.config.model.globals import GlobalDefs  # noqa: PLC0415 (its module needs this one)

        return self.defaults.get(name, GlobalDefs.defaults_[name])

    def number(self, table: str, name: str) -> int | None:
        """Return the number of a name of /etc/iproute2, or of where `global_defs` says these files are."""
        if self.names is no_names:
            return None
        defaults = self.defaults
        return self.names(table, name, (defaults.get("iproute_usr_dir"), defaults.get("iproute_etc_dir")))

    def problem(
        self, reason: str, index: int = 0, *, code: ConfigTestCode = ConfigTestCode.ERRORS, suggestion: str = ""
    ) -> None:
        """Record an error at word `index` of the statement being read."""
        place = None if self.diagnostics.full else self.at(index)
        suggestion = suggestion or self._false_blank(index)
        self.diagnostics.error(reason, place, code=code, suggestion=suggestion)

    def _false_blank(self, index: int) -> str:
        """Return what to say of a word that holds a character that looks like a blank and is none."""
        words = self.statement.words if self.statement else []
        word = words[min(max(index - self.shift, 0), len(words) - 1)] if words else ""
        false = "" if word.isascii() else next((sign for sign in word if sign.isspace() or sign in ZERO_WIDTH), "")
        return f"U+{ord(false):04X} in it looks like a blank and is none" if false else ""

    def advice(self, reason: str, index: int = 0) -> None:
        """Record a warning at word `index` of the statement being read."""
        self.diagnostics.warning(reason, self.at(index))
