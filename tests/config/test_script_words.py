import pytest

from keepalived_py.config.script_words import ScriptSyntaxError, split_command, split_value


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
