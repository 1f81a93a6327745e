"""Dumps of a running daemon, read as the programs of others read them."""

from __future__ import annotations

import json
import re
import signal
from typing import TYPE_CHECKING

import pytest

from tests.lab.configs import instance
from tests.lab.consumers import (
    decode_strictly,
    group_states,
    keys_and_values,
    scrape_state,
    scrape_statistics,
    states_after_topology,
    times_master,
)
from tests.lab.daemon import REAL
from tests.lab.pair import plug_pair, start_pair
from tests.lab.waiting import wait_for

if TYPE_CHECKING:
    from tests.lab.node import Node
    from tests.lab.topology import Lab

pytestmark = pytest.mark.lab

STATE, PARENT_STATE = "/run/tmp/keepalived.data", "/run/tmp/keepalived_parent.data"
STATISTICS, JSON = "/run/tmp/keepalived.stats", "/run/tmp/keepalived.json"
GROUP = "vrrp_sync_group G1 {\n    group {\n        VI_1\n        VI_6\n    }\n}\n"
SCRIPT = 'vrrp_script chk_up {\n    script "/bin/true"\n    interval 1\n    timeout 30\n    weight 2\n}\n'
SECURE = "global_defs {\n    script_user root\n    enable_script_security\n}\n"


def rich(priority: int) -> str:
    """Two instances in a group, both families, excluded addresses, a password, and one that tracks a script."""
    extra = ("advert_int 1", "authentication {", "auth_type PASS", "auth_pass 12345678", "}")
    excluded = ("virtual_ipaddress_excluded {", "192.168.7.1/24", "2001:db8::77/64", "}")
    tracked = ("track_script {", "chk_up", "}")
    return (
        SECURE + SCRIPT + GROUP
        + instance(priority, (*extra, *excluded, 'notify_master "/bin/true x"'))
        + instance(priority, ("advert_int 1",), name="VI_6", vrid=52, addresses=("fe80::52/128", "2001:db8::52/64"))
        + instance(priority, ("advert_int 1", *tracked), name="VI_S", vrid=53, addresses=("192.168.0.206/24",))
    )  # fmt: skip


STOP_READER = """
echo ready
until reader=$(pgrep -P {0} | grep -vwE '{1}|{2}') && kill -STOP $reader; do :; done
echo $reader
"""
"""Stops the process that reads the configuration, a third child of the parent, as soon as there is one."""


def ask(node: Node, number: int | signal.Signals, path: str) -> str:
    """Send a signal to the parent and return the new contents of a file."""
    target = node.path(path)
    target.unlink(missing_ok=True)
    node.run("kill", f"-{int(number)}", str(node.parent_pid()))
    wait_for(target.exists, 10, lambda: f"{path}\n" + "\n".join(node.log()))
    return node.text(path)


@pytest.fixture
def master(lab: Lab) -> Node:
    """A master with everything in its configuration; its peer is a backup."""
    return start_pair(lab, rich(150), rich(100), ipv6=True).first


def test_text_exporter_reads_instances_scripts_and_counters(master: Node) -> None:
    wait_for(lambda: "Status = GOOD" in ask(master, signal.SIGUSR1, STATE), 10, "the script has succeeded")
    state = ask(master, signal.SIGUSR1, STATE)
    instances, scripts = scrape_state(state)
    assert scripts == {"chk_up": ("GOOD", scripts["chk_up"][1])}
    assert scripts["chk_up"][1] in {"idle", "running"}
    assert "): exited with status 0, " in state
    assert set(instances) == {"VI_1", "VI_6", "VI_S"}
    first, six = instances["VI_1"], instances["VI_6"]
    assert (first.state, first.wanted, first.interface, first.delay, first.vrid) == (2, 2, "eth0", 5, 51)
    assert first.addresses == (("192.168.0.204/24", "eth0"),)
    assert first.excluded == (("192.168.7.1/24", "eth0"), ("2001:db8::77/64", "eth0"))
    assert six.addresses == (("fe80::52", "eth0"), ("2001:db8::52/64", "eth0"))
    counters = scrape_statistics(ask(master, signal.SIGUSR2, STATISTICS))
    assert counters.keys() == instances.keys(), "a scrape fails when the two files disagree"
    assert counters["VI_1"]["Became master"] == 1
    assert counters["VI_1"]["Advertisements/Sent"] >= 1
    assert counters["VI_1"]["Authentication Errors/Failure"] == 0


