"""What virtual servers, their groups and their real servers say against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keepalived_py.config.check_values import Forwarding
from keepalived_py.config.correction import Correction
from keepalived_py.config.diagnostics import did_you_mean
from keepalived_py.config.model.check import GroupEntry, VirtualServer, VirtualServerGroup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keepalived_py.config.diagnostics import Diagnostics
    from keepalived_py.config.model.check import RealServer
    from keepalived_py.config.tracking_checks import Known

DEFAULT_SCHEDULER: Final = "wlc"
DEFAULT_PERSISTENCE: Final = 360
ServerCheck = Correction[VirtualServer]


class ServerChecks:
    """Checks virtual servers; knows the groups and the tracked objects that they may name."""

    def __init__(self, groups: Iterable[VirtualServerGroup], known: Known, diagnostics: Diagnostics) -> None:
        self._groups = {group.name: group for group in groups}
        self._known = known
        self._diagnostics = diagnostics

    def check(self, server: VirtualServer) -> VirtualServer | None:
        """Return the virtual server as it can run, or None when it cannot."""
        check = Correction(server, label(server), self._diagnostics)
        if server.group is not None and server.group not in self._groups:
            hint = did_you_mean(server.group, self._groups)
            check.drop(f"virtual_server_group {server.group} does not exist: ignored{f' ({hint})' if hint else ''}")
            return None
        entries = self._entries(server)
        family = _check_families(check)
        if not check.record.real_server:
            check.drop("the virtual server has no real servers: ignored")
            return None
        if family is not None and _families_of(entries) - {family}:
            check.drop(f"its real servers are IPv{family}, its group is not: ignored")
            return None
        _check_protocol(check, entries)
        _check_scheduler(check)
        _check_duplicates(check)
        _check_method(check)
        _check_quorum(check)
        _check_ports(check, entries)
        for real in check.record.real_server:
            self._check_checkers(check, real)
        return check.record

    def _entries(self, server: VirtualServer) -> tuple[GroupEntry, ...]:
        """Return the addresses and marks that a virtual server stands for."""
        if server.group is not None:
            return self._groups[server.group].entries
        return (GroupEntry(address=server.address, port=server.port, fwmark=server.fwmark),)

    def _check_checkers(self, check: ServerCheck, real: RealServer) -> None:
        """Report checks that miss what they check, or name what does not exist."""
        for file_check in real.file_check:
            if file_check.track_file is None or file_check.track_file not in self._known["track_file"]:
                name = file_check.track_file or "without track_file"
                check.error(f"FILE_CHECK {name}: no such track_file, ignored", at=file_check.location("track_file"))
        for bfd_check in real.bfd_check:
            if bfd_check.name is None or bfd_check.name not in self._known["track_bfd"]:
                name = bfd_check.name or "without name"
                check.error(f"BFD_CHECK {name}: no such bfd_instance, ignored", at=bfd_check.location("name"))
        for http_check in (*real.http_get, *real.ssl_get):
            if not http_check.url:
                check.error("HTTP_GET or SSL_GET has no url: ignored", at=http_check.location())
            for url in http_check.url:
                if url.path is None:
                    check.error("the url has no path: ignored", at=url.location())
        for misc_check in real.misc_check:
            if misc_check.misc_path is None:
                check.error("MISC_CHECK has no misc_path: ignored", at=misc_check.location())


def label(server: VirtualServer) -> str:
    """Return what messages call a virtual server."""
    if server.group is not None:
        return f"group {server.group}"
    if server.fwmark is not None:
        return f"fwmark {server.fwmark}"
    return f"{server.address} {server.port}"


def _families_of(entries: tuple[GroupEntry, ...]) -> set[int]:
    """Return the families of addresses, and of marks that have one."""
    families = {entry.family for entry in entries if entry.family is not None}
    return families | {entry.address.version for entry in entries if entry.address is not None}


def _check_families(check: ServerCheck) -> int | None:
    """Drop servers of another family than the virtual server's, unless a tunnel leads to them; return the family.

    Without one of its own the first server without a tunnel decides.
    """
    server = check.record
    family = _family_said(server)
    kept = []
    for real in server.real_server:
        if not _is_tunnel(real.lvs_method or server.lvs_method):
            family = family or real.address.version
            if real.address.version != family:
                check.error(f"real_server {real.address} is not IPv{family}: ignored", at=real.location())
                continue
        kept.append(real)
    if len(kept) != len(server.real_server):
        check.record = server.changed(real_server=tuple(kept))
    sorry = server.sorry_server
    if sorry is not None and not _is_tunnel(server.sorry_server_lvs_method or server.lvs_method):
        family = family or sorry.address.version
        if sorry.address.version != family:
            message = f"sorry_server {sorry.address} is not IPv{family}: ignored"
            check.fix(message, "sorry_server", sorry_server=None, sorry_server_inhibit=False)
    return family


def _family_said(server: VirtualServer) -> int | None:
    if server.address is not None:
        return server.address.version
    if server.ip_family is not None:
        return 6 if server.ip_family == "inet6" else 4
    granularity = server.persistence_granularity
    return None if granularity is None else 6 if isinstance(granularity, int) else 4


def _is_tunnel(method: Forwarding | None) -> bool:
    return method is not None and method.method == "TUN"


def _check_protocol(check: ServerCheck, entries: tuple[GroupEntry, ...]) -> None:
    server = check.record
    addresses = [entry for entry in entries if entry.address is not None]
    if server.ha_suspend and any(entry.fwmark is not None for entry in entries):
        check.fix("ha_suspend needs addresses, not marks: ignored", "ha_suspend", ha_suspend=False)
    if not addresses:
        if server.protocol is not None and entries:
            check.fix("a mark has no protocol: ignored", "protocol", protocol=None)
        return
    if server.protocol is None:
        check.fix("no protocol: UDP is used", protocol="UDP")
    if check.record.ops and check.record.protocol != "UDP":
        check.fix("ops needs protocol UDP: ignored", "ops", ops=False)
    if not server.persistence_timeout and not all(entry.port for entry in addresses):
        message = f"port 0 needs persistence_timeout: {DEFAULT_PERSISTENCE} is used"
        check.fix(message, persistence_timeout=DEFAULT_PERSISTENCE)


def _check_scheduler(check: ServerCheck) -> None:
    if check.record.lvs_sched is None:
        check.fix(f"no lvs_sched: {DEFAULT_SCHEDULER} is used", lvs_sched=DEFAULT_SCHEDULER)


def _check_duplicates(check: ServerCheck) -> None:
    seen: set[tuple[bytes, int]] = set()
    kept: list[RealServer] = []
    for real in check.record.real_server:
        place = (real.address.packed, real.port)  # which is hashed in no time
        if place in seen:
            check.error(
                f"real_server {real.address} {real.port} is there twice: the second is ignored", at=real.location()
            )
        else:
            seen.add(place)
            kept.append(real)
    if len(kept) != len(check.record.real_server):
        check.record = check.record.changed(real_server=tuple(kept))


def _check_method(check: ServerCheck) -> None:
    server = check.record
    needed = any(real.lvs_method is None for real in server.real_server)
    needed = needed or (server.sorry_server is not None and server.sorry_server_lvs_method is None)
    if server.lvs_method is None and needed:
        check.fix("no lvs_method: NAT is used", lvs_method=Forwarding(method="NAT"))


def _check_quorum(check: ServerCheck) -> None:
    server = check.record
    total = sum(server.weight if real.weight is None else real.weight for real in server.real_server)
    if server.quorum > total:
        check.fix(
            f"quorum {server.quorum} is more than all real servers together: {total} is used", "quorum", quorum=total
        )
    quorum = check.record.quorum
    if server.hysteresis and server.hysteresis >= quorum:
        used = max(quorum - 1, 0)
        message = f"hysteresis {server.hysteresis} is not less than quorum {quorum}: {used} is used"
        check.fix(message, "hysteresis", hysteresis=used)


def _check_ports(check: ServerCheck, entries: tuple[GroupEntry, ...]) -> None:
    """Without NAT a real server answers on the port of the virtual server; behind a mark its port has no meaning."""
    server = check.record
    mark = any(entry.fwmark is not None for entry in entries)
    ports = {entry.port for entry in entries if entry.address is not None}
    changed: dict[int, RealServer] = {}
    for index, real in enumerate(server.real_server):
        if problem := _port_problem(real.port, real.lvs_method or server.lvs_method, ports, mark=mark):
            check.error(f"real_server {real.address} {real.port}: {problem}", at=real.location())
            if server.group is None:
                changed[index] = real.changed(port=server.port)
    if changed:
        servers = tuple(changed.get(index, real) for index, real in enumerate(server.real_server))
        check.record = server.changed(real_server=servers)
    sorry = server.sorry_server
    method = server.sorry_server_lvs_method or server.lvs_method
    if sorry is not None and (problem := _port_problem(sorry.port, method, ports, mark=mark)):
        fixed = sorry if server.group is not None else sorry.changed(port=server.port)
        check.fix(f"sorry_server {sorry.address} {sorry.port}: {problem}", "sorry_server", sorry_server=fixed)


def _port_problem(port: int, method: Forwarding | None, ports: set[int], *, mark: bool) -> str:
    """Return why a server behind `ports` (or behind a mark) cannot have `port`, or an empty string."""
    if not port or (method is not None and method.method == "NAT"):
        return ""
    if mark:
        return "a port has no meaning behind a mark, it is ignored"
    return "" if ports <= {port} else "without NAT its port must be that of the virtual server"
