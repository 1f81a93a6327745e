"""Command line words, read as GNU getopt_long reads them.

The standard library's getopt knows no optional arguments, and argparse has other rules (and costs 6 ms of the time
between exec and the first advert), so these few lines are our own.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from keepalived_py.structure import structure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class Argument(Enum):
    """Whether an option takes a word of its own."""

    NONE = 0
    REQUIRED = 1
    OPTIONAL = 2


@structure
class Given:
    """An option as it was given: its long name and its argument, None when it has none."""

    name: str
    argument: str | None


@structure
class Refused:
    """A word that is no option, or lacks its argument; `text` says so in keepalived's words."""

    text: str


@structure
class Extra:
    """A word that belongs to no option."""

    word: str


class Reader:
    """Reads words against a table of options.

    Args:
        long: long name -> kind of argument.
        short: letter -> long name.
    """

    def __init__(self, long: Mapping[str, Argument], short: Mapping[str, str]) -> None:
        self._long = long
        self._short = short

    def read(self, words: Sequence[str]) -> Iterator[Given | Refused | Extra]:
        """Yield what each word means, in order; words and options may mix, `--` ends the options."""
        rest = list(words)
        while rest:
            word = rest.pop(0)
            if word == "--":
                yield from map(Extra, rest)
                return
            if word.startswith("--"):
                yield self._long_option(word, rest)
            elif word.startswith("-") and word != "-":
                yield from self._short_options(word[1:], rest)
            else:
                yield Extra(word)

    def _long_option(self, word: str, rest: list[str]) -> Given | Refused:
        typed, equals, value = word[2:].partition("=")
        names = [typed] if typed in self._long else [name for name in self._long if name.startswith(typed)]
        if not names:
            return Refused(f"Unknown option {word}")
        if len(names) > 1:
            return Refused(f"Unknown option {word} (it could be {', '.join(f'--{name}' for name in names)})")
        name = names[0]
        kind = self._long[name]
        if equals and kind is Argument.NONE:
            return Refused(f"Unknown option {word} (--{name} takes no argument)")
        if equals:
            return Given(name, value)
        if kind is not Argument.REQUIRED:
            return Given(name, None)
        return Given(name, rest.pop(0)) if rest else Refused(f"Missing parameter for option --{name}")

    def _short_options(self, letters: str, rest: list[str]) -> Iterator[Given | Refused]:
        while letters:
            letter, letters = letters[0], letters[1:]
            name = self._short.get(letter)
            if name is None:
                yield Refused(f"Unknown option -{letter}")
                continue
            kind = self._long[name]
            if kind is Argument.NONE:
                yield Given(name, None)
                continue
            if not letters and kind is Argument.REQUIRED:
                yield Given(name, rest.pop(0)) if rest else Refused(f"Missing parameter for option -{letter}")
                return
            yield Given(name, letters or None)
            return
