"""When a mailer is started and what it is told, with a stand-in for it."""

from __future__ import annotations

import json
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

import pytest

from keepalived_py.config.global_values import MailLogin, MailServer
from keepalived_py.config.model.globals import GlobalDefs
from keepalived_py.notify import mail_queue, smtp_alert
from keepalived_py.notify.mail import Alert
from keepalived_py.notify.smtp_alert import SmtpAlerts, job_of
from tests.unit.notify.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = MailServer(host=IPv4Address("192.0.2.1"), port=587)
DEFAULTS = GlobalDefs(smtp_server=SERVER, notification_email=("a@b.c",), router_id="lb1")
NOON = "12:00:00"


def alert(number: int) -> Alert:
    return Alert(f"alert {number}", f"=> {number} <=", NOON)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    made = Bench(tmp_path)
    monkeypatch.setattr(mail_queue, "GATHERING", 0.1)
    monkeypatch.setattr(mail_queue, "FIRST_PAUSE", 0.2)
    mailer = made.script(
        "test -e say && cat say >&2; cat > job.new; mv job.new job.$(ls | grep -c '^job')\n"
        "exit $(cat code 2>/dev/null || echo 0)"
    )
    monkeypatch.setattr(smtp_alert, "MAILER", mailer.words)
    yield made
    made.close()


@pytest.fixture
def alerts(bench: Bench) -> SmtpAlerts:
    made = SmtpAlerts(bench.loop, bench.log, bench.programs)
    made.configure(DEFAULTS)
    return made


def jobs(bench: Bench) -> list[dict[str, Any]]:
    paths = sorted(path for path in bench.directory.iterdir() if path.name.startswith("job") and path.suffix != ".new")
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def wait_for_jobs(bench: Bench, count: int) -> list[dict[str, Any]]:
    bench.until(lambda: len(jobs(bench)) >= count and not bench.programs.running)
    return jobs(bench)


def test_alerts_of_a_moment_are_one_job(bench: Bench, alerts: SmtpAlerts) -> None:
    alerts.add(alert(1))
    alerts.add(alert(2))
    (job,) = wait_for_jobs(bench, 1)
    assert job["subject"] == "[lb1] 2 alerts, the last: alert 2"
    assert job["text"] == f"{NOON} alert 1\n=> 1 <=\n\n{NOON} alert 2\n=> 2 <=\n"
    assert bench.log.lines == ["SMTP alert successfully sent."]


def test_failure_is_told_and_tried_again_with_what_came_meanwhile(bench: Bench, alerts: SmtpAlerts) -> None:
    (bench.directory / "code").write_text("75", encoding="utf-8")
    (bench.directory / "say").write_text("[Errno 111] Connection refused", encoding="utf-8")
    alerts.add(alert(1))
    wait_for_jobs(bench, 1)
    alerts.add(alert(2))
    (bench.directory / "code").unlink()
    (bench.directory / "say").unlink()
    assert [job["subject"] for job in wait_for_jobs(bench, 2)] == ["[lb1] alert 1", "[lb1] 2 alerts, the last: alert 2"]
    assert bench.log.lines == [
        "SMTP alert to 192.0.2.1:587 failed: [Errno 111] Connection refused; 1 alert again in 0.2 s",
        "SMTP alert successfully sent.",
    ]


def test_what_is_refused_for_good_is_not_tried_again(bench: Bench, alerts: SmtpAlerts) -> None:
    (bench.directory / "code").write_text("69", encoding="utf-8")
    (bench.directory / "say").write_text("550 no such user", encoding="utf-8")
    alerts.add(alert(1))
    wait_for_jobs(bench, 1)
    assert bench.log.lines == ["SMTP server 192.0.2.1:587 refused an alert for good: 550 no such user"]
    assert len(alerts._queue) == 0
    assert alerts._timer.when is None


def test_receiver_that_is_refused_beside_others_is_told(bench: Bench, alerts: SmtpAlerts) -> None:
    (bench.directory / "say").write_text("a@b.c: 550 no such user", encoding="utf-8")
    alerts.add(alert(1))
    wait_for_jobs(bench, 1)
    assert bench.log.lines == ["SMTP server 192.0.2.1:587 refused a receiver: a@b.c: 550 no such user"]


def test_last_mailer_gets_what_waits_at_once_and_tries_more_than_once(bench: Bench, alerts: SmtpAlerts) -> None:
    alerts.add(alert(1))
    alerts.finish()
    (job,) = wait_for_jobs(bench, 1)
    assert (job["attempts"], job["pause"]) == (3, 5.0)


def test_without_server_or_receivers_nothing_is_kept(bench: Bench, alerts: SmtpAlerts) -> None:
    for defaults in (GlobalDefs(smtp_server=SERVER), GlobalDefs(notification_email=("a@b.c",))):
        alerts.configure(defaults)
        assert not alerts.wanted
        alerts.add(alert(1))
    alerts.finish()
    assert bench.programs.running == ()


def test_job_has_every_setting() -> None:
    defaults = GlobalDefs(
        smtp_server=MailServer(host="mail.example.org", port=465),
        notification_email=("a@b.c", "D <d@e.f>"),
        notification_email_from="lb <lb@example.org>",
        smtp_helo_name="lb.example.org",
        smtp_connect_timeout=7,
        smtp_tls=True,
        smtp_tls_verify=False,
        smtp_tls_ca="/etc/ca.pem",
        smtp_auth=MailLogin(user="u", password="file:/etc/p"),
        router_id="lb1",
    )
    assert job_of(defaults, [alert(1)], 0, last=False) == {
        "host": "mail.example.org",
        "port": 465,
        "timeout": 7.0,
        "helo": "lb.example.org",
        "security": "tls",
        "verify": False,
        "authorities": "/etc/ca.pem",
        "login": ["u", "file:/etc/p"],
        "sender": "lb <lb@example.org>",
        "receivers": ["a@b.c", "D <d@e.f>"],
        "subject": "[lb1] alert 1",
        "text": "=> 1 <=\n",
        "attempts": 1,
        "pause": 0.0,
    }


@pytest.mark.parametrize(
    ("settings", "security"),
    [({}, ""), ({"smtp_starttls": True}, "starttls"), ({"smtp_tls": True, "smtp_starttls": True}, "tls")],
)
def test_job_says_how_the_connection_is_encrypted(settings: dict[str, Any], security: str) -> None:
    defaults = GlobalDefs(smtp_server=SERVER, notification_email=("a@b.c",), **settings)
    assert job_of(defaults, [alert(1)], 0, last=False)["security"] == security
