"""HTTP_GET and SSL_GET against servers that answer rightly, wrongly, slowly, endlessly and not at all."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.check.http_get import Answer, HttpCheck, Request
from keepalived_py.check.pattern import Pattern, PatternError
from keepalived_py.check.probe import UP, ProbeResult, failed
from keepalived_py.check.settings import Settings
from keepalived_py.check.target import Target
from keepalived_py.check.task import Task
from keepalived_py.check.web import probe_of
from keepalived_py.config.model.check import Ssl
from keepalived_py.config.model.checkers import HttpGet, SslGet, SslUrl, Url
from keepalived_py.reactor import Reactor
from tests.unit.check.server import Server

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from keepalived_py.check.probe import Probe

BODY = b"hello, world\n"
DIGEST = hashlib.md5(BODY, usedforsecurity=False).hexdigest()


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    made = Reactor(0.5)
    yield made
    made.close()


def run(reactor: Reactor, probe: Probe) -> ProbeResult:
    results: list[ProbeResult] = []
    Task(reactor, probe.probe(), results.append)
    guard = reactor.call_later(20.0, reactor.stop)
    while not results and guard.when is not None:
        reactor.run_once()
    guard.cancel()
    assert results, "it did not end within twenty seconds"
    return results[0]


def at(port: int, timeout: float = 2.0) -> Target:
    return Target(address="127.0.0.1", port=port, timeout=timeout)


def head_of(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(4096)
        if not piece:
            break
        data += piece
    return data


def web_server(answer: bytes, heard: list[bytes] | None = None) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        head = head_of(connection)
        if heard is not None:
            heard.append(head)
        connection.sendall(answer)

    return serve


def plain(status: int = 200, body: bytes = BODY, more: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d Whatever\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(body), more, body)


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
        (b"SSH-2.0-OpenSSH\r\n", Request(path="/"), failed("no HTTP: HttpParserInvalidMethodError (/)")),
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


@pytest.mark.parametrize(
    ("version", "host", "lines"),
    [
        ("1.0", "", [b"GET /a HTTP/1.0", b"User-Agent: KeepAliveClient", b"Host: 127.0.0.1:%d"]),
        ("1.0C", "", [b"GET /a HTTP/1.0", b"User-Agent: KeepAliveClient", b"Connection: close", b"Host: 127.0.0.1:%d"]),
        ("1.1", "web", [b"GET /a HTTP/1.1", b"User-Agent: KeepAliveClient", b"Connection: close", b"Host: web:%d"]),
    ],
)
def test_request_is_worded_as_keepalived_words_it(
    reactor: Reactor, version: str, host: str, lines: list[bytes]
) -> None:
    heard: list[bytes] = []
    with Server(web_server(plain(), heard)) as server:
        run(reactor, HttpCheck(at(server.port), [Request(path="/a", host=host)], version=version))
        expected = [*lines[:-1], lines[-1] % server.port, b"", b""]
    assert heard[0].split(b"\r\n") == expected


def test_server_that_says_one_byte_at_a_time_is_not_waited_for_for_ever(reactor: Reactor) -> None:
    def drip(connection: socket.socket) -> None:
        for octet in plain() * 20:
            connection.sendall(bytes((octet,)))
            time.sleep(0.05)

    with Server(drip) as server:
        assert run(reactor, HttpCheck(at(server.port, 0.2), [Request(path="/")])) == failed("timed out after 2.0 s (/)")


def test_server_that_accepts_and_says_nothing_times_out(reactor: Reactor) -> None:
    def listen(connection: socket.socket) -> None:
        head_of(connection)
        time.sleep(1)

    with Server(listen) as server:
        assert run(reactor, HttpCheck(at(server.port, 0.2), [Request(path="/")])) == failed("timed out after 0.2 s (/)")


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
    began_at = time.monotonic()
    with pytest.raises(PatternError, match="match limit exceeded"):
        pattern.is_found(b"a" * 5000 + b"b")
    assert time.monotonic() - began_at < 5.0


@given(pieces=st.lists(st.binary(max_size=60), max_size=10))
def test_whatever_a_server_sends_is_an_answer_or_a_problem(pieces: list[bytes]) -> None:
    answer = Answer(wants_text=True)
    for piece in (b"HTTP/1.1 200 OK\r\n", *pieces):
        if piece and answer.feed(piece):
            break


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=web.example", "-addext", "subjectAltName=DNS:web.example",
         "-keyout", str(path), "-out", f"{path}.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_bytes(path.read_bytes() + path.with_name(f"{path.name}.crt").read_bytes())
    return path


def tls_server(certificate: Path, names: list[str | None], answer: bytes = plain()) -> Callable[[socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _connection, name, _context: names.append(name)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as talk:
            head_of(talk)
            talk.sendall(answer)

    return serve


def ssl_check(port: int, certificates: Ssl | None = None, **values: Any) -> Probe:
    record = SslGet(**({"url": (SslUrl(path="/", digest=DIGEST),)} | values))
    return probe_of(record, at(port), "web.example", Settings(), certificates)


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({}, [None]),
        ({"enable_sni": True}, ["web.example"]),
        ({"sni_name": "other.example"}, ["other.example"]),
        ({"tls_compliant": True}, [None]),
    ],
)
def test_server_over_tls(reactor: Reactor, certificate: Path, values: dict[str, Any], names: list[str | None]) -> None:
    heard: list[str | None] = []
    with Server(tls_server(certificate, heard)) as server:
        assert run(reactor, ssl_check(server.port, **values)) == UP
    assert heard == names


def test_server_without_tls_is_no_tls_server(reactor: Reactor) -> None:
    with Server(lambda connection: connection.sendall(plain())) as server:
        found = run(reactor, ssl_check(server.port))
    assert not found.ok
    assert found.detail.startswith("TLS: ")


def test_missing_certificate_of_ours_is_said(reactor: Reactor, tmp_path: Path) -> None:
    check = ssl_check(443, Ssl(certificate=str(tmp_path / "nothing.pem")))
    assert run(reactor, check) == failed("TLS: [Errno 2] No such file or directory")


def test_unusable_expression_fails_the_check_and_says_why() -> None:
    reactor = Reactor(0.1)
    record = HttpGet(url=(Url(path="/", regex="("),))
    found = run(reactor, probe_of(record, at(80), "", Settings(), None))
    assert found.detail == "expression: missing closing parenthesis at offset 1"
    reactor.close()
