"""Configuration texts of the lab's nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.daemon import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

FAST = ("version 3", "advert_int 0.1")
"""Ten adverts a second, where a test does not ask for the walkthrough's one."""

CALM = ("version 3", "advert_int 0.5")
"""Two a second, where a peer must not miss a process that is replaced: the machine decides how soon that is."""

SECOND = ("advert_int 1",)

PASS = ("authentication {", "auth_type PASS", "auth_pass 1111", "}")
AH = ("authentication {", "auth_type AH", "auth_pass secret", "}")


def walkthrough(scene: str, host: str) -> str:
    """A configuration of `examples/walkthrough`."""
    return (ROOT / "examples" / "walkthrough" / scene / f"{host}.conf").read_text(encoding="utf-8")


def instance(
    priority: int,
    lines: Sequence[str] = FAST,
    *,
    name: str = "VI_1",
    vrid: int = 51,
    state: str = "BACKUP",
    interface: str = "eth0",
    addresses: Sequence[str] = ("192.168.0.204/24",),
) -> str:
    """A vrrp_instance block with further lines."""
    own = (f"state {state}", f"interface {interface}", f"virtual_router_id {vrid}", f"priority {priority}")
    body = "\n    ".join((*own, *lines, "virtual_ipaddress {", *addresses, "}"))
    return f"vrrp_instance {name} {{\n    {body}\n}}\n"
