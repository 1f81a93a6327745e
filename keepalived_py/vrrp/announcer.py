"""Sends gratuitous ARP and unsolicited neighbour advertisements, prebuilt, in bursts or with pauses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.errors import PermissionDeniedError
from keepalived_py.kernel.rtnl import AF_INET
from keepalived_py.kernel.transmit import Burst, frame_destination, open_frame_socket
from keepalived_py.notify import vocabulary
from keepalived_py.vrrp.pacing import Pacing
from keepalived_py.vrrp.work import NO_PAUSE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.pacing import LaneKey
    from keepalived_py.vrrp.running import RunningInstance
    from keepalived_py.vrrp.takeover import Takeover
    from keepalived_py.vrrp.work import WorkQueue

FULL_PAUSE = 0.001
"""Seconds before a full interface queue is tried again."""
FULL_LIMIT = 1.0
"""Seconds after which frames that an interface does not take are given up."""
LINES_AT_ONCE = 50
"""Log lines about announcements that are made before adverts have their turn."""


class Announcer:
    """Owns the packet socket.

    Args:
        reactor: clock.
        log: of the process.
        work: where announcements that take more than one step go on.

    Attributes:
        pacing: how soon frames may follow each other.

    Raises:
        PermissionDeniedError: CAP_NET_RAW is missing.
    """

    def __init__(self, reactor: Reactor, log: Log, work: WorkQueue) -> None:
        self.pacing = Pacing()
        self._reactor = reactor
        self._log = log
        self._work = work
        try:
            self._frames = open_frame_socket()
        except PermissionError as problem:
            raise PermissionDeniedError("packet sockets need CAP_NET_RAW: start keepalived as root") from problem

    def close(self) -> None:
        """Close the socket."""
        self._frames.close()

    def pauses(self, running: RunningInstance) -> bool:
        """Return whether the frames of an instance must wait for each other."""
        return any(self.pacing.pauses(burst.keys) for burst in running.bursts)

    def rounds_left(self, running: RunningInstance) -> int:
        """Return how many rounds are left for addresses that were announced once while they were added."""
        return running.router.parameters.garp_master_repeat - (0 if self.pauses(running) else 1)

    def announce(self, running: RunningInstance, rounds: int) -> None:
        """Announce every address of an instance `rounds` times, after the work that it has."""
        steps = [self.announcing(running.bursts, rounds)]
        if self._log.detail:
            # Words come after the frames, unless the frames take their time.
            steps.insert(0 if self.pauses(running) else 1, self._reporting(running))
        for step in steps:
            self._work.add(running, step)

    def announce_unless_busy(self, running: RunningInstance, rounds: int) -> None:
        """Announce, unless an earlier announcement has not ended: with pauses between frames it may take minutes."""
        if not running.work:
            self.announce(running, rounds)

    def announce_extra(self, running: RunningInstance) -> None:
        """Keep switches from forgetting where the hardware addresses are that send nothing (garp_extra_if)."""
        if running.extra_announcement is not None:
            running.extra_announcement.send(self._frames.fileno())

    def announce_source(self, running: RunningInstance) -> None:
        """Unicast peers may have forgotten our hardware address while our interface was down."""
        if running.source_announcement is not None:
            running.source_announcement.send(self._frames.fileno())

    def announcing(self, bursts: tuple[AnnouncingBurst, ...], rounds: int) -> Iterator[float]:
        """Return the steps that send `bursts`, each in turn, `rounds` times."""
        for _round in range(rounds):
            for burst in bursts:
                yield from self.sending(burst)
                if len(bursts) > 1:
                    yield NO_PAUSE

    def sending(self, burst: AnnouncingBurst) -> Iterator[float]:
        """Return the steps that send one burst, with the pauses that its interfaces ask for.

        When an interface's queue is full, it is waited for, but for a bounded time.
        """
        position, give_up_at = 0, 0.0
        paced = self.pacing.pauses(burst.keys)
        while position < len(burst):
            end = len(burst)
            if paced and not give_up_at:
                end = self._end_of_unpaced(burst, position)
                if end == position:
                    end = position + 1
                    lane = self.pacing.lane(burst.lanes[position])
                    wait = 0.0 if lane is None else lane.reserve(self._reactor.time())
                    if wait:
                        yield wait
            elif paced:
                end = position + 1
            reached, _refused = burst.send(self._frames.fileno(), position, end)
            if reached == position:
                now = self._reactor.time()
                give_up_at = give_up_at or now + FULL_LIMIT
                if now >= give_up_at:
                    return
                yield FULL_PAUSE
            else:
                give_up_at = 0.0
            position = reached

    def _end_of_unpaced(self, burst: AnnouncingBurst, position: int) -> int:
        """Return where the frames from `position` on end that need not wait for others."""
        while position < len(burst) and self.pacing.lane(burst.lanes[position]) is None:
            position += 1
        return position

    def _reporting(self, running: RunningInstance) -> Iterator[float]:
        """Log which addresses are announced, some at a time, after the lines about the transition."""
        for first in range(0, len(running.takeover.addresses), LINES_AT_ONCE):
            yield NO_PAUSE
            for one in running.takeover.addresses[first : first + LINES_AT_ONCE]:
                ipv6 = one.request.family != AF_INET
                self._log.info(vocabulary.announcing(running.name, one.interface_name, one.text, ipv6=ipv6))


class AnnouncingBurst(Burst):
    """Announcing frames, laid out for the kernel.

    Args:
        messages: pairs of frame and destination (`frame_destination`).
        lanes: what each is counted under.
    """

    def __init__(self, messages: Sequence[tuple[bytes, bytes]], lanes: Sequence[LaneKey]) -> None:
        super().__init__(messages)
        self.lanes = tuple(lanes)
        self.keys = frozenset(lanes)


def bursts_of(takeover: Takeover) -> tuple[AnnouncingBurst, ...]:
    """Return the announcing frames of each slice, laid out for the kernel."""
    return tuple(
        AnnouncingBurst(
            [(frame, frame_destination(one.interface)) for one in announcements for frame in one.frames],
            [lane for one in announcements for lane in one.lanes],
        )
        for announcements in takeover.announcements
    )
