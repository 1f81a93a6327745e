"""Measure the kernel edge against iproute2 and pyroute2: `unshare --net python bench/kernel.py`, as root."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pyroute2 import IPRoute

sys.path.insert(0, str(Path(__file__).parents[1]))

from keepalived_py.kernel import arp, rtnl, transmit
from keepalived_py.kernel.interfaces import InterfaceTable
from keepalived_py.kernel.monitor import InterfaceMonitor
from keepalived_py.kernel.netlink import NetlinkSocket
from keepalived_py.reactor import Reactor

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 7
PYROUTE2_LIMIT = 1000


def ip(line: str, text: str = "") -> None:
    subprocess.run(["ip", *line.split()], input=text, text=True, check=True)


def make_links() -> int:
    ip("link add v0 type veth peer name v1")
    for name in ("v0", "v1"):
        ip(f"link set {name} addrgenmode none")  # no link-local address, whose detection ends amid the measurements
    ip("link set v1 up")
    ip("link set v0 up")
    return socket.if_nametoindex("v0")


def packed(number: int) -> bytes:
    return bytes([10, 1, number >> 8, number & 255])


def medians_ms(ways: dict[str, Callable[[], object]], clean: Callable[[], object]) -> dict[str, float]:
    """Return the median of each way in milliseconds; they take turns, and `clean` runs untimed after each."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, action in ways.items():
            begin = time.perf_counter()
            action()
            times[name].append((time.perf_counter() - begin) * 1000)
            clean()
    return {name: statistics.median(each) for name, each in times.items()}


def addresses(index: int, count: int) -> None:
    """Print how long it takes to add `count` /32 addresses in each way."""
    netlink = NetlinkSocket()
    requests = [rtnl.AddressRequest(rtnl.AF_INET, packed(number), 32, index) for number in range(count)]
    texts = [socket.inet_ntoa(packed(number)) for number in range(count)]
    prepared = netlink.prepare([rtnl.address_added(request) for request in requests])
    lines = "".join(f"address add {text}/32 dev v0\n" for text in texts)
    route = IPRoute()

    def count_and_flush() -> None:
        listing = subprocess.run(["ip", "-o", "-4", "address", "show", "dev", "v0"], capture_output=True, check=True)
        assert len(listing.stdout.splitlines()) == count
        ip("address flush dev v0 scope global")

    def prebuilt() -> None:
        for part in prepared.slices:
            netlink.send(part)
        assert netlink.collect() == []

    ways: dict[str, Callable[[], object]] = {
        "prebuilt, slices of 256": prebuilt,
        "encoded and sent": lambda: netlink.execute([rtnl.address_added(request) for request in requests]),
        "one by one, each answer read": lambda: [netlink.execute([rtnl.address_added(one)]) for one in requests],
        "`ip -batch`": lambda: ip("-batch -", lines),
    }
    if count <= PYROUTE2_LIMIT:
        ways["pyroute2 `IPRoute.addr`"] = lambda: [
            route.addr("add", index=index, address=text, mask=32) for text in texts
        ]
    results = medians_ms(ways, count_and_flush)
    base = results["prebuilt, slices of 256"]
    for name, value in results.items():
        print(f"| add {count} IPv4 /32 | {name} | {value:.1f} ms | {value / base:.1f} |")
    netlink.close()
    route.close()


def events(index: int, count: int) -> None:
    """Print how long the monitor takes for `count` waiting address events, and for a whole dump."""
    netlink = NetlinkSocket()
    requests = [rtnl.AddressRequest(rtnl.AF_INET, packed(number), 32, index) for number in range(count)]
    monitor = InterfaceMonitor(InterfaceTable())
    monitor.load()
    times = []
    for _ in range(ROUNDS):
        netlink.execute([rtnl.address_added(request) for request in requests])
        begin = time.perf_counter()
        changes = monitor.drain(10 * count)
        times.append(time.perf_counter() - begin)
        assert len(changes) == count
        begin = time.perf_counter()
        monitor.load()
        dump = time.perf_counter() - begin
        netlink.execute([rtnl.address_deleted(request) for request in requests])
        monitor.drain(10 * count)
    each = statistics.median(times) / count
    print(f"| {count} waiting events | decoded and applied | {each * 1e6:.1f} us each | |")
    print(f"| dump of {count} addresses | read, decoded, compared | {dump * 1000:.1f} ms | |")
    monitor.close()
    netlink.close()


