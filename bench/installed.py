"""Our daemon as an operator has it: installed by pip into an environment of its own, byte code compiled."""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import sysconfig

from tests.lab.daemon import ROOT, Daemon

PLACE = ROOT / "build" / "bench"


def install() -> Daemon:
    """Install the source tree as it is now; dependencies are those of the environment that runs the bench."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    python = PLACE / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", PLACE], check=True, env=environment)
    library = next((PLACE / "lib").glob("python3.*")) / "site-packages"
    (library / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--force-reinstall", str(ROOT)], check=True, env=environment)
    compileall.compile_dir(library, quiet=1)
    compileall.compile_dir(sysconfig.get_path("purelib"), quiet=1)
    return Daemon("ours", str(PLACE / "bin" / "keepalived"))
