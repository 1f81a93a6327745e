"""The health-check process as somebody else than root."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.lab.daemon import OURS
from tests.lab.test_processes import node_ready, status
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab
KEPT = "0000000000003000"
CONFIG = """\
global_defs {{
    checker_user nobody
    script_user root
}}
virtual_server 10.9.9.9 80 {{
    delay_loop 0.2
    lvs_sched rr
    lvs_method NAT
    protocol TCP
    real_server 192.168.0.201 {port} {{
        PING_CHECK {{
        }}
        MISC_CHECK {{
            misc_path "{script}"
        }}
    }}
}}
"""


def script(folder: Path, said: str) -> tuple[Path, Path]:
    """A script that says whom it runs as, and where it says so."""
    path, answer = folder / f"{said}.sh", folder / said
    path.write_text(f"#!/bin/sh\nid -u > {answer}\n")
    path.chmod(0o755)
    return path, answer


def log_of(node: Node) -> str:
    return "\n".join(node.log())


def is_deprived(node: Node, pid: int) -> bool:
    """Whether a process is nobody's and has the two capabilities only."""
    capabilities = [status(node, pid, f"Cap{which}") for which in ("Prm", "Eff", "Bnd")]
    return status(node, pid, "Uid").split() == ["65534"] * 4 and capabilities == [KEPT] * 3


def test_checker_gives_up_root_and_everything_still_works(lab: Lab, tmp_path: Path) -> None:
    (node,) = lab.add(one=["192.168.0.201/24"])
    node.install(OURS)
    node.start_syslog()
    first, answer = script(tmp_path, "first")
    node.configure(CONFIG.format(port=80, script=first))
    node.start()
    node_ready(node)
    checker = node.checker_pid()
    wait_for(lambda: is_deprived(node, checker), 10, lambda: log_of(node))
    wait_for(lambda: answer.exists() and answer.read_text() == "0\n", 10, lambda: log_of(node))
    wait_for(lambda: "ICMP connection to [192.168.0.201]:80 success" in log_of(node), 10, lambda: log_of(node))

    second, answer = script(tmp_path, "second")
    node.configure(CONFIG.format(port=81, script=second))
    node.kill(node.parent_pid(), signal.SIGHUP)
    wait_for(lambda: answer.exists() and answer.read_text() == "0\n", 10, lambda: log_of(node))
    wait_for(lambda: "ICMP connection to [192.168.0.201]:81 success" in log_of(node), 10, lambda: log_of(node))
    assert node.checker_pid() == checker
    assert status(node, node.parent_pid(), "Uid").split()[0] == "0"

    node.kill(checker, signal.SIGKILL)
    wait_for(lambda: node.checker_pid() not in {0, checker}, 10, lambda: log_of(node))
    again = node.checker_pid()
    wait_for(lambda: is_deprived(node, again), 10, lambda: log_of(node))
    node.stop()
