"""The health-check child: in this release without checkers, but with everything that a child is to its surroundings."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING

from keepalived_py.errors import ExitCode
from keepalived_py.kernel.interfaces import ChangeKind, InterfaceTable
from keepalived_py.kernel.monitor import InterfaceMonitor
from keepalived_py.kernel.rtnl import RT_SCOPE_LINK
from keepalived_py.notify import vocabulary
from keepalived_py.reactor import Reactor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keepalived_py.child import Child
    from keepalived_py.kernel.interfaces import Change

LONGEST_SLEEP = 1.0
"""Seconds between two signs of life, at most."""

LINES_AT_ONCE = 100
REPORTED = {ChangeKind.ADDRESS_ADDED: True, ChangeKind.ADDRESS_REMOVED: False}


def run(child: Child) -> int:
    """Be the health-check child until SIGTERM; return the exit code."""
    return HealthChecker(child).run()


class HealthChecker:
    """The process: one loop, the netlink reflector, the supervisor's signals."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._log = child.log
        self._generation = child.generation
        self._config = child.config
        self._reactor = Reactor(LONGEST_SLEEP)
        self._monitor = InterfaceMonitor(InterfaceTable())

    def run(self) -> int:
        """Run until told to stop."""
        reactor = self._reactor
        reactor.add_signal_handler(signal.SIGTERM, self._stop)
        if not self._child.options.ignore_sigint:
            reactor.add_signal_handler(signal.SIGINT, self._stop)
        reactor.add_signal_handler(signal.SIGHUP, self._reload)
        reactor.after_iteration.append(self._show_life)
        self._open()
        self._child.heartbeat.acknowledge(self._generation)
        self._show_life(reactor.time())
        reactor.run_forever()
        reactor.remove_reader(self._monitor)
        self._monitor.close()
        return ExitCode.OK

    def _open(self) -> None:
        """Start listening to the kernel and say so, in the order that readers of the log know."""
        self._log.info(vocabulary.IPVS)
        self._report(self._monitor.load())
        self._reactor.add_reader(self._monitor, self._interfaces_changed)
        self._log.info(vocabulary.REFLECTOR)
        self._log.info(vocabulary.COMMAND_CHANNEL)
        self._say_configuration()
        self._log.info(vocabulary.LINK_WATCH)

    def _say_configuration(self) -> None:
        """Log that a configuration has been taken, and with -d what it says."""
        self._log.info(vocabulary.configuration_read(self._child.options.config_file, self._child.source.size))
        if self._child.options.dump_config:
            from keepalived_py.config.describe import describe_checkers  # noqa: PLC0415 - only -d needs it

            self._log.info("\n".join(describe_checkers(self._config)))

    def _show_life(self, now: float) -> None:
        self._child.heartbeat.beat(now)
        if self._log.flush(LINES_AT_ONCE):
            self._reactor.call_soon(self._log.flush, LINES_AT_ONCE)

    def _interfaces_changed(self) -> None:
        self._report(self._monitor.drain())

    def _report(self, changes: Iterable[Change]) -> None:
        """Log addresses that came and went; those that only this host or this link sees only with -a."""
        for change in changes:
            address, added = change.address, REPORTED.get(change.kind)
            if address is None or added is None:
                continue
            if address.scope < RT_SCOPE_LINK or self._child.options.address_monitoring:
                text = socket.inet_ntop(address.family, address.address)
                self._log.info(vocabulary.address_reported(text, added=added))

    def _reload(self) -> None:
        generation, config = self._child.source.current()
        if generation != self._generation:
            self._generation, self._config = generation, config
            self._say_configuration()
        self._child.heartbeat.acknowledge(generation)

    def _stop(self) -> None:
        self._log.info("Terminating Healthchecker child process on signal")
        self._reactor.stop()
