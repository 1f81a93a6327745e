"""The state of virtual servers as values: what the control socket tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.kernel.ipvs_statistics import NAMES

if TYPE_CHECKING:
    from keepalived_py.check.running import RunningReal, RunningVirtual, Watch
    from keepalived_py.kernel.ipvs_statistics import Statistics


def virtual_values(virtual: RunningVirtual) -> dict[str, Any]:
    """Return a virtual server without its real servers."""
    health = virtual.health
    return {
        "name": virtual.name,
        "full_name": virtual.full_name,
        "protocol": virtual.config.protocol,
        "scheduler": virtual.config.lvs_sched,
        "has_quorum": health.has_quorum,
        "quorum": health.quorum,
        "hysteresis": health.hysteresis,
        "live_weight": health.live_weight,
        "sorry_server": health.sorry_server,
        "sorry_server_in": bool(health.sorry_server) and health.has_quorum is False,
        "suspended": virtual.suspended,
        "servers": len(virtual.reals),
    }


def real_values(virtual: RunningVirtual, real: RunningReal, now: float) -> dict[str, Any]:
    """Return a real server with its checks; `age` is seconds since the last run of a check ended."""
    health = real.health
    used = virtual.health.desired().get(real.name)
    return {
        "name": real.name,
        "is_alive": health.is_alive,
        "configured_weight": health.configured_weight,
        "weight": health.weight,
        "weight_in_use": used,
        "ordered_weight": health.ordered,
        "slow_start_weight": health.ceiling,
        "checks": [_check_values(watch, now) for watch in real.watches],
    }


def _check_values(watch: Watch, now: float) -> dict[str, Any]:
    checker, schedule = watch.checker, watch.schedule
    ran = schedule is not None and schedule.runs > 0
    return {
        "kind": watch.keyword,
        "where": watch.where,
        "is_up": checker.is_up,
        "has_run": checker.has_run,
        "streak": checker.streak,
        "retry": checker.retry,
        "rise": checker.rise,
        "added_weight": checker.added_weight,
        "result": None if checker.last is None else "success" if checker.last.ok else checker.last.detail or "failure",
        "age": now - schedule.last_ended_at if schedule is not None and ran else None,
        "duration": schedule.last_duration if schedule is not None and ran else None,
        "runs": schedule.runs if schedule is not None else None,
        "failures": schedule.failures if schedule is not None else None,
    }


def service_counters(found: Statistics | None) -> dict[str, int] | None:
    """Return what went through a virtual server; None when the kernel does not have it."""
    return None if found is None else {name: getattr(found, name) for name in NAMES.values()}


def destination_counters(found: Statistics | None) -> dict[str, int] | None:
    """Return what went through a real server, and its connections now; None when the kernel does not have it."""
    return None if found is None else found._asdict()


def spellings(virtual: RunningVirtual) -> set[str]:
    """Return what an operator may call a virtual server: with and without brackets and protocol."""
    names = {virtual.name, virtual.full_name}
    if virtual.config.fwmark is not None:
        names |= {f"fwmark:{virtual.config.fwmark}", f"fwm:{virtual.config.fwmark}"}
    if virtual.config.group is not None:
        names.add(virtual.config.group)
    return {plain(name) for name in names}


def plain(name: str) -> str:
    """Return a name without what may be left out or written in other ways."""
    return name.replace("[", "").replace("]", "").replace(" ", ":").lower()
