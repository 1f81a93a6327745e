"""How the daemon's processes run: names, scheduling, memory, as the kernel shows them."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.lab.daemon import OURS
from tests.lab.waiting import holds_for, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

PLAIN = """\
global_defs {
}
"""
FULL = """\
global_defs {
    process_name mainone
    process_names
    checker_process_name checkone
    vrrp_priority -5
    vrrp_rt_priority 20
    vrrp_rlimit_rttime 20000
    vrrp_no_swap
    vrrp_cpu_affinity 0
    checker_priority 4
    checker_cpu_affinity 1
}
"""


def settled(node: Node) -> dict[str, int]:
    pids = {"parent": node.parent_pid(), "vrrp": node.vrrp_pid(), "checker": node.checker_pid()}
    return pids if all(pids.values()) else {}


def start(lab: Lab, config: str) -> Node:
    (node,) = lab.add(one=["192.168.0.201/24"])
    node.install(OURS)
    node.start_syslog()
    node.configure(config)
    node.start()
    node_ready(node)
    return node


def node_ready(node: Node) -> None:
    wait_for(lambda: settled(node), 10, lambda: "\n".join(node.log()))


def comm(node: Node, pid: int) -> str:
    return node.run("cat", f"/proc/{pid}/comm").strip()


def is_called(node: Node, pid: int, name: str) -> bool:
    return comm(node, pid) == name


def status(node: Node, pid: int, field: str) -> str:
    found = re.search(rf"^{field}:\s*(.*)$", node.run("cat", f"/proc/{pid}/status"), re.MULTILINE)
    assert found is not None
    return found[1].strip()


def nice(node: Node, pid: int) -> int:
    said = node.run("ps", "-o", "ni=", "-p", str(pid)).strip()
    return 0 if said == "-" else int(said)  # "-" under real time


def scheduling(node: Node, pid: int) -> tuple[str, int]:
    """Policy and priority as chrt shows them."""
    text = node.run("chrt", "-p", str(pid))
    policy, priority = re.findall(r": (\S+)$", text, re.MULTILINE)
    return policy.partition("|")[0], int(priority)


def real_time_limit(node: Node, pid: int) -> list[str]:
    line = next(line for line in node.run("cat", f"/proc/{pid}/limits").splitlines() if "realtime timeout" in line)
    return line.split()[3:5]


def wait(node: Node, condition: Callable[[], object]) -> None:
    wait_for(condition, 10, lambda: "\n".join(node.log()))


def runs_at(node: Node, pid: int, realtime: int) -> bool:
    return scheduling(node, pid) == ("SCHED_RR", realtime)


def may_have_real_time() -> bool:
    return subprocess.run(["chrt", "-r", "1", "true"], check=False, capture_output=True).returncode == 0


needs_real_time = pytest.mark.skipif(not may_have_real_time(), reason="this machine gives nobody real time")


def test_processes_of_a_plain_configuration_are_ordinary(lab: Lab) -> None:
    node = start(lab, PLAIN)
    for pid in settled(node).values():
        assert comm(node, pid) == "keepalived"
        assert (nice(node, pid), scheduling(node, pid)) == (0, ("SCHED_OTHER", 0))
        assert status(node, pid, "VmLck") == "0 kB"


@needs_real_time
def test_settings_are_in_force_at_the_start_and_gone_after_a_reload_without_them(lab: Lab) -> None:
    node = start(lab, FULL)
    pids = settled(node)
    for name, expected in (("parent", "mainone"), ("vrrp", "keepalived_vrrp"), ("checker", "checkone")):
        wait(node, partial(is_called, node, pids[name], expected))
    wait(node, lambda: scheduling(node, pids["vrrp"]) == ("SCHED_RR", 20))
    wait(node, lambda: status(node, pids["vrrp"], "Cpus_allowed_list") == "0")
    wait(node, lambda: status(node, pids["checker"], "Cpus_allowed_list") == "1")
    wait(node, lambda: real_time_limit(node, pids["vrrp"]) == ["20000", "30000000"])
    wait(node, lambda: status(node, pids["vrrp"], "VmLck") != "0 kB")
    wait(node, lambda: nice(node, pids["checker"]) == 4)
    assert all(node.run("ps", "-o", "args=", "-p", str(pid)).startswith("keepalived ") for pid in pids.values())

    node.configure(PLAIN)
    node.kill(pids["parent"], signal.SIGHUP)
    wait(node, lambda: "Keepalived: Reload finished" in node.log())
    every = status(node, pids["parent"], "Cpus_allowed_list")
    for pid in pids.values():
        assert comm(node, pid) == "keepalived"
        assert (nice(node, pid), scheduling(node, pid)) == (0, ("SCHED_OTHER", 0))
        assert status(node, pid, "VmLck") == "0 kB"
        assert status(node, pid, "Cpus_allowed_list") == every
    assert settled(node) == pids


@needs_real_time
def test_process_whose_timers_fire_late_raises_its_own_priority(lab: Lab) -> None:
    node = start(lab, "global_defs {\nmax_auto_priority 2\nmin_auto_priority_delay 1000000\n}\n" + INSTANCE)
    pid = node.vrrp_pid()
    for level in (1, 2):
        freeze(node, pid)
        wait(node, partial(runs_at, node, pid, level))
    said = [f"Set realtime priority {level}" for level in (1, 2)]
    wait(node, lambda: [line for line in node.log("Keepalived_vrrp") if line.startswith("Set realtime")] == said)
    expired = re.compile(r"A thread timer expired [1-9]\.\d{6} seconds ago")
    wait(node, lambda: any(map(expired.fullmatch, node.log("Keepalived_vrrp"))))


@needs_real_time
def test_real_time_process_that_is_told_that_it_used_too_much_time_says_so_and_lives(lab: Lab) -> None:
    node = start(lab, "global_defs {\nvrrp_rt_priority 5\n}\n")
    pid = node.vrrp_pid()
    wait(node, lambda: scheduling(node, pid) == ("SCHED_RR", 5))
    node.kill(pid, signal.SIGXCPU)
    sentence = "VRRP process has used too much CPU time, vrrp_rlimit_rttime may need to be increased"
    wait(node, lambda: sentence in node.log("Keepalived_vrrp"))
    assert node.vrrp_pid() == pid


@needs_real_time
def test_script_of_a_real_time_process_runs_like_any_other_program(lab: Lab) -> None:
    script = "/run/tell"
    settings = FULL.replace(
        "}\n", f"script_user root\nenable_script_security\n}}\nvrrp_script tell {{\nscript {script}\n}}\n"
    )
    tracked = INSTANCE.replace("interface eth0", "interface eth0\n    track_script {\n        tell\n    }")
    (node,) = lab.add(one=["192.168.0.201/24"])
    node.path(script).write_text(
        "#!/bin/sh\n"
        "{ chrt -p $$ | sed s/.*:.//; ps -o ni= -p $$; grep -E 'VmLck|Cpus_allowed_list' /proc/$$/status; } >/run/new\n"
        "mv /run/new /run/told\n"
    )
    node.path(script).chmod(0o755)
    node.install(OURS)
    node.start_syslog()
    node.configure(settings + tracked)
    node.start()
    wait(node, lambda: node.text("/run/told"))
    every = status(node, node.parent_pid(), "Cpus_allowed_list")
    wait(node, lambda: scheduling(node, node.vrrp_pid()) == ("SCHED_RR", 20))
    assert node.text("/run/told").split() == ["SCHED_OTHER", "0", "0", "VmLck:", "0", "kB", "Cpus_allowed_list:", every]


def test_signals_for_a_json_dump_of_either_libc_sent_to_every_process_end_none(lab: Lab) -> None:
    node = start(lab, PLAIN)
    pids = settled(node)
    for number in ("36", "37"):
        node.run("kill", f"-{number}", *map(str, pids.values()))
    node.kill(pids["parent"], signal.SIGHUP)
    wait(node, lambda: "Keepalived: Reload finished" in node.log())
    assert settled(node) == pids


def test_umask_changes_with_a_reload_unless_the_command_line_gave_one(lab: Lab) -> None:
    node = start(lab, PLAIN)
    pids = settled(node)
    assert [status(node, pid, "Umask") for pid in pids.values()] == ["0177"] * 3
    node.configure("global_defs {\numask 077\n}\n")
    node.kill(pids["parent"], signal.SIGHUP)
    wait(node, lambda: "Keepalived: Reload finished" in node.log())
    assert [status(node, pid, "Umask") for pid in pids.values()] == ["0077"] * 3


@pytest.mark.parametrize(
    ("keyword", "yields"), [("timer_expired_backup", True), ("thread_timer_expired 200", True), ("", False)]
)
def test_master_that_did_not_run_for_long_is_backup_if_that_is_configured(lab: Lab, keyword: str, yields: bool) -> None:
    node = start(lab, INSTANCE.replace("interface eth0", f"interface eth0\n    nopreempt\n    {keyword}"))
    wait(node, lambda: states(node)[-1:] == ["MASTER"])
    before = states(node)
    freeze(node, node.vrrp_pid())
    wait(node, lambda: any(line.startswith("A thread timer expired") for line in node.log("Keepalived_vrrp")))
    if yields:
        wait(node, lambda: any("MASTER -> BACKUP: sent no advert for " in line for line in node.log("Keepalived_vrrp")))
        wait(node, lambda: states(node)[: len(before) + 2] == [*before, "BACKUP", "MASTER"])
    else:
        holds_for(lambda: states(node) == before, 1.0, "no transition")
    wait(node, lambda: node.has("192.168.0.204"))


def states(node: Node) -> list[str]:
    """Every state that the instance has entered, as the log says."""
    return [line.split()[-2] for line in node.log("Keepalived_vrrp") if "Entering" in line]


INSTANCE = """\
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 100
    advert_int 0.1
    version 3
    virtual_ipaddress {
        192.168.0.204
    }
}
"""


def freeze(node: Node, pid: int) -> None:
    """Stop a process for so long that its timers are late, and let it run again."""
    node.kill(pid, signal.SIGSTOP)
    wait(node, lambda: status(node, pid, "State").startswith("T"))
    time.sleep(1.5)
    node.kill(pid, signal.SIGCONT)
