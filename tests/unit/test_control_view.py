"""What people are shown, and how answers are put together."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from keepalived_py import control, control_client
from keepalived_py.control_client import NoAnswerError, RefusedError, State
from keepalived_py.control_text import count, duration, seconds
from keepalived_py.control_view import history_text, instance_lines, status_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INSTANCE: dict[str, Any] = {
    "name": "VI_1",
    "state": "MASTER",
    "age": 75.0,
    "cause": "no advert from 10.0.0.2 for 3.609 s (priority 100)",
    "interface": "eth0",
    "vrid": 51,
    "family": 4,
    "version": 2,
    "configured_priority": 120,
    "priority": 100,
    "ladder": [
        {"kind": "script", "name": "chk", "weight": -20, "reverse": False, "group": "", "state": "bad",
         "contribution": -20, "fault": ""},
        {"kind": "interface", "name": "eth1", "weight": 0, "reverse": True, "group": "VG", "state": "up",
         "contribution": 0, "fault": "interface eth1 is up"},
    ],
    "master": "10.0.0.1",
    "master_priority": 100,
    "advertisement_interval": 1.0,
    "master_down_interval": 3.609375,
    "faults": ["interface eth1 is up"],
    "group": {"name": "VG", "state": "FAULT", "held_down_by": ["VI_2"]},
    "addresses": [{"address": "10.0.0.9/24", "interface": "eth0", "is_present": False}],
    "misplaced": ["10.9.9.9"],
    "rival": {"source": "10.0.0.2", "reason": "authentication password mismatch", "age": 4.0},
    "send_problems": {"10.0.0.7": "Network is unreachable"},
    "peers": [
        {"source": "10.0.0.3", "adverts": 1, "age": 90.0, "priority": 50, "interval": 1.0, "refused": []},
        {"source": "10.0.0.2", "adverts": 0, "age": None, "priority": 0, "interval": 0.0, "refused": [
            {"reason": "authentication password mismatch", "count": 42, "total": 42, "lasting": 41.0, "age": 0.5}]},
    ],
}  # fmt: skip
RECORD: dict[str, Any] = {
    "kind": "transition", "instance": "VI_1", "old": "BACKUP", "new": "MASTER", "event": "no advert heard",
    "source": "10.0.0.2", "master": "10.0.0.2", "cause": "no advert from 10.0.0.2 for 3.609 s (priority 100)",
    "at": 5.0, "wall": 86400.25, "old_priority": 120, "priority": 100, "advertisement_interval": 1.0,
    "master_down_interval": 3.609375, "lateness": 0.0005, "number": 7,
}  # fmt: skip
PARENT = {"answer": "status", "process": "parent", "pid": 11, "age": 7200.0, "version": "Keepalived v2.4.3",
          "generation": 2, "reloading": True}  # fmt: skip
CHILD = {"name": "VRRP", "pid": 12, "running": True, "age": 60.0, "heartbeat_age": 0.25, "deaths": 1,
         "restart_in": None}  # fmt: skip


def test_instance_is_shown_with_everything_that_explains_it_in_80_columns() -> None:
    assert list(instance_lines(INSTANCE)) == [
        "VI_1  MASTER for 1 min 15 s  (VRID 51 on eth0, VRRPv2, IPv4)",
        "  why       no advert from 10.0.0.2 for 3.609 s (priority 100)",
        "  priority  100, configured 120",
        "            script chk: bad, weight -20: -20",
        "            interface eth1: up, fault when down reverse, group VG: interface",
        "              eth1 is up",
        "  master    this router, 10.0.0.1, priority 100",
        "  timers    advert interval 1 s, master down interval 3.609 s",
        "  fault     interface eth1 is up",
        "  group     VG FAULT, held down by VI_2",
        "  addresses 10.0.0.9/24 on eth0: not present",
        "            10.9.9.9 has no interface yet",
        "  WARNING   10.0.0.2 is or was MASTER too (found 4.0 s ago): authentication",
        "              password mismatch",
        "  WARNING   adverts to 10.0.0.7 do not leave: Network is unreachable",
        "  peers     10.0.0.2; 42 adverts dropped, last 0.5 s ago: authentication",
        "              password mismatch",
        "            10.0.0.3, priority 50, 1 advert, last 1 min 30 s ago",
    ]


def test_instance_without_a_word_to_say_about_the_rest_is_short() -> None:
    quiet = {**INSTANCE, "age": None, "state": "BACKUP", "ladder": [], "faults": [], "group": None,
             "addresses": [], "misplaced": [], "rival": None, "send_problems": {}, "peers": [], "master": "",
             "priority": 120}  # fmt: skip
    assert list(instance_lines(quiet)) == [
        "VI_1  BACKUP  (VRID 51 on eth0, VRRPv2, IPv4)",
        "  why       no advert from 10.0.0.2 for 3.609 s (priority 100)",
        "  priority  120",
        "  master    not known",
        "  timers    advert interval 1 s, master down interval 3.609 s",
    ]


def test_many_addresses_are_cut_short() -> None:
    addresses = [{"address": f"10.0.0.{number}/32", "interface": "eth0", "is_present": True} for number in range(30)]
    assert "            and 10 more" in instance_lines({**INSTANCE, "addresses": addresses})


def test_record_is_shown_with_its_circumstances() -> None:
    lines = history_text(State(records=[RECORD])).splitlines()
    assert lines[0].endswith(":00.250  VI_1  BACKUP -> MASTER")
    assert lines[1:] == [
        "    no advert from 10.0.0.2 for 3.609 s (priority 100)",
        "    event: no advert heard, priority 100 (was 120), advert interval 1 s, master",
        "      down interval 3.609 s, last master 10.0.0.2, loop late by 0.500 ms",
    ]


def test_processes_come_first_and_problems_after_them() -> None:
    state = State(parent=PARENT, children=[CHILD, {**CHILD, "pid": None, "name": "Healthcheck"}], problems=["late"])
    assert status_text(state) == (
        "Keepalived v2.4.3\n"
        "parent 11, up 2 h 0 min, configuration 2, reloading\n"
        "VRRP 12, up 1 min 0 s, last sign of life 0.2 s ago, 1 death before\n"
        "Healthcheck: not running, 1 death\n"
        "! late\n"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.04, "0.0 s"), (9.99, "10.0 s"), (10.0, "10 s"), (61.0, "1 min 1 s"), (3600.0, "1 h 0 min"),
     (100000.0, "1 d 3 h"), (-1.0, "0.0 s")],
)  # fmt: skip
def test_duration_has_its_two_biggest_units(value: float, text: str) -> None:
    assert duration(value) == text


def test_numbers_and_plurals() -> None:
    assert [seconds(0.1), seconds(3.609375), count(1, "advert"), count(2, "advert")] == [
        "0.1 s",
        "3.609 s",
        "1 advert",
        "2 adverts",
    ]


class Answering:
    """Listens at a path and says the same to everybody."""

    def __init__(self, path: Path, answer: bytes) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._answer = answer
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.sendall(self._answer)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[dict[str, bytes]]:
    """Answers by the end of the path; sockets are made when a test asks for them."""
    lines: dict[str, bytes] = {}
    servers: list[Answering] = []

    class Answers(dict[str, bytes]):
        def __setitem__(self, suffix: str, answer: bytes) -> None:
            servers.append(Answering(tmp_path / f"control{suffix}", answer))

    yield Answers(lines)
    for server in servers:
        server.close()


def said(*values: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


HEAD = {"answer": "status", "process": "vrrp", "pid": 12}
END = {"end": "status"}


def test_answers_of_parent_and_child_are_put_together(daemon: dict[str, bytes], tmp_path: Path) -> None:
    daemon[".parent"] = said(PARENT, {"child": CHILD}, END)
    daemon[""] = said(HEAD, {"instance": {"name": "A"}}, {"addresses": [1]}, {"addresses": [2]}, {"peers": [3]}, END)
    found = control_client.state(str(tmp_path / "control"), "status")
    assert found.instances == [{"name": "A", "addresses": [1, 2], "peers": [3]}]
    assert (found.parent, found.vrrp, found.is_whole) == (PARENT, HEAD, True)


def test_dead_child_is_told_with_its_last_records(
    daemon: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon[".parent"] = said(PARENT, {"child": {**CHILD, "pid": None, "restart_in": 2.5}}, {"record": RECORD}, END)
    assert control.main(["status", "--socket", str(tmp_path / "control")]) == 3
    text = capsys.readouterr().out
    assert "! there is no VRRP process: it died, the next is started in 2.5 s\n" in text
    assert "VI_1  BACKUP -> MASTER" in text


def test_daemon_that_runs_no_vrrp_process_is_whole_without_one(daemon: dict[str, bytes], tmp_path: Path) -> None:
    daemon[".parent"] = said(PARENT, {"child": {**CHILD, "name": "Healthcheck"}}, END)
    found = control_client.state(str(tmp_path / "control"), "status")
    assert (found.is_whole, found.vrrp, found.instances) == (True, None, [])


@pytest.mark.parametrize(
    "answer",
    [b"", b"{}\n", b"nonsense\n", b'{"answer": 1}\n', b"\xff\n"],
    ids=["none", "empty", "text", "cut", "bytes"],
)
def test_answer_that_is_none_is_an_error(daemon: dict[str, bytes], tmp_path: Path, answer: bytes) -> None:
    daemon[""] = answer
    with pytest.raises(NoAnswerError):
        control_client.ask(str(tmp_path / "control"), "status")


def test_refusal_is_told_in_the_daemons_words(
    daemon: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon[""] = said({"end": "error", "error": "there is no instance X"})
    with pytest.raises(RefusedError, match="there is no instance X"):
        control_client.ask(str(tmp_path / "control"), "status X")
    assert control.main(["status", "--instance", "X", "--socket", str(tmp_path / "control")]) == 1
    assert capsys.readouterr().err == "keepalivedctl: there is no instance X\n"


def test_nobody_there_is_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert control.main(["history", "--socket", str(tmp_path / "control")]) == 1
    assert capsys.readouterr().err.endswith("control: No such file or directory\n")


def test_history_as_json_has_the_records(
    daemon: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon[""] = said(HEAD, {"record": RECORD}, {"end": "history"})
    assert control.main(["history", "--json", "--socket", str(tmp_path / "control")]) == 3  # the parent is silent
    assert json.loads(capsys.readouterr().out)["records"] == [RECORD]


@pytest.mark.parametrize(
    ("instance", "namespace", "path"),
    [
        (None, None, "/run/keepalived/control.sock"),
        ("blue", None, "/run/keepalived/control_blue.sock"),
        (None, "red", "/run/keepalived/red/control.sock"),
    ],
)
def test_place_of_the_socket_follows_the_daemons_names(instance: str | None, namespace: str | None, path: str) -> None:
    assert control_client.default_path(instance, namespace) == path


def test_warnings_of_the_vrrp_process_stand_above_its_instances() -> None:
    vrrp = {"answer": "status", "process": "vrrp", "warnings": ["Firewall: nft: cannot be run"]}
    state = State(parent=PARENT, vrrp=vrrp, instances=[INSTANCE])
    assert "! Firewall: nft: cannot be run" in status_text(state).partition("\n\n")[0].splitlines()
    assert state.is_whole
