"""What the log says of checks and servers: keepalived's words, which log watchers match, and the cause behind them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from keepalived_py.check.health import Checker, Event, EventKind, Verdict
from keepalived_py.check.herald import Herald
from keepalived_py.check.probe import UP, failed
from keepalived_py.check.running import RunningReal, RunningVirtual, Watch
from keepalived_py.check.settings import Settings
from tests.unit.check.stage import Told

X, V = "[10.0.0.2]:80", "[10.0.0.9]:80"
LINES = {
    "TCP_CHECK": (f"TCP connection to {X} success.", f"TCP connection to {X} failed: refused (2 of 2)"),
    "UDP_CHECK": (f"UDP connection to {X} success.", f"UDP_CHECK on service {X} failed: refused (2 of 2)"),
    "PING_CHECK": (f"ICMP connection to {X} success.", f"ICMP CHECK on service {X} of {V} failed: refused (2 of 2)"),
    "HTTP_GET": (f"Remote Web server {X} succeed on service.", f"HTTP_CHECK on service {X} failed: refused (2 of 2)"),
    "SSL_GET": (f"Remote Web server {X} succeed on service.", f"SSL_CHECK on service {X} failed: refused (2 of 2)"),
    "SMTP_CHECK": (
        f"Remote SMTP server {X} succeed on service.",
        f"SMTP_CHECK on service {X} failed: refused (2 of 2)",
    ),
    "DNS_CHECK": (f"DNS_CHECK ({X}) success.", f"DNS_CHECK ({X}) failed: refused (2 of 2)"),
    "MISC_CHECK": (
        f"Misc check for [{X} VS {V}] by [/bin/x] succeeded.",
        f"Misc check for [{X} VS {V}] by [/bin/x] failed: refused (2 of 2)",
    ),
    "FILE_CHECK": (f"Tracked file x of {X} success.", f"Tracked file x of {X} failed: refused (2 of 2)"),
    "AGENT_CHECK": (f"AGENT_CHECK on service {X} success.", f"AGENT_CHECK on service {X} failed: refused (2 of 2)"),
}
SORRY = "[10.0.0.8]:80"


def virtual(**health: Any) -> RunningVirtual:
    values = {"live_weight": 1, "quorum": 2, "hysteresis": 0, "sorry_inhibit": False} | health
    return cast("RunningVirtual", SimpleNamespace(name=V, reals={}, health=SimpleNamespace(**values)))


@pytest.mark.parametrize("keyword", sorted(LINES))
def test_line_of_a_check_begins_as_that_of_keepalived(keyword: str) -> None:
    log = Told()
    herald = Herald(log)
    real = cast("RunningReal", SimpleNamespace(name=X))
    where = "[/bin/x]" if keyword == "MISC_CHECK" else X
    watch = Watch(SimpleNamespace(track_file="x"), keyword, Settings(), where, Checker(1, alpha=False))
    herald.observed(virtual(), real, watch, UP, Verdict.WENT_UP)
    herald.observed(virtual(), real, watch, failed("refused"), Verdict.WENT_DOWN)
    herald.observed(virtual(), real, watch, UP, Verdict.SAME)
    assert tuple(log.lines) == LINES[keyword]


@pytest.mark.parametrize(
    ("kind", "inhibit", "lines"),
    [
        (
            EventKind.SORRY_SERVER_IN,
            False,
            [f"Adding sorry server {SORRY} to VS {V}", f"Removing alive servers from the pool for VS {V}"],
        ),
        (
            EventKind.SORRY_SERVER_IN,
            True,
            [f"Enabling sorry server {SORRY} to VS {V}", f"Removing alive servers from the pool for VS {V}"],
        ),
        (
            EventKind.SORRY_SERVER_OUT,
            False,
            [f"Removing sorry server {SORRY} from VS {V}", f"Adding alive servers to the pool for VS {V}"],
        ),
        (
            EventKind.SORRY_SERVER_OUT,
            True,
            [f"Disabling sorry server {SORRY} from VS {V}", f"Adding alive servers to the pool for VS {V}"],
        ),
    ],
)
def test_sorry_server_that_comes_or_goes_is_told_with_what_becomes_of_the_others(
    kind: EventKind, inhibit: bool, lines: list[str]
) -> None:
    log = Told()
    Herald(log).happened(virtual(sorry_inhibit=inhibit), [Event(kind, SORRY)])
    assert log.lines == lines
