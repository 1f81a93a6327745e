"""User Mode Linux: Debian's kernel with what the machine's own may lack (IPVS, ipvlan, VRF, dummy), as a program.

It boots in about three seconds, with the machine's files as its root: the same virtual environment and the same tests
run inside. One processor, system calls about four times slower, no network to the outside.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
KERNEL = "linux.uml"
INIT = Path(__file__).with_name("init.sh")
INSIDE = "KEEPALIVED_UML"
"""Set in the environment of what runs inside."""


def why_not() -> str:
    """Why this machine cannot run User Mode Linux; empty when it can."""
    for command, package in ((KERNEL, "user-mode-linux"), ("modprobe", "kmod")):
        if shutil.which(command, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
            return f"{command} is not installed (Debian package {package})"
    return ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a command that ran inside.

    Attributes:
        code: its exit code; -1 when the kernel ended without it.
        console: what the kernel and the command wrote.
    """

    code: int
    console: str


def run_inside(command: Sequence[str], modules: Sequence[str], timeout: float, memory: str = "768M") -> Outcome:
    """Boot, run one command in the project's directory as root, power off.

    Args:
        command: words.
        modules: kernel modules to load first.
        timeout: seconds after which the kernel is killed.
        memory: of the kernel, as `mem=` takes it.
    """
    with tempfile.TemporaryDirectory(prefix="keepalived-uml-") as name:
        directory = Path(name)
        script, result, console = (directory / part for part in ("command", "result", "console"))
        script.write_text(
            f"cd {shlex.quote(str(ROOT))}\nexec env {_passed_on()} {shlex.join(command)}\n", encoding="utf-8"
        )
        words = [
            *(KERNEL, f"mem={memory}", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "rw", f"init={INIT}"),
            *("con=null", "con0=fd:0,fd:1", "quiet", f"UML_MODULES={','.join(modules)}"),
            *(f"UML_COMMAND={script}", f"UML_RESULT={result}", f"uml_dir={directory}/"),
        ]
        with console.open("w") as output:
            kernel = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
            try:
                kernel.wait(timeout)
            except subprocess.TimeoutExpired:
                os.killpg(kernel.pid, 9)
                kernel.wait(10)
        code = int(result.read_text()) if result.exists() else -1
        return Outcome(code, console.read_text(encoding="utf-8", errors="replace"))


def _passed_on() -> str:
    """Return the variables that the tests know, for the command that runs inside."""
    known = {name: value for name, value in os.environ.items() if name.startswith("KEEPALIVED_")}
    return shlex.join(f"{name}={value}" for name, value in {**known, INSIDE: "1"}.items())


def run_tests_inside(path: str, modules: Sequence[str], timeout: float) -> Outcome:
    """Run the tests of one file of tests/uml/inside within the kernel."""
    options = ("-q", "-rP", "--tb=short", "--color=no", "--timeout=0")  # -rP: what passing tests print, too
    command = [sys.executable, "-B", "-m", "pytest", *options, path]
    return run_inside(command, modules, timeout)
