"""Which interfaces are polled: `linkbeat_interfaces` and the two `linkbeat_use_polling`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keepalived_py.config.model import Config


def polled_interfaces(config: Config) -> dict[str, str | None]:
    """Return the names of the interfaces that are polled, each with the way that is preferred, if any."""
    wanted: dict[str, str | None] = {}
    for instance in config.vrrp_instances:
        if instance.linkbeat_use_polling and instance.interface:
            wanted[instance.interface] = None
    if config.linkbeat_use_polling:
        wanted.update(dict.fromkeys(_used(config)))
    wanted.update({entry.interface: entry.method for entry in config.linkbeat_interfaces})
    return wanted


def _used(config: Config) -> Iterator[str]:
    """Yield the interfaces on which instances run or which they track."""
    for instance in config.vrrp_instances:
        if instance.interface:
            yield instance.interface
        yield from (entry.name for entry in instance.track_interface)
    for group in config.vrrp_sync_groups:
        yield from (entry.name for entry in group.track_interface)
