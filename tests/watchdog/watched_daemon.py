"""A whole parent with stand-in children, its own pid files, no root."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("stand_in.py")


PATIENCE = 60
"""Seconds in which everything happens, on a machine that does much else."""


def wait_for(condition: Callable[[], object]) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up_at, "it has not happened"
        time.sleep(0.01)


def lives(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(") ")[2][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Daemon:
    """One parent with its children."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config = directory / "keepalived.conf"
        self.output = directory / "output"
        self.process: subprocess.Popen[bytes] | None = None

    def words(self, *options: str) -> list[str]:
        files = ("-p", self.pid_file("parent"), "-r", self.pid_file("vrrp"), "-c", self.pid_file("check"))
        return [sys.executable, str(PROGRAM), "-f", str(self.config), *map(str, files), "-G", *options]

    def pid_file(self, name: str) -> Path:
        return self.directory / f"{name}.pid"

    def pid(self, name: str) -> int:
        """The number in a pid file, as soon as it is written."""
        wait_for(lambda: self.pid_file(name).exists() and self.pid_file(name).read_text().endswith("\n"))
        return int(self.pid_file(name).read_text())

    def environment(self) -> dict[str, str]:
        return os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(self.config.parent)}

    def start(self, config: str = "", *options: str) -> None:
        self.config.write_text(config)
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                self.words("-n", "-l", "-D", *options), stdout=output, stderr=output, env=self.environment()
            )

    def log(self) -> list[str]:
        return [re.sub(r"^\w+ \w+ +\d+ [\d:]+ \d+: ", "", line) for line in self.output.read_text().splitlines()]

    def wait_for_line(self, pattern: str, count: int = 1) -> str:
        wait_for(lambda: len(self.lines(pattern)) >= count)
        return self.lines(pattern)[-1]

    def lines(self, pattern: str) -> list[str]:
        return [line for line in self.log() if re.fullmatch(pattern, line)]

    def up(self, config: str = "", *options: str) -> None:
        self.start(config, *options)
        self.wait_for_line("up, generation 1, .*", count=2)

    def send(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def reload(self, config: str) -> None:
        self.config.write_text(config)
        self.send(signal.SIGHUP)

    def end(self) -> int:
        assert self.process is not None
        return self.process.wait(PATIENCE)

    def stop(self) -> int:
        self.send(signal.SIGTERM)
        return self.end()
