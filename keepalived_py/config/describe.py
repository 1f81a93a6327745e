"""The listing of `--dump-conf`: the configuration as lines of the log.

The lines of keepalived 1.1.19 come first, word for word; whatever else differs from its default
follows in the same style: one blank before an object, three before its attributes, five before items of a list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keepalived_py.config.addresses import NAMES
from keepalived_py.config.blocks import Block, Lines, Options
from keepalived_py.config.model.addresses import address_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keepalived_py.config.fields import Keyword, Record
    from keepalived_py.config.model import Config
    from keepalived_py.config.model.addresses import InterfaceAddress
    from keepalived_py.config.model.globals import GlobalDefs
    from keepalived_py.config.model.vrrp import VrrpInstance

AUTHENTICATION: Final = {"PASS": "SIMPLE_PASSWORD", "AH": "IPSEC_AH"}
SCOPES: Final = {number: name for name, number in NAMES["scope"].items()}
GLOBAL_SAID: Final = frozenset(
    {"router_id", "smtp_server", "smtp_connect_timeout", "notification_email_from", "notification_email"}
)
INSTANCE_SAID: Final = frozenset(
    {
        "state",
        "interface",
        "virtual_router_id",
        "priority",
        "advert_int",
        "authentication",
        "virtual_ipaddress",
        "virtual_ipaddress_excluded",
    }
)
ROOT_KEYWORDS: Final = (
    "linkbeat_use_polling",
    "net_namespace",
    "net_namespace_ipvs",
    "namespace_with_ipsets",
    "use_pid_dir",
    "instance",
    "child_wait_time",
)
# attribute of Config, heading of its section, name of one object
VRRP_SECTIONS: Final = (
    ("linkbeat_interfaces", "Linkbeat interfaces", "Interface"),
    ("interface_up_down_delays", "Interface delays", "Interface"),
    ("garp_groups", "GARP groups", "GARP Group"),
    ("track_groups", "Track groups", "Track Group"),
    ("static_ipaddress", "Static addresses", "Address"),
    ("static_routes", "Static routes", "Route"),
    ("static_rules", "Static rules", "Rule"),
    ("vrrp_scripts", "VRRP Scripts", "VRRP Script"),
    ("track_files", "Track files", "Track File"),
    ("vrrp_track_processes", "VRRP Track processes", "VRRP Track Process"),
    ("bfd_instances", "BFD Topology", "BFD Instance"),
    ("vrrp_sync_groups", "VRRP Sync groups", "VRRP Sync Group"),
)


def describe_vrrp(config: Config) -> list[str]:
    """Return the lines that the VRRP process logs."""
    lines = list(describe_globals(config))
    for attribute, heading, title in VRRP_SECTIONS:
        lines += _section(config, attribute, heading, title)
    lines.append("------< VRRP Topology >------")
    for instance in config.vrrp_instances:
        lines += _instance(instance)
    return lines


def describe_checkers(config: Config) -> list[str]:
    """Return the lines that the health-check process logs."""
    lines = list(describe_globals(config))
    lines.append("------< SSL definitions >------")
    if config.ssl is None:
        lines.append(" Using autogen SSL context")
    else:
        lines += _attributes(config.ssl, 1)
    lines += _section(config, "virtual_server_groups", "Virtual server groups", "Virtual server group")
    if config.virtual_servers:
        lines.append("------< LVS Topology >------")
    for server in config.virtual_servers:
        lines.append(f" {_server_title(server)}")
        lines += _attributes(server, 3, frozenset({"address", "fwmark", "group"}))
    return lines


def describe_globals(config: Config) -> Iterator[str]:
    """Return the lines of the global definitions, which every process logs and dumps."""
    defs: GlobalDefs = config.global_defs
    yield "------< Global definitions >------"
    for name in ROOT_KEYWORDS:
        known = config.keywords_[name]
        value = getattr(config, name)
        if value != known.default:
            yield f" {title_of(known.name)} = {_text(known, value)}"
    if defs.router_id is not None:
        yield f" Router ID = {defs.router_id}"
    if defs.smtp_server is not None:
        port = "" if defs.smtp_server.port == 25 else f":{defs.smtp_server.port}"
        yield f" Smtp server = {defs.smtp_server.host}{port}"
    if defs.smtp_server is not None or defs.smtp_connect_timeout != 30:
        yield f" Smtp server connection timeout = {defs.smtp_connect_timeout}"
    if defs.notification_email_from is not None:
        yield f" Email notification from = {defs.notification_email_from}"
    for address in defs.notification_email:
        yield f" Email notification = {address}"
    yield from _attributes(defs, 1, GLOBAL_SAID)


def _instance(instance: VrrpInstance) -> Iterator[str]:
    yield f" VRRP Instance = {instance.name}"
    yield f"   Want State = {instance.state}"
    if instance.interface is not None:
        yield f"   Runing on device = {instance.interface}"
    yield f"   Virtual Router ID = {instance.virtual_router_id}"
    yield f"   Priority = {instance.priority}"
    yield f"   Advert interval = {instance.advert_int:g}sec"
    authentication = instance.authentication
    if authentication is not None and authentication.auth_type is not None:
        yield f"   Authentication type = {AUTHENTICATION[authentication.auth_type]}"
        if authentication.auth_pass is not None:
            yield f"   Password = {authentication.auth_pass}"
    yield from _addresses("Virtual IP", instance.virtual_ipaddress, instance.interface)
    yield from _addresses("Virtual IP Excluded", instance.virtual_ipaddress_excluded, instance.interface)
    yield from _attributes(instance, 3, INSTANCE_SAID)


def _addresses(title: str, addresses: tuple[InterfaceAddress, ...], interface: str | None) -> Iterator[str]:
    if addresses:
        yield f"   {title} = {len(addresses)}"
    for address in addresses:
        yield f"     {address_line(address, interface)}"


def address_line(address: InterfaceAddress, interface: str | None) -> str:
    """Return `ADDRESS/LEN brd B dev IF scope S` and the options; an address without broadcast shows itself there."""
    words = [address_words(address)]
    if address.address.version == 4 and address.peer is None:
        words.append(f"brd {address.broadcast or address.address}")
    words += [f"dev {address.dev or interface}", f"scope {SCOPES.get(address.scope, address.scope)}"]
    said = ("address", "broadcast", "dev", "scope", "peer")
    for name, known in address.keywords_.items():
        value = getattr(address, name)
        if name not in said and value != known.default:
            words.append(f"{known.name} {known.kind.write(value)}".rstrip())
    return " ".join(words)


def _section(config: Config, attribute: str, heading: str, title: str) -> Iterator[str]:
    records: tuple[Any, ...] = getattr(config, attribute)
    known = config.keywords_[attribute]
    if records:
        yield f"------< {heading} >------"
    for record in records:
        if isinstance(known.kind, Lines):
            yield f" {title} = {known.kind.item.write(record)}"
        else:
            yield f" {title} = {getattr(record, 'name', '')}".rstrip(" =")
            yield from _attributes(record, 3)


def _attributes(record: Record, indent: int, said: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield a line for every keyword of a record that differs from its default."""
    for name, known in record.keywords_.items():
        value = getattr(record, name)
        if name not in said and value != known.default:
            yield from _attribute(known, value, indent)
    entries = getattr(record, "entries", ())
    for entry in entries:
        yield f"{' ' * (indent + 2)}{_entry_text(entry)}"


