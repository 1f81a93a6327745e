"""The supervisor's signals: blocked and waited for one by one, so that it may fork at any time.

Children inherit the blocked set: a signal that comes before a child has its handler waits for it, and one that the
child knows no handler for can never end it.
"""

from __future__ import annotations

import signal

STOP = frozenset({signal.SIGTERM, signal.SIGINT})
RELOAD = signal.SIGHUP
DATA = signal.SIGUSR1
STATS = signal.SIGUSR2
JSON = signal.SIGRTMIN + 2
JSON_ELSEWHERE = signal.SIGRTMIN + 3
"""Where JSON is with musl, whose SIGRTMIN is 35: tools made for it send this number whatever the library is."""
STATS_CLEAR = signal.SIGRTMAX - 1
CHILD = signal.SIGCHLD
ASKED = signal.SIGIO
"""Somebody connects to the parent's control socket."""

TO_ALL = frozenset({int(DATA)})
"""Passed on to every child."""

TO_VRRP = frozenset({int(STATS), JSON, JSON_ELSEWHERE, STATS_CLEAR})
"""Passed on to the VRRP child."""

WAITED = frozenset({*map(int, STOP), int(RELOAD), int(CHILD), int(ASKED)}) | TO_ALL | TO_VRRP

_ASKING = WAITED - {*map(int, STOP), int(CHILD), int(ASKED)}

_FAULTS = frozenset(
    {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS}
)
_JOB_CONTROL = frozenset({signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGCONT})
_UNCATCHABLE = frozenset({signal.SIGKILL, signal.SIGSTOP})
KEPT = frozenset(map(int, _FAULTS | _JOB_CONTROL | _UNCATCHABLE))


def hold() -> None:
    """Let what asks a daemon for something wait while it starts; what stops it still does so at once."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ASKING)


def take_over(*, ignore_interrupt: bool) -> None:
    """Block what the supervisor waits for, and ignore the rest: a stray signal must not end a failover daemon."""
    signal.pthread_sigmask(signal.SIG_BLOCK, WAITED)
    for number in WAITED:
        # SIGINT has Python's handler, and whoever started us may have had some ignored (nohup).
        signal.signal(number, signal.SIG_DFL)
    for number in signal.valid_signals():
        if number not in WAITED | KEPT and isinstance(number, int):
            signal.signal(number, signal.SIG_IGN)
    if ignore_interrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # a blocked signal is never dropped


def give_back() -> None:
    """Give a process that is no supervisor (the one that waits for a daemon to start) the ordinary behaviour."""
    for number in STOP:
        signal.signal(number, signal.SIG_DFL)
    for asking in _ASKING:
        signal.signal(asking, signal.SIG_IGN)  # meant for the daemon; what waits is dropped
    signal.pthread_sigmask(signal.SIG_UNBLOCK, WAITED)


def wait(timeout: float) -> int | None:
    """Return the number of the next signal; None when none came within `timeout` seconds."""
    came = signal.sigtimedwait(WAITED, max(timeout, 0.0))
    return None if came is None else came.si_signo


def name(number: int) -> str:
    """Return `SIGKILL` for 9, `SIGRTMIN+2` for 36."""
    if number in set(signal.Signals):
        return signal.Signals(number).name
    return f"SIGRTMIN+{number - signal.SIGRTMIN}" if number > signal.SIGRTMIN else f"signal {number}"
