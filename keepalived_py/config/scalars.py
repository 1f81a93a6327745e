"""Kinds of value that are one word: text to a typed value or a reason, and back.

A kind knows its own name, syntax and range as the keyword table prints them, so that what is documented
is what is enforced. Every `parse` raises `BadValueError` with what would be right; when a wrong value
still has a use (rounded, clipped), the error carries it as `instead`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keepalived_py.errors import ConfigTestCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keepalived_py.config.reading import Reading

UNSET: Final = object()
TRUE_WORDS: Final = frozenset({"on", "true", "yes"})
FALSE_WORDS: Final = frozenset({"off", "false", "no"})
BLANKS: Final = " \t\f\v\r\n"
_MUST_QUOTE: Final = frozenset(BLANKS + "#!{}'")
_MUST_NOT_LEAD: Final = frozenset("@~$")


class BadValueError(Exception):
    """A value cannot be used as it stands.

    Attributes:
        reason: what is wrong and what would be right, without a final full stop; empty when that has been said.
        instead: the value that is used nevertheless; UNSET when the keyword is ignored.
        index: which word of the statement is to blame (0 is the keyword).
        code: the class of problem for the exit code of --config-test.
    """

    def __init__(
        self, reason: str, *, instead: Any = UNSET, index: int = 1, code: ConfigTestCode = ConfigTestCode.ERRORS
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.instead = instead
        self.index = index
        self.code = code


class MissingWordError(Exception):
    """A keyword stands without a word that it needs."""


def quote(text: str) -> str:
    """Return `text` as one word of the language: quoted when it would otherwise be split or misread."""
    if text.split() != [text] or text[0] in _MUST_NOT_LEAD or not _MUST_QUOTE.isdisjoint(text):
        return f'"{text}"'
    return text


class Kind:
    """A kind of value: how it reads its words and writes them back.

    Attributes:
        type_name: name of the kind in the keyword table.
        syntax: its arguments in the keyword table.
        limits: the values it admits in the keyword table.
        minimum: number of words that must follow the keyword.
    """

    type_name = "string"
    syntax = "STRING"
    limits = "-"
    minimum = 1

    def parse(self, text: str) -> Any:
        """Return the value of one word, or raise BadValueError."""
        return str(text)

    def parse_in(self, text: str, reading: Reading) -> Any:
        """Return the value of one word where names of the machine around us may matter."""
        del reading
        return self.parse(text)

    def read(self, words: Sequence[str], reading: Reading) -> Any:
        """Return the value of a statement's `words` (keyword first)."""
        if len(words) < 2:
            raise MissingWordError
        return self.parse_in(words[1], reading)

    def take(self, words: Sequence[str], index: int, reading: Reading) -> tuple[Any, int]:
        """Return the value that begins at word `index` of a line of options, and the index after it."""
        if index >= len(words):
            raise MissingWordError
        return self.parse_in(words[index], reading), index + 1

    def format(self, value: Any) -> str:
        """Return the word that parses to `value`."""
        return str(value)

    def write(self, value: Any) -> str | None:
        """Return the arguments that read as `value`; None when the keyword must not be written at all."""
        return quote(self.format(value))

    def unset_text(self, value: Any) -> str:
        """Return how the keyword table shows the default `value`."""
        return "none" if value is None or value in ("", ()) else self.format(value)


class Flag(Kind):
    """A keyword that is on when it stands there; words after it are ignored."""

    type_name = "flag"
    syntax = "-"
    minimum = 0

    def read(self, words: Sequence[str], reading: Reading) -> bool:
        """Return True."""
        del words, reading
        return True

    def write(self, value: Any) -> str | None:
        """Return no argument for True; False is not written."""
        return "" if value else None

    def unset_text(self, value: Any) -> str:
        """Return on or off."""
        return "on" if value else "off"


class Word(Flag):
    """A word without a value that stands for a number or a word of its own."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def read(self, words: Sequence[str], reading: Reading) -> Any:
        """Return what the word stands for."""
        del words, reading
        return self.value

    def write(self, value: Any) -> str | None:
        """Return no argument for the word's own value."""
        return "" if value == self.value else None

    def unset_text(self, value: Any) -> str:
        """Return a dash: the default is another word's."""
        del value
        return "-"


class NotFlag(Word):
    """A keyword that turns a flag off."""

    def __init__(self) -> None:
        super().__init__(value=False)


