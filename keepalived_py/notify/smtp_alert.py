"""Alert mails of a process: gathered, handed to a mailer of their own, tried again when that fails.

Nothing here waits or resolves names: the mailer (`mailer.py`) does, and it is another process.
"""

from __future__ import annotations

import os
import sys
from math import inf
from typing import TYPE_CHECKING

from keepalived_py.notify.mail import compose
from keepalived_py.notify.mail_queue import MailQueue
from keepalived_py.observability.json_text import json_text
from keepalived_py.program import Command

if TYPE_CHECKING:
    from keepalived_py.config.model.globals import GlobalDefs
    from keepalived_py.notify.mail import Alert
    from keepalived_py.notify.mailer import Job
    from keepalived_py.observability.log import Log
    from keepalived_py.program import Outcome, Programs
    from keepalived_py.reactor import Reactor, Timer

MAILER = (sys.executable, "-I", "-S", os.path.join(os.path.dirname(__file__), "mailer.py"))  # noqa: PTH118, PTH120
PATIENCE = 4.0
"""A mailer may take this many times as long as the server may for one answer; names are resolved in it, too."""
LAST_ATTEMPTS = 3
LAST_PAUSE = 5.0
"""How often, and after how many seconds, the mailer tries when the daemon has ended and cannot start another."""


class SmtpAlerts:
    """The mails of one process.

    Args:
        reactor: clock and timers.
        log: of the process.
        programs: starts the mailer.
    """

    def __init__(self, reactor: Reactor, log: Log, programs: Programs) -> None:
        self._reactor = reactor
        self._log = log
        self._programs = programs
        self._queue = MailQueue()
        self._timer: Timer = reactor.timer(self._send)
        self._defaults: GlobalDefs | None = None
        self._server = ""
        self._ended = False

    def configure(self, defaults: GlobalDefs) -> None:
        """Take the settings; mails that wait already are sent with the new ones."""
        usable = defaults.smtp_server is not None and defaults.notification_email
        self._defaults = defaults if usable else None
        self._server = f"{defaults.smtp_server.host}:{defaults.smtp_server.port}" if defaults.smtp_server else ""

    @property
    def wanted(self) -> bool:
        """Whether there is a server and somebody to write to."""
        return self._defaults is not None

    def add(self, alert: Alert) -> None:
        """Tell something by mail, together with what else comes in a moment."""
        if self.wanted:
            self._queue.add(alert, self._reactor.time())
            self._arm()

    def finish(self) -> None:
        """Hand everything that waits to a last mailer, which outlives the process and tries more than once."""
        self._timer.cancel()
        self._ended = True
        if len(self._queue):
            self._send()

    def _arm(self) -> None:
        if self._queue.due_at == inf or self._ended:
            self._timer.cancel()
        elif self._timer.when != self._queue.due_at:
            self._timer.move(self._queue.due_at)

    def _send(self) -> None:
        now = self._reactor.time()
        alerts = self._queue.take(now)
        defaults = self._defaults
        if not alerts or defaults is None:
            self._queue.sent(now)
            self._arm()
            return
        job = job_of(defaults, alerts, self._queue.take_given_up(), last=self._ended)
        timeout = PATIENCE * defaults.smtp_connect_timeout + job["attempts"] * job["pause"]
        text = json_text(job).encode()
        self._programs.start(Command(MAILER, timeout=timeout, tied=False, input=text), self._sent)

    def _sent(self, outcome: Outcome) -> None:
        """The mailer has ended: say how, and go on."""
        now, said = self._reactor.time(), f": {outcome.error_line}" if outcome.error_line else ""
        if outcome.exit_code == os.EX_OK:
            self._queue.sent(now)
            if said:
                self._log.warning(f"SMTP server {self._server} refused a receiver{said}")
            else:
                self._log.verbose("SMTP alert successfully sent.")
        elif outcome.exit_code == os.EX_UNAVAILABLE:
            self._queue.sent(now)
            self._log.error(f"SMTP server {self._server} refused an alert for good{said}")
        else:
            pause = self._queue.failed(now)
            why = outcome.error_line or f"the mailer {outcome.describe()}"
            waiting = f"{len(self._queue)} alert{'' if len(self._queue) == 1 else 's'}"
            self._log.error(f"SMTP alert to {self._server} failed: {why}; {waiting} again in {pause:g} s")
        self._arm()


def job_of(defaults: GlobalDefs, alerts: list[Alert], left_out: int, *, last: bool) -> Job:
    """Return what the mailer has to do.

    Args:
        defaults: the settings, with a server.
        alerts: oldest first.
        left_out: alerts that were given up.
        last: whether nobody will start another mailer if this one fails.
    """
    server = defaults.smtp_server
    assert server is not None
    subject, text = compose(alerts, defaults.router_id or os.uname().nodename.partition(".")[0], left_out)
    login = defaults.smtp_auth
    return {
        "host": str(server.host),
        "port": server.port,
        "timeout": float(defaults.smtp_connect_timeout),
        "helo": defaults.smtp_helo_name or "",
        "security": "tls" if defaults.smtp_tls else "starttls" if defaults.smtp_starttls else "",
        "verify": defaults.smtp_tls_verify,
        "authorities": defaults.smtp_tls_ca or "",
        "login": [login.user, login.password] if login else [],
        "sender": defaults.notification_email_from or "",
        "receivers": list(defaults.notification_email),
        "subject": subject,
        "text": text,
        "attempts": LAST_ATTEMPTS if last else 1,
        "pause": LAST_PAUSE if last else 0.0,
    }
