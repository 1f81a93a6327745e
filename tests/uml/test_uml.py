"""Runs what is in `inside` within a kernel of its own, one boot per file."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.config.corpus import CORPUS
from tests.lab import park
from tests.uml.machine import run_inside, run_tests_inside, why_not

INSIDE = Path(__file__).with_name("inside")
IPVS = ("veth", "bridge", "ip_vs", "ip_vs_rr", "ip_vs_wlc", "ip_vs_wrr", "ip_vs_sh", "ip_vs_mh", "nf_tables")
SCHEDULERS = ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh")
MODULES = {
    "test_tables.py": (*IPVS, "dummy", "ip_vs_pe_sip", *(f"ip_vs_{name}" for name in SCHEDULERS)),
    "test_balancing.py": IPVS,
    "test_checks.py": IPVS,
    "test_ipvs.py": IPVS,
    "test_links.py": ("veth", "bridge", "macvlan", "ipvlan", "vrf", "dummy", "8021q"),
}
TIMEOUT = 3000.0 if os.environ.get("KEEPALIVED_EVERY") == "1" else 600.0
"""Seconds for one file, the boot included; `make test-tables` tries every configuration."""
REQUIRED = os.environ.get("REQUIRE_UML") == "1"
"""Whether a machine without User Mode Linux fails, as in continuous integration."""

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(TIMEOUT + 300),
    pytest.mark.skipif(bool(why_not()) and not REQUIRED, reason=why_not() or "-"),
]


def test_kernel_runs_a_command_and_returns_its_exit_code() -> None:
    outcome = run_inside(["sh", "-c", "ip link add d0 type dummy && ip link show d0 && exit 7"], ["dummy"], 120)
    assert outcome.code == 7, outcome.console
    assert "d0: <BROADCAST,NOARP>" in outcome.console


def test_every_file_inside_has_its_modules() -> None:
    assert {path.name for path in INSIDE.glob("test_*.py")} == set(MODULES)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_file_passes_inside(name: str) -> None:
    if name == "test_tables.py" and not CORPUS.is_dir():
        pytest.skip(f"no configurations in {CORPUS}")
    if name == "test_checks.py" and park.why_not():
        pytest.skip(park.why_not())
    outcome = run_tests_inside(f"tests/uml/inside/{name}", MODULES[name], TIMEOUT)
    for line in re.findall(r"^\d+ .*requests failed.*$", outcome.console, re.MULTILINE):
        print(line.strip())
    assert outcome.code == 0, outcome.console
    assert re.search(r"\d+ passed", outcome.console), outcome.console
    assert not re.search(r"\d+ skipped", outcome.console), outcome.console
