#!/usr/bin/env python3
"""The walkthrough in a minute: two routers and a client on this machine, in namespaces of their own.

`make demo` runs it. Both routers start from `single/*.conf` beside this file, the client pings the virtual address, the
master is stopped and started again. A timeline shows who held the address when, which pings were lost, and what the
routers logged. Exit code 0 means that the address moved twice and the client reached it every time.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from tests.lab.daemon import OURS, REAL, Daemon  # noqa: E402  the path of a source tree comes first
from tests.lab.topology import Lab, why_not  # noqa: E402
from tests.lab.waiting import NeverHappenedError, wait_for  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.lab.capturing import AddressHistory, Pings
    from tests.lab.node import Node

VIP = "192.168.0.204/24"
PING_INTERVAL = 0.1
MOVES = 2


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One line of the timeline.

    Attributes:
        at: seconds since the epoch.
        place: the machine, or what did it.
        text: what happened.
    """

    at: float
    place: str
    text: str


def step(events: list[Event], text: str) -> None:
    """Tell the audience what happens now, and keep it for the timeline."""
    events.append(Event(time.time(), "demo", text))
    print(f"  * {text}", flush=True)


def possession(node: Node, history: AddressHistory) -> list[Event]:
    """When the virtual address came to a node and left it."""
    return [
        Event(event.at, node.name, f"{'takes' if event.added else 'gives up'} {VIP} on {event.interface}")
        for event in history.events(VIP)
    ]


def losses(pings: Pings) -> list[Event]:
    """One event for each run of lost pings."""
    sent, found = pings.sent(), list[Event]()
    run: list[int] = []
    for number in [*pings.lost(), -1]:
        if run and number != run[-1] + 1:
            seconds = sent[run[-1] + 1] - sent[run[0]]
            found.append(Event(sent[run[0]], "client", f"{len(run)} pings lost in a row ({seconds:.2f} s)"))
            run = []
        run.append(number)
    return found


def tenures(events: Iterable[Event], end: float) -> list[tuple[str, float, float]]:
    """Who held the address, from when to when."""
    found: list[tuple[str, float, float]] = []
    since: dict[str, float] = {}
    for event in events:
        if "takes" in event.text:
            since[event.place] = event.at
        elif event.place in since:
            found.append((event.place, since.pop(event.place), event.at))
    return sorted([*found, *((place, at, end) for place, at in since.items())], key=lambda tenure: tenure[1])


def show_tenures(found: Iterable[tuple[str, float, float]], start: float) -> None:
    """Print who held the address when."""
    print(f"\nWho held {VIP}\n")
    for place, begin, end in found:
        print(f"  {begin - start:8.3f} - {end - start:7.3f}  {place:<8} {'=' * max(1, round((end - begin) * 10))}")


def show(events: Iterable[Event], start: float) -> None:
    """Print the timeline."""
    print("\nTimeline (seconds since both routers were started)\n")
    for event in sorted(events):
        print(f"  {event.at - start:8.3f}  {event.place:<8} {event.text}")


def show_logs(nodes: Iterable[Node]) -> None:
    """Print what each router logged to local0."""
    for node in nodes:
        print(f"\n{node.name}:/var/log/keepalived.log\n")
        for line in node.text("/var/log/keepalived.log").splitlines():
            print(f"  {line}")


def holder(first: Node, second: Node) -> Node | None:
    """The one node that carries the virtual address; None while none or both do."""
    holders = [node for node in (first, second) if node.has(VIP)]
    return holders[0] if len(holders) == 1 else None


def await_holder(node: Node, other: Node, pings: Pings | None) -> None:
    """Wait until the address is on this node alone and the client hears it from there."""
    wait_for(lambda: holder(node, other) is node, 15, f"{VIP} on {node.name}")
    if pings:
        after = len(pings.sent())
        wait_for(lambda: max(pings.answered(), default=0) > after + 5, 10, f"the client reaches {VIP} on {node.name}")


def perform(lab: Lab, daemon: Daemon) -> int:
    """Play the walkthrough; return how often the address moved."""
    events: list[Event] = []
    first, second, client = lab.add(why_1="192.168.0.201/24", why="192.168.0.130/24", client="192.168.0.3/24")
    own_syslog = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin") is None
    histories = {}
    for node in (first, second):
        node.install(daemon)
        node.configure((HERE / "single" / f"{node.name}.conf").read_text(encoding="utf-8"))
        node.start_syslog(own=own_syslog)
        histories[node.name] = node.watch_addresses()
    start = time.time()
    try:
        step(events, "start keepalived on why-1 (priority 150) and why (priority 100)")
        for node in (first, second):
            node.start()
        await_holder(first, second, None)
        step(events, f"the client pings {VIP.partition('/')[0]} ten times a second")
        pings = client.ping(VIP.partition("/")[0], PING_INTERVAL)
        await_holder(first, second, pings)
        print("\n".join(f"      {line}" for line in first.ip("address", "show", "eth0").splitlines()))
        step(events, "stop keepalived on why-1")
        first.stop()
        await_holder(second, first, pings)
        step(events, "start keepalived on why-1 again")
        first.start()
        await_holder(first, second, pings)
    except NeverHappenedError as problem:
        print(f"\n{problem}", file=sys.stderr)
        show([*events, *(each for node in (first, second) for each in possession(node, histories[node.name]))], start)
        show_logs((first, second))
        return -1
    held = sorted([*possession(first, histories[first.name]), *possession(second, histories[second.name])])
    show([*events, *held, *losses(pings)], start)
    found = tenures(held, time.time())
    show_tenures(found, start)
    show_logs((first, second))
    takers = [place for place, _, _ in found]
    moves = sum(earlier != later for earlier, later in itertools.pairwise(takers))
    print(
        f"\n{len(pings.sent())} pings, {len(pings.lost())} lost; the address moved {moves} times: {' -> '.join(takers)}"
    )
    return moves


def main() -> int:
    """Exit 0 when the address moved twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", action="store_true", help="show the machine's own keepalived instead")
    arguments = parser.parse_args()
    reason = why_not()
    if reason:
        print(f"The demo needs namespaces and iproute2: {reason}", file=sys.stderr)
        if os.geteuid() != 0:
            print("As root it needs no user namespaces: sudo make demo", file=sys.stderr)
        return 1
    who = "as root" if os.geteuid() == 0 else "unprivileged, in a user namespace"
    print(f"Two routers and a client in namespaces of their own ({who})\n")
    with Lab() as lab:
        return 0 if perform(lab, REAL if arguments.real else OURS) == MOVES else 1


if __name__ == "__main__":
    sys.exit(main())
