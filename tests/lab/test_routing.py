"""Virtual and static routes and rules: restored, moved by reloads, adopted after crashes, removed at the end."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.lab.configs import CALM, FAST, instance
from tests.lab.pair import VIP, Pair, plug_pair
from tests.lab.test_adoption import transitions
from tests.lab.test_reload import reload

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

ROUTE = "10.1.0.0/16 via 192.168.0.3"
OTHER = "10.2.0.0/16 dev eth0"
SIX = "2001:db8:5::/64 via 2001:db8::3"
RULE = "from 10.9.0.0/16 table 1000 priority 100"


def vi(
    number: int,
    routes: tuple[str, ...] = (),
    rules: tuple[str, ...] = (),
    *,
    priority: int = 150,
    rhythm: tuple[str, ...] = FAST,
) -> str:
    blocks = ("virtual_routes {", *routes, "}", "virtual_rules {", *rules, "}")
    address = VIP if number == 1 else f"192.168.0.{230 + number}/24"
    return instance(priority, (*rhythm, *blocks), name=f"VI_{number}", vrid=50 + number, addresses=[address])


def start(lab: Lab, config: str) -> Pair:
    """Two machines, the first with a running daemon."""
    pair = plug_pair(lab, ipv6=True)
    pair.first.ip("link", "set", "lo", "up")
    pair.first.configure(config)
    pair.first.start()
    return pair


def has_route(node: Node, prefix: str) -> bool:
    family = "-6" if ":" in prefix else "-4"
    return prefix in node.ip(family, "route", "show", "table", "all").replace("\n", " \n")


def has_rule(node: Node, preference: int = 100) -> bool:
    return f"{preference}:\t" in node.ip("rule")


def said(node: Node, *words: str) -> bool:
    return any(all(word in line for word in words) for line in node.log("Keepalived_vrrp"))


class Monitor:
    """What `ip monitor` hears of routes and rules in a node from now on."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.path: Path = pair.first.path("/run/routing.monitor")
        self.path.touch()
        self.child: subprocess.Popen[str] = pair.first.popen("ip", "monitor", "route", "rule", output=self.path)
        self.moments = 0
        self.catch_up()

    def catch_up(self) -> None:
        """Wait until `ip monitor` tells of something that happens now: what happened before is told by then."""
        self.moments += 1
        probe = f"blackhole 192.0.2.{self.moments}"

        def hears() -> bool:
            self.pair.first.ip("route", "replace", *probe.split())
            self.pair.first.ip("route", "del", *probe.split())
            return f"Deleted {probe}" in self.path.read_text(encoding="utf-8")

        self.pair.wait(hears, 10, "ip monitor tells of a moment ago")

    def deletions(self, text: str) -> list[str]:
        """Lines that tell of an end, of all that has happened so far."""
        self.catch_up()
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line.startswith("Deleted") and text in line]


def test_route_and_rule_that_another_program_removes_are_put_back_and_the_log_says_so(lab: Lab) -> None:
    pair = start(lab, vi(1, (ROUTE, SIX), (RULE,)))
    node = pair.first
    pair.wait(
        lambda: has_rule(node) and all(has_route(node, one) for one in ("10.1.0.0/16", "2001:db8:5::/64")),
        10,
        "a master",
    )
    for words, prefix in (
        (("route", "del", "10.1.0.0/16"), "10.1.0.0/16"),
        (("-6", "route", "del", "2001:db8:5::/64"), "2001:db8:5::/64"),
    ):
        node.ip(*words)
        pair.wait(lambda prefix=prefix: has_route(node, prefix), 10, f"{prefix} again")  # type: ignore[misc]
    node.ip("rule", "del", "priority", "100")
    pair.wait(lambda: has_rule(node), 10, "the rule again")
    for text in (f"route {ROUTE}", f"route {SIX}", "rule from 10.9.0.0/16"):
        pair.wait(lambda text=text: said(node, text, "put back (attempt 1 of 5)"), 10, text)  # type: ignore[misc]
    assert node.has(VIP)


def test_route_that_is_replaced_is_put_back(lab: Lab) -> None:
    pair = start(lab, vi(1, (ROUTE,)))
    pair.wait(lambda: has_route(pair.first, "10.1.0.0/16"), 10, "a master")
    pair.first.ip("route", "replace", "10.1.0.0/16", "via", "192.168.0.9")
    pair.wait(lambda: "10.1.0.0/16 via 192.168.0.3" in pair.first.ip("route"), 10, "our route again")


def test_untracked_route_is_left_to_who_removed_it(lab: Lab) -> None:
    pair = start(lab, vi(1, (f"{ROUTE} no_track", OTHER)))
    pair.wait(lambda: has_route(pair.first, "10.2.0.0/16"), 10, "a master")
    pair.first.ip("route", "del", "10.1.0.0/16")
    pair.first.ip("route", "del", "10.2.0.0/16")  # is put back, so what went before it has been seen
    pair.wait(lambda: said(pair.first, f"route {OTHER}", "put back"), 10, "the tracked one is put back")
    assert not has_route(pair.first, "10.1.0.0/16")


