"""Whether a network card sees its cable, asked by ioctl: MII registers, ethtool, interface flags.

linux/mii.h, linux/sockios.h, linux/ethtool.h, netdevice(7).
"""

from __future__ import annotations

import ctypes
import fcntl
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SIOCGIFFLAGS = 0x8913
SIOCETHTOOL = 0x8946
SIOCGMIIPHY = 0x8947
SIOCGMIIREG = 0x8948
ETHTOOL_GLINK = 0x0000000A
MII_BMSR = 1
BMSR_LSTATUS = 0x0004
BMSR_RFAULT = 0x0010
IFF_UP = 0x1
IFF_RUNNING = 0x40
UNREADABLE = 0xFFFF

_FLAGS = struct.Struct("=16sH22x")
_MII = struct.Struct("=16sHHHH16x")
_VALUE = struct.Struct("=II")
METHODS = ("MII", "ETHTOOL", "IOCTL")
"""In the order in which they are tried."""


class LinkStatus:
    """Asks the drivers of interfaces. An answer takes a card's driver microseconds, its MII registers maybe more."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def ask(self, method: str, interface: str) -> bool | None:
        """Return whether an interface has a link; None when it cannot be asked in this way (or does not exist)."""
        ask: Callable[[bytes], bool | None] = {"MII": self._mii, "ETHTOOL": self._ethtool, "IOCTL": self._flags}[method]
        try:
            return ask(interface.encode()[:15])
        except OSError:
            return None

    def _mii(self, name: bytes) -> bool | None:
        request = bytearray(_MII.pack(name, 0, 0, 0, 0))
        fcntl.ioctl(self._socket, SIOCGMIIPHY, request)
        _, transceiver, *_ = _MII.unpack(request)
        self._register(name, transceiver)  # the bit is kept low once after a loss
        status = self._register(name, transceiver)
        if status in {0, UNREADABLE}:
            return None
        return status & (BMSR_LSTATUS | BMSR_RFAULT) == BMSR_LSTATUS

    def _register(self, name: bytes, transceiver: int) -> int:
        request = bytearray(_MII.pack(name, transceiver, MII_BMSR, 0, 0))
        fcntl.ioctl(self._socket, SIOCGMIIREG, request)
        value: int = _MII.unpack(request)[4]
        return value

    def _ethtool(self, name: bytes) -> bool:
        question = ctypes.create_string_buffer(_VALUE.pack(ETHTOOL_GLINK, 0))
        request = bytearray(struct.pack("@16sP16x", name, ctypes.addressof(question)))
        fcntl.ioctl(self._socket, SIOCETHTOOL, request)
        return bool(_VALUE.unpack_from(question.raw)[1])

    def _flags(self, name: bytes) -> bool:
        request = bytearray(_FLAGS.pack(name, 0))
        fcntl.ioctl(self._socket, SIOCGIFFLAGS, request)
        flags: int = _FLAGS.unpack(request)[1]
        return flags & (IFF_UP | IFF_RUNNING) == IFF_UP | IFF_RUNNING
