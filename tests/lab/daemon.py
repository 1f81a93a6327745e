"""Which keepalived a node runs, as its /usr/sbin/keepalived."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The project's directory."""

LAUNCHER = """\
#!{python}
import sys
sys.path.insert(0, {root!r})
from keepalived_py.cli import main
sys.exit(main())
"""
"""What pip makes of the entry point `keepalived`, for the source tree."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """A program that takes keepalived's command line.

    Attributes:
        name: as tests show it.
        original: the file that /usr/sbin/keepalived of the node links to; None for this project's source tree.
    """

    name: str
    original: str | None = None

    def __str__(self) -> str:
        return self.name

    def install(self, path: Path) -> None:
        """Put the program at a node's /usr/sbin/keepalived."""
        path.unlink(missing_ok=True)
        if self.original:
            path.symlink_to(self.original)
            return
        path.write_text(LAUNCHER.format(python=sys.executable, root=str(ROOT)), encoding="utf-8")
        path.chmod(0o755)


REAL = Daemon("real", "/run/.machine/usr/sbin/keepalived")
"""The machine's own keepalived (a node's /usr/sbin is the node's)."""

OURS = REAL if os.environ.get("KEEPALIVED_LAB_DAEMON") == "real" else Daemon("ours")
"""This project; the environment variable puts the real one in its place to try out the lab itself."""


def real_is_installed() -> bool:
    """Tell whether this machine has keepalived to work with."""
    return shutil.which("keepalived", path="/usr/sbin") is not None
