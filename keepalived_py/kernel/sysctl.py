"""Kernel settings under /proc/sys, remembered so that they can be put back."""

import os

ROOT = "/proc/sys"


def path_of(name: str, interface: str | None = None) -> str:
    """Return the file of `name` ("net/ipv4/conf/*/arp_ignore"); `interface` replaces the asterisk.

    An interface name may hold a dot but no slash, so the slash form is the only unambiguous one.
    """
    return os.path.join(ROOT, name if interface is None else name.replace("*", interface, 1))  # noqa: PTH118


def read(path: str) -> str | None:
    """Return the value in the file `path` without its line end; None when the kernel has no such setting."""
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123 - pathlib is slow to import
            return file.read().strip()
    except FileNotFoundError:
        return None


def write(path: str, value: str) -> None:
    """Write `value`. Raises OSError (no such setting, read-only /proc, refused value)."""
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123
        file.write(value)


class Settings:
    """Changed settings with their first values, to be restored in the reverse order of the changes."""

    def __init__(self) -> None:
        self._originals: dict[str, str] = {}

    def change(self, path: str, value: str) -> bool:
        """Set `path` to `value`; False when the kernel has no such setting. Raises OSError when refused.

        A setting that has the value already is neither written nor restored.
        """
        original = read(path)
        if original is None:
            return False
        if original != value:
            write(path, value)
            self._originals.setdefault(path, original)
        return True

    def restore(self) -> None:
        """Put every changed setting back; one that vanished with its interface is left out."""
        while self._originals:
            path, value = self._originals.popitem()
            if read(path) is not None:
                write(path, value)
