"""The health-check child: the checks, the virtual servers and the netlink reflector in one loop."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from keepalived_py.check.answers import Answers
from keepalived_py.check.checks import Maker
from keepalived_py.check.correspondent import Correspondent
from keepalived_py.check.director import Director
from keepalived_py.check.dumps import Dumps
from keepalived_py.check.farm import Farm
from keepalived_py.check.herald import Herald
from keepalived_py.check.identity import Identity
from keepalived_py.check.ipvs_sync import IpvsSync
from keepalived_py.check.marker import Marker
from keepalived_py.check.messenger import Messenger
from keepalived_py.check.watchers import Watchers
from keepalived_py.child_loop import ChildLoop
from keepalived_py.garbage import collected_later
from keepalived_py.kernel.interfaces import InterfaceTable
from keepalived_py.kernel.monitor import InterfaceMonitor
from keepalived_py.kernel.socket_options import ReceiveBuffer
from keepalived_py.messages import Subject
from keepalived_py.notify import vocabulary
from keepalived_py.observability.control_server import ControlServer
from keepalived_py.process_settings import CHECKER
from keepalived_py.program import Programs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keepalived_py.child import Child
    from keepalived_py.config.model import Config
    from keepalived_py.kernel.interfaces import Change

EVENT_PAUSE = 0.05
"""Seconds between two batches of interface events; the socket keeps what comes meanwhile."""
COLLECT_AFTER = 20_000
"""New objects after which garbage is looked for: hundreds of checks that run at the same time are none."""


def run(child: Child) -> int:
    """Be the health-check child until SIGTERM; return the exit code."""
    return HealthChecker(child).run()


class HealthChecker:
    """The process: one loop around the netlink reflector."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._log = child.log
        self._loop = ChildLoop(
            child,
            CHECKER,
            describe=_describe,
            reload=self._reload,
            stop=self._stop,
            requests=lambda: self._dumps.requests,
        )
        self._monitor = InterfaceMonitor(InterfaceTable())
        self._kernel = IpvsSync(self._log)
        self._director = Director(self._kernel, self._log)
        self._marker = Marker(
            self._log, f"{child.options.checkers_pid_file} {child.options.pid_file} {child.config.instance}"
        )
        self._correspondent = Correspondent(self._loop.reactor, child.post)
        self._correspondent.readers[Subject.INSTANCE] = [self._director.instance_changed]
        self._herald = Herald(self._log)
        self._programs = Programs(self._loop.reactor, self._log)
        self._identity = Identity(self._log, self._programs)
        self._messenger = Messenger(self._loop.reactor, self._log, self._programs)
        self._herald.listeners.append(self._messenger)
        self._farm = Farm(self._loop.reactor, self._kernel, self._herald, Maker(self._programs))
        self._watchers = Watchers(self._loop.reactor, self._log, self._farm, self._monitor.table)
        self._correspondent.readers[Subject.BFD_SESSION] = [self._watchers.session_changed]
        self._config = child.config
        self._dumps = Dumps(child, self._loop.reactor, self._farm, lambda: self._config)
        self._control: ControlServer | None = None

    def run(self) -> int:
        """Run until told to stop."""
        exit_code = self._loop.run(self._begin)
        self._monitor.close()
        return exit_code

    def _begin(self) -> None:
        """Start listening to the kernel and say so, in the order that readers of the log know."""
        self._log.info(vocabulary.IPVS)
        self._take_buffers(self._child.config)
        self._report(self._monitor.load())
        self._loop.reactor.add_reader(self._monitor, self._interfaces_changed)
        self._log.info(vocabulary.REFLECTOR)
        self._log.info(vocabulary.COMMAND_CHANNEL)
        self._loop.say_configuration(self._child.config)
        self._log.info(vocabulary.LINK_WATCH)
        if self._director.is_needed(self._config):
            self._kernel.open(self._config.net_namespace_ipvs)
        self._director.start(self._config, adopt=self._child.respawned)
        self._messenger.configure(self._config.global_defs)
        self._watchers.start(self._config, initialise=not self._child.respawned and not self._child.options.run_vrrp)
        with collected_later():
            self._farm.start(self._config, self._marker.take(self._config))
        gc.freeze()  # what stays is not looked at afterwards either
        gc.set_threshold(COLLECT_AFTER)
        self._correspondent.begin()
        point = self._child.control
        if point is not None:
            answers = Answers(self._farm, self._loop.reactor.time, self._kernel.counters)
            self._control = ControlServer(self._loop.reactor, point.listener, point.group, answers.answer)
        self._identity.take(self._config.global_defs)

    def _interfaces_changed(self) -> None:
        """Hear one batch of changes, then nothing for a moment: the VRRP child adds thousands of addresses just now."""
        changes = self._monitor.drain()
        self._report(changes)
        self._watchers.interfaces_changed(changes)
        reactor = self._loop.reactor
        reactor.remove_reader(self._monitor)
        reactor.call_later(EVENT_PAUSE, reactor.add_reader, self._monitor, self._interfaces_changed)

    def _report(self, changes: Iterable[Change]) -> None:
        self._loop.report_addresses(changes, local=self._child.options.address_monitoring)

    def _take_buffers(self, config: Config) -> None:
        defs = config.global_defs
        self._monitor.set_receive_buffers(
            ReceiveBuffer(defs.lvs_netlink_monitor_rcv_bufs, defs.lvs_netlink_monitor_rcv_bufs_force),
            ReceiveBuffer(defs.lvs_netlink_cmd_rcv_bufs, defs.lvs_netlink_cmd_rcv_bufs_force),
        )

    def _reload(self, config: Config, done: Callable[[], None]) -> None:
        self._take_buffers(config)
        before, self._config = self._config, config
        is_new = self._director.is_needed(config) and not self._kernel.is_available
        is_new = is_new and self._kernel.open(config.net_namespace_ipvs)
        self._director.reload(config)
        self._messenger.configure(config.global_defs)
        self._watchers.take(config)
        with collected_later():
            self._farm.reload(config, before, self._marker.take(config))
        if is_new:
            self._farm.bring()
        self._identity.take(config.global_defs)
        done()

    def _stop(self, finished: Callable[[], None]) -> None:
        self._log.info("Terminating Healthchecker child process on signal")
        self._loop.reactor.remove_reader(self._monitor)
        self._correspondent.stop()
        if self._control is not None:
            self._control.close()
        self._watchers.stop()
        if not self._child.options.keep_ipvs:
            self._marker.end()
        self._director.stop(keep=self._child.options.keep_ipvs)
        self._farm.stop(keep=self._child.options.keep_ipvs)
        self._kernel.close()
        self._messenger.finish()
        self._programs.close()
        finished()


def _describe(config: Config) -> list[str]:
    from keepalived_py.config.describe import describe_checkers  # noqa: PLC0415 - only -d needs it

    return describe_checkers(config)
