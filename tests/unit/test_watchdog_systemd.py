"""Datagrams to a service manager."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from keepalived_py.watchdog.systemd import ServiceManager


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@keepalived-test-{os.getpid()}"
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    receiver.bind("\0" + name[1:] if name.startswith("@") else name)
    yield receiver, name
    receiver.close()


def test_ready_names_the_main_process(manager: tuple[socket.socket, str]) -> None:
    receiver, name = manager
    ServiceManager(name).ready()
    assert receiver.recv(200) == b"READY=1\nMAINPID=%d" % os.getpid()


def test_reloading_carries_the_time_that_notify_reload_wants(manager: tuple[socket.socket, str]) -> None:
    receiver, name = manager
    ServiceManager(name).reloading()
    first, second = receiver.recv(200).split(b"\n")
    assert first == b"RELOADING=1"
    key, _, value = second.partition(b"=")
    assert (key, value.isdigit()) == (b"MONOTONIC_USEC", True)


def test_stopping_is_said(manager: tuple[socket.socket, str]) -> None:
    receiver, name = manager
    ServiceManager(name).stopping()
    assert receiver.recv(200) == b"STOPPING=1"


def test_address_is_taken_out_of_the_environment(
    manager: tuple[socket.socket, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, name = manager
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    ServiceManager.from_environment().stopping()
    assert "NOTIFY_SOCKET" not in os.environ
    assert receiver.recv(200) == b"STOPPING=1"


@pytest.mark.parametrize("address", [None, "", "/nowhere/at/all"])
def test_nobody_to_tell_is_no_error(address: str | None) -> None:
    ServiceManager(address).ready()
