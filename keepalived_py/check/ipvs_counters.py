"""Reads the kernel's counters of virtual and real servers for one answer, in steps: nobody waits for the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.errors import NetlinkError
from keepalived_py.kernel import ipvs
from keepalived_py.kernel.ipvs_statistics import Statistics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keepalived_py.check.running import RunningVirtual
    from keepalived_py.kernel.ipvs import DestinationKey, Service
    from keepalived_py.kernel.message import Message
    from keepalived_py.kernel.netlink import NetlinkSocket


class IpvsCounters:
    """The counters of one virtual server after the other.

    Args:
        netlink: used for nothing else.
        family: number of IPVS's generic netlink family.

    Attributes:
        virtual: what went through the virtual server that was read last; None when the kernel does not have it.
        reals: the same of its real servers, by their names; without those that the kernel does not have.
    """

    def __init__(self, netlink: NetlinkSocket, family: int) -> None:
        self.virtual: Statistics | None = None
        self.reals: dict[str, Statistics] = {}
        self._netlink = netlink
        self._family = family

    def close(self) -> None:
        """Close the socket."""
        self._netlink.close()

    def read(self, virtual: RunningVirtual) -> Iterator[None]:
        """Read the counters of a virtual server, the sum over its services; each step is one answer of the kernel's."""
        self.virtual, self.reals = None, {}
        for service in virtual.services:
            names = {virtual.key_in(service, name): name for name in virtual.reals}
            try:
                yield from self._read(service, names)
            except NetlinkError:  # above all ESRCH: the service is not there (any more)
                continue

    def _read(self, service: Service, names: dict[DestinationKey | None, str]) -> Iterator[None]:
        def take_service(answer: Message, buffer: bytes) -> None:
            found = ipvs.service_of(answer, buffer)
            if found is not None:
                self.virtual = found[1] if self.virtual is None else self.virtual.plus(found[1])

        def take_destination(answer: Message, buffer: bytes) -> None:
            found = ipvs.destination_of(answer, buffer, service)
            name = names.get(found[0].key) if found is not None else None
            if found is not None and name is not None:
                self.reals[name] = self.reals.get(name, Statistics()).plus(found[1])

        self._netlink.ask(ipvs.service_wanted(self._family, service), take_service)
        yield
        for _ in self._netlink.parts_of_dump(ipvs.destinations_wanted(self._family, service), take_destination):
            yield
