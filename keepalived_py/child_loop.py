"""What every child does besides its own work: obeys its supervisor, shows life, logs, tells of addresses."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

from keepalived_py.conduct import Conduct
from keepalived_py.errors import ExitCode
from keepalived_py.kernel.interfaces import ChangeKind
from keepalived_py.kernel.rtnl import RT_SCOPE_LINK
from keepalived_py.notify import vocabulary
from keepalived_py.process_settings import settings_of
from keepalived_py.reactor import Reactor

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping

    from keepalived_py.child import Child
    from keepalived_py.config.model import Config
    from keepalived_py.kernel.interfaces import Change

LONGEST_SLEEP = 1.0
"""Seconds between two signs of life, at most."""
LINES_AT_ONCE = 100
"""Log lines that leave in one iteration: a burst of them must not delay an advert."""

COLLECT_BELOW = 50_000
"""Blocks of memory of a child's own up to which it looks for garbage after a reload, in a few milliseconds. With
more it would take too long for adverts that are due, and the interpreter finds the garbage sooner or later."""

LINES_WHILE_BUSY = 4
"""The same while the child has something urgent in hand."""

_REPORTED = {ChangeKind.ADDRESS_ADDED: True, ChangeKind.ADDRESS_REMOVED: False}


class ChildLoop:
    """The loop of a child.

    Args:
        child: what the supervisor handed over.
        process: `vrrp` or `checker`: whose settings in `global_defs` count.
        describe: returns the lines of -d for a configuration.
        reload: puts a newer configuration in force, and calls its second argument when that is done.
        stop: ends the child's work; calls what it is given when the loop can end.
        is_busy: tells whether log lines should wait for something urgent.
        requests: returns what to do on which further signal, when nothing else is due.
        servers: whether a newer configuration is wanted with its virtual servers, which take long to load.

    Attributes:
        reactor: for the child's own work.
    """

    def __init__(
        self,
        child: Child,
        process: str,
        *,
        describe: Callable[[Config], list[str]],
        reload: Callable[[Config, Callable[[], None]], None],
        stop: Callable[[Callable[[], None]], None],
        is_busy: Callable[[], bool] = lambda: False,
        requests: Callable[[], Mapping[int, Callable[[], None]]] = dict,
        servers: bool = True,
    ) -> None:
        self.reactor = Reactor(LONGEST_SLEEP)
        self._child = child
        self._log = child.log
        self._generation = child.generation
        self._describe = describe
        self._reload = reload
        self._stop = stop
        self._stopping = False
        self._loading: Generator[None, None, tuple[int, Config]] | None = None
        self._is_busy = is_busy
        self._requests = requests
        self._servers = servers
        self._process = process
        self._born_with = sys.getallocatedblocks()
        self._conduct = Conduct(process, self.reactor, child.log)

    def run(self, begin: Callable[[], None]) -> int:
        """Call `begin`, tell the supervisor that the configuration is in effect, and run until told to stop."""
        reactor = self.reactor
        reactor.add_signal_handler(signal.SIGTERM, self._told_to_stop)
        if not self._child.options.ignore_sigint:
            reactor.add_signal_handler(signal.SIGINT, self._told_to_stop)
        reactor.add_signal_handler(signal.SIGHUP, self._told_to_reload)
        for number, answer in self._requests().items():
            reactor.add_signal_handler(number, reactor.call_soon, answer)
        reactor.after_iteration.append(self._show_life)
        self._take_settings(self._child.config)
        begin()
        self._child.heartbeat.acknowledge(self._generation)
        self._show_life(reactor.time())
        reactor.run_forever()
        return ExitCode.OK

    def say_configuration(self, config: Config) -> None:
        """Log that a configuration has been taken, and with -d what it says."""
        self._log.info(vocabulary.configuration_read(self._child.options.config_file, self._child.source.size))
        if self._child.options.dump_config:
            self._log.info("\n".join(self._describe(config)))

    def report_addresses(self, changes: Iterable[Change], *, local: bool = False) -> None:
        """Log addresses that came and went; with `local` also those that only this host or this link sees."""
        for change in changes:
            address, added = change.address, _REPORTED.get(change.kind)
            if address is not None and added is not None and (local or address.scope < RT_SCOPE_LINK):
                text = socket.inet_ntop(address.family, address.address)
                self._log.info(vocabulary.address_reported(text, added=added))

    def _show_life(self, now: float) -> None:
        self._child.heartbeat.beat(now)
        limit = LINES_WHILE_BUSY if self._is_busy() else LINES_AT_ONCE
        if self._log.flush(limit):
            self.reactor.call_soon(self._log.flush, limit)

    def _told_to_reload(self) -> None:
        """Load the newest configuration, one part per turn; one that comes meanwhile is loaded instead."""
        if not self._stopping:
            self._loading = self._child.source.loading(servers=self._servers)
            self._go_on_loading(self._loading)

    def _go_on_loading(self, steps: Generator[None, None, tuple[int, Config]]) -> None:
        if self._stopping or steps is not self._loading:
            return
        try:
            next(steps)
        except StopIteration as end:
            self._loaded(*end.value)
        else:
            self.reactor.call_soon(self._go_on_loading, steps)

    def _loaded(self, generation: int, config: Config) -> None:
        if generation == self._generation:
            self._child.heartbeat.acknowledge(generation)
            return
        self._generation = generation
        self.say_configuration(config)
        self._take_settings(config)
        self._reload(config, lambda: self._reloaded(generation))

    def _reloaded(self, generation: int) -> None:
        self._child.heartbeat.acknowledge(generation)
        if sys.getallocatedblocks() - self._born_with < COLLECT_BELOW:
            self.reactor.call_soon(gc.collect)

    def _take_settings(self, config: Config) -> None:
        """Run as the configuration wants this process to run."""
        if self._child.options.umask is None:
            os.umask(config.global_defs.umask)
        self._conduct.apply(settings_of(self._process, config.global_defs))

    def _told_to_stop(self) -> None:
        if not self._stopping:
            self._stopping = True
            self._stop(self.reactor.stop)
