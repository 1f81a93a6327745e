"""Keeps the kernel's IPVS tables as they shall be; what they hold is known from what the kernel has acknowledged."""

from __future__ import annotations

import contextlib
import errno
from ipaddress import ip_address
from typing import TYPE_CHECKING

from keepalived_py.check.ipvs_counters import IpvsCounters
from keepalived_py.check.plan import Action, Command, Entry, Table, carried_out, changes
from keepalived_py.check.service import text_of
from keepalived_py.errors import NetlinkError
from keepalived_py.kernel import ipvs
from keepalived_py.kernel.namespace import DIRECTORY, INITIAL, visit
from keepalived_py.kernel.netlink import NetlinkSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    from keepalived_py.kernel.ipvs import (
        Destination,
        DestinationKey,
        Service,
        ServiceKey,
        SyncDaemon,
        Timeouts,
    )
    from keepalived_py.kernel.message import Message
    from keepalived_py.observability.log import Log

NETLINK_GENERIC = 16
MODULE = "ip_vs"
LOAD_TIMEOUT = 5.0
"""Seconds that loading the module may take."""
_INSTEAD = {
    Action.ADD_SERVICE: Action.CHANGE_SERVICE,
    Action.ADD_DESTINATION: Action.CHANGE_DESTINATION,
}
"""What is done when another program has added the same: ours are the properties that count."""
_GONE = {
    Action.DELETE_SERVICE: (errno.ESRCH, errno.ENOENT),
    Action.DELETE_DESTINATION: (errno.ESRCH, errno.ENOENT),
}
"""What the kernel says when another program was faster."""
_REQUESTS: dict[Action, Callable[..., bytes]] = {
    Action.ADD_SERVICE: ipvs.service_added,
    Action.CHANGE_SERVICE: ipvs.service_changed,
    Action.DELETE_SERVICE: ipvs.service_deleted,
    Action.ADD_DESTINATION: ipvs.destination_added,
    Action.CHANGE_DESTINATION: ipvs.destination_changed,
    Action.DELETE_DESTINATION: ipvs.destination_deleted,
}


