"""Groups of addresses behind one firewall mark: nftables sets it, IPVS has one service instead of hundreds.

Tables, chains and maps are named as keepalived's. The text is for `nft -f` (nft(8)) and one transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.structure import field, structure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from keepalived_py.config.model import Config
    from keepalived_py.config.model.check import GroupEntry, VirtualServer, VirtualServerGroup

_FAMILIES = {4: ("ip", "ipv4_addr"), 6: ("ip6", "ipv6_addr")}
ALL_PORTS = "0-65535"
DEFAULT_PROTOCOL = "UDP"
"""Of a virtual server that names none."""

Use = tuple[str, str]
"""A group and the protocol that it is used with."""


@structure(frozen=False)
class MarkBook:
    """Which mark each use of a group has; one that has been given stays over reloads.

    Attributes:
        given: marks by use.
        following: the next mark; 0 before the first.
    """

    given: dict[Use, int] = field(default_factory=dict)
    following: int = 0

    def take(self, config: Config) -> Mapping[Use, int]:
        """Return the marks that a configuration needs, in its order."""
        uses = tuple(uses_of(config))
        for use in self.given.keys() - set(uses):
            del self.given[use]
        self.following = max(self.following, config.global_defs.nftables_ipvs_start_fwmark)
        for use in uses:
            if use not in self.given:
                self.given[use] = self.following
                self.following += 1
        return dict(self.given)


def uses_of(config: Config) -> Iterator[Use]:
    """Yield what gets a mark: groups of nothing but addresses, with each protocol that virtual servers have."""
    if config.global_defs.nftables_ipvs is None:
        return
    plain = {group.name for group in config.virtual_server_groups if _is_plain(group)}
    seen = set()
    for server in config.virtual_servers:
        use = use_of(server)
        if use is not None and use[0] in plain and use not in seen:
            seen.add(use)
            yield use


def use_of(server: VirtualServer) -> Use | None:
    """Return which group a virtual server uses and how; None for one without a group."""
    return None if server.group is None else (server.group, server.protocol or DEFAULT_PROTOCOL)


def _is_plain(group: VirtualServerGroup) -> bool:
    return bool(group.entries) and all(entry.fwmark is None for entry in group.entries)


def ruleset(config: Config, marks: Mapping[Use, int], table: str, owner: str) -> str:
    """Return the transaction that puts the rules in the place of whatever our tables held before.

    Args:
        config: the configuration.
        marks: of the uses of its groups.
        table: name of the tables.
        owner: name of a chain without rules that says whose tables they are.
    """
    groups = {group.name: group for group in config.virtual_server_groups}
    lines: list[str] = []
    for version, (family, kind) in _FAMILIES.items():
        lines += [f"add table {family} {table}", f"delete table {family} {table}"]
        maps: dict[str, list[str]] = {}
        for (name, protocol), mark in marks.items():
            elements = _elements(groups[name].entries, version, mark)
            maps.setdefault(protocol.lower(), []).extend(elements)
        maps = {protocol: elements for protocol, elements in maps.items() if elements}
        if maps:
            lines += [f"table {family} {table} {{", *_body(config, family, kind, maps, owner), "}"]
    return "\n".join(lines) + "\n"


def _elements(entries: Iterable[GroupEntry], version: int, mark: int) -> list[str]:
    """Return the elements of a map; a port of 0 means all."""
    found = {}
    for entry in entries:
        if entry.address is not None and entry.address.version == version:
            addresses = f"{entry.address}-{entry.last}" if entry.last is not None else f"{entry.address}"
            found[f"{addresses} . {entry.port or ALL_PORTS} : {mark}"] = True
    return list(found)


def _body(config: Config, family: str, kind: str, maps: Mapping[str, list[str]], owner: str) -> Iterator[str]:
    defaults = config.global_defs
    counter = "counter " if defaults.nftables_counters else ""
    yield f"chain {owner} {{ }}"
    for protocol, elements in maps.items():
        listed = ", ".join(elements)
        yield f"map {protocol}_map {{ type {kind} . inet_service : mark; flags interval; elements = {{ {listed} }} }}"
    yield f"chain in {{ type filter hook input priority {defaults.nftables_ipvs_priority}; policy accept;"
    for protocol in maps:
        lookup = f"{family} daddr . {protocol} dport map @{protocol}_map"
        yield f"meta l4proto {protocol} meta mark set {lookup} {counter}return"
    yield "}"
