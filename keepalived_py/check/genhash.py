"""`genhash`: asks a web server once and prints the digest that HTTP_GET and SSL_GET compare."""

from __future__ import annotations

import sys
import time
from ipaddress import IPv4Address, ip_address
from typing import TYPE_CHECKING

from keepalived_py.check.connect import ConnectError
from keepalived_py.check.hex_dump import hex_dump
from keepalived_py.check.http_get import Tls, ask
from keepalived_py.check.http_request import Request, text_of
from keepalived_py.check.target import Target
from keepalived_py.check.task import Task
from keepalived_py.command_line import Argument, Extra, Given, Reader, Refused
from keepalived_py.errors import ExitCode
from keepalived_py.reactor import Reactor
from keepalived_py.structure import structure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.check.http_answer import Answer

NO_TIMEOUT = 4294.0
"""Seconds: as long as keepalived's own can wait."""
VERSIONS = {"1.0": "1.0", "1.0c": "1.0C", "1.0C": "1.0C", "1.1": "1.1"}
_WANTED = ("server", "port", "url")
_HEAD = "-----------------------[{:^26}]-----------------------"
_BODY = "-----------------------[{:^27}]-----------------------"

OPTIONS = (
    ("server", "s", "ADDRESS", "Address of the server (no name)"),
    ("port", "p", "PORT", "Its port"),
    ("url", "u", "PATH", "What is asked for"),
    ("use-ssl", "S", "", "Speak TLS"),
    ("use-sni", "I", "", "Send the name of the virtual host in TLS"),
    ("use-virtualhost", "V", "NAME", "Name of the server in the Host header"),
    ("protocol", "P", "VERSION", "1.0, 1.0c (with 'Connection: close') or 1.1"),
    ("fwmark", "m", "MARK", "Firewall mark of the packets"),
    ("timeout", "t", "SECONDS", "Longest wait for the connection, and for each piece of the answer"),
    ("verbose", "v", "", "Show what comes, byte by byte"),
    ("help", "h", "", "Show this text"),
)
"""(long name, letter, argument, what it does)."""
_READER = Reader(
    {name: Argument.REQUIRED if argument else Argument.NONE for name, _, argument, _ in OPTIONS},
    {letter: name for name, letter, _, _ in OPTIONS},
)


class UsageError(Exception):
    """The command line cannot be used; the text says why, empty when help was asked for."""


@structure(kw_only=True)
class Order:
    """What is to be asked.

    Attributes:
        target: where.
        request: what.
        version: of HTTP, as HttpCheck knows it.
        secret: whether TLS is spoken.
        sends_host: whether the host is sent in TLS.
        verbose: whether all is shown.
    """

    target: Target
    request: Request
    version: str = "1.0"
    secret: bool = False
    sends_host: bool = False
    verbose: bool = False


def usage(program: str) -> str:
    """Return the text of --help."""
    lines = [f"Usage: {program} -s ADDRESS -p PORT -u PATH [OPTION...]"]
    for name, letter, argument, text in OPTIONS:
        lines.append(f"  -{letter}, --{name + (argument and '=' + argument):<25} {text}")
    return "\n".join(lines)


def read_order(words: Sequence[str]) -> Order:
    """Return what the words after the program's name ask for. Raises UsageError."""
    given: dict[str, str] = {}
    problems: list[str] = []
    extra: list[str] = []
    for item in _READER.read(words):
        if isinstance(item, Given):
            given[item.name] = item.argument or ""
        elif isinstance(item, Refused):
            problems.append(item.text)
        elif isinstance(item, Extra):
            extra.append(item.word)
    if extra and not problems:
        problems.append(f"Unexpected argument(s): {' '.join(extra)}")
    if problems or "help" in given or any(name not in given for name in _WANTED):
        raise UsageError("\n".join(problems))
    return _order(given)


