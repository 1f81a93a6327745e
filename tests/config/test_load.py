from pathlib import Path

import pytest

from keepalived_py.config.environment import RecordedEnvironment
from keepalived_py.config.load import load
from keepalived_py.config.source import Disk
from keepalived_py.errors import ConfigTestCode
from keepalived_py.options import Options
from tests.config.checking import instance_text

MACHINE = RecordedEnvironment(interfaces=frozenset({"lo", "eth0"}))


def write(directory: Path, text: str) -> str:
    path = directory / "keepalived.conf"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_good_configuration_gives_its_model_size_and_files(tmp_path: Path) -> None:
    path = write(tmp_path, instance_text())
    loaded = load(path, Options(), MACHINE)
    assert loaded.config is not None
    assert [instance.name for instance in loaded.config.vrrp_instances] == ["VI_1"]
    assert (loaded.files, loaded.size) == ((path,), len(instance_text()))
    assert loaded.exit_code is ConfigTestCode.OK


def test_loading_twice_gives_equal_configurations(tmp_path: Path) -> None:
    path = write(tmp_path, instance_text())
    assert load(path, Options(), MACHINE).config == load(path, Options(), MACHINE).config


def test_missing_file_has_no_configuration_and_code_zero(tmp_path: Path) -> None:
    loaded = load(f"{tmp_path}/none.conf", Options(), MACHINE)
    assert loaded.config is None
    assert loaded.exit_code is ConfigTestCode.OK
    assert len(loaded.diagnostics) == 1


def test_missing_word_makes_the_configuration_unusable(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, "vrrp_instance A {\n interface\n}\n"), Options(), MACHINE)
    assert loaded.config is None
    assert loaded.exit_code is ConfigTestCode.MISSING_WORD


def test_failed_include_check_makes_the_configuration_unusable(tmp_path: Path) -> None:
    path = write(tmp_path, instance_text() + "include none.conf\n")
    assert load(path, Options(), MACHINE).config is not None
    strict = load(path, Options(all_include_checks=True), MACHINE)
    assert strict.config is None
    assert strict.exit_code is ConfigTestCode.SECURITY


def test_configuration_id_of_the_command_line_decides_conditions(tmp_path: Path) -> None:
    path = write(tmp_path, instance_text("@one priority 50", "@two priority 60"))
    found = [load(path, Options(config_id=name), MACHINE).config for name in ("one", "two", "three")]
    assert [config.vrrp_instances[0].priority for config in found if config] == [50, 60, 100]


def test_error_has_file_line_column_source_and_caret(tmp_path: Path) -> None:
    path = write(tmp_path, instance_text("  priorty 100"))
    rendered = [entry.render() for entry in load(path, Options(), MACHINE).diagnostics]
    assert len(rendered) == 1
    first, source, caret = rendered[0].split("\n")
    assert first.startswith(f"{path}:7:3: error: ")
    assert "did you mean 'priority'?" in first
    assert (source, caret) == ("      priorty 100", "      ^")


def test_main_file_that_cannot_be_read_ends_with_4(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "main.conf"
    path.touch()

    def refuse(_self: Disk, _path: str) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Disk, "read", refuse)
    loaded = load(str(path), Options())
    message = f"error: configuration file '{path}' cannot be read: Permission denied"
    assert [entry.render() for entry in loaded.diagnostics] == [message]
    assert (loaded.config, loaded.exit_code) == (None, ConfigTestCode.BAD_ENVIRONMENT)


@pytest.mark.parametrize(
    ("line", "options", "asked"),
    [
        ("net_namespace red\n", Options(), "red"),
        ("net_namespace red\n", Options(namespace="blue"), "blue"),
        ("", Options(namespace="blue"), "blue"),
    ],
)
def test_interfaces_are_looked_for_where_the_daemon_will_run(
    tmp_path: Path, line: str, options: Options, asked: str
) -> None:
    path = write(tmp_path, line + instance_text("track_interface {\n nowhere0\n}", interface="inside0"))
    loaded = load(path, options, interfaces_in=lambda name: {"lo", "inside0"} if name == asked else set())

    assert [one.message for one in loaded.diagnostics] == ["(VI_1) track_interface nowhere0 does not exist: ignored"]
