"""How dumps show what configuration and kernel share: addresses, scripts, families."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keepalived_py.config.addresses import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keepalived_py.config.fields import Record
    from keepalived_py.config.model.addresses import InterfaceAddress

_SCOPES: Final = {number: name for name, number in NAMES["scope"].items()}
_FOREVER: Final = 0xFFFFFFFF
_FLAGS: Final = (
    ("home", "home"),
    ("nodad", "-nodad"),
    ("mngtmpaddr", "mngtmpaddr"),
    ("noprefixroute", "noprefixroute"),
    ("autojoin", "autojoin"),
    ("no_track", "no_track"),
)


def address(one: InterfaceAddress, device: str, *, held: bool) -> str:
    """Return `ADDRESS[/LENGTH] [brd B] dev IF scope S ...`: field 0 and field 2 of it are what exporters read.

    Args:
        one: as configured.
        device: name of the interface that it is on, or is to be on; `IF@BASE` for one of ours on another.
        held: whether it is on that interface now.
    """
    words = [_prefix(one)]
    if one.broadcast is not None:
        words += ["brd", str(one.broadcast)]
    words += ["dev", device]
    if getattr(one, "use_vmac", False):
        words.append("use_vmac")
    words += ["scope", _SCOPES.get(one.scope, str(one.scope))]
    if one.label:
        words += ["label", one.label]
    if one.peer is not None:
        words += ["peer", f"{one.peer}/{one.prefix_length}"]
    words += [word for name, word in _FLAGS if getattr(one, name)]
    group = getattr(one, "track_group", None)
    if group:
        words += ["track_group", group]
    if one.address.version == 6:
        words += _lifetime(one.lifetime)
    return " ".join([*words, "set"] if held else words)


def _prefix(one: InterfaceAddress) -> str:
    if one.peer is not None or one.prefix_length == one.address.max_prefixlen:
        return str(one.address)
    return str(one)


def _lifetime(seconds: int) -> list[str]:
    if seconds == 0:
        return ["deprecated"]
    return ["preferred_lft", "forever" if seconds == _FOREVER else str(seconds)]


def entries(record: Record, name: str) -> Iterator[str]:
    """Return what stands between the braces of the keyword `name` of a record, line by line."""
    kind: Any = record.keywords_[name].kind
    yield from kind.write_body(getattr(record, name))