def test_route_that_another_program_keeps_removing_is_a_fault_that_the_log_explains(lab: Lab) -> None:
    pair = start(lab, vi(1, (ROUTE,)))
    node = pair.first
    pair.wait(lambda: has_route(node, "10.1.0.0/16"), 10, "a master")

    def removed_again() -> bool:
        node.attempt("ip", "route", "del", "10.1.0.0/16")
        return said(node, "-> FAULT", f"another program keeps removing route {ROUTE}")

    pair.wait(removed_again, 40, "the instance gives up")
    pair.wait(lambda: not node.has(VIP), 10, "another router may have the address")


def test_routes_return_with_their_interface_and_nobody_is_accused(lab: Lab) -> None:
    pair = plug_pair(lab, ipv6=True)
    node = pair.first
    node.ip("link", "add", "wan", "type", "veth", "peer", "name", "far")
    for words in (
        ("address", "add", "10.50.0.1/24", "dev", "wan"),
        ("link", "set", "wan", "up"),
        ("link", "set", "far", "up"),
    ):
        node.ip(*words)
    node.configure(
        vi(1, ("10.3.0.0/16 via 10.50.0.2 no_track", "2001:db8:6::/64 dev wan no_track", "10.4.0.0/16 via 10.50.0.3"))
    )
    node.start()
    pair.wait(lambda: has_route(node, "10.3.0.0/16") and has_route(node, "2001:db8:6::/64"), 10, "a master")
    for _ in range(6):  # as often as would be taken for a fight
        node.ip("link", "set", "wan", "down")
        pair.wait(lambda: not has_route(node, "10.3.0.0/16"), 10, "the route is gone")
        node.ip("link", "set", "wan", "up")
        pair.wait(
            lambda: all(has_route(node, prefix) for prefix in ("10.3.0.0/16", "10.4.0.0/16", "2001:db8:6::/64")),
            10,
            "the routes are back",
        )
    assert not said(node, "removed by another program")
    assert node.has(VIP)


def test_route_that_the_kernel_refuses_is_said_once_and_added_when_it_can_be(lab: Lab) -> None:
    pair = start(lab, vi(1, ("10.3.0.0/16 via 10.50.0.2", "10.4.0.0/16 dev late0 no_track")))
    node = pair.first
    pair.wait(lambda: node.has(VIP), 10, "a master")
    pair.wait(lambda: said(node, "cannot add route 10.3.0.0/16 via 10.50.0.2: "), 10, "the kernel's words")
    pair.wait_for_line(node, "route 10.4.0.0/16 dev late0 has to wait: there is no interface late0")
    node.ip("address", "add", "10.50.0.1/24", "dev", "eth0")
    pair.wait(lambda: has_route(node, "10.3.0.0/16"), 10, "the gateway can be reached")
    node.ip("link", "add", "late0", "type", "veth", "peer", "name", "far")
    node.ip("link", "set", "late0", "up")
    pair.wait(lambda: has_route(node, "10.4.0.0/16"), 15, "the interface came")
    lines = [line for line in node.log("Keepalived_vrrp") if "cannot add route 10.3.0.0/16" in line]
    assert len(lines) == 1
    pair.wait_for_line(node, "route 10.3.0.0/16 via 10.50.0.2 is in the kernel now")


def test_reload_touches_only_what_differs_and_what_moves_never_leaves(lab: Lab) -> None:
    pair = start(lab, vi(1, (ROUTE, OTHER), (RULE,)) + vi(2))
    node = pair.first
    pair.wait(lambda: has_rule(node) and node.has("192.168.0.232/24"), 10, "two masters")
    pair.wait_for_state(node, "MASTER", 2)
    monitor, before = Monitor(pair), transitions(node)
    node.configure(vi(1, (f"{OTHER} mtu 1400", "10.5.0.0/16 dev eth0")) + vi(2, (ROUTE,), (RULE,)))
    reload(node)
    pair.wait(lambda: has_route(node, "10.5.0.0/16") and "mtu 1400" in node.ip("route"), 10, "the new routes")
    assert has_route(node, "10.1.0.0/16")
    assert has_rule(node)
    pair.wait(lambda: node.ip("route", "show", "10.2.0.0/16").count("10.2.0.0/16") == 1, 10, "the old route is gone")
    assert monitor.deletions("10.1.0.0/16") == monitor.deletions("10.9.0.0/16") == []
    node.configure(vi(1) + vi(2, (ROUTE,)))
    reload(node)
    pair.wait(lambda: not has_route(node, "10.2.0.0/16") and not has_route(node, "10.5.0.0/16"), 10, "what was removed")
    pair.wait(lambda: not has_rule(node), 10, "the rule was removed")
    assert has_route(node, "10.1.0.0/16")
    assert monitor.deletions("10.1.0.0/16") == []
    assert transitions(node) == before


