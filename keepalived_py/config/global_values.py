"""Kinds of value that only `global_defs` (and a few instance keywords) use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keepalived_py.config.addresses import ip_address
from keepalived_py.config.fields import Record, attribute, record
from keepalived_py.config.scalars import (
    BadValueError,
    Integer,
    Kind,
    MissingWordError,
    c_integer,
    quote,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.config.addresses import IpAddress
    from keepalived_py.config.reading import Reading

INCLUDE_CHECKS: Final = ("read", "match", "wildcard_match", "brace_match")
PORT: Final = Integer(1, 65535, syntax="PORT")
_MODE_BITS: Final = {
    **{
        f"I{bit}{who}": mode << shift
        for bit, mode in (("R", 4), ("W", 2), ("X", 1))
        for who, shift in (("USR", 6), ("GRP", 3), ("OTH", 0))
    },
    "IRWXU": 0o700,
    "IRWXG": 0o070,
    "IRWXO": 0o007,
}


FROM_FILE = "file:"
"""Before the path of a file that holds a password."""
MASKED = "********"
"""What people are shown in place of a password."""


@record
class MailServer(Record):
    """Where mails go: an address, or a host name that is resolved when a mail is sent."""

    host: IpAddress | str = attribute()
    port: int = attribute(default=25)


class SmtpServer(Kind):
    """HOST [PORT]."""

    type_name = "ip or hostname"
    syntax = "HOST [PORT]"
    limits = "port 1..65535"

    def read(self, words: Sequence[str], reading: Reading) -> MailServer:
        """Return the server."""
        if len(words) < 2:
            raise MissingWordError
        port = 25
        if len(words) > 2:
            try:
                port = PORT.parse(words[2])
            except BadValueError as bad:
                reading.problem(bad.reason, 2)
        return MailServer(host=ip_address(words[1]) or str(words[1]), port=port)

    def write(self, value: Any) -> str | None:
        """Return the words."""
        return f"{quote(str(value.host))} {value.port}"

    def format(self, value: Any) -> str:
        """Return the words for people."""
        return f"{value.host} {value.port}"


@record
class MailLogin(Record):
    """Who we are to the mail server; the password may be `file:PATH`, read when a mail is sent."""

    user: str = attribute()
    password: str = attribute()


class SmtpLogin(Kind):
    """USER PASSWORD."""

    type_name = "login"
    syntax = "USER PASSWORD|file:PATH"
    minimum = 2

    def read(self, words: Sequence[str], reading: Reading) -> MailLogin:
        """Return the login."""
        del reading
        if len(words) < 3:
            raise MissingWordError
        if len(words) > 3:
            raise BadValueError("smtp_auth takes a user and a password; quote what has blanks", index=3)
        return MailLogin(user=str(words[1]), password=str(words[2]))

    def write(self, value: Any) -> str | None:
        """Return the words, the password among them."""
        return f"{quote(value.user)} {quote(value.password)}"

    def format(self, value: Any) -> str:
        """Return the words for people, who shall not see the password."""
        return f"{value.user} {value.password if value.password.startswith(FROM_FILE) else MASKED}"


@record
class Timeouts(Record):
    """IPVS connection timeouts in seconds; None leaves the kernel's value."""

    tcp: int | None = attribute(default=None)
    tcpfin: int | None = attribute(default=None)
    udp: int | None = attribute(default=None)


class LvsTimeouts(Kind):
    """[tcp S] [tcpfin S] [udp S], at least one pair."""

    type_name = "key/value list"
    syntax = "[tcp S] [tcpfin S] [udp S]"
    limits = "each 0..2678400"
    seconds = Integer(0, 2678400)

    def read(self, words: Sequence[str], reading: Reading) -> Timeouts:
        """Return the timeouts."""
        if len(words) < 3:
            raise MissingWordError
        values: dict[str, int] = {}
        for index in range(1, len(words), 2):
            name = words[index]
            if name not in Timeouts.defaults_:
                reading.problem(f"unknown timeout '{name}': use tcp, tcpfin or udp", index)
            elif index + 1 >= len(words):
                reading.problem(f"'{name}' needs a number of seconds", index)
            else:
                self._take(name, words[index + 1], index + 1, values, reading)
        if not values:
            raise BadValueError("")
        return Timeouts(**values)

    def _take(self, name: str, word: str, index: int, values: dict[str, int], reading: Reading) -> None:
        try:
            values[name] = self.seconds.parse(word)
        except BadValueError as bad:
            reading.problem(bad.reason, index)

    def write(self, value: Any) -> str | None:
        """Return the pairs."""
        told = ((name, getattr(value, name)) for name in Timeouts.defaults_)
        return " ".join(f"{name} {seconds}" for name, seconds in told if seconds is not None) or None

    def format(self, value: Any) -> str:
        """Return the pairs for people."""
        return self.write(value) or ""


