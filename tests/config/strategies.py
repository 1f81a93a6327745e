"""Hypothesis strategies for the values of every kind, and so for records of every class, from the field table."""

from __future__ import annotations

from functools import partial
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from hypothesis import strategies as st

from keepalived_py.config import (
    addresses,
    arguments,
    blocks,
    check_values,
    escapes,
    fields,
    global_values,
    routing_values,
    scalars,
    tracking_values,
    vrrp_values,
)
from keepalived_py.config.model.addresses import AddressLine, Broadcast, PreferredLifetime
from keepalived_py.config.model.check import GroupEntry
from keepalived_py.config.model.routes import Nexthop, Nexthops, RouteLine
from keepalived_py.config.model.rules import RuleLine

Strategy = st.SearchStrategy[Any]

# A word cannot hold a double quote; a dollar sign before a name or brace would be a reference.
CHARACTERS = st.characters(exclude_characters='"$\\\r\n\0', exclude_categories=["Cs", "Cc", "Zl", "Zp"])
V4: Strategy = st.ip_addresses(v=4)
V6: Strategy = st.integers(1 << 96, (1 << 128) - 1).map(IPv6Address)
ANY_IP = V4 | V6


def words(limit: int = 20) -> Strategy:
    # A line that begins with a directive is one, whatever the block: no interface can be called `includew`.
    texts = st.text(CHARACTERS, min_size=1, max_size=limit).filter(lambda text: not text.startswith("include"))
    return texts.filter(lambda text: len(text.encode()) <= limit)


NAMES = st.text("abcXYZ019_.-", min_size=1, max_size=12).filter(lambda text: text[0].isalpha())
COMMANDS = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8), max_size=3)


def commands() -> Strategy:
    # A line is physical: its end, and what the reader takes for a reference, are written as escapes by no one.
    safe = COMMANDS.map(lambda parts: [part.replace("$", "S") for part in parts])
    return st.tuples(NAMES, safe).map(lambda parts: (f"/bin/{parts[0]}", *parts[1]))


def integers(kind: Any) -> Strategy:
    return st.integers(kind.low, kind.high)


def seconds(kind: Any) -> Strategy:
    top = min(kind.high, 10**13)
    return st.integers(kind.low, top).map(lambda units: units / (kind.unit * kind.scale))


def ip(kind: Any) -> Strategy:
    base = {4: V4, 6: V6}.get(kind.family, ANY_IP)
    if not kind.multicast:
        return base
    v4 = st.integers(0xE0000000, 0xEFFFFFFF).map(IPv4Address)
    v6 = st.integers(0xFF << 120, (1 << 128) - 1).map(IPv6Address)
    return {4: v4, 6: v6}.get(kind.family, v4 | v6)


def prefixes(kind: Any) -> Strategy:
    base = {4: V4, 6: V6}.get(kind.family, ANY_IP)
    return base.flatmap(lambda address: st.tuples(st.just(address), st.integers(0, address.max_prefixlen)))


def ranges(kind: Any) -> Strategy:
    number = st.integers(kind.number.low, kind.number.high)
    return st.tuples(number, number).map(lambda pair: tuple(sorted(pair)))


def forwarding() -> Strategy:
    make = check_values.Forwarding
    plain = st.sampled_from(
        [make(method="NAT"), make(method="DR"), make(method="TUN"), make(method="TUN", tunnel="ipip")]
    )
    gre = st.builds(
        make, method=st.just("TUN"), tunnel=st.just("gre"), checksum=st.sampled_from([None, "csum", "nocsum"])
    )
    ports = st.integers(1, 65535)
    gue = st.builds(make, method=st.just("TUN"), tunnel=st.just("gue"), port=ports, checksum=st.just("remcsum"))
    return plain | gre | gue


def group_entries() -> Strategy:
    ports = st.integers(0, 65535)
    spans = (st.tuples(V4, V4) | st.tuples(V6, V6)).map(sorted)
    single = st.builds(GroupEntry, address=ANY_IP, port=ports)
    span = st.tuples(spans, ports).map(lambda pair: GroupEntry(address=pair[0][0], last=pair[0][1], port=pair[1]))
    mark = st.builds(GroupEntry, fwmark=st.integers(0, 2**32 - 1), family=st.sampled_from([None, 4, 6]))
    return single | span | mark


