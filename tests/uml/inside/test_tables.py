"""Real configurations with virtual servers: our IPVS tables are those of Debian's keepalived 2.2.7."""

from __future__ import annotations

import os
import re
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.config.corpus import CORPUS, environment
from tests.lab.daemon import OURS, REAL
from tests.uml.inside.director import tables, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

LIMIT = 25.0
"""Seconds after which the tables that two daemons have made are compared as they are."""
PAUSE = 0.1
"""Seconds between two looks at the tables."""
CALM = 3.0
"""Seconds without a change after which empty tables are believed, once both daemons have started their process."""
EVERY = int(os.environ.get("KEEPALIVED_EVERY", "1000"))
"""Of the configurations one in so many is tried, besides those of SURE."""
SURE = ("octavia", "kube-keepalived-vip")
ELSEWHERE = re.compile(r"^\s*(net_namespace|net_namespace_ipvs|linkbeat|instance|use_pid_dir)\b.*$", re.MULTILINE)
"""What would make a daemon look at another place than ours."""
ARGUED = {
    "0088-ssl-get-http-get-misc-check-utf8.conf",
    "0212-octavia-misc-check-vsgroup-netns.conf",
}
"""Configurations whose tables differ; docs/compatibility.md says why."""
PID_FILE, CHECKERS_PID_FILE = "/run/keepalived.pid", "/run/checkers.pid"
SERVER = re.compile(r"^(\s*virtual_server\s[^{]*\{)", re.MULTILINE)
PATIENT = r"\1\n    warmup 3600\n"
"""What a server is before its first check is compared: nothing of the corpus can be reached from here."""


def adapted(path: Path) -> str:
    text = ELSEWHERE.sub("", path.read_text(encoding="utf-8", errors="replace"))
    return SERVER.sub(PATIENT, text)


def configurations() -> list[Path]:
    """The files of the corpus that have a virtual server and stand for themselves."""
    files = [path for path in sorted(CORPUS.glob("*.conf")) if b"virtual_server " in path.read_bytes()]
    only = os.environ.get("KEEPALIVED_ONLY")
    if only:
        return [path for path in files if any(path.name.startswith(one) for one in only.split(","))]
    return [path for at, path in enumerate(files) if at % EVERY == 0 or any(word in path.name for word in SURE)]


def run_both(nodes: list[Node], text: str) -> tuple[list[str], list[str]]:
    """Start both daemons, wait until their tables are equal and stay so, end them; return the tables."""
    starting = []
    for node in nodes:
        node.run("ipvsadm", "-C")
        node.configure(text)
        starting.append(node.popen("keepalived", "-D", "-S", "0", "-C"))
    found = settled_tables(nodes)
    for program in starting:
        program.wait(LIMIT)
    for node in nodes:
        pid = node.parent_pid()
        if pid:
            node.kill(pid, signal.SIGTERM)
    wait_until(nodes[0], lambda: not any(node.text(PID_FILE) for node in nodes), "both end")
    return found


def settled_tables(nodes: list[Node]) -> tuple[list[str], list[str]]:
    """Return the tables of both as soon as they are equal twice, or as they are when the time is over."""
    began = changed = time.monotonic()
    found: tuple[list[str], list[str]] = ([], [])
    while time.monotonic() < began + LIMIT:
        before = found
        ours, real = found = (sorted(tables(nodes[0])), sorted(tables(nodes[1])))
        if found != before or not all(node.text(CHECKERS_PID_FILE) for node in nodes):
            changed = time.monotonic()
        elif ours == real and (ours or time.monotonic() > changed + CALM):
            break
        time.sleep(PAUSE)
    return found


def test_tables_are_those_of_the_real_keepalived(lab: Lab) -> None:
    nodes = lab.add(ours="192.168.0.10/24", real="192.168.0.20/24")
    for node, daemon in zip(nodes, (OURS, REAL), strict=True):
        node.install(daemon)
        node.start_syslog(own=True)
        lines = [f"link add {name} type dummy" for name in sorted(environment().interfaces - {"eth0", "lo"})]
        node.run("sh", "-c", f"ip -batch - <<'.'\n{chr(10).join(lines)}\n.")
    differences, filled = {}, 0
    for path in configurations():
        began = time.monotonic()
        ours, real = run_both(nodes, adapted(path))
        print(f"{time.monotonic() - began:6.2f} s, {len(real):3} lines: {path.name}", flush=True)
        filled += bool(real)
        if ours != real:
            differences[path.name] = {"ours": ours, "real": real, "log": nodes[0].log()[-12:]}
            print(
                path.name,
                "only ours:",
                *sorted(set(ours) - set(real)),
                "only real:",
                *sorted(set(real) - set(ours)),
                sep="\n    ",
            )
            print("log:", *nodes[0].log()[-12:], sep="\n    ")
    assert differences.keys() == ARGUED & {path.name for path in configurations()}, differences
    assert filled
