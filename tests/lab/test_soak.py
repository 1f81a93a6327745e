"""Reload after reload: nothing leaks, nothing changes state, and an instance that did not change misses no advert.

`make soak` runs ten thousand reloads; SOAK_RELOADS in the environment asks for another number.
"""

from __future__ import annotations

import os
import signal
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.lab import syslog
from tests.lab.daemon import OURS
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from tests.lab.node import Node
    from tests.lab.topology import Lab

RELOADS = int(os.environ.get("SOAK_RELOADS", "40"))
SAMPLES = 40
"""Measurements in a run."""
SETTLED = 0.25
"""Share of a run after which memory is expected to be flat."""
GROWTH = 512
"""Kilobytes by which a process may be larger at the end than when it had settled; the allocator is not exact."""
MISSED = 2.0
"""Seconds between two adverts of which one was missed: twice the interval."""
STALL = 0.5
"""Seconds between two beats of a program that beats ten times a second: the machine stood still."""

DISTURBANCES = ("Entering", " (STEADY) ", "died", "refused", "Traceback")
"""Words of log lines that must not come."""

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400 + RELOADS)]

STEADY = """\
vrrp_script steady {{
    script /bin/true
    interval 1
    timeout 60
}}
vrrp_instance STEADY {{
    interface eth0
    virtual_router_id 51
    version 3
    priority {priority}
    track_script {{
        steady
    }}
    virtual_ipaddress {{
        192.168.0.204/24
    }}
}}
"""
ONE = """\
global_defs {{
    vrrp_netlink_monitor_rcv_bufs 100000
    process_names
    script_user root
    enable_script_security
    notify_fifo /run/one.fifo
}}
vrrp_script changing {{
    script "/bin/true one"
    interval 1
    timeout 60
}}
vrrp_track_file file {{
    file /run/tracked
    weight 1
    init_file 0
}}
vrrp_instance CHANGING {{
    interface eth0
    virtual_router_id 52
    priority 200
    advert_int 1
    notify /bin/true
    track_script {{
        changing weight 2
    }}
    track_file {{
        file
    }}
    virtual_ipaddress {{
        192.168.0.210/24
        192.168.0.212/24
    }}
    virtual_routes {{
        10.1.0.0/16 via 192.168.0.1 dev eth0
    }}
}}
vrrp_instance COMING {{
    interface eth0
    virtual_router_id 53
    priority 200
    virtual_ipaddress {{
        192.168.0.213/24
    }}
}}
"""
OTHER = """\
global_defs {{
    script_user root
    enable_script_security
    vrrp_priority -1
    notify_fifo /run/other.fifo
}}
vrrp_script changing {{
    script "/bin/true other"
    interval 2
    timeout 60
}}
vrrp_track_process process {{
    process sshd
    weight 1
}}
vrrp_instance CHANGING {{
    interface eth0
    virtual_router_id 52
    priority 210
    advert_int 2
    track_script {{
        changing
    }}
    track_process {{
        process
    }}
    virtual_ipaddress {{
        192.168.0.211/24
        192.168.0.212/24
    }}
    virtual_rules {{
        from 10.2.0.0/16 table 100 preference 5000
    }}
}}
"""
NEWS = ("192.168.0.210", "192.168.0.211")


