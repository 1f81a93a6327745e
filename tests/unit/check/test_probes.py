"""Probes against servers that behave, misbehave and say nothing."""

from __future__ import annotations

import os
import signal
import socket
import time
from typing import TYPE_CHECKING, Any

import dns.flags
import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.check.dns_check import DnsCheck
from keepalived_py.check.misc_check import MiscCheck
from keepalived_py.check.ping_check import PingCheck
from keepalived_py.check.probe import UP, ProbeResult, failed
from keepalived_py.check.smtp_check import SmtpCheck
from keepalived_py.check.target import Target
from keepalived_py.check.task import Task
from keepalived_py.check.udp_check import UdpCheck
from keepalived_py.execution import Command
from keepalived_py.observability.log import Log
from keepalived_py.program import Programs
from keepalived_py.reactor import Reactor
from tests.unit.check.asking import at, run
from tests.unit.check.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    made = Reactor(0.5)
    yield made
    made.close()


# SMTP


def mail_server(*answers: bytes) -> Callable[[socket.socket], None]:
    """Say the first answer as a greeting and each other one after a line; then wait for the end."""

    def serve(connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        for answer in answers:
            connection.sendall(answer)
            if not stream.readline():
                return
        stream.read()

    return serve


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((b"220 here\r\n", b"250 hello\r\n", b"221 bye\r\n"), UP),
        ((b"220-one\r\n220-two\r\n220 three\r\n", b"250-a\r\n250 b\r\n", b"221 bye\r\n"), UP),
        ((b"220 here\n", b"250 hello\n", b"221 bye\n"), UP),
        ((b"554 no\r\n",), failed("bad greeting: '554 no'")),
        ((b"421-so many\r\n421 later\r\n",), failed("bad greeting: '421 later'")),
        ((b"220 here\r\n", b"500 what?\r\n"), failed("bad answer to HELO: '500 what?'")),
        ((b"\xff\xfe\r\n",), failed("bad greeting: '\ufffd\ufffd'")),
        ((b"220 " + b"x" * 100_000 + b"\r\n",), failed("the answer is too long")),
    ],
    ids=[
        "polite",
        "several lines",
        "bare newlines",
        "refusing",
        "refusing for now",
        "refusing HELO",
        "garbage",
        "endless line",
    ],
)
def test_mail_server(reactor: Reactor, answers: tuple[bytes, ...], expected: ProbeResult) -> None:
    with Server(mail_server(*answers)) as server:
        assert run(reactor, SmtpCheck(at(server.port))) == expected


def test_mail_server_that_closes_before_it_has_said_anything(reactor: Reactor) -> None:
    with Server(lambda connection: connection.shutdown(socket.SHUT_RDWR)) as server:
        assert run(reactor, SmtpCheck(at(server.port))) == failed("closed by the server")


def test_mail_server_that_says_one_byte_at_a_time_is_not_waited_for_for_ever(reactor: Reactor) -> None:
    def drip(connection: socket.socket) -> None:
        for _ in range(600):
            connection.sendall(b"2")
            time.sleep(0.05)

    with Server(drip) as server:
        began_at = time.monotonic()
        assert run(reactor, SmtpCheck(at(server.port, timeout=0.2))) == failed("timed out after 0.8 s")
        assert time.monotonic() - began_at < 25.0


# UDP


def answering(answer: bytes) -> Callable[[socket.socket], None]:
    def serve(channel: socket.socket) -> None:
        _, sender = channel.recvfrom(65535)
        channel.sendto(answer, sender)

    return serve


@pytest.mark.parametrize(
    ("answer", "options", "expected"),
    [
        (b"\x01\x02\x03", {"reply": ""}, UP),
        (b"\x01\x02\x03", {"reply": "01x2"}, UP),
        (b"\x01\x02\x03", {"reply": "0103"}, failed("answer differs")),
        (b"\x01", {"reply": "0102"}, failed("answer of 1 bytes is shorter than the expected one")),
        (b"\x01", {"reply": "", "shortest": 2}, failed("answer of 1 bytes, expected 2 to 255")),
        (bytes(256), {"reply": ""}, failed("answer of 256 bytes, expected 0 to 255")),
    ],
)
def test_answer_to_a_datagram(reactor: Reactor, answer: bytes, options: dict[str, Any], expected: ProbeResult) -> None:
    with Server(answering(answer), datagrams=True) as server:
        assert run(reactor, UdpCheck(at(server.port), b"ask", **options)) == expected


def test_silence_is_a_success_unless_an_answer_is_required(reactor: Reactor) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        where = at(silent.getsockname()[1], timeout=0.1)
        assert run(reactor, UdpCheck(where, b"\x00\x01")) == UP
        assert silent.recv(100) == b"\x00\x01"
        assert run(reactor, UdpCheck(where, reply="")) == failed("no answer within 0.1 s")
        assert len(silent.recv(100)) == 8


def test_closed_port_refuses_datagrams(reactor: Reactor) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    assert run(reactor, UdpCheck(at(port))) == failed("refused")


# DNS


def name_server(change: Callable[[dns.message.Message], list[bytes]]) -> Callable[[socket.socket], None]:
    def serve(channel: socket.socket) -> None:
        octets, sender = channel.recvfrom(65535)
        for answer in change(dns.message.make_response(dns.message.from_wire(octets))):
            channel.sendto(answer, sender)

    return serve


def with_code(code: dns.rcode.Rcode) -> Callable[[dns.message.Message], list[bytes]]:
    def change(answer: dns.message.Message) -> list[bytes]:
        answer.set_rcode(code)
        return [answer.to_wire()]

    return change


