"""HTTP_GET and SSL_GET against servers that answer rightly, wrongly, slowly, endlessly and not at all."""

from __future__ import annotations

import gc
import hashlib
import re
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.check import http_get
from keepalived_py.check.conversation import AT_A_STRETCH, PIECE
from keepalived_py.check.http_answer import Answer
from keepalived_py.check.http_get import MOST, HttpCheck
from keepalived_py.check.http_request import Request
from keepalived_py.check.pattern import Pattern, PatternError
from keepalived_py.check.probe import UP, ProbeResult, failed
from keepalived_py.check.settings import Settings
from keepalived_py.check.tcp_check import TcpCheck
from keepalived_py.check.web import Contexts, probe_of
from keepalived_py.config.model.checkers import HttpGet, Url
from keepalived_py.reactor import Reactor
from tests.unit.check.asking import at, run
from tests.unit.check.server import Server
from tests.unit.check.web import BODY, DIGEST, head_of, plain, web_server

if TYPE_CHECKING:
    import socket


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello,\r\n7\r\n world\n\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "request_", "expected"),
    [
        (plain(), Request(path="/"), UP),
        (b"HTTP/1.0 200 OK\r\n\r\n" + BODY, Request(path="/", digest=DIGEST), UP),
        (CHUNKED, Request(path="/", digest=DIGEST.upper()), UP),
        (plain(204, b""), Request(path="/"), UP),
        (plain(503), Request(path="/x"), failed("status 503 (/x)")),
        (plain(301), Request(path="/", statuses=((300, 399),)), UP),
        (plain(), Request(path="/", statuses=((300, 399), (500, 500))), failed("status 200 (/)")),
        (plain(body=b"other"), Request(path="/", digest=DIGEST), failed(
            f"digest {hashlib.md5(b'other', usedforsecurity=False).hexdigest()} differs (/)")),
        (plain(), Request(path="/", pattern=Pattern("w[aeo]rld$", ["multiline"])), UP),
        (plain(), Request(path="/", pattern=Pattern("moon")), failed("expression not found (/)")),
        (plain(), Request(path="/", pattern=Pattern("hello"), absent=True), failed("expression found (/)")),
        (b"SSH-2.0-OpenSSH\r\n", Request(path="/"), failed("no HTTP")),
        (b"", Request(path="/"), failed("no answer (/)")),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000, Request(path="/"), failed("the headers are too long (/)")),
    ],
    ids=["length", "until the end", "chunked", "no body", "503", "redirection", "other status", "digest", "expression",
         "no expression", "unwanted expression", "another protocol", "nothing", "endless headers"],
)  # fmt: skip
def test_answer_of_a_web_server(reactor: Reactor, answer: bytes, request_: Request, expected: ProbeResult) -> None:
    with Server(web_server(answer)) as server:
        found = run(reactor, HttpCheck(at(server.port), [request_]))
    if expected.detail.startswith("no HTTP"):
        assert found.detail.startswith("no HTTP")
    else:
        assert found == expected


@pytest.mark.parametrize("answer", [plain(), CHUNKED, b"SSH-2.0-OpenSSH\r\n", b""])
def test_answers_are_gone_without_a_search_for_garbage(reactor: Reactor, answer: bytes) -> None:
    gc.collect()
    gc.disable()
    try:
        with Server(web_server(answer)) as server:
            run(reactor, HttpCheck(at(server.port), [Request(path="/")]))
        left = [each for each in gc.get_objects() if isinstance(each, Answer)]
    finally:
        gc.enable()
    assert left == []


@pytest.mark.parametrize(
    ("version", "host", "lines"),
    [
        ("1.0", "", [b"GET /a HTTP/1.0", b"User-Agent: KeepAliveClient", b"Host: 127.0.0.1:%d"]),
        ("1.0C", "", [b"GET /a HTTP/1.0", b"User-Agent: KeepAliveClient", b"Connection: close", b"Host: 127.0.0.1:%d"]),
        ("1.1", "web", [b"GET /a HTTP/1.1", b"User-Agent: KeepAliveClient", b"Connection: close", b"Host: web"]),
    ],
)
def test_request_is_worded_as_keepalived_words_it(
    reactor: Reactor, version: str, host: str, lines: list[bytes]
) -> None:
    heard: list[bytes] = []
    with Server(web_server(plain(), heard)) as server:
        run(reactor, HttpCheck(at(server.port), [Request(path="/a", host=host)], version=version))
        expected = [line % server.port if b"%" in line else line for line in (*lines, b"", b"")]
    assert heard[0].split(b"\r\n") == expected


