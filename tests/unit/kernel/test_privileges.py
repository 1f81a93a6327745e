"""Giving up root, in a process forked for it."""

from __future__ import annotations

import os
import re
import socket
import traceback
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keepalived_py.kernel.privileges import CAP_NET_ADMIN, CAP_NET_RAW, become

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up root")
NOBODY = 65534


def inside(act: Callable[[], str]) -> str:
    """Return what a function says in a process of its own."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(theirs, act().encode())
        except BaseException:  # noqa: BLE001 - nothing of the test may run on in this process
            os.write(theirs, traceback.format_exc().encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as said:
        text = said.read().decode()
    os.waitpid(pid, 0)
    return text


def status() -> dict[str, str]:
    return dict(re.findall(r"^(\w+):\s*(.*)$", Path("/proc/self/status").read_text(encoding="utf-8"), re.MULTILINE))


def test_nothing_of_root_is_left_but_what_is_kept() -> None:
    def act() -> str:
        become(NOBODY, NOBODY, (CAP_NET_ADMIN, CAP_NET_RAW))
        found = status()
        names = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs")
        return "\n".join(" ".join(found[name].split()) for name in names)

    ids = " ".join([str(NOBODY)] * 4)
    held, none = "0000000000003000", "0000000000000000"
    expected = [ids, ids, str(NOBODY), none, held, held, held, none, "1"]
    assert inside(act).split("\n") == expected


def test_raw_sockets_and_marks_still_work_and_root_does_not_come_back() -> None:
    def act() -> str:
        become(NOBODY, NOBODY, (CAP_NET_ADMIN, CAP_NET_RAW))
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
            raw.setsockopt(socket.SOL_SOCKET, 36, 7)
        for attempt in (partial(os.setuid, 0), partial(os.chroot, "/"), partial(os.kill, os.getppid(), 0)):
            try:
                attempt()
            except PermissionError:
                continue
            return "it still could"
        return "done"

    assert inside(act) == "done"


def test_without_capabilities_there_are_none() -> None:
    def act() -> str:
        become(NOBODY, NOBODY, ())
        return status()["CapPrm"]

    assert inside(act) == "0" * 16
