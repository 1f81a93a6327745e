"""A loop with programs, and a log that keeps its lines."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from keepalived_py.config.arguments import Script
from keepalived_py.notify.event import Event, Kind, News
from keepalived_py.notify.queue import Task
from keepalived_py.observability.log import Log
from keepalived_py.program import Programs
from keepalived_py.reactor import Reactor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Recorded(Log):
    """A log that keeps its lines, those of -D too."""

    def __init__(self) -> None:
        super().__init__("test", syslog=False, detail=1)
        self.lines: list[str] = []

    def write(self, _level: object, text: str) -> None:
        self.lines.append(text)


class Bench:
    """What an edge of notifications is made with."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.loop = Reactor(longest_sleep=0.02)
        self.log = Recorded()
        self.programs = Programs(self.loop, self.log)

    def until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Run the loop until something is so."""
        give_up_at = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < give_up_at, self.log.lines
            self.loop.run_once()

    def script(self, text: str, name: str = "script") -> Script:
        """A script of root's that does what the text says, in the bench's directory."""
        path = self.directory / name
        path.write_text(f"#!/bin/sh\ncd {self.directory}\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
        return Script(words=(str(path),), path=str(path))

    def text(self, name: str) -> str:
        """A file of the directory; empty while it does not exist."""
        path = self.directory / name
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def lines(self, name: str = "told") -> list[str]:
        return self.text(name).splitlines()

    def close(self) -> None:
        self.programs.close(2.0)
        self.loop.close()


def task(script: Script, news: News, name: str = "VI_1", word: str = "") -> Task:
    """One run that is told a state; `word` beside it."""
    event = Event(Kind.INSTANCE, name, news, 100, {"KEEPALIVED_EVENT": news.value})
    return Task(event, script, (news.value, *([word] if word else [])))
