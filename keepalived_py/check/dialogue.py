"""Steps of a TCP_CHECK: what is said, and what must come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.check.probe import UP, ProbeResult, failed
from keepalived_py.structure import structure

if TYPE_CHECKING:
    from keepalived_py.check.conversation import Conversation

ANY = -1
"""Stands for any octet in what is expected."""
_SHOWN = 32
"""Octets of a wrong answer that are shown."""


@structure
class Step:
    """One step.

    Attributes:
        send: said first; empty for nothing.
        expect: the answer begins with one of these octets, ANY for any; () when nothing is waited for.
    """

    send: bytes = b""
    expect: tuple[tuple[int, ...], ...] = ()


async def converse(talk: Conversation, steps: tuple[Step, ...]) -> ProbeResult:
    """Go through the steps. What is left of an answer is forgotten when something is said. Raises ConnectError."""
    for number, step in enumerate(steps, 1):
        if step.send:
            talk.forget()
            await talk.send(step.send)
        if step.expect and not await _heard(talk, step.expect):
            got = talk.ahead[:_SHOWN]
            return failed(f"step {number}: unexpected answer {got.decode('latin-1')!a}")
    return UP


async def _heard(talk: Conversation, expected: tuple[tuple[int, ...], ...]) -> bool:
    """Wait until the answer begins with something expected, or can no longer do so."""
    while True:
        seen = talk.ahead
        if (length := next((len(one) for one in expected if fits(seen[: len(one)], one)), 0)) > 0:
            talk.skip(length)
            return True
        if not any(len(seen) < len(one) and agrees(seen, one) for one in expected):
            return False
        await talk.more()


def fits(octets: bytes, expected: tuple[int, ...]) -> bool:
    """Whether octets are what is expected, all of it."""
    return len(octets) == len(expected) and agrees(octets, expected)


def agrees(octets: bytes, expected: tuple[int, ...]) -> bool:
    """Whether octets are how the expected begins, or the other way round."""
    return all(want in (ANY, got) for got, want in zip(octets, expected, strict=False))
