"""Puts back routes and rules that other programs remove, and knows when to leave them to another router."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.kernel.routing_monitor import RoutingMonitor
from keepalived_py.vrrp.restoration import CALM, DELAYS, Restoration

if TYPE_CHECKING:
    from keepalived_py.kernel.routes import RouteEvent
    from keepalived_py.kernel.rules import RoutingRule
    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor
    from keepalived_py.vrrp.holdings import Holdings
    from keepalived_py.vrrp.installer import Installer
    from keepalived_py.vrrp.routing import RoutingEntry


class Guard:
    """Guards the holdings that are in the kernel; hears of routes and rules from when there are any.

    Args:
        reactor: clock and timers.
        log: of the process.
        installer: puts entries back.
    """

    def __init__(self, reactor: Reactor, log: Log, installer: Installer) -> None:
        self._reactor = reactor
        self._log = log
        self._installer = installer
        self._monitor = RoutingMonitor()
        reactor.add_reader(self._monitor, self._drain)

    def close(self) -> None:
        """Listen no more."""
        self._reactor.remove_reader(self._monitor)
        self._monitor.close()

    def _drain(self) -> None:
        events = self._monitor.drain()
        if events is None:
            self._log.warning("events of routes and rules were lost: adding ours again")
            self._installer.reinstall()
            return
        for event in events:
            self.removed(event, self._reactor.time())

    def removed(self, event: RouteEvent | RoutingRule, now: float) -> None:
        """A route or rule went: put it back if it is one of ours and nobody of us removed it."""
        for holdings in list(self._installer.active):
            for entry in holdings.entries:
                if entry.watched and entry.is_told_by(event):
                    self._defend(holdings, entry, now)

    def _defend(self, holdings: Holdings, entry: RoutingEntry, now: float) -> None:
        if entry in holdings.pending or entry in holdings.given_up:
            return
        history = holdings.restorations.setdefault(entry, Restoration())
        delay = history.removed(now)
        if delay is None:
            self._give_up(holdings, entry)
        elif delay:
            holdings.pending.add(entry)
            self._reactor.call_later(delay, self._put_back_later, holdings, entry)
        else:
            self._put_back(holdings, entry)

    def _put_back(self, holdings: Holdings, entry: RoutingEntry) -> None:
        """Put an entry back; what was there after all, or went with its interface, was nobody's attack."""
        history = holdings.restorations[entry]
        answer = self._installer.restore(holdings, entry)
        if answer != "":
            history.forgive()
        else:
            self._log.warning(
                f"{holdings.label} {entry.text} was removed by another program: put back"
                f" (attempt {history.attempts} of {len(DELAYS)})"
            )

    def _put_back_later(self, holdings: Holdings, entry: RoutingEntry) -> None:
        if holdings.active and entry in holdings.pending:
            holdings.pending.discard(entry)
            self._put_back(holdings, entry)

    def _give_up(self, holdings: Holdings, entry: RoutingEntry) -> None:
        self._log.error(
            f"{holdings.label} {entry.text} was removed by another program again and again:"
            f" leaving it alone for {CALM:g} s"
        )
        holdings.given_up.add(entry)
        self._reactor.call_later(CALM, self._try_again, holdings, entry)
        holdings.changed()

    def _try_again(self, holdings: Holdings, entry: RoutingEntry) -> None:
        if entry in holdings.given_up:
            holdings.given_up.discard(entry)
            if holdings.active:
                self._put_back_calmly(holdings, entry)
            holdings.changed()

    def _put_back_calmly(self, holdings: Holdings, entry: RoutingEntry) -> None:
        if not self._installer.restore(holdings, entry):
            self._log.info(f"{holdings.label} trying {entry.text} again")