class Umask(Kind):
    """A number (0 octal, 0x, decimal) or mode bits joined by the pipe sign."""

    type_name = "mask"
    syntax = "NUMBER or BIT[|BIT...]"
    limits = "0..0777 or I[RWX]{USR,GRP,OTH}, IRWX{U,G,O}"

    def read(self, words: Sequence[str], reading: Reading) -> int:
        """Return the mask; the bits may be spread over several words."""
        del reading
        if len(words) < 2:
            raise MissingWordError
        return self.parse("".join(words[1:]))

    def parse(self, text: str) -> int:
        """Return the mask."""
        number = c_integer(text)
        if number is not None:
            if 0 <= number <= 0o777:
                return number
            raise BadValueError(f"umask '{text}' outside range [0, 0777]")
        mask = 0
        for bit in text.split("|"):
            if bit not in _MODE_BITS:
                raise BadValueError(f"unknown umask bit '{bit}': use {', '.join(_MODE_BITS)}")
            mask |= _MODE_BITS[bit]
        return mask

    def format(self, value: Any) -> str:
        """Return the mask in octal."""
        return f"0{value:o}" if value else "0"


class IncludeCheck(Kind):
    """Which include checks are on: words, each perhaps with + or -; the value is the words, () for all of them."""

    type_name = "flag list"
    syntax = "[[+/-]read] [[+/-]match] [[+/-]wildcard_match] [[+/-]brace_match]"
    minimum = 0

    def read(self, words: Sequence[str], reading: Reading) -> tuple[str, ...]:
        """Return the words that are understood."""
        kept: list[str] = []
        for index, word in enumerate(words[1:], 1):
            if word.lstrip("+-") not in INCLUDE_CHECKS or len(word) - len(word.lstrip("+-")) > 1:
                reading.problem(f"unknown include check '{word}': use {', '.join(INCLUDE_CHECKS)}", index)
            elif index > 1 and word[0] not in "+-":
                reading.problem(f"only the first include check may stand without a sign: '{word}'", index)
            else:
                kept.append(str(word))
        if len(words) > 1 and not kept:
            raise BadValueError("")
        return tuple(kept)

    def write(self, value: Any) -> str | None:
        """Return the words."""
        return " ".join(value)

    def format(self, value: Any) -> str:
        """Return the words for people."""
        return " ".join(value) or "all"


class ReceiveBuffers(Kind):
    """MTU, ADVERT (any case) or a number of bytes; a number beats MTU, MTU beats ADVERT."""

    type_name = "enum (any case) or uint"
    syntax = "MTU/ADVERT/NUMBER"
    limits = "0..4294967295"
    number = Integer(0, 0xFFFFFFFF, strict=True)

    def read(self, words: Sequence[str], reading: Reading) -> str | int:
        """Return `MTU`, `ADVERT` or the number."""
        if len(words) < 2:
            raise MissingWordError
        if words[1][:1].isdigit():
            return self.number.parse(words[1])
        found: set[str] = set()
        for index, word in enumerate(words[1:], 1):
            if word.upper() in ("MTU", "ADVERT"):
                found.add(word.upper())
            else:
                reading.problem(f"unknown policy '{word}': use MTU, ADVERT or a number of bytes", index)
        if not found:
            raise BadValueError("")
        return "MTU" if "MTU" in found else "ADVERT"


@record
class ExtraInterval(Record):
    """How often an interface that carries no adverts is announced; `all` includes every address.

    Attributes:
        seconds: the interval, float seconds.
        all: True to announce on every such interface, not only the VMAC's.
    """

    seconds: float = attribute()
    all: bool = attribute(default=False)


class ExtraInterface(Kind):
    """[all] SECS."""

    type_name = "enum?+uint"
    syntax = "[all] SECS"

    def __init__(self, low: int) -> None:
        self.number = Integer(low, 86400, syntax="SECS")
        self.limits = self.number.limits

    def read(self, words: Sequence[str], reading: Reading) -> ExtraInterval:
        """Return the interval."""
        del reading
        index = next((index for index, word in enumerate(words) if index and word != "all"), 0)
        if not index:
            raise MissingWordError
        try:
            seconds = self.number.parse(words[index])
        except BadValueError as bad:
            raise BadValueError(bad.reason, index=index) from bad
        return ExtraInterval(seconds=float(seconds), all="all" in words[1:])

    def write(self, value: Any) -> str | None:
        """Return the words."""
        return f"{'all ' if value.all else ''}{int(value.seconds)}"

    def format(self, value: Any) -> str:
        """Return the words for people."""
        return self.write(value) or ""
