"""Started without a permission that it needs; process number 1 of a container."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.lab.configs import instance
from tests.lab.pair import VIP, plug_pair
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

ORPHAN = "import os\nif os.fork(): os._exit(0)\nos.setsid()"


@pytest.mark.parametrize("options", [(), ("-n", "-l")])
@pytest.mark.parametrize(("capability", "what"), [("net_raw", "packet sockets"), ("net_admin", "virtual addresses")])
def test_start_without_a_capability_names_it_and_ends_with_4(
    lab: Lab, options: tuple[str, ...], capability: str, what: str
) -> None:
    node = plug_pair(lab).first
    node.configure(instance(150))
    drop = ("setpriv", f"--bounding-set=-{capability}", f"--inh-caps=-{capability}")
    done = node.attempt(*drop, "keepalived", *options)
    assert f"{what} need CAP_{capability.upper()}: start keepalived as root" in done.stderr
    assert done.returncode == 4


def test_first_process_of_a_container_reaps_what_others_leave_and_stops_on_sigterm(lab: Lab) -> None:
    node = plug_pair(lab).first
    node.configure(instance(150))
    container = node.popen("unshare", "--pid", "--fork", "--mount-proc", "keepalived", "-n", "-D")
    wait_for(lambda: node.has(VIP), 10, "the container's keepalived is master")
    inside = ("nsenter", "-t", node.run("pgrep", "-o", "-x", "keepalived").strip(), "-p", "-m")
    node.run(*inside, sys.executable, "-c", ORPHAN)
    wait_for(lambda: " Z" not in node.run(*inside, "ps", "-eo", "pid,stat"), 3, "no zombie is left")
    node.run(*inside, "kill", "-TERM", "1")
    assert container.wait(60) == 0
    assert not node.has(VIP)
