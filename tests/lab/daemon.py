"""Which keepalived a node runs."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
"""The project's directory."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """A program that takes keepalived's command line.

    Attributes:
        name: as tests show it.
        command: the words before its options.
        environment: what it needs beside the node's environment.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


OURS = Daemon("ours", (sys.executable, "-m", "keepalived_py"), {"PYTHONPATH": str(ROOT)})
"""This project, from the source tree."""

REAL = Daemon("real", ("/run/.machine/usr/sbin/keepalived",))
"""The machine's own keepalived (a node's /usr/sbin is the node's)."""


def real_is_installed() -> bool:
    """Tell whether this machine has keepalived to work with."""
    return shutil.which("keepalived", path="/usr/sbin") is not None
