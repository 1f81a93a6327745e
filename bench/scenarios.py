"""What is measured: each scenario runs one daemon once and returns its figures by name."""

from __future__ import annotations

import itertools
import statistics
import subprocess
import sys
import time
from functools import cache
from typing import TYPE_CHECKING

from bench.configs import OWN_PRIORITY, instances
from bench.stand import HERE, OPTIONS, memory, packets, processor_seconds, text_count
from keepalived_py.vrrp.timers import master_down_interval
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.stand import Recording, Stand
    from tests.lab.daemon import Daemon
    from tests.lab.frames import Advert
    from tests.lab.node import Node

EXEC = """\
import os, sys, time
print(time.time(), flush=True)
os.execv("/usr/sbin/keepalived", ["keepalived", *sys.argv[1:]])
"""
"""A program that says when it becomes keepalived."""

WINDOWS, WINDOW = 3, 1.0
"""How often, and for how many seconds, processor time is measured."""

Figures = dict[str, list[float]]
"""Samples by name; the unit is the row's business."""


def takeovers(recording: Recording, interval: float) -> list[tuple[float, Advert]]:
    """Return for each takeover its lateness in seconds and our first advert."""
    wait = master_down_interval(3, OWN_PRIORITY, interval)
    found = []
    heard = 0.0
    for one in recording.adverts:
        if not one.outgoing:
            heard = one.at
        elif one.priority and one.at - heard > wait / 2 and heard:  # else the last advert of a master that yields
            found.append((one.at - heard - wait, one))
            heard = 0.0
    return found


def lateness(stand: Stand, daemon: Daemon, interval: float, cycles: int) -> Figures:
    """One instance takes over `cycles` times: lateness of its first advert, then first and last ARP frame (ms)."""
    silence = master_down_interval(3, OWN_PRIORITY, interval) + 0.2
    seconds = (3 * interval + silence) * cycles + 0.6
    with stand.running(daemon, instances(1, interval)):
        recorder = stand.record(seconds)
        stand.send(interval, 1, 3, silence, cycles)
        recording = stand.recorded(recorder)
    late, first, last = [], [], []
    for lateness_, own in takeovers(recording, interval):
        late.append(lateness_ * 1e3)
        after = [frame.at - own.at for frame in recording.announcements if 0 <= frame.at - own.at < silence]
        if after:
            first.append(min(after) * 1e3)
            last.append(max(after) * 1e3)
    return {"late": late, "first ARP": first, "last ARP": last}


def together(stand: Stand, daemon: Daemon, count: int, interval: float) -> Figures:
    """All instances fail over at once: how late their first adverts are (ms)."""
    silence = master_down_interval(3, OWN_PRIORITY, interval) + 3 * interval
    with stand.running(daemon, instances(count, interval)):
        recorder = stand.record(silence + 5 * interval + 1)
        stand.send(interval, count, 4, silence)
        recording = stand.recorded(recorder)
    wait = master_down_interval(3, OWN_PRIORITY, interval)
    heard: dict[int, float] = {}
    late: dict[int, float] = {}
    for one in recording.adverts:
        if not one.outgoing:
            heard[one.vrid] = one.at
        elif one.vrid in heard and one.vrid not in late:
            late[one.vrid] = (one.at - heard[one.vrid] - wait) * 1e3
    if len(late) < count:
        return {}
    return {"median late": [statistics.median(late.values())], "worst late": [max(late.values())]}


def takeover(stand: Stand, daemon: Daemon, count: int, interval: float = 1.0) -> Figures:
    """One instance with `count` addresses takes over; times in ms after its first advert."""
    wait = master_down_interval(3, OWN_PRIORITY, interval)
    config = instances(1, interval, extra=count - 1, lines=("garp_master_delay 2",))
    with stand.running(daemon, config):
        recorder = stand.record(2 * interval + wait + 4.5)
        stand.send(interval, 1, 2, 0)
        recording = stand.recorded(recorder)
    found = takeovers(recording, interval)
    if not found:
        return {}
    late, own = found[0]
    frames: dict[str, float] = {}
    for frame in recording.announcements:
        frames.setdefault(frame.address, (frame.at - own.at) * 1e3)
    added = [(at - own.at) * 1e3 for at in recording.addresses if at > own.at - 0.5]
    sent = [one.at for one in recording.adverts if one.outgoing]
    gap = max((later - earlier for earlier, later in itertools.pairwise(sent)), default=0.0)
    if len(frames) < count or len(added) < count:
        print(f"# {daemon}: {count} addresses: {len(added)} came, {len(frames)} announced", file=sys.stderr)
        return {}
    return {
        "late": [late * 1e3],
        "last address": [added[count - 1]],
        "median announced": [statistics.median(frames.values())],
        "all announced": [max(frames.values())],
        "advert gap": [gap / interval],
    }


