"""All virtual servers of the process: begun, changed by a reload, ended; what checks find goes to the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.check.checks import records_of
from keepalived_py.check.health import Checker, RealServer, Verdict, VirtualServer
from keepalived_py.check.running import (
    Identity,
    RunningReal,
    RunningVirtual,
    Watch,
    identity_of,
    real_full_name,
    real_key,
    sorry_key,
)
from keepalived_py.check.schedule import Schedule
from keepalived_py.check.service import services_of
from keepalived_py.check.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keepalived_py.check.checks import Maker
    from keepalived_py.check.herald import Herald
    from keepalived_py.check.ipvs_sync import IpvsSync
    from keepalived_py.check.probe import ProbeResult
    from keepalived_py.config.model import Config
    from keepalived_py.config.model.check import RealServer as RealServerConfig
    from keepalived_py.config.model.check import VirtualServer as VirtualServerConfig
    from keepalived_py.config.model.check import VirtualServerGroup
    from keepalived_py.config.model.globals import GlobalDefs
    from keepalived_py.reactor import Reactor


class Farm:
    """The virtual servers.

    Args:
        reactor: the loop.
        kernel: the IPVS tables.
        herald: tells what happens.
        maker: makes the probes.

    Attributes:
        virtuals: by identity, in configured order.
    """

    def __init__(self, reactor: Reactor, kernel: IpvsSync, herald: Herald, maker: Maker) -> None:
        self.virtuals: dict[Identity, RunningVirtual] = {}
        self._reactor = reactor
        self._kernel = kernel
        self._herald = herald
        self._maker = maker

    # Begin, reload, end

    def start(self, config: Config, *, adopt: bool) -> None:
        """Begin every virtual server.

        Args:
            config: the configuration.
            adopt: the kernel holds what an earlier process, which crashed, has put there: it is taken over.
        """
        groups = _groups(config)
        self._maker.configure(config.ssl)
        for server in config.virtual_servers:
            virtual = self._made(server, groups, config.global_defs, None)
            self.virtuals[identity_of(server)] = virtual
            if adopt:
                self._kernel.adopt(virtual.keys)
            self._begin(virtual)

    def reload(self, config: Config, before: Config) -> None:
        """Make the running servers those of `config`; one that is the same is not touched, nor are its checks."""
        groups = _groups(config)
        self._maker.configure(config.ssl)
        same_surroundings = _surroundings(config) == _surroundings(before)
        wanted = {identity_of(server): server for server in config.virtual_servers}
        gone = [virtual for identity, virtual in self.virtuals.items() if identity not in wanted]
        running = {}
        for identity, server in wanted.items():
            known = self.virtuals.get(identity)
            if known is not None and same_surroundings and known.config == server:
                running[identity] = known
                continue
            virtual = self._made(server, groups, config.global_defs, known)
            running[identity] = virtual
            if known is not None:
                self._leave_behind(known, virtual)
            self._begin(virtual)
        for virtual in gone:
            self._end(virtual)
        self.virtuals = running

    def stop(self, *, keep: bool) -> None:
        """End every virtual server.

        Args:
            keep: leave the kernel's tables as they are.
        """
        for virtual in self.virtuals.values():
            self._end(virtual, keep=keep, stopping=True)
        self.virtuals.clear()

    def _begin(self, virtual: RunningVirtual) -> None:
        self._herald.happened(virtual, virtual.health.started())
        self._bring(virtual)
        for watch in _watches(virtual):
            if watch.schedule is not None and not virtual.suspended:
                watch.schedule.start()

    def _leave_behind(self, known: RunningVirtual, virtual: RunningVirtual) -> None:
        """End the checks that a reload took away, and services that are not of this virtual server any more."""
        kept = {id(watch) for watch in _watches(virtual)}
        for watch in _watches(known):
            if id(watch) not in kept and watch.schedule is not None:
                watch.schedule.suspend()
        gone = set(known.keys) - set(virtual.keys)
        self._kernel.bring({}, gone)

    def _end(self, virtual: RunningVirtual, *, keep: bool = False, stopping: bool = False) -> None:
        for watch in _watches(virtual):
            if watch.schedule is not None:
                watch.schedule.suspend()
        if not keep:
            self._kernel.bring({}, virtual.keys)
        # With omega the end of the daemon is the end of every server; a reload that removes one always says so.
        events = virtual.health.ended()
        if virtual.config.omega or not stopping:
            self._herald.happened(virtual, events)

    # Making

    def _made(
        self,
        config: VirtualServerConfig,
        groups: Mapping[str, VirtualServerGroup],
        defaults: GlobalDefs,
        known: RunningVirtual | None,
    ) -> RunningVirtual:
        """Return a running virtual server; what `known`, its predecessor, found out is kept where it still holds."""
        reals = [self._made_real(real, config, defaults, known) for real in config.real_server]
        health = VirtualServer(
            [real.health for real in reals],
            quorum=config.quorum,
            hysteresis=config.hysteresis,
            sorry_server=sorry_key(config),
            sorry_inhibit=config.sorry_server_inhibit,
        )
        virtual = RunningVirtual(config, services_of(config, groups), health, {real.name: real for real in reals})
        if known is not None:
            health.has_quorum = known.health.has_quorum
            virtual.suspended = known.suspended
        for real in reals:
            for watch in real.watches:
                self._schedule(virtual, real, watch)
        return virtual

    def _made_real(
        self,
        config: RealServerConfig,
        virtual: VirtualServerConfig,
        defaults: GlobalDefs,
        known: RunningVirtual | None,
    ) -> RunningReal:
        key = real_key(config, virtual)
        before = known.reals.get(key) if known is not None else None
        remaining = list(before.watches) if before is not None else []
        watches = []
        for keyword, record in records_of(config):
            settings = settings_of(record, config, virtual, defaults)
            kept = next((one for one in remaining if one.record == record and one.settings == settings), None)
            if kept is not None:
                remaining.remove(kept)
            watches.append(kept or Watch(record, keyword, settings, key, Checker(settings.retry, alpha=settings.alpha)))
        weight = virtual.weight if config.weight is None else config.weight
        inhibit = virtual.inhibit_on_failure if config.inhibit_on_failure is None else config.inhibit_on_failure
        health = RealServer(key, weight, inhibit=inhibit, checkers=[watch.checker for watch in watches])
        if before is not None:
            health.is_alive = before.health.is_alive and health.should_live
        return RunningReal(config, key, real_full_name(config, virtual), health, watches)

    def _schedule(self, virtual: RunningVirtual, real: RunningReal, watch: Watch) -> None:
        """Give a check its runs; one that a reload kept goes on, and tells its new surroundings what it finds."""

        def observed(result: ProbeResult) -> Verdict:
            return self._observed(virtual, real, watch, result)

        if watch.schedule is not None:
            watch.schedule.tell(observed)
            return
        made = self._maker.probe_of(watch.keyword, watch.record, real.config, virtual.config, watch.settings)
        if made is not None:
            probe, watch.where = made
            watch.schedule = Schedule(self._reactor, watch.settings, probe, observed)

    # Results

    def _observed(self, virtual: RunningVirtual, real: RunningReal, watch: Watch, result: ProbeResult) -> Verdict:
        weight = real.health.weight
        verdict = watch.checker.observed(result)
        self._herald.observed(real, watch, result, verdict)
        events: tuple[Any, ...] = ()
        if verdict in {Verdict.WENT_UP, Verdict.WENT_DOWN}:
            alive = real.health.is_alive
            events = virtual.health.judged(real.name)
            self._herald.flipped(virtual, real, watch, alive_changed=real.health.is_alive is not alive)
        if result.ok and result.weight is not None:
            watch.checker.added_weight = result.weight - real.health.configured_weight
        events += virtual.health.weighed(real.name, weight) if real.health.weight != weight else ()
        if events:
            self._herald.happened(virtual, events, result.detail)
            self._bring(virtual)
        return verdict

    def _bring(self, virtual: RunningVirtual) -> None:
        self._kernel.bring(virtual.table(), virtual.keys)


def _groups(config: Config) -> Mapping[str, VirtualServerGroup]:
    return {group.name: group for group in config.virtual_server_groups}


def _surroundings(config: Config) -> tuple[Any, ...]:
    """Return what virtual servers and their checks depend on besides their own blocks."""
    return config.virtual_server_groups, config.global_defs.checker_log_all_failures, config.ssl


def _watches(virtual: RunningVirtual) -> Iterable[Watch]:
    return (watch for real in virtual.reals.values() for watch in real.watches)
