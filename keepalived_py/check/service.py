"""From a configured virtual server to what it is in the kernel: services and destinations."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, ip_address
from typing import TYPE_CHECKING, Any, Final

from keepalived_py.check.marks import use_of
from keepalived_py.kernel import ipvs
from keepalived_py.kernel.ipvs import Destination, Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keepalived_py.check.marks import Use
    from keepalived_py.config.addresses import IpAddress
    from keepalived_py.config.check_values import Endpoint, Forwarding
    from keepalived_py.config.model.check import GroupEntry, RealServer, VirtualServer, VirtualServerGroup

NO_MARKS: Final[Mapping[Use, int]] = {}
DEFAULT_PERSISTENCE: Final = 360
"""Seconds, when only a granularity is configured."""
IPV6_WIDTH: Final = 128
ALL_ONES: Final = IPv4Address("255.255.255.255")
DEFAULT_SCHEDULER: Final = "wlc"
_PROTOCOLS: Final = {"TCP": socket.IPPROTO_TCP, "UDP": socket.IPPROTO_UDP, "SCTP": socket.IPPROTO_SCTP}
_FAMILIES: Final = {4: ipvs.AF_INET, 6: ipvs.AF_INET6}
_METHODS: Final = {"NAT": ipvs.FORWARD_NAT, "DR": ipvs.FORWARD_ROUTE, "TUN": ipvs.FORWARD_TUNNEL}
_TUNNELS: Final = {"ipip": ipvs.TUNNEL_IPIP, "gue": ipvs.TUNNEL_GUE, "gre": ipvs.TUNNEL_GRE}
_CHECKSUMS: Final = {
    "nocsum": ipvs.TUNNEL_NO_CHECKSUM,
    "csum": ipvs.TUNNEL_CHECKSUM,
    "remcsum": ipvs.TUNNEL_REMOTE_CHECKSUM,
}
_FLAGS: Final = {
    "ops": ipvs.FLAG_ONE_PACKET,
    "flag_1": ipvs.FLAG_SCHEDULER_1,
    "flag_2": ipvs.FLAG_SCHEDULER_2,
    "flag_3": ipvs.FLAG_SCHEDULER_3,
    "sh_fallback": ipvs.FLAG_SCHEDULER_1,
    "sh_port": ipvs.FLAG_SCHEDULER_2,
    "mh_fallback": ipvs.FLAG_SCHEDULER_1,
    "mh_port": ipvs.FLAG_SCHEDULER_2,
}


def services_of(
    server: VirtualServer, groups: Mapping[str, VirtualServerGroup], marks: Mapping[Use, int] = NO_MARKS
) -> tuple[Service, ...]:
    """Return every service that a virtual server is: one, or one for each address and mark of its group.

    Args:
        server: as configured.
        groups: the groups of addresses by name.
        marks: which nftables gives to packets to groups.
    """
    common = _properties(server)
    if server.group is None:
        return (_service(server.address, server.port, server.fwmark, family_of(server), server, common),)
    group = groups.get(server.group)
    mark = marks.get(use_of(server) or ("", ""))
    if group is not None and mark is not None:
        versions = sorted({entry.address.version for entry in group.entries if entry.address is not None})
        return tuple(Service(family=_FAMILIES[version], mark=mark, **common) for version in versions)
    found: dict[Any, Service] = {}
    for entry in group.entries if group is not None else ():
        for address in _addresses(entry):
            mark_family = _FAMILIES[entry.family] if entry.family else family_of(server)
            service = _service(address, entry.port, entry.fwmark, mark_family, server, common)
            found.setdefault(service.key, service)
    return tuple(found.values())


def _service(
    address: IpAddress | None,
    port: int,
    mark: int | None,
    mark_family: int,
    server: VirtualServer,
    common: dict[str, Any],
) -> Service:
    if mark is not None:
        return Service(family=mark_family, mark=mark, **common)
    assert address is not None
    return Service(
        family=_FAMILIES[address.version],
        protocol=_PROTOCOLS[server.protocol or "UDP"],
        address=address.packed,
        port=port,
        **common,
    )


def _addresses(entry: GroupEntry) -> Iterator[IpAddress | None]:
    """Yield the addresses of one line of a group; None for a mark."""
    if entry.address is None or entry.last is None:
        yield entry.address
        return
    for number in range(int(entry.address), int(entry.last) + 1):
        yield type(entry.address)(number)


def family_of(server: VirtualServer) -> int:
    """Return AF_INET or AF_INET6: that of the address, else what is said of a mark, else that of the real servers."""
    if server.address is not None:
        return _FAMILIES[server.address.version]
    if server.ip_family is not None:
        return ipvs.AF_INET6 if server.ip_family == "inet6" else ipvs.AF_INET
    return next((_FAMILIES[real.address.version] for real in server.real_server), ipvs.AF_INET)


def _properties(server: VirtualServer) -> dict[str, Any]:
    granularity = server.persistence_granularity
    timeout = server.persistence_timeout or (DEFAULT_PERSISTENCE if granularity is not None else 0)
    flags = ipvs.FLAG_PERSISTENT if timeout else 0
    for name, flag in _FLAGS.items():
        flags |= flag if getattr(server, name) else 0
    return {
        "scheduler": server.lvs_sched or DEFAULT_SCHEDULER,
        "flags": flags,
        "timeout": timeout,
        "granularity": _granularity(granularity),
        "engine": server.persistence_engine or "",
    }


def _granularity(granularity: Any) -> bytes:
    if granularity is None:
        return b""
    if isinstance(granularity, int):
        return b"" if granularity >= IPV6_WIDTH else ipvs.IPV6_GRANULARITY.pack(granularity)
    return b"" if granularity == ALL_ONES else bytes(granularity.packed)


def destination_of(server: RealServer, virtual: VirtualServer, weight: int) -> Destination:
    """Return a real server as a destination with this weight."""
    method = server.lvs_method or virtual.lvs_method
    port = server.port or virtual.port
    return _destination(server.address, port, method, weight, server.uthreshold, server.lthreshold)


def sorry_destination_of(virtual: VirtualServer, weight: int) -> Destination | None:
    """Return the sorry server as a destination with this weight; None when there is none."""
    sorry = virtual.sorry_server
    if sorry is None:
        return None
    method = virtual.sorry_server_lvs_method or virtual.lvs_method
    return _destination(sorry.address, sorry.port or virtual.port, method, weight)


def _destination(
    address: IpAddress, port: int, forwarding: Forwarding | None, weight: int, upper: int = 0, lower: int = 0
) -> Destination:
    tunnel = {}
    if forwarding is not None and forwarding.method == "TUN":
        tunnel = {
            "tunnel": _TUNNELS[forwarding.tunnel or "ipip"],
            "tunnel_port": forwarding.port or 0,
            "tunnel_flags": _CHECKSUMS[forwarding.checksum or "nocsum"],
        }
    return Destination(
        family=_FAMILIES[address.version],
        address=address.packed,
        port=port,
        method=_METHODS[forwarding.method if forwarding is not None else "NAT"],
        weight=weight,
        upper=upper,
        lower=lower,
        **tunnel,
    )


# Names


def endpoint(address: IpAddress | str, port: int) -> str:
    """Return `[10.0.0.2]:80`; an address without a port alone in its brackets."""
    return f"[{address}]:{port}" if port else f"[{address}]"


def name_of(server: VirtualServer) -> str:
    """Return how the log calls a virtual server: `[10.0.0.9]:80`, `FWM 7`, or its group."""
    if server.group is not None:
        return endpoint(server.group, server.port)
    if server.fwmark is not None:
        return f"FWM {server.fwmark}"
    return endpoint(server.address or "", server.port)


def full_name_of(server: VirtualServer) -> str:
    """Return how pipes call a virtual server: with its protocol, `[10.0.0.9]:tcp:80`."""
    if server.group is not None:
        return f"[{server.group}]:{server.port}"
    if server.fwmark is not None:
        return f"FWM {server.fwmark}"
    return _trio(str(server.address), server.protocol, server.port)


def full_name_of_real(server: RealServer | Endpoint, virtual: VirtualServer) -> str:
    """Return how pipes call a real server: `[10.0.0.2]:tcp:80`, or `[10.0.0.2]:none:80` behind a mark."""
    return _trio(str(server.address), virtual.protocol, server.port or virtual.port)


def _trio(address: str, protocol: str | None, port: int) -> str:
    return f"[{address}]:{(protocol or 'none').lower()}:{port}"


def text_of(service: Service) -> str:
    """Return a service of the kernel as the log names it."""
    if service.mark:
        return f"FWM {service.mark}"
    return endpoint(str(ip_address(service.address)), service.port)
