"""Ethernet II frames."""

import struct

MINIMUM_LENGTH = 60
"""Bytes of the shortest frame without its check sequence (IEEE 802.3)."""

_HEADER = struct.Struct("!6s6sH")


def frame(destination: bytes, source: bytes, ethertype: int, payload: bytes) -> bytes:
    """Return the frame, padded with zeros to the shortest one that may be sent."""
    return (_HEADER.pack(destination, source, ethertype) + payload).ljust(MINIMUM_LENGTH, b"\0")
