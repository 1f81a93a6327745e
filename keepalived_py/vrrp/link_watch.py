"""What instances are told of links: as the kernel says or as polling finds, after the delays that are configured."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from keepalived_py.kernel.interfaces import Change, ChangeKind
from keepalived_py.kernel.link_status import METHODS, LinkStatus
from keepalived_py.notify import vocabulary
from keepalived_py.vrrp.interface_delays import InterfaceDelays
from keepalived_py.vrrp.link_polling import polled_interfaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keepalived_py.config.model import Config
    from keepalived_py.kernel.interfaces import Interface, InterfaceTable
    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor

POLL_INTERVAL = 1.0
VIRTUAL = frozenset({"macvlan", "ipvlan"})
"""Kinds of interface that have no cable: what the kernel says of them is all there is."""


class LinkWatch:
    """Stands between the monitor of the interfaces and the instances.

    Args:
        reactor: clock and timers.
        log: of the process.
        table: the interfaces of this host.
        changed: called with changes that count now and do not come from the monitor.
    """

    def __init__(
        self, reactor: Reactor, log: Log, table: InterfaceTable, changed: Callable[[list[Change]], object]
    ) -> None:
        self._reactor = reactor
        self._log = log
        self._table = table
        self._changed = changed
        self._delays = InterfaceDelays()
        self._status: LinkStatus | None = None
        self._starting = True
        self._wanted: dict[str, str | None] = {}
        self._methods: dict[int, str] = {}
        self._delay = reactor.timer(self._delay_over)
        self._poll = reactor.timer(self._poll_all)

    def take(self, config: Config) -> None:
        """Use the delays of a configuration and poll the interfaces that it says.

        The first time, before there are instances, what polling finds counts at once and is told to nobody.
        """
        self._wanted = polled_interfaces(config)
        self._methods.clear()
        changes = self._delays.take(config.interface_up_down_delays)
        changes += self._stop_polling()
        if self._wanted and self._status is None:
            self._log.info(vocabulary.LINK_POLLING)
            self._status = LinkStatus()
        if self._wanted:
            found = self._look()
            changes += found if self._starting else self._delays.reviewed(self._reactor.time(), found)
            self._poll.move(self._reactor.time() + POLL_INTERVAL)
        starting, self._starting = self._starting, False
        self._tell([] if starting else changes)

    def reviewed(self, changes: Iterable[Change]) -> list[Change]:
        """Return the changes of the monitor that count now."""
        counting = self._delays.reviewed(self._reactor.time(), changes)
        self._arm()
        return counting

    def stop(self) -> None:
        """Poll and delay nothing any more."""
        self._poll.cancel()
        self._delay.cancel()
        if self._status is not None:
            self._status.close()
            self._status = None

    def _tell(self, changes: list[Change]) -> None:
        self._arm()
        if changes:
            self._changed(changes)

    def _arm(self) -> None:
        for note in self._delays.notes:
            self._log.info(note)
        self._delays.notes.clear()
        due_at = self._delays.due_at
        if due_at == inf:
            self._delay.cancel()
        else:
            self._delay.move(due_at)

    def _delay_over(self) -> None:
        self._tell(self._delays.deadline_reached(self._reactor.time() + self._delay.slack))

    # Polling

    def _poll_all(self) -> None:
        changes = self._delays.reviewed(self._reactor.time(), self._look())
        self._poll.move(self._reactor.time() + POLL_INTERVAL)
        self._tell(changes)

    def _look(self) -> list[Change]:
        """Ask for every interface that is polled; return what that changes."""
        changes = []
        for name in self._wanted:
            interface = self._table.by_name(name)
            if interface is not None and interface.kind not in VIRTUAL:
                changes += self._see(interface, self._ask(interface))
        return changes

    def _see(self, interface: Interface, link: bool | None) -> list[Change]:
        ran, interface.link_seen = interface.running, link
        if interface.running is ran:
            return []
        self._log.info(vocabulary.linkbeat(interface.name, is_up=interface.running))
        return [Change(ChangeKind.WENT_DOWN if ran else ChangeKind.WENT_UP, interface)]

    def _ask(self, interface: Interface) -> bool | None:
        """Ask in the way that was configured or, where it does not work, in the first that does."""
        assert self._status is not None
        known = self._methods.get(interface.index)
        if known is not None:
            return self._status.ask(known, interface.name)
        wanted = self._wanted[interface.name]
        for method in sorted(METHODS, key=lambda method: method != wanted):
            link = self._status.ask(method, interface.name)
            if link is not None:
                self._methods[interface.index] = method
                if wanted not in {None, method}:
                    self._log.info(vocabulary.linkbeat_method(interface.name, str(wanted), method))
                return link
        return None

    def _stop_polling(self) -> list[Change]:
        """Believe the kernel again about interfaces that are polled no more."""
        changes = []
        for interface in self._table:
            if interface.link_seen is not None and interface.name not in self._wanted:
                changes += self._see(interface, None)
        if not self._wanted and self._status is not None:
            self._poll.cancel()
            self._status.close()
            self._status = None
        return changes
