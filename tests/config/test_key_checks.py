"""Keys of auth_hmac: where they come from, what is wrong with them, and that nobody gets to see them."""

import os
from pathlib import Path

import pytest

from keepalived_py.config.concealment import conceal
from keepalived_py.config.describe import describe_vrrp
from keepalived_py.config.environment import FileContent, RecordedEnvironment, SystemEnvironment
from keepalived_py.config.model import Config
from keepalived_py.errors import ConfigTestCode
from tests.config.checking import check_text, check_with_diagnostics, instance_text
from tests.config.reading import read_text
from tests.config.test_build import build_text

HEX = "a1" * 32
SECRET = "correct horse battery staple and so on"
PATH = "/etc/keepalived/keys/vrrp51"


def text(*lines: str) -> str:
    return instance_text("auth_hmac {", *lines, "}")


def machine(content: bytes = b"", mode: int = 0o100600, problem: str = "") -> RecordedEnvironment:
    files = {PATH: FileContent(content, mode, 0, problem)} if content or problem else {}
    return RecordedEnvironment(interfaces=frozenset({"lo", "eth0"}), files=files)


def keys_of(config: Config) -> dict[int, bytes]:
    signature = config.vrrp_instances[0].auth_hmac
    assert signature is not None
    return {key.id: key.octets for key in signature.key}


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        (f"hex:{HEX}", b"\xa1" * 32),
        (f'"hex:{HEX[:32]} {HEX[32:]}"', b"\xa1" * 32),
        (f'"hex:{"b " * 32}"', b"\x0b" * 32),
        ("x" * 64, b"x" * 64),
        (f'"{SECRET}"', SECRET.encode()),
    ],
)
def test_key_stands_in_the_configuration_as_digits_or_text(value: str, octets: bytes) -> None:
    config, messages = check_text(text(f"key 1 {value}", "active_key 1"), machine())
    assert (keys_of(config), messages) == ({1: octets}, [])


@pytest.mark.parametrize("content", [b"x" * 32, b"x" * 32 + b"\n", b"x" * 32 + b"\r\n\n", b"hex:" + b"78" * 32 + b"\n"])
def test_key_file_holds_what_the_configuration_would(content: bytes) -> None:
    config, messages = check_text(text(f"key 1 file:{PATH}", "active_key 1"), machine(content))
    assert (keys_of(config), messages) == ({1: b"x" * 32}, [])


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        (machine(), f"{PATH} cannot be read: No such file or directory"),
        (machine(problem="is no regular file"), f"{PATH} is no regular file"),
        (machine(b"x" * 513), f"{PATH} has more than 512 bytes"),
        (machine(b"short"), f"{PATH}: the key must have 32 to 64 bytes, this one has 5"),
        (machine(b"hex:zz"), f"{PATH}: there are other characters than hexadecimal digits in the key"),
    ],
)
def test_key_file_without_a_key_leaves_the_instance_unsigned_and_in_fault(
    environment: RecordedEnvironment, complaint: str
) -> None:
    config, messages = check_text(text(f"key 1 file:{PATH}", "active_key 1"), environment)
    assert messages == [
        f"(VI_1) key 1 of auth_hmac is ignored: {complaint}",
        "(VI_1) auth_hmac has no key 1: the instance stays in FAULT",
    ]
    signature = config.vrrp_instances[0].auth_hmac
    assert signature is not None
    assert signature.signing_key is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o602])
def test_key_file_that_is_open_to_others_is_used_and_reported(mode: int) -> None:
    environment = machine(b"x" * 32, 0o100000 | mode)
    config, diagnostics = check_with_diagnostics(text(f"key 1 file:{PATH}", "active_key 1"), environment)
    assert keys_of(config) == {1: b"x" * 32}
    assert [(entry.message, entry.code) for entry in diagnostics] == [
        (
            (
                f"(VI_1) security: {PATH}, key 1 of auth_hmac, is open to group or others "
                f"(mode {mode:04o}, owner 0): chmod 600 {PATH}"
            ),
            ConfigTestCode.SECURITY,
        )
    ]


