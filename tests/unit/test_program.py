"""Programs run by the spawner, with real processes."""

from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keepalived_py.kernel.scheduling import Conditions
from keepalived_py.program import Command, Outcome, Program, Programs
from keepalived_py.reactor import Reactor
from tests.unit.looping import Lines, run_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


class Bench:
    """A loop with programs whose ends are remembered."""

    def __init__(self) -> None:
        self.loop = Reactor(longest_sleep=0.05)
        self.log = Lines()
        self.programs = Programs(self.loop, self.log)
        self.outcomes: dict[Program, Outcome] = {}
        self.overran: list[float] = []

    def start(self, *words: str, **settings: object) -> Program:
        started: list[Program] = []

        def done(outcome: Outcome) -> None:
            self.outcomes[started[0]] = outcome

        command = Command(words, **settings)  # type: ignore[arg-type]
        started.append(self.programs.start(command, done, lambda: self.overran.append(self.loop.time())))
        return started[0]

    def shell(self, text: str, **settings: object) -> Program:
        return self.start("/bin/sh", "-c", text, **settings)

    def until(self, condition: Callable[[], object]) -> None:
        run_until(self.loop, condition, self.log.lines)

    def outcome(self, program: Program) -> Outcome:
        self.until(lambda: program in self.outcomes)
        return self.outcomes[program]

    def spawner(self) -> int:
        self.programs.prepare()
        return next(iter(self.programs._pids))


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.programs.close(2.0)
    for pid in made.programs._pids:
        os.waitpid(pid, 0)
    made.loop.close()


