"""Kinds of value that take several words, or words with a meaning of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keepalived_py.config.fields import Record, attribute, record
from keepalived_py.config.scalars import UNSET, BadValueError, Kind, MissingWordError, quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.config.reading import Reading
    from keepalived_py.config.scalars import Integer

FOREVER: Final = 0xFFFFFFFF
_ESCAPED: Final = {
    **{chr(code): f"\\x{code:02x}" for code in (*range(32), 127)},
    '"': "\\x22",
    "'": "\\x27",
    "\\": "\\x5c",
}


@record
class Identity(Record):
    """Whom a script runs as, in numbers, and under which rule; the checks find it out.

    Attributes:
        uid, gid: None for those of the daemon.
        groups: supplementary groups.
        guarded: whether it must not run when others than root may have changed it.
    """

    uid: int | None = attribute(default=None)
    gid: int | None = attribute(default=None)
    groups: tuple[int, ...] = attribute(default=())
    guarded: bool = attribute(default=False)


@record
class Script(Record):
    """A program to run.

    Attributes:
        words: the program and its arguments, escapes resolved.
        user, group: whom to run it as; None for the built-in default.
        supplementary: True when the user's supplementary groups are set too.
        path: what is executed, found in the search path and without symbolic links (unless they are kept); None as
            long as it has not been checked.
        identity: the user and group in numbers, once checked.
    """

    words: tuple[str, ...] = attribute()
    user: str | None = attribute(default=None)
    group: str | None = attribute(default=None)
    supplementary: bool = attribute(default=False)
    path: str | None = attribute(default=None)
    identity: Identity | None = attribute(default=None)


@record
class User(Record):
    """Whom scripts run as."""

    user: str = attribute()
    group: str | None = attribute(default=None)
    supplementary: bool = attribute(default=False)


@record
class Fifo(Record):
    """A named pipe and its owner.

    Attributes:
        path: where it is.
        user, group: its owner; None for the built-in default.
        uid, gid: the owner in numbers, once checked; None for the daemon's own.
    """

    path: str = attribute()
    user: str | None = attribute(default=None)
    group: str | None = attribute(default=None)
    uid: int | None = attribute(default=None)
    gid: int | None = attribute(default=None)


@record
class Weight(Record):
    """What a tracked object adds to a priority; `reverse` turns its meaning round."""

    weight: int = attribute(default=0)
    reverse: bool = attribute(default=False)


class Maybe(Kind):
    """A kind whose word may be left out; the value is then `absent`."""

    minimum = 0

    def __init__(self, kind: Kind, absent: Any, *, type_name: str = "", syntax: str = "") -> None:
        self.kind = kind
        self.absent = absent
        self.type_name = type_name or f"{kind.type_name}?"
        self.syntax = syntax or f"[{kind.syntax}]"
        self.limits = kind.limits

    def read(self, words: Sequence[str], reading: Reading) -> Any:
        """Return the value, or `absent` without words."""
        return self.kind.read(words, reading) if len(words) > 1 else self.absent

    def format(self, value: Any) -> str:
        """Return the word for `value`."""
        return str(value) if value == self.absent and isinstance(value, (str, bool)) else self.kind.format(value)

    def write(self, value: Any) -> str | None:
        """Return no word for `absent`."""
        return "" if value == self.absent else self.kind.write(value)


class Exactly(Kind):
    """A kind that refuses more words than its one."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.type_name, self.syntax, self.limits = kind.type_name, kind.syntax, kind.limits

    def read(self, words: Sequence[str], reading: Reading) -> Any:
        """Return the value of the only word."""
        if len(words) > 2:
            raise BadValueError(f"'{words[0]}' takes exactly one word", index=2)
        return self.kind.read(words, reading)

    def format(self, value: Any) -> str:
        """Return the word for `value`."""
        return self.kind.format(value)

    def write(self, value: Any) -> str | None:
        """Return the argument for `value`."""
        return self.kind.write(value)


