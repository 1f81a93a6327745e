"""Makes running virtual servers of configured ones; what a predecessor has found out is kept where it still holds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from keepalived_py.check.checks import records_of
from keepalived_py.check.health import Checker, RealServer, VirtualServer
from keepalived_py.check.running import RunningReal, RunningVirtual, Watch, real_full_name, real_key, sorry_key
from keepalived_py.check.schedule import Schedule
from keepalived_py.check.service import NO_MARKS, services_of
from keepalived_py.check.settings import settings_of
from keepalived_py.check.sharing import Share, Sharing

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from keepalived_py.check.checks import Maker
    from keepalived_py.check.marks import Use
    from keepalived_py.check.observations import Observations
    from keepalived_py.check.probe import ProbeResult
    from keepalived_py.check.settings import Settings
    from keepalived_py.config.model import Config
    from keepalived_py.config.model.check import RealServer as RealServerConfig
    from keepalived_py.config.model.check import VirtualServer as VirtualServerConfig
    from keepalived_py.config.model.check import VirtualServerGroup
    from keepalived_py.reactor import Reactor

    Observer = Callable[[RunningVirtual, RunningReal, Watch, ProbeResult], Any]

_PATIENCE: Final = frozenset(
    {
        "alpha",
        "connect_timeout",
        "delay_before_retry",
        "delay_loop",
        "log_all_failures",
        "retry",
        "rise",
        "warmup",
    }
)
"""What of a check says how often and how patiently it asks, not what it asks."""


_OWN: Final = frozenset({"AGENT_CHECK"})
"""Checks whose result depends on the weight of the server behind each virtual server: never shared."""


class Builder:
    """Makes running virtual servers.

    Args:
        reactor: the loop.
        maker: makes the probes.
        observations: what checks that ask nobody are judged by.
        observed: told each result of a check.
    """

    def __init__(self, reactor: Reactor, maker: Maker, observations: Observations, observed: Observer) -> None:
        self._reactor = reactor
        self._maker = maker
        self._observations = observations
        self._observed = observed
        self._sharing = Sharing(reactor)
        self._marks = NO_MARKS
        self._groups: Mapping[str, VirtualServerGroup] = {}
        self._config: Config | None = None

    def configure(self, config: Config, marks: Mapping[Use, int] = NO_MARKS) -> None:
        """Take what virtual servers depend on besides their own blocks."""
        self._marks = marks
        self._config = config
        self._groups = {group.name: group for group in config.virtual_server_groups}
        self._maker.configure(config.ssl)

    def finished(self) -> None:
        """Everything is built and begun: forget what nobody uses any more."""
        self._sharing.prune()

    def virtual_of(self, config: VirtualServerConfig, known: RunningVirtual | None) -> RunningVirtual:
        """Return a virtual server that can run as soon as it has its checks (`equip`).

        Args:
            config: as it is to be.
            known: its predecessor; None for a new one.
        """
        reals = [self._real_of(real, config, known) for real in config.real_server]
        health = VirtualServer(
            [real.health for real in reals],
            quorum=config.quorum,
            hysteresis=config.hysteresis,
            sorry_server=sorry_key(config),
            sorry_inhibit=config.sorry_server_inhibit,
        )
        services = services_of(config, self._groups, self._marks)
        virtual = RunningVirtual(config, services, health, {real.name: real for real in reals})
        if known is not None:
            health.has_quorum = known.health.has_quorum
        return virtual

    def equip(self, virtual: RunningVirtual) -> None:
        """Make the probes of a virtual server and give them their runs."""
        for real in virtual.reals.values():
            for watch in real.watches:
                self._schedule(virtual, real, watch)

    def _real_of(
        self, config: RealServerConfig, virtual: VirtualServerConfig, known: RunningVirtual | None
    ) -> RunningReal:
        key = real_key(config, virtual)
        before = known.reals.get(key) if known is not None else None
        watches = self._watches(config, virtual, key, before)
        weight = virtual.weight if config.weight is None else config.weight
        inhibit = virtual.inhibit_on_failure if config.inhibit_on_failure is None else config.inhibit_on_failure
        health = RealServer(key, weight, inhibit=inhibit, checkers=[watch.checker for watch in watches])
        if before is not None:
            health.is_alive = before.health.is_alive
            health.ordered, health.ceiling = before.health.ordered, before.health.ceiling
        return RunningReal(config, key, real_full_name(config, virtual), health, watches)

    def _watches(
        self, config: RealServerConfig, virtual: VirtualServerConfig, key: str, before: RunningReal | None
    ) -> list[Watch]:
        assert self._config is not None
        remaining = list(before.watches) if before is not None else []
        watches = []
        for keyword, record in records_of(config):
            settings = settings_of(record, config, virtual, self._config.global_defs)
            kept = next((one for one in remaining if _asks_the_same(one.record, record)), None)
            if kept is None:
                # A server that lives goes on living until a check that a reload brings has failed.
                alpha = settings.alpha and not (before is not None and before.health.is_alive)
                watches.append(self._watch(keyword, record, settings, key, alpha=alpha))
                continue
            remaining.remove(kept)
            watches.append(_continued(kept, record, settings))
        return watches

    def _watch(self, keyword: str, record: Any, settings: Settings, where: str, *, alpha: bool) -> Watch:
        """Return a check with what is known of it already."""
        checker = Checker(settings.retry, alpha=alpha, rise=settings.rise)
        result = self._observations.result_of(keyword, record)
        if result is not None:
            checker.observed(result)
            checker.added_weight = result.added or 0
        return Watch(record, keyword, settings, where, checker, None)

    def _schedule(self, virtual: RunningVirtual, real: RunningReal, watch: Watch) -> None:
        """Give a check its runs; one that a reload kept goes on, and tells its new surroundings what it finds."""
        observed = partial(self._observed, virtual, real, watch)
        made = self._maker.probe_of(watch.keyword, watch.record, real.config, virtual.config, watch.settings)
        if made is None:
            return
        probe, watch.where = made
        if self._config is not None and self._config.global_defs.share_checks and watch.keyword not in _OWN:
            key = _question(real.config, virtual.config, watch)
            watch.schedule = self._sharing.share(key, watch.settings, probe, observed)
        elif watch.schedule is None or isinstance(watch.schedule, Share):
            watch.schedule = Schedule(self._reactor, watch.settings, probe, observed)
        else:
            watch.schedule.tell(observed)
            watch.schedule.reconfigured(watch.settings, probe)


def _question(server: RealServerConfig, virtual: VirtualServerConfig, watch: Watch) -> Hashable:
    """Return what two checks must have in common to share their runs."""
    host = server.virtualhost or virtual.virtualhost
    port = server.port or virtual.port
    return watch.keyword, watch.record, watch.settings, server.address, port, host, virtual.delay_loop


def _asks_the_same(one: Any, other: Any) -> bool:
    """Return whether two checks ask the same thing, however often."""
    if one == other:
        return True
    names = type(one).defaults_
    return type(one) is type(other) and all(
        getattr(one, name) == getattr(other, name) for name in names if name not in _PATIENCE
    )


def _continued(watch: Watch, record: Any, settings: Settings) -> Watch:
    """Return a check that a reload kept: its state and counters stay, its patience is the new one."""
    checker, schedule = watch.checker, watch.schedule
    checker.retry, checker.rise = settings.retry, settings.rise
    return Watch(record, watch.keyword, settings, watch.where, checker, schedule)
