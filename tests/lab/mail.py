"""Mail servers on a node of the lab, and what they took."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from email.message import EmailMessage

    from tests.lab.node import Node

PROGRAM = Path(__file__).with_name("mail_server.py")

needs_mail_server = pytest.mark.skipif(importlib.util.find_spec("aiosmtpd") is None, reason="aiosmtpd is not installed")


class Mail(NamedTuple):
    """One mail that a server has taken.

    Attributes:
        helo: what the sender called itself.
        sender, receivers: of the envelope.
        message: the mail itself.
        tls: whether it came encrypted.
        login: whether the sender had logged in.
    """

    helo: str
    sender: str
    receivers: list[str]
    message: EmailMessage
    tls: bool
    login: bool


class MailServer:
    """A server of some behaviour (`mail_server.py`) on a node."""

    def __init__(self, node: Node, behaviour: str, port: int = 2525) -> None:
        self.directory = node.path(f"/run/mail.{behaviour}")
        self.directory.mkdir()
        if behaviour in {"secure", "tls"}:
            make_certificate(self.directory / "certificate.pem")
        process = node.popen(
            sys.executable, "-W", "ignore", str(PROGRAM), behaviour, str(port), f"/run/mail.{behaviour}"
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line == "ready\n", line + process.stdout.read()
        self.process = process

    def mails(self) -> list[Mail]:
        """Everything that it took so far, in order."""
        return [_read(path) for path in sorted(self.directory.glob("*.mail"))]

    def wait_for(self, count: int, timeout: float = 20.0) -> list[Mail]:
        """Wait for so many mails."""
        wait_for(lambda: len(self.mails()) >= count, timeout, lambda: f"{count} mails, not {self.mails()}")
        return self.mails()


def _read(path: Path) -> Mail:
    told = json.loads(path.read_text(encoding="utf-8"))
    message: Any = message_from_bytes(told.pop("content").encode(), policy=default)  # the policy decides its class
    return Mail(message=message, **told)


def make_certificate(path: Path) -> None:
    """Make a key and a certificate that it signs itself, for mail.example.org, in one file."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "30", "-subj", "/CN=mail.example.org", "-addext", "subjectAltName=DNS:mail.example.org",
         "-keyout", str(path), "-out", f"{path}.public"],
        check=True, capture_output=True,
    )  # fmt: skip
    with path.open("a", encoding="ascii") as file:
        file.write(Path(f"{path}.public").read_text(encoding="ascii"))
