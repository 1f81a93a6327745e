from pathlib import Path

from keepalived_py.config.name_tables import NameTables


def test_name_of_a_later_directory_wins(tmp_path: Path) -> None:
    (tmp_path / "usr").mkdir()
    (tmp_path / "etc").mkdir()
    (tmp_path / "usr" / "rt_tables").write_text("# comment\n254 main\n100\tmine # here\nbad line\n")
    (tmp_path / "etc" / "rt_tables").write_text("0x65 mine\n")
    names = NameTables((f"{tmp_path}/usr", f"{tmp_path}/etc"))
    assert [names.number("table", name) for name in ("main", "mine", "line", "none")] == [254, 0x65, None, None]
    assert names.number("scope", "link") is None


def test_protocol_names_come_with_their_aliases() -> None:
    names = NameTables()
    if not Path("/etc/protocols").exists():
        assert names.number("ipproto", "tcp") is None
        return
    assert (names.number("ipproto", "tcp"), names.number("ipproto", "VRRP")) == (6, 112)
