"""The state of an instance as values: what status and dumps show, taken at one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.structure import structure
from keepalived_py.vrrp.cause import Event
from keepalived_py.vrrp.reception import address_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from keepalived_py.vrrp.running import RunningGroup, RunningInstance
    from keepalived_py.vrrp.state import Rival
    from keepalived_py.vrrp.takeover import PlacedAddress
    from keepalived_py.vrrp.tracked_item import Rung


@structure
class Refused:
    """Adverts of one peer that one check refused, in the row that goes on now.

    Attributes:
        reason: in words.
        count: in this row.
        total: since the peer is known.
        lasting: seconds from the first to the last of the row.
        age: seconds since the last.
    """

    reason: str
    count: int
    total: int
    lasting: float
    age: float


@structure
class PeerReport:
    """Another router.

    Attributes:
        source: its address as text.
        adverts: how many counted.
        age: seconds since the last that counted; None for none.
        priority: what it said last.
        interval: seconds, as it says.
        refused: why others did not count.
    """

    source: str
    adverts: int
    age: float | None
    priority: int
    interval: float
    refused: tuple[Refused, ...]


@structure
class AddressReport:
    """A virtual address.

    Attributes:
        address: as text, with its prefix length.
        interface: that it belongs on.
        is_present: whether it is there.
    """

    address: str
    interface: str
    is_present: bool


@structure
class GroupReport:
    """The sync group of an instance.

    Attributes:
        name: of the group.
        state: of the group.
        held_down_by: members with a fault.
    """

    name: str
    state: str
    held_down_by: tuple[str, ...]


@structure(kw_only=True)
class InstanceReport:
    """One instance. Times are seconds before the moment of the report.

    Attributes:
        name: of the instance.
        state: INIT, BACKUP, MASTER or FAULT.
        wanted: state that it was configured to begin with.
        age: since it entered its state; None when it did so in an earlier process (adoption).
        cause: of that transition.
        event: kind of cause.
        source: whom the cause came from.
        interface: that adverts use; empty for none.
        vrid: virtual router id.
        family: 4 or 6.
        version: of the protocol.
        source_address: of our adverts; empty for none.
        configured_priority: as configured.
        priority: effective.
        ladder: steps between both.
        master: address of the master, ours as MASTER; empty when it is not known.
        master_priority: its priority; 0 when it is not known.
        advertisement_interval: between adverts of the master.
        master_down_interval: of silence that a BACKUP waits.
        faults: reasons for FAULT.
        group: sync group; None without one.
        addresses: how many virtual addresses it has; `addresses_of` tells of each.
        misplaced: virtual addresses whose interface does not exist.
        peers: how many other routers are known; `peers_of` tells of each.
        rival: another master that was heard while we were one, and why; None for none.
        send_problems: why adverts do not leave, by destination.
        refused: adverts that did not count, by reason.
        counters: keepalived's statistics by name.
    """

    name: str
    state: str
    wanted: str
    age: float | None
    cause: str
    event: str
    source: str
    interface: str
    vrid: int
    family: int
    version: int
    source_address: str
    configured_priority: int
    priority: int
    ladder: tuple[Rung, ...]
    master: str
    master_priority: int
    advertisement_interval: float
    master_down_interval: float
    faults: tuple[str, ...]
    group: GroupReport | None
    addresses: int
    misplaced: tuple[str, ...]
    peers: int
    rival: tuple[str, str, float] | None
    send_problems: dict[str, str]
    refused: dict[str, int]
    counters: dict[str, int]


def report_of(
    running: RunningInstance,
    now: float,
    ladder: Sequence[Rung] = (),
    group: GroupReport | None = None,
) -> InstanceReport:
    """Return the state of one instance.

    Args:
        running: the instance.
        now: monotonic seconds.
        ladder: what tracking adds to its priority.
        group: its sync group.
    """
    router = running.router
    instance, parameters, made = router.instance, router.parameters, router.transition
    is_master = instance.state.name == "MASTER"
    master = instance.source_address if is_master else instance.master_address
    return InstanceReport(
        name=running.name,
        state=instance.state.name,
        wanted=running.config.state or "BACKUP",
        age=now - made.at if made else None,
        cause=made.cause if made else "goes on where a crashed process stopped",
        event=(made.event if made else Event.ADOPTED).value,
        source=made.source if made else "",
        interface=running.config.interface or "",
        vrid=parameters.vrid,
        family=parameters.family,
        version=parameters.version,
        source_address=_text(instance.source_address),
        configured_priority=parameters.priority,
        priority=instance.priority,
        ladder=tuple(ladder),
        master=_text(master),
        master_priority=instance.priority if is_master else instance.master_priority,
        advertisement_interval=instance.master_interval,
        master_down_interval=instance.master_down_interval,
        faults=tuple(instance.faults),
        group=group,
        addresses=len(running.takeover.addresses),
        misplaced=running.misplaced,
        peers=len(router.peers),
        rival=_rival(router.rival, now) if is_master else None,
        send_problems={_text(destination): problem for destination, problem in running.send_problems.items()},
        refused={rejection.value: count for rejection, count in router.rejections.items()},
        counters={name: getattr(router.counters, name) for name in router.counters.__match_args__},
    )


def group_report(group: RunningGroup, instances: Mapping[str, RunningInstance]) -> GroupReport:
    """Return the state of a sync group, and which of its members hold it down.

    Args:
        group: the group.
        instances: all running ones by name.
    """
    members = [instances[name] for name in group.config.group if name in instances]
    culprits = tuple(running.name for running in members if running.router.instance.own_faults)
    return GroupReport(group.name, group.machine.state.name, culprits)


def addresses_of(running: RunningInstance, is_present: Callable[[PlacedAddress], bool]) -> Iterator[AddressReport]:
    """Return every virtual address of an instance; there may be thousands.

    Args:
        running: the instance.
        is_present: tells whether an address is on its interface.
    """
    for placed in running.takeover.addresses:
        text = f"{placed.text}/{placed.request.prefix_length}"
        yield AddressReport(text, placed.interface_name, is_present(placed))


def peers_of(running: RunningInstance, now: float) -> Iterator[PeerReport]:
    """Return every other router that is known, the one heard last at the end."""
    for source, peer in tuple(running.router.peers):
        refused = tuple(
            Refused(rejection.reason, row.count, row.total, row.last_at - row.first_at, now - row.last_at)
            for rejection, row in peer.refused.items()
        )
        age = now - peer.heard_at if peer.adverts else None
        yield PeerReport(_text(source), peer.adverts, age, peer.priority, peer.interval, refused)


def as_values(report: InstanceReport) -> dict[str, Any]:
    """Return a report as what JSON knows: dictionaries, lists, text, numbers."""
    names: tuple[str, ...] = type(report).__match_args__
    values: dict[str, Any] = {name: plain(getattr(report, name)) for name in names}
    values["ladder"] = [{**rung._asdict(), "kind": rung.kind.value} for rung in report.ladder]
    if report.rival is not None:
        values["rival"] = dict(zip(("source", "reason", "age"), report.rival, strict=True))
    return values


def plain(value: Any) -> Any:
    """Return structures as dictionaries, tuples as lists."""
    names: tuple[str, ...] = getattr(type(value), "__match_args__", ())
    if names:
        return {name: plain(getattr(value, name)) for name in names}
    return [plain(each) for each in value] if isinstance(value, tuple) else value


def _text(address: bytes) -> str:
    return address_text(address) if address else ""


def _rival(rival: Rival | None, now: float) -> tuple[str, str, float] | None:
    return None if rival is None else (_text(rival.source), rival.reason, now - rival.at)
