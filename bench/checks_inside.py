"""In a network of its own: runs one keepalived after another and writes down what each needs for its health checks.

`python -m bench.checks_inside PLAN RESULTS`: PLAN is JSON (`scenario`, `count`, `seconds`, `rounds`, `builds`), RESULTS
gets a line of JSON per figure, so that nothing is lost when this has to be ended. It may run within User Mode Linux.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.targets import CHECKED_PORT, LONE_ADDRESS, LONE_PORT, Targets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONFIG, CHECKERS, PARENT, LOG = (Path("/run", name) for name in ("bench.conf", "checkers.pid", "parent.pid", "log"))
LIMIT = 60.0
"""Seconds that anything may take."""
SETTLING = 3.0
"""Seconds from the first check of every server until processor time is measured."""
SERVICE = struct.Struct("=H2x4sH2xI16sIIII56x")
"""struct ip_vs_service_entry of linux/ip_vs.h."""
COUNTS, _COUNTS = Path("/run/counts"), struct.Struct("=QQQ")
"""Where the stand-in for IPVS counts services added, destinations added, destinations removed."""
IP_VS_SO_GET_INFO, IP_VS_SO_GET_SERVICE = 1153, 1155

Figures = list[tuple[str, float]]
_libc = ctypes.CDLL(None, use_errno=True)


# Configurations


def real_address(number: int) -> str:
    """The address of a real server."""
    return f"10.1.{number // 250}.{number % 250 + 1}"


def checks_config(keyword: str, count: int, port: int = CHECKED_PORT) -> str:
    """One real server per address, a hundred to a virtual server, each checked once a second."""
    body = "connect_timeout 5 retry 0" if keyword == "TCP_CHECK" else HTTP
    reals = [f"real_server {real_address(number)} {port} {{\n{block(keyword, body)}}}\n" for number in range(count)]
    groups = ["".join(reals[begin : begin + 100]) for begin in range(0, count, 100)]
    return "".join(virtual(number, 1, servers) for number, servers in enumerate(groups))


HTTP = "connect_timeout 5 retry 0 url { path / status_code 200 }"


def block(keyword: str, body: str) -> str:
    """A checker, a keyword to a line."""
    lines = re.sub(r" (?=retry|url|path|status_code|\})", "\n", body).replace("{ ", "{\n")
    return f"{keyword} {{\n{lines}\n}}\n"


def virtual(number: int, delay_loop: int, servers: str) -> str:
    """A virtual server."""
    return (
        f"virtual_server 10.0.{number // 250}.{number % 250 + 1} 80 {{\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\n"
        f"delay_loop {delay_loop}\n{servers}}}\n"
    )


def services_config(count: int, changed: int = -1) -> str:
    """So many virtual servers with four real servers each, seldom checked; `changed` has a fifth."""
    return "".join(
        virtual(
            number,
            600,
            "".join(
                f"real_server {real_address(number * 4 + place)} {CHECKED_PORT} {{\n"
                f"{block('TCP_CHECK', 'connect_timeout 5')}}}\n"
                for place in range(5 if number == changed else 4)
            ),
        )
        for number in range(count)
    )


# The kernel's tables, asked in the cheapest way


def service_count() -> int:
    """How many services IPVS has."""
    answer = ctypes.create_string_buffer(12)
    return struct.unpack("=III", answer.raw)[2] if _ask(IP_VS_SO_GET_INFO, answer) else 0


def destination_count(number: int) -> int:
    """How many real servers a virtual server of `virtual` has."""
    address = socket.inet_aton(f"10.0.{number // 250}.{number % 250 + 1}")
    question = SERVICE.pack(6, address, socket.htons(80), 0, b"", 0, 0, 0, 0)
    answer = ctypes.create_string_buffer(question, len(question))
    return SERVICE.unpack(answer.raw)[8] if _ask(IP_VS_SO_GET_SERVICE, answer) else 0


def _ask(option: int, answer: ctypes.Array[ctypes.c_char]) -> bool:
    length = ctypes.c_uint(len(answer))
    return bool(_libc.getsockopt(_ASKING.fileno(), socket.IPPROTO_IP, option, answer, ctypes.byref(length)) == 0)


_ASKING = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)


class KernelTables:
    """What IPVS has of `services_config`."""

    def are_full(self, count: int) -> bool:
        """Whether every virtual server has its real servers."""
        return service_count() == count and all(destination_count(number) == 4 for number in range(count))

    def changed(self, number: int) -> Callable[[], bool]:
        """Return what tells whether a virtual server has got another number of real servers."""
        before = destination_count(number)
        return lambda: destination_count(number) != before


class CountedCommands:
    """What the stand-in for IPVS has been told."""

    def __init__(self) -> None:
        COUNTS.write_bytes(bytes(_COUNTS.size))
        os.environ["STAND_IN_COUNTS"] = str(COUNTS)

    @staticmethod
    def _counts() -> tuple[int, int, int]:
        services, added, removed = _COUNTS.unpack(COUNTS.read_bytes())
        return services, added, removed

    def are_full(self, count: int) -> bool:
        """Whether so many virtual servers with four real servers each were added."""
        return self._counts()[:2] == (count, count * 4)

    def changed(self, _number: int) -> Callable[[], bool]:
        """Return what tells whether a real server has come or gone."""
        before = self._counts()[1:]
        return lambda: self._counts()[1:] != before


# One keepalived


class Running:
    """A keepalived that only checks, in the foreground, its log in a file.

    Args:
        program: its path; `PATH+LIBRARY` loads a library in front of the program's own.
        config: what it reads.

    Attributes:
        began_at: monotonic seconds just before it was started.
    """

    def __init__(self, program: str, config: str) -> None:
        CONFIG.write_text(config, encoding="ascii")
        for path in (CHECKERS, PARENT):
            path.unlink(missing_ok=True)
        executable, _, preload = program.partition("+")
        words = [executable, "-n", "-l", "-G", "-D", "-C", "-f", str(CONFIG), "-p", str(PARENT), "-c", str(CHECKERS)]
        self.began_at = time.monotonic()
        with LOG.open("wb") as log:
            self._process = subprocess.Popen(
                words,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | {"LD_PRELOAD": preload},
            )

    def processor_seconds(self) -> float:
        """What the scheduler has charged to the process that checks."""
        pid = int(CHECKERS.read_text(encoding="ascii"))
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9

    def all_processor_seconds(self) -> float:
        """What all its processes have used, those that have ended too."""
        pids = self._process.pid, int(CHECKERS.read_text(encoding="ascii"))
        fields = [Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split() for pid in pids]
        return sum(int(ticks) for one in fields for ticks in one[11:15]) / os.sysconf("SC_CLK_TCK")

    def reload(self, config: str) -> float:
        """SIGHUP with another configuration; return when, in monotonic seconds."""
        CONFIG.write_text(config, encoding="ascii")
        sent_at = time.monotonic()
        self._process.send_signal(signal.SIGHUP)
        return sent_at

    def stop(self) -> None:
        """SIGTERM; SIGKILL for who does not listen, and empty tables."""
        self._process.terminate()
        try:
            self._process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        subprocess.run(["ipvsadm", "-C"], check=False, stderr=subprocess.DEVNULL)


def wait_until(condition: Any, what: str, pause: float = 0.002) -> float:
    """Return when a condition became true, in monotonic seconds."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: {LOG.read_text(errors='replace')[-2000:]}")
        time.sleep(pause)
    return time.monotonic()


