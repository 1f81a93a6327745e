"""A real server for every kind of check, broken in its own way and mended: what IPVS holds meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab.daemon import OURS
from tests.lab.park import CASES, Case, Park, configuration, virtual_address
from tests.uml.inside.director import wait_for_tables

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab
SERVERS = "192.168.0.130"


def service(case: Case) -> str:
    return f"{'-u' if case.protocol == 'UDP' else '-t'} {virtual_address(case)}:80"


def test_tables_lose_the_servers_that_break_and_get_them_back(lab: Lab, tmp_path: Path) -> None:
    director, servers = lab.add(director="192.168.0.10/24", servers=f"{SERVERS}/24")
    director.install(OURS)
    director.start_syslog(own=True)
    park = Park(servers, director, tmp_path)
    park.start()
    director.configure(configuration(SERVERS, 1.0))
    director.start("-D", "-S", "0", "-C")
    empty = [f"-A {service(case)} -s rr" for case in CASES]
    full = [*empty, *(f"-a {service(case)} -r {SERVERS}:{case.port} -m -w 1" for case in CASES)]
    wait_for_tables(director, full)
    for case in CASES:
        case.breaks(park)
    wait_for_tables(director, empty)
    for case in CASES:
        case.mends(park)
    wait_for_tables(director, full)
    director.stop()
    wait_for_tables(director, [])
