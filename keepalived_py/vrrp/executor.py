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
from keepalived_py.notify import vocabulary
from keepalived_py.vrrp.announcer import Announcer, bursts_of
from keepalived_py.vrrp.effects import Effect
from keepalived_py.vrrp.reception import address_text
from keepalived_py.vrrp.state import State
from keepalived_py.vrrp.takeover import FIRST_SEQUENCE, Takeover
from keepalived_py.vrrp.work import NO_PAUSE, WorkQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from keepalived_py.kernel.interfaces import Change
    from keepalived_py.kernel.message import Slice
    from keepalived_py.kernel.socket_options import ReceiveBuffer
    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.adoption import AdoptionRecord
    from keepalived_py.vrrp.announcer import AnnouncingBurst
    from keepalived_py.vrrp.follower import Follower
    from keepalived_py.vrrp.guard import Guard
    from keepalived_py.vrrp.installer import Installer
    from keepalived_py.vrrp.recorder import Recorder
    from keepalived_py.vrrp.running import RunningInstance
    from keepalived_py.vrrp.takeover import PlacedAddress


class Executor:
    """Carries out effects; owns the netlink command channel.

    Args:
        reactor: schedules what takes more than one slice.
        log: of the process; flushed by the loop, never here.
        record: what a successor of this process may adopt.

    Attributes:
        work: what instances have still to do: adding, removing or announcing their addresses.
        announcer: sends the frames.
        followers: hear of transitions, in this order.
        holders: instances that hold their addresses.
        reserved: (packed address, prefix length) of addresses that stay where they are while a reload is under way,
            because some instance of the new configuration has them.
        recorder: stores each transition at once; None in tests.

    Raises:
        PermissionDeniedError: CAP_NET_RAW is missing.
    """

    def __init__(self, reactor: Reactor, log: Log, record: AdoptionRecord) -> None:
        self.work = WorkQueue(reactor)
        self.announcer = Announcer(reactor, log, self.work)
        self.followers: list[Follower] = []
        self.holders: set[RunningInstance] = set()
        self.reserved: frozenset[tuple[bytes, int]] = frozenset()
        self.recorder: Recorder | None = None
        self._reactor = reactor
        self._log = log
        self._record = record
        self._netlink = NetlinkSocket()
        self._installer: Installer | None = None
        self._guard: Guard | None = None
        self._lines: list[str] = []
        self._actions: dict[Effect, Callable[[RunningInstance, float], None]] = {
            Effect.SEND_ADVERT: self._send_advert,
            Effect.SEND_RESIGNATION: self._send_resignation,
            Effect.ADD_ADDRESSES: self._add_addresses,
            Effect.REMOVE_ADDRESSES: self._remove_addresses,
            Effect.ANNOUNCE: self._announce,
            Effect.REFRESH: self._refresh,
            Effect.ANNOUNCE_EXTRA: self._announce_extra,
            Effect.ANNOUNCE_LOWER_PRIORITY: self._announce_lower_priority,
            Effect.ANNOUNCE_SOURCE: self._announce_source,
            Effect.REPORT_TRANSITION: self._report_transition,
            Effect.REPORT_LOWER_PRIORITY: self._report_lower_priority,
            Effect.REPORT_DUAL_MASTER: self._report_dual_master,
            Effect.REPORT_NOTES: self._report_notes,
        }

    def close(self) -> None:
        """Close the sockets."""
        self._netlink.close()
        self.announcer.close()
        if self._installer is not None and self._guard is not None:
            self._guard.close()
            self._installer.close()

    def installer(self) -> Installer:
        """Return what installs routes and rules, made when it is asked for first: most configurations have none."""
        if self._installer is None:
            from keepalived_py.vrrp.guard import Guard  # noqa: PLC0415
            from keepalived_py.vrrp.installer import Installer  # noqa: PLC0415

            self._installer = Installer(self._reactor, self._log, self.work)
            self._guard = Guard(self._reactor, self._log, self._installer)
        return self._installer

    def interfaces_changed(self, changes: Iterable[Change]) -> None:
        """Interfaces or addresses came or went, and routes with them."""
        if self._installer is not None:
            self._installer.interfaces_changed(changes)

    def set_receive_buffer(self, buffer: ReceiveBuffer) -> None:
        """Have the kernel keep as many answers as is configured."""
        self._netlink.set_receive_buffer(buffer)

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
            if effect is not Effect.CONSULT_GROUP:  # the roster's business
                self._actions[effect](running, now)
        if self._lines:
            lines, self._lines = self._lines, []
            for line in lines:
                self._log.info(line)

    # Adverts

    def _send_advert(self, running: RunningInstance, now: float) -> None:
        self._send(running, resigning=False)
        if running.router.state is State.MASTER:
            self._record.sent_advert(running.name, now, running.router.sequence, running.router.instance.priority)

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
        running.bursts = bursts_of(takeover)
        if not running.holding:
            return
        running.stale = Takeover((*running.stale.addresses, *old.addresses)).beyond(takeover)
        self.remove_stale(running)
        replaced = old.replaced_in(takeover)
        if replaced.addresses:
            self.work.add(running, self._removing(running, replaced))
        added = takeover.without(old)
        if added.addresses:
            self._add_and_announce(running, added)
        moved = Takeover(takeover.moved_since(old))
        if moved.addresses:
            rounds = running.router.parameters.garp_master_repeat
            self.work.add(running, self.announcer.announcing(bursts_of(moved), rounds))

    def reload_begins(self, reserved: frozenset[tuple[bytes, int]]) -> None:
        """What the reload may move from one instance to another stays until it ends.

        Args:
            reserved: (packed address, prefix length) of the virtual addresses of the new configuration.
        """
        self.reserved = reserved
        if self._installer is not None:
            self._installer.reloading = True

    def reload_ends(self, instances: Iterable[RunningInstance]) -> None:
        """Remove what has not moved from any of `instances` to another although it might have."""
        self.reserved = frozenset()
        if self._installer is not None:
            self._installer.reloading = False
        for running in instances:
            if self._installer is not None and running.holdings is not None:
                self._installer.remove_stale(running.holdings)
            self.remove_stale(running)

    def remove_stale(self, running: RunningInstance) -> None:
        """Remove what a reload took away from an instance and no other one has got."""
        if running.stale.addresses:
            self.work.add(running, self._removing_stale(running))

    def _removing_stale(self, running: RunningInstance) -> Iterator[float]:
        """Remove what is stale; a change of state in between drops this work, but not what is stale."""
        stale = running.stale
        reserved = [placed for placed in stale.addresses if self._is_reserved(placed)]
        yield from self._removing(running, Takeover(one for one in stale.addresses if not self._is_wanted(one)))
        done = {placed.key for placed in stale.addresses} - {placed.key for placed in reserved}
        running.stale = Takeover(placed for placed in running.stale.addresses if placed.key not in done)

    def _is_wanted(self, placed: PlacedAddress) -> bool:
        """Return whether an address must not be removed: an instance holds it, or may get it in this reload."""
        return self._is_reserved(placed) or self.is_held(placed)

    def is_held(self, placed: PlacedAddress) -> bool:
        """Return whether an instance that is master has an address."""
        return any(placed.key in holder.takeover.by_key for holder in self.holders)

    def _is_reserved(self, placed: PlacedAddress) -> bool:
        return bool(self.reserved) and (placed.request.address, placed.request.prefix_length) in self.reserved

    def adopt(self, running: RunningInstance) -> None:
        """Take the addresses of a crashed predecessor as ours: what is missing is added, nothing is announced."""
        running.holding = True
        self.holders.add(running)
        self._add(running, running.takeover, ())
        if running.holdings is not None:
            self.installer().activate(running.holdings, running)

    def restore(self, running: RunningInstance, placed: PlacedAddress) -> None:
        """Put back one address that another program removed, and announce it."""
        if running.holding and running.takeover.by_key.get(placed.key) == placed:
            self._add_and_announce(running, Takeover((placed,)))

    def remove_leftovers(self, running: RunningInstance, leftovers: Sequence[PlacedAddress]) -> None:
        """Remove addresses that an earlier process left behind."""
        self.work.add(running, self._removing(running, Takeover(leftovers)))

    def finish(self, running: RunningInstance) -> None:
        """Do all work that is left and tell everything untold at once: the instance is about to end."""
        self.work.finish(running)
        self.holders.discard(running)
        if running.holdings is not None:
            self.work.finish(running.holdings)
            self.installer().leave(running.holdings)
        self._tell(running)

    def _add_and_announce(self, running: RunningInstance, takeover: Takeover) -> None:
        bursts = bursts_of(takeover)
        self._add(running, takeover, bursts)
        self.work.add(running, self.announcer.announcing(bursts, self.announcer.rounds_left(running)))

    def _add_addresses(self, running: RunningInstance, _now: float) -> None:
        self._drop(running)
        running.holding = running.announced = True
        self.holders.add(running)
        if running.takeover.addresses:
            self._lines.append(vocabulary.setting_addresses(running.name))
        self._add(running, running.takeover, running.bursts)
        if running.holdings is not None:
            self._lines.append(vocabulary.setting_routing(running.name))
            self.installer().activate(running.holdings, running)
        self.remove_stale(running)

    def _remove_addresses(self, running: RunningInstance, _now: float) -> None:
        self._drop(running)
        self._record.left_master(running.name)
        self.holders.discard(running)
        if running.holdings is not None:
            if running.holdings.active:
                self._lines.append(vocabulary.removing_routing(running.name))
            self.installer().deactivate(running.holdings, running)
        if running.holding and running.takeover.addresses:
            self._lines.append(vocabulary.removing_addresses(running.name))
            self.work.add(running, self._removing(running, self._without_wanted(running)))
        self.remove_stale(running)
        running.holding = running.announced = False

    def _without_wanted(self, running: RunningInstance) -> Takeover:
        """Return the addresses of an instance that no other one holds; those that a reload may move become stale."""
        takeover = running.takeover
        if not self.reserved and all(takeover.by_key.keys().isdisjoint(one.takeover.by_key) for one in self.holders):
            return takeover
        reserved = [placed for placed in takeover.addresses if self._is_reserved(placed)]
        running.stale = Takeover((*running.stale.beyond(takeover).addresses, *reserved))
        return Takeover(placed for placed in takeover.addresses if not self._is_wanted(placed))

    def _drop(self, running: RunningInstance) -> None:
        self.work.drop(running)
        running.adding = 0

    def _add(self, running: RunningInstance, takeover: Takeover, bursts: tuple[AnnouncingBurst, ...]) -> None:
        running.adding += 1
        self.work.add(running, self._adding(running, takeover, bursts))

    def _adding(
        self, running: RunningInstance, takeover: Takeover, bursts: tuple[AnnouncingBurst, ...]
    ) -> Iterator[float]:
        """Add slice after slice, each followed at once by one round of its frames."""
        for index, part in enumerate(takeover.additions.slices):
            if index:
                yield NO_PAUSE
            accepted = self._request(running, part)
            frames = (
                self.announcer.sending(bursts[index]) if bursts and not self.announcer.pauses(running) else iter(())
            )
            pause = next(frames, None)  # all frames have left, unless the interface's queue is full
            # The answers come before any pause: another instance's must not be taken for ours.
            if accepted:
                self._collect(running, takeover.addresses, ADD_TOLERATED, "cannot add")
            if pause is not None:
                yield pause
                yield from frames
        running.adding -= 1

    def _removing(self, running: RunningInstance, takeover: Takeover) -> Iterator[float]:
        for index, part in enumerate(takeover.removals.slices):
            if index:
                yield NO_PAUSE
            if self._request(running, part):
                self._collect(running, takeover.removable, DELETE_TOLERATED, "cannot remove")

    def _request(self, running: RunningInstance, part: Slice) -> bool:
        try:
            self._netlink.send(part)
        except NetlinkError as problem:
            self._log.error(f"({running.name}) cannot change {part.count} addresses: {problem}")
            return False
        return True

    def _collect(
        self, running: RunningInstance, addresses: Sequence[PlacedAddress], tolerated: frozenset[int], complaint: str
    ) -> None:
        try:
            errors = self._netlink.collect(tolerated)
        except NetlinkError as problem:
            self._log.error(f"({running.name}) {complaint} some addresses: {problem}")
            return
        for error in errors:
            index = error.sequence - FIRST_SEQUENCE
            placed = addresses[index] if 0 <= index < len(addresses) else None
            which = f"{placed.text} on {placed.interface_name}" if placed else "an address"
            self._log.error(f"({running.name}) {complaint} {which}: {error}")

    # Announcements

    def _announce(self, running: RunningInstance, _now: float) -> None:
        announcer = self.announcer
        rounds = running.router.parameters.garp_master_repeat
        if running.announced:
            rounds = announcer.rounds_left(running)
        running.announced = False
        announcer.announce(running, rounds)

    def _refresh(self, running: RunningInstance, _now: float) -> None:
        self.announcer.announce_unless_busy(running, running.router.parameters.garp_master_refresh_repeat)

    def _announce_extra(self, running: RunningInstance, _now: float) -> None:
        self.announcer.announce_extra(running)

    def _announce_lower_priority(self, running: RunningInstance, _now: float) -> None:
        self.announcer.announce_unless_busy(running, running.router.parameters.garp_lower_prio_repeat)

    def _announce_source(self, running: RunningInstance, _now: float) -> None:
        self.announcer.announce_source(running)

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
        if self.recorder is not None:
            self.recorder.witnessed(running, transition)
        self.tell(running, lambda follower: follower.transition_made(running, transition))

    def _report_lower_priority(self, running: RunningInstance, _now: float) -> None:
        self.tell(running, lambda follower: follower.lower_priority_heard(running))

    def _report_dual_master(self, running: RunningInstance, _now: float) -> None:
        rival = running.router.rival
        assert rival is not None
        self.tell(running, lambda follower: follower.dual_master_found(running, rival))

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

    # Followers

    def tell(self, running: RunningInstance, news: Callable[[Follower], None]) -> None:
        """Let every follower hear `news` of an instance, once the frames that belong to it have left."""
        if not self.followers:
            return
        running.untold.append(news)
        if self._is_busy(running):
            self.work.add(running, self._telling(running))
        else:
            self._reactor.call_soon(self._tell_unless_busy, running)

    def tell_together(self, members: Sequence[RunningInstance], news: Callable[[Follower], None]) -> None:
        """Let every follower hear `news` of a group, after all that belongs to each of its members."""
        heard: dict[int, int] = {}

        def told(follower: Follower) -> None:
            heard[id(follower)] = heard.get(id(follower), 0) + 1
            if heard[id(follower)] == len(members):
                news(follower)

        for running in members:
            self.tell(running, told)

    def _is_busy(self, running: RunningInstance) -> bool:
        """Return whether frames are leaving; those that take their time, with pauses, are not waited for."""
        return running in self.work.working and not self.announcer.pauses(running)

    def _telling(self, running: RunningInstance) -> Iterator[float]:
        yield NO_PAUSE
        self._tell(running)

    def _tell_unless_busy(self, running: RunningInstance) -> None:
        if self._is_busy(running):  # a takeover has begun meanwhile: its news come behind these
            self.work.add(running, self._telling(running))
        else:
            self._tell(running)

    def _tell(self, running: RunningInstance) -> None:
        while running.untold:
            news = running.untold.popleft()
            for follower in self.followers:
                news(follower)
