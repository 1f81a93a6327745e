"""Real configurations with virtual servers: our IPVS tables are those of Debian's keepalived 2.2.7."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.config.corpus import CORPUS, environment
from tests.lab.daemon import OURS, REAL
from tests.uml.inside.director import tables, wait_until

if TYPE_CHECKING:
    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

LIMIT = 60.0
"""Seconds after which the tables that two daemons have made are compared as they are."""
PAUSE = 0.05
"""Seconds between two looks at the tables."""
REST, CALM = 0.15, 5.0
"""Seconds without a change after which tables are read: equal ones, and others."""
EVERY = int(os.environ.get("KEEPALIVED_EVERY", "8"))
"""Of the configurations one in so many is tried, besides those of SURE."""
SURE = ("octavia", "kube-keepalived-vip")
ELSEWHERE = re.compile(
    r"^\s*(?:[@$]\^?\w+\s+)?(net_namespace|net_namespace_ipvs|linkbeat|instance|use_pid_dir|smtp_server|warmup)\b.*(?<!\\)$",
    re.MULTILINE,
)
"""What would make a daemon look at another place than ours, check sooner, or ask a resolver."""
ARGUED = {
    "0088-ssl-get-http-get-misc-check-utf8.conf",
    "0190-tcp-check-lvs-unicast.conf",
    "0212-octavia-misc-check-vsgroup-netns.conf",
}
"""Configurations whose tables differ; docs/compatibility.md says why."""
PID_FILE, CHECKERS_PID_FILE = "/run/keepalived.pid", "/run/checkers.pid"
EMPTY = {
    "0004-dpvs-tcp-check-vsgroup-static-addr.conf",
    "0016-octavia-vsgroup-lvs-netns.conf",
    "0078-file-check-lvs-lvs-syncd.conf",
    "0110-lvs-script-utf8.conf",
    "0112-dpvs-lvs.conf",
    "0131-lvs-utf8.conf",
    "0174-tcp-check-lvs.conf",
    "0182-monalive-lvs-ipv6.conf",
}
"""Configurations without a usable virtual server: placeholders for addresses, no real servers, misspelt words."""
SERVER = re.compile(r"^([ \t]*virtual_server\s(?:\$\{[^}]*\}|[^{])*\{)([ \t]*\\)?", re.MULTILINE)
"""The head of a virtual server, and the backslash behind it where it is part of a definition of several lines."""


def adapted(path: Path) -> str:
    """What a server is before its first check is compared: nothing of the corpus can be reached from here."""
    text = ELSEWHERE.sub("", path.read_text(encoding="utf-8", errors="replace"))
    return SERVER.sub(lambda head: f"{head[1]}{head[2] or ''}\n    warmup 3600{head[2] or chr(10)}", text)


def configurations() -> list[Path]:
    """The files of the corpus that have a virtual server and stand for themselves."""
    files = [path for path in sorted(CORPUS.glob("*.conf")) if b"virtual_server " in path.read_bytes()]
    only = os.environ.get("KEEPALIVED_ONLY")
    if only:
        return [path for path in files if any(path.name.startswith(one) for one in only.split(","))]
    return [path for at, path in enumerate(files) if at % EVERY == 0 or any(word in path.name for word in SURE)]


def run_both(nodes: list[Node], text: str) -> list[list[str]]:
    """Start both daemons, wait until their tables are equal and stay so, end them; return the tables."""
    for node in nodes:
        if services(node):
            node.run("ipvsadm", "-C")
        node.configure(text)
    starting = [node.popen("keepalived", "-D", "-S", "0", "-C") for node in nodes]
    found = settled_tables(nodes)
    for program in starting:
        program.wait(LIMIT)
    for node in nodes:
        node.attempt("sh", "-c", f"kill $(cat {PID_FILE})")
    wait_until(nodes[0], lambda: not any(node.text(PID_FILE) for node in nodes), "both end")
    return found


def services(node: Node) -> list[str]:
    """The services and destinations of a node as its kernel lists them: many times cheaper than ipvsadm."""
    return sorted(Path(f"/proc/{node.pid}/net/ip_vs").read_text(encoding="ascii").splitlines()[3:])


def settled_tables(nodes: list[Node]) -> list[list[str]]:
    """Return the tables of both as soon as they are equal and at rest, or as they are when the time is over."""
    began = changed = time.monotonic()
    seen: list[list[str]] = []
    while time.monotonic() < began + LIMIT:
        before, seen = seen, [services(node) for node in nodes]
        if seen != before or not all(node.text(CHECKERS_PID_FILE) for node in nodes):
            changed = time.monotonic()
        is_done = seen[0] == seen[1] != []
        if bool(seen[0]) is bool(seen[1]) and time.monotonic() > changed + (REST if is_done else CALM):
            break
        time.sleep(PAUSE)
    return [sorted(tables(node)) for node in nodes]


def test_tables_are_those_of_the_real_keepalived(lab: Lab) -> None:
    nodes = lab.add(ours="192.168.0.10/24", real="192.168.0.20/24")
    for node, daemon in zip(nodes, (OURS, REAL), strict=True):
        node.install(daemon)
        node.start_syslog(own=True)
        lines = [f"link add {name} type dummy" for name in sorted(environment().interfaces - {"eth0", "lo"})]
        node.run("sh", "-c", f"ip -batch - <<'.'\n{chr(10).join(lines)}\n.")
    tried = {path.name for path in configurations()}
    different, empty = set(), set()
    for path in configurations():
        began = time.monotonic()
        ours, real = run_both(nodes, adapted(path))
        print(f"{time.monotonic() - began:6.2f} s, {len(real):3} lines: {path.name}", flush=True)
        if not (ours or real):
            empty.add(path.name)
        if ours != real:
            different.add(path.name)
            print("only ours:", *sorted(set(ours) - set(real)), sep="\n    ")
            print("only real:", *sorted(set(real) - set(ours)), sep="\n    ")
            for node in nodes:
                print(f"log of {node.name}:", *node.log()[-20:], sep="\n    ", flush=True)
    assert (different, empty) == (ARGUED & tried, EMPTY & tried)
