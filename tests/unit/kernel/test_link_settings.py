"""Settings that are changed while they are needed and put back, also by a successor of who changed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keepalived_py.kernel import sysctl
from keepalived_py.kernel.interfaces import InterfaceTable
from keepalived_py.kernel.link_settings import LinkSettings
from keepalived_py.kernel.netlink import NetlinkSocket
from keepalived_py.kernel.rtnl import LinkEvent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IGNORE, FILTER = "net/ipv4/conf/eth0/arp_ignore", "net/ipv4/conf/eth0/arp_filter"
ALL = "net/ipv4/conf/all/rp_filter"


class Kernel:
    """Files that stand for /proc/sys, and one interface."""

    def __init__(self, root: Path, netlink: NetlinkSocket) -> None:
        self.root = root
        self.memory = memoryview(bytearray(4096))
        self.told: list[str] = []
        self.complaints: list[str] = []
        self.table = InterfaceTable()
        self._netlink = netlink
        self.make_interface(2)
        self[ALL] = "1"

    def make_interface(self, index: int) -> None:
        self.table.apply(LinkEvent(True, index, "eth0", 1, 1, b"", b"", 1500, 0, 0, "veth"))
        self[IGNORE] = self[FILTER] = "0"

    def __setitem__(self, name: str, value: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n", encoding="ascii")

    def __getitem__(self, name: str) -> str:
        return (self.root / name).read_text(encoding="ascii").strip()

    def settings(self) -> LinkSettings:
        """Return what a process begins with; a successor has the same memory."""
        return LinkSettings(self._netlink, self.table, self.memory, self.told.append, self.complaints.append)


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    monkeypatch.setattr(sysctl, "ROOT", str(tmp_path))
    netlink = NetlinkSocket()
    yield Kernel(tmp_path, netlink)
    netlink.close()


def test_required_settings_are_set_and_put_back_one_by_one(kernel: Kernel) -> None:
    settings = kernel.settings()
    settings.require({IGNORE: "1", FILTER: "1"})
    assert (kernel[IGNORE], kernel[FILTER]) == ("1", "1")
    settings.require({IGNORE: "1"})
    assert (kernel[IGNORE], kernel[FILTER]) == ("1", "0")
    settings.require({})
    assert kernel[IGNORE] == "0"
    begin = "NOTICE: {} sysctl net.ipv4.conf.eth0."
    assert kernel.told == [
        begin.format("setting") + "arp_ignore from 0 to 1",
        begin.format("setting") + "arp_filter from 0 to 1",
        begin.format("resetting") + "arp_filter to 0",
        begin.format("resetting") + "arp_ignore to 0",
    ]


def test_successor_knows_what_settings_were_before(kernel: Kernel) -> None:
    kernel.settings().require({IGNORE: "1", ALL: "0"})
    successor = kernel.settings()
    assert successor.original(ALL) == "1"
    successor.require({IGNORE: "1", ALL: "0"})
    assert (kernel[IGNORE], kernel[ALL]) == ("1", "0")
    successor.require({})
    assert (kernel[IGNORE], kernel[ALL]) == ("0", "1")


def test_setting_that_had_the_value_already_is_left_alone(kernel: Kernel) -> None:
    kernel[IGNORE] = "1"
    settings = kernel.settings()
    settings.require({IGNORE: "1"})
    settings.require({})
    assert kernel[IGNORE] == "1"


def test_value_that_somebody_else_has_set_meanwhile_stays(kernel: Kernel) -> None:
    settings = kernel.settings()
    settings.require({IGNORE: "1"})
    kernel[IGNORE] = "2"
    settings.require({})
    assert kernel[IGNORE] == "2"


def test_interface_that_was_made_again_has_settings_of_its_own(kernel: Kernel) -> None:
    settings = kernel.settings()
    settings.require({IGNORE: "1"})
    kernel.make_interface(3)
    kernel[FILTER] = "1"
    settings.require({IGNORE: "1", FILTER: "1"})
    assert kernel[IGNORE] == "1"
    kernel.make_interface(4)
    kernel[IGNORE] = "1"
    settings.require({})
    assert kernel[IGNORE] == "1", "not ours: it belongs to another interface of the name"


def test_setting_that_the_kernel_does_not_have_is_no_error(kernel: Kernel) -> None:
    settings = kernel.settings()
    settings.require({"net/ipv4/conf/eth7/arp_ignore": "1"})
    settings.require({})
    assert kernel.complaints == []


def test_what_does_not_fit_into_the_memory_is_not_remembered_but_done(kernel: Kernel) -> None:
    kernel.memory = memoryview(bytearray(60))
    settings = kernel.settings()
    settings.require({IGNORE: "1", FILTER: "1"})
    assert (kernel[IGNORE], kernel[FILTER]) == ("1", "1")
    kernel.settings().require({})
    assert (kernel[IGNORE], kernel[FILTER]) == ("1", "0")
