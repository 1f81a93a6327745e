"""A valid and invalid uses of each option of addresses, routes, rules and tracked objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.config.samples.notation import Uses

U32 = 2**32 - 1
FLAGS = ("home", "-nodad", "mngtmpaddr", "noprefixroute", "autojoin")
ADDRESS: dict[str, Uses] = {
    "<address>": ("10.5.0.1/24", "»10.5.0.1/33 :: 10.5.0.1/33", "»10.5.0 :: IP address"),
    "dev": ("10.5.0.1/24 dev eth1", "10.5.0.1/24 »dev :: needs a value", "10.5.0.1/24 dev »none7 :: none7"),
    "scope": ("10.5.0.1/24 scope link => 10.5.0.1/24 scope 253", "10.5.0.1/24 scope »256 :: 256"),
    "broadcast": ("10.5.0.1/24 broadcast 10.5.0.255", "10.5.0.1/24 broadcast »10.5.0 :: 10.5.0"),
    "brd": ("10.5.0.1/24 brd + => 10.5.0.1/24 broadcast 10.5.0.255", "10.5.0.1/24 brd »* :: *"),
    "label": ("10.5.0.1/24 label eth0:1", "10.5.0.1/24 label »eth0:12345678901 :: longer than 15"),
    "peer": ("10.5.0.1 peer 10.5.0.2 => 10.5.0.1 peer 10.5.0.2/32", "10.5.0.1 peer »10.5.0 :: IP address"),
    **{word: (f"fe80::5/64 {word}",) for word in FLAGS},
    "preferred_lft": ("10.5.0.1/24 preferred_lft 70", f"10.5.0.1/24 preferred_lft »{U32 + 1} :: [0, {U32}]"),
    "use_vmac": ("10.5.0.1/24 use_vmac",),
    "no_track": ("10.5.0.1/24 no_track", "10.5.0.1/24 »no_trck :: did you mean 'no_track'"),
    "track_group": ("10.5.0.1/24 dev eth1 track_group TG", "10.5.0.1/24 dev eth1 track_group »none :: none"),
}
DEST = "10.5.0.0/16"
SIX = "fd05::/16"
NUMBERS = ("metric", "mtu", "advmss", "reordering", "window", "cwnd", "ssthresh", "initcwnd", "initrwnd")
TIMES = {"rtt": 8000, "rttvar": 4000, "rto_min": 1000}


def option(words: str, bad: str, says: str, *, dest: str = DEST, dumped: str = "") -> Uses:
    shown = f" => {dest} {dumped}" if dumped else ""
    return (f"{dest} dev eth1 {words}{shown}", f"{dest} dev eth1 {bad} :: {says}")


ROUTE: dict[str, Uses] = {
    "<dest>": ("10.5.0.0/16 dev eth1", "»10.5.0.0/x dev eth1 :: 10.5.0.0/x"),
    "to": ("to 10.5.0.0/16 dev eth1 => 10.5.0.0/16 dev eth1", "10.5.0.0/16 dev eth1 »to :: needs a destination"),
    "TYPE": ("blackhole 10.5.0.0/16", "»blackhole :: blackhole"),
    "inet": ("inet 10.5.0.0/16 dev eth1 => 10.5.0.0/16 dev eth1",),
    "inet6": (f"inet6 {SIX} dev eth1 => {SIX} dev eth1",),
    "src": option("src 10.0.0.9", "src »10.0 ", "IP address"),
    "via": option("via 10.0.0.9", "via »10.0", "IP address"),
    "gw": ("", "10.5.0.0/16 »gw 10.0.0.9 :: use via"),
    "gateway": ("10.5.0.0/16 gateway 10.0.0.9 => 10.5.0.0/16 via 10.0.0.9", "10.5.0.0/16 gateway »10.0 :: IP address"),
    "or": ("", "10.5.0.0/16 via 10.0.0.9 »or 10.0.0.8 :: use nexthop"),
    "from": option("from fd06::/16", "from »fd06::/129", "fd06::/129", dest=SIX),
    "tos": option("tos 0x10", "tos »256", "256", dumped="tos 16"),
    "dsfield": option("dsfield 16", "dsfield »x", "x", dumped="tos 16"),
    "table": option("table 7", "table »none7", "none7"),
    "protocol": option("protocol 7 no_track", "protocol »256 no_track", "256"),
    "scope": option("scope link", "scope »256", "256", dumped="scope 253"),
    **{word: option(f"{word} 7", f"{word} »{U32 + 1}", f"[0, {U32}]") for word in NUMBERS},
    "priority": option("priority 7", "priority »x", "x", dumped="metric 7"),
    "preference": option("preference 7", "preference »x", "x", dumped="metric 7"),
    "dev": (f"{DEST} dev eth1", f"{DEST} dev »none7 :: none7", f"{DEST} »dev :: needs a value"),
    "oif": (f"{DEST} oif eth1 => {DEST} dev eth1", f"{DEST} oif »none7 :: none7"),
    "onlink": (f"{DEST} via 10.0.0.9 dev eth1 onlink",),
    "encap": option("encap mpls 7/8", "encap »vxlan 7", "vxlan"),
    "expires": option("expires 7", "expires »x", "x", dest=SIX),
    "hoplimit": option("hoplimit 7", "hoplimit »256", "[0, 255]"),
    **{word: option(f"{word} 1s", f"{word} »1h", "1h", dumped=f"{word} {units}") for word, units in TIMES.items()},
    "realms": option("realms 7/8", "realms »256", "256"),
    "features": option("features ecn", "features »all", "ecn"),
    "quickack": option("quickack 1", "quickack »2", "[0, 1]"),
    "congctl": option("congctl lock cubic", "»congctl", "needs a value"),
    "pref": option("pref high", "pref »higher", "higher", dest=SIX, dumped="pref 1"),
    "ttl-propagate": option("ttl-propagate enabled", "ttl-propagate »on", "use one of enabled, disabled"),
    "fastopen_no_cookie": option("fastopen_no_cookie 1", "fastopen_no_cookie »2", "[0, 1]"),
    "add": (f"{DEST} dev eth1 add",),
    "append": (f"{DEST} dev eth1 append",),
    "prepend": (f"{DEST} dev eth1 prepend => {DEST} dev eth1",),
    "nexthop": (
        f"{DEST} nexthop via 10.0.0.8 weight 2 nexthop via 10.0.0.9",
        f"{DEST} nexthop via 10.0.0.8 weight »257 :: [1, 256]",
    ),
    "no_track": (f"{DEST} dev eth1 no_track",),
    "vrf": (f"{DEST} dev eth1 vrf eth1", f"{DEST} dev eth1 vrf »none7 :: none7"),
    "as": ("", f"{DEST} dev eth1 »as to 10.0.0.9 :: as"),
    "track_group": (f"{DEST} dev eth1 track_group TG", f"{DEST} dev eth1 track_group »none :: none"),
}

FROM = "from 10.5.0.0/16"
TABLE = "table 7 preference 7"


def selector(words: str, bad: str, says: str, *, dumped: str = "") -> Uses:
    shown = f" => {dumped}" if dumped else ""
    return (f"{FROM} {TABLE} {words}{shown}", f"{FROM} {TABLE} {bad} :: {says}")


RULE: dict[str, Uses] = {
    "inet": (f"inet to 10.5.0.0/16 {TABLE}",),
    "inet6": (f"inet6 to fd05::/16 {TABLE}",),
    "from": (f"{FROM} {TABLE}", f"from »10.5.0.0/33 {TABLE} :: 10.5.0.0/33"),
    "to": (f"to 10.5.0.0/16 {TABLE}", f"to »10.5.0.0/33 {TABLE} :: 10.5.0.0/33"),
    "table": (f"{FROM} table 8 preference 7", f"{FROM} table »none7 preference 7 :: none7"),
    "lookup": (f"{FROM} lookup 8 preference 7 => table 8", f"{FROM} lookup »none7 preference 7 :: none7"),
    "not": (f"not {FROM} {TABLE}",),
    "preference": (f"{FROM} table 7 preference 8", f"{FROM} table 7 preference »x :: x", f"»{FROM} table 7 :: prefer"),
    "order": (f"{FROM} table 7 order 8 => preference 8", f"{FROM} table 7 order »{U32 + 1} :: [0, {U32}]"),
    "priority": (f"{FROM} table 7 priority 8 => preference 8", f"{FROM} table 7 priority »x :: x"),
    "tos": selector("tos 16", "tos »256", "256"),
    "dsfield": selector("dsfield 16", "dsfield »256", "256", dumped="tos 16"),
    "fwmark": selector("fwmark 7/15", f"fwmark »{U32 + 1}", f"{U32 + 1}"),
    "realms": selector("realms 7/8", "realms »256", "256"),
    "suppress_prefixlength": selector("suppress_prefixlength 7", "suppress_prefixlength »x", "x"),
    "sup_pl": selector("sup_pl 7", "sup_pl »x", "x", dumped="suppress_prefixlength 7"),
    "suppress_ifgroup": selector("suppress_ifgroup 7", "suppress_ifgroup »none7", "none7"),
    "sup_group": selector("sup_group 7", "sup_group »none7", "none7", dumped="suppress_ifgroup 7"),
    "dev": selector("dev eth1", "dev »none7", "none7", dumped="iif eth1"),
    "iif": selector("iif eth1", "iif »none7", "none7"),
    "oif": selector("oif eth1", "oif »none7", "none7"),
    "tunnel-id": selector("tunnel-id 7", "tunnel-id »x", "x"),
    "uidrange": selector("uidrange 7-8", "uidrange »7", "7"),
    "l3mdev": (f"{FROM} l3mdev preference 7", f"{FROM} {TABLE} »l3mdev :: one action only"),
    "protocol": selector("protocol 7 no_track", "protocol »256 no_track", "256"),
    "ipproto": selector("ipproto tcp", "ipproto »none7", "none7", dumped="ipproto 6"),
    "sport": selector("sport 7-8", "sport »8-7", "8-7"),
    "dport": selector("dport 7-8", "dport »7-65536", "[0, 65535]"),
    "no_track": (f"{FROM} {TABLE} no_track",),
    "type": (f"{FROM} type blackhole preference 7 => blackhole", f"{FROM} preference 7 type »odd :: odd"),
    "goto": (
        f"{FROM} preference 7 goto 8",
        f"»{FROM} preference 7 goto 7 :: preference below its target",
        f"{FROM} preference 7 goto »x :: x",
    ),
    **{word: (f"{FROM} preference 7 {word}",) for word in ("nop", "blackhole", "unreachable", "prohibit")},
    "track_group": (f"{FROM} iif eth1 {TABLE} track_group TG", f"{FROM} iif eth1 {TABLE} track_group »none :: none"),
}


def weights(name: str, most: int, *, noreverse: bool = True) -> dict[str, Uses]:
    found: dict[str, Uses] = {
        "weight": (f"{name} weight -7", f"{name} weight »255 :: [-{most}, {most}]", f"{name} »wait 7 :: wait"),
        "reverse": (f"{name} weight 7 reverse", f"{name} weight 7 »backwards :: backwards"),
    }
    if noreverse:
        found["noreverse"] = (f"{name} weight 7 noreverse => {name} weight 7",)
    return found


TRACKED = {
    "track_interface": weights("eth1", 253, noreverse=False),
    "track_script": weights("chk", 253),
    "track_file": weights("tf", 254),
    "track_process": weights("tp", 254),
    "track_bfd": weights("bf", 253),
}
