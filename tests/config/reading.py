"""Configuration text in, statements and diagnostics out, on files that exist only in memory."""

from __future__ import annotations

import fnmatch
from posixpath import normpath

from keepalived_py.config.definitions import Definitions
from keepalived_py.config.diagnostics import Diagnostics
from keepalived_py.config.expand import Expander
from keepalived_py.config.include import Check, FileKind
from keepalived_py.config.randomness import Random
from keepalived_py.config.tree import Statement, parse

Nested = list[object]


class MemoryFiles:
    def __init__(self, contents: dict[str, bytes], kinds: dict[str, FileKind] | None = None) -> None:
        self.contents = {normpath(path): data for path, data in contents.items()}
        self.kinds = kinds or {}

    def absolute(self, path: str) -> str:
        return path

    def matches(self, pattern: str) -> list[str]:
        pattern = normpath(pattern)
        paths = {path for path in {*self.contents, *self.kinds} if path.count("/") == pattern.count("/")}
        return sorted(path for path in paths if fnmatch.fnmatchcase(path, pattern))

    def kind(self, path: str) -> FileKind:
        path = normpath(path)
        if path in self.kinds:
            return self.kinds[path]
        if path in self.contents:
            return FileKind.REGULAR
        return FileKind.DIRECTORY if any(name.startswith(path + "/") for name in self.contents) else FileKind.MISSING

    def read(self, path: str) -> bytes:
        return self.contents[normpath(path)]


def read_files(
    contents: dict[str, bytes],
    *,
    main: str = "/etc/main.conf",
    config_id: str = "node1",
    checks: Check = Check.NONE,
    environ: dict[str, str] | None = None,
    kinds: dict[str, FileKind] | None = None,
) -> tuple[list[Statement], Diagnostics]:
    diagnostics = Diagnostics()
    definitions = Definitions(config_id, environ or {}, Random(1))
    expander = Expander(MemoryFiles(contents, kinds), definitions, diagnostics, checks)
    return parse(expander.lines(main), diagnostics), diagnostics


def read_text(text: str | bytes, **options: str) -> tuple[list[Statement], Diagnostics]:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    return read_files({"/etc/main.conf": data}, config_id=options.get("config_id", "node1"))


def outline(statements: list[Statement]) -> Nested:
    """Words of each statement; a block is a (words, body) pair."""
    return [
        statement.words if statement.body is None else (statement.words, outline(statement.body))
        for statement in statements
    ]


def words_of(text: str | bytes, **options: str) -> Nested:
    statements, diagnostics = read_text(text, **options)
    assert [entry.render() for entry in diagnostics] == []
    return outline(statements)


def messages_of(diagnostics: Diagnostics) -> list[str]:
    return [
        f"{entry.location.line}:{entry.location.column} {entry.message}" if entry.location else entry.message
        for entry in diagnostics
    ]
