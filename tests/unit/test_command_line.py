"""Words of a command line against GNU getopt_long's rules."""

import pytest

from keepalived_py.command_line import Argument, Extra, Given, Reader, Refused

READER = Reader(
    {
        "use-file": Argument.REQUIRED,
        "umask": Argument.REQUIRED,
        "log-console": Argument.NONE,
        "log-detail": Argument.NONE,
        "config-test": Argument.OPTIONAL,
        "pid": Argument.REQUIRED,
    },
    {"f": "use-file", "u": "umask", "l": "log-console", "D": "log-detail", "t": "config-test", "p": "pid"},
)


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        (["-f", "x"], [Given("use-file", "x")]),
        (["-fx"], [Given("use-file", "x")]),
        (["--use-file", "x"], [Given("use-file", "x")]),
        (["--use-file=x"], [Given("use-file", "x")]),
        (["--use=x"], [Given("use-file", "x")]),
        (["--use-file="], [Given("use-file", "")]),
        (["-lDD"], [Given("log-console", None), Given("log-detail", None), Given("log-detail", None)]),
        (["-Dfx"], [Given("log-detail", None), Given("use-file", "x")]),
        (["-t"], [Given("config-test", None)]),
        (["-tx"], [Given("config-test", "x")]),
        (["-t", "x"], [Given("config-test", None), Extra("x")]),
        (["--config-test=x"], [Given("config-test", "x")]),
        (["--config-test", "x"], [Given("config-test", None), Extra("x")]),
        (["one", "-l", "two"], [Extra("one"), Given("log-console", None), Extra("two")]),
        (["-l", "--", "-D", "x"], [Given("log-console", None), Extra("-D"), Extra("x")]),
        (["-"], [Extra("-")]),
        (["-p", "-l"], [Given("pid", "-l")]),
    ],
)
def test_words_that_getopt_accepts_mean_the_same_here(words: list[str], meaning: list[Given | Extra]) -> None:
    assert list(READER.read(words)) == meaning


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["-z"], "Unknown option -z"),
        (["--nothing"], "Unknown option --nothing"),
        (["--log"], "Unknown option --log (it could be --log-console, --log-detail)"),
        (["--log-console=x"], "Unknown option --log-console=x (--log-console takes no argument)"),
        (["-f"], "Missing parameter for option -f"),
        (["--use-file"], "Missing parameter for option --use-file"),
    ],
)
def test_words_that_getopt_refuses_are_refused_with_the_reason(words: list[str], text: str) -> None:
    assert list(READER.read(words)) == [Refused(text)]


def test_unknown_letter_in_a_bundle_leaves_the_others_in_effect() -> None:
    assert list(READER.read(["-lzD"])) == [
        Given("log-console", None),
        Refused("Unknown option -z"),
        Given("log-detail", None),
    ]
