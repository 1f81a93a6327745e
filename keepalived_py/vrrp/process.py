"""The VRRP child: one loop around the instances, the netlink reflector and the supervisor's signals."""

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
from keepalived_py.vrrp.adoption import AdoptionRecord
from keepalived_py.vrrp.executor import Executor
from keepalived_py.vrrp.roster import Roster

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keepalived_py.child import Child
    from keepalived_py.config.model import Config
    from keepalived_py.kernel.interfaces import Change

LONGEST_SLEEP = 1.0
"""Seconds between two signs of life, at most."""
LINES_AT_ONCE = 100
"""Log lines that leave in one iteration: a burst of them must not delay an advert."""
UPTIME = "/proc/uptime"
_REPORTED = {ChangeKind.ADDRESS_ADDED: True, ChangeKind.ADDRESS_REMOVED: False}


def run(child: Child) -> int:
    """Be the VRRP child until SIGTERM; return the exit code."""
    return VrrpProcess(child).run()


class VrrpProcess:
    """The process: it begins, reloads and ends what the roster holds."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._log = child.log
        self._generation = child.generation
        self._reactor = Reactor(LONGEST_SLEEP)
        self._table = InterfaceTable()
        self._monitor = InterfaceMonitor(self._table)
        record = AdoptionRecord(child.record)
        self._masters = record.masters() if child.respawned else {}
        self._executor = Executor(self._reactor, self._log, record)
        self._roster = Roster(self._reactor, self._log, self._table, self._executor, record)

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
        self._executor.close()
        self._monitor.close()
        return ExitCode.OK

    def _open(self) -> None:
        """Start listening to the kernel, take the configuration and begin; what a crash left comes before words."""
        config = self._child.config
        self._report(self._monitor.load())
        self._reactor.add_reader(self._monitor, self._interfaces_changed)
        self._log.info(vocabulary.REFLECTOR)
        self._log.info(vocabulary.COMMAND_CHANNEL)
        self._log.info(vocabulary.ANNOUNCEMENT_CHANNEL)
        self._log.info(vocabulary.IPVS)
        self._log.info(vocabulary.configuration_read(self._child.options.config_file, self._child.source.size))
        if self._child.options.dump_config:
            from keepalived_py.config.describe import describe_vrrp  # noqa: PLC0415 - only -d needs it

            self._log.info("\n".join(describe_vrrp(config)))
        self._log.info(vocabulary.LINK_WATCH)
        self._roster.start(config, self._masters, _startup_delay(config))

    def _show_life(self, now: float) -> None:
        self._child.heartbeat.beat(now)
        if self._log.flush(LINES_AT_ONCE):
            self._reactor.call_soon(self._log.flush, LINES_AT_ONCE)

    def _interfaces_changed(self) -> None:
        changes = self._monitor.drain()
        self._report(change for change in changes if not self._is_virtual(change))
        self._roster.interfaces_changed(changes)

    def _is_virtual(self, change: Change) -> bool:
        """Return whether a change is about a virtual address: the instance's own log lines tell of those."""
        address = change.address
        if address is None:
            return False
        key = (change.interface.index, address.address, address.prefix_length)
        return any(key in running.takeover.by_key for running in self._roster.instances.values())

    def _report(self, changes: Iterable[Change]) -> None:
        """Log addresses that came and went, but for those that only this host or this link sees."""
        for change in changes:
            address, added = change.address, _REPORTED.get(change.kind)
            if address is not None and added is not None and address.scope < RT_SCOPE_LINK:
                text = socket.inet_ntop(address.family, address.address)
                self._log.info(vocabulary.address_reported(text, added=added))

    def _reload(self) -> None:
        generation, config = self._child.source.current()
        if generation != self._generation:
            self._generation = generation
            self._log.info(vocabulary.configuration_read(self._child.options.config_file, self._child.source.size))
            self._roster.reload(config)
        self._child.heartbeat.acknowledge(generation)

    def _stop(self) -> None:
        self._log.info("Terminating VRRP child process on signal")
        self._reactor.remove_reader(self._monitor)
        self._roster.stop(keep_addresses=self._child.options.keep_vips)
        self._reactor.stop()


def _startup_delay(config: Config) -> float:
    """Return the seconds in which adverts are neither sent nor believed, counted from now."""
    defaults = config.global_defs
    after_boot = defaults.vrrp_delay_after_boot
    if after_boot:
        with open(UPTIME, encoding="ascii") as file:  # noqa: PTH123 - pathlib is slow to import
            after_boot -= float(file.read().split()[0])
    return max(defaults.vrrp_startup_delay, after_boot, 0.0)
