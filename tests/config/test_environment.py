import os
from pathlib import Path

import pytest

from keepalived_py.config.environment import PathStatus, SystemEnvironment


def test_this_machine_has_a_loopback_interface_and_root() -> None:
    here = SystemEnvironment()
    assert here.interface_exists("lo")
    assert here.interface_is_loopback("lo")
    assert not here.interface_exists("no-such-if0")
    assert not here.interface_is_loopback("no-such-if0")
    assert here.user("root") == (0, 0)
    assert here.user("no-such-user-here") is None
    assert here.group("root") == 0
    assert here.group("12345") == 12345
    assert here.group("no-such-group-here") is None
    assert here.resolves("127.0.0.1")


def test_status_of_file_and_link_is_what_lstat_says(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "link").symlink_to("file")
    here = SystemEnvironment()
    assert here.status(f"{tmp_path}/file") == PathStatus(0o100640, os.getuid(), os.getgid())
    link = here.status(f"{tmp_path}/link")
    assert link is not None
    assert link.target == "file"
    assert here.status(f"{tmp_path}/none") is None
    assert here.status("bad\0path") is None


def test_search_path_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/a::/b")
    assert SystemEnvironment().search_path() == ("/a", ".", "/b")


def test_host_names_are_taken_for_known_where_nobody_may_wait() -> None:
    assert SystemEnvironment(ask_resolver=False).resolves("no-such-host.invalid")


def test_interfaces_of_another_namespace_are_asked_for_once_and_when_they_are_needed() -> None:
    asked = []

    def interfaces() -> list[str]:
        asked.append("interfaces")
        return ["lo", "inside0"]

    there = SystemEnvironment(list_interfaces=interfaces)
    assert asked == []
    assert [there.interface_exists(name) for name in ("inside0", "lo", "outside0")] == [True, True, False]
    assert [there.interface_is_loopback(name) for name in ("inside0", "lo")] == [False, True]
    assert asked == ["interfaces"]


def test_interfaces_of_a_namespace_that_cannot_be_entered_are_taken_for_known() -> None:
    def interfaces() -> list[str]:
        raise FileNotFoundError

    there = SystemEnvironment(list_interfaces=interfaces)
    assert there.interface_exists("any0")
    assert not there.interface_is_loopback("any0")
