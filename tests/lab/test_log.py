"""The walkthrough's log section: every line it shows, in each process's order, through a real rsyslogd and local0."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.lab import syslog
from tests.lab.configs import walkthrough
from tests.lab.daemon import ROOT
from tests.lab.pair import plug_pair
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(shutil.which("rsyslogd", path="/usr/sbin") is None, reason="rsyslogd is not installed"),
]

PARENT_STOPS = r"""
Terminating on signal
Stopping Keepalived v[\d.]+ \(\d\d/\d\d,\d{4}\)
"""
VRRP_STOPS = r"""
Terminating VRRP child process on signal
VRRP_Instance\(VI_1\) removing protocol VIPs\.
"""
CHECKER_STOPS = r"""
Terminating Healthchecker child process on signal
"""
PARENT_STARTS = r"""
Starting Keepalived v[\d.]+ \(\d\d/\d\d,\d{4}\)
Starting Healthcheck child process, pid=\d+
Starting VRRP child process, pid=\d+
"""
VRRP_STARTS = r"""
Netlink reflector reports IP 192\.168\.0\.201 added
Registering Kernel netlink reflector
Registering Kernel netlink command channel
Registering gratutious ARP shared channel
Initializing ipvs 2\.6
Opening file '/etc/keepalived/keepalived\.conf'\.
Configuration is using : \d+ Bytes
------< Global definitions >------
Router ID = LVS_1
Smtp server = 127\.0\.0\.1
Smtp server connection timeout = 30
Email notification from = keepalived@localhost
Email notification = root@localhost
------< VRRP Topology >------
VRRP Instance = VI_1
Want State = MASTER
Runing on device = eth0
Virtual Router ID = 51
Priority = 150
Advert interval = 1sec
Authentication type = SIMPLE_PASSWORD
Password = 1111
Virtual IP = 1
192\.168\.0\.205/24 brd 192\.168\.0\.205 dev eth0 scope global
VRRP Instance = VI_2
Want State = BACKUP
Runing on device = eth0
Virtual Router ID = 52
Priority = 50
Advert interval = 1sec
Authentication type = SIMPLE_PASSWORD
Password = 1111
Virtual IP = 1
192\.168\.0\.204/24 brd 192\.168\.0\.204 dev eth0 scope global
Using LinkWatch kernel netlink reflector\.\.\.
VRRP_Instance\(VI_2\) Entering BACKUP STATE
VRRP sockpool: \[ifindex\(\d+\), proto\(112\), fd\(\d+,\d+\)\]
VRRP_Instance\(VI_1\) Transition to MASTER STATE
VRRP_Instance\(VI_1\) Entering MASTER STATE
VRRP_Instance\(VI_1\) setting protocol VIPs\.
VRRP_Instance\(VI_1\) Sending gratuitous ARPs on eth0 for 192\.168\.0\.205
"""
SECOND_ROUND = r"""
VRRP_Instance\(VI_1\) Sending gratuitous ARPs on eth0 for 192\.168\.0\.205
"""
CHECKER_STARTS = r"""
Initializing ipvs 2\.6
Netlink reflector reports IP 192\.168\.0\.201 added
Registering Kernel netlink reflector
Registering Kernel netlink command channel
Opening file '/etc/keepalived/keepalived\.conf'\.
Configuration is using : \d+ Bytes
------< Global definitions >------
Router ID = LVS_1
Smtp server = 127\.0\.0\.1
Smtp server connection timeout = 30
Email notification from = keepalived@localhost
Email notification = root@localhost
------< SSL definitions >------
Using autogen SSL context
Using LinkWatch kernel netlink reflector\.\.\.
Netlink reflector reports IP 192\.168\.0\.205 added
"""


SEED = ROOT.parent / "shared" / "seed"
OWN_VALUES = {"Smtp server = 10.0.0.1": "Smtp server = 127.0.0.1"}
"""Where the walkthrough's log comes from another configuration than the one it shows."""


