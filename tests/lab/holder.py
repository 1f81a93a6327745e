"""The first process of a node: makes the node's mounts, reaps its orphans, and is the node's life.

Run by `unshare` in new network, mount, process and host name namespaces as `python -I -S holder.py DIRECTORY NAME`.
It ends when the lab closes its standard input (or dies), and with it the kernel ends every process of the node.
Standard library only, and little of it: a node must start in milliseconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import socket
import sys

MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8  # linux/mount.h
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
PR_SET_PDEATHSIG = 1  # linux/prctl.h

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}

libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """mount(2); raises OSError with the target's name."""
    if libc.mount(source.encode(), target.encode(), kind.encode() or None, flags, data.encode() or None) != 0:
        raise OSError(ctypes.get_errno(), f"mount {source} on {target}: {os.strerror(ctypes.get_errno())}")


def bind(source: str, target: str) -> None:
    """Show `source` at `target`."""
    mount(source, target, flags=MS_BIND | MS_REC)


def make_devices() -> None:
    """Put a private /dev in place of the machine's: a node has a /dev/log of its own."""
    saved = "/run/.machine/dev"
    os.makedirs(saved)  # noqa: PTH103  pathlib would cost more than the rest of this program
    bind("/dev", saved)
    # Not the usual 1777: there the kernel refuses `> /dev/null` (O_CREAT) to whoever does not own the device.
    mount("tmpfs", "/dev", "tmpfs", MS_NOSUID, "mode=755")
    for name in DEVICES:
        os.close(os.open(f"/dev/{name}", os.O_CREAT | os.O_WRONLY, 0o666))
        bind(f"{saved}/{name}", f"/dev/{name}")
    for name, target in LINKS.items():
        os.symlink(target, f"/dev/{name}")  # noqa: PTH211
    os.mkdir("/dev/shm", 0o1777)  # noqa: PTH102


def make_mounts(directory: str) -> None:
    """Mount the node's own /proc, /sys, /run, /dev, /etc, /usr/sbin and /var/log."""
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    with contextlib.suppress(OSError):  # only /sys/class/net would differ; some containers forbid it
        mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    bind(f"{directory}/run", "/run")
    for path in ("/etc", "/usr/sbin"):
        saved = f"/run/.machine{path}"
        os.makedirs(saved, exist_ok=True)  # noqa: PTH103
        bind(path, saved)
        bind(f"{directory}{path}", path)
    bind(f"{directory}/var/log", "/var/log")
    make_devices()


def reap(_number: int, _frame: object) -> None:
    """Collect every ended orphan."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def main() -> None:
    """Set up, report the process id as the lab sees it, live until standard input ends."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    outside = os.readlink("/proc/self")  # noqa: PTH115
    directory, name = sys.argv[1:]
    if directory:
        socket.sethostname(name)
        make_mounts(directory)
        signal.signal(signal.SIGCHLD, reap)
    os.write(1, f"{outside}\n".encode())
    os.close(1)
    while True:
        select.select([0], [], [])
        if not os.read(0, 64):
            break


main()
