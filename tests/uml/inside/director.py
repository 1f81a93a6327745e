"""What tests of IPVS share: a node whose tables are read with ipvsadm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.node import Node

VIP = "192.168.0.9"


def tables(node: Node) -> list[str]:
    """The services and destinations as ipvsadm saves them."""
    return node.run("ipvsadm", "-Sn").splitlines()


def wait_for_tables(node: Node, expected: list[str], timeout: float = 40) -> None:
    """Wait until the tables hold exactly these lines, in any order."""
    wait_for(
        lambda: sorted(tables(node)) == sorted(expected),
        timeout,
        lambda: "\n".join(["tables:", *tables(node), "expected:", *expected, "log:", *node.log()]),
    )


def wait_until(node: Node, condition: Callable[[], object], what: str, timeout: float = 40) -> None:
    """Wait for a condition; a failure shows the log."""
    wait_for(condition, timeout, lambda: "\n".join([what, *node.log()]))


def daemons(node: Node) -> list[str]:
    """The sync daemons that run, as `master sync daemon (mcast=eth0, syncid=51, ...)`."""
    return sorted(node.run("ipvsadm", "-ln", "--daemon").splitlines())


def config(servers: str, defaults: str = "", rest: str = "") -> str:
    """A configuration with these virtual servers."""
    return f"global_defs {{\n    router_id director\n{defaults}\n}}\n{rest}\n{servers}\n"


def virtual_server(*reals: str, port: int = 80, lines: str = "", checks: str = "") -> str:
    """A virtual server with real servers, without checks unless there are some."""
    blocks = "".join(f"  real_server {one} {{\n    weight 1\n    {checks}\n  }}\n" for one in reals)
    return (
        f"virtual_server {VIP} {port} {{\n  lvs_sched rr\n  lvs_method NAT\n  protocol TCP\n  delay_loop 1\n"
        f"  {lines}\n{blocks}}}\n"
    )