class Boolean(Kind):
    """One of on, true, yes, off, false, no; nothing means true."""

    type_name = "bool?"
    syntax = "[BOOL]"
    limits = "on/off/true/false/yes/no"
    minimum = 0

    def parse(self, text: str) -> bool:
        """Return the truth value of one word."""
        if text in TRUE_WORDS:
            return True
        if text in FALSE_WORDS:
            return False
        raise BadValueError(f"invalid value '{text}': use one of on, true, yes, off, false, no")

    def read(self, words: Sequence[str], reading: Reading) -> bool:
        """Return the truth value; True without a word."""
        del reading
        return self.parse(words[1]) if len(words) > 1 else True

    def format(self, value: Any) -> str:
        """Return on or off."""
        return "on" if value else "off"

    def unset_text(self, value: Any) -> str:
        """Return true, false or unset."""
        return "unset" if value is None else str(value).lower()


def leading_integer(text: str) -> int | None:
    """Return the decimal number at the start of `text` (sign allowed), or None when there is none."""
    stripped = text.lstrip(BLANKS)
    sign = stripped[:1] if stripped[:1] in ("+", "-") else ""
    digits = stripped[len(sign) :]
    end = 0
    while end < len(digits) and digits[end] in "0123456789":
        end += 1
    return int(sign + digits[:end]) if 0 < end < 4000 else None


class Integer(Kind):
    """A decimal number between two bounds; base-0 notation where the language has it.

    A lenient reader goes on with a leading number when something else follows it, a strict one ignores
    the keyword; both report it.
    """

    type_name = "uint"

    def __init__(
        self, low: int, high: int, *, strict: bool = False, anybase: bool = False, syntax: str = "N", zero: int = 0
    ) -> None:
        self.low = low
        self.high = high
        self.strict = strict
        self.anybase = anybase
        self.syntax = syntax
        self.zero = zero
        self.limits = f"{low}..{high}"
        self.type_name = ("int" if low < 0 else "uint") + (" (base 0)" if anybase else "")

    def parse(self, text: str) -> int:
        """Return the number."""
        if text.isdigit() and text.isascii() and len(text) < 30 and not self.anybase:
            value = int(text)
            if self.low <= value <= self.high:
                return value
            return self._out_of_range(value, text)
        return self._unusual(text)

    def _unusual(self, text: str) -> int:
        value = c_integer(text) if self.anybase else plain_integer(text)
        if value is None:
            start = None if self.strict else leading_integer(text)
            instead = UNSET if start is None or not self.low <= start <= self.high else start
            raise BadValueError(f"invalid number '{text}': use {self.limits}", instead=instead)
        if not self.low <= value <= self.high:
            return self._out_of_range(value, text)
        return value

    def _out_of_range(self, value: int, text: str) -> int:
        instead = self.zero if value == 0 and self.zero else UNSET
        raise BadValueError(f"number '{text}' outside range [{self.low}, {self.high}]", instead=instead)


class ClampedInteger(Integer):
    """A number that is moved to the nearer bound when it is outside, and reported."""

    def _out_of_range(self, value: int, text: str) -> int:
        clamped = min(max(value, self.low), self.high)
        raise BadValueError(f"number '{text}' outside range [{self.low}, {self.high}]", instead=clamped)


def plain_integer(text: str) -> int | None:
    """Return the number that the whole of `text` is in base 10 (leading blanks and sign allowed), or None."""
    stripped = text.lstrip(BLANKS)
    digits = stripped[1:] if stripped[:1] in ("+", "-") else stripped
    return int(stripped) if digits.isdigit() and digits.isascii() and len(digits) < 4000 else None


def c_integer(text: str) -> int | None:
    """Return the number that `text` is in C notation: decimal, 0x hexadecimal or 0 octal; or None."""
    body = text[1:] if text[:1] in ("+", "-") else text
    base = 16 if body[:2] in ("0x", "0X") else 8 if body[:1] == "0" and len(body) > 1 else 10
    if not body.isalnum() or not body.isascii() or len(body) > 64:
        return None
    try:
        return int(body, base) * (-1 if text[0] == "-" else 1)
    except ValueError:
        return None


