"""Run `keepalived -t` on every file of a directory, in a network of its own: one line `NAME CODE` for each.

A program of its own, because it has to run inside the namespaces: `unshare --net ... python config_codes.py DIRECTORY`.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

INTERFACES = ("eth0", "eth1", "eth2")
LONGEST = 8


def make_interfaces() -> None:
    for name in INTERFACES:
        subprocess.run(["ip", "link", "add", name, "type", "veth", "peer", "name", f"peer-{name}"], check=True)
        subprocess.run(["ip", "link", "set", name, "up"], check=True)


def hide_run() -> None:
    """What keepalived saves there (`config_save_dir`, even with -t) goes with the namespace."""
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)


def code_of(path: Path) -> int:
    """Return the exit code; -1 when a signal ended it, or nothing did."""
    words = ["/usr/sbin/keepalived", "-t", "-f", str(path)]
    try:
        return max(subprocess.run(words, capture_output=True, timeout=LONGEST, check=False).returncode, -1)
    except subprocess.TimeoutExpired:
        return -1


def main(directory: Path) -> None:
    make_interfaces()
    hide_run()
    paths = sorted(directory.iterdir())
    with ThreadPoolExecutor(2) as pool:
        for path, code in zip(paths, pool.map(code_of, paths), strict=True):
            sys.stdout.write(f"{path.name} {code}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
