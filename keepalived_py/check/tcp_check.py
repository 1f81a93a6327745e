"""TCP_CHECK: the connection itself, and perhaps a few steps of talk over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.check.connect import ConnectError, close, connect
from keepalived_py.check.probe import UP, ProbeResult, failed

if TYPE_CHECKING:
    import socket

    from keepalived_py.check.dialogue import Step
    from keepalived_py.check.target import Target

_LONGEST = 4
"""How many times the timeout of one answer a whole talk may take."""


class TcpCheck:
    """Connects, talks if there are steps, and closes.

    Args:
        target: where.
        steps: what is said and expected.
        graceful: end the connection in order, instead of by a reset as keepalived does.
    """

    def __init__(self, target: Target, steps: tuple[Step, ...] = (), *, graceful: bool = False) -> None:
        self.target = target
        self._steps = steps
        self._graceful = graceful

    async def probe(self) -> ProbeResult:
        """Connect once."""
        try:
            connection = await connect(self.target)
        except ConnectError as problem:
            return failed(str(problem))
        try:
            return await self._talk(connection) if self._steps else UP
        except ConnectError as problem:
            return failed(str(problem))
        finally:
            close(connection, graceful=self._graceful)

    async def _talk(self, connection: socket.SocketType) -> ProbeResult:
        from keepalived_py.check.conversation import Conversation  # noqa: PLC0415 - most checks only connect
        from keepalived_py.check.dialogue import converse  # noqa: PLC0415

        timeout = self.target.timeout
        return await converse(Conversation(connection, timeout, timeout * _LONGEST), self._steps)