def hexadecimal(kind: Any) -> Strategy:
    smallest = 1 if kind.minimum else 0
    return st.lists(st.sampled_from(["00", "ff", "a1"]), min_size=smallest, max_size=4).map("".join)


def encapsulations() -> Strategy:
    make = routing_values.Encapsulation
    octets = st.none() | st.integers(0, 255)
    tunnel = partial(
        st.builds, make, id=st.integers(0, 2**64 - 1), tos=octets, ttl=octets, flags=st.none() | st.integers(0, 65535)
    )
    v4 = tunnel(kind=st.just("ip"), dst=st.none() | V4, src=st.none() | V4)
    v6 = tunnel(kind=st.just("ip6"), dst=st.none() | V6, src=st.none() | V6)
    labels = st.lists(st.integers(0, 2**20 - 1), min_size=1, max_size=3).map(tuple)
    mpls = st.builds(make, kind=st.just("mpls"), labels=labels)
    ila = st.builds(make, kind=st.just("ila"), locator=st.just("1:2:3:4"))
    return v4 | v6 | mpls | ila


def nexthops() -> Strategy:
    maybe_realms = st.none() | st.tuples(st.integers(0, 255), st.integers(0, 255))
    weights = st.none() | st.integers(1, 256)
    return st.builds(Nexthop, via=V4, dev=st.none() | NAMES, weight=weights, onlink=st.booleans(), realms=maybe_realms)


def scripts(kind: Any) -> Strategy:
    if isinstance(kind, arguments.CommandLine):
        return st.builds(arguments.Script, words=commands())
    plain = st.builds(arguments.Script, words=commands())
    owned = st.builds(
        arguments.Script, words=commands(), user=NAMES, group=st.none() | NAMES, supplementary=st.booleans()
    )
    return plain | owned


def maybe(kind: Any) -> Strategy:
    return st.just(kind.absent) | values(kind.kind).filter(lambda value: value != kind.absent)


def policies() -> Strategy:
    return st.sampled_from(["MTU", "ADVERT"]) | st.integers(0, 2**32 - 1)


def checks() -> Strategy:
    signed = st.lists(st.sampled_from(["+read", "-match", "+wildcard_match"]), max_size=3)
    return st.tuples(st.sampled_from([(), ("read",)]), signed).map(lambda parts: (*parts[0], *parts[1]))


