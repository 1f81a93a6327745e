"""Virtual servers, their real servers and their checks while the daemon runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.check.plan import Entry, Table
from keepalived_py.check.service import (
    destination_of,
    endpoint,
    full_name_of,
    full_name_of_real,
    name_of,
    sorry_destination_of,
)
from keepalived_py.kernel.ipvs import FORWARD_NAT
from keepalived_py.structure import field, replace, structure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keepalived_py.check.health import Checker, RealServer, VirtualServer
    from keepalived_py.check.schedule import Schedule
    from keepalived_py.check.settings import Settings
    from keepalived_py.check.sharing import Share
    from keepalived_py.config.model.check import RealServer as RealServerConfig
    from keepalived_py.config.model.check import VirtualServer as VirtualServerConfig
    from keepalived_py.kernel.ipvs import Destination, DestinationKey, Service, ServiceKey

Identity = tuple[Any, ...]
"""What makes a virtual server the one that it is over a reload."""


@structure(frozen=False, eq=False)
class Watch:
    """One check of one real server.

    Attributes:
        record: as configured.
        keyword: how the configuration calls its kind, e.g. TCP_CHECK.
        settings: with everything inherited.
        where: what it is asked about, for the log: `[10.0.0.2]:80`, or a script.
        checker: what its results add up to.
        schedule: its runs; None for a check that is told of changes (FILE_CHECK, BFD_CHECK).
    """

    record: Any
    keyword: str
    settings: Settings
    where: str
    checker: Checker
    schedule: Schedule | Share | None = None


@structure(frozen=False, eq=False)
class RunningReal:
    """One real server.

    Attributes:
        config: as configured.
        name: for the log: `[10.0.0.2]:80`.
        full_name: for pipes: `[10.0.0.2]:tcp:80`.
        health: whether it is alive, and with which weight.
        watches: its checks.
    """

    config: RealServerConfig
    name: str
    full_name: str
    health: RealServer
    watches: list[Watch]


@structure(frozen=False, eq=False)
class RunningVirtual:
    """One virtual server.

    Attributes:
        config: as configured.
        services: what it is in the kernel.
        health: which of its real servers are to be used.
        reals: its real servers by their names.
        suspended: whether its checks rest because the address is elsewhere (ha_suspend).
    """

    config: VirtualServerConfig
    services: tuple[Service, ...]
    health: VirtualServer
    reals: dict[str, RunningReal] = field(default_factory=dict)
    suspended: bool = False

    @property
    def name(self) -> str:
        """How the log calls it."""
        return name_of(self.config)

    @property
    def full_name(self) -> str:
        """How pipes call it."""
        return full_name_of(self.config)

    @property
    def keys(self) -> tuple[ServiceKey, ...]:
        """Its services in the kernel."""
        return tuple(service.key for service in self.services)

    def table(self) -> Table:
        """Return what the kernel shall hold of it now."""
        found = (self._destination(key, weight) for key, weight in self.health.desired().items())
        destinations = [one for one in found if one is not None]
        return {service.key: Entry(service, _seen_from(service, destinations)) for service in self.services}

    def key_in(self, service: Service, name: str) -> DestinationKey | None:
        """Return what the kernel knows a real server by, within one of the services; None for an unknown name."""
        destination = self._destination(name, 0)
        return None if destination is None else next(iter(_seen_from(service, [destination])))

    def _destination(self, key: str, weight: int) -> Destination | None:
        real = self.reals.get(key)
        if real is not None:
            return destination_of(real.config, self.config, weight)
        return sorry_destination_of(self.config, weight)


def _seen_from(service: Service, destinations: Iterable[Destination]) -> dict[DestinationKey, Destination]:
    """Return the destinations of a service: where packets are passed on as they are, their port cannot change."""
    seen = (one if one.method == FORWARD_NAT else replace(one, port=service.port) for one in destinations)
    return {one.key: one for one in seen}


def identity_of(config: VirtualServerConfig) -> Identity:
    """Return what a virtual server is recognised by after a reload: where it is, not how it works."""
    return config.address, config.port, config.fwmark, config.group, config.protocol, config.ip_family


def sorry_key(config: VirtualServerConfig) -> str:
    """Return the key of the sorry server among the servers of its virtual server; empty when there is none."""
    sorry = config.sorry_server
    return "" if sorry is None else endpoint(sorry.address, sorry.port or config.port)


def real_key(config: RealServerConfig, virtual: VirtualServerConfig) -> str:
    """Return the key of a real server: also its name in the log."""
    return endpoint(config.address, config.port or virtual.port)


def real_full_name(config: RealServerConfig, virtual: VirtualServerConfig) -> str:
    """Return how pipes call a real server."""
    return full_name_of_real(config, virtual)
