"""`~SEQ`, `~SEQx` and `~LST`: one template line for many values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keepalived_py.structure import structure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SEQUENCE = re.compile(r"~SEQ(x?)[ \t]*\([ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*,([^)]*)\)[ \t]*(.*)", re.DOTALL)
_LIST = re.compile(r"~LST[ \t]*\(")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_MEMBER = re.compile(r"[ \t]*((?:\$\{[^}]*\}|[^ \t,})])*)[ \t]*")
_C_INTEGER = re.compile(r"([+-]?)(?:0[xX]([0-9a-fA-F]{1,15})|0([0-7]{0,20})|([1-9][0-9]{0,17}))\Z")


class RepetitionError(ValueError):
    """A `~` line that is not well formed; the message says why."""


@structure
class Repetition:
    """What a `~` line asks for.

    Attributes:
        names: the definitions set before each copy of the template.
        values: one tuple per copy, a value per name.
        template: the text that is read once per tuple.
    """

    names: tuple[str, ...]
    values: Iterable[tuple[str, ...]]
    template: str


def is_repetition(text: str) -> bool:
    """Return whether a line starts a repetition."""
    return text.startswith(("~SEQ", "~LST"))


def sequence_bounds(text: str) -> str:
    """Return the text of the bounds of a `~SEQ` line, in which definitions may be used; empty for other lines."""
    found = _SEQUENCE.match(text)
    return found.group(3) if found else ""


def parse_sequence(text: str, bounds: str) -> Repetition:
    """Parse a `~SEQ` line whose bounds read `bounds` after definitions were replaced.

    Raises:
        RepetitionError: the form, a number or the direction is wrong.
    """
    found = _SEQUENCE.match(text)
    if not found:
        raise RepetitionError("not of the form ~SEQ(NAME, [START, [STEP,]] END) TEXT")
    numbers = [_c_integer(word.strip(" \t")) for word in bounds.split(",")]
    start, step, end = _range(numbers)
    if found.group(1) and (start < 0 or end < 0):
        raise RepetitionError("~SEQx counts no negative numbers")
    form = "x" if found.group(1) else "d"
    stop = end + (1 if step > 0 else -1)
    return Repetition((found.group(2),), ((format(n, form),) for n in range(start, stop, step)), found.group(4))


def _range(numbers: list[int]) -> tuple[int, int, int]:
    """Return start, step and last value."""
    if len(numbers) == 1:
        end = numbers[0]
        return (-1 if end < 0 else 1), (-1 if end < 1 else 1), end
    if len(numbers) == 2:
        start, end = numbers
        return start, (1 if start <= end else -1), end
    if len(numbers) != 3:
        raise RepetitionError("~SEQ takes one to three numbers")
    start, step, end = numbers
    if step == 0 or (end - start) * step < 0:
        raise RepetitionError(f"a step of {step} never leads from {start} to {end}")
    return start, step, end


def _c_integer(word: str) -> int:
    """Return the number that strtol() with base 0 reads."""
    found = _C_INTEGER.match(word)
    if not found:
        raise RepetitionError(f"'{word}' is not a number")
    sign, hexadecimal, octal, decimal = found.groups()
    value = int(hexadecimal, 16) if hexadecimal else int(decimal) if decimal else int(octal or "0", 8)
    return -value if sign == "-" else value


def parse_list(text: str) -> Repetition:
    """Parse a `~LST` line.

    Raises:
        RepetitionError: the form is wrong, or a tuple has more values than there are names.
    """
    found = _LIST.match(text)
    if not found:
        raise RepetitionError("not of the form ~LST(NAME, VALUE, ...) TEXT")
    names, position = _tuple(text, found.end())
    if not all(_NAME.match(name) for name in names):
        raise RepetitionError("~LST needs names of letters, digits and '_'")
    values: list[tuple[str, ...]] = []
    while text[position : position + 1] == ",":
        members, position = _tuple(text, position + 1)
        if len(members) > len(names):
            raise RepetitionError(f"more values than names: {', '.join(members)}")
        values.append(members + ("",) * (len(names) - len(members)))
    if not values or text[position : position + 1] != ")":
        raise RepetitionError("~LST needs values and a closing ')'")
    return Repetition(names, values, text[position + 1 :].lstrip(" \t"))


def _tuple(text: str, position: int) -> tuple[tuple[str, ...], int]:
    """Return the members of `{A, B}` or of a single `A`, and the index after them and the blanks that follow."""
    position += len(text[position:]) - len(text[position:].lstrip(" \t"))
    braces = text[position : position + 1] == "{"
    members = list(_members(text, position + 1)) if braces else [_member(text, position)]
    position = members[-1][1]
    if braces:
        if text[position : position + 1] != "}":
            raise RepetitionError("~LST has a '{' without its '}'")
        position += 1
        position += len(text[position:]) - len(text[position:].lstrip(" \t"))
    return tuple(member for member, _ in members), position


def _members(text: str, position: int) -> Iterator[tuple[str, int]]:
    """Yield the members between commas, each with the index after it."""
    while True:
        member, position = _member(text, position)
        yield member, position
        if text[position : position + 1] != ",":
            return
        position += 1


def _member(text: str, position: int) -> tuple[str, int]:
    """Return one member and the index after the blanks that follow it."""
    found = _MEMBER.match(text, position)
    return (found.group(1), found.end()) if found else ("", position)
