"""What the control socket and the dump tell of virtual servers, and what an operator orders there."""

from __future__ import annotations

from typing import Any

import pytest

from keepalived_py.check.answers import Answers
from keepalived_py.check.observations import FILE, SESSION
from keepalived_py.check.state_dump import state
from keepalived_py.config.check_values import Endpoint
from keepalived_py.config.model import Config
from keepalived_py.config.model.check import GroupEntry, VirtualServer, VirtualServerGroup
from keepalived_py.config.model.checkers import BfdCheck, DnsCheck, FileCheck, HttpGet, SmtpCheck, TcpCheck, Url
from keepalived_py.config.model.tracking import TrackFile
from keepalived_py.control_servers import real_server_lines, virtual_server_lines
from tests.unit.check.stage import LOOPBACK, Stage, real, virtual

NEVER = TcpCheck(warmup=3600.0, retry=2, fwmark=5)


def config() -> Config:
    web = HttpGet(warmup=3600.0, url=(Url(path="/", status_code=((200, 200), (300, 302))),))
    asked = real(8, tcp_check=(), http_get=(web,), dns_check=(DnsCheck(warmup=9.0),), smtp_check=(SmtpCheck(),))
    told = real(7, tcp_check=(NEVER,), bfd_check=(BfdCheck(name="peer"),), file_check=(FileCheck(track_file="load"),))
    first = virtual(told, asked, sorry_server=Endpoint(address=LOOPBACK, port=9), quorum=2)
    second = virtual(real(7, tcp_check=(), weight=4), protocol="UDP", slow_start=9.0)
    marked = VirtualServer(fwmark=7, real_server=(real(7, tcp_check=()),))
    grouped = VirtualServer(group="web", protocol="TCP", real_server=(real(7, tcp_check=()),))
    group = VirtualServerGroup(name="web", entries=(GroupEntry(address=LOOPBACK, port=81), GroupEntry(fwmark=3)))
    return Config(
        virtual_servers=(first, second, marked, grouped),
        virtual_server_groups=(group,),
        track_files=(TrackFile(name="load", file="/run/load"),),
    )


@pytest.fixture
def answers(stage: Stage) -> Answers:
    given = config()
    stage.farm.observations.configure(given.track_files)
    stage.farm.observations.files["load"] = 3
    stage.farm.start(given)
    return Answers(stage.farm, stage.reactor.time)


def told(answers: Answers, request: str) -> list[dict[str, Any]]:
    return list(answers.answer(request))


def error(answers: Answers, request: str) -> str:
    (value,) = told(answers, request)
    assert value["end"] == "error"
    return str(value["error"])


def test_status_tells_virtual_servers_each_followed_by_its_real_servers(answers: Answers, stage: Stage) -> None:
    stage.farm.observed(SESSION, "peer", seen=False)
    head, *values, end = told(answers, "status")
    assert (head["process"], head["virtual_servers"], end) == ("checkers", 4, {"end": "status"})
    assert [next(iter(value)) for value in values[:4]] == [
        "virtual_server", "real_server", "real_server", "virtual_server",
    ]  # fmt: skip
    first, server = values[0]["virtual_server"], values[1]["real_server"]
    assert (first["name"], first["has_quorum"], first["sorry_server_in"]) == ("[192.0.2.1]:80", False, True)
    assert (server["name"], server["is_alive"], server["weight"], server["configured_weight"]) == (
        "[127.0.0.1]:7", False, 4, 1,
    )  # fmt: skip
    assert [(check["kind"], check["is_up"], check["result"]) for check in server["checks"]] == [
        ("TCP_CHECK", True, None),
        ("FILE_CHECK", True, "success"),
        ("BFD_CHECK", False, "session is down"),
    ]


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("[192.0.2.1]:udp:80", "[192.0.2.1]:80"),
        ("192.0.2.1:udp:80", "[192.0.2.1]:80"),
        ("FWM:7", "FWM 7"),
        ("web", "[web]"),
    ],
)
def test_virtual_server_has_several_spellings(answers: Answers, wanted: str, name: str) -> None:
    values = told(answers, f"status {wanted}")
    assert [value["virtual_server"]["name"] for value in values if "virtual_server" in value] == [name]


