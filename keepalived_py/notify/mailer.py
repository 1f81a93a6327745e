"""Sends one mail and ends: a program of its own, so that name servers and mail servers hold up nobody else.

It is run by path, without the package around it (`python -I -S mailer.py`), and reads what to do from standard input
as one JSON object, the `Job`. Exit codes are those of sysexits.h: 0 sent, EX_TEMPFAIL worth another attempt,
EX_UNAVAILABLE refused for good; the last line on standard error says why.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import smtplib
import socket
import ssl
import sys
import time
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime, make_msgid, parseaddr
from typing import TypedDict

NOBODY = 65534
FROM_FILE = "file:"
PERMANENT = 500
"""SMTP answers from here on are final (RFC 5321 section 4.2.1)."""


class Job(TypedDict):
    """What to send to whom.

    Keys:
        host, port: the mail server.
        timeout: seconds that the server may take for one answer.
        helo: our name; empty for the host's.
        security: `starttls`, `tls` or empty.
        verify: whether the server's certificate is checked, and against which file of authorities.
        authorities: empty for those of the system.
        login: user and password, or empty; the password may be `file:PATH`.
        sender: empty for USER@HOST.
        receivers: at least one.
        subject, text: of the mail.
        attempts, pause: how often it is tried, and the seconds in between.
    """

    host: str
    port: int
    timeout: float
    helo: str
    security: str
    verify: bool
    authorities: str
    login: list[str]
    sender: str
    receivers: list[str]
    subject: str
    text: str
    attempts: int
    pause: float


class PermanentError(Exception):
    """Another attempt would end the same way."""


def message(job: Job, sender: str) -> EmailMessage:
    """Return the mail of a job."""
    mail = EmailMessage(policy=SMTP)
    mail["Date"] = localtime()
    mail["From"] = sender
    mail["To"] = ", ".join(job["receivers"])
    mail["Subject"] = " ".join(printable(job["subject"]).split())
    mail["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2] or "localhost")
    mail["X-Mailer"] = "Keepalived"
    mail["Auto-Submitted"] = "auto-generated"
    text = printable(job["text"])
    mail.set_content(text, cte=None if text.isascii() else "quoted-printable")  # not every server takes eight bits
    return mail


def printable(text: str) -> str:
    """Return `text` without what no character set can say."""
    return text.encode("utf-8", "replace").decode("utf-8")


def default_sender() -> str:
    """Return USER@HOST, as keepalived does."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = "keepalived"
    return f"{user}@{socket.gethostname()}"


def password_of(login: list[str]) -> list[str]:
    """Return user and password, the latter read from its file if it is in one."""
    if not login or not login[1].startswith(FROM_FILE):
        return login
    with open(login[1].removeprefix(FROM_FILE), encoding="utf-8") as file:  # noqa: PTH123 - one import less
        return [login[0], file.read().rstrip("\r\n")]


def trust(job: Job) -> ssl.SSLContext | None:
    """Return what the server's certificate is checked with; None when TLS is not asked for."""
    if not job["security"]:
        return None
    context = ssl.create_default_context(cafile=job["authorities"] or None)
    if not job["verify"]:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def lower_privileges() -> None:
    """Be nobody from here on: what is left to do is to talk to a stranger.

    What the libraries load only when they need it is loaded before: nobody may be unable to read them.
    """
    if os.getuid():
        return
    "example.org".encode("idna")
    try:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    except OSError:
        pass  # a user namespace without such a user: stay who we are


def connect(job: Job, context: ssl.SSLContext | None) -> smtplib.SMTP:
    """Return a connection to the mail server, with TLS if asked for. Its name is resolved now."""
    helo = job["helo"] or socket.gethostname()
    where = job["host"], job["port"]
    if context is not None and job["security"] == "tls":
        return smtplib.SMTP_SSL(*where, local_hostname=helo, timeout=job["timeout"], context=context)
    server = smtplib.SMTP(*where, local_hostname=helo, timeout=job["timeout"])
    if context is not None:
        try:
            server.starttls(context=context)
        except smtplib.SMTPNotSupportedError as problem:
            server.close()
            raise PermanentError("the server offers no STARTTLS") from problem
        except BaseException:
            server.close()
            raise
    return server


def send(job: Job, mail: EmailMessage, sender: str, login: list[str], context: ssl.SSLContext | None) -> list[str]:
    """Send; return what the server said about each receiver that it refused, if it took others."""
    server = connect(job, context)
    try:
        if login:
            server.login(login[0], login[1])
        receivers = [parseaddr(receiver)[1] or receiver for receiver in job["receivers"]]
        refused = server.send_message(mail, parseaddr(sender)[1] or sender, receivers)
        quit_politely(server)
    finally:
        server.close()
    return [f"{receiver}: {code} {said.decode(errors='replace')}" for receiver, (code, said) in refused.items()]


def quit_politely(server: smtplib.SMTP) -> None:
    """Say goodbye; the mail has been taken, whatever the answer is."""
    with contextlib.suppress(OSError, smtplib.SMTPException):
        server.quit()


def is_permanent(problem: Exception) -> bool:
    """Return whether another attempt would end the same way."""
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _ in problem.recipients.values())
    if isinstance(problem, smtplib.SMTPResponseException):
        return problem.smtp_code >= PERMANENT
    return isinstance(problem, (PermanentError, smtplib.SMTPNotSupportedError))


def describe(problem: Exception) -> str:
    """Return a problem in one line."""
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return "; ".join(
            f"{who}: {code} {said.decode(errors='replace')}" for who, (code, said) in problem.recipients.items()
        )
    if isinstance(problem, smtplib.SMTPResponseException):
        said = problem.smtp_error
        return f"{problem.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    return str(problem) or type(problem).__name__


def run(job: Job) -> int:
    """Do a job; return the exit code."""
    sender = job["sender"] or default_sender()
    mail = message(job, sender)
    login, context = password_of(job["login"]), trust(job)
    mail.as_bytes()
    lower_privileges()
    for attempt in range(job["attempts"]):
        if attempt:
            time.sleep(job["pause"])
        try:
            refused = send(job, mail, sender, login, context)
        except (OSError, smtplib.SMTPException, PermanentError) as problem:
            complain(describe(problem))
            if is_permanent(problem):
                return os.EX_UNAVAILABLE
        else:
            if refused:
                complain("; ".join(refused))
            return os.EX_OK
    return os.EX_TEMPFAIL


def complain(text: str) -> None:
    """Say a line on standard error, if anybody still listens."""
    try:
        sys.stderr.write(" ".join(text.split()) + "\n")
        sys.stderr.flush()
    except OSError:
        pass


def main() -> int:
    """Read the job and do it."""
    job: Job = json.loads(sys.stdin.buffer.read())
    try:
        return run(job)
    except (OSError, ValueError) as problem:  # a file that cannot be read, an address that is none
        complain(str(problem))
        return os.EX_TEMPFAIL if isinstance(problem, OSError) else os.EX_UNAVAILABLE


if __name__ == "__main__":
    sys.exit(main())
