from keepalived_py.observability.budget import LineBudget


def test_burst_is_allowed_and_what_follows_is_held_back() -> None:
    budget = LineBudget(3, 10.0)
    assert [budget.allows(100.0) for _ in range(5)] == [True, True, True, False, False]
    assert budget.take_held_back() == 2
    assert budget.take_held_back() == 0


def test_time_earns_one_line_per_interval() -> None:
    budget = LineBudget(1, 10.0)
    assert [budget.allows(now) for now in (100.0, 105.0, 110.0, 111.0, 120.0)] == [True, False, True, False, True]


def test_silence_earns_no_more_than_the_burst() -> None:
    budget = LineBudget(2, 1.0)
    assert [budget.allows(now) for now in (100.0, 1000.0, 1000.0, 1000.0)] == [True, True, True, False]
