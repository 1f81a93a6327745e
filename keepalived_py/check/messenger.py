"""Tells scripts, pipes and mails what became of servers."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from keepalived_py.check.health import Event, EventKind
from keepalived_py.notify.mail import Alert
from keepalived_py.notify.pipes import NotifyPipes, Wish
from keepalived_py.notify.smtp_alert import SmtpAlerts
from keepalived_py.script_command import command_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from keepalived_py.check.running import RunningReal, RunningVirtual, Watch
    from keepalived_py.config.arguments import Script
    from keepalived_py.config.model.globals import GlobalDefs
    from keepalived_py.execution import Command
    from keepalived_py.observability.log import Log
    from keepalived_py.program import Outcome, Programs
    from keepalived_py.reactor import Reactor

PATIENCE = 60.0
"""Seconds that a script may take before the next one of the same server is started all the same."""
_UP = {EventKind.SERVER_UP: True, EventKind.SERVER_DOWN: False, EventKind.SERVER_STAYS_DOWN: False}
_QUORUM = {EventKind.QUORUM_GAINED: True, EventKind.QUORUM_LOST: False}


class ScriptLines:
    """Scripts of different servers run side by side, those of one server one after the other.

    What waits is pointless when something newer comes: only the newest is kept.

    Args:
        reactor: clock and timers.
        log: of the process.
        programs: starts them.

    Attributes:
        parallel: start every script at once (`notify_mode parallel`).
    """

    def __init__(self, reactor: Reactor, log: Log, programs: Programs) -> None:
        self.parallel = False
        self._reactor = reactor
        self._log = log
        self._programs = programs
        self._running: set[str] = set()
        self._waiting: dict[str, deque[Command]] = {}

    def run(self, key: str, script: Script) -> None:
        """Run a script, after the one of the same server that runs now."""
        command = command_of(script, timeout=PATIENCE, tied=False)
        if self.parallel or key not in self._running:
            self._start(key, command)
        else:
            self._waiting[key] = deque([command])

    def _start(self, key: str, command: Command) -> None:
        self._running.add(key)

        def ended(outcome: Outcome) -> None:
            if not outcome.succeeded:
                self._log.info(f"Script {command.words[0]} {outcome.describe()}")
            self._running.discard(key)
            waiting = self._waiting.pop(key, None)
            if waiting:
                self._start(key, waiting.popleft())

        self._programs.start(command, ended)


class Messenger:
    """The listener that tells the outside.

    Args:
        reactor: clock and timers.
        log: of the process.
        programs: starts scripts and mailers.
        now: the wall clock, for mails.
    """

    def __init__(self, reactor: Reactor, log: Log, programs: Programs, now: Callable[[], float] = time.time) -> None:
        self._scripts = ScriptLines(reactor, log, programs)
        self._pipes = NotifyPipes(reactor, log, programs)
        self._mails = SmtpAlerts(reactor, log, programs)
        self._now = now
        self._defaults: GlobalDefs | None = None

    def configure(self, defaults: GlobalDefs) -> None:
        """Take the settings of a configuration: pipes are opened and closed as it says."""
        self._defaults = defaults
        self._scripts.parallel = defaults.notify_mode == "parallel"
        wishes = []
        if defaults.notify_fifo is not None:
            wishes.append(Wish(defaults.notify_fifo, None, ""))  # its script is the VRRP process's
        if defaults.lvs_notify_fifo is not None:
            wishes.append(Wish(defaults.lvs_notify_fifo, defaults.lvs_notify_fifo_script, "lvs_"))
        self._pipes.configure(wishes)
        self._mails.configure(defaults)

    def finish(self) -> None:
        """The end: pipes are closed, mails that wait go to a last mailer."""
        self._pipes.stop_readers()
        self._pipes.close()
        self._mails.finish()

    # What the herald tells

    def event_happened(self, virtual: RunningVirtual, real: RunningReal | None, event: Event, _cause: str) -> None:
        """Something became of a virtual server, or of one of its real servers."""
        if event.kind in _UP and real is not None:
            if event.at_start and not (self._defaults is not None and self._defaults.rs_init_notifies):
                return
            self._server_changed(virtual, real, is_up=_UP[event.kind])
        elif event.kind in _QUORUM:
            self._quorum_changed(virtual, event, has_quorum=_QUORUM[event.kind])

    def _server_changed(self, virtual: RunningVirtual, real: RunningReal, *, is_up: bool) -> None:
        script = real.config.notify_up if is_up else real.config.notify_down
        if script is not None:
            self._scripts.run(f"{virtual.full_name} {real.full_name}", script)
        self._pipes.write(f"RS {real.full_name} {virtual.full_name} {'UP' if is_up else 'DOWN'}\n".encode())

    def _quorum_changed(self, virtual: RunningVirtual, event: Event, *, has_quorum: bool) -> None:
        config, health = virtual.config, virtual.health
        if event.at_start and not has_quorum and not health.sorry_server:
            return  # keepalived tells of a quorum that is missing from the start only when the sorry server comes
        script = config.quorum_up if has_quorum else config.quorum_down
        if script is not None:
            self._scripts.run(virtual.full_name, script)
        state = "UP" if has_quorum else "DOWN"
        self._pipes.write(f"VS {virtual.full_name} {state}\n".encode())
        if not self._wants_mail(config.smtp_alert, default=False):
            return
        began = f"{'Gained' if has_quorum else 'Lost'} quorum"
        if event.at_start:
            began = f"Starting with quorum {state.lower()}"
        body = f"=> {began} {health.quorum}+{health.hysteresis}={event.threshold} <= {event.new} <="
        self._mail(f"Virtualserver {virtual.full_name} - {state}", body)

    def check_flipped(self, virtual: RunningVirtual, real: RunningReal, watch: Watch, *, alive_changed: bool) -> None:
        """A check went up or down, and perhaps its real server with it."""
        quiet = self._defaults is not None and self._defaults.no_checker_emails
        if not self._wants_mail(real.config.smtp_alert, default=True) or not (alive_changed or not quiet):
            return
        name = watch.keyword.replace("_", " ")
        body = f"=> {name} {'succeed' if watch.checker.is_up else 'failed'} on service <="
        if not watch.checker.is_up and watch.checker.last is not None:
            body = f"{body}\n\n{watch.checker.last.detail}"
        state = "UP" if real.health.is_alive else "DOWN"
        self._mail(f"Realserver {real.full_name} of virtual server {virtual.full_name} - {state}", body)

    def _wants_mail(self, own: bool | None, *, default: bool) -> bool:
        """Whether mails are wanted: what a block says itself, else what the global definitions say."""
        defaults = self._defaults
        if defaults is None or not self._mails.wanted:
            return False
        told = (own, defaults.smtp_alert_checker, defaults.smtp_alert)
        return next((value for value in told if value is not None), default)

    def _mail(self, subject: str, body: str) -> None:
        moment = time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(self._now()))
        self._mails.add(Alert(subject, body, moment))
