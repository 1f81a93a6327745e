"""From a command line to a running supervisor, in the order that lets every failure reach the terminal."""

from __future__ import annotations

import gc
import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from keepalived_py.errors import KeepalivedError
from keepalived_py.kernel import namespace
from keepalived_py.notify import vocabulary
from keepalived_py.observability.log import Log
from keepalived_py.process_settings import parents_name
from keepalived_py.structure import structure
from keepalived_py.version import VERSION_STRING
from keepalived_py.watchdog import core_dump, places, reload_marker, signals, title
from keepalived_py.watchdog.configuration import Reader, parents_part
from keepalived_py.watchdog.control_sockets import OFF, ControlSockets
from keepalived_py.watchdog.core_dump import CorePattern
from keepalived_py.watchdog.daemon import Readiness, detach
from keepalived_py.watchdog.heartbeat import SharedMemory
from keepalived_py.watchdog.offspring import Kind, Offspring
from keepalived_py.watchdog.pidfile import PidFiles
from keepalived_py.watchdog.places import Places
from keepalived_py.watchdog.post_office import PostOffice
from keepalived_py.watchdog.rereading import Rereader
from keepalived_py.watchdog.supervisor import Supervisor
from keepalived_py.watchdog.systemd import ServiceManager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from keepalived_py.child import Child
    from keepalived_py.config.model import Config
    from keepalived_py.options import Options
    from keepalived_py.watchdog.configuration import Load
    from keepalived_py.watchdog.supervisor import Store


@structure
class Parts:
    """What the daemon is made of; tests put in their own.

    Attributes:
        load: reads a configuration.
        store: makes the memory in which children find it, given the directory for a file instead, or None.
        not_in_effect: names the configured keywords that do nothing, and says why.
        children: for each process in `places`, what gets its `run` function, in the order of starting; called
            before the fork, so that children share the import.
    """

    load: Load
    store: Callable[[str | None], Store]
    not_in_effect: Callable[[Config], Mapping[str, str]]
    children: dict[str, Callable[[], Callable[[Child], int]]]


def start(options: Options, words: Sequence[str], parts: Parts | None = None) -> int:
    """Run the daemon; return the exit code of the process that was started.

    Args:
        options: what the command line says.
        words: the command line itself, to be shown by ps.
        parts: what the daemon is made of.
    """
    gc.disable()  # until everything that stays is there: it would be scanned again and again
    log = open_log(options)
    log.info(f"Starting {VERSION_STRING}")
    system = os.uname()
    log.info(f"Running on {system.sysname} {system.release} {system.version}")
    log.info("Command line: " + " ".join(f"'{word}'" for word in (title.NAME, *words)))
    try:
        return Startup(options, words, log, parts or the_parts()).run()
    except KeepalivedError as problem:
        log.error(str(problem))
        if not options.log_console:
            sys.stderr.write(f"{problem}\n")
        return problem.exit_code


def open_log(options: Options) -> Log:
    """Return the parent's log."""
    return Log(
        Places().ident(places.PARENT),
        options.log_facility,
        detail=options.log_detail,
        console=options.log_console,
        syslog=not options.no_syslog,
        immediate=True,
    )


