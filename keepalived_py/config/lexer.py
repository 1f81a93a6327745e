"""Physical lines to words: decoding, comments, double quotes, braces."""

import re

from keepalived_py.config.diagnostics import Diagnostics, Location

MAX_LINE_BYTES = 1022
BLANKS = " \t\f\v\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_WORD = re.compile(r'"([^"]*)"|"(.*)|([^ \t\f\v\r\n"]+)', re.DOTALL)
_COMMENT_SYNTAX = re.compile(r'[!#"\\]')
_BRACE_SYNTAX = re.compile(r'[{}"]')
_SEPARATORS_OF_PYTHON = re.compile("[\x1c-\x1f]")


def decode_lines(data: bytes, file: str, diagnostics: Diagnostics) -> list[str]:
    """Split a file into physical lines; a line that keepalived refuses becomes an empty one.

    Bytes that are not UTF-8 are surrogate-escaped, so that every value can be written back as it was.
    """
    if data.startswith(_BYTE_ORDER_MARK):
        data = data.removeprefix(_BYTE_ORDER_MARK)
        diagnostics.error("the file starts with a byte order mark", Location(file, 1))
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    if lines[-1] == "":
        lines.pop()
    if b"\r" in data:
        lines = [line.rstrip("\r") for line in lines]
    if b"\0" in data or max(map(len, lines), default=0) > MAX_LINE_BYTES // 4:
        lines = [_refused(line, Location(file, number), diagnostics) for number, line in enumerate(lines, 1)]
    return lines


def _refused(line: str, where: Location, diagnostics: Diagnostics) -> str:
    """Return the line, or an empty one when it is too long or holds a NUL byte."""
    if "\0" in line:
        diagnostics.error("the line holds a NUL byte and is ignored", where)
        return ""
    size = len(line.encode("utf-8", "surrogateescape"))
    if size > MAX_LINE_BYTES:
        diagnostics.error(f"the line is too long ({size} bytes, at most {MAX_LINE_BYTES}) and is ignored", where)
        return ""
    return line


def strip_comment(text: str) -> tuple[str, bool]:
    r"""Remove blanks around, comment and the backslash of `\#` and `\!`.

    Returns:
        The text, and True when a double quote is left open.
    """
    if not _COMMENT_SYNTAX.search(text):
        return text.strip(" \t"), False
    kept: list[str] = []
    quoted = False
    start = position = 0
    while found := _COMMENT_SYNTAX.search(text, position):
        at, sign = found.start(), found.group()
        position = at + 1
        if sign == '"':
            quoted = not quoted
        elif sign == "\\":
            if not quoted and text[at + 1 : at + 2] in {"#", "!"}:
                kept.append(text[start:at])
                start = at + 1
            position = at + 2
        elif not quoted:
            kept.append(text[start:at])
            return "".join(kept).strip(" \t"), False
    kept.append(text[start:])
    return "".join(kept).strip(" \t"), quoted


def find_brace(text: str) -> int:
    """Return the index of the first brace outside double quotes, or -1."""
    position = 0
    while found := _BRACE_SYNTAX.search(text, position):
        if found.group() != '"':
            return found.start()
        position = text.find('"', found.end()) + 1
        if not position:
            return -1
    return -1


def split_words(text: str) -> list[str]:
    """Split on blanks; double quotes group, end a word where they stand, and have no escapes.

    An unterminated quote ends the words: what follows it is dropped (strip_comment has reported it).
    """
    if '"' not in text and text.isascii() and not _SEPARATORS_OF_PYTHON.search(text):
        return text.split()
    return [
        found.group(1) if found.group(1) is not None else found.group(3)
        for found in _WORD.finditer(text)
        if found.group(2) is None
    ]


def word_columns(text: str, start: int = 0) -> list[int]:
    """Return the 1-based column of each word from index `start` up to a comment, a brace or the end of the line."""
    columns: list[int] = []
    for found in _WORD.finditer(text, start):
        word = found.group()
        if word[0] != '"':
            stop = re.search(r"(?<!\\)[#!]|[{}]", word)
            if stop and stop.start() == 0:
                break
            columns.append(found.start() + 1)
            if stop:
                break
        else:
            columns.append(found.start() + 1)
    return columns
