from __future__ import annotations

import smtplib
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.notify import mailer

if TYPE_CHECKING:
    from pathlib import Path

    from keepalived_py.notify.mailer import Job


def job(**changes: object) -> Job:
    made: Job = {
        "host": "127.0.0.1", "port": 25, "timeout": 1.0, "helo": "", "security": "", "verify": True, "authorities": "",
        "login": [], "sender": '"Load balancer" <lb@example.org>', "receivers": ["a@example.org", "B <b@example.org>"],
        "subject": "[lb1] VRRP Instance VI_1 - Entering MASTER state", "text": "=> text <=\n",
        "attempts": 1, "pause": 0.0,
    }  # fmt: skip
    made.update(changes)  # type: ignore[typeddict-item]
    return made


def test_mail_has_the_headers_that_a_mail_needs() -> None:
    made = job()
    mail = mailer.message(made, made["sender"])
    assert mail["Subject"] == made["subject"]
    assert mail["From"] == "Load balancer <lb@example.org>"
    assert mail["To"] == "a@example.org, B <b@example.org>"
    assert mail["X-Mailer"] == "Keepalived"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@example.org>")
    assert mail["Date"].datetime.tzinfo is not None
    assert mail.get_content() == "=> text <=\n"


@given(st.text(), st.text(alphabet=st.characters(codec=None)))
def test_any_text_becomes_a_mail_that_can_be_read_again(subject: str, text: str) -> None:
    raw = mailer.message(job(subject=f"x{subject}", text=text), "lb@example.org").as_bytes()
    assert b"\r\n.\r\n" not in raw.partition(b"\r\n\r\n")[0]
    read = message_from_bytes(raw, policy=default)
    assert read["From"] == "lb@example.org"
    assert read["X-Mailer"] == "Keepalived"


def test_subject_cannot_smuggle_a_header() -> None:
    mail = mailer.message(job(subject="x\r\nBcc: evil@example.org"), "lb@example.org")
    assert mail["Subject"] == "x Bcc: evil@example.org"
    assert mail["Bcc"] is None


def test_password_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret word\n", encoding="utf-8")
    assert mailer.password_of(["u", f"file:{tmp_path}/password"]) == ["u", "secret word"]
    assert mailer.password_of(["u", "plain"]) == ["u", "plain"]
    assert mailer.password_of([]) == []


@pytest.mark.parametrize(
    ("problem", "permanent"),
    [
        (smtplib.SMTPResponseException(550, b"no such user"), True),
        (smtplib.SMTPResponseException(451, b"try later"), False),
        (smtplib.SMTPAuthenticationError(535, b"wrong"), True),
        (smtplib.SMTPRecipientsRefused({"a": (550, b"no"), "b": (550, b"no")}), True),
        (smtplib.SMTPRecipientsRefused({"a": (550, b"no"), "b": (451, b"later")}), False),
        (smtplib.SMTPServerDisconnected("Connection unexpectedly closed"), False),
        (smtplib.SMTPNotSupportedError("no AUTH"), True),
        (ConnectionRefusedError(111, "Connection refused"), False),
        (TimeoutError("timed out"), False),
    ],
)
def test_only_final_answers_are_final(problem: Exception, permanent: bool) -> None:
    assert mailer.is_permanent(problem) is permanent


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (smtplib.SMTPResponseException(550, b"no such user"), "550 no such user"),
        (smtplib.SMTPRecipientsRefused({"a@b": (550, b"no")}), "a@b: 550 no"),
        (ConnectionRefusedError(111, "Connection refused"), "[Errno 111] Connection refused"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_problems_are_described_in_one_line(problem: Exception, text: str) -> None:
    assert mailer.describe(problem) == text