class Startup:
    """The steps of one start."""

    def __init__(self, options: Options, words: Sequence[str], log: Log, parts: Parts) -> None:
        self._options = options
        self._words = words
        self._log = log
        self._parts = parts

    def run(self) -> int:
        """Take every step; return the exit code of this process. Raises KeepalivedError."""
        options = self._options
        reader = Reader(options, self._log, self._parts.load)
        config, store = self._read(reader)
        where = self._places(config)
        pid_files = PidFiles(self._pid_paths(where))
        pid_files.acquire()
        if where.namespace:
            namespace.enter(where.namespace)
        runs = {process: get() for process, get in self._parts.children.items() if process in pid_files.files}
        signals.take_over(ignore_interrupt=options.ignore_sigint)
        umask = config.global_defs.umask if options.umask is None else options.umask
        kept = [*store.descriptors, *(file.fileno() for file in pid_files.files.values())]
        readiness = self._leave_terminal(kept, umask)
        if isinstance(readiness, int):
            return readiness
        return self._be_parent(config, store, reader, where, pid_files, runs, readiness)

    def _read(self, reader: Reader) -> tuple[Config, Store]:
        """Read the configuration and leave it where children find it.

        This process keeps only its own part, and gives the memory of the rest back: each fork from here on would
        have to copy the tables of its pages.
        """
        config = reader.first()
        self._log.ident = self._places(config).ident(places.PARENT)
        self._warn(config)
        if self._options.config_descriptor is not None:
            from keepalived_py.config_test import write_merged  # noqa: PLC0415 - rare

            write_merged(self._options, config)
        store = self._store(config.global_defs.tmp_config_directory)
        store.commit(store.stage(config, reader.prints))
        return parents_part(config), store

    def _places(self, config: Config) -> Places:
        return Places(config.instance, self._options.namespace or config.net_namespace, config.use_pid_dir)

    def _warn(self, config: Config) -> None:
        """Name what is asked for and is not in effect."""
        if self._options.snmp or self._options.snmp_socket:
            self._log.warning("SNMP is not in effect in this release: --snmp and --snmp-agent-socket do nothing")
        if not config.global_defs.max_auto_priority:
            self._log.verbose(vocabulary.PRIORITY_NOTICE)
        for keyword, what in self._parts.not_in_effect(config).items():
            self._log.warning(f"Keyword '{keyword}' {what}")

    def _pid_paths(self, where: Places) -> dict[str, str]:
        """Return the pid file of every process that will run."""
        options = self._options
        paths = {places.PARENT: where.pid_file(places.PARENT, options.pid_file)}
        if options.run_checkers:
            paths[places.CHECKERS] = where.pid_file(places.CHECKERS, options.checkers_pid_file)
        if options.run_vrrp:
            paths[places.VRRP] = where.pid_file(places.VRRP, options.vrrp_pid_file)
        return paths

    def _leave_terminal(self, kept: Iterable[int], umask: int) -> Readiness | int:
        """Become a daemon, with these descriptors, unless told to stay.

        An integer is the exit code of the process that was started.
        """
        if not self._options.fork:
            os.umask(umask)
            return Readiness()
        self._log.close()  # its socket would be closed beneath it
        return detach(kept, umask)

    def _be_parent(
        self,
        config: Config,
        store: Store,
        reader: Reader,
        where: Places,
        pid_files: PidFiles,
        runs: dict[str, Callable[[Child], int]],
        readiness: Readiness,
    ) -> int:
        """Be the supervisor until the end."""
        options = self._options
        title.show(self._words, parents_name(config.global_defs))
        core_pattern = self._allow_core_dumps()
        pid_files.files[places.PARENT].write(os.getpid())
        self._save(config, store)
        if config.global_defs.reload_file is not None:
            reload_marker.remove(where.reload_file(config.global_defs.reload_file))
        memory = SharedMemory(len(runs))
        control = self._open_control(config, where, runs)
        post_office = PostOffice(runs)
        supervisor = Supervisor(
            options,
            config,
            [
                Offspring(self._kind(process, run, where, pid_files, control, post_office), memory.slot(index))
                for index, (process, run) in enumerate(runs.items())
            ],
            store,
            Rereader(reader, store, self._log, where),
            self._log,
            readiness,
            ServiceManager.from_environment(),
            control,
        )
        code = supervisor.run()
        control.close()
        post_office.close()
        core_pattern.restore()
        pid_files.remove()
        self._log.info(f"Stopped {VERSION_STRING}")
        self._log.close()
        return code

    def _save(self, config: Config, store: Store) -> None:
        """Save what we start with, where that is wanted."""
        directory = config.global_defs.config_save_dir
        if directory is not None:
            from keepalived_py.watchdog.saved_configuration import SavedConfigurations  # noqa: PLC0415 - rare

            SavedConfigurations(directory, 0, self._log).save(store.current()[1], os.getpid())

    def _store(self, directory: str | None) -> Store:
        """Return the memory that all processes share, in a file of `directory` if one is configured."""
        try:
            return self._parts.store(directory)
        except OSError as problem:
            self._log.error(f"Unable to use tmp_config_directory {directory}: {problem.strerror}; memory is used")
            return self._parts.store(None)

    def _open_control(self, config: Config, where: Places, processes: Iterable[str]) -> ControlSockets:
        """Make the control sockets, unless they are not wanted; without them the daemon runs all the same."""
        defaults = config.global_defs
        control = ControlSockets(where.control_socket(defaults.control_socket), defaults.control_group, self._log)
        if defaults.control_socket != OFF:
            control.open(processes)
        return control

    def _kind(
        self,
        process: str,
        run: Callable[[Child], int],
        where: Places,
        pid_files: PidFiles,
        control: ControlSockets,
        post_office: PostOffice,
    ) -> Kind:
        is_vrrp = process == places.VRRP

        def let_go() -> None:
            pid_files.keep_only(process)
            control.keep_only(process)
            post_office.keep_only(process)

        return Kind(
            name="VRRP" if is_vrrp else "Healthcheck",
            process="vrrp" if is_vrrp else "check",
            ident=where.ident(process),
            run=run,
            pid_file=pid_files.files[process],
            silence=self._options.watchdog_vrrp if is_vrrp else self._options.watchdog_check,
            servers=not is_vrrp,
            signals=signals.TO_ALL | signals.TO_VRRP if is_vrrp else signals.TO_ALL,
            before=let_go,
            control=control.point(process),
            post=post_office.post(process),
        )

    def _allow_core_dumps(self) -> CorePattern:
        options = self._options
        if options.core_dump:
            try:
                core_dump.allow()
                return CorePattern(options.core_dump_pattern)
            except (OSError, ValueError) as problem:
                self._log.error(f"Unable to prepare core dumps: {problem}")
        return CorePattern(None)


def the_parts() -> Parts:
    """Return what the daemon is made of."""
    from keepalived_py.config.keywords import not_in_effect  # noqa: PLC0415 - tests bring their own parts
    from keepalived_py.config.load import load  # noqa: PLC0415
    from keepalived_py.config.snapshot import Snapshot  # noqa: PLC0415

    return Parts(
        load=partial(load, interfaces_in=namespace.interfaces_in),
        store=Snapshot.create,
        not_in_effect=not_in_effect,
        children={places.CHECKERS: _check_child, places.VRRP: _vrrp_child},
    )


def _check_child() -> Callable[[Child], int]:
    from keepalived_py.check.process import run  # noqa: PLC0415 - not with -P

    return run


def _vrrp_child() -> Callable[[Child], int]:
    from keepalived_py.vrrp.process import run  # noqa: PLC0415 - not with -C

    return run
