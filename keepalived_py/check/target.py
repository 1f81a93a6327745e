"""Where a probe goes, and how."""

from __future__ import annotations

from keepalived_py.structure import structure


@structure(kw_only=True)
class Target:
    """One endpoint of a server.

    Attributes:
        family: 4 or 6.
        address: as text, without a zone.
        port: 0 where the protocol has none.
        bind_address: source address as text; empty for the kernel's choice.
        bind_port: source port; 0 for the kernel's choice.
        interface: interface to go through; empty for the kernel's choice.
        mark: firewall mark of the packets; 0 for none.
        timeout: longest wait in seconds for the connection, and for each answer.
    """

    family: int = 4
    address: str
    port: int = 0
    bind_address: str = ""
    bind_port: int = 0
    interface: str = ""
    mark: int = 0
    timeout: float = 5.0

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}"
