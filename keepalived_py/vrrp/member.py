"""An election whose router may belong to a sync group: then it becomes master and leaves FAULT with the others only.

RFC 9568 knows no groups. As keepalived does: a member whose deadline has come waits until every other member's has come
too; a member that is kept out by the group has one reason for FAULT more, `hold`. What the members do together is
decided in `sync_group`; CONSULT_GROUP asks for that.
"""

from math import inf

from keepalived_py.vrrp import cause as causes
from keepalived_py.vrrp.cause import Cause, Event
from keepalived_py.vrrp.effects import NOTHING, Effect, Effects
from keepalived_py.vrrp.instance import Instance
from keepalived_py.vrrp.parameters import OWNER_PRIORITY, Parameters
from keepalived_py.vrrp.state import State

_CONSULT = (Effect.CONSULT_GROUP,)
_LISTEN = (Effect.REMOVE_ADDRESSES, Effect.REPORT_TRANSITION, Effect.CONSULT_GROUP)


class Member(Instance):
    """One election, alone (the default) or in a group.

    Attributes:
        group: name of the sync group; empty for none.
        hold: the reason among `faults` that the group gave; None without one.
        wish: why it would be master by now if it were alone; None when it would not.
        joins: it is BACKUP although the others are master, because it came later; it has heard no master so far.
        met_rival: the last advert was that of a rival, and its clients are being told who is master.
        relief: why the last reason of its own for FAULT went.
    """

    __slots__ = ("group", "hold", "joins", "met_rival", "relief", "wish")

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters)
        self.group = ""
        self.hold: Cause | None = None
        self.wish: Cause | None = None
        self.joins = False
        self.met_rival = False
        self.relief = Cause("no fault is left", Event.FAULT_CLEARED)

    @property
    def own_faults(self) -> list[str]:
        """Reasons for FAULT without the group's."""
        return [reason for reason in self.faults if reason is not self.hold]

    # Inputs from outside

    def started(self, now: float) -> Effects:
        """See `Instance`; whoever comes late does so as BACKUP."""
        joins = self.joins
        effects = super().started(now)
        self.joins = joins and self.state is State.BACKUP
        return effects

    def may_be_adopted(self, now: float, last_sent_at: float) -> bool:
        """Return whether `adopted` would go on as master: nobody has lost patience with the predecessor."""
        patience = self.parameters.down_timer_adverts * self.parameters.advertisement_interval
        return self.state is State.INIT and not self.faults and now - last_sent_at < patience

    def adopted(self, now: float, last_sent_at: float) -> Effects:
        """See `Instance`; the group must know what its member is now, although nothing is reported."""
        effects = super().adopted(now, last_sent_at)
        return effects + _CONSULT if self.group and self.state is State.MASTER else effects

    def advert_received(self, now: float, source: bytes, priority: int, interval: float) -> Effects:
        """See `Instance`; a member that came later may have found another master."""
        joined = self.joins
        effects = super().advert_received(now, source, priority, interval)
        self.met_rival = bool(self.group) and Effect.ANNOUNCE_LOWER_PRIORITY in effects
        return effects + _CONSULT if self.met_rival or (joined and not self.joins) else effects

    def fault_cleared(self, now: float, reason: str, cause: str = "") -> Effects:
        """See `Instance`; a member in a group in FAULT leaves it with the others."""
        had_own = bool(self.own_faults)
        effects = super().fault_cleared(now, reason, cause)
        if self.hold is None or not had_own or self.own_faults:
            return effects
        self.relief = causes.fault(cause or f"no longer: {reason}", Event.FAULT_CLEARED)
        return effects + _CONSULT

    def reconfigured(self, now: float, parameters: Parameters, priority: int | None = None) -> Effects:
        """See `Instance`.

        Args:
            now: monotonic seconds.
            parameters: the new ones.
            priority: with the weights of what is tracked; None when nothing is.
        """
        effects = super().reconfigured(now, parameters)
        if priority is not None and not parameters.is_owner:
            self._retime(max(1, min(priority, OWNER_PRIORITY - 1)), self.master_interval)
        return effects

    # Inputs from the group

    def joined_master(self, now: float, cause: Cause) -> Effects:
        """Every member would be master by now: all of them become it."""
        return super()._become_master(now, cause) if self.state in {State.INIT, State.BACKUP} else NOTHING

    def left_master(self, now: float, cause: Cause) -> Effects:
        """Another member is master no more."""
        return self._yield(now, cause) if self.state is State.MASTER else NOTHING

    def held_in_fault(self, now: float, reason: Cause) -> Effects:
        """Another member is in FAULT; asked again, it replaces the reason."""
        if self.hold is None:
            self.hold = reason
            return self.fault_found(now, reason)
        self.faults = [reason if fault is self.hold else fault for fault in self.faults]
        self.hold = reason
        return NOTHING

    def released(self, now: float, cause: Cause) -> Effects:
        """No member has a reason for FAULT of its own any more."""
        reason, self.hold = self.hold, None
        return NOTHING if reason is None else super().fault_cleared(now, reason, cause)

    def rival_met_by_member(self, now: float) -> Effects:
        """Another member heard a rival, to whose group the clients of this one may have listened."""
        if self.state is not State.MASTER:
            return NOTHING
        effects = self._announcements.answer(now, self.parameters)
        self._arm()
        return effects

    def entered_group(self, name: str) -> None:
        """From now on nothing is decided alone."""
        self.group = name

    def joins_masters(self) -> None:
        """The others are master already: be BACKUP until the deadline comes, unless there is another master."""
        self.joins = self.state in {State.INIT, State.BACKUP} and not self.master_address

    def left_group(self, now: float) -> Effects:
        """From now on everything is decided alone; what waited for the others happens at the next deadline."""
        name, self.group, self.joins = self.group, "", False
        wish, self.wish = self.wish, None
        if wish is not None:
            self._heard = wish
            self.deadline_at = now
        return self.released(now, Cause(f"no longer a member of sync group {name}", Event.GROUP, name))

    # What an election alone would do at once

    def _become_master(self, now: float, cause: Cause) -> Effects:
        if not self.group:
            return super()._become_master(now, cause)
        effects: Effects = _CONSULT
        if self.state is State.INIT:
            self._listen(now, State.BACKUP, Cause("started", Event.STARTED))
            effects = _LISTEN
        self.wish = cause
        self.deadline_at = inf
        return effects

    def _follow(self, now: float, source: bytes, priority: int, interval: float) -> None:
        super()._follow(now, source, priority, interval)
        self.wish = None
        self.joins = False

    def _enter(self, now: float, state: State, cause: Cause) -> None:
        super()._enter(now, state, cause)
        self.wish = None
        self.joins = False
