"""All virtual servers of the process: begun, changed by a reload, ended; what checks find goes to the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.check.builder import Builder
from keepalived_py.check.health import Event, EventKind, Verdict
from keepalived_py.check.observations import FILE, Observations, Subject, subject_of
from keepalived_py.check.running import Identity, RunningReal, RunningVirtual, Watch, identity_of
from keepalived_py.check.service import NO_MARKS
from keepalived_py.check.slow_start import SlowStart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from keepalived_py.check.checks import Maker
    from keepalived_py.check.health import Events
    from keepalived_py.check.herald import Herald
    from keepalived_py.check.ipvs_sync import IpvsSync
    from keepalived_py.check.marks import Use
    from keepalived_py.check.plan import Table
    from keepalived_py.check.probe import ProbeResult
    from keepalived_py.config.model import Config
    from keepalived_py.kernel.ipvs import ServiceKey
    from keepalived_py.reactor import Reactor

_FLIPS = frozenset({Verdict.WENT_UP, Verdict.WENT_DOWN})
Place = tuple[RunningVirtual, RunningReal, Watch]
"""One check, and whose it is."""


class Farm:
    """The virtual servers.

    Args:
        reactor: the loop.
        kernel: the IPVS tables.
        herald: tells what happens.
        maker: makes the probes.

    Attributes:
        virtuals: by identity, in configured order.
        observations: what checks that ask nobody are judged by.
    """

    def __init__(self, reactor: Reactor, kernel: IpvsSync, herald: Herald, maker: Maker) -> None:
        self.virtuals: dict[Identity, RunningVirtual] = {}
        self.observations = Observations()
        self._marks = NO_MARKS
        self._kernel = kernel
        self._herald = herald
        self._builder = Builder(reactor, maker, self.observations, self._observed)
        self._slow_start = SlowStart(reactor, self._find, self._bring)
        self._addresses: frozenset[bytes] | None = None
        self._subjects: dict[Subject, list[Place]] | None = None

    # Begin, reload, end

    def start(self, config: Config, marks: Mapping[Use, int] = NO_MARKS) -> None:
        """Begin every virtual server; what an earlier process has left in the kernel of it is taken over.

        Args:
            config: the configuration.
            marks: which nftables gives to packets to groups.
        """
        self._marks = marks
        self._builder.configure(config, marks)
        for server in config.virtual_servers:
            self.virtuals[identity_of(server)] = self._builder.virtual_of(server, None)
        self._subjects = None
        self._kernel.adopt(frozenset(_keys(self.virtuals.values())))
        self._begin(list(self.virtuals.values()))

    def reload(self, config: Config, before: Config, marks: Mapping[Use, int] = NO_MARKS) -> None:
        """Make the running servers those of `config`; one that is the same is not touched, nor are its checks."""
        same_surroundings = _surroundings(config) == _surroundings(before) and marks == self._marks
        self._marks = marks
        self._builder.configure(config, marks)
        running: dict[Identity, RunningVirtual] = {}
        changed = []
        for server in config.virtual_servers:
            identity = identity_of(server)
            known = self.virtuals.get(identity)
            if known is not None and same_surroundings and known.config == server:
                running[identity] = known
                continue
            running[identity] = self._builder.virtual_of(server, known)
            changed.append(running[identity])
        earlier, self.virtuals, self._subjects = self.virtuals, running, None
        self._begin(changed)
        self._abandon(virtual for identity, virtual in earlier.items() if running.get(identity) is not virtual)
        self._builder.finished()
        gone = set(_keys(earlier.values())) - set(_keys(running.values()))
        self._kernel.bring({}, gone)
        for identity, virtual in earlier.items():
            new = running.get(identity)
            if new is None:
                self._herald.happened(virtual, virtual.health.ended())
            elif new is not virtual:
                self._herald.happened(virtual, virtual.health.left(virtual.reals.keys() - new.reals.keys()))
                self._herald.happened(new, new.health.reweighed(virtual.health))
        self._judge_everything_seen()

    def bring(self) -> None:
        """Put everything into the kernel, which has only just got IPVS."""
        self._kernel.adopt(frozenset(_keys(self.virtuals.values())))
        for virtual in self.virtuals.values():
            self._bring(virtual)

    def stop(self, *, keep: bool) -> None:
        """End every virtual server.

        Args:
            keep: leave the kernel's tables as they are.
        """
        virtuals, self.virtuals, self._subjects = list(self.virtuals.values()), {}, None
        self._abandon(virtuals)
        if not keep:
            self._kernel.bring({}, _keys(virtuals))
        for virtual in virtuals:
            events = virtual.health.ended()
            if virtual.config.omega:
                self._herald.happened(virtual, events)

    def _begin(self, virtuals: list[RunningVirtual]) -> None:
        """Put virtual servers into the kernel, all at once, then make and begin their checks, and tell of them."""
        events = [virtual.health.started() for virtual in virtuals]
        table: Table = {}
        for virtual in virtuals:
            table.update(virtual.table())
        self._kernel.bring(table, table)
        for virtual, happened in zip(virtuals, events, strict=True):
            self._builder.equip(virtual)
            self._herald.happened(virtual, happened)
            self._follow_address(virtual, quietly=True)
            if not virtual.suspended:
                _resume(virtual)

    def _abandon(self, virtuals: Iterable[RunningVirtual]) -> None:
        """End the checks of virtual servers that nobody has any more."""
        kept = {id(watch.schedule) for _, _, watch in self.places()}
        for _, _, watch in _places(virtuals):
            if watch.schedule is not None and id(watch.schedule) not in kept:
                watch.schedule.suspend()

    # ha_suspend

    @property
    def follows_addresses(self) -> bool:
        """Whether it matters which addresses this host has."""
        return self._addresses is not None

    def take_addresses(self, addresses: frozenset[bytes] | None) -> None:
        """Hear which addresses this host has, packed; None when nobody asks for them."""
        self._addresses = addresses
        for virtual in self.virtuals.values():
            self._follow_address(virtual)

    def _follow_address(self, virtual: RunningVirtual, *, quietly: bool = False) -> None:
        """Check only while this host has the address (ha_suspend)."""
        suspended = virtual.config.ha_suspend and not self._has_address(virtual)
        if suspended is virtual.suspended:
            return
        virtual.suspended = suspended
        if not quietly or suspended:
            self._herald.suspended(virtual)
        if not suspended:
            _resume(virtual)
            return
        for _, _, watch in _places([virtual]):
            if watch.schedule is not None:
                watch.schedule.suspend()

    def _has_address(self, virtual: RunningVirtual) -> bool:
        addresses = self._addresses or frozenset()
        return any(service.address in addresses for service in virtual.services)

    # Results

    def places(self) -> Iterator[Place]:
        """Yield every check with its surroundings."""
        return _places(self.virtuals.values())

    def observed(self, keyword: str, name: str, seen: int) -> None:
        """A tracked file has another number, or a BFD session another state.

        Args:
            keyword: of the checks that are about it, FILE_CHECK or BFD_CHECK.
            name: of the track_file or the session.
            seen: the number; of a session whether it is up.
        """
        if keyword == FILE:
            self.observations.files[name] = seen
        else:
            self.observations.sessions[name] = bool(seen)
        for place in self._about(keyword, name):
            self._judge(*place)

    def _about(self, keyword: str, name: str) -> list[Place]:
        """Return the checks that depend on something."""
        if self._subjects is None:
            self._subjects = {}
            for place in self.places():
                subject = subject_of(place[2].keyword, place[2].record)
                if subject is not None:
                    self._subjects.setdefault(subject, []).append(place)
        return self._subjects.get((keyword, name), [])

    def _judge_everything_seen(self) -> None:
        """A reload may have changed what is thought of something that was seen before."""
        for place in self.places():
            if place[2].schedule is None:
                self._judge(*place)

    def _judge(self, virtual: RunningVirtual, real: RunningReal, watch: Watch) -> None:
        result = self.observations.result_of(watch.keyword, watch.record)
        if result is not None:
            self._observed(virtual, real, watch, result)

    def _observed(self, virtual: RunningVirtual, real: RunningReal, watch: Watch, result: ProbeResult) -> Verdict:
        """A check has a result: the kernel first, then those who want to know."""
        if result.weight is None and result.added is None and watch.checker.knows(result):
            watch.checker.last = result
            return Verdict.SAME
        weight, was_up, was_alive = real.health.weight, watch.checker.is_up, real.health.is_alive
        verdict = watch.checker.observed(result)
        self._herald.observed(virtual, real, watch, result, verdict)
        events: Events = virtual.health.judged(real.name) if verdict in _FLIPS else ()
        if verdict is Verdict.STAYS_DOWN:
            events = (Event(EventKind.SERVER_STAYS_DOWN, real.name),)
        if result.ok and (result.weight is not None or result.added is not None):
            configured = real.health.configured_weight
            watch.checker.added_weight = result.added or 0 if result.weight is None else result.weight - configured
        if real.health.weight != weight:
            events += virtual.health.weighed(real.name, weight)
        if events:
            self._happened(virtual, events, result.detail)
        if watch.checker.is_up is not was_up:
            self._herald.flipped(virtual, real, watch, alive_changed=real.health.is_alive is not was_alive)
        return verdict

    def order(self, virtual: RunningVirtual, real: RunningReal, weight: int | None) -> None:
        """An operator orders a weight, 0 to drain the server; None ends that. It is kept over reloads."""
        before, real.health.ordered = real.health.weight, weight
        self._herald.ordered(virtual, real)
        events = virtual.health.weighed(real.name, before)
        if events:
            self._happened(virtual, events, "ordered by the operator")

    def _find(self, identity: Identity) -> RunningVirtual | None:
        return self.virtuals.get(identity)

    def _happened(self, virtual: RunningVirtual, events: Events, cause: str) -> None:
        for event in events:
            if event.kind is EventKind.SERVER_UP:
                self._slow_start.begin(identity_of(virtual.config), virtual, virtual.reals[event.server])
        self._slow_start.review(virtual)
        self._bring(virtual)
        self._herald.happened(virtual, events, cause)

    def _bring(self, virtual: RunningVirtual) -> None:
        self._kernel.bring(virtual.table(), virtual.keys)


def _surroundings(config: Config) -> tuple[Any, ...]:
    """Return what virtual servers and their checks depend on besides their own blocks."""
    return config.virtual_server_groups, _defaults(config), config.ssl


def _defaults(config: Config) -> tuple[Any, ...]:
    return config.global_defs.checker_log_all_failures, config.global_defs.share_checks


def _keys(virtuals: Iterable[RunningVirtual]) -> list[ServiceKey]:
    return [key for virtual in virtuals for key in virtual.keys]


def _places(virtuals: Iterable[RunningVirtual]) -> Iterator[Place]:
    return ((virtual, real, watch) for virtual in virtuals for real in virtual.reals.values() for watch in real.watches)


def _resume(virtual: RunningVirtual) -> None:
    for _, _, watch in _places([virtual]):
        if watch.schedule is not None:
            watch.schedule.start()