def test_strict_decoder_reads_the_json_file(master: Node) -> None:
    for number in (signal.SIGRTMIN + 2, signal.SIGRTMIN + 3):
        instances = decode_strictly(ask(master, number, JSON))
        assert set(instances) == {"VI_1", "VI_6", "VI_S"}
        first = instances["VI_1"]
        assert (first["state"], first["wantstate"], first["vrid"], first["ifp_ifname"]) == (2, 2, 51, "eth0")
        assert first["vips"] == ["192.168.0.204/24 dev eth0 scope global set"]
        assert first["auth_data"] == "********"
        assert instances["VI_S"]["effective_priority"] == 152
        assert instances["VI_S"]["track_script"] == ["'/bin/true'"]
        assert "vroutes" not in first


def test_second_layout_of_the_json_file_is_an_object(lab: Lab) -> None:
    config = "global_defs {\n    json_version 2\n}\n" + instance(150)
    master = start_pair(lab, config, instance(100)).first
    document = json.loads(ask(master, signal.SIGRTMIN + 2, JSON))
    assert list(document) == ["vrrp"]
    assert [one["data"]["iname"] for one in document["vrrp"]] == ["VI_1"]


def test_scripts_of_operators_find_their_lines(master: Node) -> None:
    state = ask(master, signal.SIGUSR1, STATE)
    assert states_after_topology(state) == [" MASTER"]
    assert times_master(ask(master, signal.SIGUSR2, STATISTICS)) == ["1", "1", "1"]
    found = keys_and_values(state, "VI_1")
    for key in ("State", "Last transition", "Effective priority", "Advert interval", "Preempt", "Accept"):
        assert key in found
    assert found["Advert interval"] == "1 sec"
    assert group_states(state) == {"G1": "MASTER"}
    assert "12345678" not in state
    assert "Global definitions" in ask(master, signal.SIGUSR1, PARENT_STATE)


def test_counters_begin_again_after_they_were_written_and_cleared(master: Node) -> None:
    before = scrape_statistics(ask(master, signal.SIGRTMAX - 1, STATISTICS))
    after = scrape_statistics(ask(master, signal.SIGUSR2, STATISTICS))
    assert before["VI_1"]["Became master"] == 1
    assert after["VI_1"]["Became master"] == 0


def test_signal_to_the_vrrp_child_itself_is_answered_and_every_process_survives_all_of_them(master: Node) -> None:
    pids = (master.parent_pid(), master.vrrp_pid(), master.checker_pid())
    for pid in pids:
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGRTMIN + 2, signal.SIGRTMIN + 3, signal.SIGRTMAX - 1):
            master.run("kill", f"-{int(number)}", str(pid))
    for path in (STATE, STATISTICS, JSON):
        wait_for(master.path(path).exists, 10, path)
    assert (master.parent_pid(), master.vrrp_pid(), master.checker_pid()) == pids


def test_reader_never_sees_a_part_of_a_file_and_a_cleaner_does_no_harm(master: Node) -> None:
    number = signal.SIGRTMIN + 2
    ask(master, number, JSON)
    hammer = f"while ! test -e /run/enough; do kill -{number} {master.parent_pid()}; sleep 0.002; done"
    child = master.popen("sh", "-c", hammer)
    files: set[tuple[int, int]] = set()

    def read_often() -> bool:
        for _ in range(20):
            assert set(decode_strictly(master.text(JSON))) == {"VI_1", "VI_6", "VI_S"}
            for other in master.path("/run/tmp").glob("keepalived.json?*"):
                other.unlink(missing_ok=True)
            status = master.path(JSON).stat()
            files.add((status.st_ino, status.st_mtime_ns))
        return len(files) > 20

    wait_for(read_often, 20, "twenty files, one after the other")
    master.path("/run/enough").touch()
    child.wait(60)
    wait_for(lambda: not list(master.path("/run/tmp").glob(".keepalived*")), 10, "no temporary file is left")


