"""Tells the outside what became of servers: one log line per decision, with its cause; scripts, pipes, mails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from keepalived_py.check.health import Event, EventKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.check.probe import ProbeResult
    from keepalived_py.check.running import RunningReal, RunningVirtual, Watch
    from keepalived_py.observability.log import Log

# By keyword: the line of a success, and how that of a failure begins; keepalived's words, which log watchers know.
_CHECKED = {
    "TCP_CHECK": ("TCP connection to {where} success.", "TCP connection to {where}"),
    "UDP_CHECK": ("UDP connection to {where} success.", "UDP_CHECK on service {where}"),
    "PING_CHECK": ("ICMP connection to {where} success.", "ICMP CHECK on service {where} of {virtual}"),
    "HTTP_GET": ("Remote Web server {where} succeed on service.", "HTTP_CHECK on service {where}"),
    "SSL_GET": ("Remote Web server {where} succeed on service.", "SSL_CHECK on service {where}"),
    "SMTP_CHECK": ("Remote SMTP server {where} succeed on service.", "SMTP_CHECK on service {where}"),
    "DNS_CHECK": ("DNS_CHECK ({where}) success.", "DNS_CHECK ({where})"),
    "MISC_CHECK": (
        "Misc check for [{real} VS {virtual}] by {where} succeeded.",
        "Misc check for [{real} VS {virtual}] by {where}",
    ),
    "FILE_CHECK": ("Tracked file {name} of {where} success.", "Tracked file {name} of {where}"),
}
_OTHER = ("{keyword} on service {where} success.", "{keyword} on service {where}")
# verb and preposition, without and with inhibit_on_failure
_MOVES = {
    EventKind.SERVER_UP: (("Adding", "to"), ("Enabling", "of")),
    EventKind.SERVER_DOWN: (("Removing", "from"), ("Disabling", "of")),
    EventKind.SORRY_SERVER_IN: (("Adding", "to"), ("Enabling", "to")),
    EventKind.SORRY_SERVER_OUT: (("Removing", "from"), ("Disabling", "from")),
}
# What follows for the other servers.
_CONSEQUENCES = {
    EventKind.SORRY_SERVER_IN: "Removing alive servers from the pool for VS {virtual}",
    EventKind.SORRY_SERVER_OUT: "Adding alive servers to the pool for VS {virtual}",
}


class Listener(Protocol):
    """Hears of every event, after its line is in the log."""

    def event_happened(self, virtual: RunningVirtual, real: RunningReal | None, event: Event, cause: str) -> None:
        """Something became of a virtual server, or of one of its real servers."""

    def check_flipped(self, virtual: RunningVirtual, real: RunningReal, watch: Watch, *, alive_changed: bool) -> None:
        """A check went up or down, and perhaps its real server with it."""


class Herald:
    """Words for what happens.

    Args:
        log: of the process.
    """

    def __init__(self, log: Log) -> None:
        self.listeners: list[Listener] = []
        self._log = log

    def observed(
        self, virtual: RunningVirtual, real: RunningReal, watch: Watch, result: ProbeResult, verdict: Verdict
    ) -> None:
        """A check has ended; only what is new, or a failure, is worth a line."""
        if watch.keyword == "BFD_CHECK":
            self._session_observed(real, watch, verdict)
            return
        if verdict is Verdict.SAME:  # nearly every time
            return
        words = {
            "keyword": watch.keyword,
            "where": watch.where,
            "name": watch.record.track_file if watch.keyword == "FILE_CHECK" else "",
            "real": real.name,
            "virtual": virtual.name,
        }
        success, failure = _CHECKED.get(watch.keyword, _OTHER)
        what = failure.format_map(words)
        if verdict is Verdict.WENT_UP:
            self._log.info(success.format_map(words))
        elif verdict in {Verdict.WENT_DOWN, Verdict.STAYS_DOWN}:
            tries = watch.checker.retry + 1
            self._log.info(f"{what} failed: {result.detail} ({tries} of {tries})")
        elif watch.settings.log_all_failures or self._log.detail:
            self._log.info(f"{what} failed: {result.detail} ({watch.checker.streak} of {watch.checker.retry + 1})")

    def _session_observed(self, real: RunningReal, watch: Watch, verdict: Verdict) -> None:
        if verdict is not Verdict.SAME:
            state = "UP" if watch.checker.is_up else "DOWN"
            self._log.info(f"BFD check of [{watch.record.name}] RS({real.full_name}) is {state}")

    def suspended(self, virtual: RunningVirtual) -> None:
        """The checks of a virtual server rest, or go on, because its address went or came (ha_suspend)."""
        began = "Suspending" if virtual.suspended else "Activating"
        for real in virtual.reals.values():
            if real.watches:
                self._log.info(f"{began} healthchecker for service {real.name} for VS {virtual.name}")

    def ordered(self, virtual: RunningVirtual, real: RunningReal) -> None:
        """An operator has ordered a weight, or ended that."""
        weight = real.health.ordered
        what = "Enabling" if weight is None else f"Setting weight {weight} for" if weight else "Draining"
        self._log.info(f"{what} service {real.name} of VS {virtual.name}, as ordered at the control socket")

    def happened(self, virtual: RunningVirtual, events: Sequence[Event], cause: str = "") -> None:
        """Log events and tell the listeners of them, in order."""
        for event in events:
            real = virtual.reals.get(event.server)
            line = self._line(virtual, real, event)
            if line:
                self._log.info(line)
            if event.kind in _CONSEQUENCES:
                self._log.info(_CONSEQUENCES[event.kind].format(virtual=virtual.name))
            for listener in self.listeners:
                listener.event_happened(virtual, real, event, cause)

    def flipped(self, virtual: RunningVirtual, real: RunningReal, watch: Watch, *, alive_changed: bool) -> None:
        """Tell the listeners that a check changed its mind."""
        for listener in self.listeners:
            listener.check_flipped(virtual, real, watch, alive_changed=alive_changed)

    def _line(self, virtual: RunningVirtual, real: RunningReal | None, event: Event) -> str:
        """Return the line of an event; empty for what is understood at the start."""
        if event.kind is EventKind.SERVER_STAYS_DOWN or (event.at_start and event.kind is not EventKind.QUORUM_LOST):
            return ""
        name = virtual.name
        if event.kind in _MOVES:
            sorry = event.kind in {EventKind.SORRY_SERVER_IN, EventKind.SORRY_SERVER_OUT}
            inhibited = virtual.health.sorry_inhibit if sorry else real is not None and real.health.inhibit
            verb, word = _MOVES[event.kind][inhibited]
            line = f"{verb} {'sorry server' if sorry else 'service'} {event.server} {word} VS {name}"
            left = f", {virtual.health.live_weight} of quorum {virtual.health.quorum} left"
            return line + left if event.kind is EventKind.SERVER_DOWN else line
        if event.kind is EventKind.WEIGHT_CHANGED:
            active = "active" if real is not None and real.health.is_alive else "inactive"
            return f"Changing weight from {event.old} to {event.new} for {active} service {event.server} of VS {name}"
        return self._quorum_line(virtual, event)

    def _quorum_line(self, virtual: RunningVirtual, event: Event) -> str:
        health = virtual.health
        if event.kind is EventKind.QUORUM_GAINED:
            began, sign, relation = "Gained quorum", "+", "<="
        else:
            began, sign, relation = "Starting with quorum down" if event.at_start else "Lost quorum", "-", ">"
        numbers = f"{health.quorum}{sign}{health.hysteresis}={event.threshold} {relation} {event.new}"
        return f"{began} {numbers} for VS {virtual.name}"
