"""What one vrrp_instance says against itself, against its machine and against the RFC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keepalived_py.config.correction import Correction
from keepalived_py.config.key_checks import check_keys
from keepalived_py.config.model.vrrp import VrrpInstance

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.config.diagnostics import Diagnostics
    from keepalived_py.config.environment import Environment
    from keepalived_py.config.model.addresses import VirtualAddress
    from keepalived_py.config.model.globals import GlobalDefs

OWNER: Final = 255
V2_LONGEST_INTERVAL: Final = 255.0
V3_LONGEST_INTERVAL: Final = 40.95
MOST_ADDRESSES: Final = {4: 255, 6: 89}
MOST_SIGNED_ADDRESSES: Final = {4: 255, 6: 88}
UNICAST_KEYWORDS: Final = (
    "unicast_peer",
    "unicast_src_ip",
    "unicast_fault_no_peer",
    "check_unicast_src",
    "old_unicast_checksum",
)
# keyword, value that strict mode demands
STRICT_VALUES: Final[tuple[tuple[str, Any], ...]] = (
    ("preempt_delay", 0.0),
    ("down_timer_adverts", 3),
    ("garp_lower_prio_repeat", 0),
    ("garp_lower_prio_delay", 0.0),
    ("lower_prio_no_advert", True),
    ("higher_prio_send_advert", False),
    ("vmac_xmit_base", False),
    ("no_virtual_ipaddress", False),
)
InstanceCheck = Correction[VrrpInstance]


def check_instance(
    instance: VrrpInstance, defaults: GlobalDefs, environment: Environment, diagnostics: Diagnostics
) -> VrrpInstance | None:
    """Return the instance as it can run, or None when it cannot."""
    check = Correction(instance, instance.name, diagnostics)
    _check_interface(check, defaults, environment)
    check_keys(check, environment)
    for rule in RULES:
        if check.dropped:
            return None
        rule(check)
    return None if check.dropped else check.record


def uses_unicast(check: InstanceCheck) -> bool:
    """Return whether any unicast keyword stands in the block."""
    return any(check.says(word) for word in UNICAST_KEYWORDS)


def _check_interface(check: InstanceCheck, defaults: GlobalDefs, environment: Environment) -> None:
    name = check.record.interface
    if name is None:
        return
    if environment.interface_is_loopback(name):
        check.drop(f"the loopback interface {name} cannot carry VRRP", "interface")
    elif not environment.interface_exists(name) and not defaults.dynamic_interfaces:
        check.error(f"interface {name} does not exist", "interface")


def _check_identity(check: InstanceCheck) -> None:
    instance = check.record
    if not instance.virtual_router_id:
        check.drop("virtual_router_id is not set", "virtual_router_id")
    elif instance.interface is None and not uses_unicast(check):
        check.drop("interface is not set")
    elif instance.interface is None and instance.unicast_src_ip is None:
        check.drop("a unicast instance needs unicast_src_ip or interface")
    elif instance.interface is None and (instance.use_vmac or instance.use_ipvlan):
        check.fix("use_vmac and use_ipvlan need an interface: cleared", "use_vmac", use_vmac=None, use_ipvlan=None)


def _check_version(check: InstanceCheck) -> None:
    instance = check.record
    if instance.family == 6 and instance.version == 2 and check.says("version") and instance.strict_mode:
        check.fix("IPv6 needs version 3: version 3 is used", "version", version=3)


def _check_state(check: InstanceCheck) -> None:
    instance = check.record
    owner = instance.priority == OWNER
    if instance.strict_mode and check.says("state") and (instance.state == "MASTER") != owner:
        state = "MASTER" if owner else "BACKUP"
        check.fix(
            f"in strict mode state MASTER and priority {OWNER} go together: state is {state}", "state", state=state
        )


def _authentication_problem(instance: VrrpInstance) -> str:
    """Return why the authentication of an instance cannot be used, or an empty string."""
    authentication = instance.authentication
    if authentication is None or authentication.auth_type is None:
        return ""
    if instance.strict_mode:
        return "strict mode has no authentication"
    if instance.version == 3:
        return "VRRP version 3 has no authentication"
    if not authentication.auth_pass:
        return "authentication has no auth_pass"
    if instance.family == 6:
        return "authentication does not work with IPv6"
    return ""


def _check_authentication(check: InstanceCheck) -> None:
    instance = check.record
    if problem := _authentication_problem(instance):
        check.fix(f"{problem}: authentication is ignored", "authentication", authentication=None)
        return
    authentication = instance.authentication
    if authentication is None or authentication.auth_type is None:
        return
    if authentication.auth_type == "AH" and instance.state == "MASTER" and instance.priority != OWNER:
        check.fix("AH needs the sequence number of the master before: state MASTER is ignored", "state", state="BACKUP")
    if instance.auth_hmac:
        check.fix("auth_hmac replaces authentication, which is ignored", "authentication", authentication=None)


def _check_signature(check: InstanceCheck) -> None:
    signature = check.record.auth_hmac
    if signature is None:
        return
    if signature.signing_key is None:
        wanted = "says no active_key" if signature.active_key is None else f"has no key {signature.active_key}"
        check.error(f"auth_hmac {wanted}: the instance stays in FAULT", "auth_hmac")
    if check.record.strict_mode and signature.mode != "enforce":
        fixed = signature.changed(mode="enforce")
        check.fix("in strict mode auth_hmac has the mode enforce", "auth_hmac", auth_hmac=fixed)


def _check_unicast(check: InstanceCheck) -> None:
    instance = check.record
    if instance.unicast_peer:
        if instance.strict_mode:
            check.drop("strict mode allows no unicast peers", "unicast_peer")
        elif instance.use_vmac and not instance.vmac_xmit_base:
            check.fix("unicast with use_vmac needs vmac_xmit_base: it is set", "use_vmac", vmac_xmit_base=True)
        if instance.mcast_dst_ip is not None:
            check.fix("mcast_dst_ip has no meaning for unicast: ignored", "mcast_dst_ip", mcast_dst_ip=None)
        return
    if instance.unicast_ttl is not None:
        check.fix("unicast_ttl has no meaning without unicast_peer: ignored", "unicast_ttl", unicast_ttl=None)
    if uses_unicast(check) and not instance.unicast_fault_no_peer:
        word = next(word for word in UNICAST_KEYWORDS if check.says(word))
        check.error("unicast without unicast_peer: multicast is used (deprecated)", word)


def _check_families(check: InstanceCheck) -> None:
    """Compare the families of source and peers with that of the instance."""
    instance = check.record
    for word in ("unicast_src_ip", "mcast_src_ip", "mcast_dst_ip"):
        address = getattr(instance, word)
        if address is not None and address.version != instance.family:
            check.fix(f"{word} {address} is not of the instance's family: ignored", word, **{word: None})
    peers = tuple(peer for peer in instance.unicast_peer if peer.address.version == instance.family)
    for peer in instance.unicast_peer:
        if peer not in peers:
            message = f"unicast peer {peer.address} is not of the instance's family: ignored"
            check.fix(message, at=peer.location(), unicast_peer=peers)
    if instance.vrf is not None and (instance.interface is not None or not instance.unicast_peer):
        check.fix("vrf is for unicast without interface: ignored", "vrf", vrf=None)


def _check_addresses(check: InstanceCheck) -> None:
    instance = check.record
    kept = _distinct_addresses(check)
    excluded: list[VirtualAddress] = []
    places = {(entry.address, entry.dev or instance.interface) for entry in kept}
    for entry in instance.virtual_ipaddress_excluded:
        place = (entry.address, entry.dev or instance.interface)
        if place in places:
            check.error(f"{entry.address} is there twice: the second is ignored", at=entry.location())
        else:
            places.add(place)
            excluded.append(entry)
    signature = instance.auth_hmac
    is_signed = signature is not None and signature.mode != "receive-only"
    most = (MOST_SIGNED_ADDRESSES if is_signed else MOST_ADDRESSES)[instance.family]
    if len(kept) > most:
        check.error(f"an advert holds {most} addresses: the rest counts as excluded", "virtual_ipaddress")
        kept, excluded = kept[:most], [*kept[most:], *excluded]
    if len(kept) != len(instance.virtual_ipaddress) or len(excluded) != len(instance.virtual_ipaddress_excluded):
        check.record = instance.changed(virtual_ipaddress=tuple(kept), virtual_ipaddress_excluded=tuple(excluded))


def _distinct_addresses(check: InstanceCheck) -> list[VirtualAddress]:
    """Return the advertised addresses, each once and all of the family of the first."""
    kept: list[VirtualAddress] = []
    seen: set[Any] = set()
    for entry in check.record.virtual_ipaddress:
        if entry.address in seen:
            check.error(f"{entry.address} is there twice: the second is ignored", at=entry.location())
        elif entry.address.version != check.record.family:
            whose = "the family of the first address" if kept else f"family IPv{check.record.family} of the instance"
            check.error(f"{entry.address} is not of {whose}: ignored", at=entry.location())
        else:
            seen.add(entry.address)
            kept.append(entry)
    return kept


def _check_address_presence(check: InstanceCheck) -> None:
    instance = check.record
    addresses = instance.virtual_ipaddress
    if not addresses and not instance.no_virtual_ipaddress:
        if instance.version == 3 or instance.strict_mode:
            check.drop("no virtual_ipaddress: at least one is required", "virtual_ipaddress")
        else:
            check.error("no virtual_ipaddress: at least one is sensible", "virtual_ipaddress")
    elif addresses and instance.family == 6 and not instance.unicast_peer and not addresses[0].address.is_link_local:
        message = "the first IPv6 address of an instance has to be link-local (RFC 9568 5.2.9)"
        if instance.strict_mode:
            check.error(message, "virtual_ipaddress")
        else:
            check.warning(message, "virtual_ipaddress")


def _check_preemption(check: InstanceCheck) -> None:
    instance = check.record
    if instance.nopreempt and instance.priority == OWNER:
        check.fix(f"nopreempt contradicts priority {OWNER}: ignored", "nopreempt", nopreempt=False)
    elif instance.nopreempt and instance.state == "MASTER":
        check.fix("nopreempt does not work with state MASTER: ignored", "nopreempt", nopreempt=False)
    instance = check.record
    if instance.preempt_delay and instance.state == "MASTER":
        check.fix("preempt_delay does not work with state MASTER: ignored", "preempt_delay", preempt_delay=0.0)
    elif instance.preempt_delay and instance.nopreempt:
        check.fix("preempt_delay has no meaning with nopreempt: ignored", "preempt_delay", preempt_delay=0.0)
    if instance.timer_expired_backup and not instance.nopreempt:
        check.fix("timer_expired_backup needs nopreempt: ignored", "timer_expired_backup", timer_expired_backup=None)


def _check_strictness(check: InstanceCheck) -> None:
    instance = check.record
    if not instance.strict_mode:
        return
    for word, value in STRICT_VALUES:
        if getattr(check.record, word) != value and (check.says(word) or word == "down_timer_adverts"):
            check.fix(f"strict mode does not allow this {word}: {_shown(value)} is used", word, **{word: value})
    if instance.accept and instance.version == 2 and instance.priority != OWNER and check.says("accept"):
        check.fix("accept does not comply with RFC 3768: ignored in strict mode", "accept", accept=False)


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}"


def _check_owner(check: InstanceCheck) -> None:
    if not check.says("owner_ignore_adverts"):
        return
    owner = check.record.priority == OWNER
    if check.record.owner_ignore_adverts and not owner:
        message = f"owner_ignore_adverts is for priority {OWNER}: ignored"
        check.fix(message, "owner_ignore_adverts", owner_ignore_adverts=False)


def _check_interval(check: InstanceCheck) -> None:
    interval = check.record.advert_int
    if check.record.version == 2:
        rounded = min(max(float(int(interval + 0.5)), 1.0), V2_LONGEST_INTERVAL)
        rule = f"whole seconds up to {V2_LONGEST_INTERVAL:g}"
    else:
        rounded = min(max(int(interval * 100 + 0.5) / 100, 0.01), V3_LONGEST_INTERVAL)
        rule = f"steps of 10 ms up to {V3_LONGEST_INTERVAL:g} s"
    if abs(rounded - interval) > 1e-9:
        version = check.record.version
        message = f"advert_int {interval:g}: version {version} takes {rule}, {rounded:g} s is used"
        check.fix(message, "advert_int", advert_int=rounded)


def _check_virtual_interface(check: InstanceCheck) -> None:
    instance = check.record
    if instance.vmac_xmit_base and not instance.use_vmac:
        check.fix("vmac_xmit_base has no meaning without use_vmac: ignored", "vmac_xmit_base", vmac_xmit_base=False)
    if instance.promote_secondaries and (instance.use_vmac or instance.use_ipvlan):
        message = "promote_secondaries is always set on a VMAC: ignored"
        check.fix(message, "promote_secondaries", promote_secondaries=False)


def _check_virtual_address(check: InstanceCheck) -> None:
    """Look at the hardware address of a VMAC and at the IP address of an ipvlan."""
    instance = check.record
    vmac, ipvlan = instance.use_vmac, instance.use_ipvlan
    if vmac is not None and vmac.mac and instance.strict_mode:
        fixed = vmac.changed(mac=None)
        check.fix("in strict mode a VMAC has the standard address: the other is ignored", "use_vmac", use_vmac=fixed)
    if ipvlan is not None and ipvlan.address is None and instance.family == 4:
        check.error("an IPv4 ipvlan needs an address: the instance stays in FAULT", "use_ipvlan")
    elif ipvlan is not None and ipvlan.address and ipvlan.address[0].version != instance.family:
        fixed_ipvlan = ipvlan.changed(address=None)
        message = f"the ipvlan's address {ipvlan.address[0]} is not of the instance's family: ignored"
        check.fix(message, "use_ipvlan", use_ipvlan=fixed_ipvlan)


def _check_own_interface(check: InstanceCheck) -> None:
    instance = check.record
    own = [entry for entry in instance.track_interface if entry.name == instance.interface]
    if own:
        kept = tuple(entry for entry in instance.track_interface if entry.name != instance.interface)
        message = f"track_interface {instance.interface} is the instance's own interface: ignored"
        check.fix(message, at=own[0].location(), track_interface=kept)


RULES: tuple[Callable[[InstanceCheck], None], ...] = (
    _check_identity,
    _check_version,
    _check_state,
    _check_unicast,
    _check_families,
    _check_authentication,
    _check_signature,
    _check_addresses,
    _check_preemption,
    _check_strictness,
    _check_owner,
    _check_interval,
    _check_virtual_interface,
    _check_virtual_address,
    _check_own_interface,
    _check_address_presence,
)
