"""Bytes for people: sixteen a line, as numbers and as characters."""

from __future__ import annotations

_WIDTH, _HALF = 16, 8


def hex_dump(data: bytes) -> list[str]:
    """Return a line for each sixteen bytes: decimal offset, hexadecimal values, what can be printed of them."""
    return [_line(data[at : at + _WIDTH], at) for at in range(0, len(data), _WIDTH)]


def _line(octets: bytes, at: int) -> str:
    values = [f"{octet:02x}" for octet in octets] + ["  "] * (_WIDTH - len(octets))
    signs = "".join(chr(octet) if 32 <= octet < 127 else "." for octet in octets)
    return f"{at:04d}  {' '.join(values[:_HALF])} - {' '.join(values[_HALF:])}   {signs:<{_WIDTH}}"
