"""What a reload need not read again, and what it reads again although its text is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keepalived_py.config.environment import PathStatus, RecordedEnvironment
from keepalived_py.config.familiar import Earlier
from keepalived_py.config.load import Loaded, load
from keepalived_py.options import Options

if TYPE_CHECKING:
    from pathlib import Path

DIRECTORY, PROGRAM = PathStatus(0o040755), PathStatus(0o100755)
MACHINE = RecordedEnvironment(
    interfaces=frozenset({"lo"}),
    users={"root": (0, 0), "nobody": (65534, 65534)},
    paths={"/": DIRECTORY, "/bin": DIRECTORY, "/bin/true": PROGRAM},
)
GROUP = "virtual_server_group G {\n 192.0.2.9 80\n}\n"


def server(number: int, *lines: str, weight: int = 1, check: str = "TCP_CHECK {\n}") -> str:
    """A virtual server with one real server."""
    own = "\n".join(("lvs_sched rr", "lvs_method NAT", "protocol TCP", *lines))
    return (
        f"virtual_server 192.0.2.{number} 80 {{\n{own}\nreal_server 10.0.0.1 80 {{\nweight {weight}\n{check}\n}}\n}}\n"
    )


def read(directory: Path, text: str, earlier: Earlier | None = None, config_id: str = "here") -> Loaded:
    path = directory / "keepalived.conf"
    path.write_text(text, encoding="utf-8")
    return load(str(path), Options(config_id=config_id), MACHINE, earlier)


def remembered(loaded: Loaded) -> Earlier:
    assert loaded.config is not None
    return Earlier(loaded.prints, loaded.config.virtual_servers)


def familiar(directory: Path, before: str, after: str, *, config_id: str = "here") -> list[str]:
    """The virtual servers that a reload takes over; what it reads must be what a start would read."""
    earlier = remembered(read(directory, before))
    reread, afresh = read(directory, after, earlier, config_id), read(directory, after, config_id=config_id)
    assert reread.config == afresh.config
    assert [entry.render() for entry in reread.diagnostics] == [entry.render() for entry in afresh.diagnostics]
    assert reread.prints == afresh.prints
    assert reread.config is not None
    known = {id(one.real_server) for one in earlier.servers}
    return [str(one.address)[-1] for one in reread.config.virtual_servers if id(one.real_server) in known]


def test_reload_reads_the_changed_virtual_server_only(tmp_path: Path) -> None:
    before = server(1) + server(2) + server(3)
    assert familiar(tmp_path, before, server(1) + server(2, weight=5) + server(3)) == ["1", "3"]


def test_virtual_server_that_moves_or_gets_a_comment_is_familiar(tmp_path: Path) -> None:
    after = "# new\n\n" + server(2).replace("protocol TCP", "   protocol TCP # as ever") + server(1)
    assert familiar(tmp_path, server(1) + server(2), server(4) + after) == ["2", "1"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", GROUP, id="group"),
        pytest.param("", "global_defs {\n checker_log_all_failures\n}\n", id="global definitions"),
        pytest.param("global_defs {\n script_user root\n}\n", "", id="script user"),
    ],
)
def test_everything_is_read_again_when_the_surroundings_change(tmp_path: Path, before: str, after: str) -> None:
    assert familiar(tmp_path, before + server(1), after + server(1)) == []


def test_what_stands_before_a_virtual_server_counts(tmp_path: Path) -> None:
    defaults = "global_defs {\n script_user root\n}\n"
    assert familiar(tmp_path, server(1) + defaults + server(2), defaults + server(1) + server(2)) == ["2"]


def test_text_is_compared_after_definitions_and_repetitions_were_expanded(tmp_path: Path) -> None:
    text = server(1, "delay_loop $LOOP") + server(2)
    assert familiar(tmp_path, "$LOOP=5\n" + text, "$LOOP=6\n" + text) == ["2"]
    first, second = (f"real_server 10.0.0.{number} 80 {{ weight 1 }}" for number in (2, 3))
    repeated = server(1, "~SEQ(N, 2, 3) real_server 10.0.0.$N 80 { weight 1 }")
    assert familiar(tmp_path, repeated, server(1, first, second)) == ["1"]
    assert familiar(tmp_path, repeated, server(1, first)) == []


def test_conditions_count_as_they_turn_out(tmp_path: Path) -> None:
    text = server(1, "@here delay_loop 5", "@there delay_loop 6") + server(2)
    assert familiar(tmp_path, text, text) == ["1", "2"]
    assert familiar(tmp_path, text, text, config_id="there") == ["2"]


def test_included_virtual_servers_are_familiar(tmp_path: Path) -> None:
    (tmp_path / "more.conf").write_text(server(1), encoding="utf-8")
    assert familiar(tmp_path, server(1) + server(2), "include more.conf\n" + server(2)) == ["1", "2"]


def test_virtual_server_with_a_script_is_always_read_again(tmp_path: Path) -> None:
    scripted = server(1, check="MISC_CHECK {\nmisc_path /bin/true\n}")
    text = "global_defs {\n enable_script_security\n script_user root\n}\n" + scripted + server(2)
    assert familiar(tmp_path, text, text) == ["2"]


@pytest.mark.parametrize("wrong", ["colour red", "quorum 9"])
def test_nothing_is_remembered_of_a_configuration_with_something_wrong(tmp_path: Path, wrong: str) -> None:
    before = server(1, wrong) + server(2)
    assert familiar(tmp_path, before, server(1) + server(2)) == []


def test_what_is_wrong_with_the_changed_block_is_said_at_its_place(tmp_path: Path) -> None:
    after = "\n" + server(1) + server(2, "quorum 9") + "}\n"
    assert familiar(tmp_path, server(1) + server(2), after) == []  # a brace too many: what is whose block is in doubt
    assert familiar(tmp_path, server(1) + server(2), "\n" + server(1) + server(2, "quorum 9")) == ["1"]