NUMBER32 = st.integers(0, 2**32 - 1)
OWNER = {"user": NAMES, "group": st.none() | NAMES}
MAC = st.binary(min_size=5, max_size=6).map(lambda octets: b"\x02" + octets[1:])
BY_KIND: dict[type, Any] = {
    scalars.Boolean: lambda _: st.booleans(),
    scalars.Integer: integers,
    scalars.ClampedInteger: integers,
    scalars.WholeSeconds: lambda kind: integers(kind).map(float),
    scalars.Seconds: seconds,
    scalars.Text: lambda kind: words(min(kind.limit or 20, 20)),
    scalars.Interface: lambda _: words(15),
    scalars.Choice: lambda kind: st.sampled_from(sorted(set(kind.values.values()))),
    scalars.Flag: lambda _: st.booleans(),
    scalars.Word: lambda kind: st.just(kind.value),
    addresses.Address: ip,
    addresses.NetworkName: lambda kind: st.integers(1, kind.high),
    addresses.Realms: lambda _: st.tuples(st.integers(0, 255), st.integers(0, 255)),
    addresses.Prefix: prefixes,
    addresses.Netmask: lambda _: V4 | st.integers(1, 128),
    arguments.Maybe: maybe,
    arguments.Exactly: lambda kind: values(kind.kind),
    arguments.ScriptValue: scripts,
    arguments.CommandLine: scripts,
    arguments.UserValue: lambda _: st.builds(arguments.User, **OWNER, supplementary=st.booleans()),
    arguments.FifoValue: lambda _: st.builds(arguments.Fifo, path=words(), user=NAMES, group=st.none() | NAMES),
    arguments.WeightValue: lambda kind: st.builds(
        arguments.Weight, weight=integers(kind.number), reverse=st.booleans()
    ),
    arguments.Several: lambda kind: st.lists(values(kind.kind), min_size=max(kind.minimum, 1), max_size=3).map(tuple),
    global_values.SmtpServer: lambda _: st.builds(
        global_values.MailServer, host=ANY_IP | NAMES, port=st.integers(1, 65535)
    ),
    global_values.LvsTimeouts: lambda _: st.builds(global_values.Timeouts, tcp=st.integers(0, 2678400)),
    global_values.Umask: lambda _: st.integers(0, 0o777),
    global_values.IncludeCheck: lambda _: checks(),
    global_values.ReceiveBuffers: lambda _: policies(),
    global_values.ExtraInterface: lambda kind: st.builds(
        global_values.ExtraInterval, seconds=integers(kind.number).map(float), all=st.booleans()
    ),
    tracking_values.TrackWeight: integers,
    tracking_values.ProcessCommand: lambda _: st.lists(words(), min_size=1, max_size=3).map(tuple),
    tracking_values.InitFile: lambda _: st.builds(
        tracking_values.FileStart, value=st.integers(-254, 254), overwrite=st.booleans()
    ),
    tracking_values.Debounce: lambda kind: st.builds(
        tracking_values.InterfaceDelay, interface=words(15), down=seconds(kind.seconds), up=seconds(kind.seconds)
    ),
    vrrp_values.UseVmac: lambda _: st.builds(
        vrrp_values.Vmac,
        name=st.none() | words(15),
        mac=st.none() | MAC,
        netlink_notify_msg=st.booleans(),
        group=st.none() | NAMES,
    ),
    vrrp_values.UseIpvlan: lambda kind: st.builds(
        vrrp_values.Ipvlan,
        name=st.none() | words(15),
        address=st.none() | prefixes(kind.prefix),
        mode=st.sampled_from(vrrp_values.IPVLAN_MODES),
        group=st.none() | NAMES,
    ),
    vrrp_values.HmacKeyValue: lambda _: st.builds(
        vrrp_values.HmacKeyValue().read,
        st.tuples(
            st.just("key"), st.integers(1, 255).map(str), st.sampled_from(("hex:" + "a1" * 32, "x" * 40, "file:/k"))
        ),
        st.just(None),
    ),
    global_values.SmtpLogin: lambda _: st.builds(global_values.MailLogin, user=NAMES, password=NAMES),
    vrrp_values.ChecksumCompatibility: lambda _: st.booleans(),
    vrrp_values.State: lambda _: st.sampled_from(["MASTER", "BACKUP"]),
    vrrp_values.Priority: integers,
    check_values.EndpointValue: lambda _: st.builds(check_values.Endpoint, address=ANY_IP, port=st.integers(0, 65535)),
    check_values.LvsMethod: lambda _: forwarding(),
    check_values.HexText: hexadecimal,
    escapes.EscapedText: lambda _: st.sampled_from(["PING\\r\\n", "\\x00 \\\\", "a", "é b"]),
    check_values.TwoWords: lambda _: st.tuples(words(), words()),
    check_values.HeaderField: lambda _: st.tuples(st.sampled_from(["X-Health", "Accept"]), words()),
    check_values.StatusCodes: lambda kind: st.lists(ranges(kind), min_size=1, max_size=3).map(tuple),
    check_values.Digest: lambda _: st.text("0123456789abcdef", min_size=32, max_size=32),
    check_values.Pattern: lambda _: words(),
    check_values.StackSizes: ranges,
    check_values.DnsName: lambda _: st.sampled_from([".", "example.com", "a.b.c"]),
    check_values.GroupAddress: lambda _: group_entries(),
    routing_values.MarkAndMask: lambda _: st.tuples(NUMBER32, st.none() | NUMBER32),
    routing_values.Range: ranges,
    routing_values.Preference: lambda _: st.integers(0, 255),
    routing_values.Gateway: lambda _: V4,
    routing_values.RouteEncapsulation: lambda _: encapsulations(),
    routing_values.Lockable: lambda kind: st.builds(
        routing_values.Metric, value=values(kind.kind), lock=st.booleans()
    ).filter(lambda metric: metric.value != "lock"),
    routing_values.RoundTrip: lambda _: NUMBER32,
    routing_values.RouteType: lambda _: st.integers(0, 255),
    Nexthops: lambda _: nexthops(),
    Broadcast: lambda _: V4,
    PreferredLifetime: lambda _: NUMBER32,
}


