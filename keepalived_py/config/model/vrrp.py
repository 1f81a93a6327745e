"""Virtual routers and the groups that they change state in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.config.addresses import Address
from keepalived_py.config.arguments import Exactly, Maybe, Script, ScriptValue
from keepalived_py.config.blocks import Block, Imported, Lines, Options
from keepalived_py.config.effective import family
from keepalived_py.config.fields import Alias, Record, attribute, keyword, record
from keepalived_py.config.global_values import ExtraInterface
from keepalived_py.config.model.addresses import AddressLine, VirtualAddress
from keepalived_py.config.model.tracking import (
    NAME,
    ON,
    TRACK_BFD,
    TRACK_FILE,
    TRACK_INTERFACE,
    TRACK_PROCESS,
    TRACK_SCRIPT,
)
from keepalived_py.config.scalars import Boolean, Choice, Integer, Interface, NotFlag, Seconds, Text, WholeSeconds
from keepalived_py.config.vrrp_values import (
    ChecksumCompatibility,
    HmacKeyValue,
    Priority,
    State,
    UseIpvlan,
    UseVmac,
    choose_version_3,
)

if TYPE_CHECKING:
    from keepalived_py.config.addresses import IpAddress
    from keepalived_py.config.global_values import ExtraInterval
    from keepalived_py.config.model.routes import Route
    from keepalived_py.config.model.rules import Rule
    from keepalived_py.config.model.tracking import TrackedFile, TrackedInterface, TrackedScript
    from keepalived_py.config.vrrp_values import HmacKey, Ipvlan, Vmac

U32 = 0xFFFFFFFF
YES_NO = Boolean()
INTERFACE = Interface()
TTL = Integer(0, 255)
SCRIPT = ScriptValue()
DELAY = WholeSeconds(0, 4294)
ADDRESS_LINES = Lines(AddressLine(VirtualAddress), syntax="ADDRESS OPTIONS per line")
TIMER_EXPIRED = Maybe(Integer(1, 254, strict=True, syntax="PRIO"), 254)
FAMILY_FIELDS = ("native_ipv6", "virtual_ipaddress", "unicast_src_ip", "mcast_src_ip", "unicast_peer")
SMTP_DEFAULT = "global smtp_alert_vrrp, else smtp_alert, else false"


@record
class Peer(Record):
    """One line of unicast_peer."""

    address: IpAddress = attribute()
    min_ttl: int = keyword(TTL, "Adverts with a lower TTL are refused", default=0)
    max_ttl: int = keyword(TTL, "Adverts with a higher TTL are refused", default=255)


@record
class Authentication(Record):
    """The block `authentication` of VRRPv2."""

    auth_type: str | None = keyword(Choice("PASS", "AH"), "Plain password or IPsec AH", default=None)
    auth_pass: str | None = keyword(
        Text("STRING", limit=8, cut=True, limits="first 8 bytes used"), "The password", default=None
    )


@record
class AuthHmac(Record):
    """The block `auth_hmac`: adverts signed with a keyed hash."""

    key: tuple[HmacKey, ...] = keyword(HmacKeyValue(), "A key and its number", default=(), repeat=True, unset="-")
    active_key: int | None = keyword(
        Integer(1, 255, strict=True, syntax="ID"), "Number of the key that signs", default=None
    )
    time_window: int | None = keyword(
        Integer(1, 300, strict=True, syntax="SECS"),
        "How old an advert may be",
        default=None,
        unset="max(3 * advert_int, 5)",
    )
    anti_replay: str = keyword(Choice("time", "monotonic"), "What a repeated advert is known by", default="time")
    mode: str = keyword(
        Choice("enforce", "permissive", "receive-only"),
        "What happens to adverts without a signature",
        default="enforce",
    )

    @property
    def signing_key(self) -> HmacKey | None:
        """The key that signs, None when it is not there."""
        return next((key for key in self.key if key.id == self.active_key), None)


@record
class VrrpInstance(Record):
    """One virtual router, as it will run: what it did not say itself has been taken from the global defaults."""

    name: str = attribute()
    use_vmac: Vmac | None = keyword(
        UseVmac(), "Run on a virtual MAC interface", default=None, unset="off; name vrrp.VRID"
    )
    use_vmac_addr: bool = keyword(ON, "Put addresses of other interfaces on VMAC interfaces too", default=False)
    vmac_xmit_base: bool = keyword(ON, "Send and receive adverts on the underlying interface", default=False)
    use_ipvlan: Ipvlan | None = keyword(
        UseIpvlan(), "Run on an ipvlan interface", default=None, unset="off; bridge", once=True
    )
    unicast_peer: tuple[Peer, ...] = keyword(
        Lines(
            Options(Peer, {"address": Address()}), syntax="IP [min_ttl N] [max_ttl N] per line", empty="empty; 0 / 255"
        ),
        "Send adverts to these routers instead of the multicast group",
        default=(),
    )
    unicast_fault_no_peer: bool = keyword(ON, "Stay in FAULT when no peer is left", default=False)
    check_unicast_src: bool = keyword(
        ON,
        "Accept adverts from configured peers only",
        default=False,
        unset="global vrrp_check_unicast_src",
        inherits="vrrp_check_unicast_src",
    )
    old_unicast_checksum: bool | None = keyword(
        ChecksumCompatibility(),
        "Checksum of old versions for unicast adverts",
        default=None,
        unset="auto detect",
    )
    native_ipv6: bool = keyword(ON, "Deprecated: use IPv6 and version 3", default=False, effect=choose_version_3)
    state: str = keyword(
        State(),
        "State to begin with",
        default="BACKUP",
        unset="from priority (255=MASTER else BACKUP)",
        always=True,
    )
    interface: str | None = keyword(INTERFACE, "Interface that the virtual router runs on", default=None)
    vrf: str | None = keyword(INTERFACE, "VRF of a unicast instance without interface", default=None)
    dont_track_primary: bool = keyword(ON, "Go on when the interface is down", default=False)
    track_interface: tuple[TrackedInterface, ...] = keyword(
        TRACK_INTERFACE, "Interfaces that priority or FAULT depend on", default=(), unset="weight 0"
    )
    track_script: tuple[TrackedScript, ...] = keyword(
        TRACK_SCRIPT, "Scripts that priority or FAULT depend on", default=(), unset="weight of script"
    )
    track_file: tuple[TrackedFile, ...] = keyword(
        TRACK_FILE, "Files that priority or FAULT depend on", default=(), unset="weight of track_file"
    )
    track_process: tuple[TrackedFile, ...] = keyword(
        TRACK_PROCESS,
        "Processes that priority or FAULT depend on",
        default=(),
        unset="weight of track process",
    )
    track_bfd: tuple[TrackedScript, ...] = keyword(
        TRACK_BFD,
        "BFD sessions that priority or FAULT depend on",
        default=(),
        unset="weight of bfd_instance",
        in_effect=False,
    )
    mcast_src_ip: IpAddress | None = keyword(
        Address(tail=True), "Source address of adverts", default=None, unset="primary address of interface"
    )
    unicast_src_ip: IpAddress | None = keyword(
        Address(tail=True), "Source address of unicast adverts", default=None, unset="primary address of interface"
    )
    mcast_dst_ip: IpAddress | None = keyword(
        Address(multicast=True), "Multicast group of this instance", default=None, unset="global group"
    )
    track_src_ip: bool = keyword(ON, "FAULT while the source address is missing", default=False)
    virtual_router_id: int = keyword(
        Integer(1, 255, strict=True), "Number of the virtual router", default=0, unset="none (required)"
    )
    unicast_ttl: int | None = keyword(
        Integer(0, 255, strict=True),
        "TTL of unicast adverts",
        default=None,
        unset="255 for IPv4, kernel for IPv6",
        always=True,
    )
    version: int = keyword(
        Integer(2, 3, syntax="2/3"),
        "VRRP version",
        default=2,
        unset="vrrp_version (3 for IPv6)",
        always=True,
        steady=True,
    )
    priority: int = keyword(
        Priority(),
        "Who is master: the highest; 255 owns the addresses",
        default=100,
        unset="100 (255 when state MASTER)",
        always=True,
    )
    advert_int: float = keyword(
        Seconds("0.01", "255"),
        "Time between adverts; version 2 whole seconds, version 3 10 ms steps up to 40.95",
        default=1.0,
    )
    virtual_ipaddress: tuple[VirtualAddress, ...] = keyword(
        ADDRESS_LINES, "Addresses that the master has and its adverts name", default=(), unset="-"
    )
    virtual_ipaddress_excluded: tuple[VirtualAddress, ...] = keyword(
        ADDRESS_LINES, "Addresses that the master has and its adverts do not name", default=(), unset="-"
    )
    no_virtual_ipaddress: bool = keyword(ON, "The instance is meant to have no address", default=False)
    promote_secondaries: bool = keyword(ON, "Keep secondary addresses when the primary one goes", default=False)
    linkbeat_use_polling: bool = keyword(
        ON,
        "Deprecated: poll the state of the interface",
        default=False,
        deprecated="use linkbeat_interfaces",
    )
    v3_checksum_as_v2: bool = keyword(
        YES_NO,
        "Leave the pseudo-header out of VRRPv3 IPv4 checksums",
        default=False,
        unset="global v3_checksum_as_v2",
        inherits="v3_checksum_as_v2",
    )
    virtual_routes: tuple[Route, ...] = keyword(
        Lines(Imported("routes:ROUTE_LINE"), syntax="ROUTE per line"),
        "Routes that the master has",
        default=(),
    )
    virtual_rules: tuple[Rule, ...] = keyword(
        Lines(Imported("rules:RULE_LINE"), syntax="RULE per line"),
        "Routing rules that the master has",
        default=(),
    )
    accept: bool = keyword(
        ON,
        "Accept packets for the addresses while master",
        default=True,
        unset="on unless strict (on for priority 255)",
        always=True,
        aliases=(Alias("no_accept", "Drop packets for the addresses while master", kind=NotFlag()),),
    )
    skip_check_adv_addr: bool = keyword(
        YES_NO,
        "Do not compare the addresses in adverts of the same master",
        default=False,
        unset="global vrrp_skip_check_adv_addr",
        inherits="vrrp_skip_check_adv_addr",
    )
    strict_mode: bool = keyword(
        YES_NO, "Hold this instance strictly to the RFC", default=False, unset="global vrrp_strict", always=True
    )
    nopreempt: bool = keyword(
        ON,
        "Leave a lower priority master in charge",
        default=False,
        aliases=(Alias("preempt", "Take over from a lower priority master (the default)", kind=NotFlag()),),
    )
    preempt_delay: float = keyword(
        Seconds("0", "1000"), "Time after start or repair before taking over", default=0.0, unset="0"
    )
    debug: int = keyword(Integer(0, 4), "Accepted for old files; keepalived does nothing with it either", default=0)
    notify_backup: Script | None = keyword(SCRIPT, "Run on entering BACKUP", default=None)
    notify_master: Script | None = keyword(SCRIPT, "Run on entering MASTER", default=None)
    notify_fault: Script | None = keyword(SCRIPT, "Run on entering FAULT", default=None)
    notify_stop: Script | None = keyword(SCRIPT, "Run when the instance stops", default=None)
    notify_deleted: Script | None = keyword(
        Maybe(SCRIPT, Script(words=())),
        "Run when a reload removes the instance",
        default=None,
        unset="FAULT sent instead of DELETED",
    )
    notify: Script | None = keyword(
        SCRIPT, "Run on every change; kind, name, state and priority are added", default=None
    )
    notify_master_rx_lower_pri: Script | None = keyword(
        SCRIPT, "Run when a master hears a lower priority", default=None
    )
    smtp_alert: bool = keyword(YES_NO, "Send mails about changes", default=False, unset=SMTP_DEFAULT, always=True)
    notify_priority_changes: bool = keyword(
        YES_NO,
        "Tell pipes about priority changes",
        default=False,
        unset="global default",
        always=True,
    )
    lvs_sync_daemon_interface: str | None = keyword(
        INTERFACE,
        "Deprecated: use lvs_sync_daemon in global_defs",
        default=None,
        deprecated="use lvs_sync_daemon in global_defs",
    )
    garp_master_delay: float = keyword(
        DELAY,
        "Time until the second round of gratuitous ARP; 0 for none",
        default=5.0,
        unset="global value seen so far",
        inherits="vrrp_garp_master_delay",
    )
    garp_master_refresh: float = keyword(
        WholeSeconds(0, U32),
        "Interval of announcements while master; 0 for none",
        default=0.0,
        unset="global value seen so far",
        inherits="vrrp_garp_master_refresh",
    )
    garp_master_repeat: int = keyword(
        Integer(1, U32, zero=1),
        "Gratuitous ARP messages per address in a round",
        default=5,
        unset="global value seen so far",
        inherits="vrrp_garp_master_repeat",
    )
    garp_master_refresh_repeat: int = keyword(
        Integer(1, U32, zero=1),
        "Messages per address in a refresh",
        default=1,
        unset="global value seen so far",
        inherits="vrrp_garp_master_refresh_repeat",
    )
    garp_lower_prio_delay: float = keyword(
        DELAY,
        "Time until the second round after a lower priority advert",
        default=5.0,
        unset="global (0 in strict)",
        always=True,
    )
    garp_lower_prio_repeat: int = keyword(
        Integer(0, 0x7FFFFFFF),
        "Messages per address after a lower priority advert",
        default=5,
        unset="global (0 in strict)",
        always=True,
    )
    down_timer_adverts: int = keyword(
        Integer(1, 100),
        "Missed adverts after which the master is considered gone",
        default=3,
        unset="global (3)",
        inherits="vrrp_down_timer_adverts",
    )
    timer_expired_backup: int | None = keyword(
        TIMER_EXPIRED,
        "Stay BACKUP, for at least this other priority, when a late timer would make it master",
        default=None,
        unset="off; 254 when no value",
        aliases=(Alias("thread_timer_expired", "Earlier spelling of timer_expired_backup", faulty=True),),
    )
    garp_extra_if: ExtraInterval | None = keyword(
        ExtraInterface(0),
        "Interval of announcements on interfaces without adverts; 0 for none",
        default=None,
        unset="global vrrp_garp_extra_if",
        aliases=(Alias("vmac_garp_intvl", "Earlier spelling of garp_extra_if", faulty=True),),
        forgiving=True,
    )
    lower_prio_no_advert: bool = keyword(
        YES_NO,
        "Answer a lower priority advert with silence",
        default=False,
        unset="global (true in strict)",
        always=True,
    )
    higher_prio_send_advert: bool = keyword(
        YES_NO,
        "Send one more advert when a higher priority is heard",
        default=False,
        unset="global (false in strict)",
        always=True,
    )
    owner_ignore_adverts: bool = keyword(
        YES_NO,
        "With priority 255, ignore adverts",
        default=False,
        unset="global (true in strict owner)",
        always=True,
    )
    kernel_rx_buf_size: int | None = keyword(
        Exactly(Integer(0, U32, strict=True, syntax="BYTES")),
        "Receive buffer of the socket",
        default=None,
        unset="policy",
        forgiving=True,
    )
    authentication: Authentication | None = keyword(
        Block(Authentication), "VRRPv2 authentication", default=None, unset="none"
    )
    auth_hmac: AuthHmac | None = keyword(Block(AuthHmac), "Signed adverts", default=None, unset="none")

    @property
    def preempt(self) -> bool:
        """Whether a lower priority master is taken over from."""
        return not self.nopreempt

    @property
    def family(self) -> int:
        """4 or 6: the family of the adverts."""
        return family({name: getattr(self, name) for name in FAMILY_FIELDS})


@record
class SyncGroup(Record):
    """Instances that change state together."""

    name: str = attribute()
    group: tuple[str, ...] = keyword(
        Lines(NAME, syntax="VI_NAME ...", loose=True, needed=True), "The members", default=(), unset="-", once=True
    )
    track_interface: tuple[TrackedInterface, ...] = keyword(
        TRACK_INTERFACE, "Interfaces that the group depends on", default=(), unset="weight 0"
    )
    track_script: tuple[TrackedScript, ...] = keyword(
        TRACK_SCRIPT, "Scripts that the group depends on", default=(), unset="weight of script"
    )
    track_file: tuple[TrackedFile, ...] = keyword(
        TRACK_FILE, "Files that the group depends on", default=(), unset="weight of track_file"
    )
    track_process: tuple[TrackedFile, ...] = keyword(
        TRACK_PROCESS,
        "Processes that the group depends on",
        default=(),
        unset="weight of track process",
    )
    track_bfd: tuple[TrackedScript, ...] = keyword(
        TRACK_BFD, "BFD sessions that the group depends on", default=(), unset="weight of bfd_instance", in_effect=False
    )
    notify_backup: Script | None = keyword(SCRIPT, "Run when the group enters BACKUP", default=None)
    notify_master: Script | None = keyword(SCRIPT, "Run when the group enters MASTER", default=None)
    notify_fault: Script | None = keyword(SCRIPT, "Run when the group enters FAULT", default=None)
    notify_stop: Script | None = keyword(SCRIPT, "Run when the group stops", default=None)
    notify: Script | None = keyword(
        SCRIPT, "Run on every change; kind, name, state and priority are added", default=None
    )
    smtp_alert: bool = keyword(YES_NO, "Send mails about changes", default=False, unset=SMTP_DEFAULT, always=True)
    global_tracking: bool = keyword(
        ON,
        "Deprecated: same as sync_group_tracking_weight",
        default=False,
        deprecated="use sync_group_tracking_weight",
    )
    sync_group_tracking_weight: bool = keyword(ON, "Let members keep trackers with a weight", default=False)
    notify_priority_changes: bool | None = keyword(
        YES_NO, "Tell pipes about priority changes", default=None, unset="global default"
    )
