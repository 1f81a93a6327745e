"""What only root may do to a process."""

from __future__ import annotations

import os
import resource
import secrets
import subprocess
from typing import TYPE_CHECKING

import pytest

from keepalived_py.errors import PermissionDeniedError
from keepalived_py.kernel import namespace, scheduling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.lab, pytest.mark.skipif(os.geteuid() != 0, reason="needs root")]


@pytest.fixture
def name() -> Iterator[str]:
    chosen = f"kernel-test-{secrets.token_hex(4)}"
    subprocess.run(["ip", "netns", "add", chosen], check=True)
    yield chosen
    subprocess.run(["ip", "netns", "delete", chosen], check=True)


def said_by_a_child(action: Callable[[], str]) -> str:
    """Run `action` in a fork and return what it returned."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writer, action().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        said = stream.read()
    os.waitpid(pid, 0)
    return said


def test_process_enters_a_named_namespace(name: str) -> None:
    def enter() -> str:
        namespace.enter(name)
        return str(os.stat("/proc/self/ns/net").st_ino)  # noqa: PTH116

    assert said_by_a_child(enter) == str(os.stat(f"/run/netns/{name}").st_ino)  # noqa: PTH116


def test_process_without_capabilities_may_not_enter_a_namespace(name: str) -> None:
    def enter() -> str:
        os.setuid(65534)
        try:
            namespace.enter(name)
        except PermissionDeniedError as problem:
            return str(problem)
        return "entered"

    assert said_by_a_child(enter) == f"Unable to enter network namespace {name}: setns: Operation not permitted"


def test_real_time_process_has_its_limit_and_its_children_are_ordinary() -> None:
    def arrange() -> str:
        try:
            scheduling.set_realtime(5)
            scheduling.set_time_limit(0.5)
        except PermissionError:
            return "refused"
        child = said_by_a_child(lambda: str(os.sched_getscheduler(0)))
        own = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
        limit = resource.getrlimit(scheduling.RLIMIT_RTTIME)
        return f"{own} {os.sched_getparam(0).sched_priority} {limit} {child}"

    said = said_by_a_child(arrange)
    if said == "refused":
        pytest.skip("this machine gives nobody real time")
    assert said == f"{os.SCHED_RR} 5 (500000, 30000000) {os.SCHED_OTHER}"
