"""The text of `keepalived_check.data`: everything that the health-check process knows, for people and for programs.

Labels, order and indentation are keepalived's, because scripts look for lines by their number after a server's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keepalived_py import script_text
from keepalived_py.check.check_dump import check_lines
from keepalived_py.check.service import family_of, full_name_of_real
from keepalived_py.config.arguments import Weight
from keepalived_py.config.describe import describe_globals
from keepalived_py.kernel.ipvs import AF_INET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keepalived_py.check.observations import Observations
    from keepalived_py.check.running import RunningReal, RunningVirtual
    from keepalived_py.config.arguments import Script
    from keepalived_py.config.check_values import Forwarding
    from keepalived_py.config.model import Config
    from keepalived_py.config.model.check import GroupEntry, VirtualServer, VirtualServerGroup
    from keepalived_py.config.model.checkers import FileCheck

IPVS_VERSION: Final = "1.2.1"
_PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
_PATIENCE: Final = ("retry", "delay_before_retry", "warmup")
_CHECKSUMS: Final = {"nocsum": "no checksum", "csum": "checksum", "remcsum": "remote checksum"}


def state(config: Config, virtuals: Iterable[RunningVirtual], observations: Observations, epoch: float = 0.0) -> str:
    """Return the whole file.

    Args:
        config: the configuration.
        virtuals: in configured order.
        observations: what was seen in tracked files and of BFD sessions.
        epoch: seconds since 1970 when the monotonic clock was zero.
    """
    servers = list(virtuals)
    lines = list(describe_globals(config))
    if config.ssl is not None:
        lines += ["------< SSL definitions >------", *_certificates(config.ssl)]
    if servers:
        lines += ["------< LVS Topology >------", f" System is compiled with LVS v{IPVS_VERSION}"]
        for group in config.virtual_server_groups:
            lines += _group_lines(group, [one for one in servers if one.config.group == group.name])
        for server in servers:
            lines += _virtual_lines(server, _families(config, server))
            for real in server.reals.values():
                lines += _real_lines(config, server, real)
    checks = [line for server in servers for line in check_lines(server, epoch)]
    lines += ["------< Health checkers >------", *checks] if checks else []
    lines += _seen_lines(config, servers, observations)
    return "\n".join(lines) + "\n"


def _certificates(ssl: Any) -> Iterator[str]:
    if ssl == type(ssl)():
        yield " Using autogen SSL context"
    if ssl.password is not None:
        yield " Password : ********"
    for title, value in (("CA-file", ssl.ca), ("Certificate file", ssl.certificate), ("Key file", ssl.key)):
        if value is not None:
            yield f" {title} : {value}"


def _group_lines(group: VirtualServerGroup, users: list[RunningVirtual]) -> Iterator[str]:
    families = _families_of(group)
    yield " ------< Virtual server group >------"
    has = {version: "yes" if version in families else "no" for version in (4, 6)}
    yield f" Virtual Server Group = {group.name}, IPv4 = {has[4]}, IPv6 = {has[6]}"
    marks = _automatic_marks(group, users)
    if marks:
        yield f"  Fwmark {' '.join(f'{protocol}: {marks.get(protocol, 0)}' for protocol in _PROTOCOLS)}"
        users = []  # of the mark, not of the addresses
    for entry in group.entries:
        yield _entry_line(entry)
        yield f"     Alive: {_marked_users(users) if entry.fwmark is not None else _users(users)}"


def _families_of(group: VirtualServerGroup) -> set[int]:
    families = {entry.address.version for entry in group.entries if entry.address is not None}
    return families | {entry.family for entry in group.entries if entry.family is not None}


def _automatic_marks(group: VirtualServerGroup, users: list[RunningVirtual]) -> dict[str, int]:
    """Return the marks that nftables sets for the addresses of a group, by protocol."""
    if any(entry.fwmark is not None for entry in group.entries):
        return {}
    marked = (one for one in users if one.services and one.services[0].mark)
    return {one.config.protocol or "": one.services[0].mark for one in marked}


def _users(users: list[RunningVirtual]) -> str:
    """Return how many virtual servers use an address of their group."""
    protocols = [one.config.protocol for one in users]
    return ", ".join(f"{protocols.count(protocol)} {protocol.lower()}" for protocol in _PROTOCOLS)


def _marked_users(users: list[RunningVirtual]) -> str:
    """Return how many virtual servers use a mark of their group."""
    first = sum(family_of(one.config) == AF_INET for one in users)
    return f"{first} IPv4, {len(users) - first} IPv6"


def _families(config: Config, virtual: RunningVirtual) -> str:
    """Return the family of a virtual server; a group may have both."""
    groups = [one for one in config.virtual_server_groups if one.name == virtual.config.group]
    if virtual.config.ip_family is None and groups and _families_of(groups[0]) == {4, 6}:
        return "IPv4 & IPv6"
    return "inet" if family_of(virtual.config) == AF_INET else "inet6"


def _entry_line(entry: GroupEntry) -> str:
    if entry.fwmark is not None:
        return f"   FWMARK = {entry.fwmark}{f' IPv{entry.family}' if entry.family else ''}"
    if entry.last is not None:
        return f"   VIP Range = {entry.address}-{entry.last}, VPORT = {entry.port}"
    return f"   VIP = {entry.address}, VPORT = {entry.port}"


def _virtual_lines(virtual: RunningVirtual, families: str) -> Iterator[str]:
    config, health = virtual.config, virtual.health
    yield " ------< Virtual server >------"
    yield _title(virtual)
    if config.virtualhost is not None:
        yield f"   VirtualHost = {config.virtualhost}"
    if config.snmp_name is not None:
        yield f"   SNMP name = '{config.snmp_name}'"
    yield f"   Address family = {families}"
    yield f"   connection timeout = {_seconds(config.connect_timeout)}"
    yield f"   delay_loop = {_seconds(config.delay_loop)}"
    yield f"   lvs_sched = {config.lvs_sched or 'wlc'}"
    yield "   Hashed = disabled"
    yield from _flag_lines(config)
    yield from _persistence_lines(config)
    yield f"   protocol = {config.protocol or 'none'}"
    yield f"   alpha is {_on(config.alpha)}"
    yield f"   omega is {_on(config.omega)}"
    yield from _patience_lines(config)
    yield f"   Inhibit on failure is {_on(config.inhibit_on_failure)}"
    yield f"   quorum = {config.quorum}, hysteresis = {config.hysteresis}"
    yield from _script_lines("Quorum", config.quorum_up, config.quorum_down)
    if config.ha_suspend:
        yield "   Using HA suspend"
    yield f"   Using smtp notification = {_yes(bool(config.smtp_alert))}"
    yield f"   {_default_forwarding(config.lvs_method)}"
    yield from _sorry_lines(virtual)
    yield "   VS alive = 1"
    yield f"   quorum_state_up = {int(bool(health.has_quorum))}"


def _title(virtual: RunningVirtual) -> str:
    config = virtual.config
    if config.group is not None:
        return f" VS GROUP = {virtual.full_name}"
    if config.fwmark is not None:
        return f" VS FWMARK = {config.fwmark}"
    return f" VS VIP = {config.address}, VPORT = {config.port}"


def _flag_lines(config: VirtualServer) -> Iterator[str]:
    names = {"sh": ("sh-port", "sh-fallback"), "mh": ("mh-port", "mh-fallback")}
    for name in names.get(config.lvs_sched or "", ("flag-1", "flag-2", "flag-3")):
        yield f"   {name} = {_able(getattr(config, name.replace('-', '_')))}"
    inactive = " (inactive due to not UDP)" if config.ops and config.protocol != "UDP" else ""
    yield f"   One packet scheduling = {_able(config.ops)}{inactive}"


def _persistence_lines(config: VirtualServer) -> Iterator[str]:
    if config.persistence_timeout:
        yield f"   persistence timeout = {config.persistence_timeout}"
    if config.persistence_granularity is not None:
        yield f"   persistence granularity = {config.persistence_granularity}"


def _sorry_lines(virtual: RunningVirtual) -> Iterator[str]:
    config, health = virtual.config, virtual.health
    if config.sorry_server is None:
        return
    stands_in = health.has_quorum is False
    duplicates = "(duplicates rs) " if health.sorry_server in virtual.reals else ""
    yield f"   sorry server {duplicates}= {full_name_of_real(config.sorry_server, config)}"
    yield f"     {_forwarding(config.sorry_server_lvs_method or config.lvs_method)}"
    yield f"     Inhibit on failure is {_on(health.sorry_inhibit)}"
    yield f"     set = {int(stands_in or health.sorry_inhibit)}"
    yield f"     alive = {int(stands_in)}"


def _real_lines(whole: Config, virtual: RunningVirtual, real: RunningReal) -> Iterator[str]:
    config, health = real.config, real.health
    effective = health.configured_weight + sum(checker.added_weight for checker in health.checkers)
    port = config.port or virtual.config.port
    yield "   ------< Real server >------"
    yield f"   RIP = {config.address}, RPORT = {port}, WEIGHT = {health.weight} EFF WEIGHT = {effective}"
    yield f"   {_forwarding(config.lvs_method or virtual.config.lvs_method)}"
    yield f"   Alpha is {_on(_inherited(config.alpha, virtual.config.alpha))}"
    yield f"   connection timeout = {_seconds(_inherited(config.connect_timeout, virtual.config.connect_timeout))}"
    yield f"   connection limit range = {config.lthreshold} -> {config.uthreshold}"
    yield f"   Delay loop = {_seconds(_inherited(config.delay_loop, virtual.config.delay_loop))}"
    yield from _patience_lines(config, virtual.config)
    yield f"   Inhibit on failure is {_on(health.inhibit)}"
    yield from _script_lines("RS", config.notify_up, config.notify_down)
    if config.virtualhost is not None:
        yield f"    VirtualHost = '{config.virtualhost}'"
    if config.snmp_name is not None:
        yield f"   SNMP name = {config.snmp_name}"
    yield f"   Using smtp notification = {_yes(config.smtp_alert is not False)}"
    yield f"   initial weight = {health.configured_weight}"
    yield f"   effective weight = {effective}"
    yield f"   alive = {int(health.is_alive)}"
    yield f"   num failed checkers = {sum(not checker.is_up for checker in health.checkers)}"
    yield f"   RS set = {int(real.name in virtual.health.desired())}"
    yield from _told_lines(whole, real)
    if health.ordered is not None:
        yield f"   Ordered weight = {health.ordered}"
    if health.ceiling is not None:
        yield f"   Slow start weight = {health.ceiling}"


def _told_lines(whole: Config, real: RunningReal) -> Iterator[str]:
    """Return the files and BFD sessions that a real server depends on."""
    for title, keyword in (("Files", "FILE_CHECK"), ("BFDs", "BFD_CHECK")):
        told = [watch.record for watch in real.watches if watch.keyword == keyword]
        if told:
            yield f"   Tracked {title}"
        for record in told:
            yield f"     {record.name if keyword == 'BFD_CHECK' else _tracked_file(whole, record)}"


def _tracked_file(whole: Config, record: FileCheck) -> str:
    return f"{record.track_file}, {_weight_in(whole, record)}"


def _weight_in(whole: Config, record: FileCheck) -> str:
    """Return the factor of the number in a file: that of the check, else that of the file."""
    weights = {one.name: one.weight for one in whole.track_files}
    weight = record.weight or weights.get(record.track_file or "") or Weight(weight=1)
    return f"weight {weight.weight}{' reverse' if weight.reverse else ''}"


def _patience_lines(config: Any, outer: Any = None) -> Iterator[str]:
    """Return what is said about retries; of a real server also what it inherits."""
    values = {name: _inherited(getattr(config, name), getattr(outer, name, None)) for name in _PATIENCE}
    if values["retry"] is not None:
        yield f"   Retry count = {values['retry']}"
    if values["delay_before_retry"] is not None:
        yield f"   Retry delay = {_seconds(values['delay_before_retry'])}"
    if values["warmup"] is not None:
        yield f"   Warmup = {_seconds(values['warmup'])}"


def _script_lines(title: str, up: Script | None, down: Script | None) -> Iterator[str]:
    for state_name, script in (("up", up), ("down", down)):
        if script is not None:
            yield f"   {title} {state_name} notify script = {script_text.script(script)}"


def _default_forwarding(method: Forwarding | None) -> str:
    """Return the line of a virtual server: keepalived leaves `default` out where a tunnel has a type of its own."""
    plain = method is None or method.method != "TUN" or (method.tunnel or "ipip") == "ipip"
    return f"{'default ' if plain else ''}{_forwarding(method)}"


def _forwarding(method: Forwarding | None) -> str:
    if method is None or method.method != "TUN":
        return f"forwarding method = {method.method if method is not None else 'NAT'}"
    tunnel = (method.tunnel or "ipip").upper()
    checksum = f", {_CHECKSUMS[method.checksum or 'nocsum']}" if tunnel != "IPIP" else ""
    port = f", port = {method.port}" if tunnel == "GUE" else ""
    return f"forwarding method = TUN, type = {tunnel}{port}{checksum}"


def _seen_lines(config: Config, servers: list[RunningVirtual], observations: Observations) -> Iterator[str]:
    files = [one for one in config.track_files if one.name in observations.files]
    if files:
        yield "------< Checker track files >------"
    for one in files:
        yield f" Track file = {one.name}"
        yield f"   File = {one.file}"
        yield f"   Status = {observations.files[one.name]}"
        yield f"   Weight = {one.weight.weight}{' reverse' if one.weight.reverse else ''}"
        yield from _users_of_file(config, servers, one.name)
    if observations.sessions:
        yield "------< Checker track BFDs >------"
    for name in observations.sessions:
        yield f" Checker Track BFD = {name}"


def _users_of_file(config: Config, servers: list[RunningVirtual], name: str) -> Iterator[str]:
    users = [
        f"     {virtual.full_name} -> {real.full_name}, {_weight_in(config, watch.record)}"
        for virtual in servers
        for real in virtual.reals.values()
        for watch in real.watches
        if watch.keyword == "FILE_CHECK" and watch.record.track_file == name
    ]
    if users:
        yield "   Tracking instances :"
        yield from users


def _inherited(own: Any, inherited: Any) -> Any:
    return inherited if own is None else own


def _seconds(value: float) -> str:
    return f"{value:.6f}"


def _on(value: bool) -> str:
    return "ON" if value else "OFF"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _able(value: bool) -> str:
    return "enabled" if value else "disabled"
