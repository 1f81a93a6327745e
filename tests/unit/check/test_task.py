"""Coroutines on the loop: they wait, run out of time, are cancelled, and clean up."""

import socket
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from keepalived_py.check.connect import ConnectError, close, connect, open_socket
from keepalived_py.check.probe import ProbeResult
from keepalived_py.check.target import Target
from keepalived_py.check.task import Task, pause, readable, writable
from keepalived_py.check.tcp_check import TcpCheck
from keepalived_py.reactor import Reactor

SHORT = 0.05


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    made = Reactor(1.0)
    yield made
    made.close()


def run(reactor: Reactor, coroutine: Coroutine[Any, Any, Any]) -> Any:
    results: list[Any] = []
    Task(reactor, results.append).begin(coroutine)
    guard = reactor.call_later(60.0, reactor.stop)
    while not results and guard.when is not None:
        reactor.run_once()
    assert results, "it did not end within a minute"
    return results[0]


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ends = socket.socketpair()
    for end in ends:
        end.setblocking(False)
    yield ends
    for end in ends:
        end.close()


def test_coroutine_that_waits_for_nothing_is_done_at_once(reactor: Reactor) -> None:
    async def answer() -> int:
        return 42

    results: list[int] = []
    task = Task(reactor, results.append)
    task.begin(answer())
    assert results == [42]
    assert not task.running


def test_readable_ends_when_something_can_be_read(reactor: Reactor, pair: tuple[socket.socket, socket.socket]) -> None:
    async def read() -> bytes:
        await readable(pair[0], 60.0)
        return pair[0].recv(10)

    reactor.call_later(SHORT, pair[1].send, b"hello")
    assert run(reactor, read()) == b"hello"


@pytest.mark.parametrize("wait", [readable, writable])
def test_wait_that_takes_too_long_raises_where_it_stands(
    reactor: Reactor, pair: tuple[socket.socket, socket.socket], wait: Callable[..., Any]
) -> None:
    async def wait_in_vain() -> str:
        while True:
            try:
                pair[0].send(bytes(100_000))
            except BlockingIOError:
                break
        try:
            await wait(pair[0], SHORT)
        except TimeoutError:
            await pause(SHORT)
            return "in vain"
        return "in time"

    assert run(reactor, wait_in_vain()) == "in vain"
    assert not reactor.remove_reader(pair[0])
    assert not reactor.remove_writer(pair[0])


def test_cancelled_coroutine_cleans_up_and_says_nothing(
    reactor: Reactor, pair: tuple[socket.socket, socket.socket]
) -> None:
    cleaned: list[bool] = []
    results: list[None] = []

    async def wait_for_ever() -> None:
        try:
            await readable(pair[0], 60.0)
        finally:
            cleaned.append(True)

    task = Task(reactor, results.append)
    task.begin(wait_for_ever())
    task.cancel()
    task.cancel()
    pair[1].send(b"too late")
    reactor.call_later(SHORT, reactor.stop)
    reactor.run_forever()
    assert (cleaned, results) == ([True], [])


def test_bug_in_a_coroutine_leaves_the_loop(reactor: Reactor) -> None:
    async def fail() -> None:
        await pause(0.0)
        raise ZeroDivisionError

    Task(reactor, print).begin(fail())
    with pytest.raises(ZeroDivisionError):
        reactor.run_forever()


# Connections, on loopback


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def target(listener: socket.socket, **changes: Any) -> Target:
    return Target(**({"address": "127.0.0.1", "port": listener.getsockname()[1], "timeout": 10.0} | changes))


def test_check_of_a_listening_server_succeeds(reactor: Reactor, listener: socket.socket) -> None:
    assert run(reactor, TcpCheck(target(listener)).probe()) == ProbeResult(ok=True)


def test_check_of_a_closed_port_says_that_it_was_refused(reactor: Reactor, listener: socket.socket) -> None:
    where = target(listener)
    listener.close()
    assert run(reactor, TcpCheck(where).probe()) == ProbeResult(ok=False, detail="refused")


def test_check_of_a_silent_server_says_how_long_it_waited(reactor: Reactor) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        where = Target(address="127.0.0.1", port=silent.getsockname()[1], timeout=0.2)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(silent.getsockname())
        assert run(reactor, TcpCheck(where).probe()) == ProbeResult(ok=False, detail="timed out after 0.2 s")
        for each in waiting:
            each.close()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"bind_address": "192.0.2.1"}, "no such local address"),
        ({"interface": "nothing0"}, "no such interface"),
    ],
)
def test_what_is_missing_on_this_side_is_a_result_too(
    reactor: Reactor, listener: socket.socket, changes: dict[str, Any], reason: str
) -> None:
    assert run(reactor, TcpCheck(target(listener, **changes)).probe()) == ProbeResult(ok=False, detail=reason)


def test_source_address_and_port_are_those_of_the_check(reactor: Reactor, listener: socket.socket) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.2", 0))
        port = free.getsockname()[1]

    async def ask() -> tuple[str, int]:
        connection = await connect(target(listener, bind_address="127.0.0.2", bind_port=port))
        name: tuple[str, int] = connection.getsockname()
        close(connection)
        return name

    assert run(reactor, ask()) == ("127.0.0.2", port)


def test_cancelled_connection_leaves_no_descriptor_open(
    reactor: Reactor, monkeypatch: pytest.MonkeyPatch, listener: socket.socket
) -> None:
    opened: list[socket.SocketType] = []

    def remember(*arguments: Any) -> socket.SocketType:
        opened.append(open_socket(*arguments))
        return opened[-1]

    monkeypatch.setattr("keepalived_py.check.connect.open_socket", remember)
    task = Task(reactor, print)
    task.begin(connect(Target(address="127.0.0.1", port=listener.getsockname()[1])))
    task.cancel()
    assert [each.fileno() for each in opened] == [-1]


def test_reason_for_no_connection_is_said_without_names() -> None:
    with pytest.raises(ConnectError, match=r"^no such interface$"):
        open_socket(Target(address="127.0.0.1", interface="nothing0"))
