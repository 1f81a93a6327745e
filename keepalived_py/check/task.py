"""Runs probes: coroutines that wait for descriptors and for time, on the loop of the process.

    task = Task(reactor, probe.probe(), done)

A coroutine waits with `readable`, `writable` and `pause`. A wait that takes too long raises TimeoutError where it
stands, so that a probe reads straight on and cleans up with `finally`. A connection costs half of what it costs on
asyncio's streams (docs/architecture/health-check-child.md).
"""

from __future__ import annotations

import types
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

    from keepalived_py.reactor import Descriptor, Reactor


class _For(IntEnum):
    """What is waited for."""

    TIME = 0
    READABLE = 1
    WRITABLE = 2
    PROMISE = 3


class _Wait(NamedTuple):
    """What a coroutine yields to its task.

    Attributes:
        what: what is waited for.
        descriptor: -1 for time.
        seconds: longest wait; of TIME the wait itself; of a promise not used.
        promise: what is waited for, of PROMISE.
    """

    what: _For
    descriptor: int
    seconds: float
    promise: Promise | None = None


@types.coroutine
def readable(descriptor: Descriptor, timeout: float) -> Generator[_Wait, None, None]:
    """Wait until a descriptor is readable, has an error or was hung up.

    Raises:
        TimeoutError: `timeout` seconds have passed.
    """
    yield _Wait(_For.READABLE, _number(descriptor), timeout)


@types.coroutine
def writable(descriptor: Descriptor, timeout: float) -> Generator[_Wait, None, None]:
    """Wait until a descriptor is writable, has an error or was hung up.

    Raises:
        TimeoutError: `timeout` seconds have passed.
    """
    yield _Wait(_For.WRITABLE, _number(descriptor), timeout)


@types.coroutine
def pause(seconds: float) -> Generator[_Wait, None, None]:
    """Let time pass."""
    yield _Wait(_For.TIME, -1, seconds)


class Promise:
    """A value that somebody else will know: `await` it, and let `fulfil` be called back. For one task."""

    __slots__ = ("_value", "_wake", "is_fulfilled")

    def __init__(self) -> None:
        self.is_fulfilled = False
        self._value: Any = None
        self._wake: Callable[[], object] | None = None

    def fulfil(self, value: Any) -> None:
        """The value is known."""
        self.is_fulfilled, self._value = True, value
        if self._wake is not None:
            self._wake()

    def wake(self, callback: Callable[[], object] | None) -> None:
        """Call when the value is known; the task's business."""
        self._wake = callback

    def __await__(self) -> Generator[_Wait, None, Any]:
        if not self.is_fulfilled:
            yield _Wait(_For.PROMISE, -1, 0.0, self)
        return self._value


class Task:
    """One run of a coroutine; begins in the constructor.

    Args:
        reactor: the loop.
        coroutine: what is run.
        done: called with what the coroutine returns; not after `cancel`. An exception that leaves the coroutine leaves
            the loop: the process ends with its traceback.
    """

    __slots__ = ("_coroutine", "_done", "_for", "_number", "_promise", "_reactor", "_timer", "running")

    def __init__(self, reactor: Reactor, coroutine: Coroutine[Any, Any, Any], done: Callable[[Any], object]) -> None:
        self.running = True
        self._reactor = reactor
        self._coroutine = coroutine
        self._done = done
        self._timer = reactor.timer(self._time_is_up)
        self._for = _For.TIME
        self._number = -1
        self._promise: Promise | None = None
        self._go_on(None)

    def cancel(self) -> None:
        """End it without a result: the coroutine is closed where it stands, and its `finally` blocks run."""
        if self.running:
            self._rest()
            self.running = False
            self._coroutine.close()

    def _go_on(self, problem: BaseException | None) -> None:
        try:
            wait = self._coroutine.send(None) if problem is None else self._coroutine.throw(problem)
        except StopIteration as end:
            self.running = False
            self._done(end.value)
            return
        what, number, seconds, promise = wait
        self._for, self._number = what, number
        if promise is not None:
            self._promise = promise
            promise.wake(self._ready)
            return
        if what is _For.READABLE:
            self._reactor.add_reader(number, self._ready)
        elif what is _For.WRITABLE:
            self._reactor.add_writer(number, self._ready)
        self._timer.move(self._reactor.time() + seconds)

    def _ready(self) -> None:
        self._rest()
        self._go_on(None)

    def _time_is_up(self) -> None:
        waited_for_time = self._for is _For.TIME
        self._rest()
        self._go_on(None if waited_for_time else TimeoutError())

    def _rest(self) -> None:
        """Wait for nothing any more."""
        self._timer.cancel()
        if self._for is _For.READABLE:
            self._reactor.remove_reader(self._number)
        elif self._for is _For.WRITABLE:
            self._reactor.remove_writer(self._number)
        elif self._promise is not None:
            self._promise.wake(None)
            self._promise = None
        self._for = _For.TIME


def _number(descriptor: Descriptor) -> int:
    return descriptor if isinstance(descriptor, int) else descriptor.fileno()
