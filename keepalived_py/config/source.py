"""Configuration files on disk."""

from __future__ import annotations

import os
import stat

from keepalived_py.config.include import MAX_BYTES, FileKind

_EXECUTE_BITS = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


class Disk:
    """The file system of this machine, as `include.Files` wants it."""

    def absolute(self, path: str) -> str:
        """Return the path from the root, without `.` and `..`."""
        return os.path.abspath(path)  # noqa: PTH100 (str in, str out; pathlib costs start-up time)

    def matches(self, pattern: str) -> list[str]:
        """Return the sorted paths a pattern matches; hidden files need a dot in the pattern."""
        if not any(sign in pattern for sign in "*?["):
            return [pattern] if os.path.lexists(pattern) else []
        import glob  # noqa: PLC0415 (most configurations have no wildcard)

        return sorted(glob.glob(pattern))  # noqa: PTH207

    def kind(self, path: str) -> FileKind:
        """Return what stands at a path."""
        try:
            mode = os.stat(path).st_mode  # noqa: PTH116
        except OSError:
            return FileKind.MISSING
        if stat.S_ISDIR(mode):
            return FileKind.DIRECTORY
        return FileKind.REGULAR if stat.S_ISREG(mode) and not mode & _EXECUTE_BITS else FileKind.UNSUITABLE

    def read(self, path: str) -> bytes:
        """Return the content of a file, at most MAX_BYTES and one more; OSError when it cannot be read."""
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read(MAX_BYTES + 1)
