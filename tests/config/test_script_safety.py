import pytest

from keepalived_py.config.environment import PathStatus, RecordedEnvironment
from keepalived_py.config.script_safety import Runner, ScriptState, inspect, locate, weakness

DIRECTORY = PathStatus(0o040755)
PROGRAM = PathStatus(0o100755)
MACHINE = {
    "/": DIRECTORY,
    "/usr": DIRECTORY,
    "/usr/bin": DIRECTORY,
    "/usr/bin/true": PROGRAM,
    "/bin": PathStatus(0o120777, target="usr/bin"),
    "/opt": DIRECTORY,
    "/opt/plain.sh": PathStatus(0o100644),
    "/opt/mine": PathStatus(0o100755, uid=1000, gid=1000),
    "/opt/group": PathStatus(0o100775, gid=1000),
    "/opt/world": PathStatus(0o100757),
    "/opt/setuid": PathStatus(0o104757),
    "/opt/private": PathStatus(0o100700, uid=1000, gid=1000),
    "/opt/dangling": PathStatus(0o120777, target="/nowhere"),
    "/opt/loop": PathStatus(0o120777, target="loop"),
    "/opt/up": PathStatus(0o120777, target="../usr/bin/true"),
    "/opt/link": PathStatus(0o120777, target="/tmp/script"),
    "/tmp": PathStatus(0o041777),
    "/tmp/script": PROGRAM,
    "/shared": PathStatus(0o040777),
    "/shared/script": PROGRAM,
    "/home": PathStatus(0o040755, uid=1000),
    "/home/link": PathStatus(0o120777, target="/usr/bin/true"),
}
ENVIRONMENT = RecordedEnvironment(paths=MACHINE, directories=("/usr/sbin", "/usr/bin"))


@pytest.mark.parametrize(
    ("program", "state"),
    [
        ("/usr/bin/true", ScriptState.NONE),
        ("true", ScriptState.NONE),
        ("/bin/true", ScriptState.NONE),
        ("/usr/./bin/../bin//true", ScriptState.NONE),
        ("/opt/up", ScriptState.NONE),
        ("/opt/link", ScriptState.NONE),
        ("false", ScriptState.MISSING),
        ("/usr/bin/none", ScriptState.MISSING),
        ("/usr/bin", ScriptState.MISSING),
        ("/opt/dangling", ScriptState.MISSING),
        ("/opt/loop", ScriptState.MISSING),
        ("usr/bin/true", ScriptState.MISSING),
        ("", ScriptState.MISSING),
        ("/opt/plain.sh", ScriptState.NOT_EXECUTABLE),
        ("</dev/tcp/127.0.0.1/80", ScriptState.SHELL_REDIRECTION),
        ("< /etc/file", ScriptState.SHELL_REDIRECTION),
        ("/opt/mine", ScriptState.INSECURE),
        ("/opt/group", ScriptState.INSECURE),
        ("/opt/world", ScriptState.INSECURE),
        ("/shared/script", ScriptState.INSECURE),
        ("/home/link", ScriptState.INSECURE),
    ],
)
def test_script_of_root_is_judged_by_its_whole_path(program: str, state: ScriptState) -> None:
    assert inspect(program, Runner(), ENVIRONMENT) is state


@pytest.mark.parametrize(
    ("program", "state"),
    [
        ("/opt/world", ScriptState.NONE),
        ("/opt/private", ScriptState.NONE),
        ("/opt/setuid", ScriptState.INSECURE),
        ("/opt/plain.sh", ScriptState.NOT_EXECUTABLE),
    ],
)
def test_script_of_another_user_needs_no_protection_unless_it_is_set_id_root(program: str, state: ScriptState) -> None:
    assert inspect(program, Runner(1000, 1000), ENVIRONMENT) is state


def test_script_that_its_user_may_not_execute_is_not_executable() -> None:
    assert inspect("/opt/private", Runner(1001, 1001), ENVIRONMENT) is ScriptState.NOT_EXECUTABLE
    assert inspect("/opt/private", Runner(1001, 1000), ENVIRONMENT) is ScriptState.NOT_EXECUTABLE


def test_script_that_one_of_its_users_groups_may_execute_is_executable() -> None:
    assert inspect("/opt/group", Runner(1001, 1001, groups=(1000,)), ENVIRONMENT) is ScriptState.NONE


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("/opt/mine", "/opt/mine has mode 0755 and belongs to 1000:1000: chown root /opt/mine"),
        ("/opt/group", "/opt/group has mode 0775 and belongs to 0:1000: chmod g-w /opt/group"),
        ("/opt/world", "/opt/world has mode 0757: chmod o-w /opt/world"),
        ("/shared/script", "/shared has mode 0777: chmod o-w /shared"),
        ("/home/link", "/home has mode 0755 and belongs to 1000:0: chown root /home"),
        ("/opt/plain.sh", "/opt/plain.sh has mode 0644: chmod u+x /opt/plain.sh"),
        ("/usr/none/at/all", "/usr/none does not exist"),
        ("/opt/dangling", "/opt/dangling does not exist"),
    ],
)
def test_weakness_names_the_part_of_the_path_its_mode_and_what_mends_it(program: str, text: str) -> None:
    found = weakness(program, Runner(), ENVIRONMENT)
    assert found is not None
    assert found.describe() == text


def test_remedy_of_a_script_that_may_not_be_executed_speaks_of_the_bits_that_count() -> None:
    found = [weakness("/opt/private", Runner(1001, gid), ENVIRONMENT) for gid in (1000, 1001)]
    assert [one.remedy for one in found if one] == ["chmod g+x /opt/private", "chmod o+x /opt/private"]


@pytest.mark.parametrize("program", ["/usr/bin/true", "none-anywhere"])
def test_no_weakness_is_named_where_there_is_none(program: str) -> None:
    assert weakness(program, Runner(), ENVIRONMENT) is None


def test_program_is_located_without_links_unless_they_are_kept() -> None:
    assert locate("/bin/true", ENVIRONMENT) == "/usr/bin/true"
    assert locate("/bin/true", ENVIRONMENT, keep_links=True) == "/bin/true"
    assert locate("true", ENVIRONMENT) == "/usr/bin/true"
    assert locate("none-anywhere", ENVIRONMENT) is None
