import time

from hypothesis import given, settings
from hypothesis import strategies as st

from keepalived_py.config.script_words import ScriptSyntaxError, split_command
from keepalived_py.config.tree import Statement
from tests.config.reading import read_files, read_text

FRAGMENTS = ["{", "}", '"', "#", "!", "\\", "$A", "${A}", "$A=", "${B}", "$B=", "~SEQ(A,2)", "~SEQ(B,3)", "~LST(A,1,2)"]
FRAGMENTS += [
    "@node1 ",
    "@^x ",
    "include main.conf",
    "include a.conf",
    "\n",
    " ",
    "x",
    "${_RANDOM 1}",
    "\\\n",
    "1",
    "é",
]
TEXT = st.lists(st.sampled_from(FRAGMENTS), max_size=60).map("".join)
PLAIN_LINES = st.lists(st.text(alphabet='ab1. \t"{}#!', max_size=20), max_size=15).map("\n".join)


def every(statements: list[Statement]) -> list[Statement]:
    return [found for statement in statements for found in (statement, *every(statement.body or []))]


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_statements_or_diagnostics(data: bytes) -> None:
    statements, diagnostics = read_files({"/etc/main.conf": data})
    assert all(statement.words for statement in every(statements))
    assert all(entry.render() for entry in diagnostics)


@given(TEXT, TEXT)
@settings(max_examples=300, deadline=None)
def test_any_mix_of_syntax_ends_in_bounded_time(main: str, included: str) -> None:
    started = time.process_time()
    statements, diagnostics = read_files({"/etc/main.conf": main.encode(), "/etc/a.conf": included.encode()})
    assert time.process_time() - started < 10
    for statement in every(statements):
        assert 0 <= statement.at(1).column <= len(statement.line.text) + 1
        assert isinstance(statement.raw, str)
    assert all(entry.render() for entry in diagnostics)


@given(PLAIN_LINES)
@settings(max_examples=300, deadline=None)
def test_words_are_found_at_their_line_and_column(text: str) -> None:
    lines = text.split("\n")
    for statement in every(read_text(text)[0]):
        for index, word in enumerate(statement.words):
            place = statement.at(index)
            rest = lines[place.line - 1][place.column - 1 :]
            assert rest.startswith((word, f'"{word}"'))


@given(st.text(alphabet="ab \"'\\x4c0", max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_command_is_split_or_refused(text: str) -> None:
    try:
        words = split_command(text)
    except ScriptSyntaxError:
        return
    assert bool(words) is bool(text.strip())
