"""The event loop of the VRRP and BFD children: epoll and one timerfd, with asyncio's method names.

Deadlines have microseconds (asyncio's have milliseconds), sockets are drained before deadlines fire, and
moving a deadline later costs one attribute store. There is no catch-all around callbacks: an exception ends
the process with its traceback, and the supervisor starts another.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import select
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from keepalived_py.kernel.timer_descriptor import TimerDescriptor
from keepalived_py.signal_pipe import SignalPipe

if TYPE_CHECKING:
    from collections.abc import Callable

COALESCE = 0.0003
"""Seconds: deadlines this close to the first one fire with it, so up to this much early; see `Timer.slack`."""

DRAIN_ROUNDS = 16
"""How often sockets are polled again before due deadlines fire; a flood cannot hold them back longer."""

DRAIN_TIME = 0.001
"""Seconds after which due deadlines fire though sockets are readable still."""

FIRE_AT_ONCE = 256
"""Timers that fire in one iteration: thousands that are late hold up neither sockets nor the sign of life."""

COMPACT_ABOVE = 256
"""Queue entries below which those of cancelled timers are left to come up by themselves."""


class HasDescriptor(Protocol):
    """Anything with a file descriptor."""

    def fileno(self) -> int:
        """Return the file descriptor."""


Descriptor = int | HasDescriptor


class Timer:
    """One deadline that can be moved any number of times; made by `Reactor.call_at` and `Reactor.timer`.

    Attributes:
        when: the deadline in seconds of `Reactor.time`, or None when it fired or was cancelled.
        slack: seconds that it may fire early when another one is due: one wake-up serves both.
    """

    __slots__ = ("_arguments", "_callback", "_queued_at", "_reactor", "slack", "when")

    def __init__(self, reactor: Reactor, callback: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        self._reactor = reactor
        self._callback = callback
        self._arguments = arguments
        self._queued_at: float | None = None
        self.when: float | None = None
        self.slack = COALESCE

    def move(self, when: float) -> None:
        """Fire at `when` instead, also after it fired or was cancelled; later than before is one store."""
        self.when = when
        queued_at = self._queued_at
        if queued_at is None or when < queued_at:
            self._reactor._queue(self, when)  # noqa: SLF001 - a timer and its reactor are one thing

    def cancel(self) -> None:
        """Do not fire. Costs one store; `move` starts it again."""
        self.when = None

    def cancelled(self) -> bool:
        """Return whether it is not going to fire."""
        return self.when is None


class Reactor:
    """The loop. Make a new one after a fork: epoll and timer are shared with the parent otherwise.

    Attributes:
        after_iteration: called in order with the time at the end of every iteration (heartbeat, log flush).
        longest_sleep: seconds after which an iteration ends though nothing happened; None sleeps for ever.
        lateness: seconds by which the deadlines that were served last came late; negative when early.
    """

    def __init__(self, longest_sleep: float | None = None) -> None:
        self.after_iteration: list[Callable[[float], object]] = []
        self.longest_sleep = longest_sleep
        self.lateness = 0.0
        self.time = time.monotonic
        self._epoll = select.epoll()
        self._timer = TimerDescriptor()
        self._armed_at: float | None = None
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = 0
        self._compact_at = COMPACT_ABOVE
        self._soon: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._readers: dict[int, tuple[Callable[..., object], tuple[Any, ...]]] = {}
        self._writers: dict[int, tuple[Callable[..., object], tuple[Any, ...]]] = {}
        self._waits: dict[int, Callable[[int], object]] = {}
        self._new_waits: dict[int, int] = {}
        self._signals: SignalPipe | None = None
        self._stopping = False
        self._late_after = float("inf")
        self._was_late: Callable[[float], object] = _nobody_asks
        self._epoll.register(self._timer.fileno(), select.EPOLLIN)

    def close(self) -> None:
        """Close what the loop owns and give signals back; registered descriptors stay open."""
        if self._signals is not None:
            self._signals.close()
            self._signals = None
        self._epoll.close()
        self._timer.close()

    # Deadlines

    def timer(self, callback: Callable[..., object], *arguments: Any) -> Timer:
        """Return a timer at rest; `move` starts it."""
        return Timer(self, callback, arguments)

    def call_at(self, when: float, callback: Callable[..., object], *arguments: Any) -> Timer:
        """Call at `when` (seconds, `time`); at most its slack early, COALESCE unless it is set to another."""
        timer = Timer(self, callback, arguments)
        timer.move(when)
        return timer

    def call_later(self, delay: float, callback: Callable[..., object], *arguments: Any) -> Timer:
        """Call in `delay` seconds."""
        return self.call_at(self.time() + delay, callback, *arguments)

    def call_soon(self, callback: Callable[..., object], *arguments: Any) -> None:
        """Call in the next iteration, before anything is polled."""
        self._soon.append((callback, arguments))

    def _queue(self, timer: Timer, when: float) -> None:
        timer._queued_at = when  # noqa: SLF001
        self._order += 1
        heapq.heappush(self._heap, (when, self._order, timer))

    # Descriptors

    def add_reader(self, descriptor: Descriptor, callback: Callable[..., object], *arguments: Any) -> None:
        """Call whenever `descriptor` is readable, has an error or was hung up. Replaces an earlier reader."""
        self._set(self._readers, descriptor, (callback, arguments))

    def add_writer(self, descriptor: Descriptor, callback: Callable[..., object], *arguments: Any) -> None:
        """Call whenever `descriptor` is writable, has an error or was hung up. Replaces an earlier writer."""
        self._set(self._writers, descriptor, (callback, arguments))

    def remove_reader(self, descriptor: Descriptor) -> bool:
        """Stop reading; True when there was a reader. Call before closing the descriptor."""
        return self._unset(self._readers, descriptor)

    def remove_writer(self, descriptor: Descriptor) -> bool:
        """Stop writing; True when there was a writer. Call before closing the descriptor."""
        return self._unset(self._writers, descriptor)

    def _set(
        self,
        callbacks: dict[int, tuple[Callable[..., object], tuple[Any, ...]]],
        descriptor: Descriptor,
        entry: tuple[Callable[..., object], tuple[Any, ...]],
    ) -> None:
        number = _number(descriptor)
        known = number in self._readers or number in self._writers
        if number not in callbacks:
            callbacks[number] = entry
            try:
                (self._epoll.modify if known else self._epoll.register)(number, self._mask(number))
            except OSError:
                del callbacks[number]
                raise
        callbacks[number] = entry

    def _unset(
        self, callbacks: dict[int, tuple[Callable[..., object], tuple[Any, ...]]], descriptor: Descriptor
    ) -> bool:
        number = _number(descriptor)
        if callbacks.pop(number, None) is None:
            return False
        mask = self._mask(number)
        if mask:
            self._epoll.modify(number, mask)
        else:
            self._epoll.unregister(number)
        return True

    def _mask(self, number: int) -> int:
        readable = select.EPOLLIN if number in self._readers else 0
        return readable | (select.EPOLLOUT if number in self._writers else 0)

    # Waits that are over after one event

    def wait(self, descriptor: int, events: int, callback: Callable[[int], object]) -> None:
        """Call once, with what has come, when `descriptor` is ready, has an error or was hung up.

        Costs less than a reader or writer for what is soon over and then closed: what is ready by the next iteration is
        looked up together with others and never gets to epoll; what has been waited for there needs no removal.

        Args:
            descriptor: without a reader and writer.
            events: POLLIN or POLLOUT, of the module `select`.
            callback: gets these, POLLERR and POLLHUP, as far as they are true.
        """
        self._waits[descriptor] = callback
        self._new_waits[descriptor] = events

    def forget(self, descriptor: int) -> None:
        """End a wait without a call. Call before closing the descriptor of a wait that is not over."""
        if self._waits.pop(descriptor, None) is not None and self._new_waits.pop(descriptor, None) is None:
            with contextlib.suppress(FileNotFoundError):  # found ready in this round: epoll has never seen it
                self._epoll.unregister(descriptor)

    def _look(self) -> None:
        """End the new waits that are over already, and let epoll watch the others."""
        new, self._new_waits = self._new_waits, {}
        poll = select.poll()
        for number, events in new.items():
            poll.register(number, events)
        ready = poll.poll(0)
        for number, _ in ready:
            del new[number]
        for number, events in new.items():
            try:
                self._epoll.register(number, events | select.EPOLLONESHOT)
            except FileExistsError:  # an earlier wait for it was watched too
                self._epoll.modify(number, events | select.EPOLLONESHOT)
        for number, event in ready:
            self._end_wait(number, event)

    def _end_wait(self, number: int, event: int) -> int:
        """Call for a wait; return whether there was one, and not one for another descriptor of the same number."""
        if number in self._new_waits:
            return 0
        callback = self._waits.pop(number, None)
        if callback is None:  # forgotten by a callback of this round
            return 0
        callback(event)
        return 1

    # Signals and children

    def add_signal_handler(self, number: int, callback: Callable[..., object], *arguments: Any) -> None:
        """Call in an iteration after signal `number` came, and unblock it; main thread only."""
        if self._signals is None:
            self._signals = SignalPipe()
            self.add_reader(self._signals, self._signals.dispatch)
        self._signals.add(number, callback, arguments)

    def remove_signal_handler(self, number: int) -> bool:
        """Give signal `number` its default action back; True when it had a handler."""
        return self._signals is not None and self._signals.remove(number)

    def watch_child(self, pid: int, callback: Callable[[int, int], object]) -> None:
        """Call `callback(pid, exit code)` when child `pid` ended, and reap it; -N is death by signal N.

        Raises:
            ProcessLookupError: there is no such process.
        """
        descriptor = os.pidfd_open(pid)
        self.add_reader(descriptor, self._child_ended, descriptor, pid, callback)

    def _child_ended(self, descriptor: int, pid: int, callback: Callable[[int, int], object]) -> None:
        self.remove_reader(descriptor)
        os.close(descriptor)
        _, status = os.waitpid(pid, 0)
        callback(pid, os.waitstatus_to_exitcode(status))

    def report_lateness(self, after: float, callback: Callable[[float], object]) -> None:
        """Call with the seconds by which a deadline was missed, whenever that is more than `after`."""
        self._late_after = after
        self._was_late = callback

    # Running

    def run_forever(self) -> None:
        """Run until `stop`. An exception in a callback ends it."""
        self._stopping = False
        while not self._stopping:
            self.run_once()

    def stop(self) -> None:
        """End `run_forever` after this iteration."""
        self._stopping = True

    def run_once(self) -> None:
        """Run one iteration: callbacks of `call_soon`, one wait, readers and writers, deadlines, hooks."""
        for _ in range(len(self._soon)):
            callback, arguments = self._soon.popleft()
            callback(*arguments)
        busy = bool(self._new_waits)
        if busy:
            self._look()
        self._arm()
        idle = busy or bool(self._soon) or self._stopping
        called = self._dispatch(0 if idle else self.longest_sleep)
        if self._armed_at is not None and (late := self.time() - self._armed_at) >= 0:
            if late > self._late_after:
                self._was_late(late)
            if called:  # else nothing was readable when the wait ended
                self._drain()
            self._fire()
        now = self.time()
        for hook in self.after_iteration:
            hook(now)

    def _dispatch(self, timeout: float | None) -> int:
        """Wait and call readers and writers; return for how many descriptors."""
        events = self._epoll.poll(timeout)
        called = 0
        waits = self._waits
        for number, event in events:
            if number in waits:
                called += self._end_wait(number, event)
                continue
            if event & ~select.EPOLLOUT:
                called += self._call(self._readers, number)
            if event & ~select.EPOLLIN:
                called += self._call(self._writers, number)
        return called

    @staticmethod
    def _call(callbacks: dict[int, tuple[Callable[..., object], tuple[Any, ...]]], number: int) -> int:
        entry = callbacks.get(number)
        if entry is None:  # the timer, or removed by a callback of this round
            return 0
        entry[0](*entry[1])
        return 1

    def _drain(self) -> None:
        """Hear everything that is queued before believing in silence: we may have overslept."""
        give_up_at = self.time() + DRAIN_TIME
        for _ in range(DRAIN_ROUNDS):
            if not self._dispatch(0) or self.time() >= give_up_at:
                return

    def _fire(self) -> None:
        """Call the timers that are due, the first FIRE_AT_ONCE of them, and none that a callback has only just set."""
        heap = self._heap
        now = self.time()
        self.lateness = now - heap[0][0] if heap else 0.0
        due = []
        for _ in range(FIRE_AT_ONCE):
            if not heap or heap[0][0] - heap[0][2].slack > now:
                break
            queued_at, _, timer = heapq.heappop(heap)
            if timer._queued_at == queued_at:  # noqa: SLF001 - else it was moved to an earlier entry
                timer._queued_at = None  # noqa: SLF001
                due.append(timer)
        for timer in due:
            self._settle(timer, now)

    def _settle(self, timer: Timer, now: float) -> None:
        """Fire a timer that came up, or queue it again when it was moved later."""
        when = timer.when
        if when is None or timer._queued_at is not None:  # noqa: SLF001 - cancelled, or moved by another's callback
            return
        if when - timer.slack > now:
            self._queue(timer, when)
            return
        timer.when = None
        timer._callback(*timer._arguments)  # noqa: SLF001

    def _arm(self) -> None:
        """Set the timer descriptor, only when the earliest deadline is another one than before."""
        if len(self._heap) >= self._compact_at:
            self._compact()
        earliest = self._heap[0][0] if self._heap else None
        if earliest != self._armed_at:
            self._armed_at = earliest
            self._timer.set(earliest)

    def _compact(self) -> None:
        """Drop the entries of cancelled timers and those that a move to an earlier time left behind."""
        kept = []
        for entry in self._heap:
            queued_at, _, timer = entry
            if timer._queued_at != queued_at:  # noqa: SLF001
                continue
            if timer.when is None:
                timer._queued_at = None  # noqa: SLF001
            else:
                kept.append(entry)
        heapq.heapify(kept)
        self._heap = kept
        self._compact_at = max(COMPACT_ABOVE, 2 * len(kept))


def _nobody_asks(_late: float) -> None:
    """Be the callback for lateness before there is one."""


def _number(descriptor: Descriptor) -> int:
    return descriptor if isinstance(descriptor, int) else descriptor.fileno()
