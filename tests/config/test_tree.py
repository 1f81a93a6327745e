import pytest

from tests.config.reading import messages_of, outline, read_files, read_text, words_of


@pytest.mark.parametrize(
    "text",
    [
        "x a {\n y 1\n}\n",
        "x a{\n y 1\n}\n",
        "x a\n{\n y 1\n}",
        "x a { y 1 }",
        "x a\n{ y 1\n}",
        "x a {\r\n y 1\r\n}\r\n",
        "x a { # c\n y 1 ! d\n} # e",
        "x a\n# between\n\n{ y 1 }",
    ],
)
def test_block_in_every_brace_style_gives_the_same_tree(text: str) -> None:
    assert words_of(text) == [(["x", "a"], [["y", "1"]])]


def test_one_line_with_several_blocks_is_split() -> None:
    assert words_of("a { b { c 1 } d { } } e") == [(["a"], [(["b"], [["c", "1"]]), (["d"], [])]), ["e"]]


def test_brace_in_quotes_stays_in_its_word() -> None:
    assert words_of('script "/bin/sh -c { x; }" root') == [["script", "/bin/sh -c { x; }", "root"]]


def test_extra_closing_brace_is_an_error_at_its_place() -> None:
    statements, diagnostics = read_text("a { b }\n  }\nc 1\n")
    assert outline(statements) == [(["a"], [["b"]]), ["c", "1"]]
    assert messages_of(diagnostics) == ["2:3 extra '}': no block is open"]


def test_missing_closing_brace_is_an_error_at_the_open_block() -> None:
    statements, diagnostics = read_text("a 1 {\n b {\n c\n")
    assert outline(statements) == [(["a", "1"], [(["b"], [["c"]])])]
    assert messages_of(diagnostics) == [
        "2:2 missing '}': 2 blocks are not closed; the innermost of them is never closed"
    ]


def test_brace_without_keyword_drops_its_block_and_keeps_the_level() -> None:
    statements, diagnostics = read_text("{ x 1 }\na {\n { y { z } }\n b\n}\n")
    assert outline(statements) == [(["a"], [["b"]])]
    assert [message.split(":")[0] for message in messages_of(diagnostics)] == ["1", "3"]


def test_blocks_nested_too_deeply_are_dropped_with_an_error() -> None:
    statements, diagnostics = read_text("a {\n" * 60 + "}\n" * 60 + "last\n")
    assert statements[-1].words == ["last"]
    assert {entry.message for entry in diagnostics} == {"blocks are nested too deeply, the block is ignored"}


def test_statement_knows_where_its_words_stand() -> None:
    statements, _ = read_text('one {\n  real_server  "1.1.1.1" 80 { weight 5 }\n}\n')
    server = (statements[0].body or [])[0]
    weight = (server.body or [])[0]
    assert [server.at(index).column for index in range(4)] == [3, 16, 26, 26]
    assert [weight.at(index).column for index in range(2)] == [31, 38]
    assert (weight.at().file, weight.at().line) == ("/etc/main.conf", 2)


def test_raw_keeps_quotes_and_escapes_after_the_keyword() -> None:
    statements, _ = read_text('  notify "/bin/a \'b c\'" me # x\n"quoted" word\nalone\n')
    assert [statement.raw for statement in statements] == ["\"/bin/a 'b c'\" me", "word", ""]


def test_word_out_of_a_definition_stands_where_it_is_used() -> None:
    statements, _ = read_text("$P=1.2.3.4 80\nreal_server ${P} x\n")
    assert statements[0].words == ["real_server", "1.2.3.4", "80", "x"]
    assert [statements[0].at(index).column for index in range(3)] == [1, 13, 13]


def test_lines_know_their_order_across_files() -> None:
    contents = {"/etc/main.conf": b"a\ninclude b.conf\nd\n", "/etc/b.conf": b"\n\n\nb\nc"}
    statements, _ = read_files(contents)
    orders = [statement.line.order for statement in statements]
    assert [statement.words[0] for statement in statements] == ["a", "b", "c", "d"]
    assert orders == sorted(set(orders))
