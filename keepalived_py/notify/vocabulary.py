"""The words that operators and their log watchers know, spelled once.

The sentences are those of keepalived's own log; `docs/guide/log.md` lists them with their occasions.
"""

from __future__ import annotations

STOP = "STOP"
"""What an instance that has been ended is called; the other states are named as `vrrp.state.State` names them."""


def transition_to_master(instance: str) -> str:
    """Return the line for an instance that is about to take the virtual addresses."""
    return f"VRRP_Instance({instance}) Transition to MASTER STATE"


def entering(instance: str, state: str) -> str:
    """Return the line for an instance that has entered `state`."""
    return f"VRRP_Instance({instance}) Entering {state} STATE"


def setting_addresses(instance: str) -> str:
    """Return the line for the virtual addresses going on."""
    return f"VRRP_Instance({instance}) setting protocol VIPs."


def removing_addresses(instance: str) -> str:
    """Return the line for the virtual addresses going off."""
    return f"VRRP_Instance({instance}) removing protocol VIPs."


def setting_routing(instance: str) -> str:
    """Return the line for the virtual routes and rules coming."""
    return f"VRRP_Instance({instance}) setting protocol Virtual Routes and Rules"


def removing_routing(instance: str) -> str:
    """Return the line for the virtual routes and rules going."""
    return f"VRRP_Instance({instance}) removing protocol Virtual Routes and Rules"


def announcing(instance: str, interface: str, address: str, *, ipv6: bool) -> str:
    """Return the line for gratuitous ARPs (IPv4) or unsolicited neighbour advertisements (IPv6)."""
    what = "unsolicited Neighbour Adverts" if ipv6 else "gratuitous ARPs"
    return f"VRRP_Instance({instance}) Sending {what} on {interface} for {address}"


def socket_pool(ifindex: int, protocol: int, receiver: int, sender: int) -> str:
    """Return the line for one pair of raw sockets."""
    return f"VRRP sockpool: [ifindex({ifindex}), proto({protocol}), fd({receiver},{sender})]"


def cause(instance: str, old: str, new: str, reason: str) -> str:
    """Return the line that says why an instance changed state."""
    return f"({instance}) {old} -> {new}: {reason}"


def group_syncing(group: str, state: str) -> str:
    """Return the line for a sync group whose members are about to enter `state` together."""
    return f"VRRP_Group({group}) Syncing instances to {state} state"


def further_fault(instance: str, reason: str) -> str:
    """Return the line for another reason of an instance that is in FAULT already."""
    return f"({instance}) stays in FAULT: {reason}"


def address_reported(address: str, *, added: bool) -> str:
    """Return the netlink reflector's line for an address that came or went."""
    return f"Netlink reflector reports IP {address} {'added' if added else 'removed'}"


def link_kind(kind: str) -> str:
    """Return what keepalived calls an interface that it makes, by the kernel's word for it."""
    return "VMAC" if kind == "macvlan" else kind


def link_made(instance: str, kind: str, interface: str) -> str:
    """Return the line for an interface that was made for an instance."""
    return f"({instance}): Success creating {link_kind(kind)} interface {interface}"


def link_removed(instance: str, interface: str) -> str:
    """Return the line for an interface that is not needed any more; keepalived says VMAC of every kind."""
    return f"({instance}) Success removing VMAC interface {interface}"


REFLECTOR = "Registering Kernel netlink reflector"
ANNOUNCEMENT_CHANNEL = "Registering gratutious ARP shared channel"
COMMAND_CHANNEL = "Registering Kernel netlink command channel"
IPVS = "Initializing ipvs 2.6"
LINK_WATCH = "Using LinkWatch kernel netlink reflector..."


def configuration_read(path: str, size: int) -> str:
    """Return the two lines of a child that has taken its configuration, `size` bytes of it."""
    return f"Opening file '{path}'.\nConfiguration is using : {size} Bytes"


_PROCESSES = {"vrrp": "VRRP", "checker": "Checker", "bfd": "BFD"}


def timer_expired(late: float) -> str:
    """Return the line of a process whose timer fired `late` seconds after it should have."""
    return f"A thread timer expired {late:.6f} seconds ago"


def realtime_priority(priority: int) -> str:
    """Return the line of a process that has raised its own priority."""
    return f"Set realtime priority {priority}"


def time_limit_reached(process: str) -> str:
    """Return the line of a real-time process (`vrrp`, `checker`, `bfd`) that ran too long without a pause."""
    return f"{_PROCESSES[process]} process has used too much CPU time, {process}_rlimit_rttime may need to be increased"


def affinity_refused(process: str, reason: str) -> str:
    """Return the line of a process that cannot be kept to its processors."""
    return f"unable to set cpu affinity to {process} process ({reason})"


PRIORITY_NOTICE = "NOTICE: setting config option max_auto_priority should result in better keepalived performance"


def script_verdict(script: str, verdict: str) -> str:
    """Return the line for a vrrp_script that counts as good or bad now: `succeeded`, `failed (...)`, `timed_out`."""
    return f"VRRP_Script({script}) {verdict}"


def script_returning(script: str, status: int) -> str:
    """Return the line for a vrrp_script that ends with another exit code than before."""
    return f"Script `{script}` now returning {status}"


def script_said(script: str, line: str) -> str:
    """Return the line for what a failing vrrp_script wrote on standard error."""
    return f"Script `{script}` says: {line}"


def script_not_run(script: str, problem: str) -> str:
    """Return the line for a vrrp_script that cannot be executed."""
    return f"Script `{script}` cannot be run: {problem}"


def script_skipped(script: str, *, overdue: bool) -> str:
    """Return the line for a run that does not take place because the one before has not ended."""
    return f"Track script {script} is {'being timed out' if overdue else 'already running'}, expect idle - skipping run"


def processes_polled(reason: str, interval: float) -> str:
    """Return the line for tracked processes of which the kernel does not tell."""
    return f"track_process: {reason}: looking at /proc every {interval:g} s instead"


def process_buffer(size: int) -> str:
    """Return the line for process events that were lost because the receive buffer is too small."""
    return f"Setting global_def process_monitor_rcv_bufs to {size} - recommend updating configuration file"


LINK_POLLING = "Using MII-BMSR/ETHTOOL NIC polling thread(s)..."


def linkbeat(interface: str, *, is_up: bool) -> str:
    """Return the line for an interface whose link polling found changed."""
    return f"Linkbeat reports {interface} {'up' if is_up else 'down'}"


def linkbeat_method(interface: str, wanted: str, used: str) -> str:
    """Return the line for an interface that cannot be asked in the way that was configured."""
    return f"({interface}): Configured linkbeat type {wanted} not supported, using {used}"