class IpvsSync:
    """The way to the kernel; without IPVS in it nothing is done, and everything else goes on.

    Args:
        log: of the process.

    Attributes:
        applied: what the tables hold, as far as it is ours.
        is_available: whether the kernel has IPVS.
    """

    def __init__(self, log: Log) -> None:
        self.applied: Table = {}
        self.is_available = False
        self._log = log
        self._netlink: NetlinkSocket | None = None
        self._namespace: str | None = None
        self._family = 0

    def open(self, namespace: str | None = None) -> bool:
        """Find IPVS in the kernel, loading its module if need be; say so when there is none.

        Args:
            namespace: network namespace whose tables are meant; empty for that of process 1, None for our own.
        """
        self.close()
        self._namespace = namespace
        try:
            self._netlink = _socket_in(namespace)
        except OSError as error:
            self._log.error(
                f"Unable to enter network namespace {namespace or 'of process 1'} for IPVS: {error.strerror}"
            )
            return False
        problem = self._find_family()
        if problem is not None and problem.errno == errno.ENOENT:
            _load_module()
            problem = self._find_family()
        self.is_available = problem is None
        if problem is not None:
            reason = "this kernel has no IPVS" if problem.errno == errno.ENOENT else str(problem)
            self._log.error(
                f"{reason} (module {MODULE}: try 'modprobe {MODULE}'): virtual servers are checked, "
                "but no connection is balanced"
            )
        return self.is_available

    def close(self) -> None:
        """Close the socket; the tables stay."""
        if self._netlink is not None:
            self._netlink.close()

    def _find_family(self) -> NetlinkError | None:
        assert self._netlink is not None

        def take(answer: Message, buffer: bytes) -> None:
            self._family = ipvs.family_of(answer, buffer)

        try:
            self._netlink.ask(ipvs.family_wanted(), take)
        except NetlinkError as problem:
            return problem
        return None

    # The tables

    def read(self, keys: Container[ServiceKey]) -> Table:
        """Return what the kernel's tables hold of the services with these keys, whoever put it there."""
        if not self.is_available:
            return {}
        assert self._netlink is not None
        services: dict[ServiceKey, Service] = {}

        def take(answer: Message, buffer: bytes) -> None:
            found = ipvs.service_of(answer, buffer)
            if found is not None and found[0].key in keys:
                services[found[0].key] = found[0]

        self._netlink.dump(ipvs.services_wanted(self._family), take)
        return {key: Entry(service, self._destinations(service)) for key, service in services.items()}

    def _destinations(self, service: Service) -> dict[DestinationKey, Destination]:
        assert self._netlink is not None
        destinations: dict[DestinationKey, Destination] = {}

        def take(answer: Message, buffer: bytes) -> None:
            found = ipvs.destination_of(answer, buffer, service)
            if found is not None:
                destinations[found[0].key] = found[0]

        self._netlink.dump(ipvs.destinations_wanted(self._family, service), take)
        return destinations

    def counters(self) -> IpvsCounters | None:
        """Return a way of its own to the kernel's counters, for one answer; None when there is none."""
        if not self.is_available:
            return None
        try:
            return IpvsCounters(_socket_in(self._namespace), self._family)
        except OSError:  # checker_user has taken away the right to enter another namespace
            return None

    def adopt(self, keys: Container[ServiceKey]) -> None:
        """Take services that are in the kernel already, from an earlier process, for ours."""
        try:
            self.applied.update(self.read(keys))
        except NetlinkError as problem:
            self._log.error(f"IPVS: cannot read the tables: {problem}")

    def bring(self, desired: Mapping[ServiceKey, Entry], keys: Iterable[ServiceKey]) -> None:
        """Make the tables hold `desired` of the services with these keys, and nothing else of them.

        Args:
            desired: what they shall hold.
            keys: which services are spoken of; one that is not in `desired` is deleted.
        """
        applied = {key: self.applied[key] for key in keys if key in self.applied}
        self._carry_out(list(changes(desired, applied)))

    def flush(self) -> None:
        """Delete every service, whoever made it."""
        self._ask([ipvs.flushed(self._family)], "flush")
        self.applied.clear()

    def _carry_out(self, commands: list[Command]) -> None:
        if not commands or not self.is_available:
            return
        refused = self._send(commands)
        for index, command in enumerate(commands):
            if index not in refused:
                carried_out(self.applied, command)

    def _send(self, commands: list[Command]) -> set[int]:
        """Send all commands; return the indexes of those that `applied` must not count as carried out."""
        try:
            there, refused = self._sorted(commands)
            again, failed = self._sorted(
                [commands[index]._replace(action=_INSTEAD[commands[index].action]) for index in there]
            )
        except NetlinkError as problem:
            self._log.error(f"IPVS: {len(commands)} changes are in doubt: {problem}; reading the tables again")
            ours = set(self.applied) | {command.service.key for command in commands}
            self.applied.clear()
            self.adopt(ours)
            return set(range(len(commands)))
        return {*refused, *(there[index] for index in (*again, *failed))}

    def _sorted(self, commands: list[Command]) -> tuple[list[int], list[int]]:
        """Send commands; return the indexes of those that another program was faster with, and of those that failed."""
        assert self._netlink is not None
        there, failed = [], []
        for error in self._netlink.execute([self._request(command) for command in commands]) if commands else ():
            command = commands[error.sequence]
            if error.errno == errno.EEXIST and command.action in _INSTEAD:
                there.append(error.sequence)
            elif error.errno not in _GONE.get(command.action, ()):
                failed.append(error.sequence)
                self._log.error(f"IPVS: cannot {command.action.value} {_what(command)}: {error}")
        return there, failed

    def _request(self, command: Command) -> bytes:
        parts = (command.service,) if command.destination is None else (command.service, command.destination)
        return _REQUESTS[command.action](self._family, *parts)

    # Everything else

    def timeouts(self) -> Timeouts | None:
        """Return after how many seconds connections are forgotten; None when that cannot be found out."""
        found: list[Timeouts] = []
        if self.is_available:
            assert self._netlink is not None
            with contextlib.suppress(NetlinkError):
                request = ipvs.timeouts_wanted(self._family)
                self._netlink.ask(request, lambda answer, buffer: found.append(ipvs.timeouts_of(answer, buffer)))
        return found[0] if found else None

    def set_timeouts(self, timeouts: Timeouts) -> None:
        """Set after how many seconds connections are forgotten."""
        self._ask([ipvs.timeouts_changed(self._family, timeouts)], "set the timeouts")

    def daemons(self) -> list[SyncDaemon]:
        """Return the sync daemons that run."""
        found: list[SyncDaemon] = []

        def take(answer: Message, buffer: bytes) -> None:
            daemon = ipvs.daemon_of(answer, buffer)
            if daemon is not None and daemon not in found:
                found.append(daemon)

        if self.is_available:
            assert self._netlink is not None
            with contextlib.suppress(NetlinkError):
                self._netlink.dump(ipvs.daemons_wanted(self._family), take)
        return found

    def start_daemon(self, daemon: SyncDaemon) -> bool:
        """Start a sync daemon; return whether it runs."""
        return self._ask([ipvs.daemon_started(self._family, daemon)], "start the sync daemon", errno.EEXIST)

    def stop_daemon(self, state: int) -> None:
        """Stop the sync daemon with this state, if it runs."""
        self._ask([ipvs.daemon_stopped(self._family, state)], "stop the sync daemon", errno.ESRCH)

    def _ask(self, requests: list[bytes], what: str, *tolerated: int) -> bool:
        if not self.is_available:
            return False
        assert self._netlink is not None
        try:
            errors = self._netlink.execute(requests, tolerated)
        except NetlinkError as problem:
            errors = [problem]
        for error in errors:
            self._log.error(f"IPVS: cannot {what}: {error}")
        return not errors


def _socket_in(namespace: str | None) -> NetlinkSocket:
    if namespace is None:
        return NetlinkSocket(NETLINK_GENERIC)
    with visit(f"{DIRECTORY}/{namespace}" if namespace else INITIAL):
        return NetlinkSocket(NETLINK_GENERIC)


def _what(command: Command) -> str:
    service = text_of(command.service)
    if command.destination is None:
        return service
    destination = command.destination
    return f"[{ip_address(destination.address)}]:{destination.port} of {service}"


def _load_module() -> None:
    """Have the kernel's module loaded; a machine without modprobe has it built in, or not at all."""
    import subprocess  # noqa: PLC0415 - 4 ms of a start where the module is there

    try:
        subprocess.run(
            ["modprobe", "-q", MODULE],
            timeout=LOAD_TIMEOUT,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return