def values(kind: scalars.Kind) -> Strategy:
    """Values that words of this kind can mean."""
    found = BY_KIND.get(type(kind))
    if found is not None:
        return found(kind)  # type: ignore[no-any-return]
    if isinstance(kind, blocks.Lines):
        smallest = 1 if kind.needed else 0
        return st.lists(values(kind.item), min_size=smallest, max_size=2).map(tuple)
    if isinstance(kind, blocks.Block):
        made = records(kind.target, kind.head)
        return st.lists(made, max_size=2).map(tuple) if kind.multiple else made
    if isinstance(kind, scalars.Word):
        return st.just(kind.value)
    assert isinstance(kind, blocks.Options), type(kind)
    return lines(kind)


def lines(kind: blocks.Options) -> Strategy:
    """Records of one line of options."""
    first = {name: values(each) for name, each in kind.first.items()}
    if isinstance(kind, AddressLine):
        return address_lines(kind)
    if isinstance(kind, (RouteLine, RuleLine)):
        return routing_lines(kind)
    return st.builds(kind.target.make, st.fixed_dictionaries(first, optional=optional(kind.target, set(first))))


def optional(target: type[fields.Record], without: set[str]) -> dict[str, Strategy]:
    """Strategies of the fields of a record that have a keyword, by attribute."""
    usable = {
        name: known
        for name, known in target.keywords_.items()
        if name not in without and not (known.path or known.guard)
    }
    return {name: keyword_values(known) for name, known in usable.items()}


def keyword_values(known: fields.Keyword) -> Strategy:
    """Values of one keyword, those of its other spellings among them."""
    spelled = [alias.kind.value for alias in known.aliases if isinstance(alias.kind, scalars.Word)]
    plain = values(known.kind)
    if spelled:
        return st.sampled_from(spelled) | plain
    return st.lists(plain, max_size=2).map(tuple) if known.repeat else plain


def address_lines(kind: AddressLine) -> Strategy:
    both = ("address", "peer", "scope", "broadcast", "label", "track_group")
    shared = optional(kind.target, set(both))
    v4 = V4.flatmap(
        lambda address: st.fixed_dictionaries(
            {"address": st.just(address), "prefix_length": st.integers(0, 32)},
            optional={**shared, "scope": st.integers(1, 255), "broadcast": V4, "label": words(15)},
        )
    )
    peer = st.fixed_dictionaries({"address": V6, "prefix_length": st.integers(0, 128), "peer": V6}, optional=shared)
    v6 = st.fixed_dictionaries({"address": V6, "prefix_length": st.integers(0, 128)}, optional=shared)
    return st.builds(kind.target.make, v4 | v6 | peer)


def routing_lines(kind: RouteLine | RuleLine) -> Strategy:
    """IPv4 routes and rules; what needs IPv6 or a second family is left out."""
    skip = {"family", "from_", "to", "dest", "expires", "pref", "as_", "type_", "src", "or_", "protocol", "nexthop"}
    actions = {"table", "goto", "action", "preference"} if isinstance(kind, RuleLine) else set()
    settled: dict[str, Strategy] = {"family": st.just(4)}
    if isinstance(kind, RouteLine):
        settled["dest"] = st.just((None, 0)) | prefixes(addresses.Prefix(family=4))
        settled["nexthop"] = st.lists(nexthops(), max_size=2).map(tuple)
    else:
        settled |= {"table": st.integers(1, 2**32 - 1), "preference": NUMBER32}
    skip |= {"dev"} if isinstance(kind, RouteLine) else {"iif"}
    settled["dev" if isinstance(kind, RouteLine) else "iif"] = NAMES
    return st.builds(kind.target.make, st.fixed_dictionaries(settled, optional=optional(kind.target, skip | actions)))


def records(target: type[fields.Record], head: blocks.Head = blocks.ANONYMOUS) -> Strategy:
    """Records of a block."""
    required: dict[str, Strategy] = {"name": NAMES} if isinstance(head, blocks.NameHead) else {}
    if isinstance(head, (check_values.RealServerHead, check_values.VirtualServerHead)):
        required = {"address": ANY_IP, "port": st.integers(0, 65535)}
    if "entries" in target.defaults_:
        required["entries"] = st.lists(group_entries(), max_size=3).map(tuple)
    return st.builds(target.make, st.fixed_dictionaries(required, optional=optional(target, UNWRITABLE)))


# what is accepted but never kept under its own name, or works only after something else has been said
UNWRITABLE = {"host", "nb_get_retry", "delay", "native_ipv6"}
