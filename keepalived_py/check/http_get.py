"""HTTP_GET and SSL_GET: requests whose answers must have the right status, digest and text (RFC 9112)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import httptools

from keepalived_py.check.connect import ConnectError, close, connect
from keepalived_py.check.conversation import Conversation
from keepalived_py.check.pattern import PatternError
from keepalived_py.check.probe import UP, ProbeResult, failed
from keepalived_py.check.task import pause
from keepalived_py.structure import structure

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Sequence

    from keepalived_py.check.pattern import Pattern
    from keepalived_py.check.target import Target

MOST = 64 * 1024 * 1024
"""Bytes of an answer, all together."""
MOST_SEARCHED = 4 * 1024 * 1024
"""Bytes of a body that an expression is looked for in; what comes behind them is not searched."""
MOST_HEAD = 64 * 1024
"""Bytes of status line and headers."""
_LONGEST = 10
"""How many times the timeout of one piece a whole answer may take."""
_DEFAULT_PORTS = {False: 80, True: 443}
SUCCESS = ((200, 299),)


@structure(kw_only=True)
class Request:
    """One URL of a check.

    Attributes:
        path: of the request.
        host: name of the server for the Host header and SNI; empty for its address.
        statuses: ranges of status codes that are a success.
        digest: MD5 of the body in hexadecimal digits; empty for any.
        pattern: must be found in the body; None for nothing.
        absent: it must not be found instead.
    """

    path: str
    host: str = ""
    statuses: tuple[tuple[int, int], ...] = SUCCESS
    digest: str = ""
    pattern: Pattern | None = None
    absent: bool = False


@structure(kw_only=True)
class Tls:
    """How a check speaks TLS.

    Attributes:
        context: shared by all connections.
        name: sent as SNI; empty for none.
        compliant: whether the end is told.
    """

    context: ssl.SSLContext
    name: str = ""
    compliant: bool = False


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
        self._requests = requests
        self._version = version
        self._pause = 0.0 if fast_recovery else delay_loop
        self._retry = retry
        self._failures = 0
        self._tls = tls
        self._next = 0
        self._is_proven = False

    async def probe(self) -> ProbeResult:
        """Ask for the next URL; while the server is not up for all of them, the one that failed first."""
        if self._is_proven:
            result = await self._ask(self._requests[self._next])
            self._note(result)
            return result
        for turn in range(len(self._requests)):
            if turn:
                await pause(self._pause)
            result = await self._ask(self._requests[(self._next + turn) % len(self._requests)])
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

    async def _ask(self, request: Request) -> ProbeResult:
        try:
            connection = await connect(self.target)
        except ConnectError as problem:
            return failed(str(problem))
        try:
            return await self._talk(connection, request)
        except ConnectError as problem:
            return failed(f"{problem} ({request.path})")
        finally:
            close(connection)

    async def _talk(self, connection: socket.socket, request: Request) -> ProbeResult:
        timeout = self.target.timeout
        if self._tls is None:
            return await self._exchange(Conversation(connection, timeout, timeout * _LONGEST, MOST), request)
        from keepalived_py.check.tls import TlsConversation  # noqa: PLC0415 - only SSL_GET needs it

        name = self._tls.name if self._tls.name != FROM_HOST else request.host
        talk = TlsConversation(connection, self._tls.context, name, timeout, timeout * _LONGEST, MOST)
        try:
            await talk.begin()
            result = await self._exchange(talk, request)
            if self._tls.compliant:
                talk.end()
        finally:
            close(talk.tls)
        return result

    async def _exchange(self, talk: Conversation, request: Request) -> ProbeResult:
        await talk.send(self._text_of(request))
        answer = Answer(wants_text=request.pattern is not None)
        while not answer.is_whole:
            piece = await talk.receive()
            if not piece:
                break
            problem = answer.feed(piece)
            if problem:
                return failed(f"{problem} ({request.path})")
        return self._judged(answer, request)

    def _text_of(self, request: Request) -> bytes:
        address = self.target.address
        host = request.host or (f"[{address}]" if self.target.family == 6 else address)
        if self.target.port != _DEFAULT_PORTS[self._tls is not None]:
            host = f"{host}:{self.target.port}"
        lines = [
            f"GET {request.path} HTTP/{self._version[:3]}",
            "User-Agent: KeepAliveClient",
            *([] if self._version == "1.0" else ["Connection: close"]),
            f"Host: {host}",
        ]
        return "".join(f"{line}\r\n" for line in (*lines, "")).encode("utf-8", "surrogateescape")

    def _judged(self, answer: Answer, request: Request) -> ProbeResult:
        status = answer.status
        if not status:
            return failed(f"no answer ({request.path})")
        if not any(first <= status <= last for first, last in request.statuses):
            return failed(f"status {status} ({request.path})")
        if request.digest and answer.digest != request.digest.lower():
            return failed(f"digest {answer.digest} differs ({request.path})")
        if request.pattern is not None:
            try:
                found = request.pattern.is_found(bytes(answer.text))
            except PatternError as problem:
                return failed(f"expression: {problem} ({request.path})")
            if found is request.absent:
                return failed(f"expression {'found' if found else 'not found'} ({request.path})")
        return UP


FROM_HOST = "\0"
"""Tls.name: the name in the Host header is sent as SNI."""


class Answer:
    """A response that comes in pieces.

    Args:
        wants_text: whether the body is kept.

    Attributes:
        status: 0 before it is known.
        text: the beginning of the body, when it is wanted.
        is_whole: whether nothing more belongs to it; a body without a length ends with the connection.
    """

    def __init__(self, *, wants_text: bool) -> None:
        self.status = 0
        self.text = bytearray()
        self.is_whole = False
        self._wants_text = wants_text
        self._digest = hashlib.md5(usedforsecurity=False)
        self._head = 0
        self._in_body = False
        self._parser = httptools.HttpResponseParser(self)

    @property
    def digest(self) -> str:
        """MD5 of the body so far."""
        return self._digest.hexdigest()

    def feed(self, piece: bytes) -> str:
        """Take a piece; return what is wrong with it, empty when nothing is."""
        if not self._in_body:
            self._head += len(piece)
            if self._head > MOST_HEAD + len(piece):
                return "the headers are too long"
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserError as problem:
            return "" if self.is_whole else f"no HTTP: {type(problem).__name__}"
        return ""

    # What the parser calls

    def on_headers_complete(self) -> None:
        """The status is known."""
        self.status = self._parser.get_status_code()
        self._in_body = True

    def on_body(self, piece: bytes) -> None:
        """Some of the body, unwrapped from its chunks."""
        self._digest.update(piece)
        if self._wants_text and len(self.text) < MOST_SEARCHED:
            self.text += piece

    def on_message_complete(self) -> None:
        """Everything is here."""
        self.is_whole = True
