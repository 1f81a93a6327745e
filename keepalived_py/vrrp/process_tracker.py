"""Counts the processes that are tracked: by the kernel's process events, or by looking at /proc every second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.kernel import processes
from keepalived_py.kernel.process_events import Happening, ProcessMonitor, UnavailableError
from keepalived_py.notify import vocabulary
from keepalived_py.vrrp.process_census import Census
from keepalived_py.vrrp.process_pattern import pattern_of
from keepalived_py.vrrp.process_quorum import Cause, ProcessQuorum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from keepalived_py.config.model.tracking import TrackProcess
    from keepalived_py.kernel.process_events import ProcessEvent
    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor

CONFIRMATION = 1.0
"""Seconds in which the kernel confirms that it will tell of processes; it may not do so in a container."""
POLL_INTERVAL = 1.0
POLL_RATE = 2000
"""Processes looked at in one second of polling, on average: 6 % of a processor."""
SETTLE = 1.0
"""Seconds after lost events before everything is read again: whatever starts so many processes is not over yet."""
LOOKS_AT_ONCE = 16
"""Processes looked at in one iteration of the loop; 30 us each."""
LARGEST_BUFFER = 64 << 20


class ProcessTracker:
    """All vrrp_track_processes that somebody tracks.

    Args:
        reactor: clock and timers.
        log: of the process.
        counted: called with the time, the name and the number of processes, when that counts.

    Attributes:
        polling: why the kernel does not tell of processes; "" while it does.
    """

    def __init__(self, reactor: Reactor, log: Log, counted: Callable[[float, str, int], object]) -> None:
        self.polling = ""
        self._reactor = reactor
        self._log = log
        self._counted = counted
        self._census = Census({})
        self._wanted_buffer = (0, False)
        self._quorums: dict[str, ProcessQuorum] = {}
        self._monitor: ProcessMonitor | None = None
        self._complete = False
        self._scan: Iterator[None] | None = None
        self._delays = reactor.timer(self._delay_over)
        self._patience = reactor.timer(self._not_confirmed)
        self._next_scan = reactor.timer(self._scan_again)

    def take(self, definitions: Iterable[TrackProcess], buffer: int = 0, *, forced: bool = False) -> None:
        """Count these processes from now on, and no others.

        Args:
            definitions: those that somebody tracks.
            buffer: bytes of the kernel's receive buffer; 0 for one that suits most machines.
            forced: whether it may exceed the limit of the system.
        """
        quorums = {definition.name: self._quorum(definition) for definition in definitions}
        patterns = {name: pattern_of(quorum.definition) for name, quorum in quorums.items()}
        self._quorums = quorums
        if not quorums:
            self._close()
        elif self._monitor is None and not self.polling:
            self._open(buffer, forced=forced)
        elif self._monitor is not None and buffer and (buffer, forced) != self._wanted_buffer:
            self._monitor.resize(buffer, forced=forced)
        self._wanted_buffer = (buffer, forced)
        if patterns != self._census.patterns:
            self._census = Census(patterns)
            self._complete = False
            self._begin_scan()
        self._tell_all(quorums, Cause.OTHER)

    def _quorum(self, definition: TrackProcess) -> ProcessQuorum:
        """Return the one that there is, with the delay that it may be in, unless it has changed."""
        known = self._quorums.get(definition.name)
        return known if known is not None and known.definition == definition else ProcessQuorum(definition)

    def stop(self) -> None:
        """Count nothing any more."""
        self.take(())

    # The kernel's events

    def _open(self, buffer: int, *, forced: bool) -> None:
        try:
            self._monitor = ProcessMonitor(buffer, forced=forced)
        except UnavailableError as problem:
            self._poll(str(problem))
            return
        self._reactor.add_reader(self._monitor, self._heard)
        self._patience.move(self._reactor.time() + CONFIRMATION)

    def _close(self) -> None:
        self._scan = None
        for timer in (self._delays, self._patience, self._next_scan):
            timer.cancel()
        self._close_monitor()

    def _close_monitor(self) -> None:
        if self._monitor is not None:
            self._reactor.remove_reader(self._monitor)
            self._monitor.close()
            self._monitor = None

    def _not_confirmed(self) -> None:
        self._close_monitor()
        self._poll("the kernel does not tell of processes here, as in most containers")

    def _poll(self, reason: str) -> None:
        self.polling = reason
        self._log.info(vocabulary.processes_polled(reason, POLL_INTERVAL))
        self._next_scan.move(self._reactor.time() + POLL_INTERVAL)

    def _heard(self) -> None:
        assert self._monitor is not None
        events, lost = self._monitor.events()
        for event in events:
            self._happened(event)
        if lost:
            self._enlarge()
            self._next_scan.move(self._reactor.time() + SETTLE)

    def _enlarge(self) -> None:
        """Double the buffer that overflowed."""
        assert self._monitor is not None
        size = 2 * self._monitor.receive_buffer
        if size <= LARGEST_BUFFER:
            self._monitor.resize(size, forced=self._wanted_buffer[1] or not self._wanted_buffer[0])
            self._log.info(vocabulary.process_buffer(size))

    def _happened(self, event: ProcessEvent) -> None:
        if event.happening is Happening.CONFIRMED:
            self._patience.cancel()
        elif event.happening is Happening.FORK:
            self._tell_all(self._census.forked(event.parent, event.pid), Cause.FORK)
        elif event.happening is Happening.EXIT:
            self._tell_all(self._census.ended(event.pid), Cause.END)
        elif event.happening is Happening.COMM:
            self._tell_all(self._census.renamed(event.pid, event.name), Cause.OTHER)
        else:
            self._look_at(event.pid, Cause.OTHER)

    # Looking at /proc

    def _look_at(self, pid: int, cause: Cause) -> None:
        command = processes.command(pid, self._census.longest)
        if command is not None:
            self._tell_all(self._census.seen(pid, command.comm, command.line), cause)
        else:
            self._tell_all(self._census.ended(pid), Cause.END)

    def _scan_again(self) -> None:
        if self._scan is None:
            self._begin_scan()

    def _begin_scan(self) -> None:
        if self._scan is None:
            self._reactor.call_soon(self._step)
        self._scan = self._look_at_all()

    def _step(self) -> None:
        if self._scan is not None and next(self._scan, self) is not self:
            self._reactor.call_soon(self._step)
        else:
            self._scan = None

    def _look_at_all(self) -> Iterator[None]:
        """Look at every process, a few in each iteration; yield in between."""
        pids = processes.numbers()
        pids += self._census.tracked() - set(pids)
        for start in range(0, len(pids), LOOKS_AT_ONCE):
            for pid in pids[start : start + LOOKS_AT_ONCE]:
                self._look_at(pid, Cause.FORK)
            yield
        if not self._complete:
            self._complete = True
            self._tell_all(self._quorums, Cause.OTHER)
        if self.polling:
            self._next_scan.move(self._reactor.time() + max(POLL_INTERVAL, len(pids) / POLL_RATE))

    # What is told

    def _tell_all(self, names: Iterable[str], cause: Cause) -> None:
        for name in sorted(names):
            self._tell(name, cause)

    def _tell(self, name: str, cause: Cause) -> None:
        if not self._complete:
            return
        now = self._reactor.time()
        if self._quorums[name].counted(now, self._census.counts[name], cause):
            self._counted(now, name, self._census.counts[name])
        self._arm()

    def _arm(self) -> None:
        waiting = [quorum.due_at for quorum in self._quorums.values() if quorum.due_at is not None]
        if waiting:
            self._delays.move(min(waiting))
        else:
            self._delays.cancel()

    def _delay_over(self) -> None:
        if not self._complete:  # the counts are not known yet; when they are, this timer is armed again
            return
        now = self._reactor.time() + self._delays.slack
        for name, quorum in self._quorums.items():
            count = self._census.counts[name]
            if quorum.due_at is not None and quorum.due_at <= now and quorum.deadline_reached(count):
                self._counted(now, name, count)
        self._arm()
