from pathlib import Path

import pytest

from keepalived_py.config.diagnostics import Diagnostics
from keepalived_py.config.include import FileKind
from keepalived_py.config.load import read
from keepalived_py.config.source import Disk
from keepalived_py.errors import ConfigTestCode


def test_disk_tells_files_directories_and_programs_apart(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"a")
    (tmp_path / "program").write_bytes(b"a")
    (tmp_path / "program").chmod(0o755)
    kinds = [Disk().kind(f"{tmp_path}/{name}") for name in ("plain", "program", ".", "none")]
    assert kinds == [FileKind.REGULAR, FileKind.UNSUITABLE, FileKind.DIRECTORY, FileKind.MISSING]


def test_disk_matches_are_sorted_and_hide_dot_files(tmp_path: Path) -> None:
    for name in ("b.conf", "a.conf", ".hidden.conf", "c.txt"):
        (tmp_path / name).write_bytes(b"")
    assert Disk().matches(f"{tmp_path}/*.conf") == [f"{tmp_path}/a.conf", f"{tmp_path}/b.conf"]
    assert Disk().matches(f"{tmp_path}/c.txt") == [f"{tmp_path}/c.txt"]
    assert Disk().matches(f"{tmp_path}/none") == []


def test_configuration_of_several_files_is_read_with_its_size(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "main.conf").write_bytes(b"include sub/*.conf\n@here x ${_PWD}\n")
    (tmp_path / "sub" / "1.conf").write_bytes(b"router_id \xd6\xd0\n")
    diagnostics = Diagnostics()
    text = read(f"{tmp_path}/main.conf", diagnostics, config_id="here")
    assert len(diagnostics) == 0
    assert [statement.words for statement in text.statements] == [["router_id", "\udcd6\udcd0"], ["x", str(tmp_path)]]
    assert text.files == (f"{tmp_path}/main.conf", f"{tmp_path}/sub/1.conf")
    assert text.size == len(b"include sub/*.conf\n@here x ${_PWD}\n") + len(b"router_id \xd6\xd0\n")


def test_default_configuration_id_is_the_short_host_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keepalived_py.config.load.short_host_name", lambda: "thishost")
    (tmp_path / "main.conf").write_bytes(b"@thishost x\n@other y\n${_INSTANCE}\n")
    text = read(f"{tmp_path}/main.conf", Diagnostics())
    assert [statement.words for statement in text.statements] == [["x"], ["thishost"]]


def test_command_line_include_checks_make_a_missing_file_count(tmp_path: Path) -> None:
    (tmp_path / "main.conf").write_bytes(b"include none.conf\n")
    lenient, strict = Diagnostics(), Diagnostics()
    read(f"{tmp_path}/main.conf", lenient)
    read(f"{tmp_path}/main.conf", strict, all_include_checks=True)
    assert (lenient.exit_code(), strict.exit_code()) == (ConfigTestCode.OK, ConfigTestCode.SECURITY)


def test_missing_directory_as_main_file_reads_nothing(tmp_path: Path) -> None:
    diagnostics = Diagnostics()
    assert read(str(tmp_path), diagnostics).files == ()
    assert [entry.message for entry in diagnostics] == [f"configuration file '{tmp_path}' is a directory"]
