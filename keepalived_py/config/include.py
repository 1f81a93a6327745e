"""`include` and its variants: which files a pattern names, and what is said when some are missing."""

from __future__ import annotations

import re
from enum import Enum, IntFlag, auto
from posixpath import dirname
from typing import Protocol

MAX_ALTERNATIVES = 1000
MAX_BYTES = 16 << 20
"""Of all files together: ten times the largest configurations known, and read within seconds."""
_STATEMENT = re.compile(r"include([rmwba])?[ \t]+(\S.*)", re.DOTALL)
_WILDCARD = re.compile(r"[*?\[]")
_INNERMOST_BRACES = re.compile(r"\{([^{}]*)\}")


class Check(IntFlag):
    """The checks that make an include problem an error instead of a message."""

    NONE = 0
    READ = 1
    MATCH = 2
    WILDCARD_MATCH = 4
    BRACE_MATCH = 8
    ALL = 15


_VARIANTS = {
    None: Check.NONE,
    "r": Check.READ,
    "m": Check.READ | Check.MATCH,
    "w": Check.READ | Check.MATCH | Check.WILDCARD_MATCH,
    "b": Check.READ | Check.BRACE_MATCH,
    "a": Check.ALL,
}
_WORDS = {
    "read": Check.READ,
    "match": Check.MATCH,
    "wildcard_match": Check.WILDCARD_MATCH,
    "brace_match": Check.BRACE_MATCH,
}


class FileKind(Enum):
    """What stands at a path."""

    MISSING = auto()
    DIRECTORY = auto()
    REGULAR = auto()
    UNSUITABLE = auto()


class Files(Protocol):
    """What including needs of a file system; relative paths are relative to the working directory."""

    def absolute(self, path: str) -> str:
        """Return the path from the root, without `.` and `..`."""

    def matches(self, pattern: str) -> list[str]:
        """Return the sorted paths a wildcard pattern matches; a pattern without wildcard matches what exists."""

    def kind(self, path: str) -> FileKind:
        """Return what stands at a path; an executable file or a device is UNSUITABLE."""

    def read(self, path: str) -> bytes:
        """Return the content of a file, at most MAX_BYTES and one more; OSError when it cannot be read."""


class IncludeProblem:
    """Something wrong with an include: the message, and the check that makes it an error.

    Attributes:
        message: one sentence.
        check: the bit that has to be active for it to count.
        silent: True when nothing is said unless the bit is active.
    """

    __slots__ = ("check", "message", "silent")

    def __init__(self, check: Check, message: str, *, silent: bool = False) -> None:
        self.check = check
        self.message = message
        self.silent = silent


def parse_include(text: str) -> tuple[str, Check] | None:
    """Return pattern and checks of an include line, or None when the line is none."""
    found = _STATEMENT.match(text)
    return (found.group(2), _VARIANTS[found.group(1)]) if found else None


def parse_include_check(words: list[str], current: Check) -> Check:
    """Return the checks after `include_check WORD...`; words that are no check of it are left out.

    Args:
        words: the words after the keyword.
        current: the checks so far; `+word` and `-word` change them.
    """
    if not words:
        return Check.ALL
    for index, word in enumerate(words):
        sign = word[:1] if word[:1] in {"+", "-"} else ""
        check = _WORDS.get(word.removeprefix(sign), Check.NONE)
        if not sign and index:
            continue
        if sign == "+":
            current |= check
        elif sign == "-":
            current &= ~check
        else:
            current = Check.READ | check if check else Check.NONE
    return current


def expand_braces(pattern: str) -> list[str]:
    """Return the alternatives of `{a,b}` in a pattern, in order; at most MAX_ALTERNATIVES.

    Raises:
        ValueError: there are more.
    """
    waiting, done = [pattern], []
    while waiting:
        text = waiting.pop()
        found = _INNERMOST_BRACES.search(text)
        if found:
            parts = found[1].split(",")
            waiting += [text[: found.start()] + part + text[found.end() :] for part in reversed(parts)]
        else:
            done.append(text)
        if len(waiting) + len(done) > MAX_ALTERNATIVES:
            raise ValueError(f"the braces stand for more than {MAX_ALTERNATIVES} files")
    return list(dict.fromkeys(done))


def find_files(pattern: str, active: Check, files: Files) -> tuple[list[str], list[IncludeProblem]]:
    """Return the files to read for a pattern, and what is wrong with it."""
    try:
        alternatives = expand_braces(pattern)
    except ValueError as error:
        return [], [IncludeProblem(Check.READ, str(error))]
    found: list[str] = []
    problems: list[IncludeProblem] = []
    unmatched = [alternative for alternative in alternatives if not _collect(alternative, files, found)]
    braces = "{" in pattern
    if unmatched and braces:
        message = "some config files missing" if found else "config files missing"
        problems.append(IncludeProblem(Check.BRACE_MATCH, f"{message}: '{pattern}'"))
        if active & Check.BRACE_MATCH:
            found = []
    elif unmatched and _is_missing(pattern, files):
        problems.append(IncludeProblem(Check.MATCH, f"config files missing: '{pattern}'"))
    elif unmatched:
        problems.append(IncludeProblem(Check.WILDCARD_MATCH, f"no config files matched '{pattern}'", silent=True))
    suitable = [path for path in found if _suitable(path, files, problems)]
    return suitable, problems


def _collect(alternative: str, files: Files, found: list[str]) -> bool:
    """Add what one alternative matches; return whether it matched."""
    paths = files.matches(alternative)
    found += paths
    return bool(paths)


def _is_missing(pattern: str, files: Files) -> bool:
    """Return whether a pattern names a file, or files of a directory, that does not exist."""
    wildcard = _WILDCARD.search(pattern)
    return not wildcard or files.kind(dirname(pattern[: wildcard.start()]) or ".") is not FileKind.DIRECTORY


def _suitable(path: str, files: Files, problems: list[IncludeProblem]) -> bool:
    kind = files.kind(path)
    if kind is FileKind.REGULAR:
        return True
    what = "a directory" if kind is FileKind.DIRECTORY else "not a regular non-executable file"
    problems.append(IncludeProblem(Check.READ, f"configuration file '{path}' is {what}"))
    return False
