"""Does what the machines ask for, in their order: adverts, addresses, announcements, log lines.

Nothing here waits. A takeover of up to one slice of addresses is finished when `perform` returns: advert, one netlink
batch, all frames, and only then the kernel's answers. A larger one goes on slice by slice from the loop, so that
adverts of this and of every other instance keep their cadence meanwhile.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from keepalived_py.errors import NetlinkError, PermissionDeniedError
from keepalived_py.kernel.netlink import NetlinkSocket
from keepalived_py.kernel.rtnl import ADD_TOLERATED, AF_INET, DELETE_TOLERATED, AddressRequest, address_deleted
from keepalived_py.kernel.transmit import Burst, frame_destination, open_frame_socket
from keepalived_py.notify import vocabulary
from keepalived_py.vrrp.effects import Effect
from keepalived_py.vrrp.parameters import IPV4, IPV6
from keepalived_py.vrrp.reception import address_text
from keepalived_py.vrrp.state import State
from keepalived_py.vrrp.takeover import Takeover

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from keepalived_py.kernel.message import Slice
    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.adoption import AdoptionRecord
    from keepalived_py.vrrp.running import RunningInstance
    from keepalived_py.vrrp.takeover import PlacedAddress

FULL_PAUSE = 0.001
"""Seconds before a full interface queue is tried again."""
FULL_LIMIT = 1.0
"""Seconds after which frames that an interface does not take are given up."""
LINES_AT_ONCE = 50
"""Log lines about announcements that are made before adverts have their turn."""
NO_PAUSE = 0.0
"""Step value: go on in the next iteration of the loop, after whatever else is due."""


class Executor:
    """Carries out effects; owns the netlink command channel and the packet socket.

    Args:
        reactor: schedules what takes more than one slice.
        log: of the process; flushed by the loop, never here.
        record: what a successor of this process may adopt.

    Attributes:
        frame_pause: seconds between two announcing frames, by family (vrrp_garp_interval, vrrp_gna_interval).
        working: instances amid adding, removing or announcing their addresses.

    Raises:
        PermissionDeniedError: CAP_NET_RAW is missing.
    """

    def __init__(self, reactor: Reactor, log: Log, record: AdoptionRecord) -> None:
        self.frame_pause = {IPV4: 0.0, IPV6: 0.0}
        self.working: set[RunningInstance] = set()
        self._reactor = reactor
        self._log = log
        self._record = record
        self._netlink = NetlinkSocket()
        try:
            self._frames = open_frame_socket()
        except PermissionError as problem:
            raise PermissionDeniedError("packet sockets need CAP_NET_RAW: start keepalived as root") from problem
        self._lines: list[str] = []
        self._actions: dict[Effect, Callable[[RunningInstance, float], None]] = {
            Effect.SEND_ADVERT: self._send_advert,
            Effect.SEND_RESIGNATION: self._send_resignation,
            Effect.ADD_ADDRESSES: self._add_addresses,
            Effect.REMOVE_ADDRESSES: self._remove_addresses,
            Effect.ANNOUNCE: self._announce,
            Effect.REFRESH: self._refresh,
            Effect.ANNOUNCE_LOWER_PRIORITY: self._announce_lower_priority,
            Effect.ANNOUNCE_SOURCE: self._announce_source,
            Effect.REPORT_TRANSITION: self._report_transition,
            Effect.REPORT_NOTES: self._report_notes,
        }

    def close(self) -> None:
        """Close the sockets."""
        self._netlink.close()
        self._frames.close()

    def demand_permission(self) -> None:
        """Find out whether the kernel lets us change addresses, before other routers rely on it.

        Raises:
            PermissionDeniedError: CAP_NET_ADMIN is missing.
        """
        # The kernel looks at the permission first, and only then for interface 0.
        refusals = self._netlink.execute([address_deleted(AddressRequest(AF_INET, bytes(4), 32, 0))])
        if any(refusal.errno == errno.EPERM for refusal in refusals):
            raise PermissionDeniedError("virtual addresses need CAP_NET_ADMIN: start keepalived as root")

    def perform(self, running: RunningInstance, effects: Sequence[Effect], now: float) -> None:
        """Carry out `effects` in order. Log lines about addresses follow those about the transition."""
        for effect in effects:
            action = self._actions.get(effect)
            if action is not None:  # REPORT_LOWER_PRIORITY is for notify scripts, which are not in effect
                action(running, now)
        if self._lines:
            lines, self._lines = self._lines, []
            for line in lines:
                self._log.info(line)

    # Adverts

    def _send_advert(self, running: RunningInstance, now: float) -> None:
        self._send(running, resigning=False)
        if running.router.state is State.MASTER:
            self._record.sent_advert(running.name, now, running.router.sequence)

    def _send_resignation(self, running: RunningInstance, _now: float) -> None:
        self._send(running, resigning=True)

    def _send(self, running: RunningInstance, *, resigning: bool) -> None:
        sockets = running.sockets
        if sockets is None:
            return
        router = running.router
        source, hop_limit = router.instance.source_address, router.parameters.ttl
        for destination, datagram in router.adverts_to_send(resigning=resigning):
            problem = sockets.send(datagram, source, destination, hop_limit)
            if problem or running.send_problems:
                self._remember_problem(running, destination, problem)

    def _remember_problem(self, running: RunningInstance, destination: bytes, problem: str) -> None:
        """Log a problem when it comes, when it changes and when it goes."""
        if problem == running.send_problems.get(destination, ""):
            return
        whom = address_text(destination)
        if problem:
            running.send_problems[destination] = problem
            self._log.error(f"({running.name}) cannot send adverts to {whom}: {problem}")
        else:
            del running.send_problems[destination]
            self._log.info(f"({running.name}) adverts to {whom} leave again")

    # Addresses

    def prepare(self, running: RunningInstance, takeover: Takeover) -> None:
        """Make `takeover` the addresses of an instance; if it holds them, add and remove the difference.

        Addresses that stay while the hardware address beneath them changes are announced again.
        """
        old = running.takeover
        running.takeover = takeover
        running.bursts = _bursts(takeover)
        if not running.holding:
            return
        running.stale = Takeover((*running.stale.addresses, *old.addresses)).without(takeover)
        self._queue_stale(running)
        added = takeover.without(old)
        if added.addresses:
            self._add_and_announce(running, added)
        moved = Takeover(takeover.moved_since(old))
        if moved.addresses:
            rounds = running.router.parameters.garp_master_repeat
            self._queue(running, self._announcing(running, _bursts(moved), rounds))

    def _queue_stale(self, running: RunningInstance) -> None:
        if running.stale.addresses:
            self._queue(running, self._removing_stale(running))

    def _removing_stale(self, running: RunningInstance) -> Iterator[float]:
        """Remove what a reload took away; a change of state in between drops this work, but not what is stale."""
        yield from self._removing(running, running.stale)
        running.stale = Takeover(())

    def adopt(self, running: RunningInstance) -> None:
        """Take the addresses of a crashed predecessor as ours: what is missing is added, nothing is announced."""
        running.holding = True
        self._queue(running, self._adding(running, running.takeover, ()))

    def restore(self, running: RunningInstance, placed: PlacedAddress) -> None:
        """Put back one address that another program removed, and announce it."""
        if running.holding and running.takeover.by_key.get(placed.key) == placed:
            self._add_and_announce(running, Takeover((placed,)))

    def remove_leftovers(self, running: RunningInstance, leftovers: Sequence[PlacedAddress]) -> None:
        """Remove addresses that an earlier process left behind."""
        self._queue(running, self._removing(running, Takeover(leftovers)))

    def finish(self, running: RunningInstance) -> None:
        """Do all netlink work that is left at once: the process is about to end."""
        while running.work:
            for _pause in running.work.popleft():
                pass
        self._drop_work(running)

    def _add_and_announce(self, running: RunningInstance, takeover: Takeover) -> None:
        bursts = _bursts(takeover)
        self._queue(running, self._adding(running, takeover, bursts))
        self._queue(running, self._announcing(running, bursts, self._rounds_left(running)))

    def _add_addresses(self, running: RunningInstance, _now: float) -> None:
        self._drop_work(running)
        running.holding = running.announced = True
        if running.takeover.addresses:
            self._lines.append(vocabulary.setting_addresses(running.name))
        self._queue(running, self._adding(running, running.takeover, running.bursts))
        self._queue_stale(running)

    def _remove_addresses(self, running: RunningInstance, _now: float) -> None:
        self._drop_work(running)
        self._record.left_master(running.name)
        if running.holding and running.takeover.addresses:
            self._lines.append(vocabulary.removing_addresses(running.name))
            self._queue(running, self._removing(running, running.takeover))
        self._queue_stale(running)
        running.holding = running.announced = False

    def _adding(self, running: RunningInstance, takeover: Takeover, bursts: tuple[Burst, ...]) -> Iterator[float]:
        """Add slice after slice, each followed at once by one round of its frames."""
        for index, part in enumerate(takeover.additions.slices):
            if index:
                yield NO_PAUSE
            accepted = self._request(running, part)
            frames = self._send_frames(bursts[index], 0.0) if bursts and not self._pause(running) else iter(())
            pause = next(frames, None)  # all frames have left, unless the interface's queue is full
            # The answers come before any pause: another instance's must not be taken for ours.
            if accepted:
                self._collect(running, takeover, ADD_TOLERATED, "cannot add")
            if pause is not None:
                yield pause
                yield from frames

    def _removing(self, running: RunningInstance, takeover: Takeover) -> Iterator[float]:
        for index, part in enumerate(takeover.removals.slices):
            if index:
                yield NO_PAUSE
            if self._request(running, part):
                self._collect(running, takeover, DELETE_TOLERATED, "cannot remove")

    def _request(self, running: RunningInstance, part: Slice) -> bool:
        try:
            self._netlink.send(part)
        except NetlinkError as problem:
            self._log.error(f"({running.name}) cannot change {part.count} addresses: {problem}")
            return False
        return True

    def _collect(self, running: RunningInstance, takeover: Takeover, tolerated: frozenset[int], complaint: str) -> None:
        try:
            errors = self._netlink.collect(tolerated)
        except NetlinkError as problem:
            self._log.error(f"({running.name}) {complaint} some addresses: {problem}")
            return
        for error in errors:
            index = takeover.additions.index(error)
            placed = takeover.addresses[index] if index < len(takeover.addresses) else None
            which = f"{placed.text} on {placed.interface_name}" if placed else "an address"
            self._log.error(f"({running.name}) {complaint} {which}: {error}")

    # Announcements

    def _announce(self, running: RunningInstance, _now: float) -> None:
        rounds = self._rounds_left(running) if running.announced else running.router.parameters.garp_master_repeat
        running.announced = False
        self._announce_all(running, rounds)

    def _refresh(self, running: RunningInstance, _now: float) -> None:
        self._announce_unless_busy(running, running.router.parameters.garp_master_refresh_repeat)

    def _announce_lower_priority(self, running: RunningInstance, _now: float) -> None:
        self._announce_unless_busy(running, running.router.parameters.garp_lower_prio_repeat)

    def _announce_source(self, running: RunningInstance, _now: float) -> None:
        """Unicast peers may have forgotten our hardware address while our interface was down."""
        if running.source_announcement is not None:
            running.source_announcement.send(self._frames.fileno())

    def _announce_unless_busy(self, running: RunningInstance, rounds: int) -> None:
        """Announce, unless an earlier announcement has not ended: with pauses between frames it may take minutes."""
        if not running.work:
            self._announce_all(running, rounds)

    def _announce_all(self, running: RunningInstance, rounds: int) -> None:
        steps = [self._announcing(running, running.bursts, rounds)]
        if self._log.detail:
            # Words come after the frames, unless the frames take their time.
            steps.insert(0 if self._pause(running) else 1, self._reporting(running))
        for step in steps:
            self._queue(running, step)

    def _reporting(self, running: RunningInstance) -> Iterator[float]:
        """Log which addresses are announced, some at a time, after the lines about the transition."""
        for first in range(0, len(running.takeover.addresses), LINES_AT_ONCE):
            yield NO_PAUSE
            for one in running.takeover.addresses[first : first + LINES_AT_ONCE]:
                ipv6 = one.request.family != AF_INET
                self._log.info(vocabulary.announcing(running.name, one.interface_name, one.text, ipv6=ipv6))

    def _pause(self, running: RunningInstance) -> float:
        return self.frame_pause[running.router.parameters.family]

    def _rounds_left(self, running: RunningInstance) -> int:
        """Return how many rounds are left for addresses that were announced once while they were added."""
        return running.router.parameters.garp_master_repeat - (0 if self._pause(running) else 1)

    def _announcing(self, running: RunningInstance, bursts: tuple[Burst, ...], rounds: int) -> Iterator[float]:
        for _round in range(rounds):
            for burst in bursts:
                yield from self._send_frames(burst, self._pause(running))
                if len(bursts) > 1:
                    yield NO_PAUSE

    def _send_frames(self, burst: Burst, pause: float) -> Iterator[float]:
        """Send one burst; when the interface's queue is full, wait for it for a bounded time."""
        position, give_up_at = 0, 0.0
        while position < len(burst):
            reached, _refused = burst.send(self._frames.fileno(), position, position + 1 if pause else len(burst))
            if reached == position:
                now = self._reactor.time()
                give_up_at = give_up_at or now + FULL_LIMIT
                if now >= give_up_at:
                    return
                yield FULL_PAUSE
            elif pause:
                yield pause
            position = reached

    # Work that takes more than one step

    def _queue(self, running: RunningInstance, steps: Iterator[float]) -> None:
        running.work.append(steps)
        if running not in self.working:
            self._continue(running, running.turn)

    def _drop_work(self, running: RunningInstance) -> None:
        running.work.clear()
        running.turn += 1
        self.working.discard(running)

    def _continue(self, running: RunningInstance, turn: int) -> None:
        """Do work up to the next pause."""
        if turn != running.turn:
            return
        self.working.discard(running)
        while running.work:
            pause = next(running.work[0], None)
            if pause is None:
                running.work.popleft()
                continue
            running.turn += 1
            self.working.add(running)
            if pause:
                self._reactor.call_later(pause, self._continue, running, running.turn)
            else:
                self._reactor.call_soon(self._continue, running, running.turn)
            return

    # Words

    def _report_transition(self, running: RunningInstance, _now: float) -> None:
        transition = running.router.transition
        assert transition is not None
        old, new = transition.old, transition.new
        if new is State.MASTER:
            self._log.info(vocabulary.transition_to_master(running.name))
        if new is not State.INIT:
            self._log.info(vocabulary.entering(running.name, new.name))
        ended = new is State.INIT
        self._log.info(
            vocabulary.cause(running.name, old.name, vocabulary.STOP if ended else new.name, transition.cause)
        )

    def _report_notes(self, running: RunningInstance, now: float) -> None:
        """Log what an advert made worth saying; whoever sends them must not fill the disk."""
        notes = running.router.instance.notes
        for note in notes:
            if note.detail and not self._log.detail:
                continue
            if running.notes_budget.allows(now):
                held_back = running.notes_budget.take_held_back()
                if held_back:
                    self._log.info(f"({running.name}) {held_back} lines like the next were not logged")
                self._log.info(f"({running.name}) {note.text}")
        notes.clear()


def _bursts(takeover: Takeover) -> tuple[Burst, ...]:
    """Return the announcing frames of each slice, laid out for the kernel."""
    return tuple(
        Burst([(frame, frame_destination(one.interface)) for one in announcements for frame in one.frames])
        for announcements in takeover.announcements
    )