def test_order_is_carried_out_at_once_and_answered_with_the_server(answers: Answers, stage: Stage) -> None:
    *_, server, end = told(answers, "real-server 192.0.2.1:udp:80 127.0.0.1:7 drain")
    assert end == {"end": "real-server"}
    assert (server["real_server"]["ordered_weight"], server["real_server"]["weight_in_use"]) == (0, 0)
    told(answers, "real-server 192.0.2.1:udp:80 [127.0.0.1]:7 weight 12")
    *_, server, _ = told(answers, "real-server 192.0.2.1:udp:80 127.0.0.1:udp:7 enable")
    assert (server["real_server"]["ordered_weight"], server["real_server"]["weight"]) == (None, 4)
    assert sum("as ordered" in line for line in stage.log.lines) == 3


@pytest.mark.parametrize(
    ("request_text", "reason"),
    [
        ("", "unknown request"),
        ("history", "unknown request"),
        ("status 10.9.9.9:80", "there is no virtual server 10.9.9.9:80"),
        ("real-server", "real-server needs"),
        ("real-server 192.0.2.1:udp:80 127.0.0.1:7 weight -1", "a number from 0 to 2147483647"),
        ("real-server 192.0.2.1:udp:80 127.0.0.1:7 weight 2147483648", "a number from 0 to 2147483647"),
        ("real-server 192.0.2.1:80 127.0.0.1:7 drain", "may be [192.0.2.1]:tcp:80, [192.0.2.1]:udp:80"),
        ("real-server 192.0.2.1:udp:80 127.0.0.9:7 drain", "has no real server 127.0.0.9:7"),
    ],
)
def test_request_that_cannot_be_carried_out_says_why(answers: Answers, request_text: str, reason: str) -> None:
    assert reason in error(answers, request_text)


def test_people_read_servers_and_checks(answers: Answers, stage: Stage) -> None:
    stage.farm.observed(SESSION, "peer", seen=False)
    told(answers, "real-server 192.0.2.1:udp:80 127.0.0.1:7 weight 12")
    values = told(answers, "status")
    virtuals = [value["virtual_server"] for value in values if "virtual_server" in value]
    reals = [value["real_server"] for value in values if "real_server" in value]
    assert list(virtual_server_lines({**virtuals[0], "real_servers": reals[:1]})) == [
        "[192.0.2.1]:80  DOWN  (TCP wlc, weight 1 of quorum 2)",
        "  sorry server [127.0.0.1]:9 stands in",
        "  [127.0.0.1]:7  DOWN, weight 4, configured 1",
        "    TCP_CHECK [127.0.0.1]:7: up, has not run yet",
        "    FILE_CHECK [127.0.0.1]:7: up, success",
        "    BFD_CHECK [127.0.0.1]:7: DOWN, session is down",
    ]
    assert list(real_server_lines(reals[2])) == ["  [127.0.0.1]:7  up, weight 12, as ordered, configured 4"]
    assert list(virtual_server_lines({**virtuals[1], "real_servers": [reals[2]] * 60}))[-1] == "  and 10 more"


def test_dump_has_the_lines_that_scripts_look_for(answers: Answers, stage: Stage) -> None:
    del answers
    stage.farm.observed(FILE, "load", 5)
    stage.farm.observed(SESSION, "peer", seen=False)
    lines = state(config(), stage.farm.virtuals.values(), stage.farm.observations).splitlines()
    at = lines.index(" [192.0.2.1]:tcp:80 -> [127.0.0.1]:tcp:7")
    assert lines[at + 1 : at + 5] == ["   Enabled = yes", "   Up = yes", "   Has run = no", "   Current weight = 0"]
    at = lines.index("   Keepalive method = BFD_CHECK")
    assert "   Up = no" in lines[at - 12 : at]
    assert "   RIP = 127.0.0.1, RPORT = 7, WEIGHT = 6 EFF WEIGHT = 6" in lines
    assert " VS VIP = 192.0.2.1, VPORT = 80" in lines
    assert " VS FWMARK = 7" in lines
    assert " VS GROUP = [web]:0" in lines
    assert "   VIP = 127.0.0.1, VPORT = 81" in lines
    assert lines[lines.index("   Checked url = /") + 3 :][:2] == ["       200", "       300-302"]
    assert lines[lines.index(" Track file = load") + 2] == "   Status = 5"
