"""Whether what is tracked exists, comes before its use, and has a weight that can count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keepalived_py.config.diagnostics import did_you_mean
from keepalived_py.config.instance_checks import OWNER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keepalived_py.config.correction import Correction
    from keepalived_py.config.environment import Environment
    from keepalived_py.config.fields import Record
    from keepalived_py.config.model import Config
    from keepalived_py.config.model.vrrp import SyncGroup, VrrpInstance

# keyword of the reference -> attribute of Config with the objects, and what messages call them
KINDS: Final = {
    "track_script": ("vrrp_scripts", "track script"),
    "track_file": ("track_files", "track file"),
    "track_process": ("vrrp_track_processes", "track process"),
    "track_bfd": ("bfd_instances", "BFD instance"),
}
Known = dict[str, dict[str, "Record | None"]]


def known_objects(config: Config, disabled: Mapping[str, set[str]], *, checker: bool) -> Known:
    """Return the objects of each kind by name; None stands for one that exists and was disabled with a report.

    A BFD session that tells one process only is unknown to the other: `checker` says which one asks.
    """
    known: Known = {}
    for word, (attribute, _) in KINDS.items():
        records: tuple[Any, ...] = getattr(config, attribute)
        known[word] = {record.name: record for record in records}
        if word == "track_bfd":
            known[word] = {record.name: record for record in records if _tells(record, checker=checker)}
        known[word].update(dict.fromkeys(disabled.get(word, ())))
    return known


def _tells(session: Any, *, checker: bool) -> bool:
    """Return whether a BFD session tells the health-check process (or the VRRP process)."""
    return bool(session.checker if checker else session.vrrp) or session.vrrp == session.checker


def check_references(check: Correction[Any], known: Known, environment: Environment, *, dynamic: bool) -> None:
    """Remove tracked items that do not exist, come too late, or are there twice."""
    _check_interfaces(check, environment, dynamic=dynamic)
    for word, (_, what) in KINDS.items():
        entries: tuple[Any, ...] = getattr(check.record, word)
        kept: list[Any] = []
        for entry in entries:
            problem, silent = _problem(entry, check.record, known[word], kept)
            if problem:
                hint = did_you_mean(entry.name, known[word]) if problem == "not found" else ""
                tail = f" ({hint})" if hint else ""
                check.error(f"{what} {entry.name} {problem}: ignored{tail}", word, at=entry.location())
            elif not silent:
                kept.append(entry)
        if len(kept) != len(entries):
            check.record = check.record.changed(**{word: tuple(kept)})


def _problem(entry: Any, user: Record, known: Mapping[str, Record | None], kept: list[Any]) -> tuple[str, bool]:
    """Return why a reference cannot be used, and whether it goes without a word."""
    if entry.name not in known:
        return "not found", False
    target = known[entry.name]
    if target is None:
        return "", True
    if any(entry.name == other.name for other in kept):
        return "is there twice", False
    if target.source and user.source and target.source.line.order > user.source.line.order:
        return "is defined after its use", False
    return "", False


def _check_interfaces(check: Correction[Any], environment: Environment, *, dynamic: bool) -> None:
    entries: tuple[Any, ...] = check.record.track_interface
    kept: list[Any] = []
    for entry in entries:
        if any(entry.name == other.name for other in kept):
            check.error(f"track_interface {entry.name} is there twice: ignored", at=entry.location())
        elif not dynamic and not environment.interface_exists(entry.name):
            check.error(f"track_interface {entry.name} does not exist: ignored", at=entry.location())
        else:
            kept.append(entry)
    if len(kept) != len(entries):
        check.record = check.record.changed(track_interface=tuple(kept))


def check_weights(check: Correction[VrrpInstance], group: SyncGroup | None, known: Known) -> None:
    """Remove weights that cannot count: those of an owner, and of members of a group that has none."""
    weightless = group is not None and not (group.sync_group_tracking_weight or group.global_tracking)
    owner = check.record.priority == OWNER
    if not weightless and not owner:
        return
    reason = "membership of a sync group" if weightless else f"priority {OWNER}"
    for word in ("track_interface", *KINDS):
        entries: tuple[Any, ...] = getattr(check.record, word)
        kept: list[Any] = []
        for entry in entries:
            weight = _weight(entry, known.get(word, {}).get(entry.name))
            if not weight:
                kept.append(entry)
                continue
            stays = (word == "track_interface" and weightless) or (word == "track_file" and weight == 1)
            what = "weight is ignored" if stays else "tracking it with a weight is ignored"
            check.error(f"{word} {entry.name}: {what} with {reason}", at=entry.location())
            if stays:
                kept.append(entry.changed(weight=0))
        if tuple(kept) != entries:
            check.record = check.record.changed(**{word: tuple(kept)})


def _weight(entry: Any, target: Any) -> int:
    """Return the weight of a tracked item: its own, else that of the object."""
    if entry.weight is not None:
        return int(entry.weight)
    inherited = getattr(target, "weight", 0)
    return int(getattr(inherited, "weight", inherited) or 0)
