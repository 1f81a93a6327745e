"""What one probe of a server found out."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class ProbeResult(NamedTuple):
    """The end of one probe.

    Attributes:
        ok: whether the server does what it is there for.
        detail: why not, without names: `refused`, `timed out after 5.0 s`, `status 503`; of a success at most a remark.
        weight: the weight that the probe wants the server to have; None when it says nothing about that.
        added: what is to be added to its configured weight, instead; None when it says nothing about that.
    """

    ok: bool
    detail: str = ""
    weight: int | None = None
    added: int | None = None


UP = ProbeResult(ok=True)
"""A success with nothing to add."""


def failed(detail: str) -> ProbeResult:
    """Return a failure with its reason.

    A server may have said anything: what is not printable, a line end or half a character, is shown as `?`.
    """
    if not detail.isprintable():
        detail = "".join(sign if sign.isprintable() else "?" for sign in detail)
    return ProbeResult(ok=False, detail=detail)


class Probe(Protocol):
    """Something that can be asked again and again whether a server works."""

    async def probe(self) -> ProbeResult:
        """Ask once. Whatever the server does is a result; an exception is a bug of ours."""