@pytest.mark.skipif(not SEED.is_dir(), reason="the walkthrough's text is not here")
def test_expected_lines_are_those_of_the_walkthrough_in_its_order() -> None:
    text = next(SEED.glob("*.txt")).read_text(encoding="utf-8").partition("# cat /var/log/keepalived.log")[2]
    shown = [syslog.parse(line) for line in text.splitlines() if line.startswith("Jan 15 ")]
    assert len(shown) == 65
    expected = {
        "Keepalived": PARENT_STOPS + PARENT_STARTS.lstrip(),
        "Keepalived_vrrp": VRRP_STOPS + VRRP_STARTS.lstrip(),
        "Keepalived_healthcheckers": CHECKER_STOPS + CHECKER_STARTS.lstrip(),
    }
    for ident, patterns in expected.items():
        lines = [OWN_VALUES.get(words, words) for name, words in shown if name == ident]
        assert len(lines) == len(patterns.split("\n")) - 2, ident
        for pattern, line in zip(patterns.strip().splitlines(), lines, strict=True):
            if "mail notification" in line:
                assert line.partition(" = ")[0] == pattern.partition(" = ")[0]
            else:
                assert re.fullmatch(pattern, line), (pattern, line)


def first_missing(log: list[str], patterns: str) -> str:
    """The first pattern with no line anywhere after that of the pattern before; empty when all are there."""
    lines = iter(line.strip() for line in log)
    for pattern in patterns.strip().splitlines():
        if not any(re.fullmatch(pattern, line) for line in lines):
            return pattern
    return ""


def expect(node: Node, timeout: float, **patterns: str) -> None:
    """Wait until each process has logged its lines in order; the ident is the keyword (`Keepalived_vrrp`)."""

    def missing() -> list[str]:
        found = [(ident, first_missing(node.log(ident), lines)) for ident, lines in patterns.items()]
        return [f"{ident}: {pattern}" for ident, pattern in found if pattern]

    wait_for(lambda: not missing(), timeout, lambda: f"in the log: {missing()}\n" + "\n".join(node.log()))


def test_restart_with_dump_logs_every_line_of_the_walkthrough_to_local0(lab: Lab) -> None:
    node = plug_pair(lab).first
    node.path("/etc/init.d/keepalived").write_bytes((ROOT / "init.d" / "keepalived").read_bytes())
    node.path("/etc/init.d/keepalived").chmod(0o755)
    node.path("/etc/sysconfig/keepalived").write_text('KEEPALIVED_OPTIONS="-D -d -S 0"\n', encoding="utf-8")
    node.configure(walkthrough("crossed", "why-1"))
    node.run("/etc/init.d/keepalived", "start")
    wait_for(lambda: node.has("192.168.0.205/24"), 8, lambda: "master\n" + "\n".join(node.log()))
    node.run("/etc/init.d/keepalived", "restart")
    expect(
        node,
        20,
        Keepalived=PARENT_STOPS + PARENT_STARTS.lstrip(),
        Keepalived_vrrp=VRRP_STOPS + VRRP_STARTS.lstrip() + SECOND_ROUND.lstrip(),
        Keepalived_healthcheckers=CHECKER_STOPS + CHECKER_STARTS.lstrip(),
    )
    assert node.text(syslog.KEEPALIVED_LOG).splitlines()[0].split()[3] == "why-1"
    assert "Keepalived" not in node.text(syslog.MESSAGES)


def test_log_without_facility_option_goes_to_daemon_and_not_to_local0(lab: Lab) -> None:
    node = plug_pair(lab).first
    node.configure(walkthrough("single", "why-1"))
    node.start("-D")
    wait_for(
        lambda: first_missing(node.log("Keepalived", syslog.MESSAGES), PARENT_STARTS) == "",
        5,
        lambda: node.text(syslog.MESSAGES),
    )
    assert node.log() == []


def test_restart_of_rsyslogd_loses_no_line_logged_after_it(lab: Lab) -> None:
    node = plug_pair(lab).first
    node.configure(walkthrough("single", "why-1"))
    node.start()
    wait_for(lambda: "VRRP_Instance(VI_1) Entering BACKUP STATE" in node.log("Keepalived_vrrp"), 5, "backup in the log")
    node.restart_syslog()
    wait_for(
        lambda: "VRRP_Instance(VI_1) Entering MASTER STATE" in node.log("Keepalived_vrrp"),
        8,
        lambda: "master in the log\n" + "\n".join(node.log()),
    )
    node.stop()
    wait_for(
        lambda: first_missing(node.log("Keepalived"), PARENT_STOPS) == "",
        5,
        lambda: "the end in the log\n" + "\n".join(node.log()),
    )
