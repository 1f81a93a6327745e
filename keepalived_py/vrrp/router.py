"""One virtual router: reception, election, counters and the bytes of its adverts."""

from keepalived_py.observability.budget import LineBudget
from keepalived_py.observability.counters import VrrpCounters
from keepalived_py.structure import replace
from keepalived_py.vrrp.adverts import RESIGNATION, Adverts, Outgoing
from keepalived_py.vrrp.authentication import AuthenticationHeader, AuthenticationType
from keepalived_py.vrrp.cause import Cause
from keepalived_py.vrrp.effects import NOTHING, Effect, Effects
from keepalived_py.vrrp.member import Member
from keepalived_py.vrrp.packet import Message, addresses_of, decode
from keepalived_py.vrrp.parameters import IPV4, Parameters
from keepalived_py.vrrp.peers import Peers, Refusals
from keepalived_py.vrrp.reception import (
    Datagram,
    Verifier,
    address_text,
    check_advert,
    has_old_checksum,
    remark_on,
    split_ipv4,
    split_ipv6,
    split_trailer,
    text_of,
)
from keepalived_py.vrrp.rejection import Rejection
from keepalived_py.vrrp.signature import Signature, WallClock
from keepalived_py.vrrp.state import Note, Rival, State, Transition

_LISTENING = frozenset({State.BACKUP, State.MASTER})
_NOTES = (Effect.REPORT_NOTES,)
_RIVAL = (Effect.REPORT_DUAL_MASTER,)
_SOURCES_NAMED = 4
"""Sources of one kind of refused advert that the log hears of at once."""
_RIVALS_TOLD = 8
"""Other masters that followers hear of at once, and then one in each of so many seconds."""
_RIVALS_INTERVAL = 60.0
_BOTH = "; both routers may be MASTER"
_UNHEARD = frozenset({Rejection.NOT_LISTENING, Rejection.OWNER})
"""What is refused because of our own state or configuration, not because of what was sent."""


def no_clock() -> int:
    """Stand for a clock where there is none: the time does not pass."""
    return 0


