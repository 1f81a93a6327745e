from pathlib import Path

from keepalived_py.config.build import build
from keepalived_py.config.name_tables import NameTables
from tests.config.reading import read_text


def test_name_of_a_later_directory_wins(tmp_path: Path) -> None:
    (tmp_path / "usr").mkdir()
    (tmp_path / "etc").mkdir()
    (tmp_path / "usr" / "rt_tables").write_text("# comment\n254 main\n100\tmine # here\nbad line\n")
    (tmp_path / "etc" / "rt_tables").write_text("0x65 mine\n")
    names = NameTables()
    places = (f"{tmp_path}/usr", f"{tmp_path}/etc")
    assert [names.number("table", name, places) for name in ("main", "mine", "line", "none")] == [254, 0x65, None, None]
    assert names.number("scope", "link", places) is None


def test_configured_directory_of_names_is_read_instead_of_the_usual_one(tmp_path: Path) -> None:
    (tmp_path / "rt_tables").write_text("77 mine\n")
    rule = "static_rules {\nfrom 10.0.0.0/8 table mine preference 7\n}\n"
    where = f"global_defs {{\niproute_etc_dir {tmp_path}\n}}\n"
    assert tables_of(where + rule) == ([77], [])
    assert tables_of(rule) == ([], ["unknown table 'mine'"])


def tables_of(text: str) -> tuple[list[int | None], list[str]]:
    statements, diagnostics = read_text(text)
    config = build(statements, diagnostics, NameTables().number)
    return [rule.table for rule in config.static_rules], [entry.message for entry in diagnostics]


def test_protocol_names_come_with_their_aliases() -> None:
    names = NameTables()
    if not Path("/etc/protocols").exists():
        assert names.number("ipproto", "tcp") is None
        return
    assert (names.number("ipproto", "tcp"), names.number("ipproto", "VRRP")) == (6, 112)
