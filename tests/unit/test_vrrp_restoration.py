from keepalived_py.vrrp.restoration import CALM, DELAYS, Restoration


def test_first_removal_is_put_back_at_once() -> None:
    assert Restoration().removed(100.0) == 0.0


def test_repeated_removals_wait_longer_and_then_give_up() -> None:
    restoration = Restoration()
    answers = [restoration.removed(100.0 + attempt) for attempt in range(len(DELAYS) + 1)]
    assert answers == [*DELAYS, None]


def test_calm_starts_the_count_again() -> None:
    restoration = Restoration()
    for attempt in range(3):
        restoration.removed(100.0 + attempt)
    assert restoration.removed(103.0 + CALM + 1) == 0.0


def test_after_giving_up_the_count_starts_again() -> None:
    restoration = Restoration()
    for attempt in range(len(DELAYS) + 1):
        restoration.removed(100.0 + attempt)
    assert restoration.removed(110.0) == 0.0
