"""Runs probes: coroutines that wait for descriptors and for time, on the loop of the process.

    Task(reactor, done).begin(probe.probe())

A coroutine waits with `readable`, `writable` and `pause`. A wait that takes too long raises TimeoutError where it
stands, so that a probe reads straight on and cleans up with `finally`. A connection costs half of what it costs on
asyncio's streams (docs/architecture/health-check-child.md).
"""

from __future__ import annotations

import types
from select import POLLIN, POLLOUT
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

    from keepalived_py.reactor import HasDescriptor, Reactor


_Wait = tuple[int, int, float, "Promise | None"]
"""What a coroutine yields to its task: a descriptor and events, -1 and 0 for none; seconds; or a promise."""


@types.coroutine
def readable(awaited: HasDescriptor, timeout: float) -> Generator[_Wait, int, int]:
    """Wait until a descriptor is readable, has an error or was hung up; return which, as `poll` does.

    Raises:
        TimeoutError: `timeout` seconds have passed.
    """
    return (yield awaited.fileno(), POLLIN, timeout, None)


@types.coroutine
def writable(awaited: HasDescriptor, timeout: float) -> Generator[_Wait, int, int]:
    """Wait until a descriptor is writable, has an error or was hung up; return which, as `poll` does.

    Raises:
        TimeoutError: `timeout` seconds have passed.
    """
    return (yield awaited.fileno(), POLLOUT, timeout, None)


@types.coroutine
def pause(seconds: float) -> Generator[_Wait, int, None]:
    """Let time pass."""
    yield -1, 0, seconds, None


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

    def __await__(self) -> Generator[_Wait, int, Any]:
        if not self.is_fulfilled:
            yield -1, 0, 0.0, self
        return self._value


class Task:
    """Runs coroutines, one after the other.

    Args:
        reactor: the loop.
        done: called with what a coroutine returns; not after `cancel`. An exception that leaves the coroutine leaves
            the loop: the process ends with its traceback.
    """

    __slots__ = ("_coroutine", "_descriptor", "_done", "_promise", "_reactor", "_timer")

    def __init__(self, reactor: Reactor, done: Callable[[Any], object]) -> None:
        self._reactor = reactor
        self._done = done
        self._timer = reactor.timer(self._time_is_up)
        self._coroutine: Coroutine[Any, Any, Any] | None = None
        self._descriptor = -1
        self._promise: Promise | None = None

    @property
    def running(self) -> bool:
        """Whether there is a coroutine that has not ended."""
        return self._coroutine is not None

    def begin(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine until it waits, and go on when that is over. The one before has ended or is cancelled."""
        self._coroutine = coroutine
        self._go_on(None)

    def cancel(self) -> None:
        """End without a result: the coroutine is closed where it stands, and its `finally` blocks run."""
        coroutine, self._coroutine = self._coroutine, None
        if coroutine is not None:
            self._rest()
            coroutine.close()

    def _go_on(self, events: int | None, problem: BaseException | None = None) -> None:
        coroutine = self._coroutine
        assert coroutine is not None
        try:
            wait = coroutine.send(events) if problem is None else coroutine.throw(problem)
        except StopIteration as end:
            self._coroutine = None
            self._done(end.value)
            return
        self._descriptor, awaited, seconds, self._promise = wait
        if self._promise is not None:
            self._promise.wake(self._kept)
            return
        if awaited:
            self._reactor.wait(self._descriptor, awaited, self._ready)
        self._timer.move(self._reactor.time() + seconds)

    def _ready(self, events: int) -> None:
        self._descriptor = -1
        self._timer.cancel()
        self._go_on(events)

    def _kept(self) -> None:
        self._rest()
        self._go_on(0)

    def _time_is_up(self) -> None:
        problem = TimeoutError() if self._descriptor >= 0 else None
        self._rest()
        self._go_on(0, problem)

    def _rest(self) -> None:
        """Wait for nothing any more."""
        self._timer.cancel()
        if self._descriptor >= 0:
            self._reactor.forget(self._descriptor)
            self._descriptor = -1
        if self._promise is not None:
            self._promise.wake(None)
            self._promise = None
