"""When a master tells its neighbours again where the addresses are: `garp_master_*`, `garp_lower_prio_*` and so on."""

from math import inf

from keepalived_py.vrrp.effects import NOTHING, Effect, Effects
from keepalived_py.vrrp.parameters import Parameters

_ANNOUNCE = (Effect.ANNOUNCE,)
_REFRESH = (Effect.REFRESH,)
_EXTRA = (Effect.ANNOUNCE_EXTRA,)
_ANSWER = (Effect.ANNOUNCE_LOWER_PRIORITY,)


class Announcements:
    """Deadlines of announcements that are still to come.

    Attributes:
        next_at: the earliest of them; infinite for none.
    """

    __slots__ = ("_again_at", "_answer_at", "_extra_at", "_refresh_at", "next_at")

    def __init__(self) -> None:
        self._again_at = self._refresh_at = self._extra_at = self._answer_at = self.next_at = inf

    def schedule(self, now: float, parameters: Parameters) -> None:
        """We became master and have announced once: a second time after `garp_master_delay`, then refreshes."""
        again_at = now + parameters.garp_master_delay
        self._again_at = again_at if parameters.garp_master_delay else inf
        self._refresh_at = again_at + parameters.garp_master_refresh if parameters.garp_master_refresh else inf
        self._extra_at = again_at + parameters.garp_extra_interval if parameters.garp_extra_interval else inf
        self._arm()

    def answer(self, now: float, parameters: Parameters) -> Effects:
        """A lower-priority advert was heard: whoever believed it must hear from us, now and once more."""
        if not parameters.garp_lower_prio_repeat:
            return NOTHING
        if parameters.garp_lower_prio_delay:
            self._answer_at = now + parameters.garp_lower_prio_delay
            self._arm()
        return _ANSWER

    def reconfigured(self, now: float, old: Parameters, parameters: Parameters) -> None:
        """A reload perhaps gave a master other intervals."""
        if parameters.garp_master_refresh != old.garp_master_refresh:
            self._refresh_at = now + parameters.garp_master_refresh if parameters.garp_master_refresh else inf
        if parameters.garp_extra_interval != old.garp_extra_interval:
            self._extra_at = now + parameters.garp_extra_interval if parameters.garp_extra_interval else inf
        self._arm()

    def due(self, now: float, parameters: Parameters) -> Effects:
        """What is to be announced at this time."""
        effects: Effects = NOTHING
        if now >= self._again_at:
            self._again_at = inf
            effects += _ANNOUNCE
        if now >= self._refresh_at:
            self._refresh_at = now + parameters.garp_master_refresh
            effects += _REFRESH
        if now >= self._extra_at:
            self._extra_at = now + parameters.garp_extra_interval
            effects += _EXTRA
        if now >= self._answer_at:
            self._answer_at = inf
            effects += _ANSWER
        self._arm()
        return effects

    def cancel(self) -> None:
        """We are master no more."""
        self._again_at = self._refresh_at = self._extra_at = self._answer_at = self.next_at = inf

    def _arm(self) -> None:
        self.next_at = min(self._again_at, self._refresh_at, self._extra_at, self._answer_at)
