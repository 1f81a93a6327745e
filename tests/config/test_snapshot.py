"""The shared configuration: generations, readers in other processes, torn writes."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from keepalived_py.config.model import Config
from keepalived_py.config.model.check import VirtualServer
from keepalived_py.config.model.vrrp import VrrpInstance
from keepalived_py.config.snapshot import Snapshot
from keepalived_py.errors import ConfigError


def config(name: str, count: int = 1) -> Config:
    return Config(vrrp_instances=tuple(VrrpInstance(name=f"{name}{number}") for number in range(count)))


@pytest.fixture
def snapshot() -> Iterator[Snapshot]:
    made = Snapshot.create()
    yield made
    made.close()


def test_empty_snapshot_read_is_refused(snapshot: Snapshot) -> None:
    with pytest.raises(ConfigError, match="no configuration has been accepted yet"):
        snapshot.read()


def test_written_configuration_comes_back_with_its_generation(snapshot: Snapshot) -> None:
    assert snapshot.write(config("A")) == 1
    assert snapshot.current() == (1, config("A"))


def test_reader_that_wants_no_servers_gets_everything_else(snapshot: Snapshot) -> None:
    instances = (VrrpInstance(name="VI_1"),)
    servers = (VirtualServer(delay_loop=7.0),)
    snapshot.write(Config(vrrp_instances=instances, virtual_servers=servers))
    assert snapshot.current(servers=False) == (1, Config(vrrp_instances=instances))
    assert snapshot.current() == (1, Config(vrrp_instances=instances, virtual_servers=servers))


@pytest.mark.parametrize("counts", [(1, 50, 1, 1, 50, 50, 1), (50, 1, 1, 1), (1, 1, 1, 1)])
def test_many_generations_of_changing_size_each_come_back(snapshot: Snapshot, counts: tuple[int, ...]) -> None:
    for generation, count in enumerate(counts, 1):
        assert snapshot.write(config(f"G{generation}", count)) == generation
        assert snapshot.read() == (generation, config(f"G{generation}", count))


def test_memory_does_not_grow_with_the_number_of_generations(snapshot: Snapshot) -> None:
    for generation in range(100):
        snapshot.write(config(f"G{generation}"))
    size = os.fstat(snapshot._descriptor).st_size
    assert size < 30_000


def test_forked_reader_sees_what_its_parent_writes_later(snapshot: Snapshot) -> None:
    snapshot.write(config("A"))
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(read_end, 1)
        os._exit(0 if snapshot.read() == (2, config("B", 20)) else 1)
    snapshot.write(config("B", 20))
    os.write(write_end, b"x")
    _, status = os.waitpid(child, 0)
    os.close(read_end)
    os.close(write_end)
    assert os.waitstatus_to_exitcode(status) == 0


def test_half_written_header_leaves_the_generation_before_in_force(snapshot: Snapshot) -> None:
    snapshot.write(config("A"))
    snapshot.write(config("B"))
    snapshot.write(config("C"))
    os.pwrite(snapshot._descriptor, b"\xff\xff\xff", 32)
    assert snapshot.read() == (2, config("B"))


def test_body_written_without_header_changes_nothing(snapshot: Snapshot) -> None:
    snapshot.write(config("A"))
    end = os.fstat(snapshot._descriptor).st_size
    os.pwrite(snapshot._descriptor, b"\x80garbage", end)
    assert snapshot.read() == (1, config("A"))


def test_damaged_body_is_refused_instead_of_loaded(snapshot: Snapshot) -> None:
    snapshot.write(config("A"))
    os.pwrite(snapshot._descriptor, b"\xff\xff", 80)
    with pytest.raises(ConfigError, match="faster than it can be read"):
        snapshot.read()


def test_size_is_that_of_the_configuration_in_force(snapshot: Snapshot) -> None:
    assert snapshot.size == 0
    snapshot.write(config("A"))
    small = snapshot.size
    snapshot.write(config("A", 50))
    assert 0 < small < snapshot.size


def test_staged_configuration_is_not_in_force_before_it_is_committed(snapshot: Snapshot) -> None:
    snapshot.write(config("A"))
    staged = snapshot.stage(config("B", 100))
    assert snapshot.read() == (1, config("A"))
    assert snapshot.commit(staged) == 2
    assert snapshot.read() == (2, config("B", 100))


def test_staged_configuration_that_is_given_up_is_overwritten_by_the_next(snapshot: Snapshot) -> None:
    snapshot.write(config("A"))
    snapshot.stage(config("B", 100))
    assert snapshot.commit(snapshot.stage(config("C", 2))) == 2
    assert snapshot.read() == (2, config("C", 2))


@pytest.mark.parametrize("named", [False, True])
def test_snapshot_in_a_directory_leaves_no_name_there(
    tmp_path: Path, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open

    def without_nameless_files(path: str, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, "no")
        return opened(path, flags, mode)

    if named:
        monkeypatch.setattr(os, "open", without_nameless_files)
    made = Snapshot.create(str(tmp_path))
    made.write(config("A"))
    assert made.read() == (1, config("A"))
    assert os.fstat(made._descriptor).st_dev == tmp_path.stat().st_dev
    assert list(tmp_path.iterdir()) == []
    made.close()


def test_snapshot_in_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Snapshot.create(str(tmp_path / "missing"))


def test_configuration_is_loaded_one_virtual_router_per_step(snapshot: Snapshot) -> None:
    routers = tuple(VrrpInstance(name=f"VI_{number}") for number in range(5))
    whole = Config(vrrp_instances=routers, virtual_servers=(VirtualServer(fwmark=1),))
    snapshot.write(whole)
    steps = snapshot.loading()
    for _ in routers:
        next(steps)
    snapshot.write(Config())  # what is being loaded is not disturbed by what comes
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value == (1, whole)
