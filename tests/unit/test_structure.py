import copy
import pickle
from typing import ClassVar

import pytest

from keepalived_py.structure import FrozenStructureError, field, replace, structure


@structure
class Point:
    """A value with a default."""

    x: int
    y: int = 7
    origin: ClassVar[str] = "here"

    @property
    def total(self) -> int:
        return self.x + self.y


@structure
class Point3(Point):
    """A value with inherited fields."""

    z: int = 0


@structure(frozen=False)
class Basket:
    """Mutable, with a default of its own for every instance and a field set later."""

    things: list[int] = field(default_factory=list)
    handle: str = field(init=False)


@structure(kw_only=True)
class Named:
    """Named arguments only, checked after construction."""

    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("negative")


@structure(eq=False)
class Thing:
    """Compared by identity."""

    number: int


def test_fields_are_set_by_position_by_name_and_by_default() -> None:
    assert (Point(1, 2).x, Point(1, 2).y) == (1, 2)
    assert Point(x=1) == Point(1, 7)
    assert Point(1, y=3).total == 4


@pytest.mark.parametrize(
    ("arguments", "named", "problem"),
    [
        ((), {}, "Point needs x"),
        ((1, 2, 3), {}, "Point takes 2 positional arguments but 3 were given"),
        ((1,), {"z": 2}, "Point has no field z"),
        ((1,), {"x": 2}, "Point got two values for x"),
    ],
)
def test_wrong_arguments_are_refused_by_name(arguments: tuple[int, ...], named: dict[str, int], problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        Point(*arguments, **named)


def test_value_cannot_be_changed_and_has_no_room_for_more() -> None:
    point = Point(1)
    with pytest.raises(FrozenStructureError, match="cannot change field 'x' of a Point"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(FrozenStructureError):
        del point.x
    assert not hasattr(point, "__dict__")


def test_values_of_one_class_compare_and_hash_by_their_fields() -> None:
    assert Point(1, 2) == Point(1, 2)
    assert Point(1, 2) != Point(1, 3)
    assert Point3(1, 2, 0) != Point(1, 2)
    assert len({Point(1, 2), Point(1, 2), Point(2, 1)}) == 2


def test_inherited_fields_come_first() -> None:
    assert Point3(1, 2, 3).total == 3
    assert repr(Point3(1, 2, 3)) == "Point3(x=1, y=2, z=3)"


def test_mutable_instance_has_defaults_of_its_own_and_no_hash() -> None:
    first, second = Basket(), Basket()
    first.things.append(1)
    first.handle = "left"
    assert (first.things, second.things) == ([1], [])
    assert repr(second) == "Basket(things=[])"
    with pytest.raises(TypeError, match="unhashable"):
        hash(first)


def test_named_arguments_only_means_no_position() -> None:
    assert Named(number=1).number == 1
    with pytest.raises(TypeError, match="Named takes 0 positional arguments but 1 were given"):
        Named(1)  # type: ignore[call-arg]


def test_construction_may_be_refused_by_the_class() -> None:
    with pytest.raises(ValueError, match="negative"):
        Named(number=-1)


def test_identity_can_be_what_counts() -> None:
    assert Thing(1) != Thing(1)
    assert len({Thing(1), Thing(1)}) == 2


def test_value_survives_pickle_and_copy() -> None:
    assert pickle.loads(pickle.dumps(Point3(1, 2, 3))) == Point3(1, 2, 3)
    assert copy.copy(Point(1)) == Point(1)


def test_copy_with_a_change_keeps_the_rest() -> None:
    assert replace(Point(1, 2), y=5) == Point(1, 5)


def test_pattern_matches_by_position() -> None:
    match Point(1, 2):
        case Point(x, 2):
            assert x == 1
        case _:
            pytest.fail("no match")


@structure(kw_only=True)
class AllOptional:
    """Named fields only, each with a default."""

    first: int = 1
    second: str = "two"


def test_structure_of_named_fields_with_defaults_is_made_from_nothing() -> None:
    made = AllOptional()
    assert (made.first, made.second) == (1, "two")
