"""The number in a tracked file, read as strtol(3) reads it with base 0."""

from __future__ import annotations

import re
from typing import NamedTuple

LOWEST, HIGHEST = -(2**31), 2**31
_NUMBER = re.compile(rb"[ \t\n\v\f\r]*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")


class FileNumber(NamedTuple):
    """What was found.

    Attributes:
        number: None when the one before stays.
        problem: what is to be said about it; "" for nothing.
    """

    number: int | None
    problem: str = ""


def number_in(text: bytes) -> FileNumber:
    """Return the number with which a file begins.

    An empty file holds 0. One that begins with something else counts as 0, one whose number is out of range as before.
    """
    found = _NUMBER.match(text)
    if found is None:
        return FileNumber(0, f"'{_printable(text)}' is no number: it counts as 0" if text.strip() else "")
    sign, digits = found.groups()
    number = int(digits, 16 if digits[:2].lower() == b"0x" else 8 if digits[:1] == b"0" else 10)
    number = -number if sign == b"-" else number
    if not LOWEST <= number <= HIGHEST:
        return FileNumber(None, f"{_printable(text)} is out of range: ignored")
    return FileNumber(number)


def _printable(text: bytes) -> str:
    shown = text.strip()[:40].decode(errors="replace")
    return "".join(sign if sign.isprintable() else "?" for sign in shown)
