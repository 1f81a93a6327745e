"""Asks the processes of a running daemon, and puts what they answer together."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import Any

from keepalived_py.errors import KeepalivedError
from keepalived_py.structure import field, structure
from keepalived_py.watchdog.places import Places

PATIENCE = 2.0
"""Seconds to wait for the next part of an answer."""
MOST = 64 * 1024 * 1024
"""Bytes of an answer."""


class NoAnswerError(KeepalivedError):
    """Nobody answers, or somebody answers that it does not."""


class RefusedError(NoAnswerError):
    """The question was understood by somebody, and cannot be answered."""


@structure(frozen=False)
class State:
    """What the processes answered.

    Attributes:
        parent: the parent's first line; None when it did not answer.
        children: of the parent.
        vrrp: the VRRP process's first line; None when it did not answer.
        checkers: the health-check process's first line; None when it did not answer.
        virtual_servers: each with its `real_servers`.
        instances: each with its `addresses` and `peers`.
        scripts: what the watched scripts do and did.
        records: of the history.
        problems: why parts are missing, in words.
    """

    parent: dict[str, Any] | None = None
    children: list[dict[str, Any]] = field(default_factory=list)
    vrrp: dict[str, Any] | None = None
    checkers: dict[str, Any] | None = None
    instances: list[dict[str, Any]] = field(default_factory=list)
    virtual_servers: list[dict[str, Any]] = field(default_factory=list)
    scripts: list[dict[str, Any]] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether every process that was asked answered."""
        return not self.problems


def default_path(instance: str | None, namespace: str | None) -> str:
    """Return where a daemon with this name in this network namespace answers."""
    return Places(instance, namespace).control_socket()


def ask(path: str, request: str) -> list[dict[str, Any]]:
    """Ask one process; return the values of its answer without the last.

    Raises:
        NoAnswerError: nobody listens, the answer does not come, or it is that there is none.
    """
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(path)
            if request:
                with suppress(BrokenPipeError):  # refused already: the reason can be read
                    connection.sendall(f"{request}\n".encode("utf-8", "surrogateescape"))
            values = _read(connection)
    except TimeoutError:
        raise NoAnswerError(f"{path}: no answer within {PATIENCE:g} s") from None
    except OSError as problem:
        raise NoAnswerError(f"{path}: {problem.strerror or problem}") from None
    except ValueError as problem:
        raise NoAnswerError(f"{path}: not an answer: {problem}") from None
    if not values or "end" not in values[-1]:
        raise NoAnswerError(f"{path}: the answer was cut short")
    last = values.pop()
    if "error" in last:
        raise RefusedError(str(last["error"]))
    return values


def _read(connection: socket.socket) -> list[dict[str, Any]]:
    data = bytearray()
    while len(data) < MOST:
        part = connection.recv(65536)
        data += part
        if not part or (data.endswith(b"\n") and _is_last(data)):
            break
    return [json.loads(line) for line in data.splitlines()]


def _is_last(data: bytearray) -> bool:
    begin = data.rfind(b"\n", 0, -1) + 1
    return data.startswith(b'{"end": ', begin)


def state(path: str, request: str) -> State:
    """Ask the parent, and the VRRP process when the parent says that it lives.

    Args:
        path: of the VRRP process's socket.
        request: for the VRRP process.

    Raises:
        RefusedError: the VRRP process cannot answer this.
        NoAnswerError: nobody answers at all.
    """
    found = State()
    try:
        _sort(found, ask(f"{path}.parent", ""))
    except NoAnswerError as problem:
        found.problems.append(str(problem))
    if found.parent is not None and not _lives(found):
        found.problems += _absence(found)
        return found
    found.records.clear()
    try:
        _sort(found, ask(path, request))
    except RefusedError:
        raise
    except NoAnswerError as problem:
        if found.parent is None:
            raise
        found.problems.append(f"the VRRP process does not answer: {problem}")
    return found


CHECKERS = ".checkers"
"""What stands behind the path of the VRRP process's socket for that of the health-check process."""
_CHILD = "Healthcheck"


def add_virtual_servers(found: State, path: str, verb: str = "status") -> None:
    """Ask the health-check process, too, when the parent says that it lives; where it is missing say so.

    Args:
        found: the parent's answer; what is found is put there.
        path: of the VRRP process's socket.
        verb: `status`, or `counters` for the kernel's counters, too.
    """
    child = next((child for child in found.children if child["name"] == _CHILD), None)
    if child is None:
        return
    if child["pid"] is None:
        found.problems.append("there is no health-check process: it died")
        return
    try:
        _sort(found, ask(path + CHECKERS, verb))
    except NoAnswerError as problem:
        found.problems.append(f"the health-check process does not answer: {problem}")


def _lives(found: State) -> bool:
    return any(child["name"] == "VRRP" and child["pid"] is not None for child in found.children)


def _absence(found: State) -> list[str]:
    """Return why there is no VRRP process; nothing where none is wanted (-C)."""
    for child in found.children:
        if child["name"] == "VRRP":
            restart = child["restart_in"]
            when = "" if restart is None else f", the next is started in {restart:.1f} s"
            return [f"there is no VRRP process: it died{when}"]
    return []


def _put_head(found: State, head: dict[str, Any]) -> None:
    if head["process"] == "parent":
        found.parent = head
    elif head["process"] == "checkers":
        found.checkers = head
    else:
        found.vrrp = head


def _sort(found: State, values: list[dict[str, Any]]) -> None:
    """Put the values of an answer where they belong; addresses and peers follow their instance."""
    for value in values:
        if "answer" in value:
            _put_head(found, value)
        elif "child" in value:
            found.children.append(value["child"])
        elif "record" in value:
            found.records.append(value["record"])
        elif "script" in value:
            found.scripts.append(value["script"])
        elif "instance" in value:
            found.instances.append({**value["instance"], "addresses": [], "peers": []})
        elif "virtual_server" in value:
            found.virtual_servers.append({**value["virtual_server"], "real_servers": []})
        elif "real_server" in value:
            found.virtual_servers[-1]["real_servers"].append(value["real_server"])
        elif found.instances:
            for name in ("addresses", "peers"):
                found.instances[-1][name] += value.get(name, [])
