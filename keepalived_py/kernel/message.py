"""Netlink messages and attributes as bytes (linux/netlink.h): encoding, bounds-checked decoding, numbered batches."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from keepalived_py.errors import KeepalivedError
from keepalived_py.structure import structure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keepalived_py.errors import NetlinkError

HEADER = struct.Struct("=IHHII")
"""struct nlmsghdr: length, type, flags, sequence, port; this machine's byte order."""
HEADER_LENGTH = HEADER.size
ATTRIBUTE = struct.Struct("=HH")
ATTRIBUTE_LENGTH = ATTRIBUTE.size
ATTRIBUTE_TYPE_MASK = 0x3FFF
"""Without NLA_F_NESTED and NLA_F_NET_BYTEORDER."""

NLM_F_REQUEST = 0x01
NLM_F_ACK = 0x04
NLM_F_DUMP_INTR = 0x10
NLM_F_CAPPED = 0x100
NLM_F_REPLACE = 0x100
NLM_F_ACK_TLVS = 0x200
NLM_F_EXCL = 0x200
NLM_F_DUMP = 0x300
NLM_F_CREATE = 0x400

NLMSG_NOOP = 1
NLMSG_ERROR = 2
NLMSG_DONE = 3

NLMSGERR_ATTR_MSG = 1

SEQUENCE_MASK = 0xFFFFFFFF
_INTEGER = struct.Struct("=i")
_FLAGS = struct.Struct("=H")
_FLAGS_AND_SEQUENCE = struct.Struct("=HI")
_FLAGS_OFFSET = 6


class MalformedMessageError(KeepalivedError):
    """Bytes that are no netlink message: a length does not fit."""


@structure(frozen=False)
class Message:
    """Where one received message lies in its buffer: the payload is `buffer[start:end]`."""

    kind: int
    flags: int
    sequence: int
    start: int
    end: int


@structure
class Slice:
    """Some messages of a batch, to go out in one system call; only the last asks for an acknowledgement.

    Attributes:
        data: the messages.
        first: index of the first one in its batch.
        count: how many they are.
        last_sequence: sequence number of the last one.
    """

    data: bytes
    first: int
    count: int
    last_sequence: int


@structure
class Batch:
    """Prebuilt messages, numbered and cut in slices; may be sent any number of times."""

    slices: tuple[Slice, ...]
    first_sequence: int

    def index(self, error: NetlinkError) -> int:
        """Return the index of the message that was refused, as they were given to `batch`."""
        return (error.sequence - self.first_sequence) & SEQUENCE_MASK


def attribute(kind: int, value: bytes) -> bytes:
    """Return one attribute with its padding."""
    return ATTRIBUTE.pack(ATTRIBUTE_LENGTH + len(value), kind) + value + bytes(-len(value) % 4)


def message(kind: int, flags: int, payload: bytes, sequence: int = 0) -> bytes:
    """Return one request with its padding; `batch` gives it its place."""
    length = HEADER_LENGTH + len(payload)
    return HEADER.pack(length, kind, flags | NLM_F_REQUEST, sequence, 0) + payload + bytes(-length % 4)


def batch(messages: Sequence[bytes], first_sequence: int, slice_size: int) -> Batch:
    """Return `messages` with sequence numbers from `first_sequence` on, in slices of at most `slice_size`."""
    firsts = range(0, len(messages), slice_size)
    slices = tuple(_slice(messages[first : first + slice_size], first, first_sequence + first) for first in firsts)
    return Batch(slices, first_sequence & SEQUENCE_MASK)


def _slice(messages: Sequence[bytes], first: int, first_sequence: int) -> Slice:
    data = bytearray(b"".join(messages))
    last = len(messages) - 1
    offset = 0
    for position, one in enumerate(messages):
        flags = _FLAGS.unpack_from(one, _FLAGS_OFFSET)[0] & ~NLM_F_ACK
        if position == last:
            flags |= NLM_F_ACK
        _FLAGS_AND_SEQUENCE.pack_into(data, offset + _FLAGS_OFFSET, flags, (first_sequence + position) & SEQUENCE_MASK)
        offset += len(one)
    return Slice(bytes(data), first, len(messages), (first_sequence + last) & SEQUENCE_MASK)


def split(buffer: bytes) -> Iterator[Message]:
    """Yield the messages in `buffer`. Raises MalformedMessageError."""
    offset, end = 0, len(buffer)
    while offset + HEADER_LENGTH <= end:
        length, kind, flags, sequence, _ = HEADER.unpack_from(buffer, offset)
        stop = offset + length
        if length < HEADER_LENGTH or stop > end:
            raise MalformedMessageError(f"netlink message of {length} bytes at {offset} of {end}")
        yield Message(kind, flags, sequence, offset + HEADER_LENGTH, stop)
        offset += (length + 3) & ~3
    if offset < end:
        raise MalformedMessageError(f"{end - offset} bytes after the last netlink message")


def attributes(buffer: bytes, start: int, end: int) -> dict[int, bytes]:
    """Return the attributes in `buffer[start:end]` by type (the last of equal ones). Raises MalformedMessageError."""
    found = {}
    unpack = ATTRIBUTE.unpack_from
    while start + ATTRIBUTE_LENGTH <= end:
        length, kind = unpack(buffer, start)
        stop = start + length
        if length < ATTRIBUTE_LENGTH or stop > end:
            raise MalformedMessageError(f"netlink attribute of {length} bytes, {end - start} left")
        found[kind & ATTRIBUTE_TYPE_MASK] = buffer[start + ATTRIBUTE_LENGTH : stop]
        start = (stop + 3) & ~3
    return found


def error_number(buffer: bytes, answer: Message) -> int:
    """Return the errno in an NLMSG_ERROR or NLMSG_DONE message, 0 for success. Raises MalformedMessageError."""
    if answer.end - answer.start < _INTEGER.size:
        if answer.kind == NLMSG_DONE:
            return 0
        raise MalformedMessageError(f"netlink error of {answer.end - answer.start} bytes")
    return max(0, -int(_INTEGER.unpack_from(buffer, answer.start)[0]))


def explanation(buffer: bytes, answer: Message) -> str:
    """Return the extended acknowledgement's text, empty when the kernel gave none. Raises MalformedMessageError."""
    if not answer.flags & NLM_F_ACK_TLVS:
        return ""
    start = answer.start + _INTEGER.size
    if answer.kind == NLMSG_ERROR:
        if start + HEADER_LENGTH > answer.end:
            raise MalformedMessageError("netlink error without the header of its request")
        request_length = HEADER.unpack_from(buffer, start)[0]
        start += HEADER_LENGTH if answer.flags & NLM_F_CAPPED else (request_length + 3) & ~3
    text = attributes(buffer, start, answer.end).get(NLMSGERR_ATTR_MSG, b"")
    return text.rstrip(b"\0").decode("utf-8", "replace")
