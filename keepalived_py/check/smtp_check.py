"""SMTP_CHECK: a greeting, HELO, QUIT (RFC 5321)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.check.connect import ConnectError, close, connect
from keepalived_py.check.conversation import Conversation
from keepalived_py.check.probe import UP, ProbeResult, failed

if TYPE_CHECKING:
    from keepalived_py.check.target import Target

DEFAULT_NAME = "smtpchecker.keepalived.org"
_LONGEST = 4
"""How many times the timeout of one answer the whole conversation may take."""
_SHOWN = 60
"""Characters of a wrong answer that are shown."""


class SmtpCheck:
    """Talks as a mail server would that has nothing to deliver.

    Args:
        target: where.
        name: said in HELO.
    """

    def __init__(self, target: Target, name: str = DEFAULT_NAME) -> None:
        self.target = target
        self._name = name

    async def probe(self) -> ProbeResult:
        """Connect and talk once."""
        try:
            connection = await connect(self.target)
        except ConnectError as problem:
            return failed(str(problem))
        try:
            talk = Conversation(connection, self.target.timeout, self.target.timeout * _LONGEST)
            return await self._talk(talk)
        except ConnectError as problem:
            return failed(str(problem))
        finally:
            close(connection)

    async def _talk(self, talk: Conversation) -> ProbeResult:
        for command, expected, what in (
            ("", "220", "greeting"),
            (f"HELO {self._name}", "250", "answer to HELO"),
        ):
            if command:
                await talk.send(f"{command}\r\n".encode("utf-8", "surrogateescape"))
            code, text = await _answer(talk)
            if code != expected:
                return failed(f"bad {what}: {text[:_SHOWN]!r}")
        await talk.send(b"QUIT\r\n")
        try:
            await _answer(talk)  # whatever it is: a server may close at once
        except ConnectError:
            return UP
        return UP


async def _answer(talk: Conversation) -> tuple[str, str]:
    """Return the code and the last line of an answer, which may have several lines (RFC 5321 section 4.2.1)."""
    while True:
        line = (await talk.line()).decode("utf-8", "replace")
        if line[3:4] != "-":
            return line[:3], line
