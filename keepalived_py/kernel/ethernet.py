"""Ethernet II frames."""

import struct

MINIMUM_LENGTH = 60
"""Bytes of the shortest frame without its check sequence (IEEE 802.3)."""

ADDRESS_LENGTH = 6
"""Bytes of a hardware address; an interface whose own has another length (InfiniBand, tunnels) is no Ethernet."""

_HEADER = struct.Struct("!6s6sH")


def frame(destination: bytes, source: bytes, ethertype: int, payload: bytes) -> bytes:
    """Return the frame, padded with zeros to the shortest one that may be sent.

    Raises ValueError when a hardware address is not that of Ethernet.
    """
    if len(destination) != ADDRESS_LENGTH or len(source) != ADDRESS_LENGTH:
        raise ValueError(f"no Ethernet address: {source.hex(':')}")
    return (_HEADER.pack(destination, source, ethertype) + payload).ljust(MINIMUM_LENGTH, b"\0")
