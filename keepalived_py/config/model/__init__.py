"""The typed model: one field per keyword."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.config.arguments import Maybe
from keepalived_py.config.blocks import NAMED, NAMED_FREELY, Block, Imported, Lines, NameHead, Options
from keepalived_py.config.fields import Alias, Record, attribute, keyword, record
from keepalived_py.config.model.addresses import AddressLine, StaticAddress
from keepalived_py.config.model.globals import GlobalDefs
from keepalived_py.config.model.tracking import TrackFile, TrackGroup, TrackProcess, VrrpScript
from keepalived_py.config.model.vrrp import SyncGroup, VrrpInstance
from keepalived_py.config.scalars import Flag, Integer, Interface, Seconds, Text, Word
from keepalived_py.config.tracking_values import Debounce

if TYPE_CHECKING:
    from keepalived_py.config.model.bfd import BfdInstance
    from keepalived_py.config.model.check import Ssl, VirtualServer, VirtualServerGroup
    from keepalived_py.config.model.routes import Route
    from keepalived_py.config.model.rules import Rule
    from keepalived_py.config.tracking_values import InterfaceDelay

ON = Flag()
NAME = Text()
INTERFACE = Interface()
GARP_SECONDS = Seconds("0", "4294.967295")


class PollMethod(Word):
    """A word that names a way of polling."""

    type_name = "enum"


@record
class Linkbeat(Record):
    """How the state of an interface is polled; method None means the first way that works."""

    interface: str = attribute()
    method: str | None = keyword(
        PollMethod("MII"),
        "Poll by the MII registers",
        default=None,
        name="MII",
        unset="auto",
        aliases=(
            Alias("ETHTOOL", "Poll by ethtool", kind=PollMethod("ETHTOOL")),
            Alias("IOCTL", "Poll by interface flags", kind=PollMethod("IOCTL")),
        ),
    )


@record
class GarpGroup(Record):
    """Interfaces that share one budget of announcements."""

    garp_interval: float | None = keyword(GARP_SECONDS, "Pause between gratuitous ARP messages", default=None)
    gna_interval: float | None = keyword(
        GARP_SECONDS, "Pause between unsolicited neighbour advertisements", default=None
    )
    interface: str | None = keyword(INTERFACE, "The only interface of the group", default=None, unset="-")
    interfaces: tuple[str, ...] = keyword(
        Lines(INTERFACE, syntax="IFNAME ...", loose=True, needed=True), "Interfaces of the group", default=(), unset="-"
    )


@record
class Config(Record):
    """A whole configuration, checked and frozen; equality is what reload compares."""

    linkbeat_use_polling: bool = keyword(ON, "Poll the state of every interface", default=False, section="global")
    net_namespace: str | None = keyword(
        NAME,
        "Network namespace of the daemon",
        default=None,
        unset="default netns",
        section="global",
        once=True,
        forgiving=True,
    )
    net_namespace_ipvs: str | None = keyword(
        Maybe(NAME, ""),
        "Network namespace of IPVS; no name means the initial one",
        default=None,
        section="global",
    )
    namespace_with_ipsets: bool = keyword(ON, "Accepted: nftables needs no ipsets", default=False, section="global")
    use_pid_dir: bool = keyword(ON, "Keep pid files in a directory of their own", default=False, section="global")
    instance: str | None = keyword(
        NAME,
        "Name that tells several daemons on one machine apart",
        default=None,
        section="global",
        once=True,
        forgiving=True,
    )
    child_wait_time: int = keyword(
        Integer(0, 0xFFFFFFFF, strict=True, syntax="SECS"),
        "Longest wait for child processes at stop",
        default=5,
        section="global",
    )
    global_defs: GlobalDefs = keyword(
        Block(GlobalDefs, merge=True), "Settings of the whole daemon", default=GlobalDefs(), section="global"
    )
    linkbeat_interfaces: tuple[Linkbeat, ...] = keyword(
        Lines(Options(Linkbeat, {"interface": INTERFACE}), syntax="IFNAME [MII/ETHTOOL/IOCTL] per line"),
        "Interfaces whose state is polled",
        default=(),
        section="vrrp",
    )
    interface_up_down_delays: tuple[InterfaceDelay, ...] = keyword(
        Lines(Debounce(), syntax="IFNAME DOWN [UP] per line"),
        "How long an interface must be down, or up, before it counts",
        default=(),
        unset="0",
        section="vrrp",
    )
    garp_groups: tuple[GarpGroup, ...] = keyword(
        Block(GarpGroup, multiple=True),
        "Pauses between announcements on some interfaces",
        default=(),
        name="garp_group",
        section="vrrp",
    )
    track_groups: tuple[TrackGroup, ...] = keyword(
        Block(TrackGroup, head=NAMED, multiple=True, unique="name"),
        "Instances told when a static entry disappears",
        default=(),
        name="track_group",
        section="vrrp",
    )
    static_ipaddress: tuple[StaticAddress, ...] = keyword(
        Lines(AddressLine(StaticAddress), syntax="one address per line"),
        "Addresses that are always there",
        default=(),
        section="vrrp",
    )
    static_routes: tuple[Route, ...] = keyword(
        Lines(Imported("routes:STATIC_ROUTE_LINE"), syntax="one route per line"),
        "Routes that are always there",
        default=(),
        section="vrrp",
    )
    static_rules: tuple[Rule, ...] = keyword(
        Lines(Imported("rules:STATIC_RULE_LINE"), syntax="one rule per line"),
        "Routing rules that are always there",
        default=(),
        section="vrrp",
    )
    track_files: tuple[TrackFile, ...] = keyword(
        Block(TrackFile, head=NAMED_FREELY, multiple=True, unique="name"),
        "A file whose number adds to priorities and weights",
        default=(),
        name="track_file",
        section="track",
        aliases=(Alias("vrrp_track_file", "Earlier spelling of track_file", deprecated=True),),
    )
    vrrp_track_processes: tuple[TrackProcess, ...] = keyword(
        Block(TrackProcess, head=NAMED_FREELY, multiple=True, unique="name"),
        "Processes whose number decides about priorities",
        default=(),
        name="vrrp_track_process",
        section="track",
    )
    vrrp_scripts: tuple[VrrpScript, ...] = keyword(
        Block(VrrpScript, head=NAMED_FREELY, multiple=True, unique="name"),
        "A script whose exit status decides about priorities",
        default=(),
        name="vrrp_script",
        section="vrrp",
    )
    bfd_instances: tuple[BfdInstance, ...] = keyword(
        Block("bfd:BfdInstance", head=NameHead(limit=31, exact=False), multiple=True, unique="name"),
        "A BFD session with a neighbour",
        default=(),
        name="bfd_instance",
        section="bfd",
        in_effect=False,
    )
    vrrp_instances: tuple[VrrpInstance, ...] = keyword(
        Block(VrrpInstance, head=NAMED, multiple=True, unique="name", draft=True),
        "A virtual router",
        default=(),
        name="vrrp_instance",
        section="vrrp",
    )
    vrrp_sync_groups: tuple[SyncGroup, ...] = keyword(
        Block(SyncGroup, head=NAMED, multiple=True, unique="name", draft=True),
        "Instances that change state together",
        default=(),
        name="vrrp_sync_group",
        section="vrrp",
    )
    ssl: Ssl | None = keyword(Block("check:Ssl"), "Certificates of checks", default=None, name="SSL", section="check")
    virtual_server_groups: tuple[VirtualServerGroup, ...] = keyword(
        Block(
            "check:VirtualServerGroup",
            head=NAMED_FREELY,
            syntax="{ entries }",
            multiple=True,
            unique="name",
            entries=Imported("check:GROUP_LINES"),
        ),
        "Addresses that are one virtual server",
        default=(),
        name="virtual_server_group",
        section="check",
    )
    virtual_servers: tuple[VirtualServer, ...] = keyword(
        Block(
            "check:VirtualServer",
            head=Imported("check:SERVER_HEAD"),
            syntax="IP[/m] [PORT] / fwmark N / group NAME, then { ... }",
            multiple=True,
        ),
        "An address whose connections are spread over real servers",
        default=(),
        name="virtual_server",
        section="check",
    )
