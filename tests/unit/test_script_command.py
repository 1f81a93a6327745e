"""Scripts of a configuration as commands."""

from __future__ import annotations

from keepalived_py.config.arguments import Identity, Script
from keepalived_py.execution import Command
from keepalived_py.script_command import command_of


def test_checked_script_is_run_as_its_user_at_its_path_with_words_added() -> None:
    identity = Identity(uid=5, gid=6, groups=(6, 7), guarded=True)
    script = Script(words=("check", "a b"), path="/usr/bin/check", identity=identity)
    command = command_of(script, "INSTANCE", "VI_1", environment={"A": "1"}, timeout=2.5, tied=False, keep_error=False)
    assert command == Command(
        words=("check", "a b", "INSTANCE", "VI_1"),
        path="/usr/bin/check",
        uid=5,
        gid=6,
        groups=(6, 7),
        environment={"A": "1"},
        timeout=2.5,
        tied=False,
        keep_error=False,
        guarded=True,
    )


def test_script_of_nobody_in_particular_runs_as_the_daemon_without_supplementary_groups() -> None:
    assert command_of(Script(words=("/bin/true",), path="/bin/true", identity=Identity())) == Command(
        ("/bin/true",), path="/bin/true"
    )


def test_redirection_is_handed_to_the_shell() -> None:
    command = command_of(Script(words=("</dev/tcp/127.0.0.1/80",), identity=Identity(guarded=True)))
    assert (command.words, command.path) == (("/bin/sh", "-c", "</dev/tcp/127.0.0.1/80"), "/bin/sh")
