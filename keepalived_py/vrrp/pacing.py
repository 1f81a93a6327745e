"""How soon announcements may follow each other on an interface (`vrrp_garp_interval`, `garp_group` and so on)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keepalived_py.config.model import GarpGroup
    from keepalived_py.config.model.globals import GlobalDefs


class LaneKey(NamedTuple):
    """What an announcement is counted under.

    Attributes:
        interface: name of the one that it leaves from; below a VMAC, that of the interface below.
        ipv6: whether it is a neighbour advertisement.
    """

    interface: str
    ipv6: bool


class Lane:
    """Announcements of one kind on one interface, or on all interfaces of a group, whichever instances they are of."""

    __slots__ = ("_next_at", "interval")

    def __init__(self, interval: float) -> None:
        """Make a lane whose announcements are `interval` seconds apart."""
        self.interval = interval
        self._next_at = 0.0

    def reserve(self, now: float) -> float:
        """Return the seconds until the next announcement may leave; the one after it must wait longer."""
        at = max(now, self._next_at)
        self._next_at = at + self.interval
        return at - now


class Pacing:
    """The lanes of all interfaces.

    Args:
        garp: seconds between gratuitous ARP messages on an interface without a group; 0 for no pause.
        gna: the same for neighbour advertisements.
        groups: with their own intervals; one that is not given means no pause.
    """

    def __init__(self, garp: float = 0.0, gna: float = 0.0, groups: Iterable[GarpGroup] = ()) -> None:
        self._defaults = {False: garp, True: gna}
        self._lanes: dict[LaneKey, Lane | None] = {}
        for group in groups:
            lanes = {
                ipv6: _lane(interval) for ipv6, interval in ((False, group.garp_interval), (True, group.gna_interval))
            }
            for name in (group.interface, *group.interfaces):
                if name:
                    self._lanes |= {LaneKey(name, ipv6): lane for ipv6, lane in lanes.items()}
        self._may_pause = bool(garp or gna or any(self._lanes.values()))

    def lane(self, key: LaneKey) -> Lane | None:
        """Return the lane of an announcement; None when it need not wait for others."""
        if not self._may_pause:
            return None
        if key not in self._lanes:
            self._lanes[key] = _lane(self._defaults[key.ipv6])
        return self._lanes[key]

    def pauses(self, keys: Iterable[LaneKey]) -> bool:
        """Return whether any of these must wait for others."""
        return self._may_pause and any(self.lane(key) is not None for key in keys)


def _lane(interval: float | None) -> Lane | None:
    return Lane(interval) if interval else None


def pacing_of(defaults: GlobalDefs, groups: Iterable[GarpGroup]) -> Pacing:
    """Return the pauses that are configured."""
    return Pacing(defaults.vrrp_garp_interval, defaults.vrrp_gna_interval, groups)
