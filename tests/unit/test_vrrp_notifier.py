"""Which news become mails, and which do not."""

from __future__ import annotations

from ipaddress import IPv4Address
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from keepalived_py.config.global_values import MailServer
from keepalived_py.config.model import Config
from keepalived_py.config.model.globals import GlobalDefs
from keepalived_py.config.model.vrrp import VrrpInstance
from keepalived_py.notify.smtp_alert import SmtpAlerts
from keepalived_py.vrrp.cause import Cause, Event
from keepalived_py.vrrp.notifier import Notifier
from keepalived_py.vrrp.state import State, Transition
from tests.unit.notify.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from keepalived_py.notify.mail import Alert

SERVER = MailServer(host=IPv4Address("192.0.2.1"), port=25)


@pytest.fixture
def subjects(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []

    def add(_alerts: SmtpAlerts, alert: Alert) -> None:
        found.append(alert.subject)

    monkeypatch.setattr(SmtpAlerts, "add", add)
    return found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def tell(bench: Bench, defaults: dict[str, Any], *states: State, wanted: bool = True) -> None:
    notifier = Notifier(bench.loop, bench.log, bench.programs)
    notifier.configure(
        Config(global_defs=GlobalDefs(smtp_server=SERVER, notification_email=("a@b.c",), router_id="lb1", **defaults))
    )
    config = VrrpInstance(name="VI_1", smtp_alert=wanted)
    router = SimpleNamespace(instance=SimpleNamespace(priority=100), state=State.INIT)
    running = cast("Any", SimpleNamespace(name="VI_1", config=config, router=router))
    for old, new in zip((State.INIT, *states), states, strict=False):
        notifier.transition_made(running, Transition(old, new, Cause("eth0 is down", Event.FAULT, "eth0"), 1.0))


def test_every_state_is_mailed_once(bench: Bench, subjects: list[str]) -> None:
    tell(bench, {}, State.BACKUP, State.FAULT, State.FAULT, State.BACKUP)
    assert subjects == [
        "VRRP Instance VI_1 - Entering BACKUP state",
        "VRRP Instance VI_1 - Entering FAULT state",
        "VRRP Instance VI_1 - Entering BACKUP state",
    ]


def test_fault_is_not_mailed_with_no_email_faults(bench: Bench, subjects: list[str]) -> None:
    tell(bench, {"no_email_faults": True}, State.BACKUP, State.FAULT, State.MASTER)
    assert subjects == [
        "VRRP Instance VI_1 - Entering BACKUP state",
        "VRRP Instance VI_1 - Entering MASTER state",
    ]


def test_instance_without_smtp_alert_is_never_mailed(bench: Bench, subjects: list[str]) -> None:
    tell(bench, {}, State.BACKUP, State.MASTER, wanted=False)
    assert subjects == []