def frames(index: int, count: int) -> None:
    """Print how fast gratuitous ARP frames leave."""
    mac = (
        bytes.fromhex(Path("/sys/class/net/v0/address").read_text(encoding="ascii").strip().replace(":", ""))
        if Path("/sys/class/net/v0").exists()
        else bytes.fromhex("020000000001")
    )
    connection = transmit.open_frame_socket()
    begin = time.perf_counter()
    built = [arp.gratuitous_request(packed(number), mac) for number in range(count)]
    burst = transmit.Burst([(frame, transmit.frame_destination(index)) for frame in built])
    build = (time.perf_counter() - begin) / count
    plain = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    plain.bind(("v0", 0))
    ways: dict[str, Callable[[], object]] = {
        "together": lambda: burst.send(connection.fileno()),
        "single": lambda: [plain.send(frame) for frame in built],
    }
    results = medians_ms(ways, list)
    together, single = results["together"], results["single"]
    print(f"| {count} gratuitous ARP frames | built, with their table | {build * 1e6:.2f} us each | |")
    print(f"| | one `Burst.send` | {count / together:.0f} k/s | 1 |")
    print(f"| | `socket.send` for each | {count / single:.0f} k/s | {single / together:.1f} |")
    plain.close()
    connection.close()


def lateness(interval: float, ticks: int) -> None:
    """Print how late a timer fires that moves itself by `interval`."""
    reactor = Reactor()
    late: list[float] = []
    due = reactor.time() + interval

    def tick() -> None:
        nonlocal due
        late.append(reactor.time() - due)
        due += interval
        if len(late) == ticks:
            reactor.stop()
        timer.move(due)

    timer = reactor.timer(tick)
    timer.move(due)
    reactor.run_forever()
    reactor.close()
    late.sort()
    p50, p99 = late[len(late) // 2] * 1e6, late[int(len(late) * 0.99)] * 1e6
    print(f"| timer every {interval * 1000:.0f} ms | {ticks} ticks | p50 {p50:.0f} us, p99 {p99:.0f} us late | |")


def many_timers(count: int, interval: float, seconds: float) -> None:
    """Print the processor time that `count` timers of `interval` take."""
    reactor = Reactor()
    fired = 0

    def tick(number: int) -> None:
        nonlocal fired
        fired += 1
        due[number] += interval
        timers[number].move(due[number])

    timers = [reactor.timer(tick, number) for number in range(count)]
    start = reactor.time()
    due = [start + interval * number / count for number in range(count)]
    for timer, when in zip(timers, due, strict=True):
        timer.move(when)
    reactor.call_at(start + seconds, reactor.stop)
    before = os.times()
    reactor.run_forever()
    after = os.times()
    reactor.close()
    used = after.user + after.system - before.user - before.system
    print(f"| {count} timers every {interval * 1000:.0f} ms | {fired} fires | {used / seconds:.1%} of a core | |")


def moving(count: int) -> None:
    """Print what a repeated advert costs the loop: one timer moved later."""
    reactor = Reactor()
    timer = reactor.call_later(1000, list)
    begin = time.perf_counter()
    when = reactor.time() + 2000
    for _ in range(count):
        timer.move(when)
    each = (time.perf_counter() - begin) / count
    reactor.close()
    print(f"| deadline moved later | `Timer.move` | {each * 1e9:.0f} ns | |")


def main() -> None:
    index = make_links()
    time.sleep(1)
    print("| what | how | result | ratio |\n| --- | --- | --- | --- |")
    for count in (1000, 5000):
        addresses(index, count)
    events(index, 1000)
    frames(index, 1000)
    frames(index, 5000)
    lateness(0.010, 300)
    lateness(0.100, 30)
    many_timers(1000, 0.1, 3)
    moving(1_000_000)


if __name__ == "__main__":
    main()