def _attribute(known: Keyword, value: Any, indent: int) -> Iterator[str]:
    blanks = " " * indent
    title = title_of(known.name)
    if isinstance(known.kind, Block):
        for record in value if isinstance(value, tuple) else (value,):
            yield f"{blanks}{_block_title(title, record)}"
            yield from _attributes(record, indent + 2)
    elif isinstance(known.kind, Lines):
        yield f"{blanks}{title} = {len(value)}"
        yield from (f"{blanks}  {line}" for line in known.kind.write_body(value))
    else:
        for each in value if known.repeat else (value,):
            yield f"{blanks}{title} = {_text(known, each)}"


def title_of(word: str) -> str:
    """Return a keyword as words: `garp_master_delay` is `Garp master delay`; words in capitals stay."""
    return word if word.isupper() else word.replace("_", " ").capitalize()


def _text(known: Keyword, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return known.kind.write(value) if isinstance(known.kind, Options) else known.kind.format(value)


def _block_title(title: str, record: Record) -> str:
    address = getattr(record, "address", None)
    return title if address is None else f"RIP = {address}, RPORT = {getattr(record, 'port', 0)}"


def _entry_text(entry: Any) -> str:
    if entry.fwmark is not None:
        return f"FWMARK = {entry.fwmark}"
    last = f"-{entry.last}" if entry.last else ""
    return f"VIP = {entry.address}{last}, VPORT = {entry.port}"


def _server_title(server: Any) -> str:
    if server.group is not None:
        return f"VS GROUP = {server.group}"
    if server.fwmark is not None:
        return f"VS FWMARK = {server.fwmark}"
    return f"VIP = {server.address}, VPORT = {server.port}"
