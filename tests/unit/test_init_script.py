"""init.d/keepalived with Red Hat's functions, the LSB's, and neither; the daemon is a stand-in."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

STAND_IN = """\
#!/bin/sh
echo "$@" >> "{root}/arguments"
case "$1" in
    --serve)
        trap 'rm -f "{root}/run/keepalived.pid"; exit 0' TERM
        trap 'echo HUP >> "{root}/signals"' HUP
        echo $$ > "{root}/run/keepalived.pid"
        while :; do sleep 0.05; done ;;
    --bad) echo "Unable to create pid file" >&2; exit 4 ;;
esac
setsid "$0" --serve > /dev/null 2>&1 < /dev/null &
while [ ! -s "{root}/run/keepalived.pid" ]; do sleep 0.02; done
"""

RED_HAT = """\
success() { printf '[  OK  ]'; }
failure() { printf '[FAILED]'; return 1; }
"""

LSB = """\
log_daemon_msg() { printf '%s: %s' "$1" "$2"; }
log_end_msg() { if [ "$1" -eq 0 ]; then echo .; else echo ' failed!'; fi; return "$1"; }
"""

OUTPUT = {
    "redhat": ("Starting keepalived: [  OK  ]\n", "Stopping keepalived: [  OK  ]\n", "Starting keepalived: [FAILED]\n"),
    "lsb": ("Starting: keepalived.\n", "Stopping: keepalived.\n", "Starting: keepalived failed!\n"),
    "plain": ("Starting keepalived: [  OK  ]\n", "Stopping keepalived: [  OK  ]\n", "Starting keepalived: [FAILED]\n"),
}


@pytest.fixture(autouse=True)
def hangup_is_not_ignored() -> Iterator[None]:
    """A shell cannot trap a signal that was ignored when it started, as under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def state(pid: int) -> str | None:
    """The process's state as /proc shows it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return None


class Machine:
    """A directory in which the script finds everything that it looks for on a machine."""

    def __init__(self, root: Path, style: str) -> None:
        self.root = root
        self.style = style
        for directory in (
            "etc/init.d",
            "etc/sysconfig",
            "etc/default",
            "lib/lsb",
            "usr/sbin",
            "run",
            "var/lock/subsys",
        ):
            (root / directory).mkdir(parents=True)
        script = (ROOT / "init.d/keepalived").read_text()
        for path in ("/etc/init.d/f", "/etc/sysconfig/", "/etc/default/", "/lib/lsb/", "/run/k", "/var/lock/"):
            script = script.replace(path, f"{root}{path}")
        script = script.replace("DAEMON=/usr/sbin/", f"DAEMON={root}/usr/sbin/")
        self._write("etc/init.d/keepalived", script)
        self._write("usr/sbin/keepalived", STAND_IN.format(root=root))
        if style == "redhat":
            self._write("etc/init.d/functions", RED_HAT)
        elif style == "lsb":
            self._write("lib/lsb/init-functions", LSB)

    def _write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text)
        (self.root / path).chmod(0o755)

    def do(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", self.root / "etc/init.d/keepalived", *words],
            capture_output=True, text=True, timeout=120, check=False, env={"LC_ALL": "C"},
        )  # fmt: skip

    def pid(self) -> int | None:
        file = self.root / "run/keepalived.pid"
        return int(file.read_text()) if file.exists() else None

    def options(self, text: str, where: str = "etc/sysconfig/keepalived") -> None:
        (self.root / where).write_text(text)

    def first_arguments(self) -> str:
        return (self.root / "arguments").read_text().splitlines()[0]


@pytest.fixture(params=["redhat", "lsb", "plain"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path, request.param)
    yield machine
    pid = machine.pid()
    if pid is not None:
        os.kill(pid, signal.SIGKILL)


def test_stopped_start_reports_success_when_the_daemon_runs_and_stop_when_it_is_gone(machine: Machine) -> None:
    started, stopped, _ = OUTPUT[machine.style]
    done = machine.do("start")
    assert (done.returncode, done.stdout, done.stderr) == (0, started, "")
    pid = machine.pid()
    assert pid is not None
    assert machine.do("status").returncode == 0
    done = machine.do("stop")
    assert (done.returncode, done.stdout, done.stderr) == (0, stopped, "")
    assert state(pid) in (None, "Z")
    assert machine.do("status").returncode == 3


def test_start_that_fails_shows_the_reason_and_its_exit_code(machine: Machine) -> None:
    machine.options('KEEPALIVED_OPTIONS="--bad"\n')
    done = machine.do("start")
    assert (done.returncode, done.stdout) == (4, OUTPUT[machine.style][2])
    assert done.stderr == "Unable to create pid file\n"


def test_running_start_starts_no_other(machine: Machine) -> None:
    machine.do("start")
    pid = machine.pid()
    done = machine.do("start")
    assert (done.returncode, machine.pid()) == (0, pid)
    assert done.stderr == f"keepalived is already running (pid {pid})\n"


def test_running_restart_replaces_the_process(machine: Machine) -> None:
    machine.do("start")
    pid = machine.pid()
    assert machine.do("restart").returncode == 0
    assert machine.pid() not in (None, pid)


@pytest.mark.parametrize("verb", ["reload", "force-reload"])
def test_running_reload_sends_hup(machine: Machine, verb: str) -> None:
    machine.do("start")
    assert machine.do(verb).returncode == 0
    give_up_at = time.monotonic() + 60
    while (
        not ((machine.root / "signals").exists() and (machine.root / "signals").read_text())
        and time.monotonic() < give_up_at
    ):
        time.sleep(0.02)
    assert (machine.root / "signals").read_text() == "HUP\n"


def test_stopped_reload_fails_and_stop_succeeds(machine: Machine) -> None:
    assert machine.do("reload").returncode == 7
    assert machine.do("stop").returncode == 0


@pytest.mark.parametrize("verb", ["condrestart", "try-restart"])
def test_stopped_conditional_restart_starts_nothing(machine: Machine, verb: str) -> None:
    assert (machine.do(verb).returncode, machine.pid()) == (0, None)


@pytest.mark.parametrize("verb", ["condrestart", "try-restart"])
def test_running_conditional_restart_replaces_the_process(machine: Machine, verb: str) -> None:
    machine.do("start")
    pid = machine.pid()
    assert machine.do(verb).returncode == 0
    assert machine.pid() not in (None, pid)


def test_options_come_from_sysconfig_or_default(machine: Machine) -> None:
    machine.options('DAEMON_ARGS="-l"\n', "etc/default/keepalived")
    machine.do("start")
    machine.do("stop")
    assert machine.first_arguments() == "-l"
    (machine.root / "arguments").unlink()
    machine.options('KEEPALIVED_OPTIONS="-D -d -S 0"\n')
    machine.do("start")
    assert machine.first_arguments() == "-D -d -S 0"


def test_status_after_a_crash_names_the_pid_file(machine: Machine) -> None:
    (machine.root / "run/keepalived.pid").write_text("999999999\n")
    done = machine.do("status")
    assert (done.returncode, "pid file" in done.stdout) == (1, True)
    (machine.root / "run/keepalived.pid").unlink()


def test_pid_file_named_by_the_options_is_the_one_that_counts(machine: Machine) -> None:
    machine.do("start")
    pid = machine.pid()
    (machine.root / "other.pid").write_text(f"{pid}\n")
    (machine.root / "run/keepalived.pid").write_text("999999999\n")
    for words in (f"-p {machine.root}/other.pid", f"--pid={machine.root}/other.pid", f"-p{machine.root}/other.pid"):
        machine.options(f'KEEPALIVED_OPTIONS="-D {words}"\n')
        assert machine.do("status").returncode == 0
    (machine.root / "run/keepalived.pid").write_text(f"{pid}\n")


def test_unknown_verb_shows_the_verbs_and_ends_with_2(machine: Machine) -> None:
    done = machine.do("enjoy")
    assert done.returncode == 2
    assert "{start|stop|restart|reload|force-reload|condrestart|try-restart|status}" in done.stderr