def test_server_that_says_one_byte_at_a_time_is_not_waited_for_for_ever(
    reactor: Reactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drip(connection: socket.socket) -> None:
        for octet in plain() * 20:
            connection.sendall(bytes((octet,)))
            time.sleep(0.05)

    monkeypatch.setattr(http_get, "LONGEST", 0.5)
    with Server(drip) as server:
        assert run(reactor, HttpCheck(at(server.port, 4.0), [Request(path="/")])) == failed("timed out after 2.0 s (/)")


def test_server_that_accepts_and_says_nothing_times_out(reactor: Reactor) -> None:
    def listen(connection: socket.socket) -> None:
        head_of(connection)
        time.sleep(1)

    with Server(listen) as server:
        assert run(reactor, HttpCheck(at(server.port, 0.2), [Request(path="/")])) == failed("timed out after 0.2 s (/)")


@pytest.mark.parametrize(
    "answer", [plain()[:-3], CHUNKED[: CHUNKED.index(b"7\r\n")], b"HTTP/1.0 200 OK\r\n\r\n" + BODY[:-3]]
)
def test_page_that_is_cut_off_has_another_digest(reactor: Reactor, answer: bytes) -> None:
    with Server(web_server(answer)) as server:
        assert run(reactor, HttpCheck(at(server.port), [Request(path="/")])) == UP  # its status is what was asked for
        found = run(reactor, HttpCheck(at(server.port), [Request(path="/", digest=DIGEST)]))
    assert not found.ok
    assert re.fullmatch(r"digest [0-9a-f]{32} differs \(/\)", found.detail)


class Counting:
    """A web server that counts what it is asked for, and fails as it is told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failing: set[str] = set()

    def __call__(self, connection: socket.socket) -> None:
        path = head_of(connection).split(b" ")[1].decode()
        self.asked.append(path)
        connection.sendall(plain(500 if path in self.failing else 200))


def test_all_urls_are_asked_for_before_the_server_is_up_and_then_one_each_time(reactor: Reactor) -> None:
    counting = Counting()
    with Server(counting) as server:
        urls = [Request(path=path) for path in ("/a", "/b", "/c")]
        check = HttpCheck(at(server.port), urls, delay_loop=0.01, retry=1)
        assert run(reactor, check) == UP
        assert counting.asked == ["/a", "/b", "/c"]
        counting.asked.clear()
        assert [run(reactor, check) for _ in range(4)] == [UP] * 4
        assert counting.asked == ["/a", "/b", "/c", "/a"]
        counting.failing.add("/b")
        counting.asked.clear()
        assert [run(reactor, check).ok for _ in range(3)] == [False, False, False]
        assert counting.asked == ["/b", "/b", "/b"]
        counting.failing.clear()
        counting.asked.clear()
        assert run(reactor, check) == UP
        assert counting.asked == ["/b", "/c", "/a"]


# Expressions


@pytest.mark.parametrize(
    ("expression", "options", "first", "last", "text", "found"),
    [
        ("HELLO", ["caseless"], 0, None, b"hello", True),
        ("hello", [], 1, None, b"hello hello", True),
        ("hello", [], 7, None, b"hello hello", False),
        ("world", [], 0, 5, b"hello world", False),
        ("world", [], 0, 6, b"hello world", True),
        ("x", [], 100, None, b"short", False),
        (r"(?<=a)b\K.", [], 0, None, b"abc", True),
        ("a.c", ["dotall"], 0, None, b"a\nc", True),
        ("ä", ["utf"], 0, None, "bär".encode(), True),
    ],
)
def test_expression(
    expression: str, options: list[str], first: int, last: int | None, text: bytes, found: bool
) -> None:
    assert Pattern(expression, options, first, last).is_found(text) is found


def test_expression_that_cannot_be_used_says_why() -> None:
    with pytest.raises(PatternError, match=r"missing closing parenthesis at offset 4"):
        Pattern("(abc")


def test_search_without_end_is_given_up() -> None:
    pattern = Pattern("(a+)+$", ["no_auto_possess", "no_start_optimize"])
    began_at = time.process_time()
    with pytest.raises(PatternError, match="match limit exceeded"):
        pattern.is_found(b"a" * 5000 + b"b")
    assert time.process_time() - began_at < 5.0


@given(pieces=st.lists(st.binary(max_size=60), max_size=10))
def test_whatever_a_server_sends_is_an_answer_or_a_problem(pieces: list[bytes]) -> None:
    answer = Answer(wants_text=True)
    for piece in (b"HTTP/1.1 200 OK\r\n", *pieces):
        if piece and answer.feed(piece):
            break


# Configuration


def test_unusable_expression_fails_the_check_and_says_why() -> None:
    reactor = Reactor(0.1)
    record = HttpGet(url=(Url(path="/", regex="("),))
    found = run(reactor, probe_of(record, at(80), "", Settings(), None, Contexts()))
    assert found.detail == "expression: missing closing parenthesis at offset 1"
    reactor.close()


# The end of a connection


@pytest.mark.parametrize(("graceful", "end"), [(True, "in order"), (False, "reset")])
def test_connection_is_ended_by_a_reset_unless_it_shall_end_in_order(
    reactor: Reactor, graceful: bool, end: str
) -> None:
    ends: list[str] = []

    def serve(connection: socket.socket) -> None:
        try:
            ends.append("?" if connection.recv(1) else "in order")
        except ConnectionResetError:
            ends.append("reset")

    with Server(serve) as server:
        assert run(reactor, TcpCheck(at(server.port), graceful=graceful)) == UP
    assert ends == [end]


def test_server_that_sends_without_end_does_not_keep_others_waiting(reactor: Reactor) -> None:
    turns: list[float] = []

    def serve(connection: socket.socket) -> None:
        head_of(connection)
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    reactor.after_iteration.append(turns.append)
    with Server(serve) as server:
        found = run(reactor, HttpCheck(at(server.port, 5.0), [Request(path="/")]))
    assert found == failed("the answer is too long (/)")
    assert len(turns) >= MOST // (PIECE * (AT_A_STRETCH + 1))
