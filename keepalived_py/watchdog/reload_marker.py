"""The file that exists while configuration files are being read (`reload_file`)."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keepalived_py.observability.log import Log

UMASK = 0o022


def create(path: str, log: Log) -> None:
    """Make the file, or empty it where whoever asked for the reload has made it; a failure is only logged."""
    umask = os.umask(UMASK)  # programs of other users wait for the file to go
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644))
    except OSError as problem:
        log.info(f"Failed to create reload file ({path}) - {problem.strerror}")
    finally:
        os.umask(umask)


def remove(path: str) -> None:
    """Say that the files have been read."""
    with suppress(OSError):
        os.unlink(path)  # noqa: PTH108 - pathlib is slow to import
