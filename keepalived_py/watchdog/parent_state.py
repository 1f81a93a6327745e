"""The text of `keepalived_parent.data`: the global definitions and the processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.config.model import Config
    from keepalived_py.watchdog.offspring import Offspring


def parent_state(config: Config, offspring: Sequence[Offspring], now: float) -> str:
    """Return the whole file.

    Args:
        config: in force.
        offspring: the children.
        now: monotonic seconds.
    """
    from keepalived_py.config.describe import describe_globals  # noqa: PLC0415 - only dumps need it

    lines = [*describe_globals(config), "------< Processes >------"]
    for child in offspring:
        lines.append(f" Process = {child.kind.name}")
        if child.pid is None:
            lines.append("   Not running")
            continue
        lines.append(f"   Pid = {child.pid}")
        lines.append(f"   Last sign of life = {max(0.0, now - child.slot.stamp):.3f} secs ago")
        lines.append(f"   Configuration in effect = {'yes' if child.running else 'not yet'}")
    return "\n".join(lines) + "\n"
