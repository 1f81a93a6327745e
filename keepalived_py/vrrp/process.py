"""The VRRP child: the instances and the netlink reflector in one loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.child_loop import ChildLoop
from keepalived_py.kernel.interfaces import ChangeKind, InterfaceTable
from keepalived_py.kernel.monitor import DRAIN_LIMIT, InterfaceMonitor
from keepalived_py.kernel.socket_options import ReceiveBuffer
from keepalived_py.notify import vocabulary
from keepalived_py.observability.control_server import ControlServer
from keepalived_py.observability.history import History
from keepalived_py.process_settings import VRRP
from keepalived_py.program import Programs
from keepalived_py.vrrp.adoption import AdoptionRecord
from keepalived_py.vrrp.answers import Answers
from keepalived_py.vrrp.correspondent import Correspondent
from keepalived_py.vrrp.dumps import Dumps
from keepalived_py.vrrp.executor import Executor
from keepalived_py.vrrp.firewall import Firewall
from keepalived_py.vrrp.link_keeper import LinkKeeper
from keepalived_py.vrrp.link_watch import LinkWatch
from keepalived_py.vrrp.notifier import Notifier
from keepalived_py.vrrp.recorder import Recorder
from keepalived_py.vrrp.roster import Roster
from keepalived_py.vrrp.trackers import Trackers

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.child import Child
    from keepalived_py.config.model import Config
    from keepalived_py.kernel.interfaces import Change

EVENTS_MEANWHILE = 2
"""Interface events heard in one iteration between two slices: most are about the addresses that we add."""
LAST_PROGRAMS = 1.5
"""Seconds that the programs of the last transitions get before this process ends; less when they end sooner."""
_OF_FIREWALL = frozenset({ChangeKind.APPEARED, ChangeKind.GONE, ChangeKind.RENAMED})
UPTIME = "/proc/uptime"
SETTINGS_SIZE = 16 * 1024
"""Bytes at the end of the record that outlives the child, for what kernel settings were before: 300 of them."""


def run(child: Child) -> int:
    """Be the VRRP child until SIGTERM; return the exit code."""
    return VrrpProcess(child).run()


class VrrpProcess:
    """The process: it begins, reloads and ends what the roster holds."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._log = child.log
        self._loop = ChildLoop(
            child,
            VRRP,
            describe=_describe,
            reload=self._reload,
            stop=self._stop,
            is_busy=self._is_busy,
            requests=lambda: self._dumps.requests,
            servers=False,
        )
        self._programs = Programs(self._loop.reactor, self._log)
        self._table = InterfaceTable()
        self._monitor = InterfaceMonitor(self._table)
        record = AdoptionRecord(child.record[:-SETTINGS_SIZE])
        self._masters = record.masters() if child.respawned else {}
        self._executor = Executor(self._loop.reactor, self._log, record)
        self._control: ControlServer | None = None
        self._history = History(child.history)
        self._recorder = Recorder(self._loop.reactor, self._history)
        self._executor.recorder = self._recorder
        self._executor.followers.append(self._recorder)
        self._links = LinkKeeper(self._loop.reactor, self._log, self._table, child.record[-SETTINGS_SIZE:])
        self._roster = Roster(self._loop.reactor, self._log, self._table, self._executor, record, self._links)
        self._firewall = Firewall(self._programs, self._log, self._table, _identity(child))
        self._reloads = 0
        self._link_watch = LinkWatch(self._loop.reactor, self._log, self._table, self._roster.interfaces_changed)
        self._trackers = Trackers(
            self._loop.reactor, self._log, self._programs, self._roster.tracking, self._roster.sources_changed
        )
        self._dumps = Dumps(child, self._loop.reactor, self._roster, self._table, self._trackers.scripts)
        self._notifier = Notifier(self._loop.reactor, self._log, self._programs)
        self._executor.followers.append(self._notifier)
        self._correspondent = Correspondent(self._loop.reactor, child.post, self._roster)
        self._executor.followers.append(self._correspondent)

    def run(self) -> int:
        """Run until told to stop."""
        exit_code = self._loop.run(self._begin)
        self._programs.close(LAST_PROGRAMS)
        if not self._child.options.keep_vips:
            self._firewall.end()
        self._executor.close()
        self._links.close()
        self._monitor.close()
        return exit_code

    def _begin(self) -> None:
        """Start listening to the kernel, take the configuration and begin."""
        config = self._child.config
        if _changes_the_network(config):
            self._executor.demand_permission()
        self._take_buffers(config)
        self._loop.report_addresses(self._monitor.load())
        self._loop.reactor.add_reader(self._monitor, self._interfaces_changed)
        self._log.info(vocabulary.REFLECTOR)
        self._log.info(vocabulary.COMMAND_CHANNEL)
        self._log.info(vocabulary.ANNOUNCEMENT_CHANNEL)
        self._log.info(vocabulary.IPVS)
        self._loop.say_configuration(config)
        self._log.info(vocabulary.LINK_WATCH)
        self._recorder.process("start", "replaces a process that died" if self._child.respawned else "started")
        self._notifier.configure(config)
        self._firewall.begin(config, self._links.foresee(config), in_place=self._child.respawned)
        self._link_watch.take(config)
        self._roster.tracking.reconfigured(config)
        self._trackers.start(config, respawned=self._child.respawned)
        self._roster.start(config, self._masters, _startup_delay(config))
        self._correspondent.begin()
        self._begin_to_answer()

    def _begin_to_answer(self) -> None:
        """Answer questions, once everything that they could be about is there."""
        point = self._child.control
        if point is not None:
            answers = Answers(
                self._roster,
                self._history,
                self._loop.reactor.time,
                lambda: self._firewall.warnings,
                lambda: self._trackers.scripts.scripts,
            )
            self._control = ControlServer(self._loop.reactor, point.listener, point.group, answers.answer)

    def _is_busy(self) -> bool:
        return bool(self._executor.work.working)

    def _interfaces_changed(self) -> None:
        changes = self._monitor.drain(EVENTS_MEANWHILE if self._executor.work.working else DRAIN_LIMIT)
        self._loop.report_addresses(change for change in changes if not self._is_virtual(change))
        self._roster.interfaces_changed(self._link_watch.reviewed(changes))
        if any(change.kind in _OF_FIREWALL for change in changes):
            self._review_firewall()

    def _review_firewall(self) -> None:
        """Rules name interfaces by index; a reload that is under way looks at them when it is done."""
        if not self._reloads:
            footings = {name: one.footing for name, one in self._roster.instances.items()}
            self._firewall.review(self._roster.config, footings)

    def _is_virtual(self, change: Change) -> bool:
        """Return whether a change is about a virtual address: the instance's own log lines tell of those."""
        address = change.address
        if address is None:
            return False
        key = (change.interface.index, address.address, address.prefix_length)
        return any(key in running.takeover.by_key for running in self._roster.instances.values())

    def _take_buffers(self, config: Config) -> None:
        defs = config.global_defs
        events = ReceiveBuffer(defs.vrrp_netlink_monitor_rcv_bufs, defs.vrrp_netlink_monitor_rcv_bufs_force)
        commands = ReceiveBuffer(defs.vrrp_netlink_cmd_rcv_bufs, defs.vrrp_netlink_cmd_rcv_bufs_force)
        self._monitor.set_receive_buffers(events, commands)
        self._executor.set_receive_buffer(commands)

    def _reload(self, config: Config, done: Callable[[], None]) -> None:
        self._take_buffers(config)
        self._recorder.process("reload", "another configuration is in force")
        self._notifier.configure(config)
        self._reloads += 1
        # Whoever refuses packets to its addresses does so before the first of them is there.
        footings = self._links.foresee(config, [one.footing for one in self._roster.instances.values()])
        self._firewall.change(config, footings, lambda: self._change_instances(config, done))

    def _change_instances(self, config: Config, done: Callable[[], None]) -> None:
        self._link_watch.take(config)
        self._roster.reload(config, lambda: self._reloaded(done))
        self._trackers.take(config)
        self._correspondent.take()

    def _reloaded(self, done: Callable[[], None]) -> None:
        groups = [(group.name, group.machine.state) for group in self._roster.groups.groups.values()]
        self._notifier.reloaded(self._roster.instances.values(), groups)
        self._reloads -= 1
        self._review_firewall()
        done()

    def _stop(self, finished: Callable[[], None]) -> None:
        self._log.info("Terminating VRRP child process on signal")
        if self._control is not None:
            self._control.close()
        self._loop.reactor.remove_reader(self._monitor)
        self._firewall.forget()
        self._link_watch.stop()
        self._trackers.stop()
        self._correspondent.stop()
        self._notifier.stopping()
        self._roster.stop(keep_addresses=self._child.options.keep_vips)
        self._notifier.finish(finished)


def _changes_the_network(config: Config) -> bool:
    """Return whether there is any address, route or rule to add."""
    return bool(config.static_ipaddress or config.static_routes or config.static_rules) or any(
        one.virtual_ipaddress or one.virtual_ipaddress_excluded or one.virtual_routes or one.virtual_rules
        for one in config.vrrp_instances
    )


def _identity(child: Child) -> str:
    """Return what two daemons in one network namespace cannot have in common."""
    options = child.options
    return f"{options.pid_file} {options.vrrp_pid_file} {options.namespace} {child.config.instance}"


def _describe(config: Config) -> list[str]:
    from keepalived_py.config.describe import describe_vrrp  # noqa: PLC0415 - only -d needs it

    return describe_vrrp(config)


def _startup_delay(config: Config) -> float:
    """Return the seconds in which adverts are neither sent nor believed, counted from now."""
    defaults = config.global_defs
    after_boot = defaults.vrrp_delay_after_boot
    if after_boot:
        with open(UPTIME, encoding="ascii") as file:  # noqa: PTH123 - pathlib is slow to import
            after_boot -= float(file.read().split()[0])
    return max(defaults.vrrp_startup_delay, after_boot, 0.0)
