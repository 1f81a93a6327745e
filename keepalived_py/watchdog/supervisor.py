"""The parent: starts the children, watches, replaces, reloads and stops them.

Synchronous on purpose: blocked signals and `sigtimedwait`, no handlers, no threads, so that it can fork at any time.
"""

from __future__ import annotations

import gc
import os
import signal
import time
from typing import TYPE_CHECKING, Any, Protocol

from keepalived_py.child import ConfigSource
from keepalived_py.errors import ExitCode
from keepalived_py.kernel.process import set_name
from keepalived_py.observability import dump_file
from keepalived_py.observability.dump_names import names_of
from keepalived_py.observability.dump_writer import DumpWriter
from keepalived_py.process_settings import parents_name
from keepalived_py.version import VERSION_STRING
from keepalived_py.watchdog import policy, signals
from keepalived_py.watchdog.attendant import Attendant
from keepalived_py.watchdog.errand import Errand
from keepalived_py.watchdog.family import family
from keepalived_py.watchdog.offspring import Birthright, Offspring
from keepalived_py.watchdog.parent_state import parent_state
from keepalived_py.watchdog.rereading import Stage

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from keepalived_py.config.model import Config
    from keepalived_py.observability.log import Log
    from keepalived_py.options import Options
    from keepalived_py.watchdog.control_sockets import ControlSockets
    from keepalived_py.watchdog.daemon import Readiness
    from keepalived_py.watchdog.reload_schedule import ReloadSchedule
    from keepalived_py.watchdog.rereading import Accepted, Rereader
    from keepalived_py.watchdog.systemd import ServiceManager

READY_POLL = 0.005
"""Seconds between looks at children that are being waited for; only while they are."""

INIT = 1
"""Process number of whoever inherits orphans: ours in a container of our own."""

LOG_PAUSE = 0.1
"""Seconds between two attempts to log what syslogd was too busy for: ten datagrams fill its queue (unix(7))."""

READY_LIMIT = 10.0
"""A start not finished after this long is reported as done: the children live, and the log says what they do."""