def split_group(words: Sequence[str]) -> tuple[str | None, str | None, bool]:
    """Return (user, group, supplementary) of `[USER [[:]GROUP]]`; `:` alone or before GROUP asks for supplementary."""
    user = str(words[0]) if words else None
    rest = "".join(words[1 : 3 if words[1:2] == [":"] else 2])
    return user, rest.removeprefix(":") or None, rest.startswith(":")


def default_owner(reading: Reading) -> tuple[str | None, str | None, bool]:
    """Return user and group of the script_user seen so far, and whether it has supplementary groups."""
    owner = reading.default("script_user")
    return (None, None, False) if owner is None else (owner.user, owner.group, owner.supplementary)


def group_words(user: str | None, group: str | None, supplementary: bool) -> str:
    """Return the words that `split_group` reads as these."""
    parts = [user, (":" if supplementary else "") + (group or "")] if user else []
    return "".join(f" {quote(part)}" for part in parts if part)


def escape_word(word: str) -> str:
    r"""Return `word` with `\xHH` for what would end or escape inside quotes."""
    return "".join(_ESCAPED.get(character, character) for character in word)


def escape_command(words: Sequence[str]) -> str:
    r"""Return one quoted word whose second splitting gives `words`, with `\xHH` for what would end a quote."""
    return '"' + " ".join(f"'{escape_word(word)}'" for word in words) + '"'


class ScriptValue(Kind):
    """SCRIPT [USER [[:]GROUP]]: the command line is one quoted word, split again into its arguments."""

    type_name = "script"
    syntax = "SCRIPT [USER [[:]GROUP]]"

    def read(self, words: Sequence[str], reading: Reading) -> Script:
        """Return the script; its user is the script_user seen so far when none is named."""
        from keepalived_py.config.script_words import ScriptSyntaxError, split_command, split_value  # noqa: PLC0415

        if len(words) < 2:
            raise MissingWordError
        raw = reading.statement.raw if reading.statement else " ".join(words[1:])
        try:
            value = split_value(raw)
            command = tuple(split_command(value[0])) if value else ()
        except ScriptSyntaxError as problem:
            raise BadValueError(str(problem)) from problem
        if not command:
            raise BadValueError("the script has no name")
        return self._script(command, value[1:], reading)

    def _script(self, command: tuple[str, ...], owner: Sequence[str], reading: Reading) -> Script:
        if len(owner) > 2:
            reading.problem("only a user and a group may follow the script; quote a command line with arguments", 4)
        user, group, supplementary = split_group(owner)
        if user is None:
            user, group, supplementary = default_owner(reading)
        wanted = supplementary or reading.default("set_supplementary_groups")
        return Script(words=command, user=user, group=group, supplementary=wanted and user is not None)

    def write(self, value: Any) -> str | None:
        """Return the quoted command line and its owner."""
        return escape_command(value.words) + group_words(value.user, value.group, value.supplementary)

    def format(self, value: Any) -> str:
        """Return the command line for people."""
        return " ".join(value.words)


class CommandLine(ScriptValue):
    """A script without user words: its user comes from a `user` keyword beside it."""

    syntax = "CMDLINE"

    def _script(self, command: tuple[str, ...], owner: Sequence[str], reading: Reading) -> Script:
        if owner:
            reading.problem("words after the script are ignored; quote a command line with arguments", 2)
        return Script(words=command)


class UserValue(Kind):
    """USER [[:]GROUP]."""

    type_name = "user"
    syntax = "USER [[:]GROUP]"

    def read(self, words: Sequence[str], reading: Reading) -> User:
        """Return the user and group."""
        if len(words) < 2:
            raise MissingWordError
        user, group, supplementary = split_group(words[1:])
        return User(
            user=user or "", group=group, supplementary=supplementary or reading.default("set_supplementary_groups")
        )

    def write(self, value: Any) -> str | None:
        """Return the words."""
        return group_words(value.user, value.group, value.supplementary).lstrip()

    def format(self, value: Any) -> str:
        """Return the words for people."""
        return group_words(value.user, value.group, value.supplementary).lstrip()


