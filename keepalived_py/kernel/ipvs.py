"""IPVS over generic netlink (include/uapi/linux/ip_vs.h): services, destinations and the sync daemon as requests.

Addresses are packed, ports and marks plain numbers. A service and a destination are values: `key` says which one it is
in the kernel, the rest may be edited.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from keepalived_py.kernel.ipvs_statistics import statistics_of
from keepalived_py.kernel.message import NLM_F_DUMP, attribute, attributes, message
from keepalived_py.structure import structure

if TYPE_CHECKING:
    from keepalived_py.kernel.ipvs_statistics import Statistics
    from keepalived_py.kernel.message import Message

GENL_ID_CTRL = 0x10
CTRL_CMD_GETFAMILY = 3
CTRL_ATTR_FAMILY_ID = 1
CTRL_ATTR_FAMILY_NAME = 2
FAMILY_NAME = "IPVS"
VERSION = 1

NEW_SERVICE, SET_SERVICE, DEL_SERVICE, GET_SERVICE = 1, 2, 3, 4
NEW_DEST, SET_DEST, DEL_DEST, GET_DEST = 5, 6, 7, 8
NEW_DAEMON, DEL_DAEMON, GET_DAEMON = 9, 10, 11
SET_CONFIG, GET_CONFIG, GET_INFO, ZERO, FLUSH = 12, 13, 15, 16, 17

CMD_SERVICE, CMD_DEST, CMD_DAEMON = 1, 2, 3
CMD_TIMEOUT_TCP, CMD_TIMEOUT_TCP_FIN, CMD_TIMEOUT_UDP = 4, 5, 6

SVC_AF, SVC_PROTOCOL, SVC_ADDR, SVC_PORT, SVC_FWMARK, SVC_SCHED_NAME = 1, 2, 3, 4, 5, 6
SVC_FLAGS, SVC_TIMEOUT, SVC_NETMASK, SVC_STATS, SVC_PE_NAME, SVC_STATS64 = 7, 8, 9, 10, 11, 12

DEST_ADDR, DEST_PORT, DEST_FWD_METHOD, DEST_WEIGHT, DEST_U_THRESH, DEST_L_THRESH = 1, 2, 3, 4, 5, 6
DEST_ACTIVE_CONNS, DEST_INACT_CONNS, DEST_PERSIST_CONNS = 7, 8, 9
DEST_STATS, DEST_ADDR_FAMILY, DEST_STATS64 = 10, 11, 12
DEST_TUN_TYPE, DEST_TUN_PORT, DEST_TUN_FLAGS = 13, 14, 15

DAEMON_STATE, DAEMON_MCAST_IFN, DAEMON_SYNC_ID, DAEMON_SYNC_MAXLEN = 1, 2, 3, 4
DAEMON_MCAST_GROUP, DAEMON_MCAST_GROUP6, DAEMON_MCAST_PORT, DAEMON_MCAST_TTL = 5, 6, 7, 8

FLAG_PERSISTENT = 0x01
FLAG_ONE_PACKET = 0x04
FLAG_SCHEDULER_1 = 0x08
FLAG_SCHEDULER_2 = 0x10
FLAG_SCHEDULER_3 = 0x20
_FLAG_MASK = 0xFFFFFFFF
_FLAGS_OF_OURS = FLAG_PERSISTENT | FLAG_ONE_PACKET | FLAG_SCHEDULER_1 | FLAG_SCHEDULER_2 | FLAG_SCHEDULER_3

FORWARD_NAT, FORWARD_LOCAL, FORWARD_TUNNEL, FORWARD_ROUTE = 0, 1, 2, 3
_FORWARD_MASK = 0x07
TUNNEL_IPIP, TUNNEL_GUE, TUNNEL_GRE = 0, 1, 2
TUNNEL_NO_CHECKSUM, TUNNEL_CHECKSUM, TUNNEL_REMOTE_CHECKSUM = 0, 1, 2

SYNC_MASTER, SYNC_BACKUP = 1, 2

_GENERIC = struct.Struct("=BBH")
GENERIC_LENGTH = _GENERIC.size
_U8, _U16, _U32, _PORT = struct.Struct("=B"), struct.Struct("=H"), struct.Struct("=I"), struct.Struct("!H")
_FLAGS = struct.Struct("=II")
# Attributes whose values have one length in all requests, each as (length, kind, value), with their padding.
_LENGTH_16, _LENGTH_32, _LENGTH_ADDRESS = 6, 8, 20
_SERVICE_PLACE = struct.Struct("=HHH2xHHH2xHH16sHH2s2x")
_DESTINATION_PLACE = struct.Struct("=HHH2xHH16sHH2s2x")
_DESTINATION_USE = struct.Struct("=HHIHHIHHIHHI")
IPV6_GRANULARITY = _U32
AF_INET = 2
AF_INET6 = 10
_WIDTH = {AF_INET: 4, AF_INET6: 16}
_SINGLE = {AF_INET: b"\xff\xff\xff\xff", AF_INET6: _U32.pack(128)}

ServiceKey = tuple[int, int, bytes, int, int]
DestinationKey = tuple[int, bytes, int]


@structure(kw_only=True)
class Service:
    """One entry of the table of services (struct ip_vs_service_user).

    Attributes:
        family: AF_INET or AF_INET6.
        protocol: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP; 0 for a mark.
        address: packed; empty for a mark.
        port: 0 for none.
        mark: firewall mark; 0 for none.
        scheduler: name of its module without `ip_vs_`.
        flags: FLAG_*.
        timeout: seconds of persistence; 0 for none.
        granularity: clients that are the same under it stay together: for IPv4 a packed mask, for IPv6 a length as
            unsigned integer of this machine (IPV6_GRANULARITY.pack); empty for each alone.
        engine: persistence engine; empty for none.
    """

    family: int = AF_INET
    protocol: int = 0
    address: bytes = b""
    port: int = 0
    mark: int = 0
    scheduler: str = "wlc"
    flags: int = 0
    timeout: int = 0
    granularity: bytes = b""
    engine: str = ""

    @property
    def key(self) -> ServiceKey:
        """What the kernel knows it by."""
        if self.mark:
            return self.family, 0, b"", 0, self.mark
        return self.family, self.protocol, self.address, self.port, 0

    @property
    def netmask(self) -> bytes:
        """The granularity as the kernel takes it."""
        return self.granularity or _SINGLE[self.family]


@structure(kw_only=True)
class Destination:
    """One real server of a service (struct ip_vs_dest_user).

    Attributes:
        family: AF_INET or AF_INET6; may differ from the service's with tunnels.
        address: packed.
        port: 0 for that of the service.
        method: FORWARD_*.
        weight: 0 takes no new connections.
        upper: most connections; 0 for no limit.
        lower: connections below which it takes new ones again.
        tunnel: TUNNEL_*, with FORWARD_TUNNEL.
        tunnel_port: UDP port of TUNNEL_GUE.
        tunnel_flags: TUNNEL_*CHECKSUM.
    """

    family: int = AF_INET
    address: bytes
    port: int = 0
    method: int = FORWARD_NAT
    weight: int = 1
    upper: int = 0
    lower: int = 0
    tunnel: int = TUNNEL_IPIP
    tunnel_port: int = 0
    tunnel_flags: int = TUNNEL_NO_CHECKSUM

    @property
    def key(self) -> DestinationKey:
        """What the kernel knows it by, within its service."""
        return self.family, self.address, self.port


@structure(kw_only=True)
class SyncDaemon:
    """The kernel thread that sends or takes connections (struct ip_vs_daemon_user).

    Attributes:
        state: SYNC_MASTER or SYNC_BACKUP.
        interface: name.
        identity: 0 to 255.
        longest: bytes of a message; 0 for the kernel's default.
        group: packed multicast address; empty for the default.
        port: 0 for the default.
        ttl: 0 for the default.
    """

    state: int
    interface: str
    identity: int = 0
    longest: int = 0
    group: bytes = b""
    port: int = 0
    ttl: int = 0


class Timeouts(NamedTuple):
    """Seconds after which connections are forgotten; 0 leaves a value as it is."""

    tcp: int = 0
    tcp_fin: int = 0
    udp: int = 0


# Requests


def family_wanted() -> bytes:
    """Ask for the number of the generic netlink family; ENOENT means that the kernel has no IPVS."""
    name = attribute(CTRL_ATTR_FAMILY_NAME, FAMILY_NAME.encode() + b"\0")
    return message(GENL_ID_CTRL, 0, _GENERIC.pack(CTRL_CMD_GETFAMILY, 1, 0) + name)


def family_of(answer: Message, buffer: bytes) -> int:
    """Return the number in an answer to `family_wanted`. Raises MalformedMessageError, KeyError."""
    found = attributes(buffer, answer.start + GENERIC_LENGTH, answer.end)
    return int(_U16.unpack(found[CTRL_ATTR_FAMILY_ID])[0])


def _request(family: int, command: int, *parts: bytes, flags: int = 0) -> bytes:
    return message(family, flags, _GENERIC.pack(command, VERSION, 0) + b"".join(parts))


def service_added(family: int, service: Service) -> bytes:
    """Add a service; EEXIST when there is one with its key."""
    return _request(family, NEW_SERVICE, attribute(CMD_SERVICE, _identity(service) + _properties(service)))


def service_changed(family: int, service: Service) -> bytes:
    """Give the service with this key these properties; its destinations and connections stay."""
    return _request(family, SET_SERVICE, attribute(CMD_SERVICE, _identity(service) + _properties(service)))


def service_deleted(family: int, service: Service) -> bytes:
    """Delete a service with its destinations."""
    return _request(family, DEL_SERVICE, attribute(CMD_SERVICE, _identity(service)))


def destination_added(family: int, service: Service, destination: Destination) -> bytes:
    """Add a destination to a service; EEXIST when it has it."""
    return _for_destination(family, NEW_DEST, service, destination)


def destination_changed(family: int, service: Service, destination: Destination) -> bytes:
    """Give a destination of a service these properties."""
    return _for_destination(family, SET_DEST, service, destination)


def destination_deleted(family: int, service: Service, destination: Destination) -> bytes:
    """Take a destination away from a service; connections through it go on while they can."""
    return _for_destination(family, DEL_DEST, service, destination)


def _for_destination(family: int, command: int, service: Service, destination: Destination) -> bytes:
    return _request(
        family,
        command,
        attribute(CMD_SERVICE, _identity(service)),
        attribute(CMD_DEST, _destination(destination, whole=command != DEL_DEST)),
    )


def services_wanted(family: int) -> bytes:
    """Ask for all services (a dump)."""
    return _request(family, GET_SERVICE, flags=NLM_F_DUMP)


def service_wanted(family: int, service: Service) -> bytes:
    """Ask for one service; ESRCH when there is none with its key."""
    return _request(family, GET_SERVICE, attribute(CMD_SERVICE, _identity(service)))


def destinations_wanted(family: int, service: Service) -> bytes:
    """Ask for all destinations of a service (a dump)."""
    return _request(family, GET_DEST, attribute(CMD_SERVICE, _identity(service)), flags=NLM_F_DUMP)


def flushed(family: int) -> bytes:
    """Delete every service."""
    return _request(family, FLUSH)


def timeouts_changed(family: int, timeouts: Timeouts) -> bytes:
    """Set the timeouts of connections."""
    return _request(
        family,
        SET_CONFIG,
        attribute(CMD_TIMEOUT_TCP, _U32.pack(timeouts.tcp)),
        attribute(CMD_TIMEOUT_TCP_FIN, _U32.pack(timeouts.tcp_fin)),
        attribute(CMD_TIMEOUT_UDP, _U32.pack(timeouts.udp)),
    )


def timeouts_wanted(family: int) -> bytes:
    """Ask for the timeouts of connections."""
    return _request(family, GET_CONFIG)


def daemon_started(family: int, daemon: SyncDaemon) -> bytes:
    """Start a sync daemon; EEXIST when one with this state runs."""
    parts = [
        attribute(DAEMON_STATE, _U32.pack(daemon.state)),
        attribute(DAEMON_MCAST_IFN, daemon.interface.encode() + b"\0"),
        attribute(DAEMON_SYNC_ID, _U32.pack(daemon.identity)),
    ]
    if daemon.longest:
        parts.append(attribute(DAEMON_SYNC_MAXLEN, _U16.pack(daemon.longest)))
    if daemon.group:
        kind = DAEMON_MCAST_GROUP if len(daemon.group) == 4 else DAEMON_MCAST_GROUP6
        parts.append(attribute(kind, daemon.group))
    if daemon.port:
        parts.append(attribute(DAEMON_MCAST_PORT, _U16.pack(daemon.port)))
    if daemon.ttl:
        parts.append(attribute(DAEMON_MCAST_TTL, _U8.pack(daemon.ttl)))
    return _request(family, NEW_DAEMON, attribute(CMD_DAEMON, b"".join(parts)))


def daemon_stopped(family: int, state: int) -> bytes:
    """Stop the sync daemon with this state; ESRCH when none runs."""
    return _request(family, DEL_DAEMON, attribute(CMD_DAEMON, attribute(DAEMON_STATE, _U32.pack(state))))


def daemons_wanted(family: int) -> bytes:
    """Ask which sync daemons run (a dump)."""
    return _request(family, GET_DAEMON, flags=NLM_F_DUMP)


def _identity(service: Service) -> bytes:
    if service.mark:
        return attribute(SVC_AF, _U16.pack(service.family)) + attribute(SVC_FWMARK, _U32.pack(service.mark))
    return _SERVICE_PLACE.pack(
        *(_LENGTH_16, SVC_AF, service.family),
        *(_LENGTH_16, SVC_PROTOCOL, service.protocol),
        *(_LENGTH_ADDRESS, SVC_ADDR, service.address),
        *(_LENGTH_16, SVC_PORT, _PORT.pack(service.port)),
    )


def _properties(service: Service) -> bytes:
    parts = [
        attribute(SVC_SCHED_NAME, service.scheduler.encode() + b"\0"),
        attribute(SVC_FLAGS, _FLAGS.pack(service.flags, _FLAG_MASK)),
        attribute(SVC_TIMEOUT, _U32.pack(service.timeout)),
        attribute(SVC_NETMASK, service.netmask),
    ]
    if service.engine:
        parts.append(attribute(SVC_PE_NAME, service.engine.encode() + b"\0"))
    return b"".join(parts)


def _destination(destination: Destination, *, whole: bool) -> bytes:
    place = _DESTINATION_PLACE.pack(
        *(_LENGTH_16, DEST_ADDR_FAMILY, destination.family),
        *(_LENGTH_ADDRESS, DEST_ADDR, destination.address),
        *(_LENGTH_16, DEST_PORT, _PORT.pack(destination.port)),
    )
    if not whole:
        return place
    use = _DESTINATION_USE.pack(
        *(_LENGTH_32, DEST_FWD_METHOD, destination.method),
        *(_LENGTH_32, DEST_WEIGHT, destination.weight),
        *(_LENGTH_32, DEST_U_THRESH, destination.upper),
        *(_LENGTH_32, DEST_L_THRESH, destination.lower),
    )
    if destination.method != FORWARD_TUNNEL:
        return place + use
    tunnel = (
        attribute(DEST_TUN_TYPE, _U8.pack(destination.tunnel)),
        attribute(DEST_TUN_PORT, _PORT.pack(destination.tunnel_port)),
        attribute(DEST_TUN_FLAGS, _U16.pack(destination.tunnel_flags)),
    )
    return place + use + b"".join(tunnel)


# Answers


def service_of(answer: Message, buffer: bytes) -> tuple[Service, Statistics] | None:
    """Return the service in an answer to `services_wanted`, None for another answer. Raises MalformedMessageError."""
    found = _inner(answer, buffer, CMD_SERVICE)
    if found is None or SVC_AF not in found:
        return None
    family = _u16(found, SVC_AF)
    service = Service(
        family=family,
        protocol=_u16(found, SVC_PROTOCOL),
        address=found.get(SVC_ADDR, b"")[: _WIDTH.get(family, 0)],
        port=_port(found, SVC_PORT),
        mark=_u32(found, SVC_FWMARK),
        scheduler=_text(found, SVC_SCHED_NAME),
        flags=_u32(found, SVC_FLAGS) & _FLAGS_OF_OURS,
        timeout=_u32(found, SVC_TIMEOUT),
        granularity=_granularity(family, found.get(SVC_NETMASK, b"")),
        engine=_text(found, SVC_PE_NAME),
    )
    return service, statistics_of(found.get(SVC_STATS64, b""))


def destination_of(answer: Message, buffer: bytes, service: Service) -> tuple[Destination, Statistics] | None:
    """Return the destination in an answer to `destinations_wanted`. Raises MalformedMessageError."""
    found = _inner(answer, buffer, CMD_DEST)
    if found is None or DEST_ADDR not in found:
        return None
    family = _u16(found, DEST_ADDR_FAMILY) or service.family
    destination = Destination(
        family=family,
        address=found[DEST_ADDR][: _WIDTH.get(family, 0)],
        port=_port(found, DEST_PORT),
        method=_u32(found, DEST_FWD_METHOD) & _FORWARD_MASK,
        weight=_u32(found, DEST_WEIGHT),
        upper=_u32(found, DEST_U_THRESH),
        lower=_u32(found, DEST_L_THRESH),
        tunnel=found.get(DEST_TUN_TYPE, b"\0")[0],
        tunnel_port=_port(found, DEST_TUN_PORT),
        tunnel_flags=_u16(found, DEST_TUN_FLAGS),
    )
    statistics = statistics_of(found.get(DEST_STATS64, b""))._replace(
        active=_u32(found, DEST_ACTIVE_CONNS),
        inactive=_u32(found, DEST_INACT_CONNS),
        persistent=_u32(found, DEST_PERSIST_CONNS),
    )
    return destination, statistics


def timeouts_of(answer: Message, buffer: bytes) -> Timeouts:
    """Return the timeouts in an answer to `timeouts_wanted`. Raises MalformedMessageError."""
    found = attributes(buffer, answer.start + GENERIC_LENGTH, answer.end)
    return Timeouts(*(_u32(found, kind) for kind in (CMD_TIMEOUT_TCP, CMD_TIMEOUT_TCP_FIN, CMD_TIMEOUT_UDP)))


def daemon_of(answer: Message, buffer: bytes) -> SyncDaemon | None:
    """Return the daemon in an answer to `daemons_wanted`. Raises MalformedMessageError."""
    found = _inner(answer, buffer, CMD_DAEMON)
    if found is None or DAEMON_STATE not in found:
        return None
    return SyncDaemon(
        state=_u32(found, DAEMON_STATE),
        interface=_text(found, DAEMON_MCAST_IFN),
        identity=_u32(found, DAEMON_SYNC_ID),
        longest=_u16(found, DAEMON_SYNC_MAXLEN),
        group=found.get(DAEMON_MCAST_GROUP, found.get(DAEMON_MCAST_GROUP6, b"")),
        port=_u16(found, DAEMON_MCAST_PORT),
        ttl=found.get(DAEMON_MCAST_TTL, b"\0")[0],
    )


def _inner(answer: Message, buffer: bytes, kind: int) -> dict[int, bytes] | None:
    outer = attributes(buffer, answer.start + GENERIC_LENGTH, answer.end)
    inner = outer.get(kind)
    return None if inner is None else attributes(inner, 0, len(inner))


def _granularity(family: int, netmask: bytes) -> bytes:
    """Return a netmask of the kernel; empty for that of a single address."""
    return b"" if len(netmask) != 4 or netmask == _SINGLE.get(family) else netmask


def _u16(found: dict[int, bytes], kind: int) -> int:
    value = found.get(kind, b"")
    return int(_U16.unpack_from(value)[0]) if len(value) >= 2 else 0


def _u32(found: dict[int, bytes], kind: int) -> int:
    value = found.get(kind, b"")
    return int(_U32.unpack_from(value)[0]) if len(value) >= 4 else 0


def _port(found: dict[int, bytes], kind: int) -> int:
    value = found.get(kind, b"")
    return int(_PORT.unpack_from(value)[0]) if len(value) >= 2 else 0


def _text(found: dict[int, bytes], kind: int) -> str:
    return found.get(kind, b"").rstrip(b"\0").decode("ascii", "replace")
