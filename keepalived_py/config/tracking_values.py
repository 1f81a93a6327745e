"""Kinds of value of tracked objects and of the interfaces they live on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.config.fields import Record, attribute, record
from keepalived_py.config.scalars import (
    UNSET,
    BadValueError,
    Integer,
    Interface,
    Kind,
    MissingWordError,
    Seconds,
    quote,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.config.reading import Reading


class TrackWeight(Integer):
    """The weight of one tracked item; with a limit of 253 a 254 is clipped, for it would mean the owner's priority."""

    def __init__(self, limit: int, *, syntax: str) -> None:
        super().__init__(-limit, limit, syntax=syntax, strict=True)
        self.type_name = "int"

    def _out_of_range(self, value: int, text: str) -> int:
        instead = UNSET if self.high != 253 or abs(value) != 254 else max(min(value, self.high), self.low)
        raise BadValueError(f"weight '{text}' outside range [{self.low}, {self.high}]", instead=instead)


class ProcessCommand(Kind):
    """NAME [PARAM ...]: the words of the command line that is looked for."""

    type_name = "string list"
    syntax = "NAME [PARAM ...]"

    def read(self, words: Sequence[str], reading: Reading) -> tuple[str, ...]:
        """Return the words."""
        del reading
        if len(words) < 2:
            raise MissingWordError
        return tuple(str(word) for word in words[1:])

    def write(self, value: Any) -> str | None:
        """Return the words."""
        return " ".join(quote(word) for word in value)

    def format(self, value: Any) -> str:
        """Return the words for people."""
        return " ".join(value)


@record
class FileStart(Record):
    """What a tracked file is started with.

    Attributes:
        value: the number written.
        overwrite: True when a file that exists is written too.
    """

    value: int = attribute(default=0)
    overwrite: bool = attribute(default=False)


class InitFile(Kind):
    """[VALUE] [overwrite]."""

    type_name = "int?+enum?"
    syntax = "[VALUE] [overwrite]"
    limits = "int32, warned outside -254..254"
    minimum = 0
    number = Integer(-(2**31), 2**31 - 1, strict=True)

    def read(self, words: Sequence[str], reading: Reading) -> FileStart:
        """Return what is written."""
        value, overwrite = 0, False
        for index, word in enumerate(words[1:], 1):
            if word == "overwrite":
                overwrite = True
            else:
                value = self._number(word, index, reading)
        return FileStart(value=value, overwrite=overwrite)

    def _number(self, word: str, index: int, reading: Reading) -> int:
        try:
            value = self.number.parse(word)
        except BadValueError as bad:
            reading.problem(bad.reason, index)
            return 0
        if abs(value) > 254:
            reading.problem(f"initial value {value} is outside [-254, 254]", index)
        return value

    def write(self, value: Any) -> str | None:
        """Return the words."""
        return f"{value.value}{' overwrite' if value.overwrite else ''}"

    def format(self, value: Any) -> str:
        """Return the words for people."""
        return self.write(value) or ""


@record
class InterfaceDelay(Record):
    """How long an interface must be down, or up, before it counts; float seconds."""

    interface: str = attribute()
    down: float = attribute(default=0.0)
    up: float = attribute(default=0.0)


class Debounce(Kind):
    """IFNAME DOWN [UP]."""

    type_name = "value block"
    syntax = "IFNAME DOWN [UP]"
    limits = "0..255 s (usec resolution)"
    interface = Interface()
    seconds = Seconds("0", "255")

    def read(self, words: Sequence[str], reading: Reading) -> InterfaceDelay:
        """Return the delays."""
        if len(words) < 3:
            raise BadValueError(f"'{words[1]}' needs a delay: the line is ignored")
        delays = [0.0, 0.0]
        for index, word in enumerate(words[2:4]):
            try:
                delays[index] = self.seconds.parse(word)
            except BadValueError as bad:
                reading.problem(bad.reason, index + 2)
                delays[index] = 0.0 if bad.instead is UNSET else bad.instead
        values = {"interface": self.interface.parse(words[1]), "down": delays[0], "up": delays[1]}
        return InterfaceDelay.make(values, reading.statement)

    def write(self, value: Any) -> str | None:
        """Return the words."""
        return f"{quote(value.interface)} {self.seconds.format(value.down)} {self.seconds.format(value.up)}"
