"""From a script of the configuration to a program that can be started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.config.arguments import Identity
from keepalived_py.execution import SHELL, Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keepalived_py.config.arguments import Script

NOBODY_IN_PARTICULAR = Identity()


def command_of(
    script: Script,
    *extra: str,
    environment: Mapping[str, str] | None = None,
    timeout: float | None = None,
    tied: bool = True,
    keep_error: bool = True,
) -> Command:
    """Return the command of a checked script.

    Args:
        script: as configured; `</path` is handed to the shell, which opens the file or, as bash, the connection.
        extra: words added to its own.
        environment: variables added to the daemon's.
        timeout: seconds after which it is ended.
        tied: whether it ends with the daemon.
        keep_error: whether the last line on its standard error is kept; see `Command`.
    """
    identity = script.identity or NOBODY_IN_PARTICULAR
    words, path = (*script.words, *extra), script.path
    if words[0].startswith("<"):
        words, path = (SHELL, "-c", " ".join(words)), SHELL
    return Command(
        words=words,
        path=path,
        uid=identity.uid,
        gid=identity.gid,
        groups=identity.groups,
        environment=environment or {},
        timeout=timeout,
        tied=tied,
        keep_error=keep_error,
        guarded=identity.guarded,
    )
