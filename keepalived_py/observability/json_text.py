"""Values as JSON on one line (RFC 8259), without the standard library's package: no child imports it at run time."""

from __future__ import annotations

from _json import encode_basestring_ascii
from math import isfinite

_WORDS = {True: "true", False: "false", None: "null"}
_EXACT = 1e15
"""Below this every whole float is written as an integer."""


def quoted(text: str) -> str:
    """Return `text` as a JSON string, in ASCII."""
    return str(encode_basestring_ascii(text))


def json_text(value: object) -> str:
    """Return `value` (dictionaries with text keys, lists, tuples, text, numbers, booleans, None) as JSON.

    Whole floats are written as integers, others with six decimals at most; infinite ones are null.
    """
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)}: {json_text(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(json_text, value)) + "]"
    raise TypeError(f"{type(value).__name__} has no JSON")


def _number(value: float) -> str:
    if not isfinite(value):
        return "null"
    if value == int(value) and abs(value) < _EXACT:
        return str(int(value))
    return repr(round(value, 6))
