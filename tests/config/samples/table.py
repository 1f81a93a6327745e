"""The sample of every row of the keyword table, in a configuration that is otherwise clean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.config.samples import check, globals, lines, vrrp  # noqa: A004 (the section of the table has that name)
from tests.config.samples.notation import Sample, sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.config.samples.notation import Uses

SECURE = "global_defs {\n enable_script_security\n script_user root\n}\n"
TRACKED = (
    f"{SECURE}"
    "vrrp_script chk {\n script /bin/true\n}\ntrack_file tf {\n file /tmp/tracked\n}\n"
    "vrrp_track_process tp {\n process sleep\n}\nbfd_instance bf {\n neighbor_ip 10.0.0.9\n}\n"
)
VIP = "virtual_ipaddress {\n 10.0.0.1/24\n }"
VI = f"vrrp_instance VI {{\n interface eth0\n virtual_router_id 51\n {VIP}\n"
VJ = f"vrrp_instance VJ {{\n interface eth2\n virtual_router_id 53\n {VIP.replace('.1/', '.3/')}\n}}\n"
USING = f"{TRACKED}{VI} track_script {{\n chk\n }}\n track_bfd {{\n bf\n }}\n %s\n}}\n"
PLAIN = f"{TRACKED}{VI} track_script {{\n chk\n }}\n}}\n"
TRACK_GROUP = f"track_group TG {{\n group {{\n VI\n }}\n}}\n{VI}}}\n"
VS = f"{SECURE}virtual_server 10.0.0.1 80 {{\n lvs_sched rr\n protocol TCP\n lvs_method NAT\n"
RS = f"{VS} real_server 10.0.0.8 80 {{\n"
BALANCE = "lvs_sched rr\n protocol TCP\n lvs_method NAT\n"
REAL_BLOCK = "real_server 10.0.0.9 80 {\n }\n"
USES_SCRIPT = f"{VI} track_script {{\n X\n }}\n}}\n"


def rows(path: str, context: str, table: Mapping[str, Uses]) -> Iterator[Sample]:
    """Yield the samples of the keywords in one block; `path` ends in a slash, or is empty."""
    for word, uses in table.items():
        yield sample(f"{path}{word}", context, uses)


def instance_rows() -> Iterator[Sample]:
    for word, uses in vrrp.INSTANCE.items():
        context = USING
        if word in ("virtual_ipaddress", "native_ipv6"):
            context = USING.replace(VIP, "")
        elif word == "vrf":
            context = USING.replace("interface eth0", "unicast_src_ip 10.9.8.7\n unicast_peer {\n 10.9.8.6\n }")
        elif word.startswith("track_") and word != "track_src_ip":
            context = f"{TRACKED}{VI} %s\n}}\n"
        if word == "native_ipv6":
            context = context.replace("%s", "virtual_ipaddress {\n fe80::1/64\n }\n %s")
        yield sample(f"vrrp_instance/{word}", context, uses)


def line_rows() -> Iterator[Sample]:
    """Yield the options of lines in value blocks."""
    for block in ("virtual_ipaddress", "virtual_ipaddress_excluded"):
        table = {word: uses for word, uses in lines.ADDRESS.items() if word != "track_group"}
        context = USING.replace(VIP, "") if block == "virtual_ipaddress" else USING
        yield from rows(f"vrrp_instance/{block}/", context.replace("%s", f"{block} {{\n  %s\n }}"), table)
    for block, table in (("virtual_routes", lines.ROUTE), ("virtual_rules", lines.RULE)):
        inner = {word: uses for word, uses in table.items() if word != "track_group"}
        yield from rows(f"vrrp_instance/{block}/", USING.replace("%s", f"{block} {{\n  %s\n }}"), inner)
    addresses = {word: uses for word, uses in lines.ADDRESS.items() if word != "use_vmac"}
    for block, table in (
        ("static_ipaddress", addresses), ("static_routes", lines.ROUTE), ("static_rules", lines.RULE)
    ):  # fmt: skip
        yield from rows(f"{block}/", f"{TRACK_GROUP}{block} {{\n  %s\n}}\n", table)
    for owner in ("vrrp_instance", "vrrp_sync_group"):
        for word, table in lines.TRACKED.items():
            body = f"{word} {{\n  %s\n }}"
            group = f"{TRACKED}{VI}}}\n{VJ}vrrp_sync_group G {{\n group {{\n VI\n VJ\n }}\n {body}\n}}\n"
            context = f"{TRACKED}{VI} {body}\n}}\n" if owner == "vrrp_instance" else group
            yield from rows(f"{owner}/{word}/", context, table)
    yield from rows("vrrp_instance/unicast_peer/", USING.replace("%s", "unicast_peer {\n  %s\n }"), vrrp.PEER)
    yield from rows("linkbeat_interfaces/", f"linkbeat_interfaces {{\n %s\n}}\n{VI}}}\n", vrrp.LINKBEAT)


def vrrp_rows() -> Iterator[Sample]:
    yield from instance_rows()
    password = USING.replace("%s", "authentication {\n  auth_type PASS\n  auth_pass abc\n  %s\n }")
    yield from rows("vrrp_instance/authentication/", password, vrrp.AUTHENTICATION)
    signed = "version 3\n auth_hmac {\n  key 1 hex:" + "a1" * 32 + "\n  active_key 1\n  %s\n }"
    yield from rows("vrrp_instance/auth_hmac/", USING.replace("%s", signed), vrrp.AUTH_HMAC)
    for word, uses in vrrp.SYNC_GROUP.items():
        members = "" if word == "group" else "group {\n VI\n VJ\n }\n "
        group = f"{TRACKED}{VI}}}\n{VJ}vrrp_sync_group G {{\n {members}%s\n}}\n"
        yield sample(f"vrrp_sync_group/{word}", group, uses)
    for word, uses in vrrp.TOP.items():
        own = "" if word == "track_group" else "track_group TG {\n group {\n VI\n }\n}\n"
        use = USES_SCRIPT.replace("X\n", "chk\n X\n") if word == "vrrp_script" else ""
        context = f"{TRACKED}%s\n{use or PLAIN}{VJ}" if use else f"{own}{PLAIN}{VJ}%s\n"
        yield sample(word, context, uses)
    yield from rows(
        "garp_group/", f"garp_group {{\n garp_interval 0.5\n interface eth0\n %s\n}}\n{VI}}}\n", vrrp.GARP_GROUP
    )
    scripted = f"{SECURE}vrrp_script X {{\n script /bin/true\n %s\n}}\n{USES_SCRIPT}"
    for word, uses in vrrp.SCRIPT.items():
        yield sample(
            f"vrrp_script/{word}", scripted.replace("script /bin/true\n ", "") if word == "script" else scripted, uses
        )
    process = f"vrrp_track_process X {{\n process sleep\n %s\n}}\n{VI} track_process {{\n X\n }}\n}}\n"
    for word, uses in vrrp.PROCESS.items():
        yield sample(
            f"vrrp_track_process/{word}",
            process.replace("process sleep\n ", "") if word == "process" else process,
            uses,
        )
    yield sample(
        "track_group/group", f"{VI}}}\ntrack_group G {{\n %s\n}}\n", ("group {\n VI\n }", "»group :: missing '{'")
    )


def server_rows() -> Iterator[Sample]:
    yield from rows("", f"{TRACKED}%s\n", check.TOP)
    yield from rows("virtual_server(head)/", "%s\n", check.HEAD)
    group = f"virtual_server_group G {{\n %s\n}}\nvirtual_server group G {{\n {BALANCE} {REAL_BLOCK}}}\n"
    marks = group.replace(" protocol TCP\n", "")
    for word, uses in check.GROUP.items():
        yield sample(f"virtual_server_group/{word}", marks if word == "fwmark" else group, uses)
    yield from rows("SSL/", f"SSL {{\n %s\n}}\n{RS} }}\n}}\n", check.SSL)
    family = "virtual_server fwmark 7 {\n lvs_sched rr\n lvs_method NAT\n %s\n real_server fd00::8 80 {\n }\n}\n"
    for word, uses in check.SERVER.items():
        context = family if word == "ip_family" else f"{VS} %s\n {REAL_BLOCK}}}\n"
        yield sample(f"virtual_server/{word}", context, uses)
    real = f"{TRACKED}{RS.removeprefix(SECURE)}  %s\n }}\n}}\n"
    yield from rows("virtual_server/real_server/", real, check.REAL)
    checkers: dict[str, tuple[str, Mapping[str, Uses]]] = {
        "MISC_CHECK": ("misc_path /bin/true\n  ", check.MISC),
        "SMTP_CHECK": ("", check.SMTP),
        "TCP_CHECK": ("", check.TCP),
        "AGENT_CHECK": ("", check.AGENT),
        "PING_CHECK": ("", check.CONNECTION),
        "UDP_CHECK": ("", check.UDP),
        "HTTP_GET": ("url {\n path /\n }\n  ", check.HTTP),
        "SSL_GET": ("url {\n path /\n }\n  ", check.SSL_GET),
        "DNS_CHECK": ("", check.DNS),
        "FILE_CHECK": ("track_file tf\n  ", check.FILE),
        "BFD_CHECK": ("name bf\n  ", check.BFD_CHECK),
    }
    for name, (usual, table) in checkers.items():
        for word, uses in table.items():
            own = "" if word in ("misc_path", "track_file", "name") and name != "DNS_CHECK" else usual
            yield sample(
                f"virtual_server/real_server/{name}/{word}", real.replace("%s", f"{name} {{\n  {own}%s\n  }}"), uses
            )
    step = real.replace("%s", "TCP_CHECK {\n  step {\n   %s\n  }\n  }")
    yield from rows("virtual_server/real_server/TCP_CHECK/step/", step, check.STEP)
    host = real.replace("%s", "SMTP_CHECK {\n  host {\n   %s\n  }\n  }")
    yield from rows("virtual_server/real_server/SMTP_CHECK/host/", host, check.HOST)
    for name, table in (("HTTP_GET", check.URL), ("SSL_GET", check.SSL_URL)):
        url = real.replace("%s", f"{name} {{\n  url {{\n   path /\n   %s\n  }}\n  }}")
        yield from rows(f"virtual_server/real_server/{name}/url/", url, table)


def object_rows() -> Iterator[Sample]:
    using_file = f"%s\n{VI} track_file {{\n X\n }}\n}}\n"
    for word, shown in (("track_file", ""), ("vrrp_track_file", " => track_file X {")):
        body = using_file.replace("%s", f"{word} X {{\n %s\n}}")
        for inner, uses in vrrp.TRACK_FILE.items():
            context = body if inner == "file" else body.replace("%s", "file /tmp/tracked\n %s")
            yield sample(f"{word}/{inner}", context, uses)
        whole = (f"{word} X {{\n file /tmp/other\n}}{shown}", f"{word} »Y {{\n}} :: no file")
        yield sample(word, using_file, whole)
    using_session = f"%s\n{VI} track_bfd {{\n X\n }}\n}}\n"
    session = using_session.replace("%s", "bfd_instance X {\n neighbor_ip 10.0.0.9\n %s\n}")
    for word, uses in vrrp.BFD.items():
        context = session.replace("neighbor_ip 10.0.0.9\n", "") if word.startswith("neigh") else session
        yield sample(f"bfd_instance/{word}", context.replace(" X\n", " \n") if word == "checker" else context, uses)
    session_uses = (
        "bfd_instance X {\n neighbor_ip 10.0.0.9\n}",
        "bfd_instance »X {\n} :: no neighbor_ip",
        "»bfd_instance {\n} :: needs",
    )
    yield sample("bfd_instance", using_session, session_uses)


def samples() -> list[Sample]:
    """Return the samples of every keyword; the language's own directives are not among them."""
    return [
        *rows("", "%s\n", globals.ROOT),
        *rows(
            "global_defs/", "global_defs {\n enable_script_security\n script_user root\n %s\n}\n", globals.GLOBAL_DEFS
        ),
        *rows("global_defs/lvs_sync_daemon/", f"global_defs {{\n %s\n}}\n{VI}}}\n", globals.LVS_SYNC_DAEMON),
        *vrrp_rows(),
        *line_rows(),
        *server_rows(),
        *object_rows(),
    ]