def after_strangers(answer: dns.message.Message) -> list[bytes]:
    """Too short, of another query, a query; then the answer."""
    right = answer.to_wire()
    other = bytes((right[0] ^ 1, *right[1:]))
    query = bytes((*right[:2], right[2] & 0x7F, *right[3:]))
    return [b"x", other, query, right]


def truncated(answer: dns.message.Message) -> list[bytes]:
    answer.flags |= dns.flags.TC
    return [answer.to_wire()]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (with_code(dns.rcode.NOERROR), UP),
        (with_code(dns.rcode.SERVFAIL), failed("answer SERVFAIL")),
        (with_code(dns.rcode.NXDOMAIN), failed("answer NXDOMAIN")),
        (after_strangers, UP),
        (truncated, UP),
        (lambda answer: [answer.to_wire()[:12] + b"\xff" * 3], failed("unreadable answer: ShortHeader")),
        (lambda _answer: [], failed("no answer within 0.3 s")),
    ],
    ids=["answer", "failure", "no such name", "others first", "truncated", "garbage", "silence"],
)
def test_name_server(
    reactor: Reactor, change: Callable[[dns.message.Message], list[bytes]], expected: ProbeResult
) -> None:
    with Server(name_server(change), datagrams=True) as server:
        patience = 0.3 if expected.detail == "no answer within 0.3 s" else 10.0
        found = run(reactor, DnsCheck(at(server.port, timeout=patience), "example.org", "SOA"))
    if expected.detail.startswith("unreadable"):
        assert (found.ok, found.detail.partition(":")[0]) == (False, "unreadable answer")
    else:
        assert found == expected


@given(octets=st.binary(max_size=100))
def test_no_answer_of_a_name_server_is_an_exception(octets: bytes) -> None:
    check = DnsCheck(at(53), "example.org", "A")
    query = dns.message.make_query("example.org", "A")
    result = check._judged(query, query.id.to_bytes(2) + b"\x80" + octets)
    assert result is None or isinstance(result, ProbeResult)


# Ping


@pytest.mark.skipif(os.geteuid() != 0, reason="raw sockets need root where ping_group_range leaves us out")
@pytest.mark.parametrize(("family", "address"), [(4, "127.0.0.1"), (6, "::1")])
def test_host_that_lives_answers(reactor: Reactor, family: int, address: str) -> None:
    check = PingCheck(Target(family=family, address=address, timeout=10.0))
    assert [run(reactor, check) for _ in range(3)] == [UP, UP, UP]


@pytest.mark.parametrize("octets", [b"", b"\x00" * 7, b"\x00" * 8, b"\x03\x01" + bytes(30), bytes(8) + b"t" * 17])
def test_what_is_no_echo_reply_of_ours_is_not_heard(octets: bytes) -> None:
    assert not PingCheck(Target(address="127.0.0.1"))._is_answer(octets, b"t" * 16)


# Scripts


@pytest.mark.parametrize(
    ("script", "dynamic", "expected"),
    [
        ("exit 0", False, UP),
        ("exit 1", False, failed("exited with status 1")),
        ("echo first >&2; echo reason >&2; exit 3", False, failed("exited with status 3: reason")),
        (r"printf '\377\033[0m\001\n' >&2; exit 1", False, failed("exited with status 1: \ufffd [0m")),
        ("exit 7", True, ProbeResult(ok=True, weight=5)),
        ("exit 2", True, ProbeResult(ok=True, weight=0)),
        ("exit 1", True, failed("exited with status 1")),
        ("kill -9 $$", False, failed("due to signal 9")),
    ],
)
def test_script(reactor: Reactor, script: str, dynamic: bool, expected: ProbeResult) -> None:
    programs = Programs(reactor, Log("x", syslog=False))
    check = MiscCheck(programs, Command(("/bin/sh", "-c", script), timeout=30.0), dynamic=dynamic)
    assert run(reactor, check) == expected
    programs.close()


def test_script_that_takes_too_long_has_failed(reactor: Reactor) -> None:
    programs = Programs(reactor, Log("x", syslog=False))
    check = MiscCheck(programs, Command(("/bin/sleep", "60"), timeout=0.2), dynamic=True)
    result = run(reactor, check)
    assert not result.ok
    assert result.detail.startswith("timed out after")
    programs.close()


def test_script_whose_check_is_given_up_is_ended(reactor: Reactor) -> None:
    programs = Programs(reactor, Log("x", syslog=False))
    check = MiscCheck(programs, Command(("/bin/sleep", "60")))
    task = Task(reactor, print)
    task.begin(check.probe())
    program = programs.running[0]
    task.cancel()
    guard = reactor.call_later(60.0, reactor.stop)
    while program.running and guard.when is not None:
        reactor.run_once()
    assert not program.running
    programs.close()


def test_death_of_the_process_that_starts_scripts_says_nothing_about_the_server(
    reactor: Reactor, tmp_path: Path
) -> None:
    programs = Programs(reactor, Log("x", syslog=False))
    marker = tmp_path / "began"
    script = f"test -e {marker} && exit 0; touch {marker}; sleep 60"
    results: list[ProbeResult] = []
    Task(reactor, results.append).begin(MiscCheck(programs, Command(("/bin/sh", "-c", script))).probe())
    guard = reactor.call_later(60.0, reactor.stop)
    while not marker.exists() and guard.when is not None:
        reactor.run_once()
    (spawner,) = programs._pids
    os.kill(spawner, signal.SIGKILL)
    while not results and guard.when is not None:
        reactor.run_once()
    assert results == [UP]
    programs.close()
