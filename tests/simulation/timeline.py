"""Everything that happened in one history, as text."""

from typing import Any

from keepalived_py.vrrp.effects import Effects
from keepalived_py.vrrp.packet import decode, message_offset
from keepalived_py.vrrp.parameters import IPV4, Parameters
from keepalived_py.vrrp.reception import address_text
from keepalived_py.vrrp.state import State
from tests.simulation.node import Node


class Timeline:
    """Lines of time, node, input, effects and state.

    Attributes:
        lines: in the order in which they happened.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []

    def remark(self, now: float, text: str) -> None:
        """Something happened to the world."""
        self.lines.append(f"{now:12.6f}  ----  {text}")

    def input(
        self, now: float, node: Node, what: str, arguments: tuple[Any, ...], before: State, effects: Effects
    ) -> None:
        """A router was told something and answered."""
        state = before.name if node.state is before else f"{before.name} -> {node.state.name}"
        asked = " ".join(effect.name for effect in effects) or "-"
        line = f"{now:12.6f}  n{node.index}    {_described(node.parameters, what, arguments)}: {asked} [{state}]"
        transition = node.router.transition if node.router and node.state is not before else None
        self.lines.append(f"{line} because: {transition.cause}" if transition else line)
        if node.router:
            self.lines.extend(f"{'':20}{note.text}" for note in node.router.instance.notes)


def _described(parameters: Parameters, what: str, arguments: tuple[Any, ...]) -> str:
    if what != "datagram_received":
        return f"{what}({', '.join(_text(argument) for argument in arguments)})"
    data: bytes = arguments[0]
    offset = message_offset(data) if parameters.family == IPV4 else 0
    message = decode(data[offset:]) if 0 <= offset <= len(data) - 8 else None
    source = data[12:16] if parameters.family == IPV4 else arguments[1]
    priority = message.priority if message else "?"
    return f"advert from {address_text(source)} priority {priority}"


def _text(argument: object) -> str:
    if isinstance(argument, Parameters):
        return f"priority {argument.priority}, advert_int {argument.advertisement_interval:g}"
    return f"{argument:.6f}" if isinstance(argument, float) else str(argument)
