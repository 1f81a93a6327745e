"""Skew_Time and Master_Down_Interval, computed by hand."""

import pytest

from keepalived_py.vrrp.timers import centiseconds, master_down_interval, skew_time


@pytest.mark.parametrize(
    ("priority", "expected"), [(1, 0.996093), (100, 0.609375), (150, 0.414062), (254, 0.007812), (255, 0.003906)]
)
def test_version_2_skew_is_a_share_of_one_second_cut_below_a_microsecond(priority: int, expected: float) -> None:
    assert skew_time(2, priority, 1.0) == expected
    assert skew_time(2, priority, 30.0) == expected


@pytest.mark.parametrize(
    ("priority", "interval", "expected"),
    [(100, 1.0, 0.609375), (100, 0.1, 0.060937), (100, 0.01, 0.006093), (254, 0.1, 0.000781), (1, 40.95, 40.790039)],
)
def test_version_3_skew_is_a_share_of_the_masters_interval(priority: int, interval: float, expected: float) -> None:
    assert skew_time(3, priority, interval) == expected


@pytest.mark.parametrize(
    ("version", "priority", "interval", "adverts", "expected"),
    [
        (2, 100, 1.0, 3, 3.609375),
        (2, 100, 10.0, 3, 30.609375),
        (2, 255, 1.0, 3, 3.003906),
        (3, 100, 0.1, 3, 0.360937),
        (3, 100, 0.1, 5, 0.560937),
        (3, 150, 1.0, 1, 1.414062),
    ],
)
def test_master_down_interval_is_the_missed_adverts_and_the_skew(
    version: int, priority: int, interval: float, adverts: int, expected: float
) -> None:
    assert master_down_interval(version, priority, interval, adverts) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("interval", "expected"), [(0.01, 1), (0.07, 7), (0.29, 29), (1.1, 110), (40.95, 4095)])
def test_centiseconds_are_not_lost_in_binary_fractions(interval: float, expected: int) -> None:
    assert centiseconds(interval) == expected
