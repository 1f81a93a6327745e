"""Servers that come back get their share of connections little by little (`slow_start`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.check.health import VirtualServer
    from keepalived_py.check.running import Identity, RunningReal, RunningVirtual
    from keepalived_py.reactor import Reactor

MOST_STEPS: Final = 20
"""Changes of the weight on the way up, at most."""


def ceiling(weight: int, elapsed: float, seconds: float) -> int | None:
    """Return the upper limit of a weight some time after the server came back; None when it has its whole weight.

    Args:
        weight: that it will have in the end.
        elapsed: seconds since it came back.
        seconds: that it takes.
    """
    if elapsed >= seconds or weight <= 1:
        return None
    return max(1, int(weight * elapsed / seconds))


def has_help(health: VirtualServer, key: str) -> bool:
    """Return whether another server takes connections, so that this one can begin slowly."""
    if health.sorry_server and not health.has_quorum:
        return False
    return any(server.is_alive and server.used_weight for other, server in health.servers.items() if other != key)


class SlowStart:
    """The servers that are on their way up.

    Args:
        reactor: clock and timers.
        find: returns the virtual server with an identity; None when there is no such any more.
        changed: called when a virtual server is to be brought to the kernel again.
    """

    def __init__(
        self,
        reactor: Reactor,
        find: Callable[[Identity], RunningVirtual | None],
        changed: Callable[[RunningVirtual], object],
    ) -> None:
        self._reactor = reactor
        self._find = find
        self._changed = changed
        self._began: dict[tuple[Identity, str], float] = {}

    def begin(self, identity: Identity, virtual: RunningVirtual, real: RunningReal) -> None:
        """A server came back; the caller brings it to the kernel."""
        seconds = virtual.config.slow_start if real.config.slow_start is None else real.config.slow_start
        weight = real.health.weight
        if not seconds or weight <= 1 or not has_help(virtual.health, real.name):
            return
        began_at = self._began[identity, real.name] = self._reactor.time()
        real.health.ceiling = ceiling(weight, 0.0, seconds)
        pause = seconds / min(weight, MOST_STEPS)

        def step() -> None:
            if self._went_on(identity, real.name, began_at, seconds):
                self._reactor.call_later(pause, step)

        self._reactor.call_later(pause, step)

    def review(self, virtual: RunningVirtual) -> None:
        """Others came or went: a server that is the only one now has its whole weight, and so has one that is gone."""
        for key, server in virtual.health.servers.items():
            if server.ceiling is not None and not (server.is_alive and has_help(virtual.health, key)):
                server.ceiling = None

    def _went_on(self, identity: Identity, key: str, began_at: float, seconds: float) -> bool:
        """Take a step; return whether there are more. A reload may have put other objects there meanwhile."""
        if self._began.get((identity, key)) != began_at:
            return False  # it went down and came back meanwhile
        virtual = self._find(identity)
        server = None if virtual is None else virtual.health.servers.get(key)
        if virtual is None or server is None or server.ceiling is None:
            del self._began[identity, key]
            return False
        server.ceiling = ceiling(server.weight, self._reactor.time() - began_at, seconds)
        self._changed(virtual)
        if server.ceiling is None:
            del self._began[identity, key]
        return server.ceiling is not None
