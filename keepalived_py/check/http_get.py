"""HTTP_GET and SSL_GET: one URL after the other is asked for, and each answer judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.check.connect import ConnectError, close, connect
from keepalived_py.check.conversation import Conversation
from keepalived_py.check.http_answer import Answer
from keepalived_py.check.http_request import Request, bare_name, judged, text_of
from keepalived_py.check.probe import UP, ProbeResult, failed
from keepalived_py.check.task import pause
from keepalived_py.structure import structure

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Sequence

    from keepalived_py.check.target import Target
    from keepalived_py.check.tls import TlsConversation

MOST = 64 * 1024 * 1024
"""Bytes of an answer, all together."""
LONGEST = 10
"""How many times the timeout of one piece a whole answer may take."""


@structure(kw_only=True)
class Tls:
    """How a check speaks TLS.

    Attributes:
        context: returns the one shared by all connections; OSError: its files cannot be used.
        name: sent as SNI and looked for in the certificate; empty for that of the request where `sends_host` says so.
        sends_host: whether the host of the request is sent.
        verifies: whether the certificate must bear the name, or the address where there is no name.
    """

    context: Callable[[], ssl.SSLContext]
    name: str = ""
    sends_host: bool = False
    verifies: bool = False

    def name_for(self, request: Request, target: Target) -> str:
        """Return the name of the server for one connection; empty for none."""
        host = self.name or (bare_name(request.host) if self.sends_host or self.verifies else "")
        return host or (target.address if self.verifies else "")


class HttpCheck:
    """Asks for one URL after the other, one per probe, as keepalived does; a failed one until it succeeds.

    Before the server counts as up every URL must have succeeded: a probe then goes through all of them.

    Args:
        target: where.
        requests: at least one.
        version: 1.0, 1.0C (with `Connection: close`) or 1.1.
        delay_loop: seconds between two URLs while the server is not up.
        fast_recovery: no pause between them then.
        retry: failures in a row that are forgiven.
        tls: None for plain HTTP.
    """

    def __init__(
        self,
        target: Target,
        requests: Sequence[Request],
        *,
        version: str = "1.0",
        delay_loop: float = 60.0,
        fast_recovery: bool = False,
        retry: int = 1,
        tls: Tls | None = None,
    ) -> None:
        self.target = target
        self._requests = [(request, text_of(request, target, version)) for request in requests]
        self._pause = 0.0 if fast_recovery else delay_loop
        self._retry = retry
        self._failures = 0
        self._tls = tls
        self._next = 0
        self._is_proven = False

    async def probe(self) -> ProbeResult:
        """Ask for the next URL; while the server is not up for all of them, the one that failed first."""
        if self._is_proven:
            result = await self._ask(*self._requests[self._next])
            self._note(result)
            return result
        for turn in range(len(self._requests)):
            if turn:
                await pause(self._pause)
            result = await self._ask(*self._requests[(self._next + turn) % len(self._requests)])
            if not result.ok:
                self._next = (self._next + turn) % len(self._requests)
                return result
        self._is_proven, self._failures = True, 0
        return UP

    def _note(self, result: ProbeResult) -> None:
        if result.ok:
            self._failures = 0
            self._next = (self._next + 1) % len(self._requests)
        else:
            self._failures += 1
            self._is_proven = self._failures <= self._retry

    async def _ask(self, request: Request, text: bytes) -> ProbeResult:
        try:
            answer = await ask(self.target, request, text, self._tls)
        except ConnectError as problem:
            return failed(f"{problem} ({request.path})")
        return judged(answer, request)


async def ask(
    target: Target, request: Request, text: bytes, tls: Tls | None = None, *, wants_text: bool = False
) -> Answer:
    """Return what a server answers to one request; it may have been cut off by the server.

    Args:
        target: where.
        request: what is asked for.
        text: the request as it is sent.
        tls: None for plain HTTP.
        wants_text: keep the text though the request does not look at it.

    Raises:
        ConnectError: there is no connection, it broke, or what came is no answer.
    """
    context = _context_of(tls) if tls is not None else None
    connection = await connect(target)
    answer = Answer(
        wants_text=wants_text or request.wants_text,
        wants_digest=bool(request.digest),
        wants_body=request.method != "HEAD",
    )
    try:
        if tls is None or context is None:
            talk = Conversation(connection, target.timeout, target.timeout * LONGEST, MOST)
            await _exchange(talk, text, answer)
        else:
            secret = _secret(connection, context, tls.name_for(request, target), target.timeout)
            await _exchange_secretly(secret, text, answer, compliant=request.compliant)
    finally:
        close(connection)
        answer.end()
    return answer


def _context_of(tls: Tls) -> ssl.SSLContext:
    from keepalived_py.check.tls import context_problem  # noqa: PLC0415 - only SSL_GET needs it

    try:
        return tls.context()
    except OSError as problem:
        raise ConnectError(context_problem(problem)) from problem


def _secret(connection: socket.SocketType, context: ssl.SSLContext, name: str, timeout: float) -> TlsConversation:
    from keepalived_py.check.tls import TlsConversation as Secret  # noqa: PLC0415 - only SSL_GET needs it

    return Secret(connection, context, name, timeout, timeout * LONGEST, MOST)


async def _exchange_secretly(talk: TlsConversation, text: bytes, answer: Answer, *, compliant: bool) -> None:
    try:
        await talk.begin()
        await _exchange(talk, text, answer)
        if compliant:
            talk.end()
    finally:
        close(talk.tls)


async def _exchange(talk: Conversation, text: bytes, answer: Answer) -> None:
    await talk.send(text)
    while not answer.is_whole:
        piece = await talk.receive()
        if not piece:
            break
        problem = answer.feed(piece)
        if problem:
            raise ConnectError(problem)
