"""The lines of one instance in `keepalived.data`: labels, order and indentation are what exporters and scripts read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from keepalived_py import script_text
from keepalived_py.vrrp import shown
from keepalived_py.vrrp.parameters import IPV4, OWNER_PRIORITY
from keepalived_py.vrrp.reception import address_text
from keepalived_py.vrrp.source import SourceKind
from keepalived_py.vrrp.state import State
from keepalived_py.vrrp.timers import VERSION_2, VERSION_3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keepalived_py.config.model.addresses import VirtualAddress
    from keepalived_py.config.model.vrrp import VrrpInstance
    from keepalived_py.kernel.interfaces import Interface
    from keepalived_py.vrrp.moment import Moment
    from keepalived_py.vrrp.running import RunningInstance
    from keepalived_py.vrrp.tracking import Tracking
    from keepalived_py.vrrp.virtual_link import VirtualLink

_ANSWERS: Final = {True: "true", False: "false"}
_ABLE: Final = {True: "enabled", False: "disabled"}
_YES: Final = {True: "yes", False: "no"}
_AUTHENTICATION: Final = {"PASS": "SIMPLE_PASSWORD", "AH": "IPSEC_AH"}
_TRACKED: Final = {
    SourceKind.INTERFACE: ("interfaces", ""),
    SourceKind.SCRIPT: ("scripts", ""),
    SourceKind.FILE: ("files", ","),
    SourceKind.PROCESS: ("processes", ","),
    SourceKind.BFD: ("BFDs", ":"),
}
"""Heading of each kind, and what stands behind the names."""
_SCRIPTS: Final = (
    ("Backup", "notify_backup"),
    ("Master", "notify_master"),
    ("Fault", "notify_fault"),
    ("Stop", "notify_stop"),
    ("Deleted", "notify_deleted"),
    ("Generic", "notify"),
    ("Master rx lower pri", "notify_master_rx_lower_pri"),
)


class Surroundings(NamedTuple):
    """What the dump of an instance says that the instance itself does not know.

    Attributes:
        interface: what it runs on; None while there is none.
        tracking: what it and the others depend on.
        group: name of its sync group; empty for none.
    """

    interface: Interface | None
    tracking: Tracking
    group: str = ""


class InstanceDump:
    """One instance at one moment.

    Attributes:
        running: the instance.
        moment: now.
    """

    def __init__(self, running: RunningInstance, moment: Moment, surroundings: Surroundings) -> None:
        self.running = running
        self.moment = moment
        self._config: VrrpInstance = running.config
        self._router = running.router
        self._interface, self._tracking, self._group = surroundings

    def lines(self) -> Iterator[str]:
        """Return the lines, the first with one blank before it, the others with three or more."""
        yield f" VRRP Instance = {self._config.name}"
        yield f"   VRRP Version = {self._config.version}"
        if self._group:
            yield f"   Sync group = {self._group}"
        if self._config.family != IPV4:
            yield "   Using Native IPv6"
        yield from self._state()
        yield from self._links()
        yield from self._announcing()
        yield from self._election()
        yield from self._trust()
        yield from self._addresses()
        yield from self._peers()
        yield from self._sockets()
        yield from self._routing()
        yield from self._tracked()
        yield from self._notices()

    def _state(self) -> Iterator[str]:
        router, instance = self._router, self._router.instance
        state = router.state
        yield f"   State = {state.name}"
        if state is State.BACKUP:
            master = instance.master_address or bytes(4 if self._config.family == IPV4 else 16)
            yield f"   Master router = {address_text(master)}"
            yield f"   Master priority = {instance.master_priority}"
            if self._config.version == VERSION_3:
                yield f"   Master advert interval = {round(instance.master_interval * 1000)} milli-sec"
        yield from self._flags()
        yield f"   Wantstate = {self._config.state if state is State.INIT else state.name}"
        yield "   Number of config faults = 0"
        yield from self._faults()
        yield f"   Number of track scripts init = {len(self._tracking.awaited(self._config.name))}"
        yield f"   Last transition = {self.moment.text(router.transition.at if router.transition else float('inf'))}"
        deadline = router.deadline_at
        yield f"   Read timeout = {self.moment.text(deadline) if deadline != float('inf') else 'DISABLED'}"
        yield f"   Master down timer = {round(instance.master_down_interval * 1_000_000)} usecs"

    def _flags(self) -> Iterator[str]:
        flags = []
        if self._config.unicast_peer:
            flags.append("     Using unicast")
        if self._config.unicast_fault_no_peer:
            flags.append("     If unicast go to fault state if no peers")
        yield "   Flags:" if flags else "   Flags: none"
        yield from flags

    def _faults(self) -> Iterator[str]:
        """Faults of the interface as keepalived calls them; every other reason counts as a tracker's."""
        flags = []
        if self._interface is None or not (self._interface.running or self._config.dont_track_primary):
            flags.append("     i/f down")
        elif not self._router.instance.source_address:
            flags.append("     no source IP address")
        reasons = self._router.instance.faults
        yield f"   Number of tracker faults = {max(0, len(reasons) - len(flags))}"
        yield "   Flags of interface faults:" if flags else "   Flags of interface faults - (none)"
        yield from flags

    @property
    def interface_name(self) -> str:
        """The interface that the instance runs on; empty when none is configured."""
        footing = self.running.footing
        if footing.main_link is not None:
            return footing.main_link.name
        return self._interface.name if self._interface else self._config.interface or ""

    @property
    def virtual_interface_name(self) -> str:
        """The VMAC or ipvlan interface of the instance; empty when it has none."""
        link = self.running.footing.main_link
        return link.name if link is not None else ""

    def _virtual_interface(self, link: VirtualLink) -> Iterator[str]:
        """What keepalived says of a VMAC or ipvlan, before the interface itself."""
        config = self._config
        missing = f"interface {link.name} is missing"
        is_up = _ANSWERS[all(str(reason) != missing for reason in self._router.instance.faults)]
        if config.use_vmac is not None:
            yield f"   Use VMAC, i/f name {link.name}, is_up = {is_up}, xmit_base = {_ANSWERS[config.vmac_xmit_base]}"
            if config.use_vmac.mac:
                completed = " (using VRID)" if len(config.use_vmac.mac) < len(link.mac) else ""
                yield f"     MAC = {link.mac.hex(':')}{completed}"
        elif config.use_ipvlan is not None:
            own = config.use_ipvlan.address
            address = f", i/f address = {own[0]}/{own[1]}" if own else ""
            yield f"   Use IPVLAN, i/f {link.name}, is_up = {is_up}{address}, type {config.use_ipvlan.mode}"
        if link.notify:
            yield "     Force netlink update for base interface"
        if config.use_vmac_addr:
            yield "     Use VMAC for VIPs on other interfaces"
        if link.group is not None:
            yield f"     Interface group {link.group}"

    def _links(self) -> Iterator[str]:
        config = self._config
        link = self.running.footing.main_link
        below = ""
        if link is not None:
            yield from self._virtual_interface(link)
            sends_elsewhere = ", xmit base i/f" if config.vmac_xmit_base else ""
            below = f", {'vmac' if config.use_vmac is not None else 'ipvlan'} on {link.base}{sends_elsewhere}"
        yield f"   Interface = {self.interface_name or 'not configured'}{below}"
        if config.vrf:
            yield f"   VRF = {config.vrf}"
        if config.dont_track_primary:
            yield "   VRRP interface tracking disabled"
        if config.skip_check_adv_addr:
            yield "   Skip checking advert IP addresses"
        if config.no_virtual_ipaddress:
            yield "   Suppress no VIPs warning"
        if config.strict_mode:
            yield "   Enforcing strict VRRP compliance"
        source = self._router.instance.source_address
        configured = config.unicast_src_ip or config.mcast_src_ip
        told = address_text(source) if source else "(none)"
        yield f"   Using src_ip = {told}{' (from configuration)' if configured else ''}"
        if not config.unicast_peer:
            group = address_text(self._router.parameters.destinations[0])
            index = f", ifindex {self._interface.index if self._interface else 0}" if config.family != IPV4 else ""
            yield f"   Multicast address {group}{index}"

    def _announcing(self) -> Iterator[str]:
        config = self._config
        yield f"   Gratuitous ARP delay = {config.garp_master_delay:.0f}"
        yield f"   Gratuitous ARP repeat = {config.garp_master_repeat}"
        yield f"   Gratuitous ARP refresh = {config.garp_master_refresh:.0f}"
        yield f"   Gratuitous ARP refresh repeat = {config.garp_master_refresh_repeat}"
        yield f"   Gratuitous ARP lower priority delay = {config.garp_lower_prio_delay:.0f}"
        yield f"   Gratuitous ARP lower priority repeat = {config.garp_lower_prio_repeat}"
        yield f"   Down timer adverts = {config.down_timer_adverts}"
        answers = not config.lower_prio_no_advert
        yield f"   Send advert after receive lower priority advert = {_ANSWERS[answers]}"
        yield f"   Send advert after receive higher priority advert = {_ANSWERS[config.higher_prio_send_advert]}"
        if config.priority == OWNER_PRIORITY:
            yield f"   Address owner ignores received adverts = {_ANSWERS[config.owner_ignore_adverts]}"

    def _election(self) -> Iterator[str]:
        config, instance = self._config, self._router.instance
        yield f"   Virtual Router ID = {config.virtual_router_id}"
        yield f"   Priority = {config.priority}"
        yield f"   Effective priority = {instance.priority}"
        yield f"   Total priority = {self._tracking.priority(config.name)}"
        if config.nopreempt:
            yield f"   Highest other priority = {instance.highest_other_priority}"
        interval = config.advert_int
        version_2 = config.version == VERSION_2
        yield f"   Advert interval = {f'{interval:.0f} sec' if version_2 else f'{interval * 1000:.0f} milli-sec'}"
        yield f"   Last advert sent = {self.moment.seconds(instance.last_sent_at)}"
        yield f"   Accept = {_ABLE[config.accept]}"
        yield f"   Preempt = {_ABLE[config.preempt]}"
        if config.preempt_delay:
            yield f"   Preempt delay = {config.preempt_delay:g} secs"
        yield f"   Promote_secondaries = {_ABLE[config.promote_secondaries]}"

    def _trust(self) -> Iterator[str]:
        config = self._config
        authentication = config.authentication
        if authentication is not None and authentication.auth_type is not None:
            yield f"   Authentication type = {_AUTHENTICATION[authentication.auth_type]}"
            if authentication.auth_type == "PASS":
                yield "   Password = ********"
        elif config.version == VERSION_2:
            yield "   Authentication type = none"
        signed = config.auth_hmac
        if signed is not None:
            yield "   Authentication extension = HMAC-SHA256-128"
            yield f"     Keys = {len(signed.key)}, active key id = {signed.active_key or 0}"
            yield f"     Mode = {signed.mode}"
            window = signed.time_window or max(3 * config.advert_int, 5)
            replay = f"time, window = {window:.0f} sec" if signed.anti_replay == "time" else "monotonic"
            yield f"     Anti replay = {replay}"
        if config.version == VERSION_3 and config.family == IPV4:
            yield f"   VRRPv3 uses VRRPv2 checksum = {_ABLE[config.v3_checksum_as_v2]}"
        if config.kernel_rx_buf_size:
            yield f"   Kernel rx buffer size = {config.kernel_rx_buf_size}"

    def _addresses(self) -> Iterator[str]:
        config = self._config
        if config.virtual_ipaddress:
            yield f"   Virtual IP ({len(config.virtual_ipaddress)}):"
            yield from (f"     {self.address(one)}" for one in config.virtual_ipaddress)
        if config.virtual_ipaddress_excluded:
            yield "   Virtual IP Excluded :"
            yield from (f"     {self.address(one)}" for one in config.virtual_ipaddress_excluded)

    def address(self, one: VirtualAddress) -> str:
        """Return one address of the instance, without indentation."""
        packed = one.address.packed
        placed = [place for place in self.running.takeover.addresses if place.request.address == packed]
        device = placed[0].interface_name if placed else one.dev or self._config.interface or "(none)"
        return shown.address(one, device, held=bool(placed) and self.running.holding)

    def _peers(self) -> Iterator[str]:
        config = self._config
        if not config.unicast_peer:
            return
        yield f"   Unicast TTL = {self._router.parameters.ttl}"
        yield f"   Check unicast src : {_YES[config.check_unicast_src]}"
        yield "   Unicast Peer :"
        yield from (f"     {one.address} min_ttl {one.min_ttl} max_ttl {one.max_ttl}" for one in config.unicast_peer)
        yield f"   Unicast checksum compatibility = {_YES[bool(config.old_unicast_checksum)]}"

    def _sockets(self) -> Iterator[str]:
        sockets = self.running.sockets
        if sockets is None:
            yield "   No sockets allocated"
        else:
            yield f"   fd_in {sockets.receiver.fileno()}, fd_out {sockets.sender.fileno()}"

    def _routing(self) -> Iterator[str]:
        config = self._config
        for heading, name in (("Virtual Routes", "virtual_routes"), ("Virtual Rules", "virtual_rules")):
            if getattr(config, name):
                yield f"   {heading} :"
                yield from (f"     {line}" for line in self.entries(name))

    def entries(self, name: str) -> Iterator[str]:
        """Return the routes or rules of the keyword `name` as lines of a configuration."""
        yield from shown.entries(self._config, name)

    def _tracked(self) -> Iterator[str]:
        ladder = self._tracking.ladder(self._config.name)
        for kind, (heading, separator) in _TRACKED.items():
            rungs = [rung for rung in ladder if rung.kind is kind and not rung.group]
            if rungs:
                yield f"   Tracked {heading} :"
            for rung in rungs:
                yield f"     {rung.name}{separator} weight {rung.weight}{' reverse' if rung.reverse else ''}"

    def script_command(self, name: str) -> str:
        """Return the command line of a tracked script."""
        source = self._tracking.source(SourceKind.SCRIPT, name)
        script = getattr(source.definition, "script", None) if source is not None else None
        return script_text.command(script.words) if script is not None else ""

    def _notices(self) -> Iterator[str]:
        config = self._config
        yield f"   Using smtp notification = {_YES[config.smtp_alert]}"
        yield f"   Notify deleted = {'Deleted' if config.notify_deleted else 'Fault'}"
        for title, name in _SCRIPTS:
            script = getattr(config, name)
            if script is not None and script.words:
                yield f"   {title} state transition script = {script_text.script(script)}"
        yield f"   Notify priority changes = {_ANSWERS[config.notify_priority_changes]}"
