"""How the daemon tells the outside, inside `global_defs`: mails, pipes, the scripts of start and end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.config.arguments import Fifo, FifoValue, Maybe, Script, ScriptValue
from keepalived_py.config.blocks import Lines
from keepalived_py.config.fields import keyword, record
from keepalived_py.config.global_values import SmtpLogin, SmtpServer
from keepalived_py.config.model.processes import ProcessDefs
from keepalived_py.config.scalars import Boolean, Choice, Flag, Integer, Text

if TYPE_CHECKING:
    from keepalived_py.config.global_values import MailLogin, MailServer

ON = Flag()
YES_NO = Boolean()
NAME = Text()
SCRIPT = ScriptValue()
FIFO = FifoValue()
STARTUP_TIMEOUT = Integer(1, 1000, syntax="SECS")


@record
class NotificationDefs(ProcessDefs):
    """The part of `global_defs` that is about telling others."""

    notification_email_from: str | None = keyword(
        Text("ADDR", type_name="email"),
        "Sender of mails; quote a display name",
        default=None,
        unset="login@hostname",
        forgiving=True,
    )
    smtp_server: MailServer | None = keyword(SmtpServer(), "Mail server for alerts", default=None, unset="port 25")
    smtp_helo_name: str | None = keyword(
        Maybe(NAME, None, type_name="string", syntax="NAME"),
        "Name said to the mail server in HELO",
        default=None,
        unset="local host name",
    )
    smtp_connect_timeout: int = keyword(
        Integer(1, 4294, syntax="SECS", zero=1), "Longest wait for the mail server", default=30
    )
    notification_email: tuple[str, ...] = keyword(
        Lines(Text("ADDR", type_name="email"), syntax="ADDR ...", loose=True, needed=True),
        "Receivers of alert mails, any number on a line",
        default=(),
    )
    smtp_alert: bool | None = keyword(YES_NO, "Send mails for everything by default", default=None)
    smtp_alert_vrrp: bool | None = keyword(YES_NO, "Send mails for VRRP by default; beats smtp_alert", default=None)
    smtp_alert_checker: bool | None = keyword(
        YES_NO, "Send mails for health checks by default; beats smtp_alert", default=None
    )
    no_email_faults: bool = keyword(ON, "Send no mail about FAULT", default=False)
    startup_script: Script | None = keyword(
        SCRIPT, "Run by the parent before any child starts", default=None, forgiving=True
    )
    startup_script_timeout: int = keyword(STARTUP_TIMEOUT, "Longest run of startup_script", default=10, forgiving=True)
    shutdown_script: Script | None = keyword(
        SCRIPT, "Run by the parent after every child has stopped", default=None, forgiving=True
    )
    shutdown_script_timeout: int = keyword(
        STARTUP_TIMEOUT, "Longest run of shutdown_script", default=10, forgiving=True
    )
    notify_fifo: Fifo | None = keyword(
        FIFO,
        "Pipe that gets the lines of VRRP and of health checks",
        default=None,
        once=True,
        forgiving=True,
    )
    notify_fifo_script: Script | None = keyword(
        SCRIPT,
        "Started to read notify_fifo, whose path is its last argument",
        default=None,
        once=True,
        forgiving=True,
    )
    vrrp_notify_fifo: Fifo | None = keyword(
        FIFO, "Pipe that gets the lines of VRRP", default=None, once=True, forgiving=True
    )
    vrrp_notify_fifo_script: Script | None = keyword(
        SCRIPT, "Started to read vrrp_notify_fifo", default=None, once=True, forgiving=True
    )
    vrrp_notify_priority_changes: bool = keyword(YES_NO, "Tell the pipes about priority changes too", default=False)
    fifo_write_vrrp_states_on_reload: bool = keyword(ON, "Write every state to the pipes after a reload", default=False)
    lvs_notify_fifo: Fifo | None = keyword(
        FIFO, "Pipe that gets the lines of health checks", default=None, once=True, forgiving=True
    )
    lvs_notify_fifo_script: Script | None = keyword(
        SCRIPT, "Started to read lvs_notify_fifo", default=None, once=True, forgiving=True
    )
    no_checker_emails: bool = keyword(YES_NO, "Send no mail about single checks, only about servers", default=False)
    share_checks: bool = keyword(
        YES_NO, "Ask a server once for all virtual servers that check it alike", default=False, beyond=True
    )
    notify_mode: str = keyword(
        Choice("serial", "parallel"),
        "Notify scripts of an instance one after the other, or each as soon as its state comes",
        default="serial",
        beyond=True,
    )
    smtp_auth: MailLogin | None = keyword(SmtpLogin(), "Login at the mail server", default=None, beyond=True)
    smtp_starttls: bool = keyword(YES_NO, "Demand STARTTLS of the mail server", default=False, beyond=True)
    smtp_tls: bool = keyword(YES_NO, "Speak TLS to the mail server from the first byte on", default=False, beyond=True)
    smtp_tls_verify: bool = keyword(YES_NO, "Check the certificate of the mail server", default=True, beyond=True)
    smtp_tls_ca: str | None = keyword(
        Text("PATH", type_name="path"),
        "File of the authorities that may sign the mail server's certificate",
        default=None,
        unset="those of the system",
        beyond=True,
    )
