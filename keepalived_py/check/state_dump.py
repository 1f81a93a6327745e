"""The text of `keepalived_check.data`: everything that the health-check process knows, for people and for programs.

Labels, order and indentation are keepalived's, because scripts look for lines by their number after a server's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keepalived_py import script_text
from keepalived_py.check.check_dump import check_lines
from keepalived_py.check.service import family_of
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

IPVS_VERSION: Final = "1.2.1"
_CHECKSUMS: Final = {"nocsum": "no checksum", "csum": "checksum", "remcsum": "remote checksum"}


def state(config: Config, virtuals: Iterable[RunningVirtual], observations: Observations) -> str:
    """Return the whole file.

    Args:
        config: the configuration.
        virtuals: in configured order.
        observations: what was seen in tracked files and of BFD sessions.
    """
    servers = list(virtuals)
    lines = list(describe_globals(config))
    if config.ssl is not None:
        lines += ["------< SSL definitions >------", *_certificates(config.ssl)]
    if servers:
        lines += ["------< LVS Topology >------", f" System is compiled with LVS v{IPVS_VERSION}"]
        for group in config.virtual_server_groups:
            lines += _group_lines(group)
        for server in servers:
            lines += _virtual_lines(server)
    checks = [line for server in servers for line in check_lines(server)]
    lines += ["------< Health checkers >------", *checks] if checks else []
    lines += _seen_lines(config, observations)
    return "\n".join(lines) + "\n"


def _certificates(ssl: Any) -> Iterator[str]:
    if ssl.password is not None:
        yield " Password : ********"
    for title, value in (("CA-file", ssl.ca), ("Certificate file", ssl.certificate), ("Key file", ssl.key)):
        if value is not None:
            yield f" {title} : {value}"


def _group_lines(group: VirtualServerGroup) -> Iterator[str]:
    families = {entry.address.version for entry in group.entries if entry.address is not None}
    yield " ------< Virtual server group >------"
    has = {version: "yes" if version in families else "no" for version in (4, 6)}
    yield f" Virtual Server Group = {group.name}, IPv4 = {has[4]}, IPv6 = {has[6]}"
    yield from (_entry_line(entry) for entry in group.entries)


def _entry_line(entry: GroupEntry) -> str:
    if entry.fwmark is not None:
        return f"   FWMARK = {entry.fwmark}{f' IPv{entry.family}' if entry.family else ''}"
    if entry.last is not None:
        return f"   VIP Range = {entry.address}-{entry.last}, VPORT = {entry.port}"
    return f"   VIP = {entry.address}, VPORT = {entry.port}"


def _virtual_lines(virtual: RunningVirtual) -> Iterator[str]:
    config, health = virtual.config, virtual.health
    yield " ------< Virtual server >------"
    yield _title(virtual)
    if config.virtualhost is not None:
        yield f"   VirtualHost = {config.virtualhost}"
    yield f"   Address family = inet{'' if family_of(config) == AF_INET else '6'}"
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
    yield f"   default {_forwarding(config.lvs_method)}"
    yield from _sorry_lines(virtual)
    yield "   VS alive = 1"
    yield f"   quorum_state_up = {int(bool(health.has_quorum))}"
    for real in virtual.reals.values():
        yield from _real_lines(virtual, real)


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
    yield f"   One packet scheduling = {_able(config.ops)}"


def _persistence_lines(config: VirtualServer) -> Iterator[str]:
    if config.persistence_timeout:
        yield f"   persistence timeout = {config.persistence_timeout}"
    if config.persistence_granularity is not None:
        yield f"   persistence granularity = {config.persistence_granularity}"


def _sorry_lines(virtual: RunningVirtual) -> Iterator[str]:
    config, health = virtual.config, virtual.health
    if not health.sorry_server:
        return
    stands_in = health.has_quorum is False
    yield f"   sorry server = {health.sorry_server}"
    yield f"     {_forwarding(config.sorry_server_lvs_method or config.lvs_method)}"
    yield f"     Inhibit on failure is {_on(health.sorry_inhibit)}"
    yield f"     set = {int(stands_in or health.sorry_inhibit)}"
    yield f"     alive = {int(stands_in)}"


def _real_lines(virtual: RunningVirtual, real: RunningReal) -> Iterator[str]:
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
    yield from _patience_lines(config)
    yield f"   Inhibit on failure is {_on(health.inhibit)}"
    yield from _script_lines("RS", config.notify_up, config.notify_down)
    if config.virtualhost is not None:
        yield f"    VirtualHost = '{config.virtualhost}'"
    yield f"   Using smtp notification = {_yes(config.smtp_alert is not False)}"
    yield f"   initial weight = {health.configured_weight}"
    yield f"   effective weight = {effective}"
    yield f"   alive = {int(health.is_alive)}"
    yield f"   num failed checkers = {sum(not checker.is_up for checker in health.checkers)}"
    yield f"   RS set = {int(real.name in virtual.health.desired())}"
    if health.ordered is not None:
        yield f"   Ordered weight = {health.ordered}"
    if health.ceiling is not None:
        yield f"   Slow start weight = {health.ceiling}"


def _patience_lines(config: Any) -> Iterator[str]:
    if config.retry is not None:
        yield f"   Retry count = {config.retry}"
    if config.delay_before_retry is not None:
        yield f"   Retry delay = {_seconds(config.delay_before_retry)}"
    if config.warmup is not None:
        yield f"   Warmup = {_seconds(config.warmup)}"


def _script_lines(title: str, up: Script | None, down: Script | None) -> Iterator[str]:
    for state_name, script in (("up", up), ("down", down)):
        if script is not None:
            yield f"   {title} {state_name} notify script = {script_text.script(script)}"


def _forwarding(method: Forwarding | None) -> str:
    if method is None or method.method != "TUN":
        return f"forwarding method = {method.method if method is not None else 'NAT'}"
    tunnel = (method.tunnel or "ipip").upper()
    checksum = f", {_CHECKSUMS[method.checksum or 'nocsum']}" if tunnel != "IPIP" else ""
    port = f", port = {method.port}" if tunnel == "GUE" else ""
    return f"forwarding method = TUN, type = {tunnel}{port}{checksum}"


def _seen_lines(config: Config, observations: Observations) -> Iterator[str]:
    files = [one for one in config.track_files if one.name in observations.files]
    if files:
        yield "------< Checker track files >------"
    for one in files:
        yield f" Track file = {one.name}"
        yield f"   File = {one.file}"
        yield f"   Status = {observations.files[one.name]}"
        yield f"   Weight = {one.weight.weight}{' reverse' if one.weight.reverse else ''}"
    if observations.sessions:
        yield "------< Checker track BFDs >------"
    for name in observations.sessions:
        yield f" Checker Track BFD = {name}"


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