class Store(ConfigSource, Stage, Protocol):
    """The shared configuration, as its writer sees it."""

    @property
    def generation(self) -> int:
        """Number of the configuration in force, counting from 1."""

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What must stay open for it when other descriptors are closed."""

    def commit(self, staged: Any) -> int:
        """Make what `stage` has returned the configuration in force; return its generation."""


class Supervisor:
    """The parent process, once it has its configuration, its pid files and its place in the system.

    Args:
        options: the command line.
        config: the parent's part of the configuration to start with.
        offspring: one per kind of child to run, in the order of starting.
        store: where children find the configuration; it is in force there.
        rereader: reads the configuration again for a reload.
        log: the parent's log.
        readiness: the process that waits for the start to end, if one does.
        service_manager: told about start, reload and stop.
        control: where it answers questions; None when it answers none.
    """

    def __init__(
        self,
        options: Options,
        config: Config,
        offspring: Sequence[Offspring],
        store: Store,
        rereader: Rereader,
        log: Log,
        readiness: Readiness,
        service_manager: ServiceManager,
        control: ControlSockets | None = None,
    ) -> None:
        self._options = options
        self._config = config
        self._offspring = offspring
        self._store = store
        self._generation = store.generation
        self._rereader = rereader
        self._schedule: ReloadSchedule | None = None
        self._log = log
        self._readiness = readiness
        self._service_manager = service_manager
        self._control = control
        self._started_at = time.monotonic()
        self._reload = policy.Reload()
        self._writers = Attendant()
        self._dumps = DumpWriter(self._writers.watch, log)
        self._starting_until: float | None = None
        self._exit_code: int | None = None
        self._slept_until = float("inf")
        self._reason = ""

    def run(self) -> int:
        """Start the children and stay until the end; return the exit code. Signals are taken over already."""
        gc.freeze()  # without a collection first: it would cost 6 ms of the start to free next to nothing
        gc.enable()
        missed = self._run_startup_script()
        self._starting_until = time.monotonic() + READY_LIMIT
        # Whatever else was asked for before a stop would start children first.
        for number in missed if signals.STOP.isdisjoint(missed) else signals.STOP & set(missed):
            self._handle(number)
        if self._exit_code is None:
            self._start_due()
        self._take_schedule()
        while self._exit_code is None:
            self._handle(signals.wait(self._timeout()))
        self._readiness.report(self._exit_code, self._reason)
        return self._exit_code

    def _run_startup_script(self) -> list[int]:
        """Run startup_script to its end; return the signals that came meanwhile."""
        defaults = self._config.global_defs
        if defaults.startup_script is None:
            return []
        errand = Errand("startup script", defaults.startup_script, defaults.startup_script_timeout, self._log)
        errand.run(stoppable=True)
        if errand.survivor:
            self._writers.watch(errand.survivor, lambda _pid, _code: None)
        return errand.missed

    def _timeout(self) -> float:
        now = time.monotonic()
        wake_at = min((child.look_at() for child in self._offspring), default=float("inf"))
        wake_at = min(wake_at, self._rereader.give_up_at)
        if self._schedule is not None:
            wake_at = min(wake_at, now + self._schedule.interval)
        if self._starting_until is not None or self._reload.running:
            wake_at = min(wake_at, now + READY_POLL)
        if self._log.waiting:
            wake_at = min(wake_at, now + LOG_PAUSE)
        self._slept_until = min(wake_at, now + 3600.0)
        return self._slept_until - now

    def _handle(self, number: int | None) -> None:
        if number in signals.STOP:
            self._stop(ExitCode.OK)
            return
        if number == signals.CHILD:
            self._collect()
        elif number == signals.RELOAD:
            self._reload_requested()
        elif number == signals.ASKED:
            self._answer()
        elif number is not None:
            self._pass_on(number)
        if self._exit_code is None:
            self._watch()

    def _answer(self) -> None:
        if self._control is not None:
            self._control.answer(
                lambda: family(
                    self._offspring, self._generation, started_at=self._started_at, reloading=self._reload.running
                )
            )

    def _watch(self) -> None:
        """Do what time has brought: silences, attempts that are due, acknowledgements."""
        self._log.flush()
        now = time.monotonic()
        if now > self._slept_until + policy.OVERSLEPT:
            for child in self._offspring:
                child.hang.forgive(now)
        for child in self._offspring:
            if child.pid is not None:
                self._judge(child, now)
        if now >= self._rereader.give_up_at:
            self._log.error("Reading the configuration takes too long: giving it up")
            self._rereader.kill()
        self._start_due()
        self._hear_acknowledgements(now)
        if self._schedule is not None and self._schedule.due(time.time()):
            self._reload_requested()

    # Children

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in self._offspring:
            if child.start_at is not None and child.start_at <= now:
                self._start(child, now)

    def _start(self, child: Offspring, now: float) -> None:
        birthright = Birthright(self._options, self._store, self._readiness.close)
        try:
            pid = child.start(birthright)
        except OSError as problem:
            child.postpone(now)
            self._log.error(f"Unable to start the {child.kind.name} child process: {problem.strerror}")
        else:
            self._log.info(f"Starting {child.kind.name} child process, pid={pid}")

    def _judge(self, child: Offspring, now: float) -> None:
        silence = now - child.slot.stamp
        verdict = child.hang.judge(child.slot.stamp, now, running=child.running)
        name, pid = child.kind.name, child.pid
        if verdict is policy.Verdict.ABORT:
            self._log.alert(
                f"{name} child process({pid}) has given no sign of life for {silence:.1f} s: sending SIGABRT"
            )
            child.kill(signal.SIGABRT)
        elif verdict is policy.Verdict.KILL:
            self._log.alert(f"{name} child process({pid}) does not end on SIGABRT: sending SIGKILL")
            child.kill(signal.SIGKILL)

    def _collect(self) -> None:
        """Wait for every child that has ended."""
        for child in self._offspring:
            status = _ended(child)
            if status is not None:
                self._died(child, status)
        status = _ended(self._rereader)
        if status is not None and self._exit_code is None:
            self._configuration_read(status)
        self._writers.collect()
        if os.getpid() == INIT:
            _reap_orphans({child.pid for child in self._offspring} | {self._rereader.pid} | self._writers.pids)

    def _died(self, child: Offspring, status: int) -> None:
        """Replace a child that nobody told to stop, unless another attempt would only end the same way."""
        name, pid, code = child.kind.name, child.pid, _exit_code(status)
        self._reload.settled(name)
        reason = self._log_end(child, status)
        if policy.permanent(code):
            child.stopped()
            self._log.alert(f"{name} child process({pid}) died with a permanent error: Exiting")
            self._reason = reason
            self._stop(code or ExitCode.FATAL)
        elif not self._options.respawn:
            child.stopped()
            self._log.alert(f"{name} child process({pid}) died: Exiting")
            self._reason = reason
            self._stop(ExitCode.FATAL)
        else:
            delay = child.died()
            self._log.alert(f"{name} child process({pid}) died: Respawning" + (f" in {delay:.0f} s" if delay else ""))

    def _pass_on(self, number: int) -> None:
        """Hand a request for a dump on to the children that write one."""
        for child in self._offspring:
            if number in child.kind.signals:
                child.kill(number)
        if number == signals.DATA:
            self._write_dump()

    def _write_dump(self) -> None:
        self._log.info(f"Printing parent data for process({os.getpid()}) on signal")
        config = self._config
        names = names_of(config, self._options.namespace or config.net_namespace, dump_file.directory())
        self._dumps.write(names.state("_parent"), lambda: parent_state(config, self._offspring, time.monotonic()))

    # Start and reload

    def _hear_acknowledgements(self, now: float) -> None:
        if self._starting_until is not None and (
            all(child.running for child in self._offspring) or now >= self._starting_until
        ):
            self._starting_until = None
            self._readiness.report(ExitCode.OK)
            self._service_manager.ready()
        if self._reload.running:
            self._hear_reload(now)

    def _hear_reload(self, now: float) -> None:
        for child in self._offspring:
            if child.slot.generation >= self._generation:
                self._reload.settled(child.kind.name)
        again = self._reload.overdue(now)
        for child in self._offspring:
            if child.kind.name in again:
                child.kill(signals.RELOAD)
        for name in sorted(self._reload.given_up(now)):
            self._log.error(f"The {name} child process has not confirmed the reload after {policy.RELOAD_LIMIT:.0f} s")
        if not self._reload.running:
            self._log.verbose("Reload finished")
            self._service_manager.ready()
            if self._reload.next():
                self._begin_reload()

    def _reload_requested(self) -> None:
        if self._reload.requested():
            self._begin_reload()
        else:
            self._log.verbose("A reload is running: another one follows it")

    def _begin_reload(self) -> None:
        """Have a new configuration read and checked; whatever is wrong with it, nothing changes."""
        self._log.info("Reloading ...")
        self._service_manager.reloading()
        try:
            self._rereader.begin(self._config, self._readiness.close, self._pids())
        except OSError as problem:
            self._log.error(f"Unable to start reading the configuration: {problem.strerror}")
            self._service_manager.ready()
        else:
            self._reload.begun()

    def _configuration_read(self, status: int) -> None:
        """Put in force what was read, unless it cannot be used."""
        accepted = self._rereader.take(status)
        if accepted is None:
            self._reload.refused()
        else:
            self._put_in_force(accepted)
        if not self._reload.running:
            self._service_manager.ready()
            if self._reload.next():
                self._begin_reload()

    def _put_in_force(self, accepted: Accepted) -> None:
        self._config = accepted.config
        self._generation = self._store.commit(accepted.staged)
        self._run_as_configured()
        living = [child for child in self._offspring if child.pid is not None]
        self._reload.told((child.kind.name for child in living), time.monotonic())
        for child in living:
            child.kill(signals.RELOAD)
        gc.collect()
        gc.freeze()  # the next child shares these pages as long as the collector does not touch them

    def _run_as_configured(self) -> None:
        """Take over what a new configuration says about the parent itself."""
        defs = self._config.global_defs
        set_name(parents_name(defs))
        if self._options.umask is None:
            os.umask(defs.umask)
        self._take_schedule()

    def _take_schedule(self) -> None:
        """Watch the file that can ask for a reload, if one is configured."""
        defs = self._config.global_defs
        if defs.reload_time_file is None:
            self._schedule = None
            return
        from keepalived_py.watchdog.reload_schedule import ReloadSchedule  # noqa: PLC0415 - rare

        if self._schedule is None or self._schedule.path != defs.reload_time_file:
            self._schedule = ReloadSchedule(defs.reload_time_file, self._log, repeat=defs.reload_repeat)
        self._schedule.repeat = defs.reload_repeat

    def _pids(self) -> dict[str, int]:
        return {child.kind.process: child.pid for child in self._offspring if child.pid is not None}

    # The end

    def _stop(self, exit_code: int) -> None:
        """End the children, then this process, with `exit_code`."""
        if exit_code == ExitCode.OK:
            self._log.info("Terminating on signal")
        self._log.info(f"Stopping {VERSION_STRING}")
        self._service_manager.stopping()
        self._rereader.abandon()
        for child in self._offspring:
            child.kill(signal.SIGTERM)
        self._wait_for_all(time.monotonic() + self._config.child_wait_time)
        for child in self._offspring:
            if child.pid is not None:
                self._log.alert(f"{child.kind.name} process failed to die - forcing termination")
                child.kill(signal.SIGKILL)
        self._wait_for_all(time.monotonic() + policy.ABORT_GRACE)
        self._run_shutdown_script()
        self._exit_code = exit_code

    def _run_shutdown_script(self) -> None:
        defaults = self._config.global_defs
        if defaults.shutdown_script is not None:
            timeout = defaults.shutdown_script_timeout
            Errand("shutdown script", defaults.shutdown_script, timeout, self._log).run(stoppable=False)

    def _wait_for_all(self, until: float) -> None:
        while True:
            for child in self._offspring:
                status = _ended(child)
                if status is not None:
                    self._stopped(child, status)
            if all(child.pid is None for child in self._offspring) or time.monotonic() >= until:
                return
            signals.wait(until - time.monotonic())

    def _stopped(self, child: Offspring, status: int) -> None:
        if status:
            self._log_end(child, status)
        child.stopped()

    def _log_end(self, child: Offspring, status: int) -> str:
        """Log how a child ended, with its stack if it crashed; return the reason in one line."""
        who = f"{child.kind.name} child process({child.pid})"
        notes = child.report.take()
        if os.WIFSIGNALED(status):
            for line in notes:
                self._log.error(f"{who}: {line}")
        ending = f"{who} {describe(status)}"
        self._log.error(ending)
        return notes[0] if notes and os.WIFEXITED(status) else f"{ending}; the log says more"


def _reap_orphans(children: Collection[int | None]) -> None:
    """Wait for ended processes that became ours when their parents ended, up to one of `children`."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in children:  # a child of that moment has its own SIGCHLD
            return
        os.waitpid(ended.si_pid, 0)


def _ended(child: Offspring | Rereader) -> int | None:
    """Return the wait status of a child that has ended, None for one that has not."""
    if child.pid is None:
        return None
    pid, status = os.waitpid(child.pid, os.WNOHANG)
    return status if pid else None


def _exit_code(status: int) -> int | None:
    """Return the exit code in a wait status; None when a signal ended the process."""
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else None


HINTS = {
    signal.SIGKILL: "sent by somebody, or by the kernel when memory ran out (see its log)",
    signal.SIGABRT: "on request of the watchdog, or by a library that found itself broken",
    signal.SIGSEGV: "a crash in native code; its stack is above",
    signal.SIGBUS: "a crash in native code, or a file cut short beneath it",
    signal.SIGXCPU: "it used more processor time than its real time limit allows",
}


def describe(status: int) -> str:
    """Return how a process ended: `exited with code 70` or `was ended by SIGKILL: ...`."""
    if os.WIFEXITED(status):
        return f"exited with code {os.WEXITSTATUS(status)}"
    number = os.WTERMSIG(status)
    hint = next((f": {text}" for known, text in HINTS.items() if known == number), "")
    return f"was ended by {signals.name(number)}{hint}"
