"""Health checks of a real server: one class per kind, most of them around one connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.config.addresses import Address
from keepalived_py.config.arguments import CommandLine, Exactly, Maybe, Script, Several, User, UserValue, WeightValue
from keepalived_py.config.blocks import Block
from keepalived_py.config.check_values import (
    Digest,
    DnsName,
    HeaderField,
    HexText,
    Pattern,
    StackSizes,
    StatusCodes,
    TwoWords,
)
from keepalived_py.config.escapes import EscapedText
from keepalived_py.config.fields import Record, keyword, record, sets
from keepalived_py.config.scalars import Boolean, Choice, Flag, Integer, Interface, Seconds, Text

if TYPE_CHECKING:
    from keepalived_py.config.addresses import IpAddress
    from keepalived_py.config.arguments import Weight

ON = Flag()
YES_NO = Boolean()
NAME = Text()
FILE = Text("PATH", type_name="path")
U32 = Integer(0, 0xFFFFFFFF)
TIMES = Integer(1, 0xFFFFFFFF)
PORT = Integer(1, 65535, syntax="PORT")
ADDRESS = Address()
CONNECT_SECONDS = Seconds("0.000001", "4294.967295")
LONG_SECONDS = Seconds("0", "18446744073709.551614")
LOOP_SECONDS = Seconds("0.000001", "18446744073709.551614")
REGEX_OPTIONS = [
    "allow_empty_class",
    "alt_bsux",
    "auto_callout",
    "caseless",
    "dollar_endonly",
    "dotall",
    "dupnames",
    "extended",
    "firstline",
    "match_unset_backref",
    "multiline",
    "never_ucp",
    "never_utf",
    "no_auto_capture",
    "no_auto_possess",
    "no_dotstar_anchor",
    "no_start_optimize",
    "ucp",
    "ungreedy",
    "utf",
    "never_backslash_c",
    "alt_circumflex",
    "alt_verbnames",
    "use_offset_limit",
]
RETRY = "Failures in a row before the server counts as down"
PAUSE = "Time between two tries after a failure"
WARMUP = "Longest random wait before the first check"
LOOP = "Time between two checks"
RISE = "Successes in a row that bring a failed check back"
ALPHA = "Count as failed until the first success"
LOG_ALL = "Log every failure, not only the last try"


@record
class ConnectionCheck(Record):
    """What every check that opens a connection has; None stands for the real server's value."""

    connect_ip: IpAddress | None = keyword(ADDRESS, "Address to connect to", default=None, unset="real server address")
    connect_port: int | None = keyword(PORT, "Port to connect to", default=None, unset="real server port")
    bindto: IpAddress | None = keyword(ADDRESS, "Source address", default=None)
    bind_port: int | None = keyword(PORT, "Source port", default=None)
    bind_if: str | None = keyword(Interface(), "Interface to connect through", default=None)
    connect_timeout: float | None = keyword(
        CONNECT_SECONDS, "Longest wait for the connection and each answer", default=None, unset="real server value (5)"
    )
    fwmark: int = keyword(U32, "Firewall mark of the packets", default=0)
    retry: int | None = keyword(U32, RETRY, default=None, unset="real server value, else 1")
    rise: int = keyword(TIMES, RISE, default=1, beyond=True)
    delay_before_retry: float | None = keyword(LONG_SECONDS, PAUSE, default=None, unset="real server value, else 1")
    warmup: float | None = keyword(LONG_SECONDS, WARMUP, default=None, unset="real server value, else delay_loop")
    delay_loop: float | None = keyword(LOOP_SECONDS, LOOP, default=None, unset="real server value (60)")
    alpha: bool | None = keyword(YES_NO, ALPHA, default=None, unset="real server value")
    log_all_failures: bool | None = keyword(YES_NO, LOG_ALL, default=None, unset="false")


@record
class Step(Record):
    """Something said over a connection, and what must come back."""

    send: str | None = keyword(EscapedText(), "What is sent first", default=None, unset="nothing", beyond=True)
    expect: tuple[str, ...] = keyword(
        Several(EscapedText(wildcard=True), type_name="escaped text list", syntax="TEXT ...", strict=True),
        "The answer must begin with one of these",
        default=(),
        unset="no answer is waited for",
        beyond=True,
    )


