#!/usr/bin/env python3
"""Start of the daemon: time from exec until its children run, processor time, memory of each process.

Run as root: `python bench/startup.py [ROUNDS]`. It makes namespaces of its own for the network and for /run. On a
machine with other work the minimum says what the start costs, and the median what an operator sees there.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "examples/walkthrough/single/why-1.conf"
INSIDE = "KEEPALIVED_BENCH_INSIDE"
NAMES = ("keepalived", "vrrp", "checkers")


LAUNCHER = """\
import sys
sys.path.insert(0, sys.argv.pop(1))
sys.path.extend(sys.argv.pop(1).split(":"))
from keepalived_py.cli import main
sys.exit(main())
"""
"""What `make install` puts into sbin."""


def interpreter(cache: str) -> list[str]:
    """Return the interpreter as the installed program calls it, with its compiled modules in `cache`."""
    return [sys.executable, "-I", "-S", "-X", f"pycache_prefix={cache}"]


def enter_namespaces() -> None:
    """Run this program again where nothing that it does can be seen outside."""
    environment = os.environ | {INSIDE: "1"}
    os.execvpe("unshare", ["unshare", "--net", "--mount", sys.executable, *sys.argv], environment)


def prepare() -> None:
    """Make eth0 and an empty /run."""
    for command in (
        "ip link set lo up",
        "ip link add eth0 type veth peer name wire",
        "ip link set wire up",
        "ip link set eth0 up",
        "ip address add 192.168.0.201/24 dev eth0",
        "mount -t tmpfs tmpfs /run",
    ):
        subprocess.run(command.split(), check=True)


def proportional_set_size(pid: int) -> int:
    """Memory of a process in KiB, shared pages divided among those that share them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise LookupError(pid)


def one_start(cache: str) -> tuple[float, float, list[int]]:
    """Start and stop once; return seconds until the command returned, its processor seconds, KiB of each process."""
    command = [*interpreter(cache), "-c", LAUNCHER, str(ROOT), ":".join(sys.path), "-f", str(CONFIG), "-D", "-G"]
    began = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ)
    _pid, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - began
    if status:
        raise SystemExit(f"keepalived did not start: {os.waitstatus_to_exitcode(status)}")
    time.sleep(0.3)
    pids = [int(Path(f"/run/{name}.pid").read_text()) for name in NAMES]
    sizes = [proportional_set_size(pid) for pid in pids]
    os.kill(pids[0], 15)
    while Path("/run/keepalived.pid").exists():
        time.sleep(0.01)
    return seconds, usage.ru_utime + usage.ru_stime, sizes


def main() -> None:
    """Print the table."""
    if INSIDE not in os.environ:
        enter_namespaces()
    prepare()
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory() as cache:
        one_start(cache)  # compiles what the others load
        results = [one_start(cache) for _ in range(rounds)]
    times, processor, sizes = zip(*results, strict=True)
    print(
        f"exec until the children run: median {statistics.median(times) * 1000:.0f} ms, min {min(times) * 1000:.0f} ms"
    )
    print(f"processor time of the start: median {statistics.median(processor) * 1000:.0f} ms")
    for name, values in zip(NAMES, zip(*sizes, strict=True), strict=True):
        print(f"PSS of {name}: {statistics.median(values) / 1024:.1f} MiB")


if __name__ == "__main__":
    main()