def backup(stand: Stand, daemon: Daemon, count: int, interval: float) -> Figures:
    """Processor time per advert heard as BACKUP, in microseconds, in each window."""
    with stand.running(daemon, instances(count, interval)) as node:
        stand.send(interval, count, int((WINDOWS * WINDOW + 1.5) / interval), 0, spread=1.0)
        time.sleep(0.8)
        used = [used / heard * 1e6 for used, heard, _ in _windows(node) if heard]
    return {"per advert": used}


def master(stand: Stand, daemon: Daemon, count: int, interval: float) -> Figures:
    """Processor time per advert sent as MASTER, in microseconds, and how many (%) of the adverts due were sent."""
    with stand.running(daemon, instances(count, interval, 200, lines=("garp_master_delay 1",))) as node:
        wait_for(lambda: text_count(node, "Entering MASTER") >= count, 30, "all instances MASTER")
        time.sleep(1.6)
        windows = list(_windows(node))
    due = count * WINDOW / interval
    return {
        "per advert": [used / sent * 1e6 for used, _, sent in windows if sent],
        "share sent": [100 * sent / due for _, _, sent in windows],
    }


def _windows(node: Node) -> Iterator[tuple[float, int, int]]:
    """Yield per window the processor time of the VRRP child and how many packets came and left."""
    pid, due = node.vrrp_pid(), time.monotonic()
    used, (heard, sent) = processor_seconds(node, pid), packets(node)
    for _ in range(WINDOWS):
        due += WINDOW
        time.sleep(max(0.0, due - time.monotonic()))
        before = used, heard, sent
        used, (heard, sent) = processor_seconds(node, pid), packets(node)
        yield used - before[0], heard - before[1], sent - before[2]


def steadiness(stand: Stand, daemon: Daemon, count: int, interval: float, seconds: float) -> Figures:
    """The same daemon on both nodes: transitions that nothing but their own load caused."""
    with stand.running(daemon, instances(count, interval, 200)) as node:
        wait_for(lambda: text_count(node, "Entering MASTER") >= count, 30, "all instances MASTER")
        with stand.running(daemon, instances(count, interval), stand.peer) as peer:
            time.sleep(0.5)
            before = text_count(peer, "Entering MASTER") + text_count(node, "Entering BACKUP")
            time.sleep(seconds)
            after = text_count(peer, "Entering MASTER") + text_count(node, "Entering BACKUP")
    return {"transitions": [after - before]}


def start(stand: Stand, daemon: Daemon) -> Figures:
    """From exec to the first advert of an address owner (ms)."""
    node = stand.node
    node.install(daemon)
    node.configure(instances(1, 1.0, 255).replace("state BACKUP", "state MASTER"))
    recorder = stand.record(1.0)
    with stand.cleaned(node):
        began = node.run(sys.executable, "-I", "-S", "-c", EXEC, *OPTIONS)
        recording = stand.recorded(recorder)
    own = [one.at for one in recording.adverts if one.outgoing]
    return {"first advert": [(own[0] - float(began.splitlines()[0])) * 1e3]} if own else {}


def resident(stand: Stand, daemon: Daemon) -> Figures:
    """Memory of all processes with one instance as MASTER (MB)."""
    with stand.running(daemon, instances(1, 0.1)) as node:
        wait_for(lambda: text_count(node, "Entering MASTER"), 10, "MASTER")
        main = [memory(node, pid) for pid in (node.parent_pid(), node.vrrp_pid())]
        every = [*main, *(memory(node, pid) for pid in filter(None, (node.checker_pid(),)))]
    return {
        "RSS parent + VRRP": [sum(rss for rss, _ in main)],
        "PSS parent + VRRP": [sum(pss for _, pss in main)],
        "PSS all": [sum(pss for _, pss in every)],
    }


def configuration(_stand: Stand, daemon: Daemon) -> Figures:
    """Seconds to read, type and check 50,000 lines (keepalived's `-t` starts a process as well: milliseconds)."""
    for line in _config_speed():
        if line.startswith("keepalived-py" if daemon.name == "ours" else "keepalived -t"):
            return {"read": [float(line.split()[-2])]}
    return {}


@cache
def _config_speed() -> list[str]:
    """Return the lines that `config_speed.py` prints; it compares both by itself."""
    program = str(HERE / "config_speed.py")
    done = subprocess.run(
        [sys.executable, program, "--runs", "3"], check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.splitlines()
