"""AGENT_CHECK: asks an agent on the server, which answers with one line (`agent`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.check.agent import Agent
from keepalived_py.check.connect import ConnectError, close, connect
from keepalived_py.check.conversation import Conversation
from keepalived_py.check.probe import UP, ProbeResult, failed

if TYPE_CHECKING:
    from keepalived_py.check.probe import Probe
    from keepalived_py.check.target import Target

MOST = 4096
"""Octets of an answer."""
_LONGEST = 2
"""How many times the timeout of one answer the whole talk may take."""
_SHOWN = 60


class AgentCheck:
    """Asks once per probe.

    An agent that cannot be reached changes nothing, as with HAProxy: whether the server itself works is another
    check's business.

    Args:
        target: where the agent listens.
        weight: the configured one of the server, of which the agent names percents.
        send: said first.
        alpha: whether the server counts as failed as long as the agent has never answered.
    """

    def __init__(self, target: Target, weight: int, send: bytes = b"", *, alpha: bool = False) -> None:
        self.target = target
        self._weight = weight
        self._send = send
        self._alpha = alpha
        self._agent = Agent()

    def inherit(self, before: Probe) -> None:
        """Take over what a predecessor has heard, which a reload has replaced."""
        if isinstance(before, AgentCheck):
            self._agent = before._agent  # noqa: SLF001 - its own kind

    async def probe(self) -> ProbeResult:
        """Ask once."""
        problem = ""
        try:
            line = await self._ask()
        except ConnectError as unreached:
            problem = str(unreached)
        else:
            if not self._agent.said(line):
                problem = f"nothing to understand in {line[:_SHOWN]!a}"
        if self._agent.heard:
            return self._agent.result(self._weight)
        return failed(f"the agent has not answered: {problem}") if self._alpha else UP

    async def _ask(self) -> str:
        connection = await connect(self.target)
        try:
            talk = Conversation(connection, self.target.timeout, self.target.timeout * _LONGEST, most=MOST)
            if self._send:
                await talk.send(self._send)
            while b"\n" not in talk.ahead and not talk.ended:
                await talk.more(may_end=True)
            return talk.ahead.partition(b"\n")[0].decode("utf-8", "replace")
        finally:
            close(connection)
