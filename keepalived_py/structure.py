"""Classes made of fields: what `dataclasses` makes, at a price that every start of the daemon can pay.

The standard module imports `inspect`, then writes and compiles the methods of each class: for the classes of this
package 60 ms of processor time, half of the time to the first advert. The classes made here share their methods. They
have slots, are frozen unless told otherwise, compare and hash by their fields, and can be pickled.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Made = TypeVar("Made")


class FrozenStructureError(AttributeError):
    """Somebody tried to change a frozen structure."""


class _Required:
    """The default of a field that has none."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Any = _Required()


class Factory:
    """The default of a field that every instance gets a new object for."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


class Unset:
    """The default of a field that `__init__` does not set."""


def field(*, default_factory: Callable[[], Any] | None = None, init: bool = True) -> Any:
    """Declare a field.

    Args:
        default_factory: makes the default of every new instance.
        init: False for a field that is set later and is no argument of the constructor.
    """
    if not init:
        return Unset
    return REQUIRED if default_factory is None else Factory(default_factory)


@overload
def structure(cls: type[Made]) -> type[Made]: ...
@overload
def structure(*, frozen: bool = True, eq: bool = True, kw_only: bool = False) -> Callable[[type[Made]], type[Made]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def structure(
    cls: type[Made] | None = None, *, frozen: bool = True, eq: bool = True, kw_only: bool = False
) -> type[Made] | Callable[[type[Made]], type[Made]]:
    """Turn a class with annotated fields into a structure.

    Args:
        cls: the class, when the decorator stands without parentheses.
        frozen: False to allow assignment to fields; then there is no hash.
        eq: False to compare by identity.
        kw_only: True to admit no positional arguments.
    """

    def decorate(target: type[Made]) -> type[Made]:
        defaults = declared_fields(target)
        made: Any = _with_slots(target, defaults)
        made.fields_ = defaults
        made.__match_args__ = tuple(name for name, default in defaults.items() if default is not Unset)  # type: ignore[misc]  # mypy takes it for its own
        _provide(made, "__init__", _initialiser(made, kw_only=kw_only))
        _provide(made, "__repr__", _represent)
        made.__reduce__ = _reduce
        if eq:
            _compare_by_fields(made, tuple(defaults), frozen=frozen)
        if frozen:
            made.__setattr__ = _refuse_assignment
            made.__delattr__ = _refuse_assignment
        finished: type[Made] = made
        return finished

    return decorate if cls is None else decorate(cls)


def replace(original: Made, **changes: Any) -> Made:
    """Return a copy of a structure with some fields changed."""
    kind: Any = type(original)
    current = {name: getattr(original, name) for name in kind.__match_args__}
    made: Made = kind(**{**current, **changes})
    return made


def declared_fields(cls: type) -> dict[str, Any]:
    """Return the defaults of all annotated fields by name, inherited fields first; REQUIRED where there is none."""
    inherited: dict[str, Any] = {}
    for parent in reversed(cls.__mro__[1:]):
        inherited.update(getattr(parent, "fields_", {}))
    namespace = cls.__dict__
    own = [name for name, kind in namespace.get("__annotations__", {}).items() if "ClassVar" not in str(kind)]
    return {**inherited, **{name: namespace.get(name, inherited.get(name, REQUIRED)) for name in own}}


def _with_slots(cls: type, defaults: dict[str, Any]) -> type:
    """Return a class like `cls` with a slot for each of these fields that it does not inherit."""
    inherited = {name for parent in cls.__mro__[1:] for name in getattr(parent, "fields_", ())}
    namespace = {name: kept for name, kept in cls.__dict__.items() if name not in defaults}
    for name in ("__dict__", "__weakref__"):
        namespace.pop(name, None)
    namespace["__slots__"] = tuple(name for name in defaults if name not in inherited)
    made = type(cls)(cls.__name__, cls.__bases__, namespace)
    made.__qualname__ = cls.__qualname__
    return made


def _provide(made: Any, name: str, function: Any) -> None:
    """Give a class a method unless its author wrote one."""
    if name not in made.__dict__:
        setattr(made, name, function)


def _initialiser(made: Any, *, kw_only: bool) -> Callable[..., None]:
    """Return the constructor of a class: positional and named arguments, defaults, `__post_init__`.

    Raises TypeError as a call of a function with these parameters would.
    """
    names: tuple[str, ...] = made.__match_args__
    setters = tuple(getattr(made, name).__set__ for name in names)
    defaults = {name: made.fields_[name] for name in names}
    required = frozenset(name for name, default in defaults.items() if default is REQUIRED)
    factories = tuple((name, default.make) for name, default in defaults.items() if type(default) is Factory)
    finish = getattr(made, "__post_init__", None)
    count = len(names)
    positions = 0 if kw_only else count

    def complete(arguments: tuple[Any, ...], named: dict[str, Any]) -> Iterable[Any]:
        given = {**dict(zip(names, arguments)), **named} if arguments else named  # noqa: B905 - judged below
        values = {**defaults, **given}
        told = len(arguments) + len(named)
        if told != len(given) or len(arguments) > positions or len(values) != count or not given.keys() >= required:
            raise TypeError(f"{made.__name__} {_problem(names[:positions], required, defaults, arguments, named)}")
        for name, make in factories:
            if name not in given:
                values[name] = make()
        return values.values()

    def initialise(self: Any, *arguments: Any, **named: Any) -> None:
        given = arguments if len(arguments) == positions == count and not named else complete(arguments, named)
        for put, value in zip(setters, given):  # noqa: B905 - `strict` costs as much as the rest of a turn
            put(self, value)
        if finish is not None:
            finish(self)

    return initialise


def _problem(
    positions: tuple[str, ...],
    required: frozenset[str],
    defaults: dict[str, Any],
    arguments: tuple[Any, ...],
    named: dict[str, Any],
) -> str:
    """Return what is wrong with the arguments of a constructor."""
    if len(arguments) > len(positions):
        return f"takes {len(positions)} positional arguments but {len(arguments)} were given"
    if unknown := named.keys() - defaults.keys():
        return f"has no field {', '.join(sorted(unknown))}"
    placed = positions[: len(arguments)]
    if twice := named.keys() & set(placed):
        return f"got two values for {', '.join(sorted(twice))}"
    return f"needs {', '.join(name for name in defaults if name in required - named.keys() - set(placed))}"


def _compare_by_fields(made: Any, names: tuple[str, ...], *, frozen: bool) -> None:
    read: Callable[[Any], Any] = attrgetter(*names) if names else lambda _value: ()

    def equal(self: Any, other: object) -> bool:
        return bool(read(self) == read(other)) if type(other) is made else NotImplemented

    def digest(self: Any) -> int:
        return hash(read(self))

    _provide(made, "__eq__", equal)
    if not frozen:
        made.__hash__ = None
    elif "__hash__" not in made.__dict__ or made.__dict__["__hash__"] is None:
        made.__hash__ = digest


def _represent(self: Any) -> str:
    told = ((name, getattr(self, name, Unset)) for name in self.fields_)
    return f"{type(self).__qualname__}({', '.join(f'{name}={given!r}' for name, given in told if given is not Unset)})"


def _refuse_assignment(self: Any, name: str, *_value: object) -> None:
    raise FrozenStructureError(f"cannot change field {name!r} of a {type(self).__name__}")


def _reduce(self: Any) -> tuple[Any, ...]:
    return _restore, (type(self), {name: getattr(self, name) for name in self.fields_ if hasattr(self, name)})


def _restore(made: Any, values: dict[str, Any]) -> Any:
    restored = made.__new__(made)
    for name, given in values.items():
        getattr(made, name).__set__(restored, given)
    return restored
