"""The block `global_defs`: settings of the whole daemon and defaults for what follows."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any

from keepalived_py.config.addresses import Address
from keepalived_py.config.arguments import (
    Exactly,
    FifoValue,
    Maybe,
    ScriptValue,
    Several,
    User,
    UserValue,
)
from keepalived_py.config.blocks import Options
from keepalived_py.config.fields import Alias, Record, keyword, record
from keepalived_py.config.global_values import (
    ExtraInterface,
    IncludeCheck,
    LvsTimeouts,
    ReceiveBuffers,
    Umask,
)
from keepalived_py.config.model.notification import NotificationDefs
from keepalived_py.config.scalars import (
    BadValueError,
    Boolean,
    Choice,
    Flag,
    Integer,
    Interface,
    Seconds,
    Text,
    WholeSeconds,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.config.global_values import ExtraInterval, Timeouts
    from keepalived_py.config.reading import Reading

ON = Flag()
YES_NO = Boolean()
U32 = 0xFFFFFFFF
NAME = Text()
PATH = Text("PATH", type_name="path")
ONE_PATH = Exactly(PATH)
SCRIPT = ScriptValue()
FIFO = FifoValue()
STARTUP_TIMEOUT = Integer(1, 1000, syntax="SECS")
DELAY = WholeSeconds(0, 4294)
STARTUP_DELAY = Seconds("0.001", "4294.967295")
EXTRA_INTERFACE = ExtraInterface(1)


@record
class SyncDaemon(Record):
    """The IPVS connection synchronisation daemon of the kernel."""

    ifname: str = keyword(Interface(), "Interface that the synchronisation messages use", name="<ifname>")
    inst: str | None = keyword(NAME, "Instance whose state decides which node sends", default=None, syntax="VI_NAME")
    id: int | None = keyword(Integer(0, 255), "Number that tells clusters apart", default=None, unset="vrid or 0")
    maxlen: int | None = keyword(Integer(1, 65507), "Longest message in bytes", default=None, unset="kernel")
    port: int = keyword(Integer(1, 65535), "UDP port", default=8848)
    ttl: int = keyword(Integer(1, 255), "Time to live of the multicast messages", default=1)
    group: IPv4Address | IPv6Address | None = keyword(
        Address(multicast=True), "Multicast group", default=None, unset="224.0.0.81"
    )


class SyncDaemonOptions(Options):
    """The words of lvs_sync_daemon, where the instance may stand without `inst` and, with a report, the id too."""

    def _unknown(self, word: str, index: int, reading: Reading) -> int:
        del reading
        raise BadValueError(f"unknown word '{word}'", index=index)

    def read(self, words: Sequence[str], reading: Reading) -> Any:
        """Return the daemon's settings."""
        plain = [str(word) for word in words]
        if len(plain) > 2 and plain[2] not in SyncDaemon.words_:
            plain.insert(2, "inst")
        if len(plain) > 4 and plain[4] not in SyncDaemon.words_:
            reading.problem("the id needs the word 'id' before it", 3)
            plain.insert(4, "id")
        return super().read(plain, reading)


def announce_once(value: bool, values: dict[str, Any], reading: Reading) -> None:
    """Let vrrp_min_garp replace what still has its built-in default."""
    del reading
    if value and values.get("vrrp_garp_master_repeat", 5) == 5:
        values["vrrp_garp_master_repeat"] = 1
    if value and values.get("vrrp_garp_master_delay", 5.0) == 5.0:
        values["vrrp_garp_master_delay"] = 0.0


