"""JSON without the standard library's package; the package is the judge."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.observability.json_text import json_text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_any_value_is_read_again_as_it_was_and_stays_on_one_line(value: object) -> None:
    text = json_text(value)
    assert json.loads(text) == value
    assert text.isprintable()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5.0, "5"),
        (5.5, "5.5"),
        (1 / 3, "0.333333"),
        (-0.0, "0"),
        (math.inf, "null"),
        (math.nan, "null"),
        (1e300, "1e+300"),
    ],
)
def test_floats_are_written_for_people_and_strict_readers(value: float, text: str) -> None:
    assert json_text(value) == text


def test_tuple_is_a_list() -> None:
    assert json_text((1, ("a",))) == '[1, ["a"]]'


def test_value_that_json_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes has no JSON"):
        json_text(b"x")
