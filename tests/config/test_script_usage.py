import pytest

from keepalived_py.config.arguments import Identity
from keepalived_py.config.diagnostics import Severity
from keepalived_py.config.environment import PathStatus, RecordedEnvironment
from keepalived_py.errors import ConfigTestCode
from keepalived_py.structure import replace
from tests.config.checking import check_text, check_with_diagnostics, instance_text

DIRECTORY = PathStatus(0o040755)
PATHS = {"/": DIRECTORY, "/bin": DIRECTORY, "/bin/ok": PathStatus(0o100755), "/bin/open": PathStatus(0o100777)}
USERS = {"root": (0, 0), "worker": (1000, 1000)}
MACHINE = RecordedEnvironment(interfaces=frozenset({"lo", "eth0"}), paths=PATHS, users=USERS)
SECURE = "global_defs {\n enable_script_security\n script_user root\n}\n"


def tracked(script: str, *, before: str = SECURE, more: str = "") -> str:
    return f"{before}vrrp_script chk {{\n script {script}\n {more}\n}}\n" + instance_text("track_script { chk }")


def test_script_that_runs_safely_passes_without_a_word() -> None:
    config, messages = check_text(tracked('"/bin/ok now"'), MACHINE)
    assert messages == []
    assert [script.name for script in config.vrrp_scripts] == ["chk"]
    assert [entry.name for entry in config.vrrp_instances[0].track_script] == ["chk"]


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("/bin/none", "cannot be found (/bin/none does not exist)"),
        ("/bin/open", "can be changed by others than root (/bin/open has mode 0777: chmod o-w /bin/open)"),
    ],
)
def test_tracked_script_that_must_not_run_is_disabled_with_one_error(script: str, problem: str) -> None:
    config, messages = check_text(tracked(script), MACHINE)
    assert messages == [f"(chk) track script {script} {problem}: disabled"]
    assert config.vrrp_scripts == ()
    assert config.vrrp_instances[0].track_script == ()


def test_vrrp_script_without_script_is_removed_with_an_error() -> None:
    messages = check_text("vrrp_script chk {\n interval 2\n}\n" + instance_text("track_script { chk }"), MACHINE)[1]
    assert messages == ["(chk) vrrp_script has no script: removed", "(VI_1) track script chk not found: ignored"]


def test_unknown_script_user_is_an_error_and_nothing_runs_as_root_instead() -> None:
    config, messages = check_text(tracked("/bin/ok", before="global_defs { script_user nobody_here }\n"), MACHINE)
    assert messages[0] == "script_user nobody_here does not exist"
    assert config.vrrp_scripts == ()


def test_missing_default_user_is_an_error_with_script_security_only() -> None:
    config, messages = check_text(tracked("/bin/ok", before="global_defs { enable_script_security }\n"), MACHINE)
    assert messages[0] == "(chk) there is no user keepalived_script to run the script: removed"
    assert config.vrrp_scripts == ()


@pytest.mark.parametrize(
    ("script", "more"), [("/bin/ok", ""), ("/bin/open", "; some of them can be changed by others than root")]
)
def test_scripts_without_script_security_are_a_security_problem(script: str, more: str) -> None:
    _, diagnostics = check_with_diagnostics(tracked(script, before=""), MACHINE)
    assert [entry.message for entry in diagnostics] == [
        f"security: VRRP scripts are run without enable_script_security{more}"
    ]
    assert diagnostics.exit_code() is ConfigTestCode.SECURITY


def test_shell_redirection_needs_no_script_security() -> None:
    assert check_text(tracked('"</dev/tcp/127.0.0.1/80"', before=""), MACHINE)[1] == []


def test_notify_script_that_cannot_be_found_is_advice_and_disabled() -> None:
    config, diagnostics = check_with_diagnostics(SECURE + instance_text("notify_master /bin/none"), MACHINE)
    assert config.vrrp_instances[0].notify_master is None
    assert [(entry.severity, entry.message) for entry in diagnostics] == [
        (Severity.WARNING, "(VI_1) notify_master /bin/none cannot be found (/bin/none does not exist): disabled")
    ]
    assert diagnostics.exit_code() is ConfigTestCode.OK


def test_notify_script_of_an_unknown_user_is_advice_and_disabled() -> None:
    config, diagnostics = check_with_diagnostics(SECURE + instance_text('notify_master "/bin/ok" stranger'), MACHINE)
    assert config.vrrp_instances[0].notify_master is None
    assert [entry.message for entry in diagnostics] == [
        "(VI_1) notify_master /bin/ok has no user stranger to run as: disabled"
    ]
    assert diagnostics.exit_code() is ConfigTestCode.OK


def test_notify_script_of_another_user_may_be_writable_by_that_user() -> None:
    config, messages = check_text(SECURE + instance_text('notify_master "/bin/open" worker'), MACHINE)
    assert messages == []
    assert config.vrrp_instances[0].notify_master is not None


def identity_of(before: str, *, more: str = "", machine: RecordedEnvironment = MACHINE) -> Identity | None:
    config, _ = check_text(tracked("/bin/ok", before=before, more=more), machine)
    assert config.vrrp_scripts[0].script is not None
    return config.vrrp_scripts[0].script.identity


def test_checked_script_knows_its_user_and_groups_in_numbers() -> None:
    machine = replace(MACHINE, groups={"root": 0, "adm": 4}, memberships={"worker": (4, 1000)})
    assert identity_of("", more="user worker", machine=machine) == Identity(uid=1000, gid=1000)
    assert identity_of("", more="user worker adm", machine=machine) == Identity(uid=1000, gid=4)
    assert identity_of("", more="user worker :adm", machine=machine) == Identity(uid=1000, gid=4, groups=(4, 1000))
    before = "global_defs {\n script_user worker :\n}\n"
    assert identity_of(before, machine=machine) == Identity(uid=1000, gid=1000, groups=(4, 1000))
    before = "global_defs {\n set_supplementary_groups\n script_user worker\n}\n"
    assert identity_of(before, machine=machine) == Identity(uid=1000, gid=1000, groups=(4, 1000))


def test_script_of_nobody_in_particular_runs_as_keepalived_script_if_that_exists_else_as_the_daemon() -> None:
    assert identity_of("") == Identity()
    machine = replace(MACHINE, users={**USERS, "keepalived_script": (77, 78)})
    assert identity_of("", machine=machine) == Identity(uid=77, gid=78)


def test_script_is_guarded_with_script_security() -> None:
    assert identity_of(SECURE) == Identity(uid=0, gid=0, guarded=True)


@pytest.mark.parametrize(("keyword", "path"), [("", "/bin/ok"), ("use_symlink_paths", "/link")])
def test_symbolic_links_are_kept_on_demand(keyword: str, path: str) -> None:
    machine = replace(MACHINE, paths={**PATHS, "/link": PathStatus(0o120777, target="/bin/ok")})
    config, _ = check_text(tracked("/link", before=f"global_defs {{\n {keyword}\n}}\n"), machine)
    script = config.vrrp_scripts[0].script
    assert script is not None
    assert (script.words, script.path) == (("/link",), path)
