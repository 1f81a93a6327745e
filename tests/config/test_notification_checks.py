"""Owners of pipes, and what is wrong with the security of mails."""

import pytest

from keepalived_py.config.arguments import Fifo
from keepalived_py.config.describe import describe_vrrp
from keepalived_py.config.diagnostics import Severity
from keepalived_py.config.dump import dump
from keepalived_py.config.environment import RecordedEnvironment
from keepalived_py.config.global_values import MailLogin
from tests.config.checking import check_text, check_with_diagnostics

USERS = {"root": (0, 0), "worker": (1000, 1001)}
MACHINE = RecordedEnvironment(interfaces=frozenset({"lo", "eth0"}), users=USERS, groups={"staff": 50})


def fifo(*lines: str, machine: RecordedEnvironment = MACHINE) -> Fifo | None:
    config, messages = check_text("global_defs {\n" + "\n".join(lines) + "\n}\n", machine)
    assert messages == []
    return config.global_defs.notify_fifo


@pytest.mark.parametrize(
    ("lines", "owner"),
    [
        (("notify_fifo /run/pipe worker",), (1000, 1001)),
        (("notify_fifo /run/pipe worker staff",), (1000, 50)),
        (("script_user worker", "notify_fifo /run/pipe"), (1000, 1001)),
        (("notify_fifo /run/pipe",), (None, None)),
    ],
)
def test_pipe_belongs_to_whom_the_configuration_says(
    lines: tuple[str, ...], owner: tuple[int | None, int | None]
) -> None:
    found = fifo(*lines)
    assert found is not None
    assert (found.uid, found.gid) == owner


def test_pipe_belongs_to_the_default_user_of_scripts_if_there_is_one() -> None:
    machine = RecordedEnvironment(users={**USERS, "keepalived_script": (77, 78)})
    found = fifo("notify_fifo /run/pipe", machine=machine)
    assert found is not None
    assert (found.uid, found.gid) == (77, 78)


def test_pipe_of_a_user_who_does_not_exist_is_left_out_with_a_warning() -> None:
    config, diagnostics = check_with_diagnostics("global_defs {\n vrrp_notify_fifo /run/pipe who staff\n}\n", MACHINE)
    assert config.global_defs.vrrp_notify_fifo is None
    assert [(entry.severity, entry.message) for entry in diagnostics] == [
        (Severity.WARNING, "(global_defs) vrrp_notify_fifo /run/pipe is for who:staff, who does not exist: ignored")
    ]


def test_second_pipe_of_a_kind_is_an_error_and_ignored() -> None:
    from keepalived_py.config.build import build  # noqa: PLC0415
    from tests.config.reading import read_text  # noqa: PLC0415

    statements, diagnostics = read_text("global_defs {\n notify_fifo /run/one\n notify_fifo /run/two\n}\n")
    config = build(statements, diagnostics)
    assert [entry.severity for entry in diagnostics] == [Severity.ERROR]
    assert config.global_defs.notify_fifo == Fifo(path="/run/one")


def test_login_in_the_clear_is_a_warning_and_two_kinds_of_tls_are_an_error() -> None:
    _, diagnostics = check_with_diagnostics("global_defs {\n smtp_auth u p\n}\n", MACHINE)
    assert [(entry.severity, entry.message) for entry in diagnostics] == [
        (Severity.WARNING, "smtp_auth without smtp_starttls or smtp_tls sends the password in the clear")
    ]
    _, messages = check_text("global_defs {\n smtp_tls\n smtp_starttls\n smtp_auth u p\n}\n", MACHINE)
    assert messages == ["smtp_starttls is pointless with smtp_tls, which encrypts from the first byte on"]


def test_password_is_shown_to_nobody_but_the_configuration_written_out() -> None:
    config, _ = check_text("global_defs {\n smtp_tls\n smtp_auth lb1 'very secret'\n}\n".replace("'", '"'), MACHINE)
    assert config.global_defs.smtp_auth == MailLogin(user="lb1", password="very secret")
    shown = "\n".join(describe_vrrp(config))
    assert "very secret" not in shown
    assert " Smtp auth = lb1 ********" in shown
    assert 'smtp_auth lb1 "very secret"' in dump(config)


def test_file_of_a_password_is_shown() -> None:
    config, _ = check_text("global_defs {\n smtp_tls\n smtp_auth lb1 file:/etc/p\n}\n", MACHINE)
    assert " Smtp auth = lb1 file:/etc/p" in "\n".join(describe_vrrp(config))
