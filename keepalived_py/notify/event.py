"""What happened to an instance or a group, as scripts and pipes are told of it."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import TYPE_CHECKING

from keepalived_py.structure import structure

if TYPE_CHECKING:
    from collections.abc import Mapping


@unique
class Kind(StrEnum):
    """Whom an event is about."""

    INSTANCE = "INSTANCE"
    GROUP = "GROUP"


@unique
class News(StrEnum):
    """What can be told: a state that was entered, or something that happened within one."""

    MASTER = "MASTER"
    BACKUP = "BACKUP"
    FAULT = "FAULT"
    STOP = "STOP"
    DELETED = "DELETED"
    MASTER_RX_LOWER_PRI = "MASTER_RX_LOWER_PRI"
    MASTER_PRIORITY = "MASTER_PRIORITY"
    BACKUP_PRIORITY = "BACKUP_PRIORITY"


STATES = frozenset({News.MASTER, News.BACKUP, News.FAULT, News.STOP, News.DELETED})
"""News that are states: a newer one makes an older one pointless."""
LAST = frozenset({News.STOP, News.DELETED})
"""States that no other follows."""


@structure
class Event:
    """One piece of news.

    Attributes:
        kind: whom it is about.
        name: of the instance or group.
        news: what happened.
        priority: effective priority then; 0 for a group.
        details: more about it, as environment variables of scripts.
    """

    kind: Kind
    name: str
    news: News
    priority: int
    details: Mapping[str, str]

    @property
    def words(self) -> tuple[str, str, str, str]:
        """The four words that `notify` gets."""
        return self.kind.value, self.name, self.news.value, str(self.priority)

    @property
    def line(self) -> bytes:
        """The line that pipes get: `INSTANCE "VI_1" MASTER 100`."""
        return f'{self.kind} "{self.name}" {self.news} {self.priority}\n'.encode("utf-8", "surrogateescape")
