"""The table in docs/performance.md, with what it was measured on."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

from tests.lab.daemon import ROOT

DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"


def machine() -> str:
    """Return one line: processors, kernel, Python, keepalived."""
    processor = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    shown = subprocess.run(["/usr/sbin/keepalived", "-v"], capture_output=True, text=True, check=False)
    keepalived = re.search(r"Keepalived (v\S+)", shown.stderr + shown.stdout)
    words = [
        f"{os.cpu_count()} processors" + (f" ({processor[1]})" if processor else ""),
        f"Linux {'.'.join(platform.release().split('.')[:2])}",
        f"{platform.python_implementation()} {platform.python_version()}",
        f"keepalived {keepalived[1]}" if keepalived else "no keepalived",
    ]
    return "; ".join(words)


def write(table: str) -> None:
    """Replace the table in the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{machine()}\n\n{table}\n{END}{after}", encoding="utf-8")