def test_dump_that_is_asked_for_while_a_reload_reads_is_there_before_the_reload(master: Node) -> None:
    long = "".join(f"$NAME_{number}=value {number}\n" for number in range(100_000))
    master.configure(long + rich(140))
    children = sorted((master.vrrp_pid(), master.checker_pid()))
    stopper = master.popen("sh", "-c", STOP_READER.format(master.parent_pid(), *children))
    assert stopper.stdout is not None
    assert stopper.stdout.readline() == "ready\n"
    master.kill(master.parent_pid(), signal.SIGHUP)
    reader = int(stopper.stdout.readline())
    text = ask(master, signal.SIGRTMIN + 2, JSON)
    assert {one["data"]["effective_priority"] for one in json.loads(text)} == {150, 152}, "as before the reload"
    assert not any("stays MASTER" in line for line in master.log("Keepalived_vrrp"))
    master.kill(reader, signal.SIGCONT)
    wait_for(lambda: any("stays MASTER" in line for line in master.log("Keepalived_vrrp")), 30, "the reload")
    text = ask(master, signal.SIGRTMIN + 2, JSON)
    assert {one["data"]["effective_priority"] for one in json.loads(text)} == {140, 142}


def finished(node: Node, path: str) -> str:
    """What a daemon that writes its files in place has written when no process has the file open any more."""
    is_open = f"ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q -- '-> {path}$'"
    wait_for(lambda: node.attempt("sh", "-c", is_open).returncode == 1 and node.text(path), 10, path)
    return node.text(path)


@pytest.mark.interop
@pytest.mark.parametrize("path", [STATE, STATISTICS, JSON])
def test_files_have_the_keys_of_keepalived_in_its_order(lab: Lab, path: str) -> None:
    pair = plug_pair(lab, second=REAL, ipv6=True)
    number = {STATE: signal.SIGUSR1, STATISTICS: signal.SIGUSR2, JSON: signal.SIGRTMIN + 2}[path]
    keys = []
    for node in (pair.first, pair.second):
        node.configure(rich(150 if node is pair.first else 100))
        node.start()
    pair.wait_for_holder(pair.first)
    pair.first.stop()
    pair.wait(lambda: pair.second.has("192.168.0.204/24"), 10, "the other has taken over")
    ask(pair.second, number, path)
    theirs = finished(pair.second, path)
    pair.second.stop()
    pair.first.start()
    pair.wait(lambda: pair.first.has("192.168.0.204/24"), 10, "ours has taken over")
    ours = ask(pair.first, number, path)
    keys = [key_list(path, text) for text in (theirs, ours)]
    for key in NEWER[path]:
        keys[1].remove(key)
    assert keys[1] == [RENAMED.get(key, key) for key in keys[0]]


EXTENSION = "Authentication Extension Errors"
EXTENSION_ERRORS = ("Missing", "Malformed", "Unknown Key", "Invalid HMAC", "Stale", "Replay")
RENAMED = {"Number of interface and track script faults": "Number of tracker faults"}
"""Keys of 2.2.7 that 2.4.3 calls otherwise."""
NEWER = {
    STATE: ("Flags of interface faults - (none)", "Last advert sent"),
    STATISTICS: tuple(
        key
        for name in ("VI_1", "VI_6", "VI_S")
        for key in (f"{name}/{EXTENSION}", *(f"{name}/{EXTENSION}/{each}" for each in EXTENSION_ERRORS))
    ),
    JSON: ("auth_ext_missing", "auth_ext_malformed", "auth_ext_unknown_key", "auth_ext_invalid_hmac", "auth_ext_stale",
           "auth_ext_replay"),
}  # fmt: skip
"""Keys of 2.4.3 that 2.2.7 has not."""


def key_list(path: str, text: str) -> list[str]:
    """Return the keys of a file in their order; of the state file those of the first instance."""
    if path == JSON:
        first = json.loads(text)[0]
        return [*first["data"], *first["stats"]]
    if path == STATISTICS:
        return qualified_keys(text)
    section = text[text.index(" VRRP Instance = VI_1") : text.index(" VRRP Instance = VI_6")]
    return [re.sub(r"\d+", "N", line.strip().partition(" = ")[0]) for line in section.splitlines()]


def qualified_keys(text: str) -> list[str]:
    """Return the keys of the statistics with instance and section before them."""
    keys, name, section = [], "", ""
    for line in text.splitlines():
        key, _, value = line.strip().partition(":")
        if not line.startswith(" "):
            name = value.strip()
        elif line.startswith("    "):
            keys.append(f"{name}/{section}/{key}")
        else:
            section = key
            keys.append(f"{name}/{key}")
    return keys
