"""Pid files and syslog tags of daemons with an instance name or a namespace."""

import pytest

from keepalived_py.watchdog.places import CHECKERS, PARENT, VRRP, Places


@pytest.mark.parametrize(
    ("where", "process", "path"),
    [
        (Places(), PARENT, "/run/keepalived.pid"),
        (Places(), VRRP, "/run/vrrp.pid"),
        (Places(), CHECKERS, "/run/checkers.pid"),
        (Places(use_directory=True), PARENT, "/run/keepalived/keepalived.pid"),
        (Places(instance="one"), VRRP, "/run/keepalived/vrrp_one.pid"),
        (Places(namespace="blue"), VRRP, "/run/keepalived/blue/vrrp.pid"),
        (Places(instance="one", namespace="blue"), PARENT, "/run/keepalived/blue/keepalived_one.pid"),
    ],
)
def test_pid_file_is_where_keepalived_puts_it(where: Places, process: str, path: str) -> None:
    assert where.pid_file(process) == path


def test_pid_file_chosen_on_the_command_line_wins() -> None:
    assert Places(instance="one").pid_file(VRRP, "/x/v.pid") == "/x/v.pid"


@pytest.mark.parametrize(
    ("where", "process", "ident"),
    [
        (Places(), PARENT, "Keepalived"),
        (Places(), VRRP, "Keepalived_vrrp"),
        (Places(), CHECKERS, "Keepalived_healthcheckers"),
        (Places(namespace="blue"), VRRP, "Keepalived_vrrp_blue"),
        (Places(instance="one", namespace="blue"), CHECKERS, "Keepalived_healthcheckers_blue_one"),
    ],
)
def test_log_tag_names_namespace_then_instance(where: Places, process: str, ident: str) -> None:
    assert where.ident(process) == ident


@pytest.mark.parametrize(
    ("where", "path"),
    [
        (Places(), "/run/keepalived.reload"),
        (Places(use_directory=True), "/run/keepalived/keepalived.reload"),
        (Places(instance="one"), "/run/keepalived/keepalived_one.reload"),
        (Places(namespace="blue"), "/run/keepalived/blue/keepalived.reload"),
    ],
)
def test_marker_of_a_reload_is_beside_the_pid_file(where: Places, path: str) -> None:
    assert where.reload_file("") == path
    assert where.reload_file("/else/where") == "/else/where"
