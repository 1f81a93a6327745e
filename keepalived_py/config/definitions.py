"""`$NAME=VALUE` definitions and the references to them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keepalived_py.config.lexer import MAX_LINE_BYTES
from keepalived_py.structure import field, structure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keepalived_py.config.randomness import Random

_DEFINITION = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)=[ \t]*(.*)", re.DOTALL)
_REFERENCE = re.compile(
    r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)((?:[ \t]+-?[A-Za-z0-9_]+)*)\}|([A-Za-z_][A-Za-z0-9_]*)(?=[ \t,)]|\Z))"
)
_MAX_SUBSTITUTIONS = 1000


class DefinitionError(ValueError):
    """A reference that cannot be replaced; the message says why."""


def parse_definition(text: str) -> tuple[str, str] | None:
    """Return name and value of a definition line, or None when the line is none."""
    found = _DEFINITION.match(text)
    return (found.group(1), found.group(2)) if found else None


@structure
class Substitution:
    """A line with its references replaced.

    Attributes:
        text: the line.
        following: lines of a multi-line value that come after it.
        undefined: names in braces that nobody defined; they stay in the text without their braces.
    """

    text: str
    following: tuple[str, ...] = ()
    undefined: tuple[str, ...] = ()


@structure(frozen=False)
class Definitions:
    """The names that `$NAME` and `${NAME}` may refer to.

    Attributes:
        config_id: value of `_INSTANCE`.
        environ: variables of `_ENV`.
        random: source of `_RANDOM`.
        directory: value of `_PWD`.
    """

    config_id: str
    environ: Mapping[str, str]
    random: Random
    directory: str = ""
    _values: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def define(self, name: str, lines: tuple[str, ...]) -> None:
        """Set or replace a definition; more than one line makes it a multi-line one."""
        self._values[name] = lines

    def substitute(self, text: str) -> Substitution:
        """Replace every reference in a line, references in values too.

        Raises:
            DefinitionError: the line refers to itself, grows too long, or gives a built-in wrong arguments.
        """
        following: list[str] = []
        undefined: list[str] = []
        position = 0
        for _ in range(_MAX_SUBSTITUTIONS):
            found = _REFERENCE.search(text, position)
            if not found:
                return Substitution(text, tuple(following), tuple(undefined))
            position = found.start()
            lines = self._value(found, last=found.end() == len(text))
            if lines is None:
                if found.group(1) and not found.group(2):
                    undefined.append(found.group(1))
                    text = f"{text[:position]}${found.group(1)}{text[found.end() :]}"
                position += 1
                continue
            following[:0] = lines[1:]
            text = text[:position] + lines[0] + text[found.end() :]
            if len(text) > MAX_LINE_BYTES:
                raise DefinitionError("definitions make the line longer than a line may be")
            if lines[0].lstrip(" \t").startswith("~"):
                return Substitution(text, tuple(following), tuple(undefined))
        raise DefinitionError("a definition refers to itself without end")

    def _value(self, found: re.Match[str], *, last: bool) -> tuple[str, ...] | None:
        """Return the lines a reference stands for, or None when it stays as it is."""
        name = found.group(1) or found.group(3)
        arguments = (found.group(2) or "").split()
        lines = self._values.get(name)
        if lines is not None:
            return None if arguments or (len(lines) > 1 and not last) else lines
        builtin = _BUILTINS.get(name)
        return (builtin(self, arguments),) if builtin else None

    def directory_of_file(self, arguments: list[str]) -> str:
        """Return `${_PWD}`."""
        _refuse_arguments("_PWD", arguments, 0)
        return self.directory

    def instance(self, arguments: list[str]) -> str:
        """Return `${_INSTANCE}`."""
        _refuse_arguments("_INSTANCE", arguments, 0)
        return self.config_id

    def random_number(self, arguments: list[str]) -> str:
        """Return `${_RANDOM}`, `${_RANDOM MIN}` or `${_RANDOM MIN MAX}`."""
        _refuse_arguments("_RANDOM", arguments, 2)
        if not all(argument.isdigit() for argument in arguments):
            raise DefinitionError("_RANDOM takes numbers only")
        low, high = [int(argument) for argument in arguments] + [0, 32767][len(arguments) :]
        return str(self.random.next() % (max(low, high) - low + 1) + low)

    def environment_variable(self, arguments: list[str]) -> str:
        """Return `${_ENV NAME}`; a variable that is not set is empty."""
        if len(arguments) != 1:
            raise DefinitionError("_ENV takes the name of one environment variable")
        return self.environ.get(arguments[0], "")


def _refuse_arguments(name: str, arguments: list[str], most: int) -> None:
    if len(arguments) > most:
        raise DefinitionError(f"{name} takes at most {most} arguments" if most else f"{name} takes no arguments")


_BUILTINS: dict[str, Callable[[Definitions, list[str]], str]] = {
    "_PWD": Definitions.directory_of_file,
    "_INSTANCE": Definitions.instance,
    "_RANDOM": Definitions.random_number,
    "_ENV": Definitions.environment_variable,
    "_HASH": lambda _self, _arguments: "#",
    "_BANG": lambda _self, _arguments: "!",
}
