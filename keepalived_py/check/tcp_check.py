"""TCP_CHECK: the connection itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.check.connect import ConnectError, close, connect
from keepalived_py.check.probe import UP, ProbeResult, failed

if TYPE_CHECKING:
    from keepalived_py.check.target import Target


class TcpCheck:
    """Connects and closes.

    Args:
        target: where.
    """

    def __init__(self, target: Target) -> None:
        self.target = target

    async def probe(self) -> ProbeResult:
        """Connect once."""
        try:
            connection = await connect(self.target)
        except ConnectError as problem:
            return failed(str(problem))
        close(connection)
        return UP
