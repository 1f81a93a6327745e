"""Two routers that both claim to own the addresses: a configuration error that must not end with two masters.

RFC 9568 does not foresee it. As keepalived does: the one with the higher address gives the other time to yield, its
own two adverts and a little more, and yields itself (with priority 254) when the other is still there.
"""

from enum import Enum, unique
from math import inf

_PATIENCE_ADVERTS = 2
_PATIENCE_FACTOR = 1.2


@unique
class Claim(Enum):
    """What another owner's advert means."""

    NEW = "first heard"
    WAITING = "it still has time to yield"
    PERSISTENT = "it did not yield"


class OwnerConflict:
    """Patience with one other owner.

    Attributes:
        ends_at: when the other is believed gone; infinite while nothing is being waited for.
    """

    __slots__ = ("_adverts_left", "_interval", "ends_at")

    def __init__(self) -> None:
        self._adverts_left = 0
        self._interval = 0.0
        self.ends_at = inf

    def claimed(self, interval: float) -> Claim:
        """Another owner with a lower address was heard.

        Args:
            interval: seconds between its adverts.
        """
        if self.ends_at != inf:
            self.forget()
            return Claim.PERSISTENT
        self._interval = interval
        if self._adverts_left:
            return Claim.WAITING
        self._adverts_left = _PATIENCE_ADVERTS
        return Claim.NEW

    def advert_sent(self, now: float, interval: float) -> None:
        """We told the other once more that we are here; after the second time its last chance begins."""
        if not self._adverts_left:
            return
        self._adverts_left -= 1
        if not self._adverts_left:
            self.ends_at = now + max(self._interval, interval) * _PATIENCE_FACTOR

    def forget(self) -> None:
        """Nothing is being waited for any more."""
        self._adverts_left = 0
        self.ends_at = inf
