"""The program that sends a mail against a real mail server, well-behaved and not."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keepalived_py.notify import mailer
from tests.lab.mail import MailServer, needs_mail_server
from tests.unit.notify.test_mailer import job

if TYPE_CHECKING:
    import subprocess

    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = [pytest.mark.lab, needs_mail_server]

HERE, THERE = "192.168.0.1", "192.168.0.2"


@pytest.fixture
def nodes(lab: Lab) -> tuple[Node, Node]:
    ours, theirs = lab.add(ours=f"{HERE}/24", theirs=f"{THERE}/24")
    return ours, theirs


def send(node: Node, **changes: object) -> subprocess.CompletedProcess[str]:
    """Run the mailer on a node as the daemon does."""
    order = job(host=THERE, port=2525, timeout=5.0, **changes)
    node.path("/run/job").write_text(json.dumps(order), encoding="utf-8")
    command = f"exec {sys.executable} -I -S {Path(mailer.__file__)} < /run/job"
    return node.attempt("sh", "-c", command, timeout=100)


def test_mail_arrives_with_its_headers_and_for_everybody(nodes: tuple[Node, Node]) -> None:
    server = MailServer(nodes[1], "plain")
    done = send(nodes[0], helo="lb1.example.org", text="=> zwölf <=\n")
    assert (done.returncode, done.stderr) == (os.EX_OK, "")
    (mail,) = server.mails()
    assert (mail.helo, mail.sender) == ("lb1.example.org", "lb@example.org")
    assert mail.receivers == ["a@example.org", "b@example.org"]
    assert mail.message["Subject"] == "[lb1] VRRP Instance VI_1 - Entering MASTER state"
    assert mail.message["To"] == "a@example.org, B <b@example.org>"
    assert mail.message["X-Mailer"] == "Keepalived"
    assert mail.message.get_content().replace("\r", "") == "=> zwölf <=\n"
    assert (mail.tls, mail.login) == (False, False)


def test_without_a_configured_sender_it_is_the_user_on_this_host(nodes: tuple[Node, Node]) -> None:
    server = MailServer(nodes[1], "plain")
    assert send(nodes[0], sender="").returncode == os.EX_OK
    (mail,) = server.mails()
    assert mail.sender == "root@ours"
    assert mail.helo == "ours"


def test_starttls_and_login_with_a_password_from_a_file(nodes: tuple[Node, Node]) -> None:
    server = MailServer(nodes[1], "secure")
    nodes[0].path("/run/password").write_text("secret word\n", encoding="utf-8")
    login = ["mailer", "file:/run/password"]
    done = send(nodes[0], security="starttls", verify=False, login=login)
    assert (done.returncode, done.stderr) == (os.EX_OK, "")
    (mail,) = server.mails()
    assert (mail.tls, mail.login) == (True, True)


def test_certificate_is_checked_and_its_authority_can_be_named(nodes: tuple[Node, Node]) -> None:
    server = MailServer(nodes[1], "tls")
    done = send(nodes[0], security="tls")
    assert done.returncode == os.EX_TEMPFAIL
    assert "certificate verify failed" in done.stderr
    # the right authority, but the certificate is for a name and the server was named by its address
    authorities = str(server.directory / "certificate.pem.public")
    done = send(nodes[0], security="tls", authorities=authorities)
    assert "certificate verify failed: IP address mismatch" in done.stderr
    nodes[0].run("sh", "-c", f"echo {THERE} mail.example.org > /run/hosts; mount --bind /run/hosts /etc/hosts")
    order = job(host="mail.example.org", port=2525, security="tls", authorities=authorities)
    nodes[0].path("/run/job").write_text(json.dumps(order), encoding="utf-8")
    done = nodes[0].attempt("sh", "-c", f"exec {sys.executable} -I -S {Path(mailer.__file__)} < /run/job")
    assert (done.returncode, done.stderr) == (os.EX_OK, "")
    assert [mail.tls for mail in server.mails()] == [True]


def test_server_without_starttls_is_refused_for_good(nodes: tuple[Node, Node]) -> None:
    server = MailServer(nodes[1], "plain")
    done = send(nodes[0], security="starttls")
    assert (done.returncode, done.stderr) == (os.EX_UNAVAILABLE, "the server offers no STARTTLS\n")
    assert server.mails() == []


def test_wrong_password_is_refused_for_good(nodes: tuple[Node, Node]) -> None:
    MailServer(nodes[1], "secure")
    done = send(nodes[0], security="starttls", verify=False, login=["mailer", "wrong"])
    assert done.returncode == os.EX_UNAVAILABLE
    assert done.stderr.startswith("535 ")


@pytest.mark.parametrize(
    ("behaviour", "code", "said"),
    [
        ("refusing", os.EX_UNAVAILABLE, "a@example.org: 550 no such user; b@example.org: 550 no such user\n"),
        ("busy", os.EX_TEMPFAIL, "a@example.org: 451 try again later; b@example.org: 451 try again later\n"),
        ("dropping", os.EX_TEMPFAIL, "Connection unexpectedly closed\n"),
        ("silent", os.EX_TEMPFAIL, "Connection unexpectedly closed: timed out\n"),
    ],
)
def test_problem_of_the_server_is_told_in_one_line(
    nodes: tuple[Node, Node], behaviour: str, code: int, said: str
) -> None:
    MailServer(nodes[1], behaviour)
    done = send(nodes[0])
    assert (done.returncode, done.stderr) == (code, said)


def test_receivers_that_exist_get_the_mail_although_another_does_not(nodes: tuple[Node, Node]) -> None:
    server = MailServer(nodes[1], "partial")
    done = send(nodes[0], receivers=["nobody@example.org", "a@example.org"])
    assert (done.returncode, done.stderr) == (os.EX_OK, "nobody@example.org: 550 no such user\n")
    assert [mail.receivers for mail in server.mails()] == [["a@example.org"]]


def test_last_mailer_tries_more_than_once(nodes: tuple[Node, Node]) -> None:
    server = MailServer(nodes[1], "listing")
    done = send(nodes[0], attempts=3, pause=0.1)
    assert (done.returncode, done.stderr) == (os.EX_OK, "451 greylisted\n")
    assert len(server.mails()) == 1


def test_nobody_listening_and_unknown_name_are_worth_another_attempt(nodes: tuple[Node, Node]) -> None:
    done = send(nodes[0])
    assert (done.returncode, done.stderr) == (os.EX_TEMPFAIL, "[Errno 111] Connection refused\n")
    order = job(host="mail.invalid", port=2525, timeout=2.0)
    nodes[0].path("/run/job").write_text(json.dumps(order), encoding="utf-8")
    done = nodes[0].attempt("sh", "-c", f"exec {sys.executable} -I -S {Path(mailer.__file__)} < /run/job", timeout=100)
    assert done.returncode == os.EX_TEMPFAIL
    assert done.stderr.startswith("[Errno -")
