"""Numbers in tracked files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.file_number import HIGHEST, LOWEST, FileNumber, number_in


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (b"", 0),
        (b"\n", 0),
        (b"17\n", 17),
        (b" \t-3", -3),
        (b"+4", 4),
        (b"0x1F", 31),
        (b"-0x10", -16),
        (b"010", 8),
        (b"08", 0),
        (b"12abc", 12),
        (b"0x", 0),
        (b"-2147483648", LOWEST),
        (b"2147483648", HIGHEST),
    ],
)
def test_number_is_read_as_strtol_does(text: bytes, number: int) -> None:
    assert number_in(text) == FileNumber(number)


def test_text_counts_as_0_and_is_told() -> None:
    assert number_in(b"up\x1b[0m\n") == FileNumber(0, "'up?[0m' is no number: it counts as 0")


@pytest.mark.parametrize("text", [b"2147483649", b"-2147483649", b"9" * 128])
def test_number_out_of_range_changes_nothing(text: bytes) -> None:
    found = number_in(text)
    assert found.number is None
    assert found.problem == f"{text.decode()[:40]} is out of range: ignored"


@given(st.binary(max_size=128))
def test_any_bytes_are_a_number_or_a_problem(text: bytes) -> None:
    number, problem = number_in(text)
    assert number is None or LOWEST <= number <= HIGHEST
    assert problem.isprintable()
