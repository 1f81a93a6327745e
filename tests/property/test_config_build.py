"""Any text of words and braces gives a configuration and diagnostics, never an exception."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepalived_py.config.describe import describe_checkers, describe_vrrp
from keepalived_py.config.dump import dump
from keepalived_py.config.keywords import keyword_table, not_in_effect
from tests.config.test_build import build_text

PLACES = sorted(
    {row.path.rpartition("/")[0].replace("(head)", "") for row in keyword_table() if "(lexer)" not in row.path}
)
INSIDE: dict[str, list[str]] = {place: [] for place in PLACES}
for row in keyword_table():
    if "(lexer)" not in row.path:
        INSIDE[row.path.rpartition("/")[0].replace("(head)", "")].append(row.keyword)
PLAIN_WORDS = """
0 1 255 -1 1.5 99999999999999999999 10.0.0.1 10.0.0.1/24 10.0.0.0-9 fe80::1 fe80::/10 ff02::1 eth0 on off MASTER PASS
reverse weight inet inet6 via dev lock encap ip mpls nexthop table goto to from type TUN gue port group name default any
all forever + - 1-2 2-1 tcp NAT hex:aa x:y '/bin/x :1:2:3:4:5
"""
WORDS = st.sampled_from(PLAIN_WORDS.split()) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters='${}"\\\n\r\0#!~@'), max_size=6
)


@st.composite
def statements(draw: st.DrawFn, place: str = "", depth: int = 0) -> str:
    keywords = st.sampled_from(INSIDE[place]) if INSIDE.get(place) else WORDS
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        word = draw(keywords)
        inner = f"{place}/{word}" if place else word
        tail = " ".join(draw(st.lists(WORDS, max_size=4)))
        line = f"{word} {tail}"
        if depth < 3 and (inner in INSIDE or draw(st.integers(0, 9)) == 0):
            line = f"{line} {{\n{draw(statements(inner, depth + 1))}\n}}"
        lines.append(line)
    return "\n".join(lines)


@given(text=statements())
@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_any_words_at_their_places_give_a_configuration_that_can_be_dumped(text: str) -> None:
    config, diagnostics = build_text(text)
    assert all(entry.render() for entry in diagnostics)
    again, _ = build_text(dump(config))
    assert again == config
    assert all(isinstance(line, str) for line in (*describe_vrrp(config), *describe_checkers(config)))
    assert set(not_in_effect(config)) <= {row.path for row in keyword_table()}
