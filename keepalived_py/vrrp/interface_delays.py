"""Interfaces that must be down, or up, for a while before that counts (`interface_up_down_delays`)."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from keepalived_py.kernel.interfaces import Change, ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keepalived_py.config.tracking_values import InterfaceDelay
    from keepalived_py.kernel.interfaces import Interface

_MOVES = {ChangeKind.WENT_UP: True, ChangeKind.WENT_DOWN: False}


class InterfaceDelays:
    """Holds changes back until they have lasted.

    Attributes:
        notes: what the log shall say about it.
    """

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._delays: dict[str, InterfaceDelay] = {}
        self._waiting: dict[int, tuple[Interface, float]] = {}

    @property
    def due_at(self) -> float:
        """When the next change counts; infinite when none waits."""
        return min((due_at for _, due_at in self._waiting.values()), default=inf)

    def take(self, delays: Iterable[InterfaceDelay]) -> list[Change]:
        """Use these delays from now on; return the changes that count now because their interface has none."""
        self._delays = {delay.interface: delay for delay in delays}
        free = [interface for interface, _ in self._waiting.values() if interface.name not in self._delays]
        return [self._release(interface) for interface in free]

    def reviewed(self, now: float, changes: Iterable[Change]) -> list[Change]:
        """Return the changes that count at `now`; the others wait."""
        changes, counting = list(changes), []
        gone = {change.interface.index for change in changes if change.kind is ChangeKind.GONE}
        for index in gone & self._waiting.keys():
            del self._waiting[index]
        for change in changes:
            is_up = _MOVES.get(change.kind)
            if is_up is None or change.interface.index in gone or not self._holds(now, change.interface, is_up=is_up):
                counting.append(change)
        self._forget_what_returned()
        return counting

    def deadline_reached(self, now: float) -> list[Change]:
        """Return the changes that have lasted."""
        due = [interface for interface, due_at in self._waiting.values() if due_at <= now]
        return [self._release(interface) for interface in due]

    def _holds(self, now: float, interface: Interface, *, is_up: bool) -> bool:
        delay = self._delays.get(interface.name)
        seconds = 0.0 if delay is None else delay.up if is_up else delay.down
        if not seconds or interface.has_link is not is_up:
            return False
        interface.counted_as = not is_up
        self._waiting[interface.index] = (interface, now + seconds)
        self.notes.append(f"Interface {interface.name} is {_word(is_up)}: that counts in {seconds:g} s")
        return True

    def _forget_what_returned(self) -> None:
        for interface, _ in list(self._waiting.values()):
            if interface.has_link is interface.counted_as:
                self._release(interface)
                self.notes.append(f"Interface {interface.name} is {_word(interface.has_link)} again: nothing counts")

    def _release(self, interface: Interface) -> Change:
        del self._waiting[interface.index]
        interface.counted_as = None
        return Change(ChangeKind.WENT_UP if interface.has_link else ChangeKind.WENT_DOWN, interface)


def _word(is_up: bool) -> str:
    return "up" if is_up else "down"
