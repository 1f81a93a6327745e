"""What the firewall shall do for VRRP, as text for `nft -f` (nft(8)).

Tables, chains and sets are named as keepalived's. Everything is in one transaction: the kernel has the old rules or the
new ones. Addresses are in the sets whether we are master or not: they are not ours before we are, and nothing is left
to do when we become it.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from keepalived_py.kernel.links import MACVLAN
from keepalived_py.structure import structure
from keepalived_py.vrrp.footing import plain_footing
from keepalived_py.vrrp.parameters import OWNER_PRIORITY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from keepalived_py.config.model import Config
    from keepalived_py.config.model.addresses import VirtualAddress
    from keepalived_py.config.model.vrrp import VrrpInstance
    from keepalived_py.vrrp.footing import Footing

TABLE = "keepalived"
IPV4_TABLE = "ip"
IPV6_TABLE = "ip6"
_NEIGHBOUR_DISCOVERY = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept"
_LISTENER_REPORTS = "icmpv6 type { mld-listener-report, mld2-listener-report }"
_UNQUOTABLE = frozenset('"\\*\n')


@structure
class GroupMembership:
    """A VMAC whose membership reports leave from the interface below.

    Attributes:
        family: 4 for IGMP, 6 for MLD.
        interface: name of the VMAC.
        base: index of the interface below.
    """

    family: int
    interface: str
    base: int


@structure
class Demands:
    """What the firewall is needed for.

    Attributes:
        refused: packed virtual addresses that nobody may reach (no_accept), link-local ones aside.
        refused_on: link-local ones, each with the interface that it is on; a name, or an index with `by_index`.
        memberships: VMACs.
        table: name of the tables.
        priority: of the chains.
        counters: whether rules count.
        by_index: whether interfaces are known by index.
        owner: name of a chain without rules that says whose tables they are.
    """

    refused: frozenset[bytes] = frozenset()
    refused_on: frozenset[tuple[bytes, str | int]] = frozenset()
    memberships: frozenset[GroupMembership] = frozenset()
    table: str = TABLE
    priority: int = -1
    counters: bool = False
    by_index: bool = False
    owner: str = "owner"

    @property
    def empty(self) -> bool:
        """Whether no firewall is needed."""
        return not (self.refused or self.refused_on or self.memberships)


def refuses(instance: VrrpInstance) -> bool:
    """Return whether an instance does not accept packets to its addresses (RFC 9568 section 6.1, Accept_Mode)."""
    return not instance.accept and instance.priority != OWNER_PRIORITY


def demands_of(
    config: Config, footings: Mapping[str, Footing], index_of: Callable[[str], int], owner: str = "owner"
) -> Demands:
    """Return what a configuration wants of the firewall.

    Args:
        config: the configuration.
        footings: where its instances stand, by name.
        index_of: index of an interface, 0 while it does not exist.
        owner: the same for one daemon from start to start, another for every other one in this network namespace.
    """
    defaults = config.global_defs
    refused: set[bytes] = set()
    refused_on: set[tuple[bytes, str | int]] = set()
    for instance in filter(refuses, config.vrrp_instances):
        footing = footings.get(instance.name) or plain_footing(instance)
        for one in _addresses(instance):
            name = footing.device_of(one) or ""
            where: str | int = index_of(name) if defaults.nftables_ifindex else name
            if not one.address.is_link_local or one.address.version == 4 or _UNQUOTABLE & set(name):
                refused.add(one.address.packed)
            elif where:
                refused_on.add((one.address.packed, where))
    return Demands(
        refused=frozenset(refused),
        refused_on=frozenset(refused_on),
        memberships=frozenset(_memberships(config, footings, index_of)),
        table=defaults.nftables or TABLE,
        priority=defaults.nftables_priority,
        counters=defaults.nftables_counters,
        by_index=defaults.nftables_ifindex,
        owner=owner,
    )


def _addresses(instance: VrrpInstance) -> tuple[VirtualAddress, ...]:
    return (*instance.virtual_ipaddress, *instance.virtual_ipaddress_excluded)


def _memberships(
    config: Config, footings: Mapping[str, Footing], index_of: Callable[[str], int]
) -> Iterator[GroupMembership]:
    """Yield the VMACs whose interface below is there, once for each family that they have to do with."""
    for instance in config.vrrp_instances:
        footing = footings.get(instance.name) or plain_footing(instance)
        for link in footing.links:
            base = index_of(link.base)
            if link.kind != MACVLAN or not base or _UNQUOTABLE & set(link.name):
                continue
            there = {one.address.version for one in _addresses(instance) if footing.device_of(one) == link.name}
            for family in there | {link.family}:
                yield GroupMembership(family, link.name, base)


def ruleset(demands: Demands) -> str:
    """Return the transaction that puts the rules in the place of whatever our tables held before."""
    ipv4 = [address for address in demands.refused if len(address) == 4]
    ipv6 = [address for address in demands.refused if len(address) != 4]
    igmp = sorted((one.interface, one.base) for one in demands.memberships if one.family == 4)
    mld = sorted((one.interface, one.base) for one in demands.memberships if one.family != 4)
    lines: list[str] = []
    for family in (IPV4_TABLE, IPV6_TABLE):
        lines += [f"add table {family} {demands.table}", f"delete table {family} {demands.table}"]
    if ipv4 or igmp:
        lines += _table(IPV4_TABLE, demands, _ipv4(demands, ipv4, igmp))
    if ipv6 or mld or demands.refused_on:
        lines += _table(IPV6_TABLE, demands, _ipv6(demands, ipv6, mld))
    return "\n".join(lines) + "\n"


def _table(family: str, demands: Demands, body: Iterable[str]) -> Iterator[str]:
    yield f"table {family} {demands.table} {{"
    yield f"\tchain {demands.owner} {{ }}"
    yield from body
    yield "}"


def _ipv4(demands: Demands, refused: list[bytes], igmp: list[tuple[str, int]]) -> Iterator[str]:
    drop = _drop(demands)
    yield from _set("map vmac_map", "ifname : iface_index", (f'"{name}" : {base}' for name, base in igmp))
    yield from _set("set vips", "ipv4_addr", _texts(refused))
    yield from _chain("in", "input", demands.priority, [f"ip daddr @vips {drop}"] if refused else [])
    reports = [f"ip protocol igmp dup to ip daddr device oifname map @vmac_map {drop}"] if igmp else []
    yield from _chain("out", "output", demands.priority, [*reports, *([f"ip saddr @vips {drop}"] if refused else [])])


def _ipv6(demands: Demands, refused: list[bytes], mld: list[tuple[str, int]]) -> Iterator[str]:
    drop = _drop(demands)
    local = sorted((address, str(where)) for address, where in demands.refused_on)
    kind, incoming, outgoing = ("iface_index", "iif", "oif") if demands.by_index else ("ifname", "iifname", "oifname")
    quote = "" if demands.by_index else '"'
    yield from _set("map vmac_map", "ifname : iface_index", (f'"{name}" : {base}' for name, base in mld))
    yield from _set("set vmac_set", "ifname", (f'"{name}"' for name, _ in mld))
    yield from _set("set vips", "ipv6_addr", _texts(refused))
    elements = (f"{ip_address(address)} . {quote}{where}{quote}" for address, where in local)
    yield from _set("set vips_link_local", f"ipv6_addr . {kind}", elements)
    # What RFC 9568 section 6.4.3 wants of a master that does not accept: neighbour discovery goes on.
    rules = [_NEIGHBOUR_DISCOVERY]
    if local:
        rules.append(f"ip6 daddr . {incoming} @vips_link_local {drop}")
    if refused:
        rules.append(f"ip6 daddr @vips {drop}")
    yield from _chain("in", "input", demands.priority, rules)
    rules = []
    if mld:
        rules += [
            f"{_LISTENER_REPORTS} dup to ip6 daddr device oifname map @vmac_map {drop}",
            f"icmpv6 type nd-router-solicit oifname @vmac_set {drop}",
        ]
    rules.append(_NEIGHBOUR_DISCOVERY)
    if local:
        rules.append(f"ip6 saddr . {outgoing} @vips_link_local {drop}")
    if refused:
        rules.append(f"ip6 saddr @vips {drop}")
    yield from _chain("out", "output", demands.priority, rules)


def _drop(demands: Demands) -> str:
    return "counter drop" if demands.counters else "drop"


def _texts(addresses: Iterable[bytes]) -> Iterator[str]:
    return (str(ip_address(address)) for address in sorted(addresses))


def _set(name: str, kind: str, elements: Iterable[str]) -> Iterator[str]:
    """Yield a set or map; an empty one is left out."""
    listed = ", ".join(elements)
    if listed:
        yield f"\t{name} {{ type {kind}; elements = {{ {listed} }}; }}"


def _chain(name: str, hook: str, priority: int, rules: Iterable[str]) -> Iterator[str]:
    listed = "".join(f"\t\t{rule}\n" for rule in rules)
    if listed:
        yield f"\tchain {name} {{\n\t\ttype filter hook {hook} priority {priority}; policy accept;\n{listed}\t}}"
