"""Whether scripts exist, may run, and cannot be changed by others than root."""

from __future__ import annotations

from enum import IntFlag
from posixpath import normpath
from typing import TYPE_CHECKING

from keepalived_py.structure import structure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keepalived_py.config.environment import Environment, PathStatus

DEFAULT_USER = "keepalived_script"
MAX_LINKS = 40
_TYPE = 0o170000
_DIRECTORY = 0o040000
_REGULAR = 0o100000
_LINK = 0o120000
_SET_UID, _SET_GID, _STICKY = 0o4000, 0o2000, 0o1000


class ScriptState(IntFlag):
    """What is known about a script."""

    NONE = 0
    MISSING = 1
    NOT_EXECUTABLE = 2
    INSECURE = 4
    SHELL_REDIRECTION = 8


@structure
class Runner:
    """Whom a script runs as.

    Attributes:
        uid: of the user.
        gid: of the group.
        groups: supplementary groups.
        named: False when nobody was named: it is the daemon itself, most often root.
    """

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    named: bool = True


@structure
class Weakness:
    """Why a script does not run, or should not.

    Attributes:
        path: the part of its path that is to blame.
        status: what stands there, None for nothing.
        remedy: the command that mends it, "" when there is none.
    """

    path: str
    status: PathStatus | None = None
    remedy: str = ""

    def describe(self) -> str:
        """Return it in a few words: `/opt has mode 0777: chmod o-w /opt`."""
        if self.status is None:
            return f"{self.path} does not exist"
        kind = "is a directory and " if self.status.mode & _TYPE == _DIRECTORY and not self.remedy else ""
        owner = f" and belongs to {self.status.uid}:{self.status.gid}" if self.status.uid or self.status.gid else ""
        return f"{self.path} {kind}has mode {self.status.mode & 0o7777:04o}{owner}" + (
            f": {self.remedy}" if self.remedy else ""
        )


def inspect(program: str, runner: Runner, environment: Environment) -> ScriptState:
    """Return what is wrong with the program of a script; NONE when it can run and is safe.

    Only a script that root runs, or that is set-id root, can be INSECURE: others than root could change it or a
    directory or link above it. Links are followed, and both the path as written and the real one are judged.
    """
    if program.startswith("<") and program[1:].lstrip(" \t").startswith("/"):
        return ScriptState.SHELL_REDIRECTION
    path = program if "/" in program else _search(program, environment)
    real = _real_path(path, environment) if path else None
    status = environment.status(real) if real else None
    if not path or not real or not status or status.mode & _TYPE != _REGULAR:
        return ScriptState.MISSING
    if not _may_execute(status, runner):
        return ScriptState.NOT_EXECUTABLE
    if not _needs_protection(status, runner):
        return ScriptState.NONE
    walked = {*_parents(normpath(path)), *_parents(real)}
    return ScriptState.INSECURE if any(_is_open(step, environment) for step in walked) else ScriptState.NONE


def locate(program: str, environment: Environment, *, keep_links: bool = False) -> str | None:
    """Return the path at which a program is found, without symbolic links unless they are kept; None when nowhere."""
    path = program if "/" in program else _search(program, environment)
    return path if path is None or keep_links else _real_path(path, environment)


def weakness(program: str, runner: Runner, environment: Environment) -> Weakness | None:
    """Return what is to blame for the state that `inspect` finds; None when nothing is or nothing can be named."""
    path = program if "/" in program else _search(program, environment)
    if not path:
        return None
    real = _real_path(path, environment)
    if not real:
        return Weakness(_first_missing(path, environment))
    status = environment.status(real)
    if status and not _may_execute(status, runner):
        return Weakness(real, status, f"chmod {_class(status, runner)}+x {real}")
    steps = sorted({*_parents(normpath(path)), *_parents(real)}, key=len)
    return next((_opening(step, environment) for step in steps if _is_open(step, environment)), None)


def _first_missing(path: str, environment: Environment) -> str:
    """Return the first part of a path that leads nowhere."""
    steps = sorted(_parents(path), key=len)
    return next((step for step in steps if not _real_path(step, environment)), path)


def _class(status: PathStatus, runner: Runner) -> str:
    """Return the letter of chmod(1) for the bits that count for a user."""
    if runner.uid in {0, status.uid}:
        return "u"
    return "g" if status.gid in {runner.gid, *runner.groups} else "o"


def _opening(path: str, environment: Environment) -> Weakness:
    status = environment.status(path)
    if status and status.uid:
        return Weakness(path, status, f"chown root {path}")
    whose = "o" if status and status.mode & 0o002 else ""
    whose = "g" + whose if status and status.gid and status.mode & 0o020 else whose
    return Weakness(path, status, f"chmod {whose}-w {path}")


def _search(name: str, environment: Environment) -> str | None:
    """Return the first path of the search path that exists."""
    candidates = (f"{directory}/{name}" for directory in environment.search_path())
    return next((path for path in candidates if _real_path(path, environment)), None)


def _real_path(path: str, environment: Environment) -> str | None:
    """Return the path without links, or None when a part of it does not exist."""
    parts = [part for part in reversed(path.split("/")) if part not in {"", "."}]
    reached = "" if path.startswith("/") else "."
    for _ in range(MAX_LINKS * 20):
        if not parts:
            return reached or "/"
        part = parts.pop()
        if part == "..":
            reached = reached.rpartition("/")[0]
            continue
        step = f"{reached}/{part}"
        status = environment.status(step)
        if not status:
            return None
        if status.mode & _TYPE != _LINK or status.target is None:
            reached = step
            continue
        if status.target.startswith("/"):
            reached = ""
        parts += [piece for piece in reversed(status.target.split("/")) if piece not in {"", "."}]
    return None


def _may_execute(status: PathStatus, runner: Runner) -> bool:
    if runner.uid == 0:
        return bool(status.mode & 0o111)
    if runner.uid == status.uid:
        return bool(status.mode & 0o100)
    return bool(status.mode & (0o010 if status.gid in {runner.gid, *runner.groups} else 0o001))


def _needs_protection(status: PathStatus, runner: Runner) -> bool:
    """Return whether root's rights are at stake."""
    set_uid = status.uid == 0 and bool(status.mode & _SET_UID)
    set_gid = status.gid == 0 and bool(status.mode & _SET_GID)
    return runner.uid == 0 or runner.gid == 0 or set_uid or set_gid


def _parents(path: str) -> Iterator[str]:
    """Yield the path and every directory above it."""
    while path not in {"", ".", "/"}:
        yield path
        path = path.rpartition("/")[0]
    yield path or "/"


def _is_open(path: str, environment: Environment) -> bool:
    """Return whether others than root may change what stands at a path."""
    status = environment.status(path)
    if not status:
        return False
    kind = status.mode & _TYPE
    if status.uid:
        return True
    if kind == _LINK or (kind == _DIRECTORY and status.mode & _STICKY):
        return False
    return bool(status.mode & 0o002) or bool(status.gid and status.mode & 0o020)
