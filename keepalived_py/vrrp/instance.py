"""The election of one virtual router (RFC 3768 and RFC 9568 section 6.4), with keepalived's FAULT state.

Inputs are past tense, take `now` (monotonic seconds) and return effects in the order in which they must be done.
No clock, socket or address list is looked at; there is one deadline, `deadline_at`, and calling `deadline_reached`
too early does no harm: a timer that was set for an earlier deadline may simply fire.
"""

from math import inf

from keepalived_py.observability.budget import LineBudget
from keepalived_py.vrrp import cause as causes
from keepalived_py.vrrp.announcements import Announcements
from keepalived_py.vrrp.cause import Cause, Event
from keepalived_py.vrrp.effects import NOTHING, Effect, Effects
from keepalived_py.vrrp.owner import Claim, OwnerConflict
from keepalived_py.vrrp.parameters import OWNER_PRIORITY, Parameters
from keepalived_py.vrrp.reception import address_text
from keepalived_py.vrrp.state import Note, State, Transition
from keepalived_py.vrrp.timers import VERSION_3, master_down_interval, skew_time

_BECOME_MASTER = (Effect.SEND_ADVERT, Effect.ADD_ADDRESSES, Effect.ANNOUNCE, Effect.REPORT_TRANSITION)
_YIELD = (Effect.REMOVE_ADDRESSES, Effect.REPORT_TRANSITION)
_RESIGN = (Effect.SEND_RESIGNATION, Effect.REMOVE_ADDRESSES, Effect.REPORT_TRANSITION)
_REPORT = (Effect.REPORT_TRANSITION,)
_SEND = (Effect.SEND_ADVERT,)
_NOTES = (Effect.REPORT_NOTES,)
ANSWERS = 10
"""Adverts of others that a master answers at once, and in each interval: a flood of them must not cause another."""


