"""The words of a script value: command line, user, group; and the arguments inside the command line."""

import re

from keepalived_py.config.lexer import BLANKS

_STOPS = {'"': re.compile(r'["\\]'), "'": re.compile(r"['\\]"), "": re.compile(r"[ \t\f\v\r\n'\"\\]")}
_NAMED = {"a": "\a", "b": "\b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_NUMBERED = re.compile(r"x([0-9a-fA-F]{1,2})|([0-7]{1,3})|c(.)", re.DOTALL)


class ScriptSyntaxError(ValueError):
    """A script value that cannot be split: a quote or an escape without its end."""


def split_value(text: str) -> list[str]:
    """Split a script value (the statement's `raw`) into COMMANDLINE [USER [GROUP]]; backslashes stay.

    Raises:
        ScriptSyntaxError: a quote is not closed, or the value ends in a backslash.
    """
    return _split(text, escapes=False)


def split_command(text: str) -> list[str]:
    r"""Split COMMANDLINE into its arguments, with the escapes `\a \b \E \f \n \r \t \v \nnn \xHH \cX`.

    Also reads a quoted `regex` value. Bytes above 0x7f are surrogate-escaped.

    Raises:
        ScriptSyntaxError: a quote is not closed, or the command ends in a backslash.
    """
    return _split(text, escapes=True)


def _split(text: str, *, escapes: bool) -> list[str]:
    words: list[str] = []
    position = _skip_blanks(text, 0)
    while position < len(text):
        word, position = _read_word(text, position, escapes)
        words.append(word)
        position = _skip_blanks(text, position)
    return words


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position] in BLANKS:
        position += 1
    return position


def _read_word(text: str, position: int, escapes: bool) -> tuple[str, int]:
    """Return one word and the index after it."""
    parts: list[str] = []
    quote = ""
    while found := _STOPS[quote].search(text, position):
        parts.append(text[position : found.start()])
        position = found.start()
        sign = text[position]
        if sign == "\\":
            part, position = _read_escape(text, position + 1, escapes)
            parts.append(part)
        elif sign in "\"'":
            quote = "" if quote else sign
            position += 1
        else:
            return "".join(parts), position
    if quote:
        raise ScriptSyntaxError(f"missing terminating {quote}")
    return "".join(parts) + text[position:], len(text)


def _read_escape(text: str, position: int, escapes: bool) -> tuple[str, int]:
    """Return what the escape whose character stands at `position` means, and the index after it."""
    if position >= len(text):
        raise ScriptSyntaxError("a backslash ends the value")
    sign = text[position]
    if not escapes:
        return "\\" + sign, position + 1
    numbered = _NUMBERED.match(text, position)
    if not numbered:
        return _NAMED.get(sign, sign), position + 1
    if numbered.group(3):
        return chr(ord(numbered.group(3)) & 0x1F), numbered.end()
    value = int(numbered.group(1), 16) if numbered.group(1) else int(numbered.group(2), 8)
    return bytes([value & 0xFF]).decode("utf-8", "surrogateescape"), numbered.end()