@record
class GlobalDefs(NotificationDefs):
    """The merged contents of every `global_defs` block."""

    use_symlink_paths: bool = keyword(YES_NO, "Keep symbolic links in the paths of scripts", default=False)
    script_user: User | None = keyword(
        UserValue(),
        "User and group of scripts named later that have none of their own",
        default=None,
        unset="keepalived_script if it exists, else own uid",
        forgiving=True,
    )
    set_supplementary_groups: bool = keyword(
        YES_NO, "Give scripts named later the supplementary groups of their user", default=False
    )
    enable_script_security: bool = keyword(ON, "Refuse scripts whose path others could change", default=False)
    router_id: str | None = keyword(
        Text("STRING"),
        "Name of this machine in logs and mails",
        default=None,
        unset="short local host name",
        forgiving=True,
    )
    checker_log_all_failures: bool = keyword(YES_NO, "Log every failed health check, not only changes", default=False)
    dynamic_interfaces: bool | str = keyword(
        Maybe(Choice("allow_if_changes"), True, type_name="flag+enum"),
        "Accept interfaces that do not exist yet",
        default=False,
        unset="off",
    )
    default_interface: str = keyword(
        Interface(), "Interface of static addresses without dev", default="eth0", forgiving=True
    )
    disable_local_igmp: bool = keyword(ON, "Send no IGMP reports for link-local groups", default=False)
    v3_checksum_as_v2: bool = keyword(ON, "Leave the pseudo-header out of VRRPv3 IPv4 checksums", default=False)
    lvs_timeouts: Timeouts | None = keyword(
        LvsTimeouts(), "IPVS connection timeouts", default=None, unset="kernel values", forgiving=True
    )
    lvs_flush: bool = keyword(ON, "Remove every IPVS service at start", default=False)
    lvs_flush_on_stop: str | None = keyword(
        Maybe(Choice("VS"), "ALL"),
        "Remove IPVS services at stop: all of them, or with VS only the configured ones",
        default=None,
        unset="no flush",
        aliases=(Alias("lvs_flush_onstop", "Earlier spelling of lvs_flush_on_stop", deprecated=True),),
    )
    lvs_sync_daemon: SyncDaemon | None = keyword(
        SyncDaemonOptions(
            SyncDaemon,
            {"ifname": Interface()},
            type_name="key/value list",
            syntax="IFNAME [[inst] VI] [id N] [maxlen N] [port N] [ttl N] [group IP]",
        ),
        "Synchronise IPVS connections with the other node",
        default=None,
        once=True,
        forgiving=True,
    )
    vrrp_mcast_group4: IPv4Address = keyword(
        Address(family=4, multicast=True), "Group that IPv4 adverts go to", default=IPv4Address("224.0.0.18")
    )
    vrrp_mcast_group6: IPv6Address = keyword(
        Address(family=6, multicast=True), "Group that IPv6 adverts go to", default=IPv6Address("ff02::12")
    )
    vrrp_min_garp: bool = keyword(
        YES_NO,
        "Announce addresses once only, where nothing else was said before",
        default=False,
        effect=announce_once,
    )
    vrrp_garp_master_delay: float = keyword(
        DELAY, "Time until the second round of gratuitous ARP; 0 for none", default=5.0, always=True
    )
    vrrp_garp_master_repeat: int = keyword(
        Integer(1, U32, zero=1), "Gratuitous ARP messages per address in a round", default=5, always=True
    )
    vrrp_garp_master_refresh: float = keyword(
        WholeSeconds(0, U32), "Interval of announcements while master; 0 for none", default=0.0
    )
    vrrp_garp_master_refresh_repeat: int = keyword(
        Integer(1, U32, zero=1), "Messages per address in a refresh", default=1, always=True
    )
    vrrp_garp_lower_prio_delay: float | None = keyword(
        DELAY,
        "Time until the second round after a lower priority advert",
        default=None,
        unset="vrrp_garp_master_delay",
    )
    vrrp_garp_lower_prio_repeat: int | None = keyword(
        Integer(0, 0x7FFFFFFF),
        "Messages per address after a lower priority advert",
        default=None,
        unset="vrrp_garp_master_repeat",
    )
    vrrp_down_timer_adverts: int = keyword(
        Integer(1, 100), "Missed adverts after which the master is considered gone", default=3
    )
    vrrp_garp_interval: float = keyword(
        Seconds("0.000001", "4294.967295"), "Pause between gratuitous ARP messages", default=0.0, unset="0 (off)"
    )
    vrrp_gna_interval: float = keyword(
        Seconds("0.000001", "4294.967295"),
        "Pause between unsolicited neighbour advertisements",
        default=0.0,
        unset="0 (off)",
    )
    vrrp_garp_extra_if: ExtraInterval | None = keyword(
        EXTRA_INTERFACE,
        "Interval of announcements on interfaces without adverts",
        default=None,
        unset="0 (off)",
        aliases=(Alias("vrrp_vmac_garp_intvl", "Earlier spelling of vrrp_garp_extra_if", faulty=True),),
        forgiving=True,
    )
    vrrp_lower_prio_no_advert: bool = keyword(
        YES_NO, "A master answers a lower priority advert with silence", default=False
    )
    vrrp_higher_prio_send_advert: bool = keyword(
        YES_NO, "A master sends one more advert when it hears a higher priority", default=False
    )
    vrrp_version: int = keyword(Integer(2, 3, syntax="2/3"), "VRRP version of IPv4 instances", default=2)
    vrrp_iptables: tuple[str, ...] | None = keyword(
        Several(Text(limit=27), type_name="names", syntax="[INCHAIN [OUTCHAIN]]", least=0, limits="chain max 27 chars"),
        "Accepted: nftables is used instead of iptables",
        default=None,
        unset="no value = INPUT OUTPUT",
        once=True,
    )
    vrrp_ipsets: tuple[str, ...] | None = keyword(
        Several(
            Text(limit=30),
            type_name="names",
            syntax="[ADDR [ADDR6 [IF6 [IGMP [MLD [ND]]]]]]",
            least=0,
            limits="each max 30 chars, all distinct",
            distinct=True,
        ),
        "Accepted: nftables has sets of its own",
        default=None,
        unset="derived from keepalived",
    )
    nftables: str | None = keyword(
        Maybe(Text("TABLE", limit=30), "keepalived"),
        "Use nftables, with this table",
        default=None,
        unset="keepalived when given without name",
        once=True,
    )
    nftables_priority: int = keyword(
        Integer(-(2**31), 2**31 - 1, strict=True, syntax="PRIO"), "Priority of the chains", default=-1
    )
    nftables_ifindex: bool = keyword(ON, "Match interfaces by index, not by name", default=False)
    nftables_ipvs: str | None = keyword(
        Maybe(Text("TABLE", limit=30), "keepalived_ipvs"),
        "Let nftables set the firewall marks of IPVS groups, in this table",
        default=None,
        unset="keepalived_ipvs when given without name",
    )
    nftables_ipvs_priority: int = keyword(
        Integer(-(2**31), 2**31 - 1, strict=True, syntax="PRIO"),
        "Priority of the IPVS chains",
        default=-1,
    )
    nftables_ipvs_start_fwmark: int = keyword(
        Integer(1, U32, strict=True), "First firewall mark used for IPVS groups", default=1000
    )
    nftables_counters: bool = keyword(ON, "Count packets in every rule", default=False)
    vrrp_check_unicast_src: bool = keyword(ON, "Accept unicast adverts from configured peers only", default=False)
    vrrp_skip_check_adv_addr: bool = keyword(
        YES_NO, "Do not compare the addresses in adverts of a known master", default=False
    )
    vrrp_strict: bool = keyword(YES_NO, "Hold instances strictly to the RFC", default=False)
    rs_init_notifies: bool = keyword(YES_NO, "Notify the first state of real servers too", default=False)
    vrrp_rx_bufs_policy: str | int | None = keyword(
        ReceiveBuffers(),
        "Receive buffer of VRRP sockets: from the MTU, from the adverts, or in bytes",
        default=None,
        unset="system default",
        forgiving=True,
    )
    vrrp_rx_bufs_multiplier: int = keyword(
        Exactly(Integer(1, U32, strict=True)),
        "How many adverts a receive buffer must hold",
        default=3,
        forgiving=True,
    )
    vrrp_startup_delay: float = keyword(
        STARTUP_DELAY, "Time after the start before instances begin", default=0.0, unset="0"
    )
    vrrp_delay_after_boot: float = keyword(
        STARTUP_DELAY, "Time after the boot before instances begin", default=0.0, unset="0"
    )
    log_unknown_vrids: bool = keyword(ON, "Log adverts of virtual routers that are not configured", default=False)
    vrrp_owner_ignore_adverts: bool = keyword(
        YES_NO, "The owner of the addresses (priority 255) ignores adverts", default=False
    )
    vmac_prefix: str = keyword(NAME, "Start of the names of VMAC interfaces", default="vrrp", once=True)
    vmac_addr_prefix: str | None = keyword(
        NAME,
        "Start of the names of VMAC interfaces of single addresses",
        default=None,
        unset="vmac_prefix",
        once=True,
    )
    umask: int = keyword(Umask(), "Permissions that created files do not get", default=0o177)
    random_seed: int | None = keyword(
        Integer(0, U32, strict=True), "Makes ${_RANDOM} repeatable from here on", default=None, unset="time based"
    )
    reload_check_config: str | None = keyword(
        Maybe(Text("LOGFILE", type_name="path"), "/dev/null"),
        "Validate the files before a reload and write the result here",
        default=None,
        unset="off; /dev/null when no value",
    )
    reload_time_file: str | None = keyword(ONE_PATH, "File with the time of a scheduled reload", default=None)
    reload_repeat: bool = keyword(ON, "Repeat the scheduled reload every day", default=False)
    reload_file: str | None = keyword(
        Maybe(PATH, ""),
        "Marker file that exists while files are read",
        default=None,
        unset="off; default PIDDIR/keepalived.reload",
    )
    include_check: tuple[str, ...] | None = keyword(
        IncludeCheck(), "Which problems of includes are fatal", default=None, unset="none (all when no word)"
    )
    config_save_dir: str | None = keyword(PATH, "Directory that keeps copies of the configuration", default=None)
    tmp_config_directory: str | None = keyword(
        PATH,
        "Directory of the copy that processes share",
        default=None,
        unset="memfd",
        once=True,
        forgiving=True,
    )
    data_use_instance: bool = keyword(YES_NO, "Put instance and namespace into dump file names", default=False)
    json_version: int = keyword(Integer(1, 2, syntax="1/2"), "Layout of the JSON dump", default=1)
    iproute_usr_dir: str | None = keyword(
        ONE_PATH,
        "Directory of the distribution's names of tables and scopes",
        default=None,
        unset="/usr/share/iproute2",
        forgiving=True,
    )
    iproute_etc_dir: str | None = keyword(
        ONE_PATH,
        "Directory of the machine's names of tables and scopes",
        default=None,
        unset="/etc/iproute2",
        forgiving=True,
    )
    state_dump_file: str | None = keyword(
        PATH,
        "Where the state dump goes",
        default=None,
        unset="TMPDIR/keepalived*.data",
        aliases=(Alias("state_file_location", "Its name in the manual of keepalived 2.4.3"),),
        forgiving=True,
    )
    stats_dump_file: str | None = keyword(
        PATH,
        "Where the statistics dump goes",
        default=None,
        unset="TMPDIR/keepalived.stats",
        aliases=(Alias("stats_file_location", "Its name in the manual of keepalived 2.4.3"),),
        forgiving=True,
    )
    json_dump_file: str | None = keyword(
        PATH,
        "Where the JSON dump goes",
        default=None,
        unset="TMPDIR/keepalived.json",
        aliases=(Alias("json_file_location", "Its name in the manual of keepalived 2.4.3"),),
        forgiving=True,
    )