class VirtualRouter:
    """One VRID of one family on one interface (RFC 9568 section 1.7). No input or output happens here.

    Every input returns effects in the order in which they must be done. `deadline_at` is to be read again after each
    input; when it moved to a later time, an armed timer may be left as it is, since calling `deadline_reached` too
    early returns nothing.

    Attributes:
        instance: the election; its `transition`, `notes`, `priority` and so on are what effects speak of.
        counters: keepalived's statistics.
        rejections: how often each check refused or remarked on an advert.
        last_rejection: of the last advert that was refused or remarked on; None before the first.
        rival: the other master that was found last; None before the first.
    """

    __slots__ = (
        "_adverts",
        "_clock",
        "_differing_interval",
        "_fast_path",
        "_is_ipv4",
        "_last_source",
        "_noted",
        "_peers",
        "_repeat_destination",
        "_repeat_head",
        "_repeat_hop_limit",
        "_repeat_source",
        "_repeat_tail",
        "_repeat_ttl",
        "_repeated_at",
        "_repeats_from",
        "_rivals_told",
        "_sends_old_checksum",
        "_verifier",
        "counters",
        "instance",
        "last_rejection",
        "rejections",
        "rival",
    )

    def __init__(self, parameters: Parameters, *, fast_path: bool = True, wall_clock: WallClock = no_clock) -> None:
        """Make a router that has not started.

        Args:
            parameters: everything it needs to know.
            fast_path: False to check every advert in full; for tests.
            wall_clock: Unix time in nanoseconds; only signed adverts need it.
        """
        self.instance = Member(parameters)
        self.counters = VrrpCounters()
        self.rejections: dict[Rejection, int] = {}
        self.last_rejection: Rejection | None = None
        self._fast_path = fast_path
        self.rival: Rival | None = None
        self._noted: dict[Rejection, set[bytes]] = {}
        self._peers = Peers()
        self._rivals_told = LineBudget(_RIVALS_TOLD, _RIVALS_INTERVAL)
        self._last_source = b""
        self._differing_interval = -1.0
        self._is_ipv4 = parameters.family == IPV4
        self._clock = wall_clock
        self._verifier: Verifier | None = None
        self._repeat_head = self._repeat_ttl = self._repeat_source = self._repeat_destination = b""
        self._repeat_tail: bytes | None = None
        self._repeat_hop_limit = -1
        self._repeated_at = 0.0
        self._repeats_from = 0
        self._sends_old_checksum = False
        self._adverts = self._prepare()

    @property
    def parameters(self) -> Parameters:
        """What is configured."""
        return self.instance.parameters

    @property
    def state(self) -> State:
        """Where the election stands."""
        return self.instance.state

    @property
    def deadline_at(self) -> float:
        """When `deadline_reached` must be called; infinite for never."""
        return self.instance.deadline_at

    @property
    def transition(self) -> Transition | None:
        """The last change of state."""
        return self.instance.transition

    @property
    def peers(self) -> Peers:
        """The other routers of this VRID, heard or refused."""
        self._forget_repeat()
        return self._peers

    @property
    def heard_at(self) -> dict[bytes, float]:
        """When each source was last heard with an advert that counts: packed address to monotonic seconds."""
        return {source: peer.heard_at for source, peer in self.peers if peer.adverts}

    @property
    def sequence(self) -> int:
        """Number of the last authentication header sent or accepted, or of the last signature; 0 without them."""
        return 0 if self._verifier is None else self._verifier.sequence

    # Reception

    def datagram_received(
        self, now: float, data: bytes | memoryview, source: bytes = b"", ttl: int = -1, destination: bytes = b""
    ) -> Effects:
        """A raw socket delivered something for this virtual router; any bytes are accepted or refused, none raises.

        Args:
            now: monotonic seconds.
            data: IPv4 datagram with its header, or IPv6 payload.
            source: packed sender; IPv6 only, IPv4 says it itself.
            ttl: hop limit, -1 when it is not known; IPv6 only.
            destination: packed; IPv6 only.
        """
        instance = self.instance
        if now < instance.repeats_until and (
            data[12:] == self._repeat_tail and data[:4] == self._repeat_head and data[8:10] == self._repeat_ttl
            if self._is_ipv4
            else data == self._repeat_tail
            and source == self._repeat_source
            and ttl == self._repeat_hop_limit
            and destination == self._repeat_destination
        ):
            # The same advert from the same router: all that changes is how long we believe in it.
            self._repeated_at = now
            self.counters.advert_rcvd += 1
            instance.deadline_at = now + instance.master_down_interval
            return NOTHING
        octets = bytes(data)
        datagram = split_ipv4(octets) if self._is_ipv4 else split_ipv6(octets, source, ttl, destination)
        return self._checked(now, octets, datagram)

    def _checked(self, now: float, octets: bytes, datagram: Datagram) -> Effects:
        instance = self.instance
        if not datagram.message:
            return self._refuse(now, Rejection.TRUNCATED, datagram, None)
        message = decode(datagram.message)
        if instance.state not in _LISTENING or now < instance.startup_ends_at:
            return self._refuse(now, Rejection.NOT_LISTENING, datagram, message)
        if instance.parameters.signing is not None:
            datagram = split_trailer(datagram, message)
        rejection = check_advert(instance.parameters, datagram, message, self._verifier, instance.priority)
        if rejection is not None:
            return self._refuse(now, rejection, datagram, message)
        self._forget_repeat()
        return self._accept(now, octets, datagram, message)

    def _accept(self, now: float, octets: bytes, datagram: Datagram, message: Message) -> Effects:
        instance = self.instance
        self.counters.advert_rcvd += 1
        self.counters.pri_zero_rcvd += message.priority == 0
        self._peers.heard(now, datagram.source, message.priority, message.interval)
        remark = self._remark(datagram, message)
        noted = NOTHING if remark is None else self._refuse(now, remark, datagram, message)
        if instance.parameters.knows_old_checksum and not self._sends_old_checksum:
            noted = self._learn_checksum(datagram) or noted
        if datagram.trailer and isinstance(self._verifier, Signature) and self._verifier.is_skewed:
            noted = self._refuse(now, Rejection.CLOCK_SKEW, datagram, message) or noted
        effects = self._counted(now, instance.advert_received(now, datagram.source, message.priority, message.interval))
        if Effect.REPORT_LOWER_PRIORITY in effects:
            effects += self._rival_met(now, datagram.source, f"it has priority {message.priority} and does not yield")
        # A remark that is counted each time must be made each time.
        is_repeatable = remark is None or remark is Rejection.INTERVAL_DIFFERS
        if self._fast_path and is_repeatable and not (datagram.authenticated or datagram.trailer):
            self._remember(octets, datagram)
        else:
            self._repeat_tail = None
        return effects if not noted or Effect.REPORT_NOTES in effects else effects + noted

    def _learn_checksum(self, datagram: Datagram) -> Effects:
        """Speak to peers as they speak to us, when one of them turns out to be old."""
        parameters = self.instance.parameters
        is_peer = any(peer.address == datagram.source for peer in parameters.unicast_peers)
        if not is_peer or parameters.old_unicast_checksum is not None or not has_old_checksum(parameters, datagram):
            return NOTHING
        self._sends_old_checksum = True
        self.instance.notes.append(Note("Setting unicast VRRPv3 checksum to old version"))
        self._adverts = self._prepare()
        return _NOTES

    def _remark(self, datagram: Datagram, message: Message) -> Rejection | None:
        instance = self.instance
        is_same_source = datagram.source == self._last_source
        self._last_source = datagram.source
        if not is_same_source and instance.state is State.BACKUP:
            self._noted.clear()
        may_skip = is_same_source and instance.state is State.BACKUP and instance.parameters.skip_check_adv_addr
        remark = remark_on(instance.parameters, datagram, message, check_addresses=not may_skip)
        if remark is Rejection.INTERVAL_DIFFERS:
            if message.interval == self._differing_interval:
                return None
            self._differing_interval = message.interval
            self._noted.pop(remark, None)
        return remark

    def other_vrid_received(
        self, now: float, data: bytes, source: bytes = b"", ttl: int = -1, destination: bytes = b""
    ) -> Effects:
        """A socket delivered something for a virtual router id that nobody here has: perhaps we were meant.

        It is taken for a mistake when a configured peer sent it, or when it lists our addresses. The arguments are
        those of `datagram_received`.
        """
        datagram = split_ipv4(data) if self._is_ipv4 else split_ipv6(data, source, ttl, destination)
        if not datagram.message or self.instance.state not in _LISTENING:
            return NOTHING
        message, parameters = decode(datagram.message), self.instance.parameters
        is_peer = any(peer.address == datagram.source for peer in parameters.unicast_peers)
        length = 4 if self._is_ipv4 else 16
        listed = set() if is_peer else set(addresses_of(datagram.message, message.address_count, length))
        if is_peer or (listed and listed == set(parameters.virtual_addresses)):
            return self._refuse(now, Rejection.OTHER_VRID, datagram, message)
        return NOTHING

    def _refuse(self, now: float, rejection: Rejection, datagram: Datagram, message: Message | None) -> Effects:
        """Count it; the log hears of each kind and source once until the state or the master changes."""
        self.last_rejection = rejection
        self.rejections[rejection] = self.rejections.get(rejection, 0) + 1
        if rejection.counter:
            self.counters.count(rejection.counter)
        if rejection is Rejection.NOT_LISTENING:
            return NOTHING
        notes = self.instance.notes
        noted_before = len(notes)
        sources = self._noted.setdefault(rejection, set())
        if datagram.source not in sources and len(sources) < _SOURCES_NAMED:
            sources.add(datagram.source)
            skew = self._verifier.skew if isinstance(self._verifier, Signature) else 0
            notes.append(Note(text_of(rejection, self.instance.parameters, datagram, message, skew)))
        is_rival = datagram.source and not rejection.accepted and rejection not in _UNHEARD
        effects = self._account(now, rejection, datagram.source) if is_rival else NOTHING
        return _NOTES + effects if len(notes) > noted_before else effects

    def _account(self, now: float, rejection: Rejection, source: bytes) -> Effects:
        """Keep account of a source whose adverts are refused; say so in one line when that goes on."""
        patience = self.instance.parameters.down_timer_adverts * self.instance.parameters.advertisement_interval
        row = self._peers.refused(now, source, rejection, patience)
        if row.is_worth_saying(now):
            self._say_refused(now, rejection, source, row)
        # One whose own deadline has passed may have slept, and be master no more.
        is_master = self.instance.state is State.MASTER and now <= self.instance.deadline_at
        return self._rival_met(now, source, rejection.reason) if is_master else NOTHING

    def _say_refused(self, now: float, rejection: Rejection, source: bytes, row: Refusals) -> None:
        both = _BOTH if self.instance.state is State.MASTER else ""
        what = f"{row.count} adverts from {address_text(source)} dropped in {now - row.first_at:.0f} s"
        self.instance.notes.append(Note(f"{what}: {rejection.reason}{both}"))

    def _rival_met(self, now: float, source: bytes, reason: str) -> Effects:
        """Another master was heard while we are one; followers hear of it once."""
        if not (self._peers.is_new_rival(now, source) and self._rivals_told.allows(now)):
            return NOTHING
        self.rival = Rival(source, reason, now)
        return _RIVAL

    def _rivals_found(self, now: float) -> Effects:
        """We have become master: whoever is being refused is another one."""
        parameters = self.instance.parameters
        since = now - (parameters.down_timer_adverts + 1) * parameters.advertisement_interval
        effects = NOTHING
        for source, rejection, row in tuple(self._peers.refused_since(since)):
            if row.is_worth_saying(now, at_once=True):
                self._say_refused(now, rejection, source, row)
                effects = _NOTES
        return effects

    def _remember(self, octets: bytes, datagram: Datagram) -> None:
        # Of an IPv4 header the id, the fragment flags and the checksum may differ from one repetition to the next.
        self._repeat_head = octets[:4]
        self._repeat_ttl = octets[8:10]
        self._repeat_tail = octets[12:] if self._is_ipv4 else octets
        self._repeat_source = datagram.source
        self._repeat_hop_limit = datagram.ttl
        self._repeat_destination = datagram.destination

        self._repeats_from = self.counters.advert_rcvd

    def _forget_repeat(self) -> None:
        """Give the source of the repeated advert what the fast path has not counted."""
        if self._repeated_at:
            count = max(1, self.counters.advert_rcvd - self._repeats_from)
            self._peers.repeated(self._repeated_at, self._repeat_source, count)
            self._repeats_from = self.counters.advert_rcvd
            self._repeated_at = 0.0

    # Other inputs: see `Instance`

    def started(self, now: float) -> Effects:
        """Begin: an address owner as master, everybody else as BACKUP, in FAULT when a fault was found before."""
        return self._counted(now, self.instance.started(now))

    def adopted(self, now: float, last_sent_at: float, sequence: int = 0) -> Effects:
        """Go on as the master that a dead predecessor process was, if its peers have not given it up.

        Args:
            now: monotonic seconds.
            last_sent_at: when the predecessor sent its last advert.
            sequence: its `sequence`: peers refuse what does not go on from there.
        """
        if self._verifier is not None:
            self._verifier.sequence = sequence
        return self._counted(now, self.instance.adopted(now, last_sent_at))

    def deadline_reached(self, now: float) -> Effects:
        """Time has passed; calling early returns nothing."""
        return self._counted(now, self.instance.deadline_reached(now))

    def fault_found(self, now: float, reason: str) -> Effects:
        """Something without which we must not be master is missing."""
        return self._counted(now, self.instance.fault_found(now, reason))

    def fault_cleared(self, now: float, reason: str, cause: str = "") -> Effects:
        """One reason for FAULT is gone."""
        return self._counted(now, self.instance.fault_cleared(now, reason, cause))

    def priority_changed(self, now: float, priority: int) -> Effects:
        """Tracking changed the effective priority."""
        effects = self.instance.priority_changed(now, priority)
        self._adverts.prepare(self.instance.priority)
        return effects

    def source_address_changed(self, now: float, address: bytes) -> Effects:
        """Our adverts have another source from now on."""
        effects = self.instance.source_address_changed(now, address)
        self._adverts = self._prepare()
        return effects

    def reconfigured(self, now: float, parameters: Parameters, priority: int | None = None) -> Effects:
        """A reload changed what is configured; state, counters and sequence numbers stay.

        Args:
            now: monotonic seconds.
            parameters: the new ones.
            priority: with the weights of what is tracked; None when nothing is.

        Raises:
            ValueError: it would be another virtual router.
        """
        effects = self.instance.reconfigured(now, parameters, priority)
        self._adverts = self._prepare()
        return self._counted(now, effects)

    def joined_master(self, now: float, cause: Cause) -> Effects:
        """Every member of the sync group would be master by now."""
        return self._counted(now, self.instance.joined_master(now, cause))

    def left_master(self, now: float, cause: Cause) -> Effects:
        """Another member of the sync group is master no more."""
        return self._counted(now, self.instance.left_master(now, cause))

    def held_in_fault(self, now: float, reason: Cause) -> Effects:
        """A member of the sync group is in FAULT."""
        return self._counted(now, self.instance.held_in_fault(now, reason))

    def released(self, now: float, cause: Cause) -> Effects:
        """No member of the sync group has a fault any more."""
        return self._counted(now, self.instance.released(now, cause))

    def rival_met_by_member(self, now: float) -> Effects:
        """Another member of the sync group heard a lower priority."""
        return self.instance.rival_met_by_member(now)

    def left_group(self, now: float) -> Effects:
        """The router belongs to no sync group any more."""
        return self._counted(now, self.instance.left_group(now))

    def stopped(self, now: float) -> Effects:
        """The end; a master resigns."""
        return self._counted(now, self.instance.stopped(now))

    # Adverts

    def adverts_to_send(self, *, resigning: bool = False) -> Outgoing:
        """What SEND_ADVERT (or, resigning, SEND_RESIGNATION) means in bytes; counts it as sent.

        With an authentication header or a signature each call takes the next sequence number: call once per effect.
        """
        self.counters.advert_sent += 1
        if resigning:
            self.counters.pri_zero_sent += 1
            return self._adverts.outgoing(RESIGNATION)
        return self._adverts.outgoing(self.instance.priority)

    def _prepare(self) -> Adverts:
        self._repeat_tail = None
        self._verifier = self._next_verifier()
        parameters = self.instance.parameters
        if self._sends_old_checksum and parameters.old_unicast_checksum is None:
            parameters = replace(parameters, old_unicast_checksum=True)
        adverts = Adverts(parameters, self.instance.source_address, self._verifier)
        adverts.prepare(self.instance.priority)
        return adverts

    def _next_verifier(self) -> Verifier | None:
        """What signs and checks from now on, with the sequence numbers of what did so before."""
        parameters, before = self.instance.parameters, self._verifier
        peers = len(parameters.unicast_peers)
        if parameters.signing is not None:
            router = (parameters.family, parameters.version, parameters.vrid)
            signature = Signature(parameters.signing, router, self._clock, peers)
            if isinstance(before, Signature):
                signature.succeed(before)
            return signature
        if parameters.authentication.type is not AuthenticationType.HEADER:
            return None
        header = AuthenticationHeader(parameters.authentication, unicast=bool(peers))
        header.sequence = before.sequence if isinstance(before, AuthenticationHeader) else 0
        return header

    def _counted(self, now: float, effects: Effects) -> Effects:
        if Effect.REPORT_TRANSITION not in effects or not self.instance.transition:
            return effects
        self.counters.become_master += self.instance.transition.new is State.MASTER
        self.counters.release_master += self.instance.transition.old is State.MASTER
        self._noted.clear()
        if self.instance.transition.new is not State.MASTER:
            return effects
        found = self._rivals_found(now)
        return effects if not found or Effect.REPORT_NOTES in effects else effects + found