class Instance:
    """One election.

    Attributes:
        parameters: what is configured.
        state: where the election stands.
        transition: the last change of state; None before the first.
        notes: log lines that REPORT_NOTES asks to write.
        priority: effective priority, which tracking changes.
        source_address: packed source of our adverts; decides ties.
        master_interval: seconds between the adverts of the master we follow, or our own.
        master_down_interval: seconds of silence that we wait as BACKUP.
        master_address: packed source of the master last followed; empty for none.
        master_priority: its priority.
        highest_other_priority: best priority heard from any other router, or configured; 0 for none.
        last_sent_at: when SEND_ADVERT was last asked for.
        faults: reasons for FAULT, in the order in which they were found.
        startup_ends_at: adverts heard before are not believed.
        deadline_at: when `deadline_reached` must be called; infinite for never.
        repeats_until: until then the same advert again would do nothing but move the deadline.
    """

    __slots__ = (
        "_advert_at",
        "_announcements",
        "_answers",
        "_heard",
        "_owner",
        "_preempt_at",
        "_timer_is_skew",
        "deadline_at",
        "faults",
        "highest_other_priority",
        "last_sent_at",
        "master_address",
        "master_down_interval",
        "master_interval",
        "master_priority",
        "notes",
        "parameters",
        "priority",
        "repeats_until",
        "source_address",
        "startup_ends_at",
        "state",
        "transition",
    )

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.state = State.INIT
        self.transition: Transition | None = None
        self.notes: list[Note] = []
        self.priority = parameters.priority
        self.source_address = parameters.source_address
        self.master_interval = parameters.advertisement_interval
        self.master_down_interval = 0.0
        self.master_address = b""
        self.master_priority = 0
        self.highest_other_priority = parameters.timer_expired_backup
        self.last_sent_at = -inf
        self.faults: list[str] = []
        self.deadline_at = inf
        self.repeats_until = -inf
        self.startup_ends_at = -inf
        self._preempt_at = inf
        self._advert_at = inf
        self._announcements = Announcements()
        self._answers = LineBudget(ANSWERS, parameters.advertisement_interval / ANSWERS)
        self._timer_is_skew = False
        self._heard: Cause | None = None
        self._owner = OwnerConflict()
        self._learn_interval(parameters.advertisement_interval)

    # Inputs

    def started(self, now: float) -> Effects:
        """RFC 9568 section 6.4.1: the address owner becomes master, everybody else listens first."""
        if self.state is not State.INIT:
            return NOTHING
        self.startup_ends_at = now + self.parameters.startup_delay
        if self.faults:
            self._enter(now, State.FAULT, causes.fault(self.faults[0]))
            return _YIELD
        if self.parameters.is_owner and self.startup_ends_at <= now:
            return self._become_master(now, causes.owner(self.priority))
        self._listen(now, State.BACKUP, Cause("started", Event.STARTED))
        if self.parameters.is_owner:
            self.deadline_at = self.startup_ends_at
            self._heard = causes.owner(self.priority)
        return _YIELD

    def adopted(self, now: float, last_sent_at: float) -> Effects:
        """A predecessor process died as master: go on where it stopped, unless its peers have given it up by now.

        Args:
            now: monotonic seconds.
            last_sent_at: when the predecessor sent its last advert, on the same clock.
        """
        patience = self.parameters.down_timer_adverts * self.parameters.advertisement_interval
        if self.state is not State.INIT or self.faults or now - last_sent_at >= patience:
            return self.started(now)
        self.state = State.MASTER
        self._announcements.schedule(now, self.parameters)
        return self._send(now)

    def advert_received(self, now: float, source: bytes, priority: int, interval: float) -> Effects:
        """An advert of another router passed every check.

        Args:
            now: monotonic seconds.
            source: packed sender.
            priority: 0 to 255.
            interval: seconds between its adverts.
        """
        self.repeats_until = -inf
        if now < self.startup_ends_at:
            return NOTHING
        if self.state is State.BACKUP:
            self._note_other(priority)
            return self._advert_as_backup(now, source, priority, interval)
        if self.state is State.MASTER:
            self._note_other(priority)
            return self._advert_as_master(now, source, priority, interval)
        return NOTHING

    def deadline_reached(self, now: float) -> Effects:
        """Time has passed; calling early returns nothing."""
        if now < self.deadline_at:
            return NOTHING
        if self.state is State.BACKUP:
            return self._become_master(now, self._silence(now))
        if self.state is State.MASTER:
            return self._yield(now, self._oversleep(now)) if self._has_overslept(now) else self._master_deadlines(now)
        return NOTHING

    def fault_found(self, now: float, reason: str) -> Effects:
        """Something without which we must not be master is missing.

        Args:
            now: monotonic seconds.
            reason: one line, e.g. `interface eth0 went down`; also what `fault_cleared` must be told.
        """
        if reason in self.faults:
            return NOTHING
        self.faults.append(reason)
        if self.state not in {State.BACKUP, State.MASTER}:
            return NOTHING
        effects = _RESIGN if self.state is State.MASTER else _REPORT
        self._enter(now, State.FAULT, causes.fault(reason))
        return effects

    def fault_cleared(self, now: float, reason: str, cause: str = "") -> Effects:
        """One reason is gone; with the last one we listen again, for a whole Master_Down_Interval.

        Args:
            now: monotonic seconds.
            reason: as it was told to `fault_found`.
            cause: the good news as one line, e.g. `interface eth0 came up`.
        """
        if reason not in self.faults:
            return NOTHING
        self.faults.remove(reason)
        if self.faults or self.state is not State.FAULT:
            return NOTHING
        self._listen(now, State.BACKUP, causes.fault(cause or f"no longer: {reason}", Event.FAULT_CLEARED))
        if self.parameters.unicast_peers and self.source_address and now >= self.startup_ends_at:
            return (Effect.ANNOUNCE_SOURCE, Effect.REPORT_TRANSITION)
        return _REPORT

    def priority_changed(self, _now: float, priority: int) -> Effects:
        """Tracking changed the effective priority; an address owner keeps its own.

        No state changes here: as BACKUP the deadline moves by the difference, as MASTER the next advert says it.

        Args:
            priority: any integer; limited to 1 to 254.
        """
        priority = max(1, min(priority, OWNER_PRIORITY - 1))
        if self.parameters.is_owner or priority == self.priority:
            return NOTHING
        self.notes.append(Note(f"Changing effective priority from {self.priority} to {priority}"))
        self._retime(priority, self.master_interval)
        return _NOTES

    def source_address_changed(self, _now: float, address: bytes) -> Effects:
        """Our adverts have another source from now on; ties are decided with it.

        Args:
            address: packed; empty when the interface has none left.
        """
        self.source_address = address
        return NOTHING

    def reconfigured(self, now: float, parameters: Parameters) -> Effects:
        """A reload changed what is configured; the state stays, and so does an unchanged deadline.

        Raises:
            ValueError: family or virtual router id differ; that is another virtual router.
        """
        old = self.parameters
        if (old.family, old.vrid) != (parameters.family, parameters.vrid):
            raise ValueError(f"{parameters.name}: a reload cannot turn a virtual router into another one")
        self.parameters = parameters
        self._answers = LineBudget(ANSWERS, parameters.advertisement_interval / ANSWERS)
        if parameters.source_address and parameters.source_address != old.source_address:
            self.source_address = parameters.source_address
        if parameters.timer_expired_backup:
            self.highest_other_priority = parameters.timer_expired_backup
        follows_itself = self.state is not State.BACKUP or parameters.version != VERSION_3 or not self.master_address
        interval = parameters.advertisement_interval if follows_itself else self.master_interval
        self._retime(self.priority if old.priority == parameters.priority else parameters.priority, interval)
        if self.state is not State.MASTER or parameters == old:
            return NOTHING
        self._announcements.reconfigured(now, old, parameters)
        return self._send(now)

    def stopped(self, now: float) -> Effects:
        """RFC 9568 section 6.4, shutdown: a master says so, so that nobody has to wait for silence."""
        if self.state is State.INIT:
            return NOTHING
        effects = _RESIGN if self.state is State.MASTER else _REPORT
        self._enter(now, State.INIT, Cause("stopped", Event.STOPPED))
        return effects

    # BACKUP

    def _advert_as_backup(self, now: float, source: bytes, priority: int, interval: float) -> Effects:
        self._restore_ownership(source, priority)
        if priority == 0:
            self._timer_is_skew = True
            self.deadline_at = now + skew_time(self.parameters.version, self.priority, self.master_interval)
            self._heard = causes.resignation(source)
            self.notes.append(Note("Backup received priority 0 advertisement", detail=True))
        elif self._is_discarded(now, priority):
            self._heard = causes.preemption(source, self.priority, priority)
            text = f"received lower priority ({priority}) advert from {address_text(source)} - discarding"
            self.notes.append(Note(text))
        else:
            self._follow(now, source, priority, interval)
        return _NOTES if self.notes else NOTHING

    def _is_discarded(self, now: float, priority: int) -> bool:
        """RFC 9568 section 6.4.2 (450): a preempting router lets its timer run out on a lower priority."""
        if priority >= self.priority or not self.parameters.preempt_mode:
            return False
        return not self.parameters.preempt_delay or now >= self._preempt_at

    def _follow(self, now: float, source: bytes, priority: int, interval: float) -> None:
        self._learn_master(source, priority, interval)
        self._delay_preemption(now, priority)
        self._heard = None
        self._timer_is_skew = False
        self.deadline_at = now + self.master_down_interval
        self.repeats_until = self._preempt_at

    def _delay_preemption(self, now: float, priority: int) -> None:
        if not (self.parameters.preempt_delay and self.parameters.preempt_mode):
            return
        if priority >= self.priority:
            if self._preempt_at != inf:
                self.notes.append(Note("stop preempt delay", detail=True))
            self._preempt_at = inf
        elif self._preempt_at == inf:
            self._preempt_at = now + self.parameters.preempt_delay
            self.notes.append(Note(f"start preempt delay ({self.parameters.preempt_delay:.6f})", detail=True))

    def _learn_master(self, source: bytes, priority: int, interval: float) -> None:
        if source != self.master_address:
            before = f"changed from {address_text(self.master_address)}" if self.master_address else "set"
            self.notes.append(Note(f"master {before} to {address_text(source)}", detail=True))
        self.master_address = source
        self.master_priority = priority
        # An interval of 0 would make every router master at once: nobody learns that.
        if self.parameters.version == VERSION_3 and interval and interval != self.master_interval:
            milliseconds = f"from {self.master_interval * 1000:.0f}ms to {interval * 1000:.0f}ms"
            self.notes.append(Note(f"advertisement interval updated {milliseconds} by master", detail=True))
            self._learn_interval(interval)

    def _restore_ownership(self, source: bytes, priority: int) -> None:
        lost = self.parameters.is_owner and self.priority != OWNER_PRIORITY
        if lost and (source != self.master_address or priority != OWNER_PRIORITY):
            self._reclaim_ownership("the other address owner yielded")

    def _reclaim_ownership(self, cause: str) -> None:
        self.notes.append(Note(f"Restoring our priority to {OWNER_PRIORITY} since {cause}"))
        self._retime(OWNER_PRIORITY, self.master_interval)

    def _silence(self, now: float) -> Cause:
        """Why the deadline of a BACKUP makes it master."""
        if self._heard is not None:
            return self._heard
        waited = now - (self.deadline_at - self.master_down_interval)
        return causes.silence(self.master_address, waited, self.priority)

    # MASTER

    def _become_master(self, now: float, cause: Cause) -> Effects:
        if self.parameters.is_owner and self.priority != OWNER_PRIORITY:
            self._reclaim_ownership("the other address owner has disappeared")
        self._enter(now, State.MASTER, cause)
        self._learn_interval(self.parameters.advertisement_interval)
        self._announcements.schedule(now, self.parameters)
        self._send(now)
        return (*_BECOME_MASTER, *_NOTES) if self.notes else _BECOME_MASTER

    def _advert_as_master(self, now: float, source: bytes, priority: int, interval: float) -> Effects:
        if self._has_overslept(now):
            yielded = self._yield(now, self._oversleep(now))
            return yielded + self._advert_as_backup(now, source, priority, interval)
        if priority == 0:
            if not self._answers.allows(now):
                return NOTHING
            self.notes.append(Note("Master received priority 0 message", detail=True))
            return self._send(now) + _NOTES
        if priority == self.priority:
            if source == self.source_address:
                self.notes.append(Note("WARNING - equal priority advert received from another host with our address"))
                return _NOTES
            self._judge_claim(source, interval)
        if (priority, source) > (self.priority, self.source_address):
            return self._yield_to(now, source, priority, interval)
        return self._answer(now, source, priority)

    def _yield_to(self, now: float, source: bytes, priority: int, interval: float) -> Effects:
        # After a split the other has not heard us and must announce. A third router would learn our interval here.
        parts = self.parameters.higher_prio_send_advert or interval == self.parameters.advertisement_interval
        cause = causes.superior(source, self.priority, priority)
        self._learn_master(source, priority, interval)
        effects = self._yield(now, cause)
        effects = effects + _NOTES if self.notes else effects
        return _SEND + effects if parts else effects

    def _yield(self, now: float, cause: Cause) -> Effects:
        self._enter(now, State.BACKUP, cause)
        self.deadline_at = now + self.master_down_interval
        return _YIELD

    def _answer(self, now: float, source: bytes, priority: int) -> Effects:
        """RFC 9568 section 6.4.3 (735) discards it; the hosts that believed it must hear from us."""
        if not self._answers.allows(now):
            return NOTHING
        effects = NOTHING if self.parameters.lower_prio_no_advert else self._send(now)
        effects += self._announcements.answer(now, self.parameters)
        self._arm()
        if self._is_parting(now, source):
            return effects
        election = "" if self.parameters.lower_prio_no_advert else ", forcing new election"
        text = f"Received advert from {address_text(source)} with lower priority {priority}, ours {self.priority}"
        self.notes.append(Note(text + election))
        return (*effects, Effect.REPORT_LOWER_PRIORITY, *_NOTES)

    def _is_parting(self, now: float, source: bytes) -> bool:
        """Whether an advert is the last of the master that we have just preempted: nothing to speak of."""
        made = self.transition
        if made is None or now >= made.at + self.parameters.advertisement_interval:
            return False
        return (made.event, made.source) == (Event.PREEMPTION, address_text(source))

    def _judge_claim(self, source: bytes, interval: float) -> None:
        """Two address owners: see `owner`. May lower our priority, so that the comparison that follows yields."""
        if self.priority != OWNER_PRIORITY:
            return
        sender = address_text(source)
        claim = Claim.NEW if source > self.source_address else self._owner.claimed(interval)
        if claim is Claim.NEW:
            text = f"CONFIGURATION ERROR: local instance and {sender} are both configured as address owner"
            self.notes.append(Note(f"{text}, please resolve"))
        elif claim is Claim.PERSISTENT:
            text = f"{sender} is still advertising as address owner, please resolve - reducing our priority"
            self.notes.append(Note(text))
            self._retime(OWNER_PRIORITY - 1, self.master_interval)

    def _master_deadlines(self, now: float) -> Effects:
        effects: Effects = NOTHING
        if now >= self._advert_at:
            due_at = self._advert_at
            effects = self._send(now)
            # The cadence is kept: lateness of this advert does not delay the next one, unless that is due already.
            next_at = due_at + self.parameters.advertisement_interval
            self._advert_at = next_at if next_at > now else self._advert_at
        if now >= self._announcements.next_at:
            effects += self._announcements.due(now, self.parameters)
        if now >= self._owner.ends_at:
            self._owner.forget()
            self.notes.append(Note("the other address owner appears to have stopped advertising"))
            effects += _NOTES
        self._arm()
        return effects

    def _send(self, now: float) -> Effects:
        self.last_sent_at = now
        self._advert_at = now + self.parameters.advertisement_interval
        self._owner.advert_sent(now, self.parameters.advertisement_interval)
        self._arm()
        return _SEND

    def _has_overslept(self, now: float) -> bool:
        """Whether a peer may have become master while we did not run.

        An address owner goes on all the same: no other router may keep its addresses (RFC 9568 section 6.4.1).
        """
        return (
            self.highest_other_priority > 0
            and not self.parameters.is_owner
            and now - self.last_sent_at >= self._peers_patience()
        )

    def _peers_patience(self) -> float:
        parameters = self.parameters
        return master_down_interval(
            parameters.version,
            self.highest_other_priority,
            parameters.advertisement_interval,
            parameters.down_timer_adverts,
        )

    def _oversleep(self, now: float) -> Cause:
        return causes.oversleep(now - self.last_sent_at, self._peers_patience())

    # Everything

    def _listen(self, now: float, state: State, cause: Cause) -> None:
        self._enter(now, state, cause)
        self.master_address = b""
        self._learn_interval(self.parameters.advertisement_interval)
        self.deadline_at = max(now, self.startup_ends_at) + self.master_down_interval

    def _enter(self, now: float, state: State, cause: Cause) -> None:
        self.transition = Transition(self.state, state, cause, now)
        self.state = state
        self._announcements.cancel()
        self._owner.forget()
        self._preempt_at = inf
        self._heard = None
        self._timer_is_skew = False
        self.deadline_at = inf
        self.repeats_until = -inf

    def _arm(self) -> None:
        self.deadline_at = min(self._advert_at, self._announcements.next_at, self._owner.ends_at)

    def _learn_interval(self, interval: float) -> None:
        self.master_interval = interval
        self.master_down_interval = self._down_interval(self.priority, interval)

    def _down_interval(self, priority: int, interval: float) -> float:
        return master_down_interval(self.parameters.version, priority, interval, self.parameters.down_timer_adverts)

    def _retime(self, priority: int, interval: float) -> None:
        """Take another priority or interval over; a running BACKUP timer keeps what has passed of it."""
        waiting_since = self.deadline_at - self._wait
        self.repeats_until = -inf
        self.priority = priority
        self._learn_interval(interval)
        if self.state is State.BACKUP:
            self.deadline_at = waiting_since + self._wait

    @property
    def _wait(self) -> float:
        """How long the running BACKUP timer runs in all."""
        if self._timer_is_skew:
            return skew_time(self.parameters.version, self.priority, self.master_interval)
        return self.master_down_interval

    def _note_other(self, priority: int) -> None:
        if not self.parameters.timer_expired_backup and priority > self.highest_other_priority:
            self.highest_other_priority = priority
