"""Which instances of a new configuration go on from which running ones: by what they are, not by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keepalived_py.config.model.vrrp import VrrpInstance

Identity = tuple[str | None, int, int]
"""Interface, family and virtual router id: with another one it is another virtual router."""


def identity_of(instance: VrrpInstance) -> Identity:
    """Return what makes a virtual router the one that it is."""
    return instance.interface, instance.family, instance.virtual_router_id


def successions(running: Mapping[str, VrrpInstance], wanted: Mapping[str, VrrpInstance]) -> dict[str, str]:
    """Return the new name of each running instance that goes on; the others end.

    Peers know a virtual router by its identity, so that another name is no reason to resign.

    Args:
        running: configurations of the running instances, by name.
        wanted: those of the instances of the new configuration, by name.
    """
    names = {
        name: name
        for name, instance in running.items()
        if name in wanted and identity_of(wanted[name]) == identity_of(instance)
    }
    free = {identity_of(instance): name for name, instance in wanted.items() if name not in names}
    for name, instance in running.items():
        if name not in names and identity_of(instance) in free:
            names[name] = free.pop(identity_of(instance))
    return names
