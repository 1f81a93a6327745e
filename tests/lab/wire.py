"""A veth pair between two fresh network namespaces that this very process can step into; for tests without daemons."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

from keepalived_py.kernel.libc import LIBC, checked

if TYPE_CHECKING:
    from collections.abc import Iterator

CLONE_NEWNET = 0x40000000


class Wire:
    """Namespaces "here", with interface `left`, and "there", with `right`; both vanish when they are closed."""

    def __init__(self) -> None:
        self._home = _current()
        checked(LIBC.unshare(CLONE_NEWNET), "unshare")
        self._there = _current()
        checked(LIBC.unshare(CLONE_NEWNET), "unshare")
        self._here = _current()
        try:
            there = f"/proc/{os.getpid()}/fd/{self._there}"
            ip(f"link add left type veth peer name right netns {there}")
            self._start("left")
            with self.there():
                self._start("right")
                self._settle("right")
            self._settle("left")
        except BaseException:
            self.close()
            raise

    @staticmethod
    def _start(name: str) -> None:
        with open(f"/proc/sys/net/ipv6/conf/{name}/accept_dad", "w", encoding="ascii") as file:  # noqa: PTH123
            file.write("0")
        ip("link set lo up")
        ip(f"link set {name} up")

    @staticmethod
    def _settle(name: str) -> None:
        """Wait until IPv6 takes part: what comes before the carrier is known is dropped."""
        give_up_at = time.monotonic() + 30
        while time.monotonic() < give_up_at:
            if "fe80:" in ip(f"-6 address show dev {name} -tentative"):
                return
            time.sleep(0.02)
        raise TimeoutError(f"{name} got no link-local address")

    @contextlib.contextmanager
    def there(self) -> Iterator[None]:
        """Be in the other namespace."""
        checked(LIBC.setns(self._there, CLONE_NEWNET), "setns")
        try:
            yield
        finally:
            checked(LIBC.setns(self._here, CLONE_NEWNET), "setns")

    def close(self) -> None:
        """Go back to where the process came from."""
        checked(LIBC.setns(self._home, CLONE_NEWNET), "setns")
        for descriptor in (self._home, self._here, self._there):
            os.close(descriptor)


def _current() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def ip(line: str) -> str:
    """Run iproute2 in the namespace in which the process is."""
    return subprocess.run(["ip", *line.split()], check=True, capture_output=True, text=True, timeout=60).stdout


def ip_addresses(interface: str) -> list[dict[str, Any]]:
    """Return what `ip -json address` says of one interface, without its IPv6 link-local addresses."""
    found = json.loads(ip(f"-json -details address show dev {interface}"))[0]["addr_info"]
    return [entry for entry in found if not entry["local"].startswith("fe80:")]
