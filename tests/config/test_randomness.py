import pytest

from keepalived_py.config.randomness import Random


@pytest.mark.parametrize(
    ("seed", "numbers"),
    [
        # printed by glibc's srandom(seed); random()
        (0, [1804289383, 846930886, 1681692777, 1714636915, 1957747793]),
        (1, [1804289383, 846930886, 1681692777, 1714636915, 1957747793]),
        (42, [71876166, 708592740, 1483128881, 907283241, 442951012]),
        (4000000000, [1111130805, 1380198982, 1306113867, 1557021840, 1956528986]),
        (2147483647, [1065668062, 2142264300, 1066566375, 1064012770, 2141034222]),
    ],
)
def test_seeded_generator_gives_the_numbers_of_the_c_library(seed: int, numbers: list[int]) -> None:
    random = Random(seed)
    assert [random.next() for _ in numbers] == numbers
