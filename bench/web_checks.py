"""Processor time of one TCP_CHECK, HTTP_GET and SSL_GET against nginx on loopback, in microseconds; the best of rounds.

Run as `python -m bench.web_checks [ROUNDS]`. Half of it is the kernel's, for both ends of the connection.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from keepalived_py.check.settings import Settings
from keepalived_py.check.target import Target
from keepalived_py.check.task import Task
from keepalived_py.check.tcp_check import TcpCheck
from keepalived_py.check.web import Contexts, probe_of
from keepalived_py.config.model.checkers import HttpGet, SslGet, SslUrl, Url
from keepalived_py.reactor import Reactor
from tests.unit.check.nginx import PAGES, nginx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keepalived_py.check.probe import Probe, ProbeResult
    from tests.unit.check.nginx import Nginx

RUNS = 500


def probes(web: Nginx) -> Iterator[tuple[str, Probe]]:
    """Yield what is measured, with its name."""
    plain, secret = (Target(address="127.0.0.1", port=port) for port in (web.plain, web.secret))
    digest = hashlib.md5(PAGES["a"], usedforsecurity=False).hexdigest()
    yield "TCP_CHECK", TcpCheck(plain)
    for name, record, target in (
        ("HTTP_GET", HttpGet(url=(Url(path="/page"),)), plain),
        ("HTTP_GET with digest", HttpGet(url=(Url(path="/page", digest=digest),)), plain),
        ("HTTP_GET with regex", HttpGet(url=(Url(path="/page", regex="page of a"),)), plain),
        ("SSL_GET with digest", SslGet(url=(SslUrl(path="/page", digest=digest),)), secret),
    ):
        yield name, probe_of(record, target, "a.example", Settings(), None, Contexts())


def cost_of(reactor: Reactor, probe: Probe) -> float:
    """Return the microseconds of processor time of one run."""
    began_at = time.process_time()
    for _ in range(RUNS):
        results: list[ProbeResult] = []
        Task(reactor, results.append).begin(probe.probe())
        while not results:
            reactor.run_once()
        if not results[0].ok:
            sys.exit(f"the check failed: {results[0].detail}")
    return (time.process_time() - began_at) / RUNS * 1e6


def main() -> None:
    """Print a line for each kind of check."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    reactor = Reactor(0.5)
    with tempfile.TemporaryDirectory() as home, nginx(Path(home)) as web:
        for name, probe in probes(web):
            print(f"{name:<22} {min(cost_of(reactor, probe) for _ in range(rounds)):6.0f} us")
    reactor.close()


if __name__ == "__main__":
    main()
