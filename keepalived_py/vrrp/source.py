"""Things outside an election that decide about it: interfaces, scripts, files, processes, BFD sessions."""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Any, NamedTuple

from keepalived_py.vrrp.script_counter import ScriptCounter

if TYPE_CHECKING:
    from keepalived_py.config.fields import Record

MOST_ADDED = 253
"""The most that a file may add to a priority."""
LEAST_ADDED = -253
"""The least; below it a file means FAULT."""
MISSING = "missing"
"""The detail of an interface that does not exist."""


@unique
class SourceKind(Enum):
    """What can be tracked, by the word that the log uses."""

    INTERFACE = "interface"
    SCRIPT = "script"
    FILE = "file"
    PROCESS = "process"
    BFD = "bfd"


class SourceKey(NamedTuple):
    """What tells one source from all others."""

    kind: SourceKind
    name: str


class Source:
    """One thing that is watched.

    Attributes:
        key: kind and name.
        definition: its block in the configuration; None for an interface.
        is_up: whether it is as it should be (a file: whether it holds 0); None as long as nobody knows.
        number: what a file holds, how many processes run.
        detail: more about the state it is in, e.g. `exit code 1`; empty when there is no more to say.
        changed_at: monotonic seconds of the last change of `is_up` or, for a file, of `number`.
        counter: of a script.
    """

    __slots__ = ("changed_at", "counter", "definition", "detail", "is_up", "key", "number")

    def __init__(self, key: SourceKey, definition: Record | None) -> None:
        self.key = key
        self.definition = definition
        self.is_up: bool | None = None
        self.number = 0
        self.detail = ""
        self.changed_at = 0.0
        self.counter: ScriptCounter | None = None
        if key.kind is SourceKind.SCRIPT:
            script: Any = definition
            self.counter = ScriptCounter(script.rise, script.fall, init_fail=script.init_fail)
            self.is_up = self.counter.is_up

    def continues(self, earlier: Source) -> None:
        """A reload kept the source: what was found out stays, of another definition until more is known.

        To forget it would move priorities for a moment, and with a slow script for long enough to lose an election.
        """
        if earlier.is_up is None:
            return
        self.is_up, self.number, self.detail = earlier.is_up, earlier.number, earlier.detail
        self.changed_at = earlier.changed_at
        if self.counter is not None and earlier.counter is not None:
            before: Any = earlier.definition
            now: Any = self.definition
            if before.script == now.script:
                self.counter.continues(earlier.counter)
            else:
                self.counter.is_up = None  # the first result decides

    # Inputs: each returns whether anything that counts is different now

    def seen(self, now: float, *, is_up: bool, detail: str = "") -> bool:
        """It is up or down."""
        changed = (self.is_up, self.detail) != (is_up, detail)
        if changed:
            self.is_up, self.detail, self.changed_at = is_up, detail, now
        return changed

    def finished(self, now: float, *, success: bool, detail: str) -> bool:
        """A script has ended; only a new verdict counts."""
        assert self.counter is not None
        if not self.counter.finished(success=success):
            return False
        self.is_up, self.detail, self.changed_at = success, "" if success else detail, now
        return True

    def read(self, now: float, number: int) -> bool:
        """A file holds a number."""
        changed = self.is_up is None or number != self.number
        if changed:
            self.number, self.is_up, self.changed_at = number, number == 0, now
        return changed

    def counted(self, now: float, count: int) -> bool:
        """So many processes run."""
        process: Any = self.definition
        self.number = count
        most = process.quorum_max
        is_up = process.quorum <= count and (most is None or count <= most)
        if is_up is self.is_up:
            return False
        limits = f"{count} of {process.quorum}" if count < process.quorum else f"{count}, at most {most}"
        self.is_up, self.detail, self.changed_at = is_up, "" if is_up else limits, now
        return True

    # Words

    @property
    def state(self) -> str:
        """The state in one word, or as a number for a file."""
        if self.key.kind is SourceKind.FILE:
            return str(self.number)
        if self.is_up is None:
            return "unknown"
        return _STATES[self.key.kind][self.is_up] if self.detail != MISSING else MISSING

    def news(self, *, is_up: bool) -> str:
        """One line that tells that it is in one of its two states; the state it is in is told with its detail."""
        text = _NEWS[self.key.kind][is_up].format(name=self.key.name)
        if self.detail == MISSING and not is_up:
            return f"interface {self.key.name} is missing"
        if self.key.kind is SourceKind.FILE and not is_up and self.is_up is False:
            return f"track file {self.key.name} holds {self.number}"
        return f"{text} ({self.detail})" if self.detail and is_up is self.is_up else text


# kind -> (down, up)
_STATES = {
    SourceKind.INTERFACE: ("down", "up"),
    SourceKind.SCRIPT: ("bad", "good"),
    SourceKind.PROCESS: ("bad", "good"),
    SourceKind.BFD: ("down", "up"),
}
_NEWS = {
    SourceKind.INTERFACE: ("interface {name} is down", "interface {name} is up"),
    SourceKind.SCRIPT: ("script {name} failed", "script {name} succeeded"),
    SourceKind.FILE: ("track file {name} does not hold 0", "track file {name} holds 0"),
    SourceKind.PROCESS: ("process {name} lost its quorum", "process {name} has its quorum"),
    SourceKind.BFD: ("BFD session {name} is down", "BFD session {name} is up"),
}
