"""`keepalived --config-test`, from the command line to its exit code."""

import os
from pathlib import Path

import pytest

from keepalived_py import cli

PART = "global_defs {\n router_id LVS_1\n}\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "keepalived.conf"
    path.write_text(PART)
    return path


def test_unknown_keyword_is_reported_with_its_place_and_ends_with_5(
    config: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config.write_text("global_defs {\n router_idd x\n}\n")
    assert cli.main(["-t", "-f", str(config)]) == 5
    first, source, caret = capfd.readouterr().err.splitlines()[:3]
    assert first.startswith(f"{config}:2:2: error: ")
    assert (source, caret) == ("     router_idd x", "     ^")


def test_report_is_appended_to_the_file_that_the_option_names(config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config.write_text("nonsense\n")
    report = config.with_name("report")
    report.write_text("before\n")
    assert cli.main([f"-t{report}", "-f", str(config)]) == 5
    lines = report.read_text().splitlines()
    assert lines[0] == "before"
    assert lines[1].startswith(f"{config}:1:1: error: ")
    assert capfd.readouterr().err == ""


def test_report_that_cannot_be_written_ends_with_1(config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["-t/nowhere/at/all", "-f", str(config)]) == 1
    assert capfd.readouterr().err == "Unable to open config-test log file /nowhere/at/all: No such file or directory\n"


def test_missing_main_file_ends_with_0(tmp_path: Path) -> None:
    assert cli.main(["-t", "-f", str(tmp_path / "none.conf")]) == 0


def test_missing_word_ends_with_2(config: Path) -> None:
    config.write_text("vrrp_instance VI_1 {\n interface\n}\n")
    assert cli.main(["-t", "-f", str(config)]) == 2


def test_merged_configuration_goes_to_the_descriptor(config: Path) -> None:
    part = config.with_name("part.conf")
    part.write_text(PART)
    config.write_text(f"include {part}\n")
    reader, writer = os.pipe()
    cli.main(["-t", "-f", str(config), f"--config-fd={writer}"])
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    assert "router_id LVS_1" in text
    assert "include" not in text


@pytest.mark.timeout(100)
@pytest.mark.parametrize("kind", ["fifo", "directory", "device", "executable"])
def test_main_file_that_is_not_a_plain_file_is_not_opened_and_ends_with_0(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    path = Path("/dev/null") if kind == "device" else tmp_path / "it"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "executable":
        path.touch(0o755)
    assert cli.main(["-t", "-f", str(path)]) == 0
    what = "a directory" if kind == "directory" else "not a regular non-executable file"
    assert capfd.readouterr().err == f"warning: configuration file '{path}' is {what}\n"


def test_file_larger_than_the_limit_is_refused(config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with config.open("wb") as file:
        file.truncate(1 << 40)
    assert cli.main(["-t", "-f", str(config)]) == 5
    expected = f"error: configuration file '{config}' is not read: all files together exceed 16 MiB\n"
    assert capfd.readouterr().err == expected