class Seconds(Kind):
    """Decimal seconds (or milliseconds) with a resolution; the value is float seconds.

    Args (of the constructor): `low`, `high` inclusive, in the unit of the keyword; `places`: decimals
    allowed; `scale`: how many of the unit make one second (1, or 1000 for milliseconds).
    """

    syntax = "SECS"

    def __init__(
        self, low: str, high: str, *, places: int = 6, scale: int = 1, strict: bool = False, zero: str = ""
    ) -> None:
        self.limits = f"{low}..{high}"
        self.places = places
        self.strict = strict
        self.scale = scale
        self.unit = 10**places
        self.low = decimal_units(low, places) or 0
        self.high = decimal_units(high, places) or 0
        self.zero = decimal_units(zero, places) if zero else None
        self.type_name = (
            "decimal ms (usec)" if scale == 1000 else "decimal s (ms)" if places == 3 else "decimal s (usec)"
        )
        self.syntax = "MS" if scale == 1000 else "SECS"

    def parse(self, text: str) -> float:
        """Return float seconds."""
        units = decimal_units(text, self.places)
        if units is None:
            raise BadValueError(f"invalid number '{text}': use {self.limits}", instead=self._leading(text))
        if not self.low <= units <= self.high:
            instead = self._value(self.zero) if units == 0 and self.zero is not None else UNSET
            raise BadValueError(f"number '{text}' outside range [{self.limits.replace('..', ', ')}]", instead=instead)
        if len(text.partition(".")[2]) > self.places:
            raise BadValueError(f"number '{text}' has more than {self.places} decimals", instead=self._value(units))
        return self._value(units)

    def _value(self, units: int) -> float:
        return float(units / (self.unit * self.scale))

    def _leading(self, text: str) -> Any:
        end = 0
        while end < len(text) and text[end] in "0123456789.":
            end += 1
        units = decimal_units(text[:end], self.places)
        return UNSET if self.strict or units is None or not self.low <= units <= self.high else self._value(units)

    def format(self, value: Any) -> str:
        """Return the number in the unit of the keyword, without trailing zeros."""
        return f"{value * self.scale:.{self.places}f}".rstrip("0").rstrip(".")


def decimal_units(text: str, places: int) -> int | None:
    """Return decimal `text` in units of 10**-places, rounded half up; None when it is not a decimal number."""
    whole, _, fraction = text.lstrip(BLANKS).removeprefix("+").partition(".")
    if not text.isascii() or len(text) > 60 or not (whole + fraction).isdigit():
        return None
    units = int((whole or "0") + fraction[:places].ljust(places, "0"))
    return units + (fraction[places : places + 1] >= "5")


class WholeSeconds(Integer):
    """Whole seconds as float seconds."""

    def __init__(self, low: int, high: int) -> None:
        super().__init__(low, high, syntax="SECS")
        self.type_name = "uint s"

    def parse(self, text: str) -> Any:
        """Return float seconds."""
        return float(super().parse(text))

    def format(self, value: Any) -> str:
        """Return whole seconds."""
        return str(int(value))


class Text(Kind):
    """Free text, perhaps with a longest length; longer text is cut and reported, or refused."""

    def __init__(
        self, syntax: str = "NAME", *, type_name: str = "string", limit: int = 0, cut: bool = False, limits: str = ""
    ) -> None:
        self.syntax = syntax
        self.type_name = type_name
        self.limit = limit
        self.cut = cut
        self.limits = limits or (f"max {limit} chars" if limit else "-")

    def parse(self, text: str) -> str:
        """Return the text."""
        if self.limit and len(text.encode("utf-8", "surrogateescape")) > self.limit:
            kept = text.encode("utf-8", "surrogateescape")[: self.limit].decode("utf-8", "surrogateescape")
            if self.cut:  # not told here: it may be a password
                raise BadValueError(
                    f"longer than {self.limit} characters: the first {self.limit} are used", instead=kept
                )
            raise BadValueError(f"'{text}' is longer than {self.limit} characters")
        return str(text)


class Interface(Text):
    """The name of a network interface."""

    def __init__(self) -> None:
        super().__init__("IFNAME", type_name="iface", limit=15)

    def parse(self, text: str) -> str:
        """Return the name."""
        if len(text) > 15:
            raise BadValueError(f"interface name '{text}' is longer than 15 characters")
        return str(text)


class Choice(Kind):
    """One of a few words; `values` maps what is written to what is meant."""

    type_name = "enum"

    def __init__(self, *words: str, anycase: bool = False, values: Mapping[str, Any] | None = None) -> None:
        self.values: Mapping[str, Any] = values or {word: word for word in words}
        self.anycase = anycase
        self.syntax = "/".join(self.values)
        self.limits = "any case" if anycase else "case sensitive"

    def parse(self, text: str) -> Any:
        """Return what the word means."""
        value = self.values.get(text, UNSET)
        if value is UNSET and self.anycase:
            value = next((v for word, v in self.values.items() if word.upper() == text.upper()), UNSET)
        if value is UNSET:
            raise BadValueError(f"unknown value '{text}': use one of {', '.join(self.values)}")
        return value

    def format(self, value: Any) -> str:
        """Return the word that means `value`."""
        return next(word for word, meaning in self.values.items() if meaning == value)
