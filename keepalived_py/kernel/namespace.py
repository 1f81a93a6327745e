"""Network namespaces by name, as `ip netns` keeps them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from keepalived_py.errors import ConfigError, PermissionDeniedError
from keepalived_py.kernel.libc import LIBC, checked

DIRECTORY = "/run/netns"
INITIAL = "/proc/1/ns/net"
"""Where the first process is: the one that machines begin with."""
CLONE_NEWNET = 0x40000000


def enter(name: str) -> None:
    """Move this process into the network namespace `name`; sockets opened before stay where they are.

    Raises:
        ConfigError: there is no such namespace.
        PermissionDeniedError: the kernel refuses (CAP_SYS_ADMIN is needed).
    """
    try:
        descriptor = os.open(os.path.join(DIRECTORY, name), os.O_RDONLY | os.O_CLOEXEC)  # noqa: PTH118 - pathlib is slow to import
    except OSError as problem:
        raise ConfigError(f"Unable to open network namespace {name}: {problem.strerror}") from problem
    try:
        checked(LIBC.setns(descriptor, CLONE_NEWNET), "setns")
    except OSError as problem:
        raise PermissionDeniedError(f"Unable to enter network namespace {name}: {problem.strerror}") from problem
    finally:
        os.close(descriptor)


@contextmanager
def visit(path: str) -> Iterator[None]:
    """Be in the network namespace at `path` for a moment: sockets opened meanwhile belong to it. Raises OSError."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            checked(LIBC.setns(there, CLONE_NEWNET), "setns")
        finally:
            os.close(there)
        try:
            yield
        finally:
            checked(LIBC.setns(home, CLONE_NEWNET), "setns")
    finally:
        os.close(home)


def interfaces_in(name: str) -> list[str]:
    """Return the names of the interfaces of the network namespace `name`. Raises OSError."""
    import socket  # noqa: PLC0415 - few configurations run in a namespace

    with visit(os.path.join(DIRECTORY, name)):  # noqa: PTH118
        return [interface for _, interface in socket.if_nameindex()]
