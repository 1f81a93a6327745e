"""Conditions that a server can be in, and what checks over TCP must find in each."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from keepalived_py.check.agent_check import AgentCheck
from keepalived_py.check.dialogue import Step
from keepalived_py.check.settings import Settings
from keepalived_py.check.smtp_check import SmtpCheck
from keepalived_py.check.tcp_check import TcpCheck
from keepalived_py.check.web import Contexts, probe_of
from keepalived_py.config.model.checkers import HttpGet, SslGet, SslUrl, Url
from tests.unit.check.hostile import half_close, hang, reset_at_once
from tests.unit.check.web import plain

if TYPE_CHECKING:
    from pathlib import Path

    from keepalived_py.check.probe import Probe
    from keepalived_py.check.target import Target

Serve = Callable[[socket.socket], None]
LATE: Final = 3.0
"""Seconds after which a slow server answers: much more than any check here waits, unless it fails to stop waiting."""
ANSWERS: Final = {
    "TCP_CHECK": b"+PONG\r\n",
    "TCP_CHECK with a step": b"+PONG\r\n",
    "HTTP_GET": plain(),
    "SSL_GET": plain(),
    "SMTP_CHECK": b"220 mail.example\r\n",
    "AGENT_CHECK": b"down\n",
}
"""What a server of each kind says once it is asked; the last two begin by themselves."""


def check_of(kind: str, target: Target) -> Probe:
    """Return a check of a kind; an agent must have answered."""
    if kind == "SMTP_CHECK":
        return SmtpCheck(target, "check.example")
    if kind == "AGENT_CHECK":
        return AgentCheck(target, 4, alpha=True)
    if kind.startswith("TCP_CHECK"):
        return TcpCheck(target, (Step(b"PING\r\n", (tuple(b"+PONG"),)),) if "step" in kind else ())
    record = SslGet(url=(SslUrl(path="/"),)) if kind == "SSL_GET" else HttpGet(url=(Url(path="/"),))
    return probe_of(record, target, "web.example", Settings(), None, Contexts())


def wording(kind: str, problem: str) -> str:
    """Return how a check of a kind tells a problem of its connection."""
    if kind in {"HTTP_GET", "SSL_GET"}:
        return f"{problem} (/)"
    return f"the agent has not answered: {problem}" if kind == "AGENT_CHECK" else problem


def behaviour(condition: str, kind: str) -> Serve:
    """Return how a server of a kind serves a connection in a condition, once it has been asked."""
    answer = ANSWERS[kind]
    serve = _CONDITIONS[condition]

    def serve_when_asked(connection: socket.socket) -> None:
        if kind not in {"TCP_CHECK", "SMTP_CHECK", "AGENT_CHECK"}:
            connection.recv(65536)
        serve(connection, answer)

    return serve_when_asked


def _answer_late(connection: socket.socket, answer: bytes) -> None:
    connection.settimeout(LATE)
    with contextlib.suppress(TimeoutError):
        while connection.recv(65536):
            pass
    connection.sendall(answer)


def _end_midway(connection: socket.socket, answer: bytes) -> None:
    connection.sendall(answer[: len(answer) // 2])
    half_close(connection)


def _reset_midway(connection: socket.socket, answer: bytes) -> None:
    connection.sendall(answer[: len(answer) // 2])
    time.sleep(0.02)
    reset_at_once(connection)


def _flood(connection: socket.socket, _answer: bytes) -> None:
    while True:
        connection.sendall(b"x" * 65536)


_CONDITIONS: Final[dict[str, Callable[[socket.socket, bytes], None]]] = {
    "silent": lambda connection, _: hang(connection),
    "slow": _answer_late,
    "garbage": lambda connection, _: connection.sendall(bytes(range(128, 256)) * 2 + b"\n"),
    "ends at once": lambda connection, _: half_close(connection),
    "ends midway": _end_midway,
    "reset": lambda connection, _: reset_at_once(connection),
    "reset midway": _reset_midway,
    "oversized": _flood,
}


def over_tls(certificate: Path, serve: Serve) -> Serve:
    """Return what serves a connection after a handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve_secretly(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as talk:
            serve(talk)

    return serve_secretly


@contextlib.contextmanager
def deaf_port() -> Iterator[int]:
    """A port whose queue is full: what asks for a connection hears nothing, as from an address that does not answer."""
    with contextlib.ExitStack() as stack:
        deaf = stack.enter_context(socket.socket())
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())
        yield int(deaf.getsockname()[1])


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """A port that refuses: nobody else can have it meanwhile, and nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])
