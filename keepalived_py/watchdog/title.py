"""How a process shows itself: `keepalived` and its options, as operators, pidof, pgrep and killall expect."""

from __future__ import annotations

from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

from keepalived_py.kernel.process import set_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NAME = "keepalived"


def show(words: Sequence[str], name: str = NAME) -> None:
    """Show this process, and those forked from it, as `keepalived WORDS`, with `name` as their comm.

    The whole command line stays visible: programs search it for the paths that they started us with. setproctitle
    names the comm too, after its title, so the comm comes second.
    """
    _setproctitle()(" ".join([NAME, *words]))
    set_name(name)


def _setproctitle() -> Callable[[str], None]:
    """Return setproctitle's function from its extension module.

    The package around it imports `logging`, 20 ms of the time between exec and the first advert, for a warning
    that we do not need.
    """
    package = PathFinder.find_spec("setproctitle")
    if package is None or not package.submodule_search_locations:
        raise ImportError("setproctitle is not installed")
    spec = PathFinder.find_spec("_setproctitle", package.submodule_search_locations)
    if spec is None or spec.loader is None:
        raise ImportError("setproctitle has no extension module for this Python")
    module = spec.loader.create_module(spec)
    if module is None:
        raise ImportError("setproctitle's extension module cannot be loaded")
    spec.loader.exec_module(module)
    function: Callable[[str], None] = module.setproctitle
    return function