def _order(given: dict[str, str]) -> Order:
    timeout = _number(given, "timeout", "timeout", 0xFFFFFFFF)
    version = VERSIONS.get(given.get("protocol", "1.0"))
    if version is None:
        raise UsageError(f"invalid HTTP protocol version '{given['protocol']}'")
    try:
        address = ip_address(given["server"])
    except ValueError as problem:
        raise UsageError(f"server should be an IP, not {given['server']}") from problem
    is_v4 = isinstance(address, IPv4Address)
    target = Target(
        family=address.version,
        address=str(address).partition("%")[0],
        port=_number(given, "port", "port number", 65535, 1),
        interface="" if is_v4 else getattr(address, "scope_id", None) or "",
        mark=_number(given, "fwmark", "fwmark", 0xFFFFFFFF),
        timeout=float(timeout) if "timeout" in given else NO_TIMEOUT,
    )
    # Any digest will do: only that one is wanted decides.
    request = Request(path=given["url"], host=given.get("use-virtualhost", ""), digest="0" * 32)
    return Order(
        target=target,
        request=request,
        version=version,
        secret="use-ssl" in given,
        sends_host="use-sni" in given,
        verbose="verbose" in given,
    )


def _number(given: dict[str, str], name: str, meaning: str, most: int, least: int = 0) -> int:
    text = given.get(name, "0")
    value = int(text) if text.isdecimal() and text.isascii() and len(text) < 20 else -1
    if name in given and not least <= value <= most:
        raise UsageError(f"invalid {meaning} '{text}'")
    return value


def genhash(words: Sequence[str], program: str = "genhash") -> int:
    """Run genhash with these words; return the exit code: 0 only when a digest was printed."""
    try:
        order = read_order(words)
    except UsageError as problem:
        sys.stderr.write(f"{problem}\n{usage(program)}\n" if str(problem) else f"{usage(program)}\n")
        return ExitCode.FATAL
    began_at = time.monotonic()
    try:
        answer = _answer_to(order)
    except ConnectError as problem:
        sys.stderr.write(f"{order.target} {order.request.path}: {problem}\n")
        return ExitCode.FATAL
    except KeyboardInterrupt:
        return ExitCode.FATAL
    if not answer.status:
        sys.stderr.write("no data received from remote webserver\n")
        return ExitCode.FATAL
    if order.verbose:
        sys.stdout.write(shown(answer))
    sys.stdout.write(f"{answer.raw_digest}\n")
    if order.verbose:
        taken = (time.monotonic() - began_at) * 1e6
        sys.stdout.write(f"\nGlobal response time for [{order.request.path}] = {taken:.0f} usecs\n")
    return ExitCode.OK


def _answer_to(order: Order) -> Answer:
    """Return what the server answers. Raises ConnectError."""
    reactor = Reactor()
    ended: list[Answer | ConnectError] = []
    text = text_of(order.request, order.target, order.version)

    async def probe() -> Answer | ConnectError:
        tls = _tls(sends_host=order.sends_host) if order.secret else None
        try:
            return await ask(order.target, order.request, text, tls, wants_text=order.verbose)
        except ConnectError as problem:
            return problem

    try:
        Task(reactor, ended.append).begin(probe())
        while not ended:
            reactor.run_once()
    finally:
        reactor.close()
    if isinstance(ended[0], ConnectError):
        raise ended[0]
    return ended[0]


def _tls(*, sends_host: bool) -> Tls:
    from keepalived_py.check.tls import TlsSettings, context_of  # noqa: PLC0415 - ssl is large

    return Tls(context=lambda: context_of(TlsSettings()), sends_host=sends_host)


def shown(answer: Answer) -> str:
    """Return head, body and digest of an answer byte by byte, under keepalived's headings."""
    head = bytes(answer.head)
    return "\n".join(
        [
            _HEAD.format("HTTP Header Buffer"),
            *hex_dump(head),
            _HEAD.format("HTTP Header Ascii Buffer"),
            head.decode("latin-1"),
            _BODY.format("HTML Buffer"),
            *hex_dump(bytes(answer.text)),
            "",
            _BODY.format("HTML hash resulting"),
            *hex_dump(bytes.fromhex(answer.raw_digest)),
            _BODY.format("HTML hash final resulting"),
            "",
        ]
    ).replace("\r\n", "\n")
