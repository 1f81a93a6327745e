r"""Steps of a TCP_CHECK, and what an agent says."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.check.agent import Agent
from keepalived_py.check.agent_check import AgentCheck
from keepalived_py.check.checks import Maker
from keepalived_py.check.dialogue import ANY, Step, agrees, fits
from keepalived_py.check.probe import UP, ProbeResult, failed
from keepalived_py.check.settings import Settings
from keepalived_py.check.target import Target
from keepalived_py.check.tcp_check import TcpCheck
from keepalived_py.config.escapes import octets_of
from keepalived_py.config.model import checkers
from keepalived_py.config.model.check import RealServer, VirtualServer
from keepalived_py.config.scalars import BadValueError
from keepalived_py.observability.log import Log
from keepalived_py.program import Programs
from keepalived_py.reactor import Reactor
from tests.unit.check.asking import at, run
from tests.unit.check.server import Server

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    made = Reactor(0.5)
    yield made
    made.close()


# Escapes


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        (r"PING\r\n", b"PING\r\n"),
        (r"\x00\x2a\0\t", b"\x00\x2a\x00\t"),
        (r"\\r \\\\", rb"\r \\"),
        ("é", b"\xc3\xa9"),
        (r"a\?b", [97, ANY, 98]),
    ],
)
def test_escaped_text_is_octets(text: str, octets: bytes | list[int]) -> None:
    assert octets_of(text) == tuple(octets)


@pytest.mark.parametrize("text", ["a\\", r"\x0", r"\xgg", r"\q"])
def test_unknown_escape_is_refused(text: str) -> None:
    with pytest.raises(BadValueError, match="is no escape"):
        octets_of(text)


@given(st.text())
def test_any_text_is_octets_or_refused(text: str) -> None:
    try:
        assert all(ANY <= octet <= 255 for octet in octets_of(text))
    except BadValueError:
        assert "\\" in text


# Steps


def steps(*pairs: tuple[str, str]) -> tuple[Step, ...]:
    return tuple(
        Step(bytes(octets_of(send)), tuple(octets_of(one) for one in expect.split("|")) if expect else ())
        for send, expect in pairs
    )


def said_after_each_line(*answers: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        for answer in answers:
            if not stream.readline():
                return
            for octet in answer:
                connection.sendall(bytes([octet]))
        stream.read()

    return serve


@pytest.mark.parametrize(
    ("answers", "asked", "expected"),
    [
        ((b"+PONG\r\n",), [(r"PING\r\n", "+PONG")], UP),
        ((b"-",), [(r"PING\r\n", "+PONG")], failed("step 1: unexpected answer '-'")),
        ((b"N",), [(r"ssl\n", "S|N")], UP),
        ((b"abcd", b"yes"), [(r"1\n", "ab"), ("", "cd"), (r"2\n", "yes")], UP),
        ((b"\x4a\x00\x00\x00\x0a8.0",), [(r"1\n", r"\?\?\?\x00\x0a")], UP),
    ],
    ids=["answer", "wrong answer", "one of two", "what follows", "wildcards"],
)
def test_steps(
    reactor: Reactor, answers: tuple[bytes, ...], asked: list[tuple[str, str]], expected: ProbeResult
) -> None:
    with Server(said_after_each_line(*answers)) as server:
        assert run(reactor, TcpCheck(at(server.port), steps(*asked))) == expected


def test_rest_of_an_answer_is_forgotten_when_something_is_said(reactor: Reactor) -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(b"ab and more\n")
        connection.recv(100)
        connection.sendall(b"yes")
        connection.recv(100)

    with Server(serve) as server:
        assert run(reactor, TcpCheck(at(server.port), steps(("", "ab"), ("2", "yes")))) == UP


def test_silent_server_is_not_waited_for_for_ever(reactor: Reactor) -> None:
    with Server(lambda connection: connection.recv(100)) as server:
        probe = TcpCheck(at(server.port, timeout=0.2), steps(("", "+OK")))
        assert run(reactor, probe) == failed("timed out after 0.2 s")


def test_server_that_closes_within_an_answer(reactor: Reactor) -> None:
    with Server(lambda connection: connection.sendall(b"+P")) as server:
        assert run(reactor, TcpCheck(at(server.port), steps(("", "+PONG")))) == failed("closed by the server")


@given(st.binary(max_size=8), st.lists(st.integers(-1, 255), max_size=8))
def test_whatever_fits_agrees_in_every_part(octets: bytes, expected: list[int]) -> None:
    if fits(octets, tuple(expected)):
        assert all(agrees(octets[:end], tuple(expected)) for end in range(len(octets)))


# Agent


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["up"], ProbeResult(ok=True, weight=10)),
        (["up 75%"], ProbeResult(ok=True, weight=8)),
        (["1%"], ProbeResult(ok=True, weight=1)),
        (["0%"], ProbeResult(ok=True, weight=0)),
        (["200%,maxconn:30"], ProbeResult(ok=True, weight=20)),
        (["drain"], ProbeResult(ok=True, weight=0)),
        (["drain", "50%"], ProbeResult(ok=True, weight=0)),
        (["drain", "50%", "READY"], ProbeResult(ok=True, weight=5)),
        (["maint"], failed("the agent says maint")),
        (["down#disk full"], failed("the agent says down: disk full")),
        (["stopped", "ready"], failed("the agent says down")),
        (["fail", "up"], ProbeResult(ok=True, weight=10)),
        (["down", "up maint", "ready"], ProbeResult(ok=True, weight=10)),
    ],
)
def test_agent(lines: list[str], expected: ProbeResult) -> None:
    agent = Agent()
    assert all(agent.said(line) for line in lines)
    assert agent.result(10) == expected


@pytest.mark.parametrize("line", ["", "#up", "5", "300%", "-5%", "\u00b2%", "upside", "99999999%"])
def test_agent_that_says_nothing_understandable(line: str) -> None:
    agent = Agent()
    assert not agent.said(line)
    assert not agent.heard


@given(st.lists(st.text()), st.integers(0, 2**31 - 1))
def test_no_agent_can_do_harm(lines: list[str], weight: int) -> None:
    agent = Agent()
    for line in lines:
        agent.said(line)
    result = agent.result(weight)
    assert not result.ok or 0 <= (result.weight or 0) <= weight * 2.56 + 1


def test_agent_is_asked_and_its_line_need_not_end(reactor: Reactor) -> None:
    heard = []

    def serve(connection: socket.socket) -> None:
        heard.append(connection.recv(100))
        connection.sendall(b"up 50%")

    with Server(serve) as server:
        assert run(reactor, AgentCheck(at(server.port), 4, b"web\n")) == ProbeResult(ok=True, weight=2)
    assert heard == [b"web\n"]


def test_agent_that_cannot_be_reached_changes_nothing(reactor: Reactor) -> None:
    with Server(lambda connection: connection.sendall(b"down\n")) as server:
        where = at(server.port)
        check = AgentCheck(where, 4)
        assert run(reactor, check) == failed("the agent says down")
    assert run(reactor, check) == failed("the agent says down")
    assert run(reactor, AgentCheck(where, 4)) == UP
    silent = failed("the agent has not answered: refused")
    assert run(reactor, AgentCheck(where, 4, alpha=True)) == silent
    successor = AgentCheck(where, 4)
    successor.inherit(check)
    assert run(reactor, successor) == failed("the agent says down")


def test_agent_that_floods_is_given_up(reactor: Reactor) -> None:
    with Server(lambda connection: connection.sendall(b"x" * 1_000_000)) as server:
        check = AgentCheck(at(server.port), 4, alpha=True)
        assert run(reactor, check) == failed("the agent has not answered: the answer is too long")


# From a configuration


def test_maker_makes_them_as_configured(reactor: Reactor) -> None:
    maker = Maker(Programs(reactor, Log("x", syslog=False)))
    real = RealServer(address=ip_address("127.0.0.1"), weight=7)
    virtual = VirtualServer(address=ip_address("10.0.0.9"))
    said = []

    def serve(connection: socket.socket) -> None:
        said.append(connection.recv(100))
        connection.sendall(b"50%\n")

    with Server(serve) as server:
        agent = checkers.AgentCheck(connect_port=server.port, send=r"a\n")
        made = maker.probe_of("AGENT_CHECK", agent, real, virtual, Settings(timeout=2.0))
        assert made is not None
        assert run(reactor, made[0]) == ProbeResult(ok=True, weight=4)
        talk = checkers.TcpCheck(connect_port=server.port, step=(checkers.Step(send=r"b\n", expect=("x", r"5\?%")),))
        made = maker.probe_of("TCP_CHECK", talk, real, virtual, Settings(timeout=2.0))
        assert made is not None
        assert run(reactor, made[0]) == UP
    assert said == [b"a\n", b"b\n"]


def test_no_socket_of_a_family_is_a_failure_and_no_end_of_the_process(
    reactor: Reactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(97, "Address family not supported by protocol")

    monkeypatch.setattr("socket.SocketType", refuse)
    result = run(reactor, TcpCheck(Target(family=6, address="::1", port=1)))
    assert result == failed("address family not supported by protocol")