@record
class TcpCheck(ConnectionCheck):
    """The connection itself, and perhaps a few steps of talk over it."""

    tcp_close: str = keyword(
        Choice("rst", "graceful"), "End the connection by a reset, or in order", default="rst", beyond=True
    )
    step: tuple[Step, ...] = keyword(
        Block(Step, multiple=True), "A step of talk after the connection; repeatable", default=(), beyond=True
    )


@record
class AgentCheck(ConnectionCheck):
    """What an agent on the server says, as HAProxy's agent check understands it."""

    retry: int | None = keyword(U32, RETRY, default=None, unset="real server value, else 0")
    send: str | None = keyword(EscapedText(), "What is sent first", default=None, unset="nothing", beyond=True)


@record
class PingCheck(ConnectionCheck):
    """An answer to an ICMP echo."""


@record
class SmtpHost(ConnectionCheck):
    """The deprecated block `host`: what it says is said of the check around it."""


@record
class SmtpCheck(ConnectionCheck):
    """A greeting and HELO."""

    helo_name: str | None = keyword(
        NAME, "Name said in HELO", default=None, unset="smtpchecker.keepalived.org", forgiving=True
    )
    host: None = keyword(
        Block(SmtpHost, outer=True), "Deprecated: connection keywords of the check around it", default=None
    )


@record
class UdpCheck(ConnectionCheck):
    """A datagram, and perhaps its answer."""

    payload: str | None = keyword(HexText(), "What is sent", default=None, unset="random bytes", forgiving=True)
    require_reply: str | None = keyword(
        HexText(wildcard=True), "What must be answered; nothing means any answer", default=None, unset="off"
    )
    min_reply_length: int = keyword(Integer(0, 65535, strict=True), "Shortest answer", default=0)
    max_reply_length: int = keyword(Integer(0, 65535, strict=True), "Longest answer", default=255)


@record
class DnsCheck(ConnectionCheck):
    """An answer to a query."""

    retry: int | None = keyword(U32, RETRY, default=None, unset="real server value, else 3")
    delay_before_retry: float | None = keyword(
        LONG_SECONDS, PAUSE, default=None, unset="real server value, else delay_loop"
    )
    type: str = keyword(
        Choice("A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY", anycase=True),
        "Type of the query",
        default="SOA",
    )
    name: str = keyword(DnsName(), "Name that is asked for", default=".", unset="root", once=True)


@record
class Url(Record):
    """One request."""

    path: str | None = keyword(Text("PATH"), "Path of the request", default=None, unset="none (required)")
    digest: str | None = keyword(Digest(), "MD5 digest of the answer", default=None)
    status_code: tuple[tuple[int, int], ...] = keyword(
        StatusCodes(), "Status codes that are a success", default=(), unset="200-299", forgiving=True
    )
    virtualhost: str | None = keyword(NAME, "Host header", default=None, unset="checker value", forgiving=True)
    regex: str | None = keyword(Pattern(), "Expression that the answer must match", default=None, forgiving=True)
    regex_no_match: bool = keyword(ON, "The answer must not match instead", default=False)
    regex_options: tuple[str, ...] = keyword(
        Several(Choice(*REGEX_OPTIONS), type_name="enum list", syntax="OPT ...", limits=" ".join(REGEX_OPTIONS)),
        "Options of the expression",
        default=(),
    )
    regex_min_offset: int = keyword(U32, "Where in the answer the search begins", default=0)
    regex_max_offset: int | None = keyword(U32, "Where in the answer a match may begin at most", default=None)
    regex_stack: tuple[int, int] | None = keyword(StackSizes(), "Memory of the matcher in bytes", default=None)
    method: str = keyword(
        Choice("GET", "HEAD", "POST", "PUT", "OPTIONS"), "Method of the request", default="GET", beyond=True
    )
    header: tuple[tuple[str, str], ...] = keyword(
        HeaderField(), "A header of the request; repeatable", default=(), repeat=True, beyond=True
    )
    body: str | None = keyword(Text("TEXT"), "Body of the request", default=None, beyond=True)
    json_path: tuple[tuple[str, str], ...] = keyword(
        TwoWords("PATH VALUE", "2 strings"),
        "What the answer, in JSON, must hold at a place such as checks[0].status; repeatable",
        default=(),
        repeat=True,
        beyond=True,
    )


@record
class SslUrl(Url):
    """One request over TLS."""

    tls_compliant: bool | None = keyword(
        YES_NO, "End the TLS session as the standard asks", default=None, unset="checker value"
    )


