"""No server can block, crash or bloat a check: each ends as a failure, within its time."""

from __future__ import annotations

import resource
import time
from typing import TYPE_CHECKING

import pytest

from keepalived_py.check.settings import Settings
from keepalived_py.check.web import Contexts, probe_of
from keepalived_py.config.model.checkers import HttpGet, SslGet, SslUrl, Url
from tests.unit.check import conditions
from tests.unit.check.asking import at, run
from tests.unit.check.hostile import TCP
from tests.unit.check.server import Server
from tests.unit.check.web import DIGEST

if TYPE_CHECKING:
    from keepalived_py.check.probe import Probe
    from keepalived_py.check.target import Target
    from keepalived_py.reactor import Reactor

TIMEOUT = 0.2
MOST_MEMORY = 64 * 1024
"""KiB that the peak may rise."""


def check_of(kind: str, target: Target) -> Probe:
    if kind in {"SMTP_CHECK", "AGENT_CHECK", "TCP_CHECK with a step"}:
        return conditions.check_of(kind, target)
    record = (
        SslGet(url=(SslUrl(path="/", digest=DIGEST),), tls_compliant=True)
        if kind == "SSL_GET"
        else HttpGet(url=(Url(path="/", digest=DIGEST, regex="nothing like it"),), http_protocol="1.1")
    )
    return probe_of(record, target, "web.example", Settings(), None, Contexts())


@pytest.mark.parametrize("behaviour", TCP)
@pytest.mark.parametrize("kind", ["HTTP_GET", "SSL_GET", "SMTP_CHECK", "AGENT_CHECK", "TCP_CHECK with a step"])
def test_hostile_server_is_a_failure_within_bounds(reactor: Reactor, kind: str, behaviour: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began_at = time.monotonic()
    with Server(TCP[behaviour]) as server:
        result = run(reactor, check_of(kind, at(server.port, TIMEOUT)))
        taken = time.monotonic() - began_at
    assert not result.ok
    assert result.detail
    assert len(result.detail) < 300
    assert taken < 15.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_MEMORY
