"""The test stand: a node for the daemon, a node for its peer, and what is read of them while they run."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.frames import advert, announcement
from tests.lab.topology import Lab
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from tests.lab.daemon import Daemon
    from tests.lab.frames import Advert, Announcement
    from tests.lab.node import Node

HERE = Path(__file__).resolve().parent
OWN, PEER = "192.168.0.1", "192.168.0.2"
OPTIONS = ("-D", "-S", "0")
"""The command line of the walkthrough."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What the daemon's node sent and heard; all times are seconds since the epoch.

    Attributes:
        adverts: VRRP adverts of both directions.
        announcements: gratuitous ARPs that left.
        addresses: when each address came to the interface.
    """

    adverts: list[Advert]
    announcements: list[Announcement]
    addresses: list[float]


def read_recording(path: Path) -> Recording:
    """Return what `recorder.py` wrote."""
    adverts, announcements, addresses = [], [], []
    for line in path.read_text(encoding="ascii").splitlines():
        kind, at, *rest = line.split()
        if kind == "address":
            addresses.append(float(at))
            continue
        outgoing, frame = rest[0] == "out", bytes.fromhex(rest[1])
        found = advert(float(at), outgoing, frame)
        if found:
            adverts.append(found)
        elif outgoing and (arp := announcement(float(at), outgoing, frame)):
            announcements.append(arp)
    return Recording(adverts, announcements, addresses)


class Stand:
    """Two nodes on one wire, 192.168.0.1 and 192.168.0.2; `open_stand` makes one."""

    def __init__(self, node: Node, peer: Node) -> None:
        self.node = node
        self.peer = peer

    @contextlib.contextmanager
    def running(self, daemon: Daemon, config: str, node: Node | None = None) -> Iterator[Node]:
        """Have a daemon run with a configuration; it has read it and its VRRP child has begun."""
        node = node or self.node
        node.install(daemon)
        node.configure(config)
        instances = config.count("vrrp_instance")
        begun = "Entering BACKUP STATE"
        with self.cleaned(node):
            node.start(*OPTIONS)
            wait_for(lambda: text_count(node, begun) >= instances, 30, lambda: "\n".join(node.log()[-20:]))
            yield node

    @contextlib.contextmanager
    def cleaned(self, node: Node) -> Iterator[None]:
        """End the daemon that the body starts, and take away what it left."""
        try:
            yield
        finally:
            stop(node)
            node.path("/var/log/keepalived.log").write_text("", encoding="utf-8")
            node.ip("address", "flush", "dev", "eth0", "to", "10.0.0.0/8")

    def send(
        self, interval: float, routers: int, adverts: int, silence: float, cycles: int = 1, spread: float = 0.0
    ) -> subprocess.Popen[str]:
        """Start the scripted master in the peer's node; see `sender.py`."""
        words = [str(one) for one in (PEER, interval, routers, adverts, silence, cycles, spread)]
        return self.peer.popen(sys.executable, "-I", str(HERE / "sender.py"), *words)

    def record(self, seconds: float) -> subprocess.Popen[str]:
        """Record the daemon's node for so many seconds from now on."""
        path = self.node.path("/run/recording")
        path.unlink(missing_ok=True)
        program = str(HERE / "recorder.py")
        child = self.node.popen(sys.executable, "-I", "-S", program, "eth0", str(seconds), "/run/recording")
        assert child.stdout is not None
        if child.stdout.readline() != "ready\n":
            raise RuntimeError(child.stdout.read())
        return child

    def recorded(self, child: subprocess.Popen[str]) -> Recording:
        """Wait for the end of a recording and return it."""
        child.wait(60)
        return read_recording(self.node.path("/run/recording"))


@contextlib.contextmanager
def open_stand() -> Iterator[Stand]:
    """Make the nodes, each with its rsyslogd."""
    with Lab() as lab:
        node, peer = lab.add(router=f"{OWN}/24", peer=f"{PEER}/24")
        for one in (node, peer):
            one.start_syslog()
        yield Stand(node, peer)


def text_count(node: Node, text: str) -> int:
    """Return how often a text is in the node's log."""
    return node.text("/var/log/keepalived.log").count(text)


def stop(node: Node) -> None:
    """SIGTERM, and SIGKILL for who does not listen: a bench measures, it does not judge."""
    pid = node.parent_pid()
    if not pid:
        return
    node.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 20
    while node.is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    for left in filter(None, (node.vrrp_pid(), node.parent_pid())):
        node.kill(left, signal.SIGKILL)


# Figures of processes and interfaces, read through /proc of the node's first process


def process_file(node: Node, pid: int, name: str) -> str:
    """Return /proc/PID/NAME of a process that the node numbers `pid`."""
    return Path(f"/proc/{node.pid}/root/proc/{pid}/{name}").read_text(encoding="ascii")


def processor_seconds(node: Node, pid: int) -> float:
    """Return the processor time that a process has used, user and system; in nanoseconds where stat has 10 ms ticks."""
    return int(process_file(node, pid, "schedstat").split()[0]) / 1e9


def packets(node: Node) -> tuple[int, int]:
    """Return how many packets eth0 has received and sent."""
    for line in Path(f"/proc/{node.pid}/net/dev").read_text(encoding="ascii").splitlines():
        name, _, figures = line.partition(":")
        if name.strip() == "eth0":
            fields = figures.split()
            return int(fields[1]), int(fields[9])
    raise LookupError("eth0")


def memory(node: Node, pid: int) -> tuple[float, float]:
    """Return (RSS, PSS) of a process in MB."""
    figures = {}
    for line in process_file(node, pid, "smaps_rollup").splitlines()[1:]:
        name, value, *_ = line.split()
        figures[name] = int(value) / 1024
    return figures["Rss:"], figures["Pss:"]
