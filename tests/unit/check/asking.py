"""How a probe is run against a server of the test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.check.target import Target
from keepalived_py.check.task import Task

if TYPE_CHECKING:
    from keepalived_py.check.probe import Probe, ProbeResult
    from keepalived_py.reactor import Reactor


def run(reactor: Reactor, probe: Probe) -> ProbeResult:
    """Run one probe to its end."""
    results: list[ProbeResult] = []
    Task(reactor, results.append).begin(probe.probe())
    guard = reactor.call_later(60.0, reactor.stop)
    while not results and guard.when is not None:
        reactor.run_once()
    guard.cancel()
    assert results, "it did not end within a minute"
    return results[0]


def at(port: int, timeout: float = 10.0) -> Target:
    """The target on loopback at this port."""
    return Target(address="127.0.0.1", port=port, timeout=timeout)
