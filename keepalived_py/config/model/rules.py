"""Routing rules: one per line, options in any order, one action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.config.addresses import NetworkName, Prefix, Realms
from keepalived_py.config.blocks import Options, written
from keepalived_py.config.fields import Alias, Record, keyword, record
from keepalived_py.config.routing_values import MarkAndMask, Range
from keepalived_py.config.scalars import BadValueError, Flag, Integer, Interface, Text, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.config.addresses import IpAddress
    from keepalived_py.config.reading import Reading

ON = Flag()
INTERFACE = Interface()
PREFIX = Prefix()
PORTS = Range(65535, single=True)
U32 = 0xFFFFFFFF
KEEPALIVED = 18
FIRST_PREFERENCE = 16384
ACTIONS = frozenset({"table", "goto", "action"})


@record
class Rule(Record):
    """One line of virtual_rules or static_rules."""

    family: int = keyword(
        Word(4),
        "The rule is an IPv4 rule",
        default=0,
        name="inet",
        unset="from addresses",
        aliases=(Alias("inet6", "The rule is an IPv6 rule", kind=Word(6)),),
    )
    from_: tuple[IpAddress | None, int] | None = keyword(PREFIX, "Source prefix", default=None, name="from")
    to: tuple[IpAddress | None, int] | None = keyword(PREFIX, "Destination prefix", default=None)
    table: int | None = keyword(
        NetworkName("table", U32),
        "Look into this table",
        default=None,
        aliases=(Alias("lookup", "Same as table"),),
    )
    not_: bool = keyword(ON, "Turn the match round", default=False, name="not")
    preference: int | None = keyword(
        Integer(0, U32, anybase=True),
        "Place among the rules; the lowest comes first",
        default=None,
        unset="counts down from 16384 with error",
        aliases=(Alias("order", "Same as preference"), Alias("priority", "Same as preference")),
    )
    tos: int = keyword(
        NetworkName("dsfield", type_name="dsfield"),
        "Type of service",
        default=0,
        aliases=(Alias("dsfield", "Same as tos"),),
    )
    fwmark: tuple[int, int | None] | None = keyword(MarkAndMask(), "Firewall mark", default=None)
    realms: tuple[int, int] | None = keyword(Realms(), "Realms (IPv4, table only)", default=None)
    suppress_prefixlength: int | None = keyword(
        Integer(0, 0x7FFFFFFF),
        "Ignore routes with prefixes as short as this",
        default=None,
        aliases=(Alias("sup_pl", "Same as suppress_prefixlength"),),
    )
    suppress_ifgroup: int | None = keyword(
        NetworkName("group", U32, type_name="if group", syntax="GROUP"),
        "Ignore routes through interfaces of this group",
        default=None,
        aliases=(Alias("sup_group", "Same as suppress_ifgroup"),),
    )
    iif: str | None = keyword(INTERFACE, "Incoming interface", default=None, aliases=(Alias("dev", "Same as iif"),))
    oif: str | None = keyword(INTERFACE, "Outgoing interface", default=None)
    tunnel_id: int | None = keyword(Integer(0, 2**64 - 1), "Tunnel id", default=None, name="tunnel-id")
    uidrange: tuple[int, int] | None = keyword(Range(U32), "Users who send", default=None)
    protocol: int | None = keyword(Integer(0, 255), "Who made the rule", default=None, unset="18")
    ipproto: int | None = keyword(
        NetworkName("ipproto", type_name="ip proto", syntax="NAME/N"), "IP protocol", default=None
    )
    sport: tuple[int, int] | None = keyword(PORTS, "Source ports", default=None)
    dport: tuple[int, int] | None = keyword(PORTS, "Destination ports", default=None)
    no_track: bool = keyword(ON, "Do not watch whether somebody removes it", default=False)
    type_: str | None = keyword(
        Text("ACTION", type_name="enum"), "May stand before an action", default=None, name="type", unset="-"
    )
    goto: int | None = keyword(Integer(0, U32), "Go on at this preference", default=None)
    action: str | None = keyword(
        Word("nop"),
        "Do nothing",
        default=None,
        name="nop",
        aliases=(
            Alias("blackhole", "Drop silently", kind=Word("blackhole")),
            Alias("unreachable", "Answer that it is unreachable", kind=Word("unreachable")),
            Alias("prohibit", "Answer that it is prohibited", kind=Word("prohibit")),
            Alias("l3mdev", "Look into the table of the VRF", kind=Word("l3mdev")),
        ),
    )


@record
class StaticRule(Rule):
    """One line of static_rules."""

    track_group: str | None = keyword(Text(), "Track group told when the rule is removed", default=None)


class RuleLine(Options):
    """The reader of one rule line."""

    def __init__(self, target: type[Rule]) -> None:
        super().__init__(target, {}, strict=True, drop_unknown=True, finish=complete_rule)

    def _read_option(self, words: Sequence[str], index: int, values: dict[str, Any], reading: Reading) -> int:
        word = words[index]
        if word == "type":
            return index + 1
        known = self.target.words_.get(word)
        is_action = known is not None and known.attribute in ACTIONS
        if is_action and not values.keys().isdisjoint(ACTIONS):
            raise BadValueError("a rule has one action only: the rule is ignored", index=index)
        return super()._read_option(words, index, values, reading)

    def write(self, value: Any) -> str:
        """Return the words of a rule."""
        told = [(known, getattr(value, name)) for name, known in value.keywords_.items()]
        return " ".join(written(known, each) for known, each in told if each != known.default)


def complete_rule(values: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """Return the values of a rule with family, preference and protocol settled; BadValueError drops it."""
    _settle_family(values)
    if values.keys().isdisjoint(ACTIONS):
        raise BadValueError("no action specified for the rule: it is ignored")
    if values.get("table") == 0:
        raise BadValueError("table 0 is not valid: the rule is ignored")
    if "table" not in values and values.get("action") != "l3mdev" and values.keys() & TABLE_OPTIONS:
        raise BadValueError("realms and suppressors need a table: the rule is ignored")
    if "goto" in values and values.get("preference", U32 + 1) >= values["goto"]:
        raise BadValueError("goto needs a preference below its target: the rule is ignored")
    _settle_tracking(values, reading)
    if "preference" not in values:
        values["preference"] = _next_preference(values["family"], reading)
        chosen = values["preference"]
        reading.problem(f"the rule has no preference: {chosen} is used, which is probably not what is wanted", 1)
    return values


TABLE_OPTIONS = frozenset({"realms", "suppress_prefixlength", "suppress_ifgroup"})


def _settle_family(values: dict[str, Any]) -> None:
    found = {values["family"]} if values.get("family") else set()
    found |= {values[name][0].version for name in ("from_", "to") if values.get(name) and values[name][0]}
    found |= {4} if "realms" in values else set()
    if len(found) > 1:
        raise BadValueError("IPv4 and IPv6 are mixed: the rule is ignored")
    values["family"] = found.pop() if found else 4


def _settle_tracking(values: dict[str, Any], reading: Reading) -> None:
    if not values.get("no_track"):
        if values.get("protocol", KEEPALIVED) != KEEPALIVED:
            reading.problem(f"a rule with another protocol than {KEEPALIVED} cannot be tracked: protocol is reset", 1)
        values.pop("protocol", None)
    if values.get("track_group") and not values.get("iif"):
        reading.problem("track_group needs iif: it is ignored", 1)
        values["track_group"] = None


def _next_preference(family: int, reading: Reading) -> int:
    """Return the next number for rules of a family without preference: counting down from 16384."""
    chosen = reading.preferences.get(family, FIRST_PREFERENCE)
    reading.preferences[family] = chosen - 1
    return chosen


RULE_LINE = RuleLine(Rule)
STATIC_RULE_LINE = RuleLine(StaticRule)
