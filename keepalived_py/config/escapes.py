r"""Octets in the text of a configuration: `PING\r\n`, `\x00\x2a`, `\?` for any octet."""

from __future__ import annotations

from typing import Final

from keepalived_py.config.scalars import BadValueError, Text

_NAMED: Final = {"r": 13, "n": 10, "t": 9, "0": 0, "\\": 92}
_HEX: Final = frozenset("0123456789abcdefABCDEF")
ANY: Final = -1
"""An octet that may be anything."""


class EscapedText(Text):
    r"""Text with the escapes \r \n \t \0 \\ \xHH, and \? where any octet will do.

    Args:
        wildcard: whether \? is allowed.
    """

    def __init__(self, *, wildcard: bool = False) -> None:
        escapes = r"\r \n \t \0 \\ \xHH" + (r" \?" if wildcard else "")
        super().__init__("TEXT", type_name="escaped text", limits=f"escapes {escapes}")
        self.wildcard = wildcard

    def parse(self, text: str) -> str:
        """Return the text as it stands; `octets_of` makes octets of it."""
        octets = octets_of(text)
        if ANY in octets and not self.wildcard:
            raise BadValueError(r"\? has no meaning here")
        if not octets:
            raise BadValueError("needs at least one character")
        return str(text)


def octets_of(text: str) -> tuple[int, ...]:
    r"""Return the octets that a text stands for, ANY for each `\?`.

    Raises:
        BadValueError: an unknown escape.
    """
    octets: list[int] = []
    parts = text.split("\\")
    octets += _encoded(parts[0])
    at = 1
    while at < len(parts):
        part, following = parts[at], parts[at + 1] if at + 1 < len(parts) else ""
        if not part and at + 1 < len(parts):  # two backslashes
            octets += [_NAMED["\\"], *_encoded(following)]
            at += 2
            continue
        octet, rest = _escape(part)
        octets += [octet, *_encoded(rest)]
        at += 1
    return tuple(octets)


def _escape(part: str) -> tuple[int, str]:
    """Return the octet of an escape, and the text behind it."""
    if part[:1] in _NAMED and part:
        return _NAMED[part[0]], part[1:]
    if part[:1] == "?":
        return ANY, part[1:]
    if part[:1] == "x" and len(part) >= 3 and set(part[1:3]) <= _HEX:
        return int(part[1:3], 16), part[3:]
    raise BadValueError(f"'\\{part[:3]}' is no escape: use \\r \\n \\t \\0 \\\\ \\xHH")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
