"""Two routers and a client on one wire: what most scenarios start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.lab.daemon import OURS, Daemon
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.node import Node
    from tests.lab.topology import Lab

VIP = "192.168.0.204/24"


@dataclass(frozen=True, slots=True)
class Pair:
    """The walkthrough's machines: why-1 is 192.168.0.201, why is 192.168.0.130.

    Attributes:
        first: why-1, which the tests make the master.
        second: why.
        client: why-3, 192.168.0.3.
    """

    first: Node
    second: Node
    client: Node

    def story(self) -> str:
        """Both logs, for a failure."""
        return "\n".join(f"--- {node.name}\n" + "\n".join(node.log()) for node in (self.first, self.second))

    def wait(self, condition: Callable[[], object], timeout: float, what: str) -> None:
        """Wait for a condition; a failure shows both logs."""
        wait_for(condition, timeout, lambda: f"{what}\n{self.story()}")

    def wait_for_holder(self, node: Node, vip: str = VIP, timeout: float = 8.0) -> None:
        """Wait until this node, and only it, carries the virtual address."""
        other = self.second if node is self.first else self.first
        self.wait(lambda: node.has(vip) and not other.has(vip), timeout, f"{vip} on {node.name} alone")

    def wait_for_line(self, node: Node, *words: str, ident: str = "Keepalived_vrrp") -> None:
        """Wait until one line of a process has all these words in it."""
        self.wait(
            lambda: any(all(word in line for word in words) for line in node.log(ident)),
            10,
            f"{' ... '.join(words)} by {ident} of {node.name}",
        )

    def wait_for_state(self, node: Node, state: str, times: int = 1) -> None:
        """Wait until the log tells that instances of the node have entered a state, so many times in all."""
        self.wait(
            lambda: sum(f"Entering {state} STATE" in line for line in node.log("Keepalived_vrrp")) >= times,
            10,
            f"{times} times {state} in the log of {node.name}",
        )


def plug_pair(lab: Lab, first: Daemon = OURS, second: Daemon = OURS, *, ipv6: bool = False) -> Pair:
    """Make the three machines, their logs running, their daemons installed and not yet started."""
    six = {host: [f"2001:db8::{host}/64"] if ipv6 else [] for host in (201, 130, 3)}
    why_1, why, client = lab.add(
        why_1=["192.168.0.201/24", *six[201]],
        why=["192.168.0.130/24", *six[130]],
        why_3=["192.168.0.3/24", *six[3]],
    )
    why_1.install(first)
    why.install(second)
    for node in (why_1, why):
        node.start_syslog()
    return Pair(why_1, why, client)


def start_pair(
    lab: Lab, config: str, other: str, first: Daemon = OURS, second: Daemon = OURS, *, ipv6: bool = False
) -> Pair:
    """A pair that is settled: the first is master of all its instances, then the second is backup, and both say so."""
    pair = plug_pair(lab, first, second, ipv6=ipv6)
    for node, text, state in ((pair.first, config, "MASTER"), (pair.second, other, "BACKUP")):
        node.configure(text)
        node.start()
        pair.wait_for_state(node, state, text.count("vrrp_instance "))
        pair.wait_for_holder(pair.first)
    return pair
