"""Ways to damage bytes and texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

ODD_OCTETS = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)
MOST_CHANGES = 4
LONGEST_GROWTH = 1500


def mutate_octets(random: Random, octets: bytes) -> bytes:
    """Return a damaged copy; now and then it is the same."""
    damaged = bytearray(octets)
    for _ in range(random.randint(1, MOST_CHANGES)):
        random.choice(_OCTET_CHANGES)(random, damaged)
    return bytes(damaged)


def _flip(random: Random, octets: bytearray) -> None:
    if octets:
        octets[random.randrange(len(octets))] ^= 1 << random.randrange(8)


def _set(random: Random, octets: bytearray) -> None:
    if octets:
        octets[random.randrange(len(octets))] = random.choice((*ODD_OCTETS, random.randrange(256)))


def _cut(random: Random, octets: bytearray) -> None:
    del octets[random.randint(0, len(octets)) :]


def _remove(random: Random, octets: bytearray) -> None:
    start = random.randint(0, len(octets))
    del octets[start : start + random.randint(1, 8)]


def _insert(random: Random, octets: bytearray) -> None:
    start = random.randint(0, len(octets))
    octets[start:start] = random.randbytes(random.choice((1, 2, 4, 8, 28, 60)))


def _append(random: Random, octets: bytearray) -> None:
    octets += random.choice((bytes, random.randbytes))(random.choice((1, 4, 8, 12, 24, 28, 46, LONGEST_GROWTH)))


def _repeat(random: Random, octets: bytearray) -> None:
    start = random.randint(0, len(octets))
    octets += octets[start : start + 64]


_OCTET_CHANGES = (_flip, _flip, _flip, _set, _set, _cut, _remove, _insert, _append, _repeat)


def mutate_lines(random: Random, lines: Sequence[str], donors: Sequence[str], words: Sequence[str]) -> list[str]:
    """Return damaged lines.

    Args:
        random: chance.
        lines: a configuration.
        donors: lines of others.
        words: what a word may be replaced by.
    """
    damaged = list(lines)
    for _ in range(random.choice((1, 1, 2, 3, 5, 10))):
        at = random.randrange(len(damaged) + 1)
        match random.randrange(9):
            case 0:
                del damaged[at : at + random.choice((1, 1, 2, 5))]
            case 1:
                damaged[at:at] = damaged[at : at + random.choice((1, 3, 20))]
            case 2:
                damaged.insert(at, random.choice(donors))
            case 3:
                start = random.randrange(len(donors))
                damaged[at:at] = donors[start : start + random.randint(2, 12)]
            case 4:
                other = random.randrange(len(damaged) + 1)
                damaged[at : at + 1], damaged[other : other + 1] = damaged[other : other + 1], damaged[at : at + 1]
            case _ if at < len(damaged):
                damaged[at] = _mutate_line(random, damaged[at], words)
            case _:
                damaged.append(random.choice(words))
    return damaged


def _mutate_line(random: Random, line: str, words: Sequence[str]) -> str:
    parts = line.split()
    at = random.randrange(len(parts) + 1)
    match random.randrange(6):
        case 0 if parts:
            parts[min(at, len(parts) - 1)] = random.choice(words)
        case 1:
            parts.insert(at, random.choice(words))
        case 2 if parts:
            del parts[min(at, len(parts) - 1)]
        case 3:
            return line[: random.randint(0, len(line))]
        case 4:
            start = random.randint(0, len(line))
            return f"{line[:start]}{random.choice(SIGNS)}{line[start:]}"
        case _:
            return mutate_octets(random, line.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")
    return " ".join(parts)


SIGNS = (*"{}\"'#!\\$@~()[]%/:.-+ \t", "\u200b", "\xa0", "\ufeff", "\0", "\x80", "${", "~SEQ(A,1,3)", "$A", "@^x ")
NUMBERS = ("0", "-1", "1", "255", "256", "65536", "4294967295", "4294967296", "1e9", "0.5", "0x10", "nan", "9" * 40)
ODD_WORDS = (*NUMBERS, *SIGNS, "''", '""', "x" * 300, "10.0.0.1", "10.0.0.0/33", "fe80::1%eth0", "::/0", "224.0.0.1")
