import pytest

from keepalived_py.config.arguments import Script
from keepalived_py.config.script_words import ScriptSyntaxError, split_command, split_value
from tests.config.test_build import build_text


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("\"/bin/x a 'b c'\" nobody", ["/bin/x a 'b c'", "nobody"]),
        ("'/bin/x \"a b\"' me :us", ['/bin/x "a b"', "me", ":us"]),
        (r"/bin/x\ y root", [r"/bin/x\ y", "root"]),
        (r'"a \" b"', [r"a \" b"]),
        ('a"b c"d', ["ab cd"]),
        ("  ", []),
        ('""', [""]),
    ],
)
def test_script_value_is_split_into_command_user_and_group(raw: str, words: list[str]) -> None:
    assert split_value(raw) == words


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/bin/x a 'b c' \"d e\"", ["/bin/x", "a", "b c", "d e"]),
        (r"\a\b\E\f\n\r\t\v", ["\a\b\x1b\f\n\r\t\v"]),
        (r"\101\x41\x412\cA\q\\", ["AAA2\x01q\\"]),
        (r"a\ b", ["a b"]),
        (r"a\tb", ["a\tb"]),
        (r"\xff\377", ["\udcff\udcff"]),
    ],
)
def test_command_is_split_into_arguments_with_escapes(command: str, words: list[str]) -> None:
    assert split_command(command) == words


def test_both_passes_read_an_escape_once() -> None:
    assert split_command(split_value(r'"a \\x20f"')[0]) == ["a", r"\x20f"]


@pytest.mark.parametrize("text", ['"abc', "'abc", "abc\\"])
def test_value_without_its_end_is_refused(text: str) -> None:
    with pytest.raises(ScriptSyntaxError):
        split_value(text)
    with pytest.raises(ScriptSyntaxError):
        split_command(text)


def test_escaped_double_quote_stays_inside_the_command_line() -> None:
    config, diagnostics = build_text('vrrp_instance A {\nnotify_master "/bin/x a\\"b"\n}\n')
    assert list(diagnostics) == []
    assert config.vrrp_instances[0].notify_master == Script(words=("/bin/x", 'a"b'))


def test_word_after_the_group_is_reported_and_does_not_become_part_of_it() -> None:
    config, diagnostics = build_text("vrrp_instance A {\nnotify_master /bin/x me us more\n}\n")
    assert [entry.message for entry in diagnostics] == [
        "only a user and a group may follow the script; quote a command line with arguments"
    ]
    assert config.vrrp_instances[0].notify_master == Script(words=("/bin/x",), user="me", group="us")


def test_backslash_at_the_end_of_a_line_is_a_word_of_its_own() -> None:
    config, diagnostics = build_text("vrrp_instance A {\npriority 5 \\\n}\n")
    assert list(diagnostics) == []
    assert config.vrrp_instances[0].priority == 5
