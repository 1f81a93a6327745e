"""What the instances track, and what it adds up to: faults and priorities.

The edges tell what they saw (`script_finished`, `interface_changed`, ...); each answer names the instances that must
be looked at again. Nothing here knows of elections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.vrrp.parameters import OWNER_PRIORITY
from keepalived_py.vrrp.source import MISSING, Source, SourceKey, SourceKind
from keepalived_py.vrrp.tracked_item import items_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keepalived_py.config.model import Config
    from keepalived_py.vrrp.tracked_item import Rung, TrackedItem

Names = tuple[str, ...]
"""Names of instances, in the order of the configuration."""
_DEFINITIONS = {
    SourceKind.SCRIPT: "vrrp_scripts",
    SourceKind.FILE: "track_files",
    SourceKind.PROCESS: "vrrp_track_processes",
    SourceKind.BFD: "bfd_instances",
}

_POLLED = frozenset({SourceKind.SCRIPT, SourceKind.FILE, SourceKind.PROCESS})
"""Kinds of which something is known soon after the start, but not at once."""


class Tracking:
    """All sources that instances and sync groups of one configuration track.

    Args:
        config: the configuration, if there is one yet.

    Attributes:
        sources: by kind and name, those that somebody tracks.
        runs_scripts: whether somebody runs the scripts: only then is there a first result to wait for.
    """

    def __init__(self, config: Config | None = None, *, runs_scripts: bool = False) -> None:
        self.runs_scripts = runs_scripts
        self.sources: dict[SourceKey, Source] = {}
        self._items: dict[str, tuple[TrackedItem, ...]] = {}
        self._priorities: dict[str, int] = {}
        self._users: dict[SourceKey, Names] = {}
        if config is not None:
            self._take(config)

    def reconfigured(self, config: Config) -> None:
        """A reload: sources keep what was found out about them."""
        earlier = self.sources
        self._take(config)
        for key, source in self.sources.items():
            known = earlier.get(key)
            if known is not None:
                source.continues(known)

    def _take(self, config: Config) -> None:
        definitions = _definitions(config)
        groups = {name: group for group in config.vrrp_sync_groups for name in group.group}
        owners = {instance.name for instance in config.vrrp_instances if instance.priority == OWNER_PRIORITY}
        self._priorities = {instance.name: instance.priority for instance in config.vrrp_instances}
        self._items = {}
        users: dict[SourceKey, list[str]] = {}
        for instance in config.vrrp_instances:
            group = groups.get(instance.name)
            owned = group is not None and not owners.isdisjoint(group.group)
            items = self._items[instance.name] = items_of(instance, group, definitions, owned=owned)
            for item in items:
                users.setdefault(item.key, []).append(instance.name)
        self._users = {key: tuple(names) for key, names in users.items()}
        self.sources = {key: Source(key, definitions.get(key)) for key in users}

    # Inputs: each returns the instances whose faults or priority may be others now

    def interface_changed(self, now: float, name: str, *, is_up: bool | None) -> Names:
        """An interface came up, went down or (None) does not exist."""
        source = self.sources.get(SourceKey(SourceKind.INTERFACE, name))
        if source is None or not source.seen(now, is_up=bool(is_up), detail=MISSING if is_up is None else ""):
            return ()
        return self._users[source.key]

    def script_finished(self, now: float, name: str, *, success: bool, detail: str = "") -> Names:
        """A run of a script has ended; only those that change the verdict concern anybody.

        Args:
            now: monotonic seconds.
            name: of the vrrp_script.
            success: exit code 0 in time.
            detail: why it failed, e.g. `exit code 1`, `timed out`, `killed by signal 9`.
        """
        source = self.sources.get(SourceKey(SourceKind.SCRIPT, name))
        if source is None or not source.finished(now, success=success, detail=detail):
            return ()
        return self._users[source.key]

    def file_read(self, now: float, name: str, number: int) -> Names:
        """A file was read; one that is missing or holds no number counts as 0."""
        source = self.sources.get(SourceKey(SourceKind.FILE, name))
        return self._users[source.key] if source is not None and source.read(now, number) else ()

    def processes_counted(self, now: float, name: str, count: int) -> Names:
        """So many processes of a vrrp_track_process run."""
        source = self.sources.get(SourceKey(SourceKind.PROCESS, name))
        return self._users[source.key] if source is not None and source.counted(now, count) else ()

    def bfd_changed(self, now: float, name: str, *, is_up: bool) -> Names:
        """A BFD session came up or went down."""
        source = self.sources.get(SourceKey(SourceKind.BFD, name))
        return self._users[source.key] if source is not None and source.seen(now, is_up=is_up) else ()

    # Answers

    def knows(self, instance: str) -> bool:
        """Return whether the configuration has an instance of this name."""
        return instance in self._priorities

    def source(self, kind: SourceKind, name: str) -> Source | None:
        """Return one source; None when nobody tracks it."""
        return self.sources.get(SourceKey(kind, name))

    def names(self, kind: SourceKind) -> tuple[str, ...]:
        """Return the names of all sources of one kind that somebody tracks."""
        return tuple(key.name for key in self.sources if key.kind is kind)

    def users(self, kind: SourceKind, name: str) -> Names:
        """Return the instances that a source concerns."""
        return self._users.get(SourceKey(kind, name), ())

    def faults(self, instance: str) -> dict[str, str]:
        """Return what keeps an instance in FAULT: each reason with what is to be said when it is gone."""
        found = (item.fault(self.sources[item.key]) for item in self._items.get(instance, ()))
        return {fault.reason: fault.good_news for fault in found if fault is not None}

    def awaited(self, instance: str) -> tuple[str, ...]:
        """Return the scripts without which it is not known whether an instance is in FAULT: none has ended yet."""
        if not self.runs_scripts:
            return ()
        return tuple(
            item.key.name
            for item in self._items.get(instance, ())
            if item.key.kind is SourceKind.SCRIPT and not item.weight and self.sources[item.key].is_up is None
        )

    def is_incomplete(self, instance: str) -> bool:
        """Return whether the weight of a script, file or process is not known yet."""
        return any(
            item.weight and item.key.kind in _POLLED and self.sources[item.key].is_up is None
            for item in self._items.get(instance, ())
        )

    def priority(self, instance: str) -> int:
        """Return the sum of the configured priority and all contributions; may be out of range.

        An address owner keeps its own.
        """
        configured = self._priorities[instance]
        if configured == OWNER_PRIORITY:
            return configured
        items = self._items[instance]
        return configured + sum(item.contribution(self.sources[item.key]) for item in items)

    def ladder(self, instance: str) -> tuple[Rung, ...]:
        """Return every step from the configured priority to the effective one, in the order of the configuration."""
        return tuple(item.rung(self.sources[item.key]) for item in self._items.get(instance, ()))


def _definitions(config: Config) -> Mapping[SourceKey, Any]:
    return {
        SourceKey(kind, record.name): record
        for kind, attribute in _DEFINITIONS.items()
        for record in _records(config, attribute)
    }


def _records(config: Config, attribute: str) -> Iterable[Any]:
    records: Iterable[Any] = getattr(config, attribute)
    return records
