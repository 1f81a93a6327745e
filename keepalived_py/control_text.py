"""Numbers, pauses and plurals as `keepalivedctl` prints them."""

from __future__ import annotations


def seconds(value: float) -> str:
    """Return seconds with three decimals at most."""
    return f"{round(value, 3):g} s"


def count(number: int, thing: str) -> str:
    """Return `1 advert`, `2 adverts`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def duration(value: float) -> str:
    """Return a time span with its two biggest units: `3 d 4 h`, `12 min 3 s`, `0.4 s`."""
    if value < 10:
        return f"{max(0.0, value):.1f} s"
    rest = int(value)
    parts: list[str] = []
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        amount, rest = divmod(rest, unit)
        if amount or parts:
            parts.append(f"{amount} {name}")
    return " ".join(parts[:2])


def size(octets: int) -> str:
    """Return a number of bytes in the unit that leaves one to three digits before the point: `0 B`, `1.5 MB`."""
    value, unit = float(octets), "B"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        if value < 999.95:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
