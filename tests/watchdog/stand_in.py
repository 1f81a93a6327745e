"""The whole parent with stand-in children and a stand-in configuration: `python stand_in.py OPTIONS`.

The configuration is a list of words. `KEYWORD=VALUE` and `global_defs/KEYWORD=VALUE` set a keyword, `error TEXT` is
an error in it, `unusable` makes it so; the others tell the VRRP child how to behave: see `behave`.
"""

from __future__ import annotations

import mmap
import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from keepalived_py import cli, standard_streams
from keepalived_py.config.arguments import Script
from keepalived_py.config.diagnostics import Diagnostics
from keepalived_py.config.familiar import NO_PRINTS, Earlier, Prints
from keepalived_py.config.keywords import LATER
from keepalived_py.config.model import Config
from keepalived_py.config.model.globals import GlobalDefs
from keepalived_py.errors import ConfigError, ConfigTestCode
from keepalived_py.reactor import Reactor
from keepalived_py.watchdog import places, signals, startup

if TYPE_CHECKING:
    from collections.abc import Generator

    from keepalived_py.child import Child
    from keepalived_py.options import Options


def load(path: str, options: Options, *, earlier: Earlier | None = None) -> Any:
    """Read the file; the configuration's router_id is its text."""
    del options, earlier
    text = Path(path).read_text(encoding="utf-8")
    if "read-slowly" in text:
        time.sleep(float(text.split()[1]))
    if "read-until" in text:
        wait_for_file(Path(text.split()[1]))
    if "crash-reading" in text:
        raise ValueError(text)
    diagnostics = Diagnostics()
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "error":
            diagnostics.error(rest)
        elif word == "unusable":
            diagnostics.error("a word is missing", code=ConfigTestCode.MISSING_WORD)
    settings: Any = dict(line.split("=") for line in text.splitlines() if "=" in line)
    defs: Any = {name.removeprefix("global_defs/"): settings.pop(name) for name in [*settings] if "/" in name}
    usable = Config(global_defs=GlobalDefs(router_id=text, **scripts(text), **defs), child_wait_time=1, **settings)
    config = None if "unusable" in text else usable
    return SimpleNamespace(config=config, diagnostics=diagnostics, exit_code=diagnostics.exit_code(), prints=NO_PRINTS)


def wait_for_file(path: Path) -> None:
    """Wait until it exists."""
    while not path.exists():
        time.sleep(0.02)


def scripts(text: str) -> dict[str, Any]:
    """Return the values for lines `startup_script SECONDS PROGRAM` and `shutdown_script SECONDS PROGRAM`."""
    found: dict[str, Any] = {}
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word in {"startup_script", "shutdown_script"}:
            seconds, _, program = rest.partition(" ")
            found |= {word: Script(words=(program,), path=program), f"{word}_timeout": float(seconds)}
    return found


class Store:
    """Two shared pages: the generation and the text in force, and the text that is staged."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 2 * mmap.PAGESIZE)
        self._generation = 0

    @property
    def generation(self) -> int:
        """Number of the text in force."""
        return self._generation

    @property
    def descriptors(self) -> tuple[int, ...]:
        """None: memory needs no descriptor."""
        return ()

    def earlier(self) -> Earlier:
        """Nothing is known from the last time."""
        return Earlier(NO_PRINTS, ())

    def stage(self, config: Config, _prints: Prints = NO_PRINTS) -> int:
        """Store the text."""
        text = f"{config.global_defs.router_id}\n".encode()
        self._memory[mmap.PAGESIZE : mmap.PAGESIZE + len(text)] = text
        return len(text)

    def commit(self, staged: int) -> int:
        """Put the text in force."""
        self._generation += 1
        text = b"%d\n%s" % (self._generation, self._memory[mmap.PAGESIZE : mmap.PAGESIZE + staged])
        self._memory[: mmap.PAGESIZE] = text.ljust(mmap.PAGESIZE, b"\0")
        return self._generation

    def current(self, *, servers: bool = True) -> tuple[int, Config]:
        """Read it; there are no servers."""
        del servers
        first, _, text = self._memory[: mmap.PAGESIZE].rstrip(b"\0").decode().partition("\n")
        return int(first), Config(global_defs=GlobalDefs(router_id=text))

    def loading(self, *, servers: bool = True) -> Generator[None, None, tuple[int, Config]]:
        """Read it, after one step."""
        yield
        return self.current(servers=servers)

    @property
    def size(self) -> int:
        """Bytes of the page."""
        return mmap.PAGESIZE


def words(config: Config) -> list[str]:
    """Return the words of the text."""
    return (config.global_defs.router_id or "").split()


def run(child: Child) -> int:
    """Be a child."""
    reactor = Reactor(longest_sleep=0.05)
    log = child.log

    def reload() -> None:
        generation, config = child.source.current()
        log.info(f"reloaded {generation}")
        acknowledge(generation, words(config))

    def acknowledge(generation: int, orders: list[str]) -> None:
        if "slow-reload" in orders and not Path(orders[1]).exists():
            reactor.call_later(0.02, acknowledge, generation, orders)
        else:
            child.heartbeat.acknowledge(generation)

    def show_life(now: float) -> None:
        child.heartbeat.beat(now)
        log.flush()

    def stop() -> None:
        log.info("stopping")
        reactor.stop()

    reactor.after_iteration.append(show_life)
    reactor.add_signal_handler(signal.SIGTERM, stop)
    reactor.add_signal_handler(signal.SIGHUP, reload)
    for number, name in ((signal.SIGUSR1, "USR1"), (signal.SIGUSR2, "USR2"), (signal.SIGRTMIN + 2, "RTMIN+2")):
        reactor.add_signal_handler(number, log.info, f"got {name}")
    if "vrrp" in log.ident:
        behave(child, words(child.config))
    child.heartbeat.acknowledge(child.generation)
    log.info(f"up, generation {child.generation}, respawned {child.respawned}, record {bytes(child.record[:4])!r}")
    child.record[:4] = b"mine"
    reactor.run_forever()
    return 0


def behave(child: Child, orders: list[str]) -> None:
    """Behave badly; `-once` only in the first process of this kind."""
    word = orders[0].removesuffix("-once") if orders else ""
    if not word or (orders[0].endswith("-once") and child.respawned):
        return
    if word == "exit":
        child.log.flush()
        os._exit(int(orders[1]))
    if word == "refuse":
        raise ConfigError(" ".join(orders[1:]))
    if word == "speechless":
        sys.modules["traceback"] = None  # type: ignore[assignment]
        raise ValueError(word)
    if word == "raise":
        raise ValueError(word)
    if word in {"hang", "hang-hard"}:
        if word == "hang-hard":
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGABRT})
        child.heartbeat.acknowledge(child.generation)
        time.sleep(60)
    if word == "stubborn":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        child.heartbeat.acknowledge(child.generation)
        child.log.info("stubborn from now on")
        child.log.flush()
        while True:
            child.heartbeat.beat(time.monotonic())
            time.sleep(0.05)


def main() -> int:
    """Run it."""
    standard_streams.complete()
    signals.hold()
    parts = startup.Parts(
        load=load,
        store=lambda _directory: Store(),
        not_in_effect=lambda config: {"global_defs/nothing": LATER} if "nothing" in words(config) else {},
        children={places.CHECKERS: lambda: run, places.VRRP: lambda: run},
    )
    return startup.start(cli.read_command_line(sys.argv[1:]).options, sys.argv[1:], parts)


if __name__ == "__main__":
    sys.exit(main())
