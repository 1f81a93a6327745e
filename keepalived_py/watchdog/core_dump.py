"""Core dumps of our processes, when -m or -M asks for them."""

import os

CORE_PATTERN = "/proc/sys/kernel/core_pattern"


class CorePattern:
    """The kernel's core pattern: set now, put back by `restore`.

    Args:
        pattern: what -M gave; None changes nothing.
    """

    def __init__(self, pattern: str | None) -> None:
        self._before: str | None = None
        if pattern is None:
            return
        with open(CORE_PATTERN, encoding="utf-8") as file:  # noqa: PTH123 - pathlib costs 5 ms of the start
            self._before = file.read()
        _write(pattern)

    def restore(self) -> None:
        """Put back what was there."""
        if self._before is not None:
            _write(self._before)
            self._before = None


def allow() -> None:
    """Lift the size limit of core dumps, for this process and its children. Raises OSError or ValueError."""
    import resource  # noqa: PLC0415 - only -m needs it

    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _write(pattern: str) -> None:
    descriptor = os.open(CORE_PATTERN, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, pattern.encode())
    finally:
        os.close(descriptor)