@record
class HttpGet(ConnectionCheck):
    """Requests to a web server."""

    delay_before_retry: float | None = keyword(LONG_SECONDS, PAUSE, default=None, unset="real server value, else 3")
    nb_get_retry: int | None = keyword(
        U32,
        "Deprecated: use retry",
        default=None,
        unset="-",
        deprecated="use retry",
        effect=sets("retry", instead_of="nb_get_retry"),
    )
    virtualhost: str | None = keyword(
        NAME, "Host header", default=None, unset="real or virtual server value", forgiving=True
    )
    http_protocol: str = keyword(
        Choice(values={"1.0": "1.0", "1.1": "1.1", "1.0C": "1.0C", "1.0c": "1.0C"}),
        "Version of HTTP",
        default="1.0",
        forgiving=True,
    )
    enable_sni: bool = keyword(YES_NO, "Send the server name in TLS", default=False)
    sni_name: str | None = keyword(
        Maybe(NAME, ""), "Server name sent in TLS; also turns enable_sni on", default=None, unset="virtualhost"
    )
    fast_recovery: bool = keyword(YES_NO, "One good round brings the server back", default=False)
    url: tuple[Url, ...] = keyword(Block(Url, multiple=True), "A request; repeatable", default=())


@record
class SslGet(HttpGet):
    """Requests to a web server over TLS."""

    tls_compliant: bool = keyword(YES_NO, "End TLS sessions as the standard asks", default=False)
    tls_verify: bool = keyword(
        YES_NO, "The certificate of the server must be valid and bear its name", default=False, beyond=True
    )
    tls_ca: str | None = keyword(
        FILE, "File of the authorities that may sign it", default=None, unset="SSL ca, else the system's", beyond=True
    )
    tls_server_name: str | None = keyword(
        NAME,
        "Name that it must bear, also sent as SNI",
        default=None,
        unset="sni_name, virtualhost or address",
        beyond=True,
    )
    tls_certificate: str | None = keyword(
        FILE, "File of our certificate", default=None, unset="SSL certificate", beyond=True
    )
    tls_key: str | None = keyword(
        FILE, "File of its key", default=None, unset="in tls_certificate, else SSL key", beyond=True
    )
    url: tuple[SslUrl, ...] = keyword(Block(SslUrl, multiple=True), "A request; repeatable", default=())


@record
class MiscCheck(Record):
    """A script."""

    retry: int | None = keyword(U32, RETRY, default=None, unset="real server value, else 0")
    rise: int = keyword(TIMES, RISE, default=1, beyond=True)
    delay_before_retry: float | None = keyword(LONG_SECONDS, PAUSE, default=None, unset="real server value, else 1")
    warmup: float | None = keyword(LONG_SECONDS, WARMUP, default=None, unset="real server value, else delay_loop")
    delay_loop: float | None = keyword(LOOP_SECONDS, LOOP, default=None, unset="real server value (60)")
    alpha: bool | None = keyword(YES_NO, ALPHA, default=None, unset="real server value")
    log_all_failures: bool | None = keyword(YES_NO, LOG_ALL, default=None, unset="false")
    user: User | None = keyword(
        UserValue(),
        "User and group that it runs as",
        default=None,
        unset="script_user",
        inherits="script_user",
        forgiving=True,
    )
    misc_path: Script | None = keyword(
        CommandLine(),
        "Command line; quote it when it has arguments",
        default=None,
        unset="none (required)",
        forgiving=True,
    )
    misc_timeout: int | None = keyword(
        Integer(0, 4294, syntax="SECS"), "Longest run", default=None, unset="virtual server delay_loop"
    )
    misc_dynamic: bool = keyword(ON, "Exit status 2 to 255 sets the weight to status - 2", default=False)


@record
class FileCheck(Record):
    """The number in a tracked file."""

    track_file: str | None = keyword(NAME, "Name of the track_file", default=None, unset="none (required)")
    weight: Weight | None = keyword(
        WeightValue(Integer(-(2**31) + 1, 2**31 - 1), noreverse=True),
        "Factor of the number",
        default=None,
        unset="track_file weight",
    )


@record
class BfdCheck(Record):
    """The state of a BFD session."""

    name: str | None = keyword(
        Exactly(Text("BFD_NAME", limit=31)),
        "Name of the bfd_instance",
        default=None,
        unset="none (required)",
        forgiving=True,
    )
    alpha: bool | None = keyword(YES_NO, ALPHA, default=None, unset="real server value")
