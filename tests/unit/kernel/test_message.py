"""Netlink framing, byte for byte."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.errors import NetlinkError
from keepalived_py.kernel.message import (
    NLM_F_ACK_TLVS,
    NLM_F_CAPPED,
    NLM_F_CREATE,
    NLMSG_DONE,
    NLMSG_ERROR,
    MalformedMessageError,
    Message,
    attribute,
    attributes,
    batch,
    error_number,
    explanation,
    message,
    split,
)

pytestmark = pytest.mark.skipif(struct.pack("=H", 1) != b"\x01\x00", reason="the bytes here are little endian")


def test_attribute_of_three_bytes_is_padded_but_its_length_is_not() -> None:
    assert attribute(3, b"abc") == b"\x07\x00\x03\x00abc\x00"


def test_message_carries_the_request_flag_and_its_padded_payload() -> None:
    assert message(20, NLM_F_CREATE, b"xyz", 7) == bytes.fromhex("13000000 1400 0104 07000000 00000000") + b"xyz\0"


def test_batch_numbers_messages_and_asks_only_the_last_of_a_slice_for_an_answer() -> None:
    prepared = batch([message(20, 0, bytes(4))] * 5, 100, 2)
    fields = [[(found.sequence, found.flags) for found in split(part.data)] for part in prepared.slices]
    assert fields == [[(100, 1), (101, 5)], [(102, 1), (103, 5)], [(104, 5)]]
    assert [(part.first, part.count, part.last_sequence) for part in prepared.slices] == [
        (0, 2, 101),
        (2, 2, 103),
        (4, 1, 104),
    ]


def test_batch_whose_sequence_numbers_wrap_finds_the_refused_message() -> None:
    prepared = batch([message(20, 0, b"")] * 4, 0xFFFFFFFE, 4)
    sequences = [found.sequence for found in split(prepared.slices[0].data)]
    assert sequences == [0xFFFFFFFE, 0xFFFFFFFF, 0, 1]
    assert prepared.index(NetlinkError(22, "", 1)) == 3


def test_empty_batch_has_no_slices() -> None:
    assert batch([], 1, 10).slices == ()


def test_attributes_are_found_by_type_without_the_nested_bit() -> None:
    data = attribute(1, b"ab") + attribute(0x8002, b"") + attribute(1, b"last")
    assert attributes(data, 0, len(data)) == {1: b"last", 2: b""}


@pytest.mark.parametrize("length", [0, 3, 9])
def test_attribute_whose_length_does_not_fit_is_malformed(length: int) -> None:
    with pytest.raises(MalformedMessageError):
        attributes(struct.pack("=HH", length, 1) + bytes(4), 0, 8)


@pytest.mark.parametrize("length", [0, 15, 21])
def test_message_whose_length_does_not_fit_is_malformed(length: int) -> None:
    with pytest.raises(MalformedMessageError):
        list(split(struct.pack("=IHHII", length, 20, 0, 0, 0) + bytes(4)))


def answer(errno: int, flags: int, rest: bytes) -> tuple[bytes, Message]:
    data = struct.pack("=i", -errno) + rest
    return data, Message(NLMSG_ERROR, flags, 9, 0, len(data))


def test_answer_with_a_capped_request_gives_the_kernels_words() -> None:
    request = message(20, 0, bytes(40))[:16]
    data, found = answer(22, NLM_F_ACK_TLVS | NLM_F_CAPPED, request + attribute(1, b"bad scope\0"))
    assert (error_number(data, found), explanation(data, found)) == (22, "bad scope")


def test_answer_with_the_whole_request_gives_the_kernels_words() -> None:
    data, found = answer(22, NLM_F_ACK_TLVS, message(20, 0, bytes(40)) + attribute(1, b"bad scope\0"))
    assert (error_number(data, found), explanation(data, found)) == (22, "bad scope")


def test_answer_without_words_explains_nothing() -> None:
    data, found = answer(17, NLM_F_CAPPED, message(20, 0, b""))
    assert (error_number(data, found), explanation(data, found)) == (17, "")


def test_acknowledgement_is_no_error() -> None:
    data, found = answer(0, NLM_F_CAPPED, message(20, 0, b""))
    assert error_number(data, found) == 0


def test_end_of_a_dump_may_carry_an_error_or_nothing() -> None:
    assert error_number(b"", Message(NLMSG_DONE, 0, 1, 0, 0)) == 0
    assert error_number(struct.pack("=i", -16), Message(NLMSG_DONE, 0, 1, 0, 4)) == 16


def test_error_that_is_too_short_is_malformed() -> None:
    with pytest.raises(MalformedMessageError):
        error_number(b"\x00\x00", Message(NLMSG_ERROR, 0, 1, 0, 2))
    with pytest.raises(MalformedMessageError):
        explanation(bytes(8), Message(NLMSG_ERROR, NLM_F_ACK_TLVS, 1, 0, 8))


@given(st.binary(max_size=200))
def test_any_bytes_are_messages_or_malformed(data: bytes) -> None:
    try:
        for found in split(data):
            assert 0 <= found.start <= found.end <= len(data)
            error_number(data, found)
            explanation(data, found)
    except MalformedMessageError:
        return


@given(st.dictionaries(st.integers(0, 0x3FFF), st.binary(max_size=20), max_size=8))
def test_attributes_survive_encoding_and_decoding(found: dict[int, bytes]) -> None:
    data = b"".join(attribute(kind, value) for kind, value in found.items())
    assert attributes(data, 0, len(data)) == found