def test_second_key_of_a_number_is_ignored_and_pointed_at() -> None:
    config, diagnostics = check_with_diagnostics(
        text(f"key 1 hex:{HEX}", "key 1 " + "y" * 32, "active_key 1"), machine()
    )
    assert keys_of(config) == {1: b"\xa1" * 32}
    (entry,) = diagnostics
    assert entry.message == "(VI_1) auth_hmac has two keys 1: the second is ignored"
    assert entry.location is not None
    assert entry.location.text == "key 1 " + "*" * 32


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (("active_key 2",), "auth_hmac has no key 2"),
        ((), "auth_hmac says no active_key"),
    ],
)
def test_block_without_the_key_that_signs_is_an_error(lines: tuple[str, ...], complaint: str) -> None:
    _, messages = check_text(text(f"key 1 hex:{HEX}", *lines), machine())
    assert messages == [f"(VI_1) {complaint}: the instance stays in FAULT"]


@pytest.mark.parametrize("value", ["hex:" + "a1" * 31, "hex:" + "a1" * 65, "hex:" + "g1" * 32, "x" * 31, "x" * 65])
def test_bad_key_is_refused_without_being_repeated(value: str) -> None:
    _, diagnostics = build_text(text(f"key 1 {value}", "active_key 1"))
    rendered = "\n".join(entry.render() for entry in diagnostics)
    assert "key 1 " + "*" * len(value) in rendered
    assert value[4:] not in rendered


def test_reload_sees_that_a_key_file_changed() -> None:
    before, after = (
        check_text(text(f"key 1 file:{PATH}", "active_key 1"), machine(content))[0]
        for content in (b"x" * 32, b"y" * 32)
    )
    assert before != after


def test_listing_and_representation_show_numbers_only() -> None:
    config, _ = check_text(text(f'key 1 "{SECRET}"', f"key 2 file:{PATH}", "active_key 1"), machine(b"z" * 32))
    shown = "\n".join(describe_vrrp(config)) + repr(config)
    assert "horse" not in shown
    assert "zzz" not in shown
    assert "Key = 1\n" in shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("  auth_pass 1234", "  auth_pass ****"),
        ('auth_hmac { key 1 "ab cd ef gh" }', "auth_hmac { key 1 *** ** ** *** }"),
        (f"key hex:{HEX}", "key " + "*" * 68),
        ("key 1 short", "key 1 *****"),
        ("smtp_auth me secret", "smtp_auth me ******"),
        ("smtp_auth me file:/run/password", "smtp_auth me file:/run/password"),
        (f"key 1 file:{PATH}", f"key 1 file:{PATH}"),
        ("key /etc/ssl/private.pem", "key /etc/ssl/private.pem"),
        ("active_key 1", "active_key 1"),
        ("monkey 1 " + "x" * 32, "monkey 1 " + "x" * 32),
    ],
)
def test_line_is_shown_without_its_secret_and_with_its_columns(line: str, shown: str) -> None:
    assert conceal(line) == shown
    assert len(shown) == len(line)


def test_machine_reads_regular_files_of_bounded_size(tmp_path: Path) -> None:
    environment = SystemEnvironment()
    file = tmp_path / "key"
    file.write_bytes(b"x" * 32)
    file.chmod(0o600)
    assert environment.read(str(file), 32) == FileContent(b"x" * 32, 0o100600, os.geteuid())
    assert environment.read(str(file), 31).problem == "has more than 31 bytes"
    assert environment.read(str(tmp_path), 31).problem == "is no regular file"
    os.mkfifo(tmp_path / "pipe")
    assert environment.read(str(tmp_path / "pipe"), 31).problem == "is no regular file"
    assert environment.read(str(tmp_path / "none"), 31).problem == "cannot be read: No such file or directory"
    assert environment.read("bad\0name", 31).problem == "cannot be read: embedded null byte"


def test_secret_in_a_source_line_is_hidden_where_it_is_pointed_at() -> None:
    statements, _ = read_text("vrrp_instance a {\n authentication {\n  auth_pass 1234\n }\n}")
    assert statements[0].body is not None
    assert statements[0].body[0].body is not None
    assert statements[0].body[0].body[0].at(1).text == "  auth_pass ****"
