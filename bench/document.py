"""The table in docs/performance.md, with what it was measured on."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

from tests.lab.daemon import ROOT

DOCUMENT = ROOT / "docs" / "performance.md"
VRRP, CHECKS = "table", "checks"
"""The tables: each stands between `<!-- NAME: begin -->` and `<!-- NAME: end -->`."""


def machine() -> str:
    """Return one line: processors, kernel, Python, keepalived."""
    processor = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    words = [
        f"{os.cpu_count()} processors" + (f" ({processor[1]})" if processor else ""),
        f"Linux {'.'.join(platform.release().split('.')[:2])}",
        f"{platform.python_implementation()} {platform.python_version()}",
        version("/usr/sbin/keepalived"),
    ]
    return "; ".join(words)


def version(path: str) -> str:
    """Return `keepalived vX.Y.Z` of a program."""
    if not Path(path).exists():
        return "no keepalived"
    shown = subprocess.run([path, "-v"], capture_output=True, text=True, check=False)
    found = re.search(r"Keepalived (v[\d.]+)", shown.stderr + shown.stdout)
    return f"keepalived {found[1]}" if found else "keepalived"


def write(name: str, table: str, remark: str = "") -> None:
    """Replace one of the tables in the document, with the machine and a remark above it."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(begin)
    after = rest.split(end)[1]
    DOCUMENT.write_text(f"{before}{begin}\n{machine()}{remark}\n\n{table}\n{end}{after}", encoding="utf-8")
