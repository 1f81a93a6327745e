"""Counters and rates of IPVS, as its answers hold them (IPVS_STATS_ATTR_*, include/uapi/linux/ip_vs.h)."""

from __future__ import annotations

import struct
from typing import NamedTuple

from keepalived_py.kernel.message import attributes

NAMES = {
    1: "connections",
    2: "packets_in",
    3: "packets_out",
    4: "bytes_in",
    5: "bytes_out",
    6: "connection_rate",
    7: "packet_rate_in",
    8: "packet_rate_out",
    9: "byte_rate_in",
    10: "byte_rate_out",
}
_U64 = struct.Struct("=Q")


class Statistics(NamedTuple):
    """What went through a service or a destination since it was made.

    Attributes:
        connections, packets_in, packets_out, bytes_in, bytes_out: counted.
        connection_rate, packet_rate_in, packet_rate_out, byte_rate_in, byte_rate_out: the same per second, as the
            kernel estimates it every two seconds.
        active, inactive, persistent: connections of a destination now; 0 for a service.
    """

    connections: int = 0
    packets_in: int = 0
    packets_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    connection_rate: int = 0
    packet_rate_in: int = 0
    packet_rate_out: int = 0
    byte_rate_in: int = 0
    byte_rate_out: int = 0
    active: int = 0
    inactive: int = 0
    persistent: int = 0

    def plus(self, other: Statistics) -> Statistics:
        """Return the sum, as of several services that belong together."""
        return Statistics(*map(sum, zip(self, other, strict=True)))


def statistics_of(data: bytes) -> Statistics:
    """Return what a nested attribute of 64-bit counters says. Raises MalformedMessageError."""
    found = attributes(data, 0, len(data))
    values = {name: _U64.unpack(found[kind])[0] for kind, name in NAMES.items() if len(found.get(kind, b"")) == 8}
    return Statistics(**values)
