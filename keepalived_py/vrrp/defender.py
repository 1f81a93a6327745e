"""Puts back virtual addresses that other programs take away, and knows when to leave them to another router."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.vrrp.restoration import CALM, DELAYS, Restoration

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.kernel.interfaces import Change, InterfaceTable
    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.executor import Executor
    from keepalived_py.vrrp.running import RunningInstance
    from keepalived_py.vrrp.takeover import PlacedAddress

SILENCE = 0.01
"""Seconds without news of interfaces after which all is heard that has happened."""
LONGEST = 0.2
"""Seconds after which what is missing is judged although the news goes on: others may change interfaces all day."""


class Defender:
    """Defends the addresses of every instance.

    An address that goes is not judged at once: an instance that takes its addresses off and, as master again, adds
    them hears of both later, and bit by bit when there are thousands.

    Args:
        reactor: clock and timers.
        log: of the process.
        table: the interfaces of this host.
        executor: puts addresses back.
        judge: looks at the faults of an instance again; does nothing for one that has ended.
    """

    def __init__(
        self,
        reactor: Reactor,
        log: Log,
        table: InterfaceTable,
        executor: Executor,
        judge: Callable[[RunningInstance], None],
    ) -> None:
        self._reactor = reactor
        self._log = log
        self._table = table
        self._executor = executor
        self._judge = judge
        self._missing: dict[tuple[str, int, bytes, int], tuple[RunningInstance, PlacedAddress]] = {}
        self._missing_since = 0.0
        self._verdict = reactor.timer(self._judge_missing)

    def is_present(self, placed: PlacedAddress) -> bool:
        """Return whether an address is on its interface."""
        interface = self._table.by_index(placed.request.interface)
        key = (placed.request.address, placed.request.prefix_length, placed.request.peer)
        return interface is not None and key in interface.addresses

    def address_removed(self, running: RunningInstance, change: Change) -> None:
        """What may be a virtual address went: it is missing if it is not there when all is heard."""
        assert change.address is not None
        key = (change.interface.index, change.address.address, change.address.prefix_length)
        placed = running.takeover.by_key.get(key)
        if placed is not None and placed.watched:
            if not self._missing:
                self._missing_since = self._reactor.time()
            self._missing[(running.name, *key)] = (running, placed)

    def heard(self, now: float) -> None:
        """There was news of interfaces: judge what is missing a moment after the last."""
        if self._missing:
            self._verdict.move(min(now + SILENCE, self._missing_since + LONGEST))

    def _judge_missing(self) -> None:
        """All is heard: defend what is missing; what is still being added by us, later."""
        now = self._reactor.time()
        suspects, self._missing, self._missing_since = self._missing, {}, now
        for name, (running, placed) in suspects.items():
            if running.adding:
                self._missing[name] = (running, placed)
            elif running.holding and running.takeover.by_key.get(placed.key) == placed and not self.is_present(placed):
                self._defend(running, placed, now)
        self.heard(now)

    def _defend(self, running: RunningInstance, placed: PlacedAddress, now: float) -> None:
        """Another program took a virtual address away: put it back, within bounds."""
        history = running.restorations.setdefault(placed.request.address, Restoration())
        delay = history.removed(now)
        what = (
            f"({running.name}) virtual address {placed.text} on {placed.interface_name} was removed by another program"
        )
        if delay is None:
            self._log.error(f"{what} again and again: leaving it to another router for {CALM:g} s")
            self._give_up(running, placed)
            return
        self._log.warning(f"{what}: putting it back (attempt {history.attempts} of {len(DELAYS)})")
        if delay:
            self._reactor.call_later(delay, self._executor.restore, running, placed)
        else:
            self._executor.restore(running, placed)

    def _give_up(self, running: RunningInstance, placed: PlacedAddress) -> None:
        running.given_up.add(placed.text)
        self._judge(running)
        self._reactor.call_later(CALM, self._try_again, running, placed.text)

    def _try_again(self, running: RunningInstance, text: str) -> None:
        running.given_up.discard(text)
        self._judge(running)