def test_master_whose_process_crashes_keeps_its_routes_and_a_killed_daemon_s_leftovers_go(lab: Lab) -> None:
    pair = start(lab, vi(1, (ROUTE,), (RULE,), rhythm=CALM))
    node = pair.first
    pair.wait(lambda: has_rule(node), 10, "a master")
    monitor, child = Monitor(pair), node.vrrp_pid()
    node.kill(child, signal.SIGKILL)
    pair.wait(lambda: node.vrrp_pid() not in (0, child), 10, "another VRRP process")
    pair.wait(lambda: said(node, "goes on as MASTER"), 10, "it adopts")
    assert monitor.deletions("10.") == []
    node.crash()
    assert has_route(node, "10.1.0.0/16")
    node.ip("route", "append", "10.1.0.0/16", "via", "192.168.0.3", "proto", "static")
    pair.second.configure(vi(1, priority=200, rhythm=CALM))
    pair.second.start()
    pair.wait(lambda: pair.second.has(VIP), 10, "the other router is master")
    node.start()
    pair.wait(lambda: not has_rule(node) and "proto keepalived" not in node.ip("route"), 10, "leftovers are gone")
    assert "10.1.0.0/16 via 192.168.0.3 dev eth0 proto static" in node.ip("route")


@pytest.mark.parametrize("options", [(), ("-V",)], ids=["removed", "kept with -V"])
def test_end_removes_everything_unless_told_to_keep_it(lab: Lab, options: tuple[str, ...]) -> None:
    static = f"static_ipaddress {{\n10.60.0.1/24 dev eth0\n}}\nstatic_routes {{\n{OTHER}\n}}\n"
    pair = plug_pair(lab)
    node = pair.first
    node.configure(static + vi(1, (ROUTE,), (RULE,)))
    node.start("-D", "-S", "0", *options)

    def there() -> list[bool]:
        routes = [has_route(node, one) for one in ("10.1.0.0/16", "10.2.0.0/16")]
        return [node.has("10.60.0.1/24"), *routes, has_rule(node)]

    pair.wait(lambda: all(there()), 10, "a master")
    node.stop()
    assert there() == [bool(options)] * 4


STATIC = """
track_group TG {{
  group {{
    VI_1
  }}
}}
static_ipaddress {{
  10.60.0.1/24 dev wan {group}
  10.61.0.1/24
}}
static_routes {{
  10.62.0.0/16 via 10.60.0.2 dev wan {group}
}}
static_rules {{
  from 10.62.0.0/16 table 1000 priority 99
}}
"""


def test_static_entries_come_before_instances_return_when_removed_and_follow_reloads(lab: Lab) -> None:
    pair = plug_pair(lab)
    node = pair.first
    node.configure(STATIC.format(group="") + vi(1))
    node.start()
    pair.wait(lambda: node.has("10.61.0.1/24") and has_rule(node, 99), 10, "those that can be added are there")
    pair.wait_for_line(node, "static address 10.60.0.1/24 has to wait: there is no interface wan")
    node.ip("link", "add", "wan", "type", "veth", "peer", "name", "far")
    for name in ("wan", "far"):
        node.ip("link", "set", name, "up")
    pair.wait(lambda: node.has("10.60.0.1/24", "wan") and has_route(node, "10.62.0.0/16"), 15, "the interface came")
    node.ip("address", "del", "10.60.0.1/24", "dev", "wan")  # and with it, silently, the route
    pair.wait(lambda: node.has("10.60.0.1/24", "wan") and has_route(node, "10.62.0.0/16"), 15, "both are back")
    node.ip("rule", "del", "priority", "99")
    pair.wait(lambda: has_rule(node, 99), 10, "the rule is back")
    monitor, history = Monitor(pair), node.watch_addresses()
    node.configure(STATIC.format(group="").replace("  10.61.0.1/24\n", "  10.63.0.1/24\n") + vi(1))
    reload(node)
    pair.wait(lambda: node.has("10.63.0.1/24") and not node.has("10.61.0.1/24"), 10, "the reload")
    assert history.events("10.60.0.1/24") == []
    assert monitor.deletions("10.62.0.0") == []


def test_track_group_is_in_fault_while_a_static_entry_cannot_be_there(lab: Lab) -> None:
    pair = plug_pair(lab)
    node = pair.first
    node.configure(STATIC.format(group="track_group TG") + vi(1) + vi(2))
    node.start()
    pair.wait(lambda: node.has("192.168.0.232/24"), 10, "the instance outside the group is master")
    assert not node.has(VIP)
    pair.wait_for_line(node, "(VI_1) INIT -> FAULT")
    node.ip("link", "add", "wan", "type", "veth", "peer", "name", "far")
    for name in ("wan", "far"):
        node.ip("link", "set", name, "up")
    pair.wait(lambda: node.has(VIP), 15, "everything is there: master")
    node.ip("link", "set", "far", "down")
    pair.wait(lambda: not node.has(VIP), 10, "the interface of the entries is down")
    pair.wait_for_line(node, "MASTER -> FAULT", "interface wan")
    node.ip("link", "set", "far", "up")
    pair.wait(lambda: node.has(VIP), 15, "master again")
    assert node.has("192.168.0.232/24")
