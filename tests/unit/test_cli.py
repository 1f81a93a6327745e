"""The options of `keepalived`, and those invocations that start nothing."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keepalived_py import cli
from keepalived_py.options import Options


def options(*words: str) -> Options:
    line = cli.read_command_line(words)
    assert not line.complaints
    return line.options


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), Options()),
        (("-P",), Options(run_checkers=False)),
        (("-C",), Options(run_vrrp=False)),
        (("-P", "-C"), Options(run_checkers=False, run_vrrp=False)),
        (("-B",), Options(run_bfd=False)),
        (("-P", "--all"), Options(all_children=True)),
        (("-f", "/x/y.conf"), Options(config_file="/x/y.conf")),
        (("-D",), Options(log_detail=1)),
        (("-DD",), Options(log_detail=2)),
        (("-D", "-d", "-S", "0"), Options(log_detail=1, dump_config=True, log_facility=16)),
        (("-S", "local7"), Options(log_facility=23)),
        (("-S", "user"), Options(log_facility=1)),
        (("-S", "daemon"), Options(log_facility=3)),
        (("-u", "022"), Options(umask=0o22)),
        (("-u", "18"), Options(umask=0o22)),
        (("-u", "0x12"), Options(umask=0o22)),
        (("-u", "0"), Options(umask=0)),
        (("-X", "-V", "-I"), Options(release_vips=True, keep_vips=True, keep_ipvs=True)),
        (("-R", "-n", "-l", "-G"), Options(respawn=False, fork=False, log_console=True, no_syslog=True)),
        (
            ("-p", "a", "-r", "b", "-c", "c", "-b", "d"),
            Options(pid_file="a", vrrp_pid_file="b", checkers_pid_file="c", bfd_pid_file="d"),
        ),
        (("--pid=a", "--vrrp_pid", "b"), Options(pid_file="a", vrrp_pid_file="b")),
        (("-a", "-x", "-A", "s"), Options(address_monitoring=True, snmp=True, snmp_socket="s")),
        (("-s", "blue"), Options(namespace="blue")),
        (("-m",), Options(core_dump=True)),
        (("-M",), Options(core_dump=True, core_dump_pattern="core")),
        (("-Mpat",), Options(core_dump=True, core_dump_pattern="pat")),
        (("-e", "-i", "me"), Options(all_include_checks=True, config_id="me")),
        (("-t",), Options(config_test=True, fork=False, no_syslog=True)),
        (("-tlog",), Options(config_test=True, config_test_log="log", fork=False, no_syslog=True)),
        (("--config-fd=7",), Options(config_descriptor=7)),
        (("--ignore-sigint",), Options(ignore_sigint=True)),
        (("--watchdog-vrrp=0.5", "--watchdog-check", "9"), Options(watchdog_vrrp=0.5, watchdog_check=9.0)),
    ],
)
def test_options_given_set_their_fields(words: tuple[str, ...], expected: Options) -> None:
    assert options(*words) == expected


def test_relative_file_given_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert options("-f", "k.conf").config_file == f"{tmp_path}/k.conf"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("-S", "8"), "Invalid log facility '8'"),
        (("-S", "kern"), "Invalid log facility 'kern'"),
        (("-u", "99x"), "Invalid --umask option 99x"),
        (("-u", "01000"), "Invalid --umask option 01000"),
        (("--watchdog-vrrp", "0"), "Invalid time '0': 0.1 to 3600 seconds are possible"),
        (("--watchdog-check", "nan"), "Invalid time 'nan': 0.1 to 3600 seconds are possible"),
    ],
)
def test_bad_value_is_reported_and_changes_nothing(words: tuple[str, ...], complaint: str) -> None:
    line = cli.read_command_line(words)
    assert (line.complaints, line.bad, line.options) == ([complaint], False, Options())


def test_every_option_field_is_reached_by_some_option() -> None:
    reached: dict[str, object] = {}
    for option in cli.OPTIONS:
        option.setter(reached, "1")
    assert set(reached) == set(Options.__match_args__)


def test_unknown_option_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["-z"]) == 1
    assert capsys.readouterr().err == "Unknown option -z\n"


def test_missing_argument_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["-f"]) == 1
    assert capsys.readouterr().err == "Missing parameter for option -f\n"


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("STOP", signal.SIGTERM),
        ("RELOAD", signal.SIGHUP),
        ("DATA", signal.SIGUSR1),
        ("STATS", signal.SIGUSR2),
        ("STATS_CLEAR", signal.SIGRTMAX - 1),
        ("JSON", signal.SIGRTMIN + 2),
    ],
)
@pytest.mark.parametrize("form", ["--signum={}", "--signum {}"])
def test_signum_prints_one_bare_number(form: str, name: str, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(form.format(name).split()) == 0
    assert capsys.readouterr() == (f"{int(number)}\n", "")


@pytest.mark.parametrize("name", ["json", "TDUMP", ""])
def test_signum_with_an_unknown_name_ends_with_1(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([f"--signum={name}"]) == 1
    assert capsys.readouterr() == ("", f"Unknown sigfunc {name}\n")


def test_version_reads_as_programs_read_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["-v"]) == 0
    out, err = capsys.readouterr()
    lines = err.split("\n")
    assert not out
    assert lines[0] == "Keepalived v2.4.3 (07/20,2026)"
    assert lines[0].split()[1].lstrip("v") == "2.4.3"
    assert "--enable-json" in next(line for line in lines if line.startswith("configure options: "))
    assert {line.split(":")[0] for line in lines} >= {"Config options", "System options"}


def test_version_before_a_bad_option_wins(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["-v", "--bad"]) == 0
    assert capsys.readouterr().err.startswith("Keepalived v2.4.3 ")


def test_help_names_every_option_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("Usage: keepalived [OPTION...]\n")
    assert [option.long for option in cli.OPTIONS if not option.hidden and f"--{option.long}" not in err] == []


def test_log_file_is_refused_as_by_builds_without_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["-g"]) == 1
    assert capsys.readouterr().err == "-g requires configure option --enable-log-file\n"


def test_letters_and_names_are_unique() -> None:
    letters = [option.short for option in cli.OPTIONS if option.short]
    assert len(set(letters)) == len(letters)
    assert len(cli.BY_NAME) == len(cli.OPTIONS)


PROGRAM_THAT_SHOWS_WHAT_IS_BLOCKED = """
import signal
import subprocess
import sys
from keepalived_py import cli
from keepalived_py.watchdog import startup

def start(options, words):
    print(*sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, []))))
    return 0

startup.start = start
cli.main(["-n"])
"""


def test_signals_that_ask_a_daemon_for_something_are_held_while_it_starts() -> None:
    blocked = subprocess.run(
        [sys.executable, "-c", PROGRAM_THAT_SHOWS_WHAT_IS_BLOCKED], capture_output=True, text=True, check=True
    ).stdout.split()

    asking = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGRTMIN + 2, signal.SIGRTMAX - 1)
    assert {int(number) for number in asking} <= {int(number) for number in blocked}
    assert not {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD} & {int(number) for number in blocked}
