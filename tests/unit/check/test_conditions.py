"""Each kind of check against servers in each condition: what docs/development/checkers.md has no other test for."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Final

import dns.message
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.check.connect import connect
from keepalived_py.check.dns_check import DnsCheck
from keepalived_py.check.probe import UP, failed
from keepalived_py.check.settings import Settings
from keepalived_py.check.target import Target
from keepalived_py.check.task import Task
from keepalived_py.check.udp_check import UdpCheck
from keepalived_py.check.web import Contexts, probe_of
from keepalived_py.config.model.checkers import HttpGet, Url
from tests.unit.check.asking import at, run
from tests.unit.check.certificates import self_signed
from tests.unit.check.conditions import ANSWERS, behaviour, check_of, closed_port, deaf_port, over_tls, wording
from tests.unit.check.server import Server
from tests.unit.check.web import plain, web_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from keepalived_py.check.probe import Probe, ProbeResult
    from keepalived_py.reactor import Reactor

SHORT: Final = 0.1
PATIENT: Final = 10.0
TIMED_OUT: Final = "timed out after 0.1 s"
CLOSED: Final = "closed by the server"
TALKS: Final = [kind for kind in ANSWERS if kind != "TCP_CHECK"]
# How long a check waits: shortly where it must give up, long where a busy machine must not decide.
CONDITIONS: Final = {
    "silent": SHORT,
    "slow": SHORT,
    "garbage": PATIENT,
    "ends at once": PATIENT,
    "ends midway": PATIENT,
    "reset": PATIENT,
    "reset midway": PATIENT,
    "oversized": PATIENT,
}
FOUND: Final = {
    "silent": dict.fromkeys(TALKS, TIMED_OUT),
    "slow": dict.fromkeys(TALKS, TIMED_OUT),
    "garbage": {
        "TCP_CHECK with a step": "step 1: unexpected answer",
        "HTTP_GET": "no HTTP: ",
        "SSL_GET": "no HTTP: ",
        "SMTP_CHECK": "bad greeting: ",
        "AGENT_CHECK": "nothing to understand in ",
    },
    "ends at once": {
        "TCP_CHECK with a step": CLOSED,
        "HTTP_GET": "no answer",
        "SSL_GET": "no answer",
        "SMTP_CHECK": CLOSED,
        "AGENT_CHECK": "nothing to understand in ''",
    },
    "ends midway": {
        "TCP_CHECK with a step": CLOSED,
        "HTTP_GET": "no answer",
        "SSL_GET": "no answer",
        "SMTP_CHECK": CLOSED,
        "AGENT_CHECK": "nothing to understand in 'do'",
    },
    "reset": {**dict.fromkeys(TALKS, "reset"), "SSL_GET": "no answer"},  # ssl tells no reset from an end
    "reset midway": {**dict.fromkeys(TALKS, "reset"), "SSL_GET": "no answer"},
    "oversized": {
        "TCP_CHECK with a step": "step 1: unexpected answer",
        "HTTP_GET": "no HTTP: ",
        "SSL_GET": "no HTTP: ",
        "SMTP_CHECK": "the answer is too long",
        "AGENT_CHECK": "the answer is too long",
    },
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"), "web.example")


def says(result: ProbeResult, problem: str) -> bool:
    """Whether a check failed for this reason; one that shows a piece of the answer begins with it."""
    return not result.ok and (result.detail == problem or result.detail.startswith(problem.removesuffix(" (/)")))


@pytest.mark.parametrize("kind", ANSWERS)
def test_server_that_does_not_answer_is_down(reactor: Reactor, kind: str) -> None:
    with deaf_port() as port:
        assert run(reactor, check_of(kind, at(port, SHORT))) == failed(wording(kind, TIMED_OUT))


@pytest.mark.parametrize("kind", ANSWERS)
def test_server_that_refuses_is_down(reactor: Reactor, kind: str) -> None:
    with closed_port() as port:
        assert run(reactor, check_of(kind, at(port))) == failed(wording(kind, "refused"))


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("kind", TALKS)
def test_server_that_does_not_answer_rightly_is_down(
    reactor: Reactor, certificate: Path, kind: str, condition: str
) -> None:
    serve = behaviour(condition, kind)
    with Server(over_tls(certificate, serve) if kind == "SSL_GET" else serve) as server:
        result = run(reactor, check_of(kind, at(server.port, CONDITIONS[condition])))
    assert says(result, wording(kind, FOUND[condition][kind])), result


@pytest.mark.parametrize("condition", [one for one in CONDITIONS if one != "reset"])  # that may be seen in time
def test_server_that_accepts_is_up_for_a_check_without_steps(reactor: Reactor, condition: str) -> None:
    with Server(behaviour(condition, "TCP_CHECK")) as server:
        assert run(reactor, check_of("TCP_CHECK", at(server.port, PATIENT))) == UP


def test_page_cannot_write_more_into_the_log_than_its_reason(reactor: Reactor) -> None:
    page = plain(body=rb'{"state": "\ud800\u001b[2J\nKeepalived: Stopped"}')
    record = HttpGet(url=(Url(path="/", json_path=(("state", "fit"),)),))
    with Server(web_server(page)) as server:
        check = probe_of(record, at(server.port, PATIENT), "", Settings(), None, Contexts())
        assert run(reactor, check).detail == "state is ??[2J?Keepalived: Stopped (/)"


def test_agent_cannot_write_more_into_the_log_than_its_reason(reactor: Reactor) -> None:
    with Server(lambda connection: connection.sendall(b"down#\x1b[2J\xff\r\x00gone\n")) as server:
        result = run(reactor, check_of("AGENT_CHECK", at(server.port, PATIENT)))
    assert result.detail == "the agent says down: ?[2J\ufffd??gone"


@given(st.text(st.characters(exclude_categories=())))
def test_any_reason_is_one_line_that_can_be_logged(text: str) -> None:
    detail = failed(text).detail
    assert detail.isprintable()
    assert len(detail) == len(text)
    detail.encode()


# Over UDP


def ask_a_name(port: int, timeout: float) -> Probe:
    return DnsCheck(at(port, timeout), "up.example", "A")


def ask_for_an_echo(port: int, timeout: float) -> Probe:
    return UdpCheck(at(port, timeout), b"ask", "")


OVER_UDP: Final = {"DNS_CHECK": ask_a_name, "UDP_CHECK": ask_for_an_echo}


@pytest.mark.parametrize("kind", OVER_UDP)
def test_closed_port_of_a_host_that_says_so_is_down(reactor: Reactor, kind: str) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        port = int(held.getsockname()[1])
    assert run(reactor, OVER_UDP[kind](port, PATIENT)) == failed("refused")


@pytest.mark.parametrize(
    ("family", "address", "option"),
    [(4, "127.0.0.1", (socket.IPPROTO_IP, 11)), (6, "::1", (socket.IPPROTO_IPV6, 25))],  # IP_RECVERR, IPV6_RECVERR
)
def test_socket_for_datagrams_hears_what_routers_say(
    reactor: Reactor, family: int, address: str, option: tuple[int, int]
) -> None:
    opened: list[socket.socket] = []
    Task(reactor, opened.append).begin(connect(Target(family=family, address=address, port=9), socket.SOCK_DGRAM))
    (made,) = opened
    heard = made.getsockopt(*option)
    made.close()
    assert heard == 1


@pytest.mark.parametrize("kind", OVER_UDP)
def test_answer_that_comes_too_late_is_none(reactor: Reactor, kind: str) -> None:
    over = threading.Event()

    def answer(channel: socket.socket) -> None:
        octets, sender = channel.recvfrom(65535)
        over.wait(20)
        channel.sendto(bytes((*octets[:2], octets[2] | 0x80, *octets[3:])), sender)

    with Server(answer, datagrams=True) as server:
        result = run(reactor, OVER_UDP[kind](server.port, SHORT))
        over.set()
    assert result == failed("no answer within 0.1 s")


def of_another_query(answer: dns.message.Message) -> bytes:
    answer.id ^= 1
    return answer.to_wire()


def of_another_name(answer: dns.message.Message) -> bytes:
    other = dns.message.make_response(dns.message.make_query("down.example", "A", id=answer.id))
    return other.to_wire()


def of_another_kind(answer: dns.message.Message) -> bytes:
    answer.question[0].rdtype = dns.rdatatype.AAAA
    return answer.to_wire()


def without_a_question(answer: dns.message.Message) -> bytes:
    answer.question.clear()
    return answer.to_wire()


NAMED: Final = [of_another_query, of_another_name, of_another_kind, without_a_question]


@pytest.mark.parametrize("change", NAMED, ids=[change.__name__ for change in NAMED])
def test_answer_to_another_question_is_none(reactor: Reactor, change: Callable[[dns.message.Message], bytes]) -> None:
    def answer(channel: socket.socket) -> None:
        octets, sender = channel.recvfrom(65535)
        channel.sendto(change(dns.message.make_response(dns.message.from_wire(octets))), sender)

    with Server(answer, datagrams=True) as server:
        assert run(reactor, ask_a_name(server.port, SHORT)) == failed("no answer within 0.1 s")


def test_name_server_may_say_more_than_the_answer(reactor: Reactor) -> None:
    def answer(channel: socket.socket) -> None:
        octets, sender = channel.recvfrom(65535)
        right = dns.message.make_response(dns.message.from_wire(octets)).to_wire()
        channel.sendto(right + bytes(60_000), sender)

    with Server(answer, datagrams=True) as server:
        assert run(reactor, ask_a_name(server.port, PATIENT)) == UP
