"""Pid files against other daemons, crashes and chance."""

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from keepalived_py.errors import KeepalivedError
from keepalived_py.watchdog.pidfile import AlreadyRunningError, PidFile, PidFiles, is_keepalived

HOLD = """
import sys
from keepalived_py.watchdog.pidfile import PidFile
file = PidFile(sys.argv[1])
file.acquire()
file.write(1)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "keepalived.pid")


@pytest.fixture
def named_keepalived() -> Iterator[int]:
    """A process that shows itself as keepalived."""
    with subprocess.Popen(["keepalived", "60"], executable="/bin/sleep") as process:
        yield process.pid
        process.kill()


def test_acquired_file_written_holds_one_number_and_a_newline_readable_by_all(path: str) -> None:
    file = PidFile(path)
    file.acquire()
    file.write(12345)
    file.write(77)
    assert Path(path).read_text() == "77\n"
    assert Path(path).stat().st_mode & 0o777 == 0o644
    file.remove()
    assert not Path(path).exists()


@pytest.mark.parametrize("device", ["/dev/null", "fifo"])
def test_path_that_is_no_regular_file_is_refused_and_stays(tmp_path: Path, device: str) -> None:
    path = tmp_path / device
    if device == "fifo":
        os.mkfifo(path)
    with pytest.raises(KeepalivedError, match=r"Unable to create pid file .*: not a regular file"):
        PidFiles({"parent": str(path)}).acquire()
    assert path.exists()


def test_file_locked_by_another_process_is_refused_until_that_process_ends(path: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunningError):
            PidFile(path).acquire()
        holder.kill()
    PidFile(path).acquire(wait=2)


def test_file_left_by_a_crash_is_taken_over(path: str) -> None:
    Path(path).write_text("999999999\n")
    file = PidFile(path)
    file.acquire()
    file.write(5)
    assert Path(path).read_text() == "5\n"


@pytest.mark.parametrize(
    "content",
    ["", "nonsense\n", "-1\n", "0\n", "99999999999999999999\n", pytest.param(f"{os.getpid()}\n", id="own process")],
)
def test_file_that_names_no_other_keepalived_is_taken_over(path: str, content: str) -> None:
    Path(path).write_text(content)
    file = PidFile(path)
    file.acquire()
    file.write(4711)
    assert Path(path).read_text() == "4711\n"


def test_unlocked_file_of_a_running_keepalived_is_refused(path: str, named_keepalived: int) -> None:
    Path(path).write_text(f"{named_keepalived}\n")
    with pytest.raises(AlreadyRunningError):
        PidFile(path).acquire()


def test_number_used_again_by_a_later_keepalived_does_not_count(path: str, named_keepalived: int) -> None:
    Path(path).write_text(f"{named_keepalived}\n")
    before = time.time() - 3600
    os.utime(path, (before, before))
    file = PidFile(path)
    file.acquire()
    file.write(4711)
    assert Path(path).read_text() == "4711\n"


def test_number_used_again_by_another_program_does_not_count() -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as process:
        assert is_keepalived(process.pid, time.time()) is False
        process.kill()


def test_removed_file_that_somebody_else_replaced_is_left_alone(path: str) -> None:
    file = PidFile(path)
    file.acquire()
    Path(path).unlink()
    Path(path).write_text("other\n")
    file.remove()
    assert Path(path).read_text() == "other\n"


def test_set_of_files_is_locked_whole_or_not_at_all(tmp_path: Path) -> None:
    paths = {"keepalived": str(tmp_path / "a" / "k.pid"), "vrrp": str(tmp_path / "no-directory")}
    (tmp_path / "no-directory").mkdir()
    files = PidFiles(paths)
    with pytest.raises(KeepalivedError, match="Unable to create pid file"):
        files.acquire()
    assert not Path(paths["keepalived"]).exists()


def _child_that_keeps_vrrp(files: PidFiles, ready: "multiprocessing.synchronize.Event") -> None:
    files.keep_only("vrrp")
    ready.set()
    time.sleep(60)


def test_child_of_a_dead_parent_keeps_its_own_file_only(tmp_path: Path) -> None:
    paths = {name: str(tmp_path / name) for name in ("keepalived", "vrrp")}
    files = PidFiles(paths)
    files.acquire()
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    child = context.Process(target=_child_that_keeps_vrrp, args=(files, ready))
    child.start()
    assert ready.wait(10)
    for file in files.files.values():
        file.close()  # as if this process, the parent, had died
    PidFile(paths["keepalived"]).acquire()
    with pytest.raises(AlreadyRunningError):
        PidFile(paths["vrrp"]).acquire(wait=0.1)
    child.kill()
    child.join()
    PidFile(paths["vrrp"]).acquire(wait=2)
