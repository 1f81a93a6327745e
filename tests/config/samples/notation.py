"""How samples are written down.

A sample is a few strings: first the valid use, then invalid ones. A valid use may end in ` => WORDS`: the words
that it is dumped as, where they are not the same words. In an invalid use `»` stands before the word to blame
(at the end, where a word is missing it stands before the keyword), and ` :: TEXT` is part of what is said about it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Uses = tuple[str, ...]


@dataclass(frozen=True)
class Bad:
    text: str
    line: int
    column: int
    says: str


@dataclass(frozen=True)
class Sample:
    path: str
    context: str
    """The text around the use, `%s` in its place."""
    valid: str
    dumped: str
    bad: tuple[Bad, ...] = field(default=())

    def around(self, use: str) -> str:
        return self.context.replace("%s", use)


def sample(path: str, context: str, uses: Uses) -> Sample:
    valid, _, dumped = uses[0].partition(" => ")
    return Sample(path, context, valid, dumped or valid, tuple(_bad(context, use) for use in uses[1:]))


def _bad(context: str, use: str) -> Bad:
    marked, _, says = use.partition(" :: ")
    assert "»" in marked, use
    before = context.replace("%s", marked).partition("»")[0]
    return Bad(marked.replace("»", ""), before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1, says)


def flag(word: str) -> Uses:
    return (word,)


def boolean(word: str, value: str = "on", *, dumped: str = "") -> Uses:
    shown = f" => {dumped}" if dumped else ""
    return (f"{word} {value}{shown}", f"{word} »maybe :: use one of on, true, yes, off, false, no")


def number(word: str, good: object, low: int, high: int, *, dumped: str = "") -> Uses:
    shown = f" => {dumped}" if dumped else ""
    return (
        f"{word} {good}{shown}",
        f"{word} »{high + 1} :: [{low}, {high}]",
        f"{word} »x1 :: use {low}..{high}",
        f"»{word} :: needs",
    )


def seconds(word: str, good: object, low: str, high: str, *, beyond: str) -> Uses:
    return (
        f"{word} {good}",
        f"{word} »{beyond} :: [{low}, {high}]",
        f"{word} »soon :: use {low}..{high}",
        f"»{word} :: needs",
    )


def text(word: str, good: str) -> Uses:
    return (f"{word} {good}", f"»{word} :: needs")


def script(word: str) -> Uses:
    return (
        f"{word} /bin/true => {word} \"'/bin/true'\"",
        f"»{word} :: needs",
        f'{word} »"/bin/true :: quote',
        f"{word} /bin/true root root »x :: a group",
    )


def address(word: str, good: str = "10.9.8.7") -> Uses:
    return (f"{word} {good}", f"{word} »10.9.8.777 :: IP address", f"»{word} :: needs")


def interface(word: str) -> Uses:
    return (f"{word} eth1", f"{word} »interfacetoolong :: longer than 15", f"»{word} :: needs")
