"""What `global_defs` says about one process: its name, its scheduling, its memory. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.structure import structure

if TYPE_CHECKING:
    from keepalived_py.config.model.processes import ProcessDefs

DEFAULT_NAME = "keepalived"
PARENT, VRRP, CHECKER, BFD = "parent", "vrrp", "checker", "bfd"

_FIELDS = {
    VRRP: (
        ("vrrp_process_name", "keepalived_vrrp"),
        ("vrrp_priority", "vrrp_rt_priority", "vrrp_rlimit_rttime", "vrrp_cpu_affinity", "vrrp_no_swap"),
    ),
    CHECKER: (
        ("checker_process_name", "keepalived_lvs"),
        ("checker_priority", "checker_rt_priority", "checker_rlimit_rttime", "checker_cpu_affinity", "checker_no_swap"),
    ),
    BFD: (
        ("bfd_process_name", "keepalived_bfd"),
        ("bfd_priority", "bfd_rt_priority", "bfd_rlimit_rttime", "bfd_cpu_affinity", "bfd_no_swap"),
    ),
}
"""For each child the keyword of its name, what `process_names` calls it, and the keywords of the rest."""


@structure
class ProcessSettings:
    """How one process is to run.

    Attributes:
        name: its comm.
        nice: -20 (first) to 19 (last); 0 for the value that the daemon was started with.
        realtime: priority under SCHED_RR from the start, 1 to 99; 0 for none.
        time_limit: processor time in seconds that it may use under SCHED_RR without a pause.
        processors: numbers of the processors it may use; () for all.
        locked: whether its memory is kept from being swapped out.
        highest_realtime: real-time priority up to which it is raised when timers fire late; 0 for not at all.
        late_after: how late, in seconds.
    """

    name: str = DEFAULT_NAME
    nice: int = 0
    realtime: int = 0
    time_limit: float = 0.01
    processors: tuple[int, ...] = ()
    locked: bool = False
    highest_realtime: int = 0
    late_after: float = 1.0


def settings_of(process: str, defs: ProcessDefs) -> ProcessSettings:
    """Return the settings of child `process`."""
    (name, standard), fields = _FIELDS[process]
    nice, realtime, limit_us, processors, locked = (getattr(defs, field) for field in fields)
    inherited = standard if defs.process_names else parents_name(defs)
    return ProcessSettings(
        name=getattr(defs, name) or inherited,
        nice=nice,
        realtime=realtime,
        time_limit=limit_us / 1e6,
        processors=processors,
        locked=locked,
        highest_realtime=max(defs.max_auto_priority, 0),
        late_after=defs.min_auto_priority_delay / 1e6,
    )


def parents_name(defs: ProcessDefs) -> str:
    """Return the comm of the parent."""
    return defs.process_name or DEFAULT_NAME


def raised(realtime: int, settings: ProcessSettings) -> int:
    """Return the real-time priority of a process that was late under `realtime` (0: ordinary scheduling)."""
    return realtime + 1 if realtime < settings.highest_realtime else realtime


def kept(realtime: int, settings: ProcessSettings) -> int:
    """Return the real-time priority under new settings of a process that runs under `realtime`.

    What lateness has raised stays, as far as the settings allow it.
    """
    return max(settings.realtime, min(realtime, settings.highest_realtime))
