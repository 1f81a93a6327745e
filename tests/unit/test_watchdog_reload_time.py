"""What the first line of `reload_time_file` means."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepalived_py.watchdog.reload_time import BadTimeError, ReloadTime, reload_time


@pytest.fixture(autouse=True)
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Four hours behind UTC in summer, five in winter; clocks go forward on 2027-03-14, back on 2026-11-01, at 2."""
    monkeypatch.setenv("TZ", "EST5EDT,M3.2.0,M11.1.0")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def utc(*fields: int) -> float:
    return datetime(*fields, tzinfo=UTC).timestamp()  # type: ignore[misc,arg-type]


NOW = utc(2026, 7, 1, 16, 0, 0)  # noon in New York


@pytest.mark.parametrize(
    ("line", "at", "dated"),
    [
        ("12:00:01", utc(2026, 7, 1, 16, 0, 1), False),
        ("12:00:00", utc(2026, 7, 2, 16, 0, 0), False),
        ("11:59:59", utc(2026, 7, 2, 15, 59, 59), False),
        ("16:00:01Z", utc(2026, 7, 1, 16, 0, 1), False),
        ("15:00:00Z", utc(2026, 7, 2, 15, 0, 0), False),
        ("26-12-24 18:00:00", utc(2026, 12, 24, 23, 0, 0), True),
        ("2026-12-24 18:00:00", utc(2026, 12, 24, 23, 0, 0), True),
        ("2026-12-24 18:00:00Z", utc(2026, 12, 24, 18, 0, 0), True),
        ("68-01-01 00:00:00Z", utc(2068, 1, 1, 0, 0, 0), True),
    ],
)
def test_line_with_a_moment_ahead(line: str, at: float, dated: bool) -> None:
    assert reload_time(line, NOW) == ReloadTime(at, dated)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "use HH:MM:SS, .*"),
        (" 12:00:01", "use HH:MM:SS, .*"),
        ("12:00:01 ", "use HH:MM:SS, .*"),
        ("12:00", "use HH:MM:SS, .*"),
        ("2026-12-24  18:00:00", "use HH:MM:SS, .*"),
        ("12:00:01z", "use HH:MM:SS, .*"),
        ("24:00:00", "hour must be in 0..23.*"),
        ("26-02-30 00:00:00", "day .*"),
        ("2026-07-01 11:59:59", "it is in the past"),
        ("69-01-01 00:00:00", "it is in the past"),
        ("2027-03-14 02:30:00", "the clocks are put forward then: there is no such time"),
    ],
)
def test_line_that_gives_no_moment_ahead_says_why(line: str, reason: str) -> None:
    with pytest.raises(BadTimeError, match=f"^{reason}$"):
        reload_time(line, NOW)


def test_time_of_tomorrow_is_by_tomorrows_clock() -> None:
    before_the_change = utc(2026, 11, 1, 3, 0, 0)  # 23:00 on 31 October, summer time
    assert reload_time("22:00:00", before_the_change).at == utc(2026, 11, 2, 3, 0, 0)


def test_text_is_local() -> None:
    assert ReloadTime(utc(2026, 12, 24, 23, 0, 0), dated=True).text == "2026-12-24 18:00:00"


@given(st.text(max_size=25) | st.from_regex(r"[0-9]{2,4}-[0-9]{2}-[0-9]{2} [0-9:]{8}Z?", fullmatch=True))
def test_any_line_is_a_moment_ahead_or_refused(line: str) -> None:
    try:
        found = reload_time(line, NOW)
    except BadTimeError:
        return
    assert found.at > NOW