class FifoValue(Kind):
    """PATH [USER [[:]GROUP]]."""

    type_name = "fifo"
    syntax = "PATH [USER [[:]GROUP]]"

    def read(self, words: Sequence[str], reading: Reading) -> Fifo:
        """Return the pipe; its owner is the script_user seen so far when none is named."""
        if len(words) < 2:
            raise MissingWordError
        user, group, _ = split_group(words[2:])
        if user is None:
            user, group, _ = default_owner(reading)
        return Fifo(path=str(words[1]), user=user, group=group)

    def write(self, value: Any) -> str | None:
        """Return the words."""
        return quote(value.path) + group_words(value.user, value.group, supplementary=False)

    def format(self, value: Any) -> str:
        """Return the path for people."""
        return str(value.path)


class WeightValue(Kind):
    """W [reverse]: a number and its sense."""

    type_name = "int"
    syntax = "W [reverse]"

    def __init__(self, number: Integer, *, noreverse: bool = False) -> None:
        self.number = number
        self.senses = ("reverse", "noreverse") if noreverse else ("reverse",)
        self.syntax = f"W [{'/'.join(self.senses)}]"
        self.limits = number.limits

    def read(self, words: Sequence[str], reading: Reading) -> Weight:
        """Return the weight."""
        if len(words) < 2:
            raise MissingWordError
        weight = clipped(self.number, words[1], reading)
        sense = words[2] if len(words) > 2 else ""
        if sense and sense not in self.senses:
            reading.problem(f"unknown word '{sense}' after the weight: use {' or '.join(self.senses)}", 2)
        return Weight(weight=weight, reverse=sense == "reverse")

    def write(self, value: Any) -> str | None:
        """Return the number and the sense."""
        return f"{value.weight}{' reverse' if value.reverse else ''}"

    def format(self, value: Any) -> str:
        """Return the number and the sense."""
        return f"{value.weight}{' reverse' if value.reverse else ''}"


def clipped(number: Integer, text: str, reading: Reading, index: int = 1) -> int:
    """Return the number; 254 beyond a limit of 253 is clipped with a report (it would mean "always owner")."""
    try:
        return number.parse(text)
    except BadValueError as bad:
        beyond = number.high == 253 and text in ("254", "-254")
        if bad.instead is UNSET and not beyond:
            bad.index = index
            raise
        reading.problem(bad.reason, index)
        return (number.high if text == "254" else number.low) if beyond else int(bad.instead)


class Several(Kind):
    """One or more words of one kind, as a tuple."""

    def __init__(
        self,
        kind: Kind,
        *,
        type_name: str,
        syntax: str,
        least: int = 1,
        limits: str = "",
        strict: bool = False,
        distinct: bool = False,
    ) -> None:
        self.kind = kind
        self.type_name = type_name
        self.syntax = syntax
        self.limits = limits or kind.limits
        self.minimum = least
        self.strict = strict
        self.distinct = distinct

    def read(self, words: Sequence[str], reading: Reading) -> tuple[Any, ...]:
        """Return the values; one bad word is reported and left out, or spoils all of them when strict."""
        if len(words) - 1 < self.minimum:
            raise MissingWordError
        values = []
        for index, word in enumerate(words[1:], 1):
            try:
                values.append(self.kind.parse_in(word, reading))
            except BadValueError as bad:
                reading.problem(bad.reason, index)
                if self.strict:
                    raise BadValueError("the whole set is ignored") from bad
                if bad.instead is not UNSET:
                    values.append(bad.instead)
        if self.distinct and (twice := next((index for index, word in enumerate(words) if word in words[1:index]), 0)):
            raise BadValueError(f"'{words[twice]}' is there twice: the names must be distinct", index=twice)
        return tuple(values)

    def write(self, value: Any) -> str | None:
        """Return the words."""
        return " ".join(quote(self.kind.format(item)) for item in value)

    def format(self, value: Any) -> str:
        """Return the words for people."""
        return " ".join(self.kind.format(item) for item in value)
