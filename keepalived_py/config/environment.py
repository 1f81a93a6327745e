"""What the machine must answer while a configuration is checked."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Protocol

from keepalived_py.structure import field, structure

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping


@structure
class PathStatus:
    """What stands at a path, symbolic links not followed.

    Attributes:
        mode: st_mode.
        uid: owner.
        gid: group.
        target: where a symbolic link points, None for anything else.
    """

    mode: int
    uid: int = 0
    gid: int = 0
    target: str | None = None


@structure
class FileContent:
    """What a file holds.

    Attributes:
        octets: the content.
        mode: st_mode.
        uid: owner.
        problem: why there is no content, as the end of a sentence about the file; empty when there is.
    """

    octets: bytes = b""
    mode: int = 0
    uid: int = 0
    problem: str = ""


class Environment(Protocol):
    """The questions; each is answered at once and never with an exception."""

    def interface_exists(self, name: str) -> bool:
        """Return whether a network interface has this name."""

    def interface_is_loopback(self, name: str) -> bool:
        """Return whether the interface exists and is a loopback interface."""

    def user(self, name: str) -> tuple[int, int] | None:
        """Return uid and primary gid of a user name or number, None when there is none."""

    def group(self, name: str) -> int | None:
        """Return the gid of a group name or number, None when there is none."""

    def supplementary_groups(self, user: str, gid: int) -> tuple[int, ...]:
        """Return the gids of the groups that a user belongs to, `gid` among them."""

    def status(self, path: str) -> PathStatus | None:
        """Return what stands at a path, None when nothing does or it cannot be seen."""

    def read(self, path: str, most: int) -> FileContent:
        """Return what a regular file of at most `most` octets holds."""

    def search_path(self) -> tuple[str, ...]:
        """Return the directories in which a program without a slash is looked for."""

    def resolves(self, host: str) -> bool:
        """Return whether a host name has an address."""


@structure
class RecordedEnvironment:
    """A machine written down.

    Attributes:
        interfaces: names of the interfaces.
        loopbacks: names of those that are loopback interfaces.
        users: name to (uid, gid).
        groups: name to gid.
        paths: absolute path to its status.
        files: absolute path to its content.
        memberships: user name to the gids of the groups that it belongs to.
        directories: where programs are looked for.
        hosts: host names that resolve.
    """

    interfaces: frozenset[str] = frozenset({"lo"})
    loopbacks: frozenset[str] = frozenset({"lo"})
    users: Mapping[str, tuple[int, int]] = field(default_factory=lambda: {"root": (0, 0)})
    groups: Mapping[str, int] = field(default_factory=lambda: {"root": 0})
    paths: Mapping[str, PathStatus] = field(default_factory=dict)
    files: Mapping[str, FileContent] = field(default_factory=dict)
    memberships: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    directories: tuple[str, ...] = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
    hosts: frozenset[str] = frozenset({"localhost"})

    def interface_exists(self, name: str) -> bool:
        """Return whether the interface is recorded."""
        return name in self.interfaces

    def interface_is_loopback(self, name: str) -> bool:
        """Return whether the interface is recorded as loopback."""
        return name in self.loopbacks

    def user(self, name: str) -> tuple[int, int] | None:
        """Return the recorded uid and gid; a number needs no entry."""
        return (int(name), int(name)) if _is_number(name) else self.users.get(name)

    def group(self, name: str) -> int | None:
        """Return the recorded gid; a number needs no entry."""
        return int(name) if _is_number(name) else self.groups.get(name)

    def supplementary_groups(self, user: str, gid: int) -> tuple[int, ...]:
        """Return the recorded groups and `gid`."""
        return tuple(sorted({gid, *self.memberships.get(user, ())}))

    def status(self, path: str) -> PathStatus | None:
        """Return the recorded status."""
        return self.paths.get(path)

    def read(self, path: str, most: int) -> FileContent:
        """Return the recorded content."""
        content = self.files.get(path, FileContent(problem="cannot be read: No such file or directory"))
        return _too_large(most) if len(content.octets) > most else content

    def search_path(self) -> tuple[str, ...]:
        """Return the recorded directories."""
        return self.directories

    def resolves(self, host: str) -> bool:
        """Return whether the host is recorded."""
        return host in self.hosts


def _too_large(most: int) -> FileContent:
    return FileContent(problem=f"has more than {most} bytes")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10


class _Everything:
    """What holds anything."""

    def __contains__(self, _item: object) -> bool:
        return True


class SystemEnvironment:
    """This machine, now. Interfaces are listed once, when first asked for.

    Args:
        ask_resolver: False takes every host name for known: a daemon must not wait for the resolver while it starts.
        list_interfaces: names the interfaces of another network namespace than this one; when it raises OSError,
            every interface is taken for known.
    """

    def __init__(
        self, *, ask_resolver: bool = True, list_interfaces: Callable[[], Iterable[str]] | None = None
    ) -> None:
        self._ask_resolver = ask_resolver
        self._list_interfaces = list_interfaces
        self._interfaces: Container[str] | None = None

    def interface_exists(self, name: str) -> bool:
        """Return whether the interface exists in the network namespace."""
        if self._interfaces is None:
            self._interfaces = self._known_interfaces()
        return name in self._interfaces

    def _known_interfaces(self) -> Container[str]:
        if self._list_interfaces is not None:
            try:
                return frozenset(self._list_interfaces())
            except OSError:
                return _Everything()
        import socket  # noqa: PLC0415 (a configuration without interfaces does not need it)

        return frozenset(name for _, name in socket.if_nameindex())

    def interface_is_loopback(self, name: str) -> bool:
        """Return whether sysfs calls the interface a loopback one (IFF_LOOPBACK, linux/if.h).

        It shows this network namespace only; in another one the loopback interface is called `lo`.
        """
        if not self.interface_exists(name) or self._list_interfaces is not None:
            return name == "lo"
        try:
            with open(f"/sys/class/net/{name}/flags", encoding="ascii") as flags:  # noqa: PTH123
                return bool(int(flags.read(), 16) & 0x8)
        except OSError:
            return name == "lo"

    def user(self, name: str) -> tuple[int, int] | None:
        """Return uid and gid from the user database."""
        import pwd  # noqa: PLC0415 (only configurations with scripts need it)

        try:
            entry = pwd.getpwuid(int(name)) if _is_number(name) else pwd.getpwnam(name)
        except (KeyError, OverflowError, ValueError):
            return None
        return entry.pw_uid, entry.pw_gid

    def group(self, name: str) -> int | None:
        """Return the gid from the group database."""
        if _is_number(name):
            return int(name)
        import grp  # noqa: PLC0415 (only configurations with script groups need it)

        try:
            return grp.getgrnam(name).gr_gid
        except (KeyError, ValueError):
            return None

    def supplementary_groups(self, user: str, gid: int) -> tuple[int, ...]:
        """Return what getgrouplist(3) says."""
        import pwd  # noqa: PLC0415

        try:
            name = pwd.getpwuid(int(user)).pw_name if _is_number(user) else user
            return tuple(os.getgrouplist(name, gid))
        except (KeyError, OverflowError, ValueError, OSError):
            return (gid,)

    def status(self, path: str) -> PathStatus | None:
        """Return what lstat(2) and readlink(2) say."""
        try:
            entry = os.lstat(path)
            target = os.readlink(path) if stat.S_ISLNK(entry.st_mode) else None  # noqa: PTH115
        except (OSError, ValueError):
            return None
        return PathStatus(entry.st_mode, entry.st_uid, entry.st_gid, target)

    def read(self, path: str, most: int) -> FileContent:
        """Read a file; what could block or never end, a pipe or a device, is not read."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        except (OSError, ValueError) as problem:
            return FileContent(problem=f"cannot be read: {getattr(problem, 'strerror', None) or problem}")
        try:
            entry = os.fstat(descriptor)
            if not stat.S_ISREG(entry.st_mode):
                return FileContent(problem="is no regular file")
            octets = os.read(descriptor, most + 1)
        except OSError as problem:
            return FileContent(problem=f"cannot be read: {problem.strerror}")
        finally:
            os.close(descriptor)
        return _too_large(most) if len(octets) > most else FileContent(octets, entry.st_mode, entry.st_uid)

    def search_path(self) -> tuple[str, ...]:
        """Return the directories of $PATH, or of confstr(_CS_PATH) without one."""
        path = os.environ.get("PATH") or os.confstr("CS_PATH") or "/bin:/usr/bin"
        return tuple(directory or "." for directory in path.split(":"))

    def resolves(self, host: str) -> bool:
        """Ask the resolver; this may take as long as the resolver does."""
        if not self._ask_resolver:
            return True
        import socket  # noqa: PLC0415

        try:
            return bool(socket.getaddrinfo(host, None))
        except (OSError, UnicodeError):
            return False
