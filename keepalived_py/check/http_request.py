"""One request of HTTP_GET or SSL_GET: how it is worded, and what its answer must be (RFC 9112)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from keepalived_py.check.pattern import PatternError
from keepalived_py.check.probe import UP, ProbeResult, failed
from keepalived_py.structure import structure

if TYPE_CHECKING:
    from keepalived_py.check.http_answer import Answer
    from keepalived_py.check.pattern import Pattern
    from keepalived_py.check.target import Target

SUCCESS = ((200, 299),)


class Expectation(NamedTuple):
    """What a place in a JSON document must hold.

    Attributes:
        path: names separated by dots, indices of lists in brackets: `checks[0].status`; a leading `$.` may stand.
        value: the text of the string, or a number, true, false or null as JSON writes them.
    """

    path: str
    value: str


@structure(kw_only=True)
class Request:
    """One URL of a check.

    Attributes:
        path: of the request.
        host: name of the server for the Host header and SNI, perhaps with a port; empty for its address and port.
        statuses: ranges of status codes that are a success.
        digest: MD5 of the body in hexadecimal digits; empty for any.
        pattern: must be found in the body; None for nothing.
        absent: it must not be found instead.
        compliant: whether the end of TLS is told.
        method: GET or another one.
        headers: (name, value) beside ours; one of our names replaces ours.
        body: sent with the request.
        expectations: what a body of JSON must hold.
    """

    path: str
    host: str = ""
    statuses: tuple[tuple[int, int], ...] = SUCCESS
    digest: str = ""
    pattern: Pattern | None = None
    absent: bool = False
    compliant: bool = False
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    expectations: tuple[Expectation, ...] = ()

    @property
    def wants_text(self) -> bool:
        """Whether the text of the answer is looked at."""
        return self.pattern is not None or bool(self.expectations)


def text_of(request: Request, target: Target, version: str) -> bytes:
    """Return the request as it is sent, worded as keepalived words it.

    Args:
        request: what is asked for.
        target: whose address and port stand in the Host header when the request names no host.
        version: 1.0, 1.0C (with `Connection: close`) or 1.1.
    """
    address = f"[{target.address}]" if target.family == 6 else target.address
    body = request.body.encode("utf-8", "surrogateescape")
    ours = [
        ("User-Agent", "KeepAliveClient"),
        *([] if version == "1.0" else [("Connection", "close")]),
        ("Host", request.host or f"{address}:{target.port}"),
        *([("Content-Length", str(len(body)))] if body else []),
    ]
    theirs = {name.lower() for name, _ in request.headers}
    fields = [*(field for field in ours if field[0].lower() not in theirs), *request.headers]
    lines = [
        f"{request.method} {request.path} HTTP/{version[:3]}",
        *(f"{name}: {value}" for name, value in fields),
        "\r\n",
    ]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + body


def bare_name(host: str) -> str:
    """Return a Host header without its port: the name that TLS is told."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, _, port = host.partition(":")
    return name if port.isdecimal() or not port else host


def judged(answer: Answer, request: Request) -> ProbeResult:
    """Return whether an answer is what it must be."""
    status = answer.status
    if not status:
        return failed(f"no answer ({request.path})")
    for first, last in request.statuses:
        if first <= status <= last:
            break
    else:
        return failed(f"status {status} ({request.path})")
    if request.digest and request.digest.lower() not in (answer.digest, answer.raw_digest):
        return failed(f"digest {answer.digest} differs ({request.path})")
    problem = _searched(answer, request) or _unexpected(answer, request)
    return failed(f"{problem} ({request.path})") if problem else UP


def _searched(answer: Answer, request: Request) -> str:
    """Return what is wrong with the text, empty when nothing is."""
    if request.pattern is None:
        return ""
    try:
        found = request.pattern.is_found(bytes(answer.text))
    except PatternError as problem:
        return f"expression: {problem}"
    return f"expression {'found' if found else 'not found'}" if found is request.absent else ""


def _unexpected(answer: Answer, request: Request) -> str:
    """Return which expectation is not met, empty when all are."""
    if not request.expectations:
        return ""
    try:
        document = json.loads(bytes(answer.text))
    except (ValueError, RecursionError):
        return "no JSON"
    for path, value in request.expectations:
        try:
            found = _in_json(document, path)
        except (KeyError, IndexError, TypeError):
            return f"{path} is missing"
        text = found if isinstance(found, str) else json.dumps(found)
        if text != value:
            return f"{path} is {text[:80]}"
    return ""


def _in_json(document: Any, path: str) -> Any:
    """Return what stands at a path. Raises KeyError, IndexError, TypeError when nothing does."""
    for step in path.removeprefix("$").removeprefix(".").replace("[", ".[").split("."):
        if step.startswith("["):
            if not isinstance(document, list):
                raise TypeError(path)
            document = document[_index(step)]
        elif step:
            if not isinstance(document, dict):
                raise TypeError(path)
            document = document[step]
    return document


def _index(step: str) -> int:
    digits = step[1:].removesuffix("]")
    if not digits.isdecimal() or len(digits) > 9:
        raise IndexError(step)
    return int(digits)