# Scenarios


def processor_time(program: str, keyword: str, count: int, seconds: float) -> Figures:
    """Processor time per check, and how many of those due were made."""
    targets = Targets()
    running = Running(program, checks_config(keyword, count))
    try:
        wait_until(lambda: targets.served() >= count, "first checks", 0.05)
        time.sleep(SETTLING)
        before, served, at = running.processor_seconds(), targets.served(), time.monotonic()
        time.sleep(seconds)
        used, served, at = running.processor_seconds() - before, targets.served() - served, time.monotonic() - at
    finally:
        running.stop()
        targets.stop()
    return [("per check", used / max(served, 1) * 1e6), ("rate", served / at / count * 100), ("load", used / at * 100)]


def detection(program: str, count: int, rounds: int) -> Figures:
    """How long after the check that is due, a second after the last that succeeded, the server leaves the table."""
    targets = Targets()
    lone = f"real_server {LONE_ADDRESS} {LONE_PORT} {{\n{block('TCP_CHECK', 'connect_timeout 5 retry 0')}}}\n"
    number = count // 100
    listener = listening()
    running = Running(program, checks_config("TCP_CHECK", count) + virtual(number, 1, lone))
    figures: Figures = []
    try:
        for _ in range(rounds):
            wait_until(lambda: destination_count(number) == 1, "server in the table", 0.02)
            for _ in range(2):  # two checks that succeed, then none
                select.select([listener], [], [], LIMIT)
                listener.accept()[0].close()
                last = time.monotonic()
            listener.close()
            time.sleep(0.9)
            gone = wait_until(lambda: destination_count(number) == 0, "server out of the table", 0.001)
            figures.append(("late", (gone - last - 1) * 1e3))
            listener = listening()
    finally:
        listener.close()
        running.stop()
        targets.stop()
    return figures


def listening() -> socket.socket:
    """The port that is closed and opened."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((LONE_ADDRESS, LONE_PORT))
    made.listen()
    return made


def many_services(program: str, count: int, rounds: int, tables: KernelTables | CountedCommands) -> Figures:
    """Start until all are in the table; reload with one real server more until it is there."""
    targets = Targets()
    middle = count // 2
    running = Running(program, services_config(count))
    try:
        ready = wait_until(lambda: tables.are_full(count), "services")
        figures = [("start", (ready - running.began_at) * 1e3), ("start used", running.all_processor_seconds() * 1e3)]
        time.sleep(SETTLING)
        for turn in range(rounds * 2):
            more = turn % 2 == 0
            is_done, before = tables.changed(middle), running.all_processor_seconds()
            sent = running.reload(services_config(count, middle if more else -1))
            done = wait_until(is_done, "reload")
            figures.append(("reload", (done - sent) * 1e3))
            figures.append(("reload used", (running.all_processor_seconds() - before) * 1e3))
            time.sleep(SETTLING)
    finally:
        running.stop()
        targets.stop()
    return figures


def figures_of(plan: dict[str, Any], program: str) -> Figures:
    """Run one build through the scenario."""
    scenario, count = plan["scenario"], plan["count"]
    if scenario == "detection":
        return detection(program, count, plan["rounds"])
    if scenario == "services":
        return many_services(program, count, plan["rounds"], CountedCommands() if plan["stand_in"] else KernelTables())
    return processor_time(program, scenario, count, plan["seconds"])


def measured(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every figure, the builds in turn."""
    for _ in range(plan["repeat"]):
        for build, program in plan["builds"].items():
            try:
                figures = figures_of(plan, program)
            except (OSError, subprocess.SubprocessError) as problem:
                yield {"build": build, "problem": str(problem)}
                continue
            for name, value in figures:
                yield {"build": build, "name": name, "value": value}


def main() -> None:
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "route", "add", "local", "10.0.0.0/8", "dev", "lo"], check=True)
    with Path(sys.argv[2]).open("a", encoding="utf-8") as results:
        for one in measured(plan):
            print(json.dumps(one), file=results, flush=True)


if __name__ == "__main__":
    main()