class Log:
    """What is new in a node's log since the last look."""

    def __init__(self, node: Node) -> None:
        self._path = node.path(syslog.KEEPALIVED_LOG)
        self._offset = 0

    def lines(self) -> list[str]:
        """The whole lines that have come."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            whole = file.read().rpartition(b"\n")[0]
        self._offset += len(whole) + 1 if whole else 0
        return whole.decode().splitlines()


class Watch:
    """The daemon under test, and what must not happen to it."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.pids = {"parent": node.parent_pid(), "vrrp": node.vrrp_pid(), "checker": node.checker_pid()}
        self.finished = 0
        self.changes: list[str] = []
        self.memory: dict[str, list[int]] = {name: [] for name in self.pids}
        self.resident: dict[str, list[int]] = {name: [] for name in self.pids}
        self.descriptors: dict[str, list[int]] = {name: [] for name in self.pids}
        self._log = Log(node)

    def look(self) -> int:
        """Read what is new in the log; return how many reloads have ended so far."""
        for line in self._log.lines():
            if "Reload finished" in line:
                self.finished += 1
            elif any(word in line for word in DISTURBANCES) and "COMING" not in line:
                self.changes.append(line)
        return self.finished

    def reload(self, config: str) -> None:
        """Put `config` in force and wait until every process has it."""
        before = self.look()
        self.node.configure(config)
        self.node.kill(self.pids["parent"], signal.SIGHUP)
        wait_for(lambda: self.look() > before, 20, lambda: "\n".join(self.node.log()[-100:]))
        died = [line for line in self.changes if "died" in line]
        assert died == [], "\n".join(self.node.log()[-200:])

    def measure(self) -> None:
        """Take resident memory (kB) and the number of descriptors of every process.

        What is shared (code, and the history of fixed size, which fills in its time) does not count.
        """
        for name, pid in self.pids.items():
            text = self.node.attempt("cat", f"/proc/{pid}/status").stdout
            assert text, "\n".join(self.node.log()[-200:])
            status = dict(line.split(":", 1) for line in text.splitlines())
            self.memory[name].append(int(status["RssAnon"].split()[0]))
            self.resident[name].append(int(status["VmRSS"].split()[0]))
            self.descriptors[name].append(len(self.node.run("ls", f"/proc/{pid}/fd").split()))


def growth(samples: list[int]) -> int:
    """How much more the last quarter of the samples has than the one after warming up; medians."""
    settled = samples[int(len(samples) * SETTLED) :]
    part = max(len(settled) // 3, 1)
    early, late = sorted(settled[:part]), sorted(settled[-part:])
    return late[len(late) // 2] - early[len(early) // 2]


def overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two spans of time have a moment in common."""
    return one[0] < other[1] and other[0] < one[1]


def test_reloads_leak_nothing_and_disturb_nobody(lab: Lab) -> None:
    one, peer = lab.add(one=["192.168.0.201/24"], peer=["192.168.0.130/24"])
    configs = [text.format() + STEADY.format(priority=200) for text in (ONE, OTHER)]
    for node, config in ((one, configs[0]), (peer, STEADY.format(priority=100))):
        node.install(OURS)
        node.start_syslog()
        node.configure(config)
        node.start()
    wait_for(lambda: one.has("192.168.0.204") and one.has(NEWS[0]), 15, lambda: "\n".join(one.log()))
    watch, capture, metronome = Watch(one), peer.capture(), one.ping("192.168.0.201")
    watch.look()
    watch.changes.clear()
    peer_log = Log(peer)
    peer_log.lines()
    for number in range(1, RELOADS + 1):
        watch.reload(configs[number % 2])
        if number % max(RELOADS // SAMPLES, 1) == 0:
            watch.measure()
    wait_for(lambda: one.has(NEWS[RELOADS % 2]) and not one.has(NEWS[1 - RELOADS % 2]), 10, "the last addresses")
    print("resident without what is shared, and with it, at the beginning, when settled and at the end; descriptors")
    for name in watch.pids:
        kinds = (watch.memory[name], watch.resident[name], watch.descriptors[name])
        print(name, [(kind[0], kind[int(len(kind) * SETTLED)], kind[-1]) for kind in kinds])
    assert watch.changes == []
    assert [line for line in peer_log.lines() if "Entering" in line] == []
    assert {"parent": one.parent_pid(), "vrrp": one.vrrp_pid(), "checker": one.checker_pid()} == watch.pids
    sent = [advert.at for advert in capture.adverts(outgoing=False) if advert.vrid == 51]
    assert len(sent) > 2
    print(
        "longest pause between two adverts", max(later - earlier for earlier, later in pairwise(sent)), "of", len(sent)
    )
    stalls = [pause for pause in pairwise(sorted(metronome.sent().values())) if pause[1] - pause[0] > STALL]
    missed = [pause for pause in pairwise(sent) if pause[1] - pause[0] >= MISSED]
    assert [pause for pause in missed if not any(overlap(pause, stall) for stall in stalls)] == [], stalls
    for name in watch.pids:
        assert growth(watch.descriptors[name]) <= 0, (name, watch.descriptors[name])
        assert growth(watch.memory[name]) <= GROWTH, (name, watch.memory[name])