def exists(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_exit_code_0_is_success(bench: Bench) -> None:
    outcome = bench.outcome(bench.start("/bin/true"))
    assert outcome._replace(duration=0.0) == Outcome(0)
    assert outcome.succeeded
    assert outcome.duration > 0


def test_exit_code_and_last_line_of_standard_error_are_kept(bench: Bench) -> None:
    outcome = bench.outcome(bench.shell("echo first >&2; echo 'no\trout\033e' >&2; echo >&2; exit 3"))
    assert outcome._replace(duration=0.0) == Outcome(3, error_line="no rout e")
    assert not outcome.succeeded
    assert outcome.describe() == "exited with status 3"


def test_endless_standard_error_is_bounded(bench: Bench) -> None:
    outcome = bench.outcome(bench.shell("head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 1"))
    assert outcome.exit_code == 1
    assert outcome.error_line == "x" * 256


def test_signal_that_ends_a_program_is_told(bench: Bench) -> None:
    outcome = bench.outcome(bench.shell("kill -USR1 $$"))
    assert (outcome.exit_code, outcome.signal, outcome.succeeded) == (None, signal.SIGUSR1, False)
    assert outcome.describe() == "due to signal 10"


def test_missing_program_is_a_failure_with_its_reason(bench: Bench) -> None:
    outcome = bench.outcome(bench.start("/nonexistent/check"))
    assert outcome.problem == "No such file or directory"
    assert not outcome.succeeded
    assert not outcome.lost
    assert outcome.describe() == "could not be run: No such file or directory"


def test_file_that_may_not_be_executed_is_a_failure_with_its_reason(bench: Bench, tmp_path: Path) -> None:
    script = tmp_path / "plain"
    script.write_text("exit 0\n", encoding="utf-8")
    assert bench.outcome(bench.start(str(script))).problem == "Permission denied"


def test_text_without_shebang_is_run_by_the_shell(bench: Bench, tmp_path: Path) -> None:
    script = tmp_path / "plain"
    script.write_text("exit $1\n", encoding="utf-8")
    script.chmod(0o755)
    assert bench.outcome(bench.start(str(script), "7")).exit_code == 7


def test_name_without_slash_is_found_in_path(bench: Bench) -> None:
    assert bench.outcome(bench.start("false")).exit_code == 1
    assert bench.outcome(bench.start("no-such-program-anywhere")).problem == "No such file or directory"


def test_environment_gains_variables_and_loses_dangerous_ones(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IFS", "LD_PRELOAD", "LD_LIBRARY_PATH", "KEPT"):
        monkeypatch.setenv(name, "")
    text = 'env | cut -d= -f1 | grep -x -E "IFS|LD_PRELOAD|LD_LIBRARY_PATH|KEPT|ADDED" | sort | tr "\\n" " " >&2'
    assert bench.outcome(bench.shell(text, environment={"ADDED": "1"})).error_line == "ADDED KEPT"


def test_program_gets_null_devices_its_own_group_default_signals_and_no_descriptors(bench: Bench) -> None:
    text = (
        "readlink /proc/self/fd/0 /proc/self/fd/1; ls /proc/$$/fd | tr '\\n' ' ';"
        " ps -o pgid= -p $$; echo $$; grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status"
    )
    lines: list[str] = []
    for number in range(1, 9):
        outcome = bench.outcome(bench.shell(f"{{ {text}; }} | sed -n {number}p >&2"))
        lines.append(outcome.error_line)
    assert lines[0] == "/dev/null"
    assert not [line for line in lines if "socket" in line or "eventpoll" in line]


def test_signals_are_neither_blocked_nor_ignored(bench: Bench) -> None:
    fields = "/^Sig(Blk|Ign|Cgt)/"
    text = f"awk '{fields} {{ printf \"%s \", $2 }}' /proc/self/status >&2"
    line = bench.outcome(bench.start("/bin/sh", "-c", f"exec {text}")).error_line
    # The C library of a process with threads has its own two signals ignored in what it starts.
    assert [int(mask, 16) & ~0x1_8000_0000 for mask in line.split()] == [0, 0, 0]


def test_only_the_standard_descriptors_are_open(bench: Bench) -> None:
    keeper = os.open("/dev/zero", os.O_RDONLY)
    os.set_inheritable(keeper, True)
    # Links by number, not a listing: that would open the directory, and a shell's pipeline opens pipes.
    text = (
        "import os, sys; there = [f'/proc/self/fd/{number}' for number in range(64)];"
        "print(*(os.readlink(each).split(':')[0] for each in there if os.path.lexists(each)), file=sys.stderr)"
    )
    assert bench.outcome(bench.start(sys.executable, "-I", "-c", text)).error_line == "/dev/null /dev/null pipe"
    os.close(keeper)


def test_program_leads_a_process_group_of_its_own(bench: Bench) -> None:
    program = bench.shell("exec sleep 30")
    bench.until(lambda: program.pid)
    assert program.pid is not None
    assert os.getpgid(program.pid) == program.pid
    program.terminate()
    assert bench.outcome(program).signal == signal.SIGTERM


def test_timeout_is_told_at_once_and_ends_the_whole_group(bench: Bench) -> None:
    program = bench.shell("sleep 300 & echo $! >&2; wait", timeout=2.0)
    outcome = bench.outcome(program)
    assert outcome.timed_out
    assert not outcome.succeeded
    assert outcome.signal == signal.SIGTERM
    assert len(bench.overran) == 1
    bench.until(lambda: not exists(int(outcome.error_line)))


def test_timeout_of_a_program_that_was_ended_before_it_does_nothing(bench: Bench) -> None:
    program = bench.shell("sleep 300", timeout=2.0)
    bench.until(lambda: program.pid)
    program.terminate()
    assert (bench.outcome(program).signal, bench.outcome(program).timed_out) == (signal.SIGTERM, False)
    assert bench.outcome(bench.shell("sleep 2.5")).succeeded
    assert bench.overran == []


def test_program_that_ignores_sigterm_is_killed_two_seconds_later(bench: Bench) -> None:
    program = bench.shell("trap '' TERM; while :; do sleep 0.1; done", timeout=2.0)
    bench.until(lambda: bench.overran)
    assert program.running
    outcome = bench.outcome(program)
    assert (outcome.timed_out, outcome.signal) == (True, signal.SIGKILL)
    assert outcome.duration > 4.0
    assert outcome.describe().startswith("timed out after ")


def test_stopped_program_is_ended_too(bench: Bench) -> None:
    program = bench.shell("kill -STOP $$", timeout=2.0)
    assert bench.outcome(program).timed_out


def test_late_success_is_a_timeout(bench: Bench) -> None:
    outcome = bench.outcome(bench.shell("trap 'exit 0' TERM; while :; do sleep 0.05; done", timeout=2.0))
    assert (outcome.exit_code, outcome.timed_out, outcome.succeeded) == (0, True, False)


def test_descendant_that_keeps_standard_error_does_not_delay_the_end(bench: Bench) -> None:
    outcome = bench.outcome(bench.shell("echo bad >&2; sleep 20 & exit 1"))
    assert (outcome.exit_code, outcome.error_line) == (1, "bad")
    assert outcome.duration < 15


def test_programs_run_side_by_side(bench: Bench, tmp_path: Path) -> None:
    one = bench.shell(f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; exit 4", timeout=20.0)
    two = bench.shell(f"touch {tmp_path}/go; exit 5", timeout=20.0)
    assert (bench.outcome(two).exit_code, bench.outcome(one).exit_code) == (5, 4)


def test_large_environment_arrives_and_one_that_is_too_large_is_a_failure(bench: Bench) -> None:
    many = {f"V{number}": "x" * 100_000 for number in range(10)}
    assert bench.outcome(bench.shell("[ ${#V9} = 100000 ] && exit 6", environment=many)).exit_code == 6
    outcome = bench.outcome(bench.start("/bin/true", environment={"V": "x" * 200_000}))
    assert outcome.problem == "Argument list too long"
    huge = {f"V{number}": "x" * 1_000_000 for number in range(20)}
    assert "too large" in bench.outcome(bench.start("/bin/true", environment=huge)).problem


def test_error_pipe_can_be_left_out(bench: Bench) -> None:
    outcome = bench.outcome(bench.shell("echo bad >&2; [ /dev/null -ef /proc/self/fd/2 ] && exit 9", keep_error=False))
    assert (outcome.exit_code, outcome.error_line) == (9, "")


def test_program_finds_its_input_whole_on_standard_input(bench: Bench, tmp_path: Path) -> None:
    text = bytes(range(256)) * 1000
    assert bench.outcome(bench.shell(f"cat > {tmp_path}/copy", input=text)).exit_code == 0
    assert (tmp_path / "copy").read_bytes() == text


def test_program_without_input_finds_the_end_at_once(bench: Bench, tmp_path: Path) -> None:
    assert bench.outcome(bench.shell(f"cat > {tmp_path}/copy")).exit_code == 0
    assert (tmp_path / "copy").read_bytes() == b""


@as_root
def test_user_group_and_supplementary_groups_are_taken(bench: Bench) -> None:
    settings = {"uid": NOBODY, "gid": 1, "groups": (2, 3)}
    assert (
        bench.outcome(bench.shell("echo $(id -u) $(id -g) $(id -G) >&2", **settings)).error_line == f"{NOBODY} 1 1 2 3"
    )
    settings["groups"] = ()
    assert bench.outcome(bench.shell("echo $(id -u) $(id -G) >&2", **settings)).error_line == f"{NOBODY} 1"


@as_root
def test_scheduling_and_limits_are_those_from_before(bench: Bench) -> None:
    before = Conditions.current()
    os.setpriority(os.PRIO_PROCESS, 0, -5)
    try:
        outcome = bench.outcome(bench.shell("nice >&2"))
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before.nice)
    assert outcome.error_line == str(before.nice)


@as_root
def test_guarded_program_that_others_could_have_changed_does_not_run(bench: Bench, tmp_path: Path) -> None:
    script = tmp_path / "check"
    script.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    script.chmod(0o757)
    outcome = bench.outcome(bench.start(str(script), guarded=True))
    assert "script_security" in outcome.problem
    assert bench.outcome(bench.start(str(script))).exit_code == 0
    assert script.stat().st_mode & stat.S_IWOTH


def test_signals_to_everything_called_keepalived_do_not_end_the_spawner(bench: Bench) -> None:
    pid = bench.spawner()
    program = bench.shell("sleep 0.2; exit 8")
    bench.until(lambda: program.pid)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGRTMIN + 2):
        os.kill(pid, number)
    assert bench.outcome(program).exit_code == 8, bench.log.lines
    assert Path(f"/proc/{pid}/comm").read_text(encoding="utf-8") == "keepalived_prog\n"


def test_spawner_that_is_killed_loses_its_programs_and_another_takes_its_place(bench: Bench) -> None:
    program = bench.shell("exec sleep 300")
    bench.until(lambda: program.pid)
    pid, sleeper = bench.spawner(), program.pid
    assert sleeper is not None
    bench.programs._spawned_at = bench.loop.time() + 10.0  # a moment ago, also on a machine that stands still
    os.kill(pid, signal.SIGKILL)
    outcome = bench.outcome(program)
    assert outcome.lost
    assert bench.log.lines == ["the process that starts programs has ended; programs that ran: 1"]
    bench.until(lambda: not exists(sleeper))
    assert bench.outcome(bench.start("/bin/true")).lost
    bench.programs._spawned_at = bench.loop.time() - 1.0
    assert bench.outcome(bench.start("/bin/true")).succeeded


def test_end_of_the_daemon_ends_tied_programs_and_lets_the_others_finish(bench: Bench, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    tied = bench.shell(f"trap 'echo tied > {tmp_path}/tied; exit 0' TERM; touch {ready}; while :; do sleep 0.1; done")
    free = bench.shell(f"sleep 0.5; echo free > {tmp_path}/free", tied=False)
    bench.until(ready.exists)
    bench.programs.close(10.0)
    assert (tmp_path / "tied").read_text(encoding="utf-8") == "tied\n"
    assert (tmp_path / "free").read_text(encoding="utf-8") == "free\n"
    assert bench.outcomes[tied].exit_code == 0
    assert bench.outcomes[free].exit_code == 0


def test_spawner_ends_with_its_child(bench: Bench) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        loop = Reactor()
        programs = Programs(loop, Lines())
        program = programs.start(Command(("/bin/sleep", "300")), lambda _outcome: None)
        while program.pid is None:
            loop.run_once()
        os.write(writer, f"{next(iter(programs._pids))} {program.pid}".encode())
        os._exit(0)
    pids = [int(word) for word in os.read(reader, 100).split()]
    os.waitpid(child, 0)
    bench.until(lambda: not any(exists(pid) for pid in pids))
    os.close(reader)
    os.close(writer)
