"""Virtual servers, their real servers and groups of addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.config.addresses import Netmask
from keepalived_py.config.arguments import Exactly, Maybe, ScriptValue
from keepalived_py.config.blocks import Block, Lines
from keepalived_py.config.check_values import (
    AddressRange,
    EndpointValue,
    GroupAddress,
    LvsMethod,
    RealServerHead,
    VirtualServerHead,
)
from keepalived_py.config.fields import Alias, Record, attribute, keyword, record
from keepalived_py.config.model.checkers import (
    CONNECT_SECONDS,
    LONG_SECONDS,
    LOOP,
    LOOP_SECONDS,
    PAUSE,
    RETRY,
    WARMUP,
    AgentCheck,
    BfdCheck,
    DnsCheck,
    FileCheck,
    HttpGet,
    MiscCheck,
    PingCheck,
    SmtpCheck,
    SslGet,
    TcpCheck,
    UdpCheck,
)
from keepalived_py.config.scalars import BadValueError, Boolean, Choice, Flag, Integer, Seconds, Text

if TYPE_CHECKING:
    from collections.abc import Callable
    from ipaddress import IPv4Address

    from keepalived_py.config.addresses import IpAddress
    from keepalived_py.config.arguments import Script
    from keepalived_py.config.check_values import Endpoint, Forwarding

ON = Flag()
YES_NO = Boolean()
NAME = Text()
PATH = Text("PATH", type_name="path")
SCRIPT = ScriptValue()
U32 = 0xFFFFFFFF
COUNT = Integer(1, U32, strict=True)
METHOD = LvsMethod()
SCHEDULERS = ("rr", "wrr", "lc", "wlc", "lblc", "sh", "mh", "dh", "fo", "ovf", "lblcr", "sed", "nq", "twos")
SLOWLY = Seconds("0", "4294.967295")
CHECK_DEFAULT = "checker default"
SERVER_VALUE = "virtual server value"


@record
class Ssl(Record):
    """Certificates of the checks over TLS."""

    password: str | None = keyword(Text("STRING"), "Password of the private key", default=None, forgiving=True)
    ca: str | None = keyword(PATH, "File of certificate authorities", default=None, forgiving=True)
    certificate: str | None = keyword(PATH, "File of the own certificate", default=None, forgiving=True)
    key: str | None = keyword(PATH, "File of the private key", default=None, forgiving=True)


@record
class GroupEntry(Record):
    """One line of virtual_server_group.

    Attributes (beside the keywords):
        last: last address of a range, None for a single address.
        port: 0 for none.
        family: 4 or 6 for a mark of an all-tunnel group, None otherwise.
    """

    address: IpAddress | None = keyword(
        EndpointValue(),
        "An address",
        default=None,
        name="<addr>",
        unset="-",
        aliases=(
            Alias("<range-short>", "Addresses up to this last part", syntax="IP-N [PORT]", kind=AddressRange()),
            Alias("<range-full>", "Addresses up to this one", syntax="IP-IP [PORT]", kind=AddressRange()),
            Alias("<cidr>", "Addresses of a prefix", syntax="IP/LEN [PORT]", kind=AddressRange()),
        ),
    )
    last: IpAddress | None = attribute(default=None)
    port: int = attribute(default=0)
    fwmark: int | None = keyword(
        Integer(0, U32, syntax="N [inet/inet6]"), "A firewall mark", default=None, unset="family from servers"
    )
    family: int | None = attribute(default=None)


@record
class VirtualServerGroup(Record):
    """Addresses and marks that are one virtual server."""

    name: str = attribute()
    entries: tuple[GroupEntry, ...] = attribute(default=())


GROUP_LINES = Lines(GroupAddress(GroupEntry), syntax="entries")


@record
class RealServer(Record):
    """One server behind a virtual server; None stands for the virtual server's value.

    Attributes (beside the keywords): address, port (0 for the virtual server's port).
    """

    address: IpAddress = attribute()
    port: int = attribute(default=0)
    weight: int | None = keyword(
        Integer(0, 0x7FFFFFFF), "Share of the connections", default=None, unset="virtual server weight"
    )
    lvs_method: Forwarding | None = keyword(
        METHOD, "How packets reach it", default=None, unset=SERVER_VALUE, syntax="as virtual_server lvs_method"
    )
    slow_start: float | None = keyword(
        SLOWLY,
        "Time in which it gets its whole weight when it comes back",
        default=None,
        unset=SERVER_VALUE,
        beyond=True,
    )
    uthreshold: int = keyword(Integer(0, U32), "Most connections", default=0, unset="0 (none)")
    lthreshold: int = keyword(
        Integer(0, U32), "Connections below which it gets new ones again", default=0, unset="0 (none)"
    )
    inhibit_on_failure: bool | None = keyword(
        YES_NO, "Set the weight to 0 instead of removing it", default=None, unset=SERVER_VALUE
    )
    notify_up: Script | None = keyword(SCRIPT, "Run when it comes up", default=None)
    notify_down: Script | None = keyword(SCRIPT, "Run when it goes down", default=None)
    alpha: bool | None = keyword(YES_NO, "Down until the first success", default=None, unset=SERVER_VALUE)
    retry: int | None = keyword(COUNT, RETRY, default=None, unset=SERVER_VALUE)
    delay_before_retry: float | None = keyword(LONG_SECONDS, PAUSE, default=None, unset=SERVER_VALUE)
    warmup: float | None = keyword(LONG_SECONDS, WARMUP, default=None, unset=SERVER_VALUE)
    connect_timeout: float | None = keyword(
        CONNECT_SECONDS, "Longest wait of a check", default=None, unset=SERVER_VALUE
    )
    delay_loop: float | None = keyword(LOOP_SECONDS, LOOP, default=None, unset=SERVER_VALUE)
    smtp_alert: bool | None = keyword(
        YES_NO,
        "Send mails about it",
        default=None,
        unset="global smtp_alert_checker, else smtp_alert, else true",
    )
    virtualhost: str | None = keyword(NAME, "Host header of checks", default=None, unset=SERVER_VALUE, forgiving=True)
    snmp_name: str | None = keyword(Exactly(NAME), "Name in SNMP", default=None, forgiving=True, in_effect=False)
    tcp_check: tuple[TcpCheck, ...] = keyword(
        Block(TcpCheck, multiple=True), "Check by connecting", default=(), name="TCP_CHECK"
    )
    http_get: tuple[HttpGet, ...] = keyword(
        Block(HttpGet, multiple=True), "Check by HTTP requests", default=(), name="HTTP_GET"
    )
    ssl_get: tuple[SslGet, ...] = keyword(
        Block(SslGet, multiple=True), "Check by HTTPS requests", default=(), name="SSL_GET"
    )
    smtp_check: tuple[SmtpCheck, ...] = keyword(
        Block(SmtpCheck, multiple=True), "Check by an SMTP greeting", default=(), name="SMTP_CHECK"
    )
    dns_check: tuple[DnsCheck, ...] = keyword(
        Block(DnsCheck, multiple=True), "Check by a DNS query", default=(), name="DNS_CHECK"
    )
    udp_check: tuple[UdpCheck, ...] = keyword(
        Block(UdpCheck, multiple=True), "Check by a datagram", default=(), name="UDP_CHECK"
    )
    ping_check: tuple[PingCheck, ...] = keyword(
        Block(PingCheck, multiple=True), "Check by an ICMP echo", default=(), name="PING_CHECK"
    )
    agent_check: tuple[AgentCheck, ...] = keyword(
        Block(AgentCheck, multiple=True), "Check by asking an agent", default=(), name="AGENT_CHECK", beyond=True
    )
    misc_check: tuple[MiscCheck, ...] = keyword(
        Block(MiscCheck, multiple=True), "Check by a script", default=(), name="MISC_CHECK"
    )
    file_check: tuple[FileCheck, ...] = keyword(
        Block(FileCheck, multiple=True), "Check by a tracked file", default=(), name="FILE_CHECK"
    )
    bfd_check: tuple[BfdCheck, ...] = keyword(
        Block(BfdCheck, multiple=True), "Check by a BFD session", default=(), name="BFD_CHECK"
    )


def needs_scheduler(name: str) -> Callable[[dict[str, Any]], None]:
    """Return the guard of a keyword that must follow `lvs_sched NAME`."""

    def guard(values: dict[str, Any]) -> None:
        if values.get("lvs_sched") != name:
            raise BadValueError(f"the scheduler must be set to {name} before this keyword", index=0)

    return guard


def needs_sorry_server(values: dict[str, Any]) -> None:
    """Refuse a keyword about the sorry server before there is one."""
    if "sorry_server" not in values:
        raise BadValueError("sorry_server must stand before this keyword", index=0)


@record
class VirtualServer(Record):
    """An address, mark or group whose connections are spread over real servers.

    Attributes (beside the keywords): port (0 for none).
    """

    address: IpAddress | None = keyword(
        EndpointValue(), "Its address", default=None, name="<addr>", path="virtual_server(head)/<addr>", unset="-"
    )
    port: int = attribute(default=0)
    fwmark: int | None = keyword(
        Integer(0, U32), "Its firewall mark", default=None, path="virtual_server(head)/fwmark", unset="-"
    )
    group: str | None = keyword(
        NAME, "Its virtual_server_group", default=None, path="virtual_server(head)/group", unset="-"
    )
    ip_family: str | None = keyword(
        Choice("inet", "inet6"), "Family of a server with a mark", default=None, unset="from addresses"
    )
    retry: int | None = keyword(COUNT, RETRY, default=None, unset="checker default (1; DNS 3; MISC 0)")
    delay_before_retry: float | None = keyword(LONG_SECONDS, PAUSE, default=None, unset=CHECK_DEFAULT)
    warmup: float | None = keyword(LONG_SECONDS, WARMUP, default=None, unset="delay_loop")
    connect_timeout: float = keyword(CONNECT_SECONDS, "Longest wait of a check", default=5.0)
    delay_loop: float = keyword(LOOP_SECONDS, LOOP, default=60.0)
    inhibit_on_failure: bool = keyword(ON, "Set weights to 0 instead of removing servers", default=False)
    lvs_sched: str | None = keyword(
        Choice(*SCHEDULERS),
        "How connections are spread",
        default=None,
        unset="wlc (with error)",
        aliases=(Alias("lb_algo", "Same as lvs_sched"),),
    )
    hashed: bool = keyword(
        ON,
        "Accepted for old files; it never had an effect",
        default=False,
        guard=needs_scheduler("sh"),
        futile=True,
    )
    ops: bool = keyword(ON, "Schedule every UDP packet anew", default=False)
    flag_1: bool = keyword(ON, "First flag of the scheduler", default=False, name="flag-1")
    flag_2: bool = keyword(ON, "Second flag of the scheduler", default=False, name="flag-2")
    flag_3: bool = keyword(ON, "Third flag of the scheduler", default=False, name="flag-3")
    sh_port: bool = keyword(ON, "sh: hash the port too", default=False, name="sh-port", guard=needs_scheduler("sh"))
    sh_fallback: bool = keyword(
        ON,
        "sh: go on to another server when one is down",
        default=False,
        name="sh-fallback",
        guard=needs_scheduler("sh"),
    )
    mh_port: bool = keyword(ON, "mh: hash the port too", default=False, name="mh-port", guard=needs_scheduler("mh"))
    mh_fallback: bool = keyword(
        ON,
        "mh: go on to another server when one is down",
        default=False,
        name="mh-fallback",
        guard=needs_scheduler("mh"),
    )
    lvs_method: Forwarding | None = keyword(
        METHOD,
        "How packets reach real servers",
        default=None,
        unset="NAT (with error)",
        aliases=(Alias("lb_kind", "Same as lvs_method"),),
    )
    persistence_engine: str | None = keyword(Text(limit=16), "Persistence by content, e.g. sip", default=None)
    persistence_timeout: int | None = keyword(
        Maybe(Integer(1, 2678400, strict=True, syntax="SECS"), 360),
        "How long a client stays with a server",
        default=None,
        unset="off; 360 when no value",
    )
    persistence_granularity: IPv4Address | int | None = keyword(
        Netmask(), "Clients of one prefix stay together", default=None
    )
    protocol: str | None = keyword(
        Choice("TCP", "UDP", "SCTP", anycase=True), "Transport protocol", default=None, unset="UDP (with error)"
    )
    ha_suspend: bool = keyword(ON, "Check only while this node has the address", default=False)
    smtp_alert: bool | None = keyword(
        YES_NO,
        "Send mails about it",
        default=None,
        unset="global smtp_alert_checker, else smtp_alert, else false",
    )
    virtualhost: str | None = keyword(NAME, "Host header of checks", default=None, forgiving=True)
    snmp_name: str | None = keyword(Exactly(NAME), "Name in SNMP", default=None, forgiving=True, in_effect=False)
    alpha: bool = keyword(ON, "Real servers are down until the first success", default=False)
    omega: bool = keyword(ON, "Run the notifications of going down at stop", default=False)
    quorum_up: Script | None = keyword(SCRIPT, "Run when quorum is gained", default=None)
    quorum_down: Script | None = keyword(SCRIPT, "Run when quorum is lost", default=None)
    quorum: int = keyword(Integer(1, U32), "Total weight that must be alive", default=1)
    hysteresis: int = keyword(Integer(0, U32), "Weight beyond quorum needed to gain or lose it", default=0)
    weight: int = keyword(Integer(1, 0x7FFFFFFF), "Weight of real servers without one", default=1)
    slow_start: float = keyword(
        SLOWLY,
        "Time in which a server that comes back gets its whole weight",
        default=0.0,
        unset="0 (at once)",
        beyond=True,
    )
    sorry_server: Endpoint | None = keyword(EndpointValue(), "Server used while quorum is lost", default=None)
    sorry_server_inhibit: bool = keyword(
        ON, "Set its weight to 0 instead of removing it", default=False, guard=needs_sorry_server
    )
    sorry_server_lvs_method: Forwarding | None = keyword(
        METHOD,
        "How packets reach it",
        default=None,
        unset="virtual server method",
        syntax="as lvs_method",
        guard=needs_sorry_server,
    )
    real_server: tuple[RealServer, ...] = keyword(
        Block(RealServer, head=RealServerHead(), syntax="IP [PORT] { ... }", multiple=True),
        "A server behind it",
        default=(),
    )


SERVER_HEAD = VirtualServerHead()
