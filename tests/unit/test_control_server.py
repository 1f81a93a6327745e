"""The control socket: bounded, in slices, whatever strangers send."""

from __future__ import annotations

import json
import os
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepalived_py.observability import control_server
from keepalived_py.observability.control_server import LONGEST_REQUEST, MOST_CLIENTS, ControlServer, may_ask
from keepalived_py.reactor import Reactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Stand:
    """A server in a loop that the test turns by hand."""

    def __init__(self, path: Path, answers: Callable[[str], Iterator[dict[str, Any]]]) -> None:
        self.asked: list[str] = []
        self.path = str(path / "control.sock")
        self.reactor = Reactor(0.001)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        self.listener.setblocking(False)
        self._answers = answers
        self.server = ControlServer(self.reactor, self.listener, None, self._answer)

    def _answer(self, request: str) -> Iterator[dict[str, Any]]:
        self.asked.append(request)
        return self._answers(request)

    def connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self.path)
        connection.setblocking(False)
        return connection

    def turn(self, until: Callable[[], bool], limit: float = 10.0) -> None:
        deadline = time.monotonic() + limit
        while not until():
            assert time.monotonic() < deadline
            self.reactor.run_once()

    def read(self, connection: socket.socket, until: bytes = b'"end"') -> list[dict[str, Any]]:
        data = bytearray()

        def is_complete() -> bool:
            try:
                part = connection.recv(65536)
            except BlockingIOError:
                return False
            data.extend(part)
            return not part or (until in data and data.endswith(b"\n"))

        self.turn(is_complete)
        return [json.loads(line) for line in data.splitlines()]

    def close(self) -> None:
        self.server.close()
        self.listener.close()
        self.reactor.close()


def echo(request: str) -> Iterator[dict[str, Any]]:
    yield {"heard": request}
    yield {}
    yield {"end": "echo"}


def much(request: str) -> Iterator[dict[str, Any]]:
    for number in range(int(request)):
        yield {"number": number, "text": "x" * 100}
    yield {"end": "much"}


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    made = Stand(tmp_path, lambda request: much(request) if request.isdecimal() else echo(request))
    yield made
    made.close()


def test_several_requests_of_one_connection_are_answered_in_their_order(stand: Stand) -> None:
    with stand.connect() as connection:
        connection.sendall(b"one\ntwo\nlast")
        assert stand.read(connection) == [{"heard": "one"}, {"end": "echo"}]
        assert stand.read(connection) == [{"heard": "two"}, {"end": "echo"}]
        connection.shutdown(socket.SHUT_WR)
        assert stand.read(connection) == [{"heard": "last"}, {"end": "echo"}]
        assert stand.read(connection) == []


def test_long_answer_leaves_turns_for_others_and_waits_for_its_reader(stand: Stand) -> None:
    with stand.connect() as slow, stand.connect() as quick:
        slow.sendall(b"8000\n")
        quick.sendall(b"hello\n")
        assert stand.read(quick) == [{"heard": "hello"}, {"end": "echo"}]
        for _ in range(50):
            stand.reactor.run_once()
        answer = stand.read(slow)
        assert [value["number"] for value in answer[:-1]] == list(range(8000))


def test_request_that_never_ends_is_refused(stand: Stand) -> None:
    with stand.connect() as connection:
        connection.sendall(b"x" * (LONGEST_REQUEST + 1))
        [answer] = stand.read(connection)
        assert answer == {"end": "error", "error": "a request has at most 1024 bytes"}
        assert stand.read(connection) == []
    assert stand.asked == []


def test_more_clients_than_allowed_are_told_so(stand: Stand) -> None:
    clients = [stand.connect() for _ in range(MOST_CLIENTS)]
    for client in clients:
        client.sendall(b"x\n")
        assert stand.read(client)[-1] == {"end": "echo"}
    with stand.connect() as late:
        assert stand.read(late) == [{"end": "error", "error": "busy: 8 clients are being served"}]
    clients[0].close()
    stand.turn(lambda: len(stand.server._clients) == MOST_CLIENTS - 1)
    with stand.connect() as later:
        later.sendall(b"x\n")
        assert stand.read(later)[-1] == {"end": "echo"}
    for client in clients[1:]:
        client.close()


def test_client_that_does_nothing_is_left(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_server, "PATIENCE", 0.1)
    with stand.connect() as idle, stand.connect() as stuck:
        stuck.sendall(b"1000000\n")  # and it never reads
        assert stand.read(idle) == []
        stand.turn(lambda: not stand.server._clients)


def test_stranger_is_refused(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_server, "may_ask", lambda *_: False)
    with stand.connect() as stranger:
        [answer] = stand.read(stranger)
        assert answer["error"].startswith("permission denied")
    assert not stand.server._clients


def test_own_user_may_ask_and_others_only_with_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert may_ask(ours, None)
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
        is_root = os.getuid() == 0
        assert may_ask(ours, None) is is_root
        assert may_ask(ours, os.getgid())


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.binary(max_size=600), max_size=6), ends=st.booleans())
def test_any_bytes_in_any_pieces_are_answered_refused_or_left(stand: Stand, parts: list[bytes], ends: bool) -> None:
    with stand.connect() as connection:
        for part in parts:
            if part:
                try:
                    connection.send(part)
                except OSError:
                    break
            stand.reactor.run_once()
        if ends:
            connection.shutdown(socket.SHUT_WR)
        for _ in range(3):
            stand.reactor.run_once()
    stand.turn(lambda: not stand.server._clients)
    assert all(len(request) <= LONGEST_REQUEST for request in stand.asked)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request=st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1, max_size=200))
def test_any_line_of_text_arrives_as_it_was(stand: Stand, request: str) -> None:
    wanted = request.strip()
    if wanted.isdecimal():
        return
    with stand.connect() as connection:
        connection.sendall(f"{request}\n".encode())
        assert stand.read(connection) == [{"heard": wanted}, {"end": "echo"}]
