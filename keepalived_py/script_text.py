"""How dumps show scripts: their command lines, and whom they run as."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keepalived_py.config.arguments import Script


def command(words: Sequence[str]) -> str:
    """Return a command line with every word in quotes."""
    return " ".join(f"'{word}'" for word in words)


def script(one: Script) -> str:
    """Return the command line of a script and whom it runs as."""
    return f"{command(one.words)}, uid:gid {owner(one.user, one.group)}"


def owner(user: str | None, group: str | None) -> str:
    """Return `UID:GID`; a name that this host does not know stays a name."""
    import grp  # noqa: PLC0415 - only dumps need them
    import pwd  # noqa: PLC0415

    user = user or "root"
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        return f"{user}:{group or user}"
    try:
        return f"{entry.pw_uid}:{grp.getgrnam(group).gr_gid if group else entry.pw_gid}"
    except KeyError:
        return f"{entry.pw_uid}:{group}"
