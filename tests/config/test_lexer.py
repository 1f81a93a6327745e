import pytest

from keepalived_py.config.diagnostics import Diagnostics
from keepalived_py.config.lexer import decode_lines, find_brace, split_words, strip_comment, word_columns


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("priority 100 # comment", "priority 100"),
        ("priority 100 ! comment", "priority 100"),
        ("router_id a#b", "router_id a"),
        ("# only", ""),
        ('auth_pass "a#b!c" # x', 'auth_pass "a#b!c"'),
        (r"auth_pass a\#b\!c # x", "auth_pass a#b!c"),
        (r'script "a \" # b" # c', r'script "a \" # b"'),
        ("\t words \t", "words"),
        ("ends in \\", "ends in \\"),
    ],
)
def test_line_with_comment_loses_only_the_comment(text: str, kept: str) -> None:
    assert strip_comment(text) == (kept, False)


def test_line_with_open_quote_is_reported_as_unterminated() -> None:
    assert strip_comment('router_id "abc # def') == ('router_id "abc # def', True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b\tc\fd\ve", ["a", "b", "c", "d", "e"]),
        ('foo"b c"d', ["foo", "b c", "d"]),
        ('a "" b', ["a", "", "b"]),
        ("it's 'one two'", ["it's", "'one", "two'"]),
        ('a "never closed', ["a"]),
        ("interval 2\u3000x", ["interval", "2\u3000x"]),
        ("a\u00a0b", ["a\u00a0b"]),
        ("a\x1cb", ["a\x1cb"]),
    ],
)
def test_text_is_split_on_blanks_and_double_quotes_only(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@pytest.mark.parametrize(("text", "index"), [("abc", -1), ("a {", 2), ('"{" }', 4), ('"{', -1), ("}", 0), ('a"x"{', 4)])
def test_first_brace_outside_quotes_is_found(text: str, index: int) -> None:
    assert find_brace(text) == index


def test_columns_stop_at_comment_and_brace() -> None:
    assert word_columns('  real_server "1.1.1.1"  80 { # x') == [3, 15, 26]
    assert word_columns("a b#c d") == [1, 3]
    assert word_columns("one { two", 6) == [7]


def test_file_with_crlf_and_no_final_newline_gives_clean_lines() -> None:
    diagnostics = Diagnostics()
    assert decode_lines(b"a b\r\nc\r\n\r\nd", "f", diagnostics) == ["a b", "c", "", "d"]
    assert len(diagnostics) == 0


def test_file_with_gbk_bytes_keeps_them() -> None:
    line = decode_lines(b"router_id \xd6\xd0\xce\xc4\n", "f", Diagnostics())[0]
    assert line.encode("utf-8", "surrogateescape") == b"router_id \xd6\xd0\xce\xc4"


def test_file_with_byte_order_mark_is_read_and_reported() -> None:
    diagnostics = Diagnostics()
    assert decode_lines(b"\xef\xbb\xbfglobal_defs {\n}\n", "f", diagnostics) == ["global_defs {", "}"]
    assert [entry.message for entry in diagnostics] == ["the file starts with a byte order mark"]


def test_line_with_nul_byte_is_dropped_with_an_error() -> None:
    diagnostics = Diagnostics()
    assert decode_lines(b"a\nb\0c\nd\n", "f", diagnostics) == ["a", "", "d"]
    assert [(entry.message, entry.location and entry.location.line) for entry in diagnostics] == [
        ("the line holds a NUL byte and is ignored", 2)
    ]


@pytest.mark.parametrize(("line", "errors"), [("x" * 1022, 0), ("x" * 1023, 1), ("é" * 511, 0), ("é" * 512, 1)])
def test_line_over_1022_bytes_is_dropped_with_an_error(line: str, errors: int) -> None:
    diagnostics = Diagnostics()
    assert decode_lines(line.encode() + b"\n", "f", diagnostics) == ["" if errors else line]
    assert len(diagnostics) == errors
