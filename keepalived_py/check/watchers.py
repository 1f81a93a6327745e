"""Watches the world for checks that ask nobody, and for the addresses that `ha_suspend` follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.check.observations import FILE, SESSION
from keepalived_py.file_tracker import FileTracker
from keepalived_py.kernel.interfaces import ChangeKind
from keepalived_py.messages import SessionState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keepalived_py.check.farm import Farm
    from keepalived_py.config.model import Config
    from keepalived_py.config.model.tracking import TrackFile
    from keepalived_py.kernel.interfaces import Change, InterfaceTable
    from keepalived_py.messages import Message
    from keepalived_py.observability.log import Log
    from keepalived_py.reactor import Reactor

_OF_ADDRESSES = frozenset({ChangeKind.ADDRESS_ADDED, ChangeKind.ADDRESS_REMOVED, ChangeKind.GONE})


class Watchers:
    """What tells the farm of everything that is not the answer of a server.

    Args:
        reactor: calls us.
        log: of the process.
        farm: is told.
        table: the interfaces of this host.
    """

    def __init__(self, reactor: Reactor, log: Log, farm: Farm, table: InterfaceTable) -> None:
        self._farm = farm
        self._table = table
        self._files = FileTracker(reactor, log, self._file_read)

    def start(self, config: Config, *, initialise: bool) -> None:
        """See everything once, before the virtual servers begin.

        Args:
            config: the configuration.
            initialise: write the files with which the daemon is to begin.
        """
        if initialise:
            self._files.initialise(_tracked(config))
        self.take(config)

    def take(self, config: Config) -> None:
        """Watch what a new configuration asks for, before the virtual servers change."""
        self._farm.observations.configure(config.track_files)
        self._files.take(_tracked(config))
        self._farm.take_addresses(self._addresses() if _follows_addresses(config) else None)

    def interfaces_changed(self, changes: Iterable[Change]) -> None:
        """Look whether addresses came or went."""
        if self._farm.follows_addresses and any(change.kind in _OF_ADDRESSES for change in changes):
            self._farm.take_addresses(self._addresses())

    def session_changed(self, message: Message) -> None:
        """A BFD session came up or went down."""
        self._farm.observed(SESSION, message.name, message.state == SessionState.UP)

    def stop(self) -> None:
        """Watch nothing any more."""
        self._files.stop()

    def _file_read(self, _now: float, name: str, number: int) -> None:
        self._farm.observed(FILE, name, number)

    def _addresses(self) -> frozenset[bytes]:
        """Return every address that this host has, packed."""
        return frozenset(key[0] for interface in self._table for key in interface.addresses)


def _tracked(config: Config) -> list[TrackFile]:
    """Return the files that checks are about."""
    names = {
        check.track_file
        for virtual in config.virtual_servers
        for real in virtual.real_server
        for check in real.file_check
    }
    return [one for one in config.track_files if one.name in names]


def _follows_addresses(config: Config) -> bool:
    return any(virtual.ha_suspend for virtual in config.virtual_servers)
