"""One line of a track_* block: a source, and what its state means for the priority of an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from keepalived_py.vrrp.cause import Cause, Event
from keepalived_py.vrrp.source import LEAST_ADDED, MOST_ADDED, SourceKey, SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keepalived_py.config.model.vrrp import SyncGroup, VrrpInstance
    from keepalived_py.vrrp.source import Source

BLOCKS = {
    SourceKind.INTERFACE: "track_interface",
    SourceKind.SCRIPT: "track_script",
    SourceKind.FILE: "track_file",
    SourceKind.PROCESS: "track_process",
    SourceKind.BFD: "track_bfd",
}
"""Where each kind is listed in the configuration, in the order in which they are shown."""


class Fault(NamedTuple):
    """A reason for FAULT.

    Attributes:
        reason: one line, e.g. `script chk_nginx failed (exit code 1)`; its source is the name of what is tracked.
        good_news: what is to be said when it is gone, e.g. `script chk_nginx succeeded`.
    """

    reason: Cause
    good_news: Cause


class Rung(NamedTuple):
    """One step from the configured priority to the effective one.

    Attributes:
        kind: of the source.
        name: of the source.
        weight: 0 for one that means FAULT.
        reverse: whether the meaning is turned round.
        group: sync group that tracks it; empty when the instance does so itself.
        state: of the source: up, down, missing, good, bad, unknown, or the number in a file.
        contribution: what is added to the priority at the moment.
        fault: why it keeps the instance in FAULT; empty when it does not.
    """

    kind: SourceKind
    name: str
    weight: int
    reverse: bool
    group: str
    state: str
    contribution: int
    fault: str


class TrackedItem(NamedTuple):
    """One line of a track_* block, with the weight that counts.

    Attributes:
        key: which source.
        weight: 0 means FAULT while the source is down (reversed: up); more is added while it is up, less while it is
            down; the number in a file is multiplied by it.
        reverse: a weight counts with the other sign.
        group: sync group that tracks it; empty when the instance does so itself.
    """

    key: SourceKey
    weight: int
    reverse: bool
    group: str = ""

    def contribution(self, source: Source) -> int:
        """Return what is added to the priority now."""
        if not self.weight or source.is_up is None:
            return 0
        if self.key.kind is SourceKind.FILE:
            product = self._product(source)
            return min(product, MOST_ADDED) if product >= LEAST_ADDED else 0
        counts = source.is_up is (self.weight > 0)
        return self._signed(self.weight) if counts else 0

    def fault(self, source: Source) -> Fault | None:
        """Return why the source keeps whoever tracks it in FAULT, or None."""
        if source.is_up is None:
            return None
        if not self.weight:
            bad = self.reverse
            return self._told(source.news(is_up=bad), source.news(is_up=not bad)) if source.is_up is bad else None
        product = self._product(source) if self.key.kind is SourceKind.FILE else 0
        if product >= LEAST_ADDED:
            return None
        name = self.key.name
        factor = self._signed(self.weight)
        return self._told(
            f"track file {name} holds {source.number}, times {factor} below {LEAST_ADDED}",
            f"track file {name} is above the limit again",
        )

    def rung(self, source: Source) -> Rung:
        """Return what there is to be shown."""
        fault = self.fault(source)
        return Rung(
            self.key.kind,
            self.key.name,
            self.weight,
            self.reverse,
            self.group,
            source.state,
            self.contribution(source),
            fault.reason if fault else "",
        )

    def _told(self, reason: str, good_news: str) -> Fault:
        name = self.key.name
        return Fault(Cause(reason, Event.FAULT, name), Cause(good_news, Event.FAULT_CLEARED, name))

    def _product(self, source: Source) -> int:
        return self._signed(source.number * self.weight)

    def _signed(self, value: int) -> int:
        return -value if self.reverse else value


def items_of(
    instance: VrrpInstance, group: SyncGroup | None, definitions: Mapping[SourceKey, Any], *, owned: bool
) -> tuple[TrackedItem, ...]:
    """Return what an instance depends on, its own items and those of its sync group.

    Args:
        instance: as configured.
        group: whose member it is; None for none.
        definitions: the blocks that items refer to.
        owned: whether a member of the group owns its addresses: then nothing in the group has a weight.
    """
    items = {item.key: item for item in _listed(instance, definitions, "")}
    for item in _listed(group, definitions, group.name) if group is not None else ():
        own = items.get(item.key)
        if own is not None and not own.weight:
            continue  # tracked by both: the group's weight counts, unless the instance means FAULT
        items[item.key] = item._replace(weight=0) if owned else item
    implied = {SourceKey(SourceKind.INTERFACE, name): None for name in _interfaces_below(instance)}
    items.update({key: TrackedItem(key, 0, reverse=False) for key in implied})
    # The interface that the instance runs on means FAULT already, or never.
    primary = SourceKey(SourceKind.INTERFACE, instance.interface or "")
    if primary in items and (primary in implied or not instance.dont_track_primary):
        del items[primary]
    return tuple(items.values())


def _interfaces_below(instance: VrrpInstance) -> Iterator[str]:
    """Return the interfaces of addresses, routes and rules that are not marked with `no_track`."""
    for address in (*instance.virtual_ipaddress, *instance.virtual_ipaddress_excluded):
        if address.dev and not address.no_track:
            yield address.dev
    lines: tuple[Any, ...] = (*instance.virtual_routes, *instance.virtual_rules)
    for line in lines:
        if not line.no_track:
            yield from (name for word in ("dev", "iif", "oif") if (name := getattr(line, word, None)))


def _listed(owner: Any, definitions: Mapping[SourceKey, Any], group: str) -> list[TrackedItem]:
    items = []
    for kind, block in BLOCKS.items():
        for entry in getattr(owner, block):
            key = SourceKey(kind, entry.name)
            inherited = getattr(definitions.get(key), "weight", None)
            weight = entry.weight if entry.weight is not None else getattr(inherited, "weight", 0)
            reverse = entry.reverse if entry.reverse is not None else getattr(inherited, "reverse", False)
            items.append(TrackedItem(key, weight, bool(reverse), group))
    return items
