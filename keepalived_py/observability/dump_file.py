"""Writes one dump file: whole or not at all, through nobody's link, seen by whoever watches its name."""

from __future__ import annotations

import os

from keepalived_py.observability.dump_names import DEFAULT_DIRECTORY

_ATTEMPTS = 10


def directory() -> str:
    """Return where dumps go that are told no other place: TMPDIR, when it is the absolute path of a directory."""
    chosen = os.environ.get("TMPDIR", "")
    return chosen.rstrip("/") if chosen.startswith("/") and os.path.isdir(chosen) else DEFAULT_DIRECTORY  # noqa: PTH112


def write(path: str, text: str) -> None:
    """Replace the file at `path`.

    A reader finds the old file or the new one, never a part. The temporary name begins with a dot, so that programs
    which remove `keepalived.json*` leave it alone. A rename is not told to those who watch the name for
    IN_CLOSE_WRITE: the file is opened once more for writing and closed untouched.

    Args:
        path: absolute.
        text: all of it.

    Raises:
        OSError: it could not be written; an older file is still there.
    """
    temporary = _written_beside(path, text.encode("utf-8", "surrogateescape"))
    try:
        os.rename(temporary, path)  # noqa: PTH104 - pathlib is slow to import
    except OSError:
        os.unlink(temporary)  # noqa: PTH108
        raise
    os.close(os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC))


def _written_beside(path: str, octets: bytes) -> str:
    """Write a new file in the directory of `path`; return its name."""
    directory, name = os.path.split(path)
    for _attempt in range(_ATTEMPTS):
        temporary = f"{directory}/.{name}.{os.urandom(6).hex()}"
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        except FileExistsError:
            continue
        try:
            _write_all(descriptor, octets)
        except OSError:
            os.unlink(temporary)  # noqa: PTH108
            raise
        finally:
            os.close(descriptor)
        return temporary
    raise FileExistsError(17, os.strerror(17), path)


def _write_all(descriptor: int, octets: bytes) -> None:
    rest = memoryview(octets)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
